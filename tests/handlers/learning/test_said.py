"""“You said, we did”: the line of the next invitation, and the message to those who answered."""

import email
from dataclasses import replace
from datetime import timedelta
from email.policy import default

import pytest
from sqlmodel import col, select

from bot.links import Addresses
from bot.mail.adapter import MailChannel
from bot.sender import Sender
from handlers import jobs, privacy, routes
from handlers.cards import Card, Form, FormErrors, Reply, Text, Whisper
from handlers.chat import Click
from handlers.waves import sending
from storage import hiding
from storage import privacy as blocking
from storage.models import (
    Contact,
    Idea,
    Improvement,
    InvitationLine,
    Letter,
    Member,
    Promise,
    Response,
)
from tests.bot.scripted_relay import relay
from tests.conftest import SECRET
from tests.handlers.cases.conftest import Story, button, run, story

__all__ = ["story"]
TEXT = "Every invoice is checked by one person now.\n\nHe is called Bo."


def said(card: Card) -> str:
    return " ".join(each.text for each in card.body if isinstance(each, Text))


async def press(story: Story, card: Card, action: str, me: Member | None = None) -> Reply:
    """Presses a button of a card that stands in the member's own chat."""
    me = me or story.acme.anna
    person = story.person(me)
    return await routes.click(
        story.ctx, Click(person, person.place, action, button(card, action).value)
    )


async def preview(story: Story, me: Member | None = None) -> Card:
    """Jane, Ole and Mia answered; the message to them is written and shown."""
    for who, score in (("jane", 3), ("ole", 9), ("mia", 9)):
        await story.answer(who, score)
    value = str(story.acme.account.id)
    card = await story.submit(me or story.acme.anna, "said_write", value, {"text": TEXT})
    assert isinstance(card, Card), card
    return card


async def letters(story: Story) -> list[Letter]:
    async with story.ctx.db.reading() as session:
        return list((await session.exec(select(Letter).order_by(col(Letter.id)))).all())


@pytest.mark.both_databases
async def test_the_line_of_the_account_stands_in_the_next_wave_and_in_no_later_one(
    story: Story,
) -> None:
    acme, make = story.acme, story.make
    line = {"line": "Every invoice is\nchecked twice"}
    await story.submit(acme.anna, "said_line", str(acme.account.id), line)
    other = await make.account("Other A/S")
    await make.contact(other, "Bo Lund", email="bo@other.example")
    quick = replace(story.ctx.programme, rest_days_relationship=0, pace=(("mail", 50.0),))
    ctx = replace(story.ctx, programme=quick)
    for name in ("First", "Second"):
        await sending.send_now(ctx, "relationship", [], name, respect_hours=False)
        if name == "First":
            # Changed while the wave runs: it is for the next one, all contacts read the same.
            for job in await sending.due(ctx):
                await run(ctx, job)
        else:
            for job in await sending.due(ctx):
                await run(ctx, job)
    jane = [said(each.card) for each in story.posted("mail:jane@acme.example")]
    assert "Done since last time: Every invoice is checked twice" in jane[0]
    assert "Done since" not in jane[1]
    assert "Done since" not in said(story.posted("mail:bo@other.example")[0].card)


@pytest.mark.both_databases
async def test_what_was_done_is_proposed_and_the_account_manager_decides(story: Story) -> None:
    acme = story.acme
    await story.answer("jane", 3)
    await story.work()
    (posted,) = story.posted()
    await story.submit(
        acme.anna, "case.contact", "1", {"reached": "yes", "next": "solved"}, posted.ref
    )
    done = {"outcome": "saved", "done": "Credit note sent.", "cause": "invoicing"}
    await story.submit(acme.anna, "case.solve", "1", done, posted.ref)
    card = await story.type(acme.anna, "acme done")
    assert isinstance(card, Card)
    assert "Credit note sent" in str(card.body)
    assert "Nothing yet" in str(card.body)
    form = await press(story, card, "said_line")
    assert "value='Credit note sent'" in str(form)
    assert await rows(story, InvitationLine) == 0  # nothing is said until she says so
    too_long = await story.submit(acme.anna, "said_line", "1", {"line": "x" * 201})
    assert isinstance(too_long, FormErrors)


