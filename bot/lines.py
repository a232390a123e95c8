"""Lines of jobs before the engine: of each place one a second is handed over."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from handlers.context import Job

log = structlog.get_logger()

# Not a limit, the engine keeps that over all processes. But it looks ten times a second into the
# backlog of every place, each in a transaction: with many critics at once that starved answers.
SECONDS_A_JOB = 1.0


class Lines:
    """Hands the first job of an idle place over at once, and those behind it one a second."""

    def __init__(self, hand_over: Callable[[Job], Awaitable[None]]) -> None:
        self._hand_over = hand_over
        self._waiting: dict[str, deque[Job]] = {}
        self._names: set[str] = set()
        self._servants: set[asyncio.Task[None]] = set()

    async def join(self, job: Job, place: str) -> None:
        """Lets a job wait for its turn at a place; one that waits already is not added again."""
        if place in self._waiting:
            if job.id not in self._names:
                self._names.add(job.id)
                self._waiting[place].append(job)
            return
        self._waiting[place] = deque()
        servant = asyncio.create_task(self._serve(place))
        self._servants.add(servant)
        servant.add_done_callback(self._servants.discard)
        await self._hand_over(job)

    def stop(self) -> None:
        """Forgets who waits: the rows say what is due, and the clock asks again."""
        for servant in self._servants:
            servant.cancel()
        self._waiting.clear()
        self._names.clear()

    async def _serve(self, place: str) -> None:
        line = self._waiting[place]
        await asyncio.sleep(SECONDS_A_JOB)
        while line:
            job = line.popleft()
            self._names.discard(job.id)
            try:
                await self._hand_over(job)
            except Exception:
                log.exception("job not handed over", job=job.id)  # the next tick asks again
            await asyncio.sleep(SECONDS_A_JOB)
        del self._waiting[place]
