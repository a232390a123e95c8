"""Each contact gets a prompt at most once: claims, crashes, refusals, doubt, pauses, reminders."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.chat import InDoubt, Message, MessageRef, Place, TryLater, Unreachable
from handlers.context import Context, Job
from handlers.waves import sending, steering
from storage import sending as claims
from storage.models import Account, Contact, Invitation, Reminder, Wave
from tests.factories import Make
from tests.fakes import FakeChat, FakeClock, FakeEngine


class Killed(BaseException):
    """The process dies here."""


@dataclass
class DyingChat(FakeChat):
    """Takes `messages`, then the process dies: with the next one handed over, its answer lost."""

    messages: int = 0
    handed_over: list[Place] = field(default_factory=list)

    async def send(self, place: Place, message: Message) -> MessageRef:
        self.handed_over.append(place)
        if len(self.posted) == self.messages:
            raise Killed
        return await super().send(place, message)


@dataclass
class SlowChat(FakeChat):
    """Hands over at once, answers when `answer` is set."""

    answer: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, place: Place, message: Message) -> MessageRef:
        self.waiting.set()
        await self.answer.wait()
        return await super().send(place, message)


async def a_wave(make: Make, ctx: Context, contacts: int = 3, **values: Any) -> Wave:
    """A sending wave with planned, due invitations to c0@x.example, c1@x.example, …"""
    wave = await make.wave(planned_at=ctx.now(), **values)
    account = await make.account("Acme", country="DK")
    for n in range(contacts):
        contact = await make.contact(account, f"C{n}", email=f"c{n}@x.example")
        await make.invitation(
            contact, wave, status="planned", sent_at=None,
            send_at=ctx.now() - timedelta(seconds=60 - n),
        )  # fmt: skip
    return wave


async def batch(ctx: Context, wave: Wave, number: int = 0, run: str = "1") -> None:
    name = f"batch:{wave.id}:mail:{number}#{run}"
    await sending.send_batch(replace(ctx, run=name), wave.id, "mail", number)


async def one(ctx: Context, model: type[Any], row_id: int = 1) -> Any:
    async with ctx.db.reading() as session:
        return await session.get_one(model, row_id)


async def statuses(ctx: Context, count: int = 3) -> list[str]:
    return [(await one(ctx, Invitation, n)).status for n in range(1, count + 1)]


async def test_a_batch_sends_what_is_due_and_records_it(
    ctx: Context, make: Make, chat: FakeChat, engine: FakeEngine
) -> None:
    wave = await a_wave(make, ctx)
    await batch(ctx, wave)
    assert [posted.place for posted in chat.posted] == [f"mail:c{n}@x.example" for n in range(3)]
    assert [posted.message.key for posted in chat.posted] == [f"invitation:{n}" for n in (1, 2, 3)]
    sent = await one(ctx, Invitation)
    assert (sent.status, sent.sent_at, sent.message_place) == (
        "sent",
        ctx.now(),
        "mail:c0@x.example",
    )
    assert sent.message_id == "1"
    assert engine.take() == []  # nothing more is due


async def test_a_full_batch_asks_for_the_next_one(
    ctx: Context, make: Make, chat: FakeChat, engine: FakeEngine
) -> None:
    ctx = replace(ctx, programme=replace(ctx.programme, pace=(("mail", 0.2),)))
    wave = await a_wave(make, ctx)
    await batch(ctx, wave)
    assert len(chat.posted) == 2  # ten seconds' worth
    assert engine.take() == [Job("batch", (wave.id, "mail", 1))]
    assert await sending.due(ctx) == [Job("batch", (wave.id, "mail", 1))]
    await batch(ctx, wave, 1)
    assert await statuses(ctx) == ["sent"] * 3
    assert await sending.due(ctx) == []


@pytest.mark.both_databases
async def test_two_batches_at_once_never_send_twice(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    wave = await a_wave(make, ctx, 12)
    await asyncio.gather(*(batch(ctx, wave, n, f"run{n}") for n in range(4)))
    places = [posted.place for posted in chat.posted]
    assert len(places) == len(set(places)) == 12
    assert await statuses(ctx, 12) == ["sent"] * 12


async def test_a_crash_leaves_one_message_in_doubt_and_it_is_not_sent_again(
    ctx: Context, make: Make
) -> None:
    wave = await a_wave(make, ctx)
    dying = DyingChat(messages=1)
    with pytest.raises(Killed):
        await batch(replace(ctx, chat=dying), wave, 0, "before")
    assert await statuses(ctx) == ["sent", "sending", "planned"]
    again = FakeChat()
    await batch(replace(ctx, chat=again), wave, 0, "after")
    assert await statuses(ctx) == ["sent", "doubt", "sent"]
    assert dying.handed_over == ["mail:c0@x.example", "mail:c1@x.example"]
    assert [posted.place for posted in again.posted] == ["mail:c2@x.example"]


async def test_a_batch_leaves_the_claims_of_other_batches_alone(ctx: Context, make: Make) -> None:
    wave = await a_wave(make, ctx, 1)
    async with ctx.db.session() as session:
        await claims.claim(session, Invitation, 1, f"batch:{wave.id}:mail:1#x", ctx.now())
    await batch(ctx, wave, 11)
    assert await statuses(ctx, 1) == ["sending"]


@pytest.mark.both_databases
async def test_the_clock_gives_up_on_what_has_been_sending_too_long(
    ctx: Context, make: Make, clock: FakeClock
) -> None:
    wave = await a_wave(make, ctx, 1)
    with pytest.raises(Killed):
        await batch(replace(ctx, chat=DyingChat()), wave)
    clock.forward(minutes=15)
    await sending.due(ctx)
    assert await statuses(ctx, 1) == ["sending"]
    clock.forward(seconds=1)
    await sending.due(ctx)
    assert await statuses(ctx, 1) == ["doubt"]


async def test_a_late_outcome_lifts_the_doubt(ctx: Context, make: Make) -> None:
    wave = await a_wave(make, ctx, 1)
    slow = SlowChat()
    alive = asyncio.create_task(batch(replace(ctx, chat=slow), wave, 0, "first"))
    await slow.waiting.wait()
    await batch(ctx, wave, 0, "second")  # the engine thought the first one dead
    assert await statuses(ctx, 1) == ["doubt"]
    slow.answer.set()
    await alive
    assert await statuses(ctx, 1) == ["sent"]
    assert len(slow.posted) == 1


@pytest.mark.both_databases
async def test_a_lost_answer_is_a_doubt_until_a_person_knows(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    clara = await make.member("Clara", role="cx_lead")
    wave = await a_wave(make, ctx, 2)
    for n in range(2):
        chat.refuse[f"mail:c{n}@x.example"] = [InDoubt("the connection broke after the data")]
    await batch(ctx, wave)
    assert await statuses(ctx, 2) == ["doubt", "doubt"]
    assert await sending.due(ctx) == []  # never by itself
    card = await steering.doubts_card(ctx, wave.id, clara)
    assert "C0 at Acme" in str(card)
    assert "C1 at Acme" in str(card)
    await steering.settle_doubt(ctx, 1, clara, again=False)
    await steering.settle_doubt(ctx, 2, clara, again=True)
    assert await statuses(ctx, 2) == ["sent", "planned"]
    await batch(ctx, wave, 1)
    assert [posted.place for posted in chat.posted] == ["mail:c1@x.example"]


async def test_a_refusal_goes_back_and_is_tried_later(
    ctx: Context, make: Make, chat: FakeChat, clock: FakeClock
) -> None:
    wave = await a_wave(make, ctx, 1)
    chat.refuse["mail:c0@x.example"] = [TryLater("450 greylisted", 120)]
    await batch(ctx, wave)
    waiting = await one(ctx, Invitation)
    assert (waiting.status, waiting.reason) == ("planned", "450 greylisted")
    assert waiting.send_at == ctx.now() + timedelta(seconds=120)
    assert await sending.due(ctx) == []
    clock.forward(seconds=120)
    await batch(ctx, wave, 1)
    assert await statuses(ctx, 1) == ["sent"]


@pytest.mark.both_databases
async def test_a_channel_that_refuses_everybody_gets_quiet(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    wave = await a_wave(make, ctx, 6)
    for n in range(6):
        chat.refuse[f"mail:c{n}@x.example"] = [TryLater("429", 60)]
    await batch(ctx, wave)
    assert [len(chat.refuse[f"mail:c{n}@x.example"]) for n in range(6)] == [0, 0, 0, 1, 1, 1]
    assert await statuses(ctx, 6) == ["planned"] * 6
    assert await sending.due(ctx) == []


async def test_an_address_that_is_refused_bounces_and_is_not_asked_again(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    wave = await a_wave(make, ctx, 2)
    chat.refuse["mail:c0@x.example"] = [Unreachable("550 no such user", bounced=True)]
    chat.refuse["mail:c1@x.example"] = [Unreachable("552 too large")]
    await batch(ctx, wave)
    bounced, failed = await one(ctx, Invitation, 1), await one(ctx, Invitation, 2)
    assert (bounced.status, bounced.reason) == ("bounced", "550 no such user")
    assert (failed.status, failed.reason) == ("failed", "552 too large")
    assert (await one(ctx, Contact, bounced.contact_id)).status == "bouncing"
    assert (await one(ctx, Contact, failed.contact_id)).status == "active"


async def test_who_cannot_be_reached_in_slack_gets_a_mail(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    wave = await a_wave(make, ctx, 0)
    contact = await make.contact(await make.account(), "Jane", email="j@x.example", slack_id="U1")
    await make.invitation(
        contact, wave, status="planned", channel="slack", sent_at=None, send_at=ctx.now()
    )
    chat.refuse["slack:U1"] = [Unreachable("user_not_found")]
    await sending.send_batch(replace(ctx, run="batch:1:slack:0#1"), wave.id, "slack", 0)
    await batch(ctx, wave)
    assert [posted.place for posted in chat.posted] == ["mail:j@x.example"]


async def test_who_unsubscribed_since_the_plan_is_left_in_peace(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    wave = await a_wave(make, ctx, 1)
    async with ctx.db.session() as session:
        contact = await session.get_one(Contact, 1)
        contact.status = "unsubscribed"
        session.add(contact)
    await batch(ctx, wave)
    skipped = await one(ctx, Invitation)
    assert (skipped.status, skipped.reason, chat.posted) == ("skipped", "unsubscribed", [])


async def test_a_pause_takes_effect_between_two_messages(ctx: Context, make: Make) -> None:
    wave = await a_wave(make, ctx)
    slow = SlowChat()
    running = asyncio.create_task(batch(replace(ctx, chat=slow), wave))
    await slow.waiting.wait()
    await steering.pause(ctx, wave.id, None)
    slow.answer.set()
    await running
    assert await statuses(ctx) == ["sent", "planned", "planned"]
    assert await sending.due(ctx) == []
    await steering.resume(ctx, wave.id, None)
    assert await sending.due(ctx) == [Job("batch", (wave.id, "mail", 1))]
    await batch(ctx, wave, 1)
    assert await statuses(ctx) == ["sent"] * 3


@pytest.mark.both_databases
async def test_a_large_wave_waits_after_its_first_messages(
    ctx: Context, make: Make, chat: FakeChat, clock: FakeClock
) -> None:
    clara = await make.member("Clara", role="cx_lead")
    wave = await a_wave(make, ctx, 5, first_batch=2, planned_by=clara.id)
    await batch(ctx, wave)
    assert len(chat.posted) == 2
    held = await one(ctx, Wave, wave.id)
    assert held.state == "paused"
    assert held.first_batch_until == ctx.now() + timedelta(minutes=30)
    assert await sending.due(ctx) == []
    clock.forward(minutes=30)
    assert await sending.due(ctx) == [Job("batch", (wave.id, "mail", 1))]
    await batch(ctx, wave, 1)
    assert await statuses(ctx, 5) == ["sent"] * 5


async def test_go_on_does_not_wait_for_the_end_of_the_pause(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    wave = await a_wave(make, ctx, 4, first_batch=1)
    await batch(ctx, wave)
    await steering.resume(ctx, wave.id, None)
    await batch(ctx, wave, 1)
    assert len(chat.posted) == 4


async def test_a_person_who_pauses_in_that_pause_has_the_last_word(
    ctx: Context, make: Make, clock: FakeClock
) -> None:
    wave = await a_wave(make, ctx, 4, first_batch=1)
    await batch(ctx, wave)
    await steering.pause(ctx, wave.id, None)
    clock.forward(hours=1)
    assert await sending.due(ctx) == []
    assert (await one(ctx, Wave, wave.id)).state == "paused"


@pytest.mark.both_databases
async def test_a_reminder_is_planned_with_the_sending_and_goes_to_the_silent_only(
    ctx: Context, make: Make, chat: FakeChat, clock: FakeClock
) -> None:
    wave = await a_wave(
        make, ctx, 3, reminder_after_days=5, closes_at=ctx.now() + timedelta(days=21)
    )
    await batch(ctx, wave)
    # Five days after Tuesday is a Sunday: it goes out on Monday at nine.
    reminder = await one(ctx, Reminder)
    assert reminder.send_at.isoformat() == "2026-11-30T08:00:00+00:00"
    await make.response(await one(ctx, Invitation, 1), 9)
    await make.response(await one(ctx, Invitation, 2), 3, status="provisional")
    clock.forward(days=5)
    assert await sending.due(ctx) == []
    clock.forward(days=1)
    assert await sending.due(ctx) == [Job("batch", (wave.id, "mail", 1))]
    await batch(ctx, wave, 1)
    assert [posted.message.key for posted in chat.posted[3:]] == ["reminder:2", "reminder:3"]
    assert chat.posted[3].message.card != chat.posted[1].message.card
    answered = await one(ctx, Reminder, 1)
    assert (answered.status, answered.reason) == ("cancelled", "answered")
    clock.forward(days=6)
    assert await sending.due(ctx) == []  # one reminder, no more


async def test_a_reminder_too_near_to_the_close_is_not_planned(ctx: Context, make: Make) -> None:
    wave = await a_wave(
        make, ctx, 1, reminder_after_days=5, closes_at=ctx.now() + timedelta(days=6)
    )
    await batch(ctx, wave)
    async with ctx.db.reading() as session:
        assert await session.get(Reminder, 1) is None


async def test_a_prompt_that_cannot_be_written_fails_alone(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    wave = await a_wave(make, ctx, 2)
    async with ctx.db.session() as session:
        broken = await session.get_one(Invitation, 1)
        broken.kind = "smiles"
        session.add(broken)
    await batch(ctx, wave)
    assert await statuses(ctx, 2) == ["failed", "sent"]


async def test_counts_say_how_a_wave_went(ctx: Context, make: Make, chat: FakeChat) -> None:
    wave = await a_wave(make, ctx, 4)
    chat.refuse["mail:c0@x.example"] = [Unreachable("550", bounced=True)]
    chat.refuse["mail:c1@x.example"] = [InDoubt("lost")]
    await batch(ctx, wave)
    assert await sending.counts(ctx, wave.id) == {
        "planned": 4, "skipped": {}, "sent": 2, "doubt": 1, "failed": 1,
    }  # fmt: skip
    assert not await sending.unfinished(ctx, wave.id)
    assert (await one(ctx, Account)).name == "Acme"
