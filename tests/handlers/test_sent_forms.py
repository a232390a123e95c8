"""A form that is delivered again is carried out once, also by a process that restarted."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from handlers.cards import FormErrors, Reply, Whisper, whisper
from handlers.context import Context, Refused
from handlers.sent_forms import once
from handlers.texts import of
from storage import sent_forms
from tests.fakes import FakeClock

T = of("en")


class Work:
    """Counts how often it is done; answers, or raises, what it was given."""

    def __init__(self, reply: Reply | Exception = None) -> None:
        self.done = 0
        self._reply = reply

    async def __call__(self) -> Reply:
        self.done += 1
        if isinstance(self._reply, Exception):
            raise self._reply
        return self._reply


async def send(ctx: Context, work: Callable[[], Awaitable[Reply]], key: str = "k") -> Reply:
    return await once(ctx, key, T, work)


async def test_a_form_delivered_again_after_a_restart_is_known(ctx: Context) -> None:
    work = Work(whisper("Noted."))
    assert await send(ctx, work) == whisper("Noted.")
    again = await send(ctx, work)
    assert isinstance(again, Whisper)
    assert "have this form already" in again.card.title
    await send(ctx, work, "another")
    await send(ctx, work, "")
    assert work.done == 3


@pytest.mark.both_databases
@pytest.mark.parametrize("refusal", [FormErrors({"a": "Why?"}), Refused("No."), OSError("full")])
async def test_what_stored_nothing_may_be_sent_again(
    ctx: Context, refusal: FormErrors | Exception
) -> None:
    work = Work(refusal)
    for _ in range(2):
        if isinstance(refusal, Exception):
            with pytest.raises(type(refusal)):
                await send(ctx, work)
        else:
            assert await send(ctx, work) == refusal
    assert work.done == 2


async def test_a_form_that_a_process_left_half_done_is_asked_for_again(ctx: Context) -> None:
    started = asyncio.Event()

    async def dies() -> Reply:
        started.set()
        await asyncio.Event().wait()
        return None

    dying = asyncio.create_task(send(ctx, dies))
    await started.wait()
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    work = Work()
    told = await send(ctx, work)
    assert isinstance(told, FormErrors)
    assert "can't tell" in told.errors[""]
    assert work.done == 0
    await send(ctx, work)
    assert work.done == 1


@pytest.mark.both_databases
async def test_two_deliveries_at_once_are_one(ctx: Context) -> None:
    go = asyncio.Event()
    work = Work()

    async def slow() -> Reply:
        await go.wait()
        return await work()

    first = asyncio.create_task(send(ctx, slow))
    second = asyncio.create_task(send(ctx, slow))
    go.set()
    await asyncio.gather(first, second)
    assert work.done == 1


async def test_old_forms_are_forgotten(ctx: Context, clock: FakeClock) -> None:
    await send(ctx, Work(), "old")
    clock.forward(days=2)
    await send(ctx, Work(), "new")
    async with ctx.db.session() as session:
        assert await sent_forms.begin(session, "old", clock()) == "new"
