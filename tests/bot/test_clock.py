"""The clock asks what is due, and lets answers that stream in go first."""

from bot.clock import TICKS_PUT_OFF, Clock
from handlers import alerts
from handlers.context import Context, Job
from handlers.settings import Programme
from storage.db import Database
from tests.conftest import SECRET
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace


async def nothing() -> None:
    pass


async def test_a_rush_of_answers_puts_looks_off_but_not_for_long(db: Database) -> None:
    now, asked = FakeClock(), list[Job]()
    ctx = Context(Programme(), db, FakeChat(), now, FakeEngine().soon, no_pace, SECRET)
    async with db.session() as session:
        added = await alerts.add(session, key="k", what="undelivered", due_at=now())

    async def enqueue(job: Job) -> None:
        asked.append(job)

    clock = Clock(enqueue, nothing)
    clock.start(ctx, nothing, lambda: True)
    for _tick in range(TICKS_PUT_OFF):
        await clock.tick()
        assert asked == []
    await clock.tick()
    assert alerts.job_of(added) in asked
    clock.stop()
