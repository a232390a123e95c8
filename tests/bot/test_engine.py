"""The engine carries out each job once, spaces alerts of a place, and goes on after a kill."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dbos import DBOS

from bot.engine import AlreadyRunning, Engine
from bot.pace import Pace
from handlers.context import Context, Job
from handlers.settings import Programme
from storage import running
from storage.db import Database
from tests.conftest import SECRET, copy_of_template
from tests.fakes import FakeChat, FakeEngine, no_pace

Jobs = dict[str, Callable[..., Awaitable[object]]]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of its own each time: the engine keeps tables of its own in it."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_database")
        return url
    return copy_of_template(request, tmp_path)


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def engine_of(
    db: Database, jobs: Jobs, name: str = "one", finish_seconds: float = 5
) -> AsyncIterator[Engine]:
    ctx = Context(Programme(), db, FakeChat(), now, FakeEngine().soon, no_pace, SECRET)
    engine = Engine(db, name, ["mail"], jobs, finish_seconds=finish_seconds)
    await engine.launch(ctx)
    try:
        yield engine
    finally:
        await engine.close()


async def test_a_job_asked_for_twice_runs_once_and_knows_its_run(db: Database) -> None:
    done: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    async def alert(ctx: Context, alert_id: int, attempt: int) -> None:
        await done.put((alert_id, ctx.run))

    async with engine_of(db, {"alert": alert}) as engine:
        for _ in range(3):
            await engine.enqueue(Job("alert", (17, 0), place="slack:C1"))
        await engine.enqueue(Job("alert", (18, 0), place="slack:C2"))
        seen = [await asyncio.wait_for(done.get(), 20) for _ in range(2)]
        await engine.enqueue(Job("alert", (17, 0), place="slack:C1"))
        await engine.enqueue(Job("alert", (19, 0), place="slack:C3"))
        seen.append(await asyncio.wait_for(done.get(), 20))
    assert sorted(alert_id for alert_id, _ in seen) == [17, 18, 19]
    assert {run.partition("#")[0] for _, run in seen} == {"alert:17:0", "alert:18:0", "alert:19:0"}


async def test_one_batch_of_a_channel_runs_at_a_time(db: Database) -> None:
    both_done = asyncio.Event()
    alive = most = finished = 0

    async def batch(ctx: Context, wave: int, channel: str, number: int) -> None:
        nonlocal alive, most, finished
        alive += 1
        most = max(most, alive)
        await asyncio.sleep(0.05)
        alive -= 1
        finished += 1
        if finished == 3:
            both_done.set()

    async with engine_of(db, {"batch": batch}) as engine:
        for number in range(3):
            await engine.enqueue(Job("batch", (1, "mail", number)))
        await asyncio.wait_for(both_done.wait(), 30)
    assert most == 1


async def test_a_job_that_fails_does_not_stop_the_next(db: Database) -> None:
    done = asyncio.Event()

    async def alert(ctx: Context, alert_id: int, attempt: int) -> None:
        if alert_id == 1:
            raise RuntimeError("broken on purpose")
        done.set()

    async with engine_of(db, {"alert": alert}) as engine:
        await engine.enqueue(Job("alert", (1, 0), place="slack:C1"))
        await engine.enqueue(Job("alert", (2, 0), place="slack:C2"))
        await asyncio.wait_for(done.wait(), 20)


async def test_what_a_job_asks_for_goes_on_when_another_process_has_taken_that_job(
    db: Database,
) -> None:
    done: asyncio.Queue[int] = asyncio.Queue()
    ready: asyncio.Queue[Engine] = asyncio.Queue()

    async def alert(ctx: Context, alert_id: int, attempt: int) -> None:
        if alert_id == 1:
            engine = await ready.get()
            for number in (2, 3):
                await engine.enqueue(Job("alert", (number, 0), place="slack:C2"))
        await done.put(alert_id)

    async with engine_of(db, {"alert": alert}) as engine:
        await engine.enqueue(Job("alert", (1, 0), place="slack:C1"))
        await ready.put(engine)
        assert {await asyncio.wait_for(done.get(), 20) for _ in range(2)} == {1, 2}
        asked = await DBOS.list_workflows_async()
        assert {each.workflow_id: each.parent_workflow_id for each in asked} == {
            "alert:1:0": None, "alert:2:0": None,
        }  # fmt: skip


async def test_a_second_process_of_the_same_id_is_refused(db: Database) -> None:
    async with db.session() as session:
        await running.beat(session, "one", "another-host/1", now())
    with pytest.raises(AlreadyRunning, match="stop it first"):
        async with engine_of(db, {}):
            pass


async def test_the_pace_spaces_messages_of_one_channel_only() -> None:
    loop = asyncio.get_running_loop()
    pace = Pace({"mail": 20.0, "slack": 0.001}.__getitem__)
    begin = loop.time()
    await pace("slack")
    for _ in range(5):
        await pace("mail")
    assert loop.time() - begin >= 4 / 20 - 0.001


async def test_no_job_works_on_after_the_engine_closed(db: Database) -> None:
    """Its database is closed next: a connection that it opens then is closed by nobody."""
    started, closing, ended = asyncio.Semaphore(0), asyncio.Event(), list[int]()

    async def alert(ctx: Context, alert_id: int, attempt: int) -> None:
        started.release()
        try:
            await (closing.wait() if alert_id == 1 else asyncio.sleep(3600))
        finally:
            ended.append(alert_id)

    async with engine_of(db, {"alert": alert}, finish_seconds=0.2) as engine:
        for alert_id in (1, 2):
            await engine.enqueue(Job("alert", (alert_id, 0), place=f"slack:C{alert_id}"))
        for _ in range(2):
            await asyncio.wait_for(started.acquire(), 20)
        assert ended == []
        closing.set()
    assert ended == [1, 2]
