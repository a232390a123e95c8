"""A line to open a call with: what was promised, said or suggested last."""

from collections.abc import Sequence

from handlers import wording
from handlers.accounts.reader import Reader, cut, first_name
from handlers.accounts.standing import sees_hidden
from handlers.surveys import NPS_KINDS
from storage import calls, hiding
from storage.calls import Said
from storage.db import Session
from storage.models import Account, Member, Promise

_MOST = 120


async def lines(
    session: Session, me: Member, found: Sequence[Account], reader: Reader
) -> dict[int, str]:
    """Gives by account how to begin; what is kept from the reader is not there."""
    ids = [account.id for account in found]
    if not ids:
        return {}
    hidden = await hiding.hidden_responses(session, ids)
    said: dict[int, list[Said]] = {}
    blind = {each.id for each in found if not sees_hidden(me, each)}
    for each in await calls.said(session, ids):
        kept = each.response.to_manager or each.response.id in hidden
        if not (kept and each.response.account_id in blind):
            said.setdefault(each.response.account_id, []).append(each)
    promised: dict[int, Promise] = {}
    for promise in await calls.promises(session, ids):
        if not (promise.hidden_from_owner and promise.account_id in blind):
            promised.setdefault(promise.account_id, promise)
    return {each: _line(promised.get(each), said.get(each, []), reader) for each in ids}


def _line(promise: Promise | None, said: Sequence[Said], reader: Reader) -> str:
    t = reader.t
    if promise is not None and reader.comments:
        day = wording.long_day(promise.due_on, t, reader.today)
        return t("calls.line.promise", what=cut(promise.what, _MOST), day=day)
    idea = next((each for each in said if each.response.idea), None)
    if idea is not None and reader.comments:
        words = cut(idea.response.idea or "", _MOST)
        return t("calls.line.idea", name=first_name(idea.contact.name), words=words)
    scored = [
        each for each in said if each.response.score is not None and each.response.kind in NPS_KINDS
    ]
    if not scored:
        return t("calls.line.unheard")
    last = scored[0]
    values = {
        "name": first_name(last.contact.name),
        "score": last.response.score,
        "when": reader.short_day(last.response.answered_at),
    }
    if last.response.comment and reader.comments:
        words = cut(last.response.comment, _MOST).rstrip(".")  # the sentence goes on
        return t("calls.line.said", words=words, **values)
    return t("calls.line.scored", **values)
