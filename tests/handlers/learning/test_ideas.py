"""Ideas of customers: on the board, in the product channel, and what becomes of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers import jobs, privacy, routes
from handlers.cards import Card, FormErrors, Reply, Whisper
from handlers.chat import Command
from storage import hiding
from storage.models import Response
from tests.handlers.cases.conftest import Story, button, run, story
from tests.handlers.learning.test_said import press
from tests.handlers.learning.test_same_reason import bind, look, text

__all__ = ["story"]
PLACE = "console:product"
WORDS = "Let Acme upload the forecast, says Jane"


async def idea(story: Story, who: str = "jane", score: int = 9, **values: Any) -> None:
    values = {"idea": WORDS, "finished_at": story.clock(), **values}
    await story.answer(who, score, alert=False, **values)
    await look(story)


async def decide(story: Story, state: str, note: str = "", version: int = 1) -> Reply:
    (posted,) = story.posted(PLACE)
    inputs = {"state": state, "note": note}
    return await story.submit(story.acme.mikkel, "idea_change", f"1:{version}", inputs, posted.ref)


async def test_a_new_idea_comes_to_the_product_channel_without_the_customers_name(
    story: Story,
) -> None:
    await bind(story, "board ideas", PLACE)
    await idea(story)
    await look(story)
    (posted,) = story.posted(PLACE)
    assert posted.card.title == "An idea from a customer"
    assert "Let … upload the forecast, says …" in text(posted.card)
    assert "Jane" not in str(posted.card)
    assert "Acme" not in str(posted.card)


async def test_who_lets_us_quote_them_is_named(story: Story) -> None:
    await bind(story, "board ideas", PLACE)
    await idea(story, quote_me=True)
    (posted,) = story.posted(PLACE)
    assert posted.card.title == "An idea from Jane Jensen, CFO, Acme A/S"
    assert WORDS in text(posted.card)


@pytest.mark.parametrize(
    "values", [{"imported": True}, {"status": "suspect"}, {"idea": "  "}, {"finished_at": None}]
)
async def test_what_does_not_count_is_no_idea(story: Story, values: dict[str, Any]) -> None:
    await bind(story, "board ideas", PLACE)
    story.clock.at += timedelta(seconds=1)
    await idea(story, **{"last_input_at": story.clock() + timedelta(minutes=2), **values})
    assert story.posted(PLACE) == []


@pytest.mark.both_databases
async def test_the_account_manager_hears_what_becomes_of_it(story: Story) -> None:
    await bind(story, "board ideas", PLACE)
    await idea(story)
    (posted,) = story.posted(PLACE)
    form = await press(story, posted.card, "idea_change", story.acme.clara)
    assert "passed on" in str(form)
    why = await decide(story, "declined")
    assert isinstance(why, FormErrors)
    reply = await decide(story, "planned", "In March")
    assert isinstance(reply, Card)
    assert "Jane" not in str(reply)  # it stands in the channel
    assert posted.card.status is not None
    assert posted.card.status.startswith("planned · Mikkel Skov")
    (told,) = [each for each in story.posted() if "idea" in each.card.title]
    assert told.card.title == "The idea of Jane Jensen, CFO, Acme A/S"
    assert "In March" in text(told.card)
    late = await decide(story, "done")
    assert "Somebody was faster: planned" in str(late)


@pytest.mark.both_databases
async def test_the_board_names_customers_to_those_who_work_with_them(story: Story) -> None:
    await idea(story)
    stranger = await story.make.member("Siri Berg", email="siri@nordfab.example")
    own = await story.type(story.acme.anna, "ideas")
    assert isinstance(own, Card)
    assert "Jane Jensen, CFO, Acme A/S" in text(own)
    assert "1 new" in text(own)
    home = await story.type(story.acme.anna, "")
    assert isinstance(home, Card)
    assert "1 new idea at your accounts: /nps ideas" in text(home)
    assert "No idea yet" in str(await story.type(stranger, "ideas"))
    await bind(story, "board ideas", PLACE)
    shared = await story.type(stranger, "ideas")
    assert isinstance(shared, Card)
    assert "a customer" in text(shared)
    assert "Jane" not in str(shared)
    refused = await story.submit(stranger, "idea_change", "1:1", {"state": "done"})
    assert isinstance(refused, Whisper)
    assert "No idea fits" in str(await story.type(story.acme.anna, "ideas planned"))
    assert "Jane" in str(await story.type(story.acme.anna, "ideas forecast"))


async def test_a_hidden_idea_waits_for_the_lead(story: Story) -> None:
    await bind(story, "board ideas", PLACE)
    await story.answer("jane", 2, to_manager=True, idea=WORDS, finished_at=story.clock())
    await story.work()
    await look(story)
    assert story.posted(PLACE) == []
    person = story.person(story.acme.anna)
    board = await routes.command(story.ctx, Command(person, person.place, "ideas"))
    assert "forecast" not in str(board)
    assert "forecast" in str(await story.type(story.acme.lars, "ideas"))
    (lead,) = [each for each in story.posted("slack:U0LARS") if "Acme" in each.card.title]
    await press(story, lead.card, "case.release", story.acme.lars)
    async with story.ctx.db.reading() as session:
        # What is released is not hidden again: the owner sees it, and it can't be taken for new.
        assert await hiding.seen_by_owner(session, [1]) == {}
        assert await hiding.seen_by_owner(session, [1], also_released=True) != {}
    story.clock.forward(hours=1)
    await look(story)
    (posted,) = story.posted(PLACE)
    assert button(posted.card, "idea_change")


async def _hide(story: Story) -> None:
    """The contact adds the wish that only the manager reads it."""
    async with story.ctx.db.session() as session:
        row = await session.get_one(Response, 1)
        row.to_manager = True
        session.add(row)
    await look(story)


@pytest.mark.both_databases
async def test_an_idea_that_is_hidden_later_leaves_the_channel_until_it_is_released(
    story: Story,
) -> None:
    await bind(story, "board ideas", PLACE)
    await idea(story, score=3, quote_me=True)
    (posted,) = story.posted(PLACE)
    await decide(story, "planned", "In March")
    (told,) = [each for each in story.posted() if "idea" in each.card.title]
    async with story.ctx.db.session() as session:
        critic = await session.get_one(Response, 1)
    await story.open(critic)
    await story.work()
    await story.submit(story.acme.anna, "case.escalate", "1", {}, story.posted()[-1].ref)
    (lead,) = story.posted("slack:U0LARS")
    await press(story, lead.card, "about_owner", story.acme.lars)
    await look(story)
    assert posted.card.title == "This answer is with a lead now"
    assert posted.card.body == ()
    assert told.card.body == ()
    late = await story.submit(
        story.acme.clara, "idea_change", "1:2", {"state": "done", "note": ""}, posted.ref
    )
    assert isinstance(late, Card)
    assert "forecast" not in str(late), "the reply stands in the channel"
    assert "forecast" not in str([each.card for each in story.posted(PLACE)])
    (with_lead,) = [each for each in story.posted("slack:U0LARS") if "idea" in each.card.title]
    assert "forecast" in str(with_lead.card)
    await press(story, lead.card, "case.release", story.acme.lars)
    await look(story)
    assert WORDS in text(posted.card)
    assert len(story.posted(PLACE)) == 1
    assert "forecast" in str(with_lead.card)


async def test_an_idea_hidden_before_it_was_posted_is_posted_when_it_is_released(
    story: Story,
) -> None:
    await bind(story, "board ideas", PLACE)
    await story.answer("jane", 9, alert=False, idea=WORDS, finished_at=story.clock())
    story.clock.forward(minutes=2)
    asked = await jobs.find_due(story.ctx)
    async with story.ctx.db.session() as session:
        row = await session.get_one(Response, 1)
        row.to_manager = True
        session.add(row)
    for job in asked:
        await run(story.ctx, job)
    await look(story)
    assert story.posted(PLACE) == []
    async with story.ctx.db.session() as session:
        row = await session.get_one(Response, 1)
        row.to_manager = False
        session.add(row)
    await look(story)
    assert len(story.posted(PLACE)) == 1


async def test_the_weekly_list_that_held_a_hidden_idea_is_emptied(story: Story) -> None:
    await bind(story, "board ideas", PLACE)
    await idea(story)
    story.clock.at = datetime(2026, 11, 30, 7, 30, tzinfo=UTC)
    await look(story)
    _card, board = story.posted(PLACE)
    assert "forecast" in str(board.card)
    await _hide(story)
    assert "forecast" not in str(board.card)
    assert board.card.title == "This card is not here any more"


async def test_an_erased_persons_idea_leaves_the_channel(story: Story) -> None:
    await bind(story, "board ideas", PLACE)
    await idea(story)
    (posted,) = story.posted(PLACE)
    await privacy.erase_person(story.ctx, "jane@acme.example")
    await story.work()
    assert "forecast" not in str(posted.card)
    assert "No idea" in str(await story.type(story.acme.anna, "ideas"))
