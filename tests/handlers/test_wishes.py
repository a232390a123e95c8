"""Whoever asks to be contacted is heard, critic or not."""

from handlers.answers import Answer, record
from handlers.cards import Card, Facts
from handlers.context import Context
from handlers.jobs import JOBS, find_due
from tests.factories import Make, acme_story
from tests.fakes import FakeChat, FakeClock


async def carry_out(ctx: Context) -> None:
    for job in await find_due(ctx):
        await JOBS[job.name](ctx, *job.args)


def cards(chat: FakeChat, word: str) -> list[Card]:
    return [posted.card for posted in chat.posted if word in posted.card.title]


async def test_a_promoter_who_wants_a_call_is_told_to_the_owner_once(
    ctx: Context, make: Make, chat: FakeChat, clock: FakeClock
) -> None:
    acme = await acme_story(make)
    invitation = acme.invitations["ole"].id
    for _ in range(2):
        await record(ctx, Answer(invitation, reply="score", score=9, contact_wish="call"))
    await carry_out(ctx)
    assert cards(chat, "wants a call") == []  # Ole may still be writing
    clock.forward(seconds=ctx.programme.settle_seconds + 1)
    await carry_out(ctx)
    (card,) = cards(chat, "wants a call")
    assert card.title == "Acme A/S: Ole Holm (9) wants a call"
    facts = [fact for part in card.body if isinstance(part, Facts) for fact in part.facts]
    assert facts == [("Wants a call", "no number known: write first · ole@acme.example")]
    assert card.audience == "internal"


async def test_a_wish_that_is_taken_back_is_not_told(
    ctx: Context, make: Make, chat: FakeChat, clock: FakeClock
) -> None:
    acme = await acme_story(make)
    invitation = acme.invitations["ole"].id
    await record(ctx, Answer(invitation, reply="score", score=8, contact_wish="write"))
    await record(ctx, Answer(invitation, reply="score", score=8, contact_wish="none"))
    clock.forward(seconds=ctx.programme.settle_seconds + 1)
    await carry_out(ctx)
    assert chat.posted == []


async def test_a_critics_wish_stands_on_the_cases_card_alone(
    ctx: Context, make: Make, chat: FakeChat, clock: FakeClock
) -> None:
    acme = await acme_story(make)
    invitation = acme.invitations["jane"].id
    await record(ctx, Answer(invitation, reply="score", score=3, contact_wish="call"))
    clock.forward(seconds=ctx.programme.settle_seconds + 1)
    await carry_out(ctx)
    (posted,) = chat.posted
    assert posted.card.title.startswith("Acme A/S: 3 of 10")
