"""Alerts of a place go one after the other, and let answers that stream in go first."""

import asyncio
from contextvars import ContextVar

from bot.lines import Lines
from handlers.context import Job


def job(number: int) -> Job:
    return Job("alert", (number, 0), place="slack:C1")


async def test_a_job_waits_until_the_rush_is_over() -> None:
    given: asyncio.Queue[Job] = asyncio.Queue()
    looks = iter([True, True])
    lines = Lines(given.put, lambda: next(looks, False))
    lines.join(job(1), "slack:C1")
    lines.join(job(1), "slack:C1")
    assert await asyncio.wait_for(given.get(), 20) == job(1)
    assert next(looks, None) is None  # it had looked twice before
    assert given.empty()  # who waits already is not added again
    lines.stop()


async def test_a_rush_without_end_holds_nothing_up_for_long() -> None:
    given: asyncio.Queue[Job] = asyncio.Queue()
    lines = Lines(given.put, lambda: True, patience=0.4)
    lines.join(job(1), "slack:C1")
    lines.join(Job("alert", (2, 0), place="slack:C2"), "slack:C2")
    found = {(await asyncio.wait_for(given.get(), 20)).place for _each in range(2)}
    assert found == {"slack:C1", "slack:C2"}
    lines.stop()


async def test_a_job_that_can_not_be_handed_over_does_not_stop_the_next() -> None:
    given: asyncio.Queue[Job] = asyncio.Queue()

    async def hand_over(job: Job) -> None:
        if job.args[0] == 1:
            raise OSError("no engine")
        await given.put(job)

    lines = Lines(hand_over, bool)
    lines.join(job(1), "slack:C1")
    lines.join(job(2), "slack:C1")
    assert await asyncio.wait_for(given.get(), 20) == job(2)
    lines.stop()


async def test_a_line_outlives_who_joined_it_first() -> None:
    """What the engine knows of that job must not stay with all that are handed over later."""
    told: ContextVar[str] = ContextVar("told", default="nothing")
    given: asyncio.Queue[str] = asyncio.Queue()

    async def hand_over(job: Job) -> None:
        await given.put(told.get())

    lines = Lines(hand_over, bool)
    told.set("of the job that asked")
    lines.join(job(1), "slack:C1")
    assert await asyncio.wait_for(given.get(), 20) == "nothing"
    lines.stop()


async def test_a_place_whose_line_broke_gets_a_new_one() -> None:
    class Stopped(BaseException):
        """As the engine stops what somebody else carries out by now."""

    given: asyncio.Queue[Job] = asyncio.Queue()

    async def hand_over(job: Job) -> None:
        if job.args[0] == 1:
            raise Stopped
        await given.put(job)

    lines = Lines(hand_over, bool)
    lines.join(job(1), "slack:C1")
    lines.join(job(2), "slack:C1")
    assert await asyncio.wait_for(given.get(), 20) == job(2)
    lines.stop()
