"""SQLite in a thread: what was begun there ends before its task goes on, even where that is cut."""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakSet

import aiosqlite

_ROWS_AT_ONCE = 64  # aiosqlite's own


class Work(asyncio.Future[Any]):
    """What a thread does: a task that waits for it is cut when it is done, and not before.

    The thread would go on anyway, with a connection that somebody else might use already.
    """

    def cancel(self, msg: Any = None) -> bool:
        """Refuses; the task remembers that it was cut."""
        return False


class _Connection(sqlite3.Connection):
    """Ends its statements when it is closed.

    A statement that was not read to its end keeps a closed connection open within SQLite, and the
    write lock with it. Of a task that was cut before it read, the error's frames hold the cursor:
    until the garbage collector came by, nobody could write.
    """

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self._cursors = WeakSet[sqlite3.Cursor]()

    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:
        cursor = super().cursor(factory)
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        for cursor in list(self._cursors):
            cursor.close()
        super().close()


class _Driver(aiosqlite.Connection):
    """aiosqlite's connection, which a task that is cut, even twice, leaves in order."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **values: Any) -> Any:
        if not self._running or not self._connection:
            raise ValueError("Connection closed")  # SQLAlchemy knows these words
        work = Work(loop=asyncio.get_running_loop())
        self._tx.put_nowait((work, partial(fn, *args, **values)))
        return await work

    def stop(self) -> asyncio.Future[Any] | None:
        """Ends the thread; gives what to wait for, or None where that was asked for before.

        A thread that has ended answers nobody: who waits for a second stop waits for ever.
        """
        return super().stop() if self._running else None


def open_connection(database: str, **values: Any) -> aiosqlite.Connection:
    """Gives a connection that begins when it is awaited; `values` are those of sqlite3."""
    connect = partial(sqlite3.connect, database, factory=_Connection, **values)
    connection = _Driver(connect, _ROWS_AT_ONCE)
    connection._thread.daemon = True  # as SQLAlchemy does with its own
    return connection
