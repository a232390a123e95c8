"""The clock: asks what is due and hands it to the engine. Holds no state that matters."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from handlers.context import Context, Job
from handlers.jobs import find_due

log = structlog.get_logger()

TICK_SECONDS = 5
# While answers come faster than they are stored, looks are put off: nobody waits for a look.
TICKS_PUT_OFF = 2
# APScheduler drops a run that is a second late by default; a late look is still a look.
GRACE_SECONDS = 3600
# How often the platforms are asked for members who never wrote.
MEET_MINUTES = 60
FINISH_SECONDS = 3.0  # what is looked at while we stop


class Clock:
    """Ticks every five seconds, and at once for the moments that are known beforehand."""

    def __init__(
        self,
        enqueue: Callable[[Job], Awaitable[None]],
        beat: Callable[[], Awaitable[None]],
        finish_seconds: float = FINISH_SECONDS,
    ) -> None:
        self._enqueue = enqueue
        self._beat = beat
        self._finish_seconds = finish_seconds
        self._ctx: Context | None = None
        self._rush: Callable[[], bool] = bool
        self._put_off = 0
        self._due: deque[Job] = deque()
        self._handing_over: asyncio.Task[None] | None = None
        self._looking: set[asyncio.Task[object]] = set()
        self._scheduler = AsyncIOScheduler(
            job_defaults={
                "coalesce": True,
                "max_instances": 1,
                "misfire_grace_time": GRACE_SECONDS,
            }
        )

    def start(
        self,
        ctx: Context,
        meet: Callable[[], Awaitable[None]],
        rush: Callable[[], bool] = bool,
    ) -> None:
        """Begins to tick; `meet` looks for members who never wrote, now and every hour.

        While `rush()` holds two ticks of three are left out.
        """
        self._ctx, self._rush = ctx, rush
        self._look(meet, "meet", minutes=MEET_MINUTES, next_run_time=datetime.now(UTC))
        self._look(self.tick, "tick", seconds=TICK_SECONDS)
        self._look(self._beat, "beat", seconds=TICK_SECONDS)
        self._scheduler.start()

    def every(self, seconds: int, look: Callable[[], Awaitable[object]], name: str) -> None:
        """Calls something again and again; a call that lasts is not joined by another."""
        self._look(look, name, seconds=seconds)

    async def soon(self, job: Job, at: datetime | None = None) -> None:
        """Hands a job to the engine now, or at a time; a lost call costs one tick.

        Nobody waits for the engine: the rows that made the work due are stored already.
        """
        if at is None or self._ctx is None or at <= self._ctx.now():
            self._due.append(job)
            if self._handing_over is None:
                self._handing_over = asyncio.create_task(self._hand_over())
        else:
            self._scheduler.add_job(
                self._enqueue, "date", run_date=at, args=[job], id=job.id, replace_existing=True
            )

    async def tick(self) -> None:
        """Looks once for what is due."""
        assert self._ctx is not None
        if self._rush() and self._put_off < TICKS_PUT_OFF:
            self._put_off += 1
            return
        self._put_off = 0
        try:
            for job in await find_due(self._ctx):
                await self._enqueue(job)
        except Exception:
            # The next tick looks again: nothing that is due can get lost here.
            log.exception("tick failed")

    async def _hand_over(self) -> None:
        try:
            while self._due:
                await self._enqueue(self._due.popleft())
        except Exception:
            self._due.clear()
            log.exception("jobs not handed over")  # the next tick finds them by their rows
        finally:
            self._handing_over = None

    async def stop(self) -> None:
        """Ends the ticking; a look that goes on for long is cut, which loses nothing: rows hold
        what is due.
        """
        if self._handing_over is not None:
            self._handing_over.cancel()
        if not self._scheduler.running:
            return
        self._scheduler.pause()
        if self._looking:
            await asyncio.wait(list(self._looking), timeout=self._finish_seconds)
        self._scheduler.shutdown(wait=False)
        # What was cut still rolls back and gives its connection back: the database is closed next.
        if self._looking:
            await asyncio.wait(list(self._looking))

    def _look(self, look: Callable[[], Awaitable[object]], name: str, **when: Any) -> None:
        async def watched() -> None:
            task = asyncio.current_task()
            assert task is not None
            self._looking.add(task)
            try:
                await look()
            except asyncio.CancelledError:
                log.warning("look cut", look=name)
            finally:
                self._looking.discard(task)

        self._scheduler.add_job(watched, "interval", id=name, **when)
