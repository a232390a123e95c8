"""Opens the database: one code path for SQLite (WAL) and PostgreSQL."""

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL, Connection, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

import storage.models  # noqa: F401  (the tables register themselves with the metadata)
from storage.driver import open_connection
from storage.inline import Inline
from storage.session import Session
from storage.turns import Turns

__all__ = ["Database", "Session", "database_url", "keep_private"]

BUSY_TIMEOUT_MS = 15_000  # SQLite: how long a writer waits for another process's transaction
_IMMEDIATE = "npsbot_immediate"


def database_url(url: str) -> URL:
    """Gives the address with the asynchronous driver we use; raises ValueError for other
    databases.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite")
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise ValueError(f"database url: {backend!r} is not supported, use sqlite:/// or postgresql://")


def keep_private(path: str | None) -> None:
    """Makes a new SQLite file that its owner alone can read: it holds people and a secret key."""
    if path and path != ":memory:":
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


class Database:
    """The engine with its two kinds of session: `session` to write, `reading` to read.

    An error never repeats the values of its statement: they hold comments and addresses, and
    errors are logged.
    """

    def __init__(self, url: str) -> None:
        self.url = database_url(url)
        self._turns = Turns()
        self._quick: Inline | None = None
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self.engine: AsyncEngine = create_async_engine(
                self.url,
                connect_args={
                    "timeout": BUSY_TIMEOUT_MS / 1000,
                    "async_creator_fn": open_connection,
                },
                hide_parameters=True,
            )
            keep_private(self.url.database)
            _prepare_sqlite(self.engine.sync_engine)
            quick = create_engine(
                self.url.set(drivername="sqlite"),
                connect_args={"check_same_thread": False},
                execution_options={_IMMEDIATE: True},
                hide_parameters=True,
            )
            _prepare_sqlite(quick, busy_timeout_ms=0)
            self._quick = Inline(quick, BUSY_TIMEOUT_MS / 1000)
        else:
            self.engine = create_async_engine(
                self.url, pool_size=10, max_overflow=10, hide_parameters=True
            )
            _keep_values_out_of_errors(self.engine.sync_engine)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A write transaction: commits at the end, rolls back on any error.

        On SQLite it takes the write lock at once: it waits its turn and never fails half way.
        """
        async with self._turn(), self.engine.connect() as connection:
            connection = await connection.execution_options(**{_IMMEDIATE: True})
            async with Session(bind=connection, expire_on_commit=False) as session:
                async with session.begin():
                    yield session

    @asynccontextmanager
    async def quick_session(self, *, first: bool = False) -> AsyncIterator[Session]:
        """A write transaction of many short statements: on SQLite they need no thread each.

        A long statement would hold up the whole process, so nothing that scans belongs in it.
        `first` goes before the others that wait to write.
        """
        if self._quick is None:
            async with self.session() as session:
                yield session
        else:
            async with self._turn(first), self._quick.transaction() as session:
                yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        """A read transaction; whatever is changed in it is thrown away."""
        async with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A bare write connection for set-based statements; commits at the end."""
        async with self._turn(), self.engine.connect() as connection:
            connection = await connection.execution_options(**{_IMMEDIATE: True})
            async with connection.begin():
                yield connection

    async def close(self) -> None:
        """Closes all connections; the next session opens its own, as with any engine."""
        await self.engine.dispose()
        if self._quick is not None:
            self._quick.close()

    def _turn(self, first: bool = False) -> AbstractAsyncContextManager[None]:
        # Waiting for SQLite's own lock is a lottery: each looks again after up to 100 ms, and
        # among many writers one may never see it free. Other processes still meet there.
        return self._turns.one(first=first) if self.is_sqlite else nullcontext()


def _keep_values_out_of_errors(engine: Engine) -> None:
    @event.listens_for(engine, "handle_error")
    def on_error(context: ExceptionContext) -> None:
        # PostgreSQL adds the failing row, with what a customer wrote in it, below the first line.
        for error in (context.original_exception, context.sqlalchemy_exception):
            if error is not None and error.args:
                error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])


def _prepare_sqlite(engine: Engine, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # The driver's own BEGIN is switched off; we write ours, to choose the lock.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"busy_timeout={busy_timeout_ms}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get(_IMMEDIATE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
