"""SQLite without a thread hop per statement: for transactions of many short statements."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

_WAITS = ("BEGIN", "COMMIT", "ROLLBACK")  # for the lock, or for the disk


class InlineCursor:
    """A cursor whose statements run on the event loop itself; only waiting happens in a thread."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self.arraysize = cursor.arraysize

    async def __aenter__(self) -> "InlineCursor":
        return self

    @property
    def description(self) -> Any:
        """The columns of the result, as sqlite3 tells them."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed."""
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The id of the last row inserted."""
        return self._cursor.lastrowid

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Runs one statement."""
        if statement.startswith(_WAITS):
            await asyncio.to_thread(self._cursor.execute, statement, parameters)
        else:
            self._cursor.execute(statement, parameters)

    async def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Runs one statement for many rows."""
        self._cursor.executemany(statement, parameters)

    async def fetchall(self) -> list[Any]:
        """Gives all rows."""
        return self._cursor.fetchall()

    async def close(self) -> None:
        """Frees the cursor."""
        self._cursor.close()


class InlineConnection:
    """What SQLAlchemy's aiosqlite dialect needs of a connection."""

    def __init__(self, path: str, timeout: float) -> None:
        # One transaction uses it at a time; the thread that waits for a lock is not ours.
        self._connection = sqlite3.connect(path, timeout=timeout, check_same_thread=False)
        self._conn = self._connection
        self._tx = self

    def put_nowait(self, work: tuple["asyncio.Future[None]", Callable[[], None]]) -> None:
        """Carries out at once what aiosqlite would queue for its thread."""
        future, function = work
        function()
        future.set_result(None)

    @property
    def isolation_level(self) -> str | None:
        """None once the driver's own BEGIN is switched off."""
        return self._connection.isolation_level

    def cursor(self) -> InlineCursor:
        """Gives a new cursor."""
        return InlineCursor(self._connection.cursor())

    async def create_function(self, *args: Any, **values: Any) -> None:
        """Adds a function to the connection."""
        self._connection.create_function(*args, **values)

    async def commit(self) -> None:
        """Ends the transaction, in a thread: the disk may take its time."""
        if self._connection.in_transaction:
            await asyncio.to_thread(self._connection.commit)

    async def rollback(self) -> None:
        """Throws the transaction away."""
        if self._connection.in_transaction:
            await asyncio.to_thread(self._connection.rollback)

    async def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def stop(self) -> None:
        """Closes the connection where nothing can be awaited any more."""
        self._connection.close()
