"""The same reason at several accounts within days: found, and told to who owns the reason."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from handlers import alerts
from handlers.context import Context, Job
from handlers.surveys import NPS_KINDS, OUTSIDE, REASONS
from storage import learning, tasks
from storage.alerts import Added
from storage.db import Session
from storage.models import Response, SharedReason

ALERT, CHANGED = "shared_reason", "shared_reason_changed"
ACCOUNTS = 3
WITHIN = timedelta(days=14)

_UNTIL, _LOOKED, _WHOLE = "reasons_until", "reasons_looked_at", "reasons_whole_at"
_PAUSE = timedelta(minutes=1)
# A reason may be added to an answer days later: then the new answers alone do not show it.
_WHOLE_PAUSE = timedelta(hours=1)
# A group of answers may commit a little after its times.
_LATE = timedelta(minutes=5)
_MOST = 2000


async def due(ctx: Context) -> list[Job]:
    """Looks at what was answered since the last look; opens a shared reason or adds to it."""
    now = ctx.now()
    async with ctx.db.reading() as session:
        looked = await tasks.mark(session, _LOOKED)
        if looked is not None and now - looked < _PAUSE:
            return []
        until = await tasks.mark(session, _UNTIL) or now - WITHIN
        fresh = await learning.critical(session, until, NPS_KINDS, _MOST)
        whole = await tasks.mark(session, _WHOLE)
        all_of_them = whole is None or now - whole >= _WHOLE_PAUSE
        if not fresh and not all_of_them:
            return []
        wanted = {reason for each in fresh for reason in each.reasons}
        if all_of_them:
            wanted |= {*REASONS, *await learning.known_reasons(session)}
    async with ctx.db.session() as session:
        told = await _look(session, ctx, sorted(wanted - {OUTSIDE}))
        waiting = [each.answered_at for each in fresh if not _is_settled(each, ctx)]
        last = [fresh[-1].answered_at] if len(fresh) == _MOST else []
        upto = min([now, *waiting, *last]) - _LATE
        await tasks.set_mark(session, _UNTIL, max(upto, until))
        await tasks.set_mark(session, _LOOKED, now)
        if all_of_them:
            await tasks.set_mark(session, _WHOLE, now)
    return [alerts.job_of(each) for each in told if each.status == "pending"]


async def _look(session: Session, ctx: Context, reasons: Iterable[str]) -> list[Added]:
    now = ctx.now()
    opened = await learning.open_now(session)
    told: list[Added] = []
    for reason in reasons:
        found = await learning.naming(session, reason, now - WITHIN, NPS_KINDS, _MOST)
        found = [each for each in found if _is_settled(each, ctx)]
        shared = opened.get(reason)
        if shared is None:
            if len({each.account_id for each in found}) < ACCOUNTS:
                continue
            shared = await learning.open_new(session, reason, now)
            if shared is None:
                continue
            told.append(await alerts.add(session, **_row(ALERT, shared.id, str(shared.id), now)))
        elif found:
            again = changed_row(shared.id, f"{now:%Y-%m-%dT%H:%M}", now)
            told.append(await alerts.add(session, **again))
        await learning.join(session, shared.id, [each.id for each in found])
    return told


async def changed(session: Session, shared: SharedReason, now: datetime) -> Added:
    """Asks for all cards of a shared reason to be edited."""
    return await alerts.add(session, **changed_row(shared.id, f"{now.timestamp():.3f}", now))


def changed_row(shared_id: int, why: str, now: datetime) -> dict[str, Any]:
    """Gives the row of an alert that edits all cards of a shared reason."""
    return _row(CHANGED, shared_id, f"{shared_id}:{why}", now)


def _row(what: str, shared_id: int, key: str, now: datetime) -> dict[str, Any]:
    detail = {"shared": shared_id, "partition": f"{ALERT}:{shared_id}"}
    return {"key": f"{what}:{key}", "what": what, "due_at": now, "detail": detail}


def _is_settled(response: Response, ctx: Context) -> bool:
    settle = timedelta(seconds=ctx.programme.settle_seconds)
    return response.finished_at is not None or response.last_input_at + settle <= ctx.now()


def accounts_of(voices: Sequence[learning.Voice]) -> dict[int, list[learning.Voice]]:
    """Gives the answers by account, in the order of the accounts' names."""
    found: dict[int, list[learning.Voice]] = {}
    for each in voices:
        found.setdefault(each.account.id, []).append(each)
    return found
