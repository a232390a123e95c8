"""One invitation a contact, at a moment in the contact's own hours, planned by few statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, insert, select

from handlers.context import Context, Job, Refused
from handlers.settings import Privacy, Programme
from handlers.waves import planning, sending
from handlers.waves.audience import Judged
from storage.db import Database
from storage.models import Contact, Invitation, Wave
from tests.factories import Make
from tests.fakes import FakeClock, FakeEngine
from tests.handlers.waves.test_audience import candidate

# Tuesday 24 November 2026, 13:20 in Copenhagen.
NOW = datetime(2026, 11, 24, 12, 20, tzinfo=UTC)


async def invitations(db: Database, wave_id: int) -> list[Invitation]:
    async with db.reading() as session:
        query = select(Invitation).where(col(Invitation.wave_id) == wave_id)
        return list((await session.exec(query.order_by(col(Invitation.id)))).all())


@contextmanager
def statements(db: Database) -> Iterator[list[str]]:
    """Remembers every statement that the database is given."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine.sync_engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine.sync_engine, "before_cursor_execute", note)


async def test_a_plan_keeps_a_snapshot_and_names_who_is_skipped(
    ctx: Context, make: Make, engine: FakeEngine
) -> None:
    team, anna = await make.team("Nordics"), await make.member("Anna")
    acme = await make.account(
        "Acme", owner_id=anna.id, team_id=team.id, segment="industry", annual_value=420_000.0,
        currency="EUR", renewal_date=date(2027, 1, 7),
    )  # fmt: skip
    jane = await make.contact(acme, "Jane", role="decision_maker")
    await make.contact(acme, "Gone", status="inactive")
    wave = await make.wave(state="approved", starts_at=ctx.now())
    planned = await planning.plan(ctx, wave)
    assert planned == planning.Planned(1, {"inactive": 1})
    asked, skipped = await invitations(ctx.db, wave.id)
    assert (asked.status, asked.contact_id, asked.channel) == ("planned", jane.id, "mail")
    assert (asked.owner_id, asked.team_id, asked.role) == (anna.id, team.id, "decision_maker")
    assert (asked.segment, asked.value, asked.currency) == ("industry", 420_000.0, "EUR")
    assert (asked.renewal_date, asked.expires_at) == (date(2027, 1, 7), wave.closes_at)
    assert asked.send_at == NOW
    assert (skipped.status, skipped.reason, skipped.send_at) == ("skipped", "inactive", None)
    assert engine.take() == [Job("batch", (wave.id, "mail", 0))]


@pytest.mark.both_databases
async def test_planning_twice_changes_nothing(ctx: Context, make: Make) -> None:
    await make.contact(await make.account(), "Jane")
    wave = await make.wave(state="approved", starts_at=ctx.now())
    await planning.plan(ctx, wave)
    first = await invitations(ctx.db, wave.id)
    await planning.plan(ctx, wave)
    assert await invitations(ctx.db, wave.id) == first


async def test_the_clock_starts_an_approved_wave_when_its_time_has_come(
    ctx: Context, make: Make, clock: FakeClock
) -> None:
    await make.contact(await make.account(), "Jane")
    wave = await make.wave(state="approved", starts_at=ctx.now() + timedelta(hours=1))
    assert await sending.due(ctx) == []
    clock.forward(hours=1)
    assert await sending.due(ctx) == [Job("batch", (wave.id, "mail", 0))]
    async with ctx.db.reading() as session:
        assert (await session.get_one(Wave, wave.id)).state == "sending"


async def test_twenty_thousand_contacts_take_few_statements(
    db: Database, ctx: Context, make: Make
) -> None:
    accounts = [await make.account() for _index in range(10)]
    rows = [
        {"account_id": accounts[n % 10].id, "name": f"C{n}", "email": f"c{n}@x.example",
         "status": "active", "judges": []}
        for n in range(20_000)
    ]  # fmt: skip
    async with db.session() as session:
        await session.execute(insert(Contact), rows)
    wave = await make.wave(state="approved", starts_at=ctx.now())
    with statements(db) as seen:
        planned = await planning.plan(ctx, wave)
    assert planned.planned == 20_000
    real = [each for each in seen if not each.startswith(("BEGIN", "COMMIT"))]
    assert len(real) <= 20_000 / 1_000


def asked(count: int, timezone: str | None = None, country: str | None = None) -> list[Judged]:
    base = candidate()._replace(timezone=timezone, country=country)
    return [
        Judged(base._replace(contact_id=n, account_id=n % 3, email=f"c{n}@x.example"), "mail")
        for n in range(count)
    ]


