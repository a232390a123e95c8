"""SQLite without a thread hop per statement: for transactions of many short statements."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Result
from sqlalchemy.exc import OperationalError

from storage.driver import Work
from storage.session import Session, Values

_LOOK_AGAIN_SECONDS = 0.005


class InlineSession(Session):
    """A session whose statements run on the event loop itself, on a plain connection."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(expire_on_commit=False)
        self.sync_session.bind = connection
        self._connection = connection

    async def run(
        self, statement: Executable, values: Values | None = None
    ) -> Result[*tuple[Any, ...]]:
        """Runs a statement of tables past the ORM: what that does costs as much as a short one."""
        self.sync_session.flush()
        return self._connection.execute(statement, values)

    async def execute(self, *args: Any, **values: Any) -> Any:
        """Runs a statement."""
        return self.sync_session.execute(*args, **values)

    async def exec(self, *args: Any, **values: Any) -> Any:
        """Runs a statement of models."""
        return self.sync_session.exec(*args, **values)

    async def get(self, *args: Any, **values: Any) -> Any:
        """Gives a row by its key, or None."""
        return self.sync_session.get(*args, **values)

    async def get_one(self, *args: Any, **values: Any) -> Any:
        """Gives a row by its key."""
        return self.sync_session.get_one(*args, **values)

    async def flush(self, objects: Any = None) -> None:
        """Writes what was added or changed."""
        self.sync_session.flush(objects)


class Inline:
    """Transactions of a SQLite engine that does not wait for a lock; `patience` in seconds is ours.

    Only the commit, which may wait for the disk, is in a thread.
    """

    def __init__(self, engine: Engine, patience: float) -> None:
        self._engine = engine
        self._patience = patience
        # Its own: the event loop's may be closed while a last message is still noted as sent.
        self._writing = ThreadPoolExecutor(1, "sqlite")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Commits at the end, rolls back on any error."""
        connection = await self._begin()
        try:
            session = InlineSession(connection)
            try:
                yield session
                session.sync_session.flush()
                await self._commit(connection)
            finally:
                session.sync_session.close()
        finally:
            connection.close()  # rolls back what was not committed

    def close(self) -> None:
        """Closes all connections; the next transaction opens its own, as with any engine."""
        self._writing.shutdown()
        self._writing = ThreadPoolExecutor(1, "sqlite")
        self._engine.dispose()

    async def _commit(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        work = Work(loop=loop)
        commit = self._writing.submit(connection.commit)
        commit.add_done_callback(lambda _done: loop.call_soon_threadsafe(work.set_result, None))
        await work
        commit.result()

    async def _begin(self) -> Connection:
        """Takes the lock, at once where no other process writes: a thread costs more than that."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._patience
        while True:
            connection = self._engine.connect()
            try:
                connection.begin()
                return connection
            except OperationalError as error:
                connection.close()
                if not _is_locked(error) or loop.time() >= give_up:
                    raise
            except BaseException:
                connection.close()
                raise
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)


def _is_locked(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY")
