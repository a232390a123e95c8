"""A task that is cut in the middle of its work gives SQLite's write lock back, and its turn."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from contextlib import closing
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlmodel import col, select

from storage.db import Database, Session
from storage.models import Team
from tests.conftest import copy_of_template

Job = Callable[[Database, str], Coroutine[Any, Any, None]]


class Cut:
    """Runs a coroutine and cuts its task where it waits for the `moment`th time, and `again`.

    It is cut while what it waits for is going on, or, `late`, when that is done and the task has
    not gone on yet.
    """

    def __init__(
        self, job: Coroutine[Any, Any, None], moment: int, *, late: bool, again: bool
    ) -> None:
        self._job = job
        self._moments = {moment, moment + 1} if again else {moment}
        self._late = late
        self.waits = 0
        self.error: BaseException | None = None  # whoever logs an error holds on to its frames

    async def run(self) -> None:
        """Ends as the coroutine does."""
        try:
            await self
        except BaseException as error:
            self.error = error
            raise

    def __await__(self) -> Generator[Any, None, None]:
        steps = self._job.__await__()
        error: BaseException | None = None
        while True:
            try:
                waited = steps.send(None) if error is None else steps.throw(error)
            except StopIteration:
                return
            if self.waits in self._moments:
                self._cut(waited)
            self.waits += 1
            error = None
            try:
                yield waited
            except BaseException as thrown:  # the coroutine decides what to do
                error = thrown

    def _cut(self, waited: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._late and waited is not None:
            waited.add_done_callback(lambda _done: task.cancel())
        else:
            asyncio.get_running_loop().call_soon(task.cancel)


async def _work(session: Session, word: str) -> None:
    (await session.exec(select(Team))).all()
    session.add_all([Team(name=f"{word} a"), Team(name=f"{word} b")])
    await session.flush()
    (await session.exec(select(Team))).all()


async def in_session(db: Database, word: str) -> None:
    async with db.session() as session:
        await _work(session, word)


async def in_quick_session(db: Database, word: str) -> None:
    async with db.quick_session() as session:
        await asyncio.sleep(0)
        await _work(session, word)
        await asyncio.sleep(0)


async def in_connection(db: Database, word: str) -> None:
    async with db.connection() as connection:
        (await connection.execute(select(col(Team.name)))).all()
        added = text("INSERT INTO team (name) VALUES (:a), (:b) RETURNING id")
        await connection.execute(added, {"a": f"{word} a", "b": f"{word} b"})


async def in_reading(db: Database, word: str) -> None:
    async with db.reading() as session:
        await _work(session, word)


JOBS = pytest.mark.parametrize("job", [in_session, in_quick_session, in_connection, in_reading])
WRITES = pytest.mark.parametrize("job", [in_session, in_quick_session, in_connection])
LATE_AND_AGAIN = pytest.mark.parametrize(
    ("late", "again"),
    [(False, False), (True, False), (False, True)],
    ids=["waiting", "done", "twice"],
)


@pytest.fixture
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(copy_of_template(request, tmp_path).removeprefix("sqlite:///"))


@pytest_asyncio.fixture
async def on_file(file: Path) -> AsyncIterator[Database]:
    db = Database(f"sqlite:///{file}")
    async with db.session() as session:
        session.add_all([Team(name="first"), Team(name="second")])
    yield db
    await db.close()


def stored(file: Path, word: str) -> set[str]:
    """Gives what a job stored, as another process sees it that could write now."""
    with closing(sqlite3.connect(file, timeout=1, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        names = {name for (name,) in other.execute("SELECT name FROM team")}
    return {name for name in names if name.startswith(f"{word} ")}


def both(word: str) -> set[str]:
    """Gives all that a job stores."""
    return {f"{word} a", f"{word} b"}


@LATE_AND_AGAIN
@JOBS
async def test_wherever_a_task_is_cut_the_lock_is_free_and_its_work_there_wholly_or_not_at_all(
    on_file: Database, file: Path, job: Job, late: bool, again: bool
) -> None:
    cuts = []  # and their errors
    for moment in count():
        word = str(moment)
        await on_file.close()  # it may be cut while it connects, too
        cuts.append(Cut(job(on_file, word), moment, late=late, again=again))
        task = asyncio.create_task(cuts[-1].run())
        await asyncio.wait([task])
        assert stored(file, word) in (set(), both(word)), moment
        if not task.cancelled():
            await task
            assert bool(stored(file, word)) == (job is not in_reading), moment
        await asyncio.wait_for(in_session(on_file, f"after {word}"), 5)
        if cuts[-1].waits <= moment:
            break
    assert len(cuts) > 2


@pytest.mark.parametrize("times", [1, 3])
@WRITES
async def test_a_task_that_is_cut_while_another_process_writes_takes_no_lock_with_it(
    on_file: Database, file: Path, job: Job, times: int
) -> None:
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(job(on_file, "cut"))
        for _time in range(times):
            await asyncio.sleep(0.02)
            task.cancel()
        next_one = asyncio.create_task(job(on_file, "next"))
        await asyncio.sleep(0.02)
        other.execute("COMMIT")
    await asyncio.wait([task])
    await asyncio.wait_for(next_one, 5)
    assert task.cancelled()
    assert stored(file, "cut") == set()
    assert stored(file, "next") == both("next")


async def test_a_task_that_is_cut_in_a_slow_commit_ends_after_it(
    on_file: Database, file: Path
) -> None:
    begun, go_on = Event(), Event()

    def slow(statement: str) -> None:
        if statement == "COMMIT":
            begun.set()
            go_on.wait(0.5)

    async def job() -> None:
        async with on_file.quick_session() as session:
            raw = session.sync_session.connection().connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            raw.set_trace_callback(slow)
            await _work(session, "slow")

    task = asyncio.create_task(job())
    await asyncio.to_thread(begun.wait, 5)
    for _time in range(2):
        task.cancel()
        await asyncio.sleep(0.01)
    assert not task.done()
    go_on.set()
    await asyncio.wait([task])
    assert task.cancelled()
    assert stored(file, "slow") == both("slow")
    await asyncio.wait_for(in_quick_session(on_file, "next"), 5)
    assert stored(file, "next") == both("next")
