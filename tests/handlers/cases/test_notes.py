"""Notes on a case, and the timeline that tells who did what, when, where and why."""

import pytest

from handlers import routes
from handlers.cards import Card, Facts, Form, FormErrors, Whisper
from handlers.chat import Click, MessageRef, Remark
from storage.models import Member
from tests.fakes import Posted
from tests.handlers.cases.conftest import Story
from tests.handlers.cases.test_acting import SOLVED, said, told
from tests.handlers.cases.test_card import facts


def remark(story: Story, who: Member, posted: Posted, text: str, picked: bool = False) -> Remark:
    message = MessageRef(posted.place, "900", posted.ref.id)
    return Remark(story.person(who), posted.place, message, posted.ref, text, picked)


def lines(reply: object) -> list[str]:
    assert isinstance(reply, Whisper)
    shown = next(each for each in reply.card.body if isinstance(each, Facts))
    return [f"{time} {words}" for time, words in shown.facts]


@pytest.mark.both_databases
async def test_a_reply_in_the_thread_of_a_card_becomes_a_note(story: Story) -> None:
    posted = await told(story)
    assert await routes.is_heard(story.ctx, posted.ref)
    reply = await routes.remark(
        story.ctx, remark(story, story.acme.mikkel, posted, "Their CFO is on leave")
    )
    assert said(reply) == "Noted on the case of Acme A/S."
    await story.work()
    assert facts(posted.card)["Note"] == "Mikkel, 13:20: Their CFO is on leave"
    assert posted.card.status == "new · take by 15:20"


async def test_a_picture_alone_is_no_note(story: Story) -> None:
    posted = await told(story)
    anna = story.acme.anna
    assert await routes.remark(story.ctx, remark(story, anna, posted, " \n")) is None
    reply = await routes.remark(story.ctx, remark(story, anna, posted, "", picked=True))
    assert said(reply) == "Write your note."
    await story.work()
    assert "Note" not in facts(posted.card)


async def test_words_elsewhere_or_of_strangers_are_not_kept(story: Story) -> None:
    posted = await told(story)
    elsewhere = MessageRef(posted.place, "12345")
    assert not await routes.is_heard(story.ctx, elsewhere)
    event = remark(story, story.acme.mikkel, posted, "lunch?")
    assert await routes.remark(story.ctx, replace_top(event, elsewhere)) is None
    stranger = Member(email="who@else.example", name="Who Else")
    assert await routes.remark(story.ctx, remark(story, stranger, posted, "hello")) is None
    await story.work()
    assert "Note" not in facts(posted.card)


def replace_top(event: Remark, top: MessageRef) -> Remark:
    return Remark(event.person, event.place, event.message, top, event.text)


async def test_a_picked_message_of_a_conversation_asks_for_the_case(story: Story) -> None:
    posted = await told(story)
    picked = Remark(
        story.person(story.acme.anna),
        "console:lunch",
        MessageRef("console:lunch", "77"),
        None,
        "Acme moved its warehouse",
        picked=True,
    )
    form = await routes.remark(story.ctx, picked)
    assert isinstance(form, Form)
    case, text = form.inputs
    assert case.options[0].label.startswith("Acme A/S: 3 of 10 from Jane Jensen")
    assert text.value == "Acme moved its warehouse"
    missing = await story.submit(story.acme.anna, form.action, form.value, {})
    assert isinstance(missing, FormErrors)
    assert set(missing.errors) == {"case", "text"}
    inputs = {"case": "1", "text": "Acme moved its warehouse"}
    await story.submit(story.acme.anna, form.action, form.value, inputs)
    assert "moved its warehouse" in facts(posted.card)["Note"]


async def test_picking_the_card_itself_opens_the_form(story: Story) -> None:
    posted = await told(story)
    event = Remark(
        story.person(story.acme.anna), posted.place, posted.ref, None, "card", picked=True
    )
    form = await routes.remark(story.ctx, event)
    assert isinstance(form, Form)
    assert (form.action, form.value) == ("case.note", "1")
    pressed = await story.press(story.acme.anna, posted, "case.note")
    assert isinstance(pressed, Form)


async def test_only_who_may_open_the_case_may_write_on_it(story: Story) -> None:
    posted = await told(story)
    other = await story.make.member("Odd Stranger", team_id=(await story.make.team()).id)
    reply = await routes.remark(story.ctx, remark(story, other, posted, "hm"))
    assert said(reply).startswith("This case belongs to Acme A/S")


async def test_the_timeline_says_who_when_where_and_why(story: Story) -> None:
    posted = await told(story)
    await story.press(story.acme.anna, posted, "case.take")
    story.clock.forward(minutes=5)
    await routes.remark(story.ctx, remark(story, story.acme.mikkel, posted, "CFO is on leave"))
    inputs = {"reached": "yes", "said": "Fine now", "next": "solved"}
    await story.submit(story.acme.anna, "case.contact", "1", inputs, posted.ref)
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    assert lines(await story.press(story.acme.anna, posted, "case.timeline")) == [
        "13:20 Jane Jensen answered 3 of 10: the case is open",
        "13:20 Anna took it · console",
        "13:25 Mikkel noted · console: “CFO is on leave”",
        "13:25 Anna called or wrote · console: “Fine now”",
        "13:25 Anna solved it · console: “Credit note sent”",
    ]


async def test_what_the_lead_does_for_a_hidden_answer_is_not_for_the_owner(story: Story) -> None:
    posted = await told(story)
    await story.answer("peter", 2, comment="Anna lies", to_manager=True)
    await story.work()
    (lead,) = story.posted("slack:U0LARS")
    inputs = {
        "reached": "yes",
        "said": "Peter is furious",
        "next": "promised",
        "promise": "a new face",
        "promise_by": "2026-12-01",
    }
    await story.submit(story.acme.lars, "case.contact", "2", inputs, lead.ref)
    note = Click(story.person(story.acme.lars), lead.place, "case.timeline", "2", lead.ref)
    await story.submit(story.acme.lars, "case.note", "2", {"text": "Peter wants out"}, lead.ref)
    assert "Peter wants out" in str(lead.card)
    assert "Peter" in str(lines(await story.click(note, lead)))
    own = str([card for each in story.posted() for card in each.cards])
    for secret in ("Peter", "furious", "a new face"):
        assert secret not in own
    seen = str(lines(await story.press(story.acme.anna, posted, "case.timeline")))
    assert "Peter" not in seen
    assert "Jane" in seen
    await story.press(story.acme.lars, lead, "case.release")
    assert isinstance(posted.card, Card)
    assert "Peter wants out" in str(posted.card)


@pytest.mark.both_databases
async def test_who_handed_it_over_and_why_stays_on_both_cards(story: Story) -> None:
    posted = await told(story)
    to = str(story.acme.mikkel.id)
    inputs = {"to": to, "note": "You know them"}
    await story.submit(story.acme.anna, "case.hand_over", "1", inputs, posted.ref)
    (given,) = story.posted("slack:U0MIKKEL")
    story.clock.forward(minutes=2)  # Undo is over: all cards are edited once more
    await story.tick()
    words = "Anna handed it over to Mikkel, 13:20: You know them"
    assert facts(posted.card)["Note"] == words
    assert facts(given.card)["Note"] == words


async def test_who_asked_for_help_stands_on_the_card(story: Story) -> None:
    posted = await told(story)
    await story.submit(story.acme.anna, "case.escalate", "1", {}, posted.ref)
    assert facts(posted.card)["Note"] == "Anna asked for help, 13:20"
