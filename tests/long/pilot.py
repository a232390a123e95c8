"""A pilot on paper: five account managers, sixty accounts, three weeks, nobody at the server."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path

from handlers.cards import Card, Form
from storage.db import Database
from storage.migrate import upgrade
from tests.long import pilot_checks, pilot_deadlines, portfolio, postgres, story
from tests.long.facts import Fact, equal, told
from tests.long.portfolio import ABSENT, AWAY_FROM, BACKUP, CX, Customers, Managers, email
from tests.long.weeks import ZONE, Weeks, button

START = datetime(2026, 11, 9, 8, 30, tzinfo=ZONE)
CLOSES = date(2026, 11, 30)
END = datetime(2026, 12, 3, 12, tzinfo=ZONE)
BUSY, QUIET = timedelta(minutes=5), timedelta(minutes=15)
# The server is down for a morning: all that fell due meanwhile comes when it is back, once.
OUTAGE = (datetime(2026, 11, 12, 6, tzinfo=ZONE), datetime(2026, 11, 12, 10, 30, tzinfo=ZONE))
QUICK_BUSY, QUICK_QUIET = timedelta(minutes=15), timedelta(hours=1)


async def run(folder: Path, quick: bool, database: str) -> list[Fact]:
    """Lets three weeks pass, then holds every message against what should have happened."""
    with postgres.server(folder, database) as running:
        url = running or f"sqlite:///{folder / 'pilot.db'}"
        upgrade(url)
        db = Database(url)
        try:
            return await _three_weeks(db, quick)
        finally:
            await db.close()


async def _three_weeks(db: Database, quick: bool) -> list[Fact]:
    busy, quiet = (QUICK_BUSY, QUICK_QUIET) if quick else (BUSY, QUIET)
    weeks = Weeks(db, START, busy, quiet, OUTAGE)
    ids = await portfolio.store(weeks)
    closes_at = datetime.combine(CLOSES + timedelta(days=1), time(), ZONE)
    customers, managers = Customers(weeks, closes_at), Managers(weeks)
    weeks.watchers += [customers.watch, managers.watch]
    weeks.plan(START + timedelta(minutes=45), lambda: _start_wave(weeks))
    weeks.plan(AWAY_FROM, lambda: _go_away(weeks))
    await weeks.run_until(END)
    told_at_end = await story.read(weeks, customers, ids, closes_at, quiet)
    facts = [
        equal("acts that were refused", weeks.problems[:3], []),
        *pilot_checks.of_wave(told_at_end),
        *pilot_checks.of_reminder_mails(told_at_end),
        *pilot_checks.of_alerts(told_at_end),
        *pilot_checks.of_absence(told_at_end),
        *pilot_deadlines.of_deadlines(told_at_end),
        *pilot_deadlines.of_mornings(told_at_end),
        *pilot_deadlines.of_promises(told_at_end),
        *pilot_checks.of_digests(told_at_end),
        *pilot_checks.of_results(told_at_end),
    ]
    return facts + _on_paper(told_at_end)


async def _start_wave(weeks: Weeks) -> None:
    form = await weeks.type(email(CX), "wave new")
    assert isinstance(form, Form)
    preview = await weeks.fill_in(
        email(CX),
        form,
        name="Autumn",
        start="2026-11-09",
        start_time="10:00",
        closes=CLOSES.isoformat(),
        reminder="5",
    )
    assert isinstance(preview, Card)
    confirm = button(preview, "wave_confirm")
    assert confirm is not None
    await weeks.press(email(CX), "wave_confirm", confirm.value)


async def _go_away(weeks: Weeks) -> None:
    await weeks.type(email(ABSENT), f"away until 19/11 backup {BACKUP}")


def _on_paper(found: story.Story) -> list[Fact]:
    """Tells, in a few lines, what happened: who got what how often, and the case nobody took."""
    facts = []
    for place, kinds in sorted(found.by_place().items()):
        words = ", ".join(f"{n} {what}" for what, n in sorted(Counter(kinds).items()))
        facts.append(told(place, words))
    facts.append(told("the case that nobody took", found.longest_case()))
    return facts