async def rows(story: Story, model: type[InvitationLine] | type[Improvement]) -> int:
    async with story.ctx.db.reading() as session:
        return len((await session.exec(select(model))).all())


async def test_the_message_is_shown_before_anything_is_sent(story: Story) -> None:
    story.clock.at -= timedelta(hours=8)  # at night
    card = await preview(story)
    text = str(card.body)
    assert "Jane Jensen, Mia Lund, Ole Holm" in text
    assert "Every invoice is checked by one person now." in said(card)
    assert "He is called Bo." in said(card)
    assert "from 09:00, each" in text
    assert await letters(story) == []
    assert button(card, "said_send").label == "Send to 3 contacts"


@pytest.mark.both_databases
async def test_it_goes_once_to_each_by_a_real_relay_and_never_to_the_unsubscribed(
    story: Story,
) -> None:
    card = await preview(story)
    async with story.ctx.db.session() as session:
        ole = story.acme.contacts["ole"]
        await blocking.unsubscribe(session, ole.id, story.clock(), secret=SECRET)
    sent = await press(story, card, "said_send")
    assert isinstance(sent, Card)
    assert "2 waiting" in str(sent.body)
    again = await press(story, card, "said_send")
    assert isinstance(again, Whisper)
    assert "sent already" in again.card.title
    async with story.ctx.db.session() as session:
        mia = await session.get_one(Contact, story.acme.contacts["mia"].id)
        mia.status = "inactive"  # left while the letter waits
        session.add(mia)
    async with relay() as scripted:
        channel = MailChannel(
            host="127.0.0.1", port=scripted.port, starttls=False, username=None, password=None,
            from_address="survey@nordfab.example",
            addresses=Addresses("https://nps.nordfab.example", SECRET), now=story.clock,
        )  # fmt: skip
        real = replace(story.ctx, chat=Sender({"mail": lambda: channel}))
        found = [job for job in await jobs.find_due(real) if job.name == "letter"]
        for job in found * 2:  # a job that runs twice sends once
            await run(real, job)
        await channel.close()
    assert [each.status for each in await letters(story)] == ["sent", "skipped"]
    (raw,) = scripted.mails
    mail = email.message_from_bytes(raw, policy=default)
    assert mail["To"] == "jane@acme.example"
    assert mail["Reply-To"].addresses[0].addr_spec == "anna@nordfab.example"
    assert "List-Unsubscribe" in mail
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Every invoice is checked by one person now." in body.get_content()
    done = await story.type(story.acme.anna, "acme done")
    assert "1 sent, 1 not sent" in str(done)


async def test_a_lost_answer_of_the_relay_is_a_doubt_that_is_never_sent_again(
    story: Story,
) -> None:
    card = await preview(story)
    await press(story, card, "said_send")
    async with relay(END=["DROP"]) as scripted:
        channel = MailChannel(
            host="127.0.0.1", port=scripted.port, starttls=False, username=None, password=None,
            from_address="survey@nordfab.example",
            addresses=Addresses("https://nps.nordfab.example", SECRET), now=story.clock,
        )  # fmt: skip
        real = replace(story.ctx, chat=Sender({"mail": lambda: channel}))
        for _look in range(2):
            for job in [each for each in await jobs.find_due(real) if each.name == "letter"]:
                await run(real, job)
            story.clock.forward(hours=1)
        await channel.close()
    assert sorted(each.status for each in await letters(story)) == ["doubt", "sent", "sent"]
    assert len([each for each in scripted.recipients if "jane" in each]) == 1


async def test_who_wants_the_manager_alone_is_neither_named_nor_written_to_by_the_owner(
    story: Story,
) -> None:
    await story.answer("peter", 2, to_manager=True, comment="Show the manager")
    card = await preview(story)
    assert "Peter" not in str(card)
    async with story.ctx.db.reading() as session:
        assert await hiding.seen_by_owner(session, [1], also_released=True) == {}
    by_lead = await story.submit(story.acme.lars, "said_write", "1", {"text": TEXT})
    assert "Peter Holm" in str(by_lead)


