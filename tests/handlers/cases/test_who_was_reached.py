"""A case of several critics: an act names the one it was about, on every card."""

from datetime import date

import pytest

from handlers.cards import Card, Form, Whisper
from storage.models import Promise
from tests.fakes import Posted
from tests.handlers.cases.conftest import Story, button
from tests.handlers.cases.test_acting import SOLVED
from tests.handlers.cases.test_card import facts

REACHED = {"reached": "yes", "said": "It arrives late", "next": "again", "again_on": "2026-12-01"}


async def jane_then_ole(story: Story) -> None:
    await story.answer("jane", 3)
    await story.work()
    await story.answer("ole", 2)
    await story.work()


async def test_the_form_asks_about_the_customer_of_its_own_card(story: Story) -> None:
    await jane_then_ole(story)
    for posted, name in zip(story.posted(), ("Jane", "Ole"), strict=True):
        form = await story.press(story.acme.anna, posted, "case.contact")
        assert isinstance(form, Form)
        assert form.inputs[0].label == f"Did you reach {name}?"
        assert form.value == button(posted.card, "case.contact").value
        solve = await story.press(story.acme.anna, posted, "case.solve")
        assert isinstance(solve, Form)
        assert solve.inputs[0].label == f"Did you reach {name}?"


async def test_every_card_names_the_customer_who_was_reached(story: Story) -> None:
    await jane_then_ole(story)
    first, second = story.posted()
    value = button(second.card, "case.contact").value
    await story.submit(story.acme.anna, "case.contact", value, REACHED, second.ref)
    assert first.card.status == second.card.status == "Anna reached Ole 13:20"
    assert facts(second.card)["They said"] == "It arrives late"
    assert facts(first.card)["Ole said"] == "It arrives late"
    assert "They said" not in facts(first.card)
    value = button(first.card, "case.contact").value
    again = {**REACHED, "reached": "no", "said": ""}
    await story.submit(story.acme.anna, "case.contact", value, again, first.ref)
    assert first.card.status == second.card.status == "Anna tried to reach Jane 13:20"
    await story.press(story.acme.anna, first, "case.undo")
    assert first.card.status == second.card.status == "Anna reached Ole 13:20"


async def test_a_form_that_names_nobody_is_about_the_first(story: Story) -> None:
    await jane_then_ole(story)
    first, second = story.posted()
    await story.submit(story.acme.anna, "case.contact", "1", REACHED, second.ref)
    assert first.card.status == second.card.status == "Anna reached Jane 13:20"
    assert facts(second.card)["Jane said"] == "It arrives late"


@pytest.mark.both_databases
async def test_a_promise_is_made_to_who_was_reached(story: Story) -> None:
    await jane_then_ole(story)
    _first, second = story.posted()
    value = button(second.card, "case.contact").value
    promised = {
        "reached": "yes",
        "next": "promised",
        "promise": "A date",
        "promise_by": "2026-12-01",
    }
    reply = await story.submit(story.acme.anna, "case.contact", value, promised, second.ref)
    assert isinstance(reply, Card)
    again = await story.submit(story.acme.anna, "case.contact", value, promised, second.ref)
    assert isinstance(again, Form)
    assert again.value == f"{value}:anyway"
    assert again.inputs[0].label == "Did you reach Ole?"
    await story.submit(story.acme.anna, "case.contact", again.value, promised, second.ref)
    async with story.ctx.db.reading() as session:
        for promise_id in (1, 2):
            made = await session.get_one(Promise, promise_id)
            assert made.contact_id == story.acme.contacts["ole"].id


async def test_a_draft_promises_only_what_was_promised_to_its_reader_and_stands(
    story: Story,
) -> None:
    await jane_then_ole(story)
    first, second = story.posted()
    anna, promised = story.acme.anna, {"reached": "yes", "next": "promised"}

    async def drafted(posted: Posted) -> str:
        reply = await story.press(anna, posted, "case.write")
        assert isinstance(reply, Whisper)
        return str(reply.card.body[1])

    value = button(first.card, "case.contact").value
    inputs = {**promised, "promise": "a credit note", "promise_by": "2026-12-01"}
    await story.submit(anna, "case.contact", value, inputs, first.ref)
    assert "As promised: a credit note, by 1 December." in await drafted(first)
    # On the card of another customer it says whose promise it is.
    assert "As promised" not in await drafted(second)
    assert facts(second.card)["Promised"] == "Jane: a credit note by 1 December"
    assert facts(first.card)["Promised"] == "a credit note by 1 December"
    # Its day has passed: to promise it again would be no excuse.
    story.clock.forward(days=8)
    assert "As promised" not in await drafted(first)
    async with story.ctx.db.session() as session:
        made = await session.get_one(Promise, 1)
        made.state = "done"
        session.add(made)
    assert "As promised: a credit note." in await drafted(first)
    async with story.ctx.db.session() as session:
        made = await session.get_one(Promise, 1)
        made.state, made.due_on = "refused", date(2026, 12, 30)
        session.add(made)
    assert "As promised" not in await drafted(first)


async def test_a_letter_that_was_sent_is_named_after_who_it_went_to(story: Story) -> None:
    await jane_then_ole(story)
    first, second = story.posted()
    await story.press(story.acme.anna, second, "case.write")
    await story.forward(hours=2)
    question = story.posted()[-1]
    await story.press(story.acme.anna, question, "case.sent")
    assert first.card.status == second.card.status
    assert str(first.card.status).startswith("Anna wrote to Ole 15:20")


async def test_the_timeline_tells_whose_word_it_was(story: Story) -> None:
    from handlers.cases.acting import Plan, by_itself
    from storage.db import Session
    from storage.models import Account, Case

    await jane_then_ole(story)
    ole = story.acme.contacts["ole"].id

    async def decide(_session: Session, _case: Case, _account: Account) -> Plan:
        return Plan("customer_yes", {}, "Fine now", contact_id=ole)

    await by_itself(story.ctx, 1, decide)
    shown = await story.press(story.acme.anna, story.posted()[0], "case.timeline")
    assert isinstance(shown, Whisper)
    assert "Ole said: settled: “Fine now”" in facts(shown.card).values()


async def test_solved_cards_name_who_is_asked_and_who_answered(story: Story) -> None:
    from handlers import links, routes
    from handlers.chat import Click, Person
    from tests.handlers.settled.test_settled import FRIDAY

    await jane_then_ole(story)
    first, second = story.posted()
    value = button(second.card, "case.contact").value
    done = {"reached": "yes", "next": "solved"}
    form = await story.submit(story.acme.anna, "case.contact", value, done, second.ref)
    assert isinstance(form, Form)
    assert form.value == value
    await story.submit(story.acme.anna, "case.solve", form.value, SOLVED, second.ref)
    story.clock.at = FRIDAY
    await story.tick()
    assert first.card.status == second.card.status
    assert str(first.card.status).endswith("Jane, Ole are asked")

    async def says(letter_id: int, who: str, answer: str) -> None:
        token = links.letter_token(story.ctx.secret, letter_id)
        email = story.acme.contacts[who].email
        person = Person("console", str(email), email=email)
        await routes.click(
            story.ctx, Click(person, f"console:{email}", "settled", f"{token}:{answer}")
        )
        await story.work()

    await says(1, "jane", "partly")
    assert first.card.status == second.card.status == "Jane says: partly settled"
    await says(2, "ole", "no")
    assert first.card.status == second.card.status == "Jane says: partly settled"
