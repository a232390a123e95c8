"""SQLite without a thread hop per statement: for transactions of many short statements."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, Engine

from storage.session import Session


class InlineSession(Session):
    """A session whose statements run on the event loop itself, on a plain connection."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(expire_on_commit=False)
        self.sync_session.bind = connection

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
    """Transactions of a SQLite engine; only waiting, for the lock or the disk, is in a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # Its own: the event loop's may be closed while a last message is still noted as sent.
        self._waiting = ThreadPoolExecutor(1, "sqlite")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Commits at the end, rolls back on any error."""
        wait = asyncio.get_running_loop().run_in_executor
        connection = await wait(self._waiting, self._begin)
        try:
            session = InlineSession(connection)
            try:
                yield session
                session.sync_session.flush()
                await wait(self._waiting, connection.commit)
            finally:
                session.sync_session.close()
        finally:
            connection.close()  # rolls back what was not committed

    def close(self) -> None:
        """Closes all connections; the next transaction opens its own, as with any engine."""
        self._waiting.shutdown()
        self._waiting = ThreadPoolExecutor(1, "sqlite")
        self._engine.dispose()

    def _begin(self) -> Connection:
        connection = self._engine.connect()
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return connection
