"""Opens a task for each passive's and promoter's answer, once the answer is settled."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from handlers.calendars import add_working_days
from handlers.cases import times
from handlers.context import Context, Job
from handlers.surveys import NPS_KINDS, group
from storage import members, tasks
from storage.db import Session
from storage.models import Account, Member, Response

_MARK = "tasks_opened_until"
# What was answered before the first look is history, but for the last days.
_FIRST_LOOK = timedelta(days=7)
# A group of answers may commit a little after its times.
_LATE = timedelta(minutes=5)
_MARK_STEP = timedelta(minutes=10)
# A look opens no more: these tasks have days, and whoever answers now must not wait for them.
_AT_ONCE = 100


async def due(ctx: Context) -> list[Job]:
    """Opens what is due now; the digest shows it, so there is nothing to run."""
    now = ctx.now()
    async with ctx.db.reading() as session:
        marked = await tasks.mark(session, _MARK)
        since = marked or now - _FIRST_LOOK
        found = await tasks.answered(session, since, NPS_KINDS, _AT_ONCE)
    settle = timedelta(seconds=ctx.programme.settle_seconds)
    ready = [(each, account) for each, account in found if _is_settled(each, now, settle)]
    waiting = [each.answered_at for each, _account in found if not _is_settled(each, now, settle)]
    # Behind the last one found, more may wait for the next look.
    more = [found[-1][0].answered_at] if len(found) == _AT_ONCE else []
    upto = min([now, *waiting, *more]) - _LATE
    if not ready and marked is not None and upto - marked < _MARK_STEP:
        return []
    async with ctx.db.session() as session:
        owners = await responsible(session, [account for _each, account in ready])
        rows = [_row(each, account, owners[account.id], ctx) for each, account in ready]
        await tasks.add(session, rows)
        await tasks.drop_untrue(session, now)
        await tasks.drop_answered(session, now)
        await tasks.set_mark(session, _MARK, max(upto, since))
    return []


async def responsible(session: Session, accounts: Iterable[Account]) -> dict[int, Member | None]:
    """Gives for each account who works with it: the owner, else the lead of the team."""
    found: dict[int, Member | None] = {}
    known: dict[int, Member | None] = {}
    leads: dict[int, Member | None] = {}
    for account in accounts:
        owner_id, team_id = account.owner_id or 0, account.team_id or 0
        if owner_id not in known:
            known[owner_id] = await members.by_id(session, account.owner_id)
        owner = known[owner_id]
        if owner is None or owner.left_at is not None:
            if team_id not in leads:
                leads[team_id] = await members.lead_of(session, account.team_id)
            owner = leads[team_id]
        found[account.id] = owner
    return found


def _is_settled(response: Response, now: datetime, settle: timedelta) -> bool:
    return response.finished_at is not None or response.last_input_at + settle <= now


def _row(
    response: Response, account: Account, owner: Member | None, ctx: Context
) -> dict[str, Any]:
    what = group(response.kind, response.reply, response.score)
    days = ctx.programme.passive_days if what == "passive" else ctx.programme.promoter_days
    calendar = times.calendar_of(owner, ctx.programme)
    return {
        "key": f"response:{response.id}",
        "what": what,
        "account_id": account.id,
        "contact_id": response.contact_id,
        "response_id": response.id,
        "owner_id": owner.id if owner else None,
        "opened_at": ctx.now(),
        "due_at": add_working_days(response.answered_at, days, calendar),
    }