async def test_only_who_works_with_the_account_writes_to_its_contacts(story: Story) -> None:
    stranger = await story.make.member("Siri Berg", email="siri@nordfab.example")
    for action in ("said_write", "said_line"):
        reply = await story.submit(stranger, action, "1", {"text": TEXT, "line": "x"})
        assert isinstance(reply, Whisper)
    assert await rows(story, Improvement) == await rows(story, InvitationLine) == 0


@pytest.mark.both_databases
async def test_an_erased_persons_name_leaves_what_was_written(story: Story) -> None:
    await preview(story)
    await story.submit(story.acme.anna, "said_line", "1", {"line": "Jane Jensen has one invoice"})
    await story.submit(story.acme.anna, "said_write", "1", {"text": "Thanks to Jane Jensen"})
    told = await privacy.export_person(story.ctx, "jane@acme.example")
    assert "improvements" in told
    await privacy.erase_person(story.ctx, "jane@acme.example")
    async with story.ctx.db.reading() as session:
        texts = [each.text for each in (await session.exec(select(Improvement))).all()]
        texts += [each.text for each in (await session.exec(select(InvitationLine))).all()]
    assert "Jane" not in " ".join(texts)
    assert "has one invoice" in " ".join(texts)


@pytest.mark.both_databases
async def test_the_digest_says_what_was_done_and_where_to_tell_it(story: Story) -> None:
    day = story.clock().date()
    now = story.clock()
    for what, hidden in (("Invoice check", False), ("Secret thing", True)):
        promise = Promise(
            account_id=story.acme.account.id, what=what, hidden_from_owner=hidden, made_at=now,
            due_on=day, state="done", done_at=now,
        )  # fmt: skip
        await story.make.save(promise)
    async with story.ctx.db.session() as session:
        anna = await session.get_one(Member, story.acme.anna.id)
        anna.last_digest_on = day
        session.add(anna)
    story.clock.at += timedelta(days=1)
    for job in await jobs.find_due(story.ctx):
        await run(story.ctx, job)
    (digest,) = [each for each in story.posted() if "Good morning" in each.card.title]
    assert "Acme A/S: Invoice check" in said(digest.card)
    assert "Secret" not in str(digest.card)
    shown = await press(story, digest.card, "beside:account_show")  # the digest stays
    assert isinstance(shown, Whisper)
    assert shown.card.title == "Acme A/S: you said, we did"


async def _idea(story: Story, who: str, words: str, state: str, note: str | None) -> Response:
    response = await story.answer(who, 9, idea=words)
    idea = Idea(
        response_id=response.id, account_id=response.account_id, state=state, note=note,
        opened_at=story.clock(), changed_at=story.clock(), changed_by=story.acme.anna.id,
    )  # fmt: skip
    await story.make.save(idea)
    return response


@pytest.mark.both_databases
async def test_an_idea_that_came_true_is_something_that_was_done(story: Story) -> None:
    await _idea(story, "ole", "Make the boxes blue", "done", "Boxes are blue")
    await _idea(story, "mia", "Leave out the plastic", "done", None)
    await _idea(story, "lis", "Send drones", "planned", "Next year")
    kept = await _idea(story, "karen", "Replace Anna", "done", "Secret thing")
    kept.to_manager = True
    await story.make.save(kept)
    admin = await story.make.member("Ada Ring", role="admin")

    card = await story.type(story.acme.anna, "acme done")
    assert isinstance(card, Card)
    assert "Boxes are blue (their idea)" in str(card)
    assert "their idea “Leave out the plastic”" in str(card)
    assert not any(word in str(card) for word in ("drones", "Next year", "Replace", "Secret"))
    form = await press(story, card, "said_line")
    assert isinstance(form, Form)
    # A contact's own words are not put into the mouth of the account manager.
    assert form.inputs[0].value == "Boxes are blue"
    assert "plastic" not in str(await story.type(admin, "acme done"))
