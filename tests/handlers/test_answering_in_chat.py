"""Answering in a chat: a click is a confirmed answer, the form takes the rest."""

from typing import TypeVar

import pytest
from sqlmodel import SQLModel, select

from handlers import links, routes
from handlers.answering import in_chat
from handlers.cards import Button, Buttons, Card, Form, FormErrors, Scale, Whisper
from handlers.chat import Click, Person, Submission
from handlers.context import Context
from handlers.surveys import default_survey, prompt_message
from storage.models import Alert, Contact, Response
from tests.conftest import SECRET
from tests.factories import Acme, Make, acme_story
from tests.fakes import FakeClock

JANE = Person("slack", "U0JANE", "jane@acme.example")
Row = TypeVar("Row", bound=SQLModel)


@pytest.fixture
async def acme(make: Make) -> Acme:
    return await acme_story(make)


def token(acme: Acme, who: str = "jane") -> str:
    return links.survey_token(SECRET, acme.invitations[who].id)


def press(acme: Acme, value: str, person: Person = JANE, action: str = "answer") -> Click:
    return Click(person, person.place, action, value)


async def stored(ctx: Context, model: type[Row]) -> list[Row]:
    async with ctx.db.reading() as session:
        return list((await session.exec(select(model))).all())


async def test_a_pressed_number_is_confirmed_and_settled_at_once(ctx: Context, acme: Acme) -> None:
    card = await routes.click(ctx, press(acme, f"{token(acme)}:3"))
    assert isinstance(card, Card)
    assert card.title == "Thank you, 3 is saved."
    assert card.audience == "person"
    (buttons,) = [each for each in card.body if isinstance(each, Buttons)]
    (more,) = buttons.buttons
    assert isinstance(more, Button)
    assert (more.action, more.opens_form) == ("answer_more", True)
    (response,), (alert,) = await stored(ctx, Response), await stored(ctx, Alert)
    assert (response.score, response.status) == (3, "confirmed")
    assert alert.due_at == ctx.now()


async def test_tell_us_more_stores_the_form_and_says_who_does_what(
    ctx: Context, acme: Acme
) -> None:
    await routes.click(ctx, press(acme, f"{token(acme)}:3"))
    form = await routes.click(ctx, press(acme, token(acme), action="answer_more"))
    assert isinstance(form, Form)
    assert form.inputs[0].label == "What should have been better, and what had you expected?"
    assert [each.name for each in form.inputs] == [
        "comment", "reasons", "role_answer", "idea", "contact_wish", "phone", "when", "consent",
    ]  # fmt: skip
    card = await routes.submission(
        ctx,
        Submission(
            JANE, JANE.place, form.action, form.value,
            {"comment": "Third wrong invoice", "reasons": ("invoicing",), "contact_wish": "call",
             "phone": "12 34", "when": "Wed morning"},
        ),
    )  # fmt: skip
    assert isinstance(card, Card)
    assert "Anna calls you by 26 November. You said: Wed morning." in str(card.body)
    (response,) = await stored(ctx, Response)
    assert (response.comment, response.reasons) == ("Third wrong invoice", ["invoicing"])
    assert (response.contact_wish, response.to_manager) == ("call", False)
    assert response.finished_at is not None


async def test_too_many_reasons_keep_the_form_open(ctx: Context, acme: Acme) -> None:
    await routes.click(ctx, press(acme, f"{token(acme)}:3"))
    reply = await in_chat.save_more(
        ctx,
        Submission(
            JANE, JANE.place, "answer_more", token(acme),
            {"reasons": ("price", "quality", "service", "delivery")},
        ),
    )  # fmt: skip
    assert reply == FormErrors({"reasons": "Please choose up to three of the reasons shown."})


@pytest.mark.parametrize(
    "person", [Person("slack", "U0OTHER"), Person("slack", "U0OTHER", "jane@acme.example")]
)
async def test_somebody_else_cannot_answer_for_a_contact(
    ctx: Context, acme: Acme, person: Person
) -> None:
    async with ctx.db.session() as session:
        jane = await session.get_one(Contact, acme.contacts["jane"].id)
        jane.slack_id = "U0JANE"
        session.add(jane)
    reply = await routes.click(ctx, press(acme, f"{token(acme)}:3", person))
    assert isinstance(reply, Whisper)
    assert "was sent to somebody else" in reply.card.title
    assert not await stored(ctx, Response)


@pytest.mark.parametrize("value", ["forged:3", ":3", "3", "{token}:11", "{token}:-1", "{token}:"])
async def test_a_forged_or_wrong_click_stores_nothing(ctx: Context, acme: Acme, value: str) -> None:
    reply = await routes.click(ctx, press(acme, value.format(token=token(acme))))
    assert isinstance(reply, Whisper)
    assert not await stored(ctx, Response)


async def test_a_click_after_the_close_says_so(ctx: Context, acme: Acme, clock: FakeClock) -> None:
    clock.forward(days=30)
    reply = await routes.click(ctx, press(acme, f"{token(acme)}:3"))
    assert isinstance(reply, Whisper)
    assert "This survey is closed." in reply.card.title


@pytest.mark.parametrize(
    ("language", "subject", "reminder"),
    [
        ("en", "One question about working with Nordfab", "Still time for one question"),
        ("da", "Ét spørgsmål om samarbejdet med Nordfab", "Du kan stadig nå det"),
        ("nl", "Eén vraag over de samenwerking met Nordfab", "Het kan nog"),
    ],
)
async def test_the_prompt_has_all_its_parts_in_the_contacts_language(
    ctx: Context, acme: Acme, language: str, subject: str, reminder: str
) -> None:
    jane = acme.contacts["jane"]
    jane.language = language
    async with ctx.db.session() as session:
        survey = await default_survey(session)
    async with ctx.db.session() as session:
        assert (await default_survey(session)).id == survey.id
    invitation = acme.invitations["jane"]
    first = prompt_message(
        ctx, invitation, jane, acme.account, acme.anna, survey, done_since="A named person"
    )
    again = prompt_message(ctx, invitation, jane, acme.account, acme.anna, survey, 1)
    assert (first.subject, first.key) == (subject, f"invitation:{invitation.id}")
    assert again.subject
    assert again.subject.startswith(reminder)
    assert again.key == f"reminder:{invitation.id}"
    assert first.card.body[1] != again.card.body[1]
    assert first.card.audience == "person"
    assert first.sender
    assert (first.sender.name, first.sender.address) == ("Anna Berg", "anna@nordfab.example")
    (scale,) = [each for each in first.card.body if isinstance(each, Scale)]
    assert (scale.action, scale.value, scale.low, scale.high) == ("answer", token(acme), 0, 10)
    body = str(first.card.body)
    for part in (
        "Jane Jensen",
        "A named person",
        "may_not_recommend",
        "/u/",
        "/not-you",
        "/privacy",
    ):
        assert part in body
    assert "A named person" not in str(again.card.body)
    assert first.card.foot
    for part in ("Acme A/S", "24", "3. dec" if language == "da" else "3 dec"):
        assert part.lower() in first.card.foot.lower()