def new_wave(**values: Any) -> Wave:
    return Wave(name="w", created_at=NOW, **values)


def test_a_small_wave_is_out_soon_a_minute_apart() -> None:
    times = planning.send_times(asked(3), new_wave(), NOW, Programme())
    assert sorted(times.values()) == [NOW + timedelta(minutes=n) for n in range(3)]


def test_a_larger_wave_is_spread_over_the_hours_of_the_day() -> None:
    # 13:20 to 16:00 is 160 minutes; nine tenths of them hold 1,000 messages.
    times = sorted(planning.send_times(asked(1_000), new_wave(), NOW, Programme()).values())
    assert times[0] == NOW
    assert times[1] - times[0] == pytest.approx(timedelta(seconds=8.64), abs=timedelta(seconds=1))
    assert times[-1] < datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def test_what_does_not_fit_into_a_day_goes_on_the_next_working_day() -> None:
    friday = datetime(2026, 11, 27, 14, 58, 20, tzinfo=UTC)  # 100 seconds before the end
    programme = Programme(pace=(("mail", 1.0),))
    times = sorted(planning.send_times(asked(150), new_wave(), friday, programme).values())
    assert times[99] < datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    assert times[100] == datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def test_everybody_is_asked_in_their_own_working_hours() -> None:
    groups = {
        "America/New_York": datetime(2026, 11, 24, 14, 0, tzinfo=UTC),  # nine o'clock there
        "Asia/Tokyo": datetime(2026, 11, 25, 0, 0, tzinfo=UTC),
        "Europe/Copenhagen": NOW,
    }
    for zone, expected in groups.items():
        assert planning.send_times(asked(1, zone), new_wave(), NOW, Programme()) == {0: expected}


def test_public_holidays_of_the_contacts_country_are_kept() -> None:
    eve = datetime(2026, 4, 26, 12, 0, tzinfo=UTC)  # Sunday before King's Day
    dutch = planning.send_times(asked(1, "Europe/Amsterdam", "NL"), new_wave(), eve, Programme())
    danish = planning.send_times(asked(1, None, "DK"), new_wave(), eve, Programme())
    assert dutch == {0: datetime(2026, 4, 28, 7, 0, tzinfo=UTC)}
    assert danish == {0: datetime(2026, 4, 27, 7, 0, tzinfo=UTC)}


def test_a_wave_may_have_its_own_days_and_hours() -> None:
    wave = new_wave(sending_days=["thu"], sending_hours="10:00-11:00")
    expected = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    assert planning.send_times(asked(1), wave, NOW, Programme()) == {0: expected}


def test_accounts_take_turns() -> None:
    crowd = [
        Judged(candidate()._replace(contact_id=n, account_id=n // 3), "mail") for n in range(6)
    ]
    times = planning.send_times(crowd, new_wave(), NOW, Programme())
    assert sorted(times, key=lambda contact: times[contact]) == [0, 3, 1, 4, 2, 5]


@pytest.mark.both_databases
async def test_sending_now_asks_everybody_at_once(ctx: Context, make: Make) -> None:
    acme = await make.account("Acme", key="acme")
    for _index in range(3):
        await make.contact(acme)
    await make.contact(await make.account("Beta"))
    await make.contact(acme, "Gone", status="unsubscribed")
    wave_id = await sending.send_now(ctx, "relationship", ["acme"])
    assert await sending.counts(ctx, wave_id) == {
        "planned": 3, "skipped": {"unsubscribed": 1}, "sent": 0, "doubt": 0, "failed": 0,
    }  # fmt: skip
    rows = [row for row in await invitations(ctx.db, wave_id) if row.status == "planned"]
    assert {row.send_at for row in rows} == {NOW}
    assert await sending.unfinished(ctx, wave_id)


@pytest.mark.both_databases
async def test_a_wave_that_cannot_be_planned_says_what_to_mend(ctx: Context, make: Make) -> None:
    with pytest.raises(Refused, match="no account nobody"):
        await sending.send_now(ctx, "relationship", ["nobody"])
    with pytest.raises(Refused, match="no survey smiles"):
        await sending.send_now(ctx, "smiles", [])
    await make.wave("Autumn")
    with pytest.raises(Refused, match="already a wave “autumn”"):
        await sending.send_now(ctx, "relationship", [], "autumn")
    bare = replace(ctx.programme, privacy=Privacy("Nordfab A/S"))
    with pytest.raises(Refused, match=r"\[privacy\].*contact, keep_months"):
        await sending.send_now(replace(ctx, programme=bare), "relationship", [])
