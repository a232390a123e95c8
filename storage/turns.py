"""Whose turn it is to write: one transaction at a time, in a fair order, without polling a lock."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Lets one writer of this process work at a time; a short one goes before those that wait."""

    def __init__(self) -> None:
        self._taken = False
        self._holder: asyncio.Task[object] | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def one(self, *, first: bool = False) -> AsyncIterator[None]:
        """Waits for the turn and holds it until the block ends; `first` goes before all others.

        Raises RuntimeError for a write within a write of the same task: it would wait for itself.
        """
        me = asyncio.current_task()
        if self._taken and self._holder is me:
            raise RuntimeError("a write session inside another one: commit the first before")
        await self._take(first)
        self._holder = me
        try:
            yield
        finally:
            self._holder = None
            self._pass_on()

    async def _take(self, first: bool) -> None:
        if not self._taken:
            self._taken = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if first:
            self._waiting.appendleft(turn)
        else:
            self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # the turn came at the moment the wait was given up
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._taken = False
