"""The renewal radar: an account is told of at 120, 60 and 30 days before it renews."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from handlers.context import Context, Job
from handlers.tasks.opening import responsible
from storage import offers, tasks
from storage.models import TaskState

_MARK = "renewals_looked_at"
DAYS = (120, 60, 30)


async def due(ctx: Context) -> list[Job]:
    """Opens what is due once a day; a nearer step takes the place of the one before."""
    now, zone = ctx.now(), ZoneInfo(ctx.programme.timezone)
    today = now.astimezone(zone).date()
    start = datetime.combine(today, datetime.min.time(), zone)
    async with ctx.db.reading() as session:
        marked = await tasks.mark(session, _MARK)
    if marked is not None and marked >= start:
        return []
    async with ctx.db.session() as session:
        found = await offers.renewing(session, today, today + timedelta(days=max(DAYS)))
        owners = await responsible(session, found)
        rows = []
        for account in found:
            owner, renewal = owners[account.id], account.renewal_date
            if owner is None or renewal is None:
                continue
            step = min(days for days in DAYS if (renewal - today).days <= days)
            rows.append(
                {
                    "key": f"renewal:{account.id}:{renewal}:{step}",
                    "what": "renewal",
                    "account_id": account.id,
                    "owner_id": owner.id,
                    "opened_at": now,
                }
            )
        keys = {str(row["key"]) for row in rows}
        old = [
            each.id
            for each in await tasks.of_kind(session, ("renewal",))
            if each.state == TaskState.OPEN and each.key not in keys
        ]
        await tasks.drop(session, old, now)
        await tasks.add(session, rows)
        await tasks.set_mark(session, _MARK, start)
    return []
