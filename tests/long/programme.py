"""Three months of a programme: 40 account managers, 900 accounts, nobody at the server."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

from handlers.cards import Card, Form
from storage.db import Database
from storage.migrate import upgrade
from tests.long import postgres, programme_checks
from tests.long.facts import Fact, equal
from tests.long.programme_people import (
    AWAY,
    CX,
    LEAVES,
    SEGMENTS,
    SUCCESSOR,
    Customers,
    Staff,
    email,
    manager,
    store,
)
from tests.long.weeks import ZONE, Weeks, button

START = datetime(2026, 8, 31, 8, 30, tzinfo=ZONE)
END = datetime(2026, 12, 1, 18, tzinfo=ZONE)
QUICK_END = datetime(2026, 9, 22, 18, tzinfo=ZONE)
# A third of the accounts is asked each month, for two weeks; nobody twice.
WAVES = (date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 2))
OPEN_FOR = timedelta(days=14)
AWAY_FROM = datetime(2026, 9, 7, 8, 5, tzinfo=ZONE)
LEAVES_AT = datetime(2026, 10, 12, 9, tzinfo=ZONE)
BUSY, QUIET = timedelta(minutes=30), timedelta(hours=2)
OUTAGE = (datetime(2026, 9, 8, 6, tzinfo=ZONE), datetime(2026, 9, 8, 10, 30, tzinfo=ZONE))


async def run(folder: Path, quick: bool, database: str) -> list[Fact]:
    """Lets the months pass, then looks whom each case is with and who got what."""
    with postgres.server(folder, database) as running:
        url = running or f"sqlite:///{folder / 'programme.db'}"
        upgrade(url)
        db = Database(url)
        try:
            return await _months(db, QUICK_END if quick else END)
        finally:
            await db.close()


async def _months(db: Database, end: datetime) -> list[Fact]:
    weeks = Weeks(db, START, BUSY, QUIET, OUTAGE)
    ids = await store(weeks)
    customers, staff = Customers(weeks), Staff(weeks, ids)
    weeks.watchers += [customers.watch, staff.watch]
    for day, segment in zip(WAVES, SEGMENTS, strict=True):
        at = datetime.combine(day, time(9, 30), ZONE)
        if at < end:
            _plan_wave(weeks, at, segment)
    for n, backup in AWAY.items():
        _plan_absence(weeks, n, backup)
    if end > LEAVES_AT:
        weeks.plan(LEAVES_AT, lambda: _leave(weeks))
    day = START
    while day < end:  # whose customer said no is worked on again
        weeks.plan(day, lambda: _again(customers, staff))
        day += timedelta(days=1)
    await weeks.run_until(end)
    facts = [equal("acts that were refused", weeks.problems[:3], [])]
    return facts + await programme_checks.all_of(weeks, customers, ids)


def _plan_wave(weeks: Weeks, at: datetime, segment: str) -> None:
    async def act() -> None:
        form = await weeks.type(email(CX[0]), "wave new")
        assert isinstance(form, Form)
        preview = await weeks.fill_in(
            email(CX[0]),
            form,
            name=f"{segment} {at:%B}",
            segments=(segment,),
            start=at.date().isoformat(),
            start_time="10:00",
            closes=(at + OPEN_FOR).date().isoformat(),
            reminder="5",
        )
        assert isinstance(preview, Card), preview
        confirm = button(preview, "wave_confirm")
        assert confirm is not None
        await weeks.press(email(CX[0]), "wave_confirm", confirm.value)

    weeks.plan(at, act)


def _plan_absence(weeks: Weeks, n: int, backup: int | None) -> None:
    until = (AWAY_FROM + timedelta(days=10)).date()
    words = f"away until {until:%d/%m}"
    if backup is not None:
        words += f" backup {manager(backup)}"

    async def act() -> None:
        await weeks.type(email(manager(n)), words)

    weeks.plan(AWAY_FROM, act)


async def _leave(weeks: Weeks) -> None:
    form = await weeks.type(email(CX[0]), f"left {manager(LEAVES)}")
    assert isinstance(form, Form), form
    to = next(each.name for each in form.inputs if each.kind == "members")
    async with weeks.ctx.db.reading() as session:
        successor = await programme_checks.member(session, email(manager(SUCCESSOR)))
    await weeks.fill_in(email(CX[0]), form, **{to: str(successor.id)})


async def _again(customers: Customers, staff: Staff) -> None:
    while customers.again:
        staff.work_again(customers.again.pop())
