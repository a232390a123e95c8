"""What the digest tells who leads: how many answered, and what nobody has done in time."""

from datetime import datetime

from handlers.accounts.reader import Reader
from handlers.cards import Button, Buttons, Element, Text
from handlers.cases import board, seeing
from handlers.cases.view import first_name
from handlers.context import Context
from storage import cases, digests, members
from storage.db import Session
from storage.models import Account, Case, Member, MemberRole

_SHOWN = 3


async def lines(
    session: Session,
    ctx: Context,
    me: Member,
    span: tuple[datetime, datetime],
    reader: Reader,
    alone: bool,
) -> list[Element]:
    """Gives a lead's part: the team's, or the programme's for CX; no figure of a person.

    Others may read it unless it is for the lead `alone`: then hidden cases don't count.
    """
    if me.role not in (MemberRole.TEAM_LEAD, MemberRole.CX_LEAD):
        return []
    team_id = me.team_id if me.role == MemberRole.TEAM_LEAD else None
    if me.role == MemberRole.TEAM_LEAD and team_id is None:
        return []
    t = reader.t
    answered = await digests.answered(session, team_id, *span)
    found = [
        (case, account)
        for case, account in await cases.open_with_accounts(session)
        if (team_id is None or account.team_id == team_id)
        and (alone or not case.hidden_from_owner)
        and seeing.may_see(me, account, case, ctx.programme)
    ]
    late = [
        (case, account)
        for case, account in found
        if board.overdue(case, ctx)
        and me.id not in (case.owner_id, case.taken_by)  # those are due among one's own
        and not case.hidden_from_owner  # escalated to who may see it
    ]
    if not answered and not late:
        return []
    parts = [t.count("digest.answered", answered), t.count("digest.open", len(found))]
    body: list[Element] = [
        Text(t("digest.team" if team_id is not None else "digest.programme"), "heading"),
        Text(" · ".join(parts)),
    ]
    if late:
        body.append(Text(t.count("digest.late", len(late)), "strong"))
    for case, account in late[:_SHOWN]:
        body += await _line(session, case, account, reader)
    if len(late) > _SHOWN:
        body.append(Text(t("case.board.more", n=len(late) - _SHOWN), "note"))
    return body


async def _line(session: Session, case: Case, account: Account, reader: Reader) -> list[Element]:
    t = reader.t
    holder = await members.by_id(session, case.taken_by or case.owner_id)
    name = first_name(holder.name) if holder else t("case.somebody")
    due = case.take_by if case.state == "new" else case.contact_by
    when = reader.moment(due) if due else ""
    words = t("digest.late_line", account=account.name, name=name, when=when)
    return [Text(words), Buttons((Button(t("case.open"), "case.open", str(case.id)),))]
