"""Lines of jobs before the engine: of each place one a second is handed over."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context

import structlog

from handlers.context import Job

log = structlog.get_logger()

# Not a limit, the engine keeps that over all processes. But it looks ten times a second into the
# backlog of every place, each in a transaction: with many critics at once that starved answers.
SECONDS_A_JOB = 1.0
# While answers come faster than they are stored, cards wait: a customer waits for the page, and
# nobody sees whether one card of many came a second later.
PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.2


class Lines:
    """Hands the first job of an idle place over at once, and those behind it one a second.

    While `rush()` holds a job waits, for `patience` seconds at most.
    """

    def __init__(
        self,
        hand_over: Callable[[Job], Awaitable[None]],
        rush: Callable[[], bool],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._hand_over = hand_over
        self._rush = rush
        self._looks = round(patience / _LOOK_SECONDS)
        self._waiting: dict[str, deque[Job]] = {}
        self._names: set[str] = set()
        self._servants: set[asyncio.Task[None]] = set()

    def join(self, job: Job, place: str) -> None:
        """Lets a job wait for its turn at a place; one that waits already is not added again."""
        if job.id in self._names:
            return
        self._names.add(job.id)
        if place in self._waiting:
            self._waiting[place].append(job)
            return
        self._waiting[place] = deque([job])
        # With nothing of who asks: a job that another process has taken over meanwhile is stopped
        # at all that it asks the engine for, and would take those behind it along.
        servant = asyncio.create_task(self._serve(place), context=Context())
        self._servants.add(servant)
        servant.add_done_callback(self._servants.discard)

    def stop(self) -> None:
        """Forgets who waits: the rows say what is due, and the clock asks again."""
        for servant in self._servants:
            servant.cancel()
        self._waiting.clear()
        self._names.clear()

    async def _serve(self, place: str) -> None:
        line = self._waiting[place]
        while line:
            await self._let_answers_go_first()
            job = line.popleft()
            self._names.discard(job.id)
            try:
                await self._hand_over(job)
            except asyncio.CancelledError:
                raise
            except BaseException:  # what the engine stops a job by is no Exception
                log.exception("job not handed over", job=job.id)  # the next tick asks again
            await asyncio.sleep(SECONDS_A_JOB)
        del self._waiting[place]

    async def _let_answers_go_first(self) -> None:
        for _look in range(self._looks):
            if not self._rush():
                return
            await asyncio.sleep(_LOOK_SECONDS)
