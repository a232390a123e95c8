"""Writers of one process take turns."""

import asyncio

import pytest

from storage.turns import Turns


async def test_a_short_writer_goes_before_those_that_wait() -> None:
    turns, order = Turns(), []

    async def write(name: str, first: bool) -> None:
        async with turns.one(first=first):
            order.append(name)

    async with turns.one():
        tasks = [asyncio.create_task(write(name, name == "answers")) for name in ("a", "b")]
        tasks.append(asyncio.create_task(write("answers", True)))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert order == ["answers", "a", "b"]


async def test_a_writer_that_gives_up_keeps_no_turn_from_the_next() -> None:
    turns = Turns()

    async def write() -> None:
        async with turns.one():
            pass

    async with turns.one():
        gone, next_one = asyncio.create_task(write()), asyncio.create_task(write())
        await asyncio.sleep(0)
    gone.cancel()  # its turn has come, but it did not run yet
    await asyncio.wait_for(next_one, 5)
    async with turns.one():
        assert gone.cancelled()


async def test_a_write_within_a_write_fails_at_once_and_does_not_wait_for_itself() -> None:
    turns = Turns()
    async with turns.one():
        with pytest.raises(RuntimeError, match="inside another"):
            async with turns.one():
                pass
    async with turns.one():
        pass
