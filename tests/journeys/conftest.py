"""A database of each kind as `npsbot migrate` leaves it, which the whole bot was started on once.

The first start makes the engine's tables and takes two seconds: once a process is enough.
"""

import asyncio
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from bot.engine import Engine
from handlers.context import Context
from handlers.settings import Programme
from storage.db import Database
from storage.version import newest
from tests.conftest import SECRET, fresh_postgres
from tests.fakes import FakeChat, FakeEngine, no_pace

CHANNELS = ("console", "mail", "slack", "teams")


@pytest.fixture(scope="session")
def started_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("started") / "npsbot.db"
    shutil.copy(sqlite_template, path)
    _start_once(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def started_postgres(postgres_url: str) -> Iterator[str]:
    """The name of a database that serves as template."""
    with fresh_postgres(postgres_url, "started_npsbot") as url:
        _start_once(url)
        yield "started_npsbot"


@pytest.fixture
def sqlite_url(started_sqlite: Path, tmp_path: Path) -> str:
    for end in (".db", "-engine.db"):
        shutil.copy(started_sqlite.with_name(f"npsbot{end}"), tmp_path)
    return f"sqlite:///{tmp_path / started_sqlite.name}"


@pytest.fixture(params=["sqlite", "postgres"])
def either_url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    # A database of its own: the engine keeps its tables there too.
    template: str = request.getfixturevalue("started_postgres")
    with fresh_postgres(request.getfixturevalue("postgres_url"), template=template) as url:
        yield url


def _start_once(url: str) -> None:
    engine = create_engine(make_url(url))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text(f"INSERT INTO alembic_version VALUES ('{newest()}')"))
    engine.dispose()
    with ThreadPoolExecutor(1) as thread:  # the loop of the tests stays as it is
        thread.submit(asyncio.run, _start(url)).result()


async def _start(url: str) -> None:
    db = Database(url)
    ctx = Context(
        Programme(), db, FakeChat(), lambda: datetime.now(UTC), FakeEngine().soon, no_pace, SECRET
    )
    engine = Engine(db, "once", CHANNELS, {})
    await engine.launch(ctx)
    await engine.close()
    await db.close()
