"""The clock asks what is due, and lets answers that stream in go first."""

import asyncio

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
    await clock.stop()


async def test_a_stop_lets_a_look_end(db: Database) -> None:
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), list[str]()

    async def look() -> None:
        begun.set()
        await go_on.wait()
        ended.append("look")

    async def enqueue(job: Job) -> None:
        pass

    clock = Clock(enqueue, nothing)
    ctx = Context(Programme(), db, FakeChat(), FakeClock(), FakeEngine().soon, no_pace, SECRET)
    clock.start(ctx, look)
    await begun.wait()
    stopping = asyncio.create_task(clock.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    go_on.set()
    await stopping
    assert ended == ["look"]


async def test_a_stop_waits_for_a_look_that_it_cut(db: Database) -> None:
    begun, ended = asyncio.Event(), list[str]()

    async def look() -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.01)
            ended.append("look")

    async def enqueue(job: Job) -> None:
        pass

    clock = Clock(enqueue, nothing, finish_seconds=0.01)
    ctx = Context(Programme(), db, FakeChat(), FakeClock(), FakeEngine().soon, no_pace, SECRET)
    clock.start(ctx, look)
    await begun.wait()
    await clock.stop()
    assert ended == ["look"]
