"""The customer, not we, says when it is settled."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handlers import links, routes
from handlers.cards import Card, Facts, FormErrors, Link, Whisper
from handlers.chat import Click, InDoubt, Person, TryLater, Unreachable
from handlers.context import Job
from storage import letters, touches
from storage.models import CaseState, Contact, ContactStatus, Letter
from storage.scopes import Part
from tests.fakes import Posted
from tests.handlers.cases.conftest import Story, buttons, run, story
from tests.handlers.cases.test_card import facts

__all__ = ["story"]
SOLVED = {"outcome": "saved", "done": "Credit note sent", "cause": "invoicing"}
FRIDAY = datetime(2026, 11, 27, 12, 20, tzinfo=UTC)
MAIL = "mail:jane@acme.example"


async def solved(story: Story, reached: str = "yes", outcome: str = "saved") -> Posted:
    await story.answer("jane", 3, comment="Third wrong invoice")
    await story.work()
    (posted,) = story.posted()
    inputs = {"reached": reached, "next": "solved", "said": "Fine now"}
    await story.submit(story.acme.anna, "case.contact", "1", inputs, posted.ref)
    await story.submit(
        story.acme.anna, "case.solve", "1", {**SOLVED, "outcome": outcome}, posted.ref
    )
    return posted


async def test_an_account_says_that_its_customer_is_asked_and_that_they_did_not_say(
    story: Story,
) -> None:
    await asked(story)
    reply = str(await story.type(story.acme.anna, "acme"))
    assert "solved 24 Nov, the customer is asked" in reply
    await story.forward(days=13)
    reply = str(await story.type(story.acme.anna, "acme"))
    assert "closed, the customer was asked and did not answer" in reply


def words_of(card: Card) -> list[str]:
    """All lines of a card about the customer's word."""
    lines = [line for part in card.body if isinstance(part, Facts) for line in part.facts]
    return [value for label, value in lines if label == "Customer's word"]


async def asked(story: Story) -> Posted:
    """Solved on Tuesday; on Friday the question is out."""
    posted = await solved(story)
    story.clock.at = FRIDAY
    await story.tick()
    return posted


async def letter(story: Story, letter_id: int = 1) -> Letter:
    async with story.ctx.db.reading() as session:
        return await session.get_one(Letter, letter_id)


async def says(story: Story, answer: str, who: str = "jane", letter_id: int = 1) -> Card:
    token = links.letter_token(story.ctx.secret, letter_id)
    email = f"{who}@acme.example"
    person = Person("console", email, email=email)
    click = Click(person, f"console:{email}", "settled", f"{token}:{answer}")
    reply = await routes.click(story.ctx, click)
    assert isinstance(reply, Card), reply
    await story.work()
    return reply


async def test_the_customer_is_asked_on_the_third_working_day_at_a_good_hour(story: Story) -> None:
    posted = await solved(story)
    assert facts(posted.card)["Customer's word"] == "Jane is asked on Friday whether it is settled"
    assert (await letter(story)).send_at == FRIDAY
    story.clock.at = FRIDAY - timedelta(minutes=1)
    await story.tick()
    assert story.posted(MAIL) == []
    story.clock.at = FRIDAY
    await story.tick()
    (mail,) = story.posted(MAIL)
    assert mail.message.sender is not None
    assert mail.message.sender.name == "Anna Berg"
    assert mail.message.unsubscribe
    assert "Credit note sent" in str(mail.card)
    assert "Third wrong invoice" not in str(mail.card)
    labels = [each for part in mail.card.body for each in getattr(part, "buttons", ())]
    assert [each.label for each in labels if isinstance(each, Link)][:3] == ["Yes", "Partly", "No"]
    assert (await story.case()).state == CaseState.WAITING
    assert facts(posted.card)["Customer's word"].startswith("Jane was asked; the answer may come")


@pytest.mark.both_databases
async def test_a_contact_before_the_customers_no_stays_the_last_one(story: Story) -> None:
    await asked(story)
    account = story.acme.account.id

    async def last() -> datetime | None:
        async with story.ctx.db.reading() as session:
            return (await touches.last_of(session, [account])).get(account)

    spoken = datetime(2026, 11, 24, 12, 20, tzinfo=UTC)
    assert await last() == spoken
    await says(story, "no")
    assert (await story.case()).contacted_at is None
    assert await last() == spoken
    # Called in vain, then called again; the second call is taken back.
    for reached, expected in (("no", spoken), ("yes", FRIDAY + timedelta(hours=2))):
        story.clock.forward(hours=1)
        inputs = {"reached": reached, "next": "again", "again_on": "2026-12-03", "said": "Hm"}
        await story.submit(story.acme.anna, "case.contact", "1", inputs)
        assert await last() == expected
    posted = story.posted()[0]
    await story.press(story.acme.anna, posted, "case.undo")
    assert await last() == spoken


async def test_an_hour_at_night_becomes_the_next_good_one(story: Story) -> None:
    story.clock.at = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
    await solved(story)
    assert (await letter(story)).send_at == datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


async def test_in_chat_the_question_has_buttons(story: Story) -> None:
    async with story.ctx.db.session() as session:
        jane = await session.get_one(Contact, story.acme.contacts["jane"].id)
        jane.slack_id = "U0JANE"
        session.add(jane)
    await asked(story)
    (posted,) = story.posted("slack:U0JANE")
    assert [each.label for each in buttons(posted.card)] == ["Yes", "Partly", "No"]
    assert posted.card.audience == "person"


async def test_yes_confirms_the_case(story: Story) -> None:
    posted = await asked(story)
    reply = await says(story, "yes")
    assert reply.title == "Thank you for the answer"
    case = await story.case()
    assert (case.state, case.settled) == (CaseState.SOLVED, "yes")
    assert posted.card.status == "confirmed by Jane"
    assert facts(posted.card)["Customer's word"] == "Jane says: settled"


async def test_no_opens_the_case_again_and_tells_the_lead(story: Story) -> None:
    posted = await asked(story)
    await says(story, "no")
    case = await story.case()
    assert (case.state, case.settled, case.round) == (CaseState.REOPENED, "no", 2)
    assert case.contact_by is not None
    assert posted.card.tone == "critical"
    assert posted.card.status is not None
    assert posted.card.status.startswith("Jane says: not settled")
    (lead,) = story.posted("slack:U0LARS")
    assert lead.card.title.startswith("Acme A/S: Jane says it is not settled")
    note = story.posted()[-1]
    assert note.message.reply_to == posted.ref
    # Solved anew, the customer is asked anew.
    inputs = {"reached": "yes", "next": "solved"}
    await story.submit(story.acme.anna, "case.contact", "1", inputs, posted.ref)
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    assert (await letter(story, 2)).status == "planned"
    # One line a customer: what is next, and what they said before.
    assert words_of(posted.card) == [
        "Jane is asked on Wednesday whether it is settled · before: not settled"
    ]


@pytest.mark.both_databases
async def test_partly_keeps_the_case_open_without_escalation(story: Story) -> None:
    posted = await asked(story)
    await says(story, "partly")
    case = await story.case()
    assert (case.state, case.settled) == (CaseState.CONTACTED, "partly")
    assert case.call_again_on is not None
    assert posted.card.status == "Jane says: partly settled"
    assert story.posted("slack:U0LARS") == []
    await story.forward(days=30)
    assert story.posted("slack:U0LARS") == []


async def test_without_an_answer_in_ten_days_the_case_closes_as_not_confirmed(
    story: Story,
) -> None:
    posted = await asked(story)
    story.clock.at = FRIDAY + timedelta(days=10, minutes=1)
    await story.tick()
    case = await story.case()
    assert (case.state, case.settled) == (CaseState.CLOSED_UNANSWERED, "unanswered")
    assert posted.card.status == "closed · Jane was asked and did not answer"
    assert words_of(posted.card) == ["Jane was asked and did not answer"]
    token = links.letter_token(story.ctx.secret, 1)
    click = Click(Person("console", "x"), "console:x", "settled", f"{token}:no")
    late = await routes.click(story.ctx, click)
    assert isinstance(late, Whisper)
    assert late.card.title.startswith("The time to answer is over")


@pytest.mark.both_databases
async def test_an_answer_may_be_changed_and_pressing_twice_changes_nothing(story: Story) -> None:
    await asked(story)
    await says(story, "no")
    version = (await story.case()).version
    await says(story, "no")
    assert (await story.case()).version == version
    assert len(story.posted("slack:U0LARS")) == 1
    await says(story, "yes")
    async with story.ctx.db.reading() as session:
        (found,) = await letters.of_case(session, 1)
    assert found.settled is not None
    assert (found.settled.answer, found.settled.changed_from) == ("yes", "no")


@pytest.mark.parametrize("first", ["no", "partly"])
async def test_the_last_word_counts_while_nobody_has_called_since(story: Story, first: str) -> None:
    posted = await asked(story)
    await says(story, first)
    story.clock.forward(minutes=1)
    await says(story, "yes")
    case = await story.case()
    assert (case.state, case.settled) == (CaseState.SOLVED, "yes")
    assert posted.card.status == "confirmed by Jane"
    told = story.posted()[-1]
    assert told.message.reply_to == posted.ref
    assert told.card.title == "Acme A/S: Jane says now that it is settled."
    # The lead hears the end of what they heard the beginning of.
    assert len(story.posted("slack:U0LARS")) == (2 if first == "no" else 0)
    # And back: it is the same question still.
    await says(story, "no")
    case = await story.case()
    assert (case.state, case.settled, case.round) == (CaseState.REOPENED, "no", 2)
    assert posted.card.status is not None
    assert posted.card.status.startswith("Jane says: not settled")


async def test_partly_that_becomes_no_is_red_with_a_deadline(story: Story) -> None:
    posted = await asked(story)
    await says(story, "partly")
    await says(story, "no")
    case = await story.case()
    assert (case.state, case.settled, case.round) == (CaseState.REOPENED, "no", 2)
    assert posted.card.tone == "critical"
    assert posted.card.status is not None
    assert posted.card.status.startswith("Jane says: not settled")


async def test_once_we_have_called_again_a_yes_leaves_the_case_with_us(story: Story) -> None:
    posted = await asked(story)
    await says(story, "no")
    story.clock.forward(hours=1)
    inputs = {"reached": "yes", "next": "again", "again_on": "2026-12-01"}
    await story.submit(story.acme.anna, "case.contact", "1:1:further", inputs, posted.ref)
    await says(story, "yes")
    assert (await story.case()).state == CaseState.CONTACTED
    assert posted.card.status == "Anna reached Jane 14:20"
    assert words_of(posted.card) == ["Jane says: settled"]
    assert story.posted()[-1].card.title == "Acme A/S: Jane says now that it is settled."


async def test_a_call_after_partly_is_what_the_card_says(story: Story) -> None:
    posted = await asked(story)
    await says(story, "partly")
    story.clock.forward(hours=1)
    inputs = {"reached": "yes", "next": "again", "again_on": "2026-12-01"}
    await story.submit(story.acme.anna, "case.contact", "1:1:further", inputs, posted.ref)
    assert posted.card.status == "Anna reached Jane 14:20"


async def test_the_customers_partly_is_no_call_of_ours(story: Story) -> None:
    await asked(story)
    called = (await story.case()).contacted_at
    await says(story, "partly")
    assert (await story.case()).contacted_at == called


async def test_another_customers_no_holds_against_a_yes(story: Story) -> None:
    await story.answer("jane", 3)
    await story.answer("ole", 4)
    await story.work()
    posted = story.posted()[0]
    inputs = {"reached": "yes", "next": "solved"}
    await story.submit(story.acme.anna, "case.contact", "1", inputs, posted.ref)
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    story.clock.at = FRIDAY
    await story.tick()
    await says(story, "no")
    await says(story, "no", "ole", 2)
    await says(story, "yes")
    assert (await story.case()).state == CaseState.REOPENED
    assert posted.card.status is not None
    assert posted.card.status.startswith("Ole says: not settled")
    await says(story, "yes", "ole", 2)
    assert (await story.case()).settled == "yes"
    assert posted.card.status == "confirmed by Jane, Ole"


@pytest.mark.parametrize(
    ("reached", "outcome", "why"),
    [
        ("no", "saved", "Not asked: the customer was not reached"),
        ("yes", "lost", "Not asked: the customer is lost"),
    ],
)
async def test_who_was_not_reached_or_is_lost_is_not_asked(
    story: Story, reached: str, outcome: str, why: str
) -> None:
    posted = await solved(story, reached, outcome)
    assert facts(posted.card)["Customer's word"] == why
    story.clock.at = FRIDAY
    await story.tick()
    assert story.posted(MAIL) == []


async def test_a_call_in_vain_after_the_customer_was_reached_takes_no_question_away(
    story: Story,
) -> None:
    await story.answer("jane", 3)
    await story.work()
    (posted,) = story.posted()
    for reached in ("yes", "no"):
        inputs = {"reached": reached, "next": "again", "again_on": "2026-11-26"}
        await story.submit(story.acme.anna, "case.contact", "1:1:further", inputs, posted.ref)
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    assert words_of(posted.card) == ["Jane is asked on Friday whether it is settled"]


async def test_who_unsubscribes_meanwhile_is_not_asked_and_the_card_says_so(story: Story) -> None:
    posted = await solved(story)
    async with story.ctx.db.session() as session:
        jane = await session.get_one(Contact, story.acme.contacts["jane"].id)
        jane.status = ContactStatus.UNSUBSCRIBED
        session.add(jane)
    story.clock.at = FRIDAY
    await story.tick()
    assert story.posted(MAIL) == []
    assert "does not want to be asked" in str(posted.card)


async def test_the_owner_changes_the_words_before_they_go_out(story: Story) -> None:
    posted = await solved(story)
    assert "settled_edit" in [each.action for each in buttons(posted.card)]
    missing = await story.submit(story.acme.anna, "settled_edit", "1", {"words": " "}, posted.ref)
    assert isinstance(missing, FormErrors)
    await story.submit(
        story.acme.anna, "settled_edit", "1", {"words": "We sent a credit note"}, posted.ref
    )
    assert facts(posted.card)["Jane reads"] == "We sent a credit note"
    story.clock.at = FRIDAY
    await story.tick()
    (mail,) = story.posted(MAIL)
    assert "We sent a credit note" in str(mail.card)
    assert "Credit note sent" not in str(mail.card)
    late = await story.submit(story.acme.anna, "settled_edit", "1", {"words": "x"}, posted.ref)
    assert isinstance(late, Whisper)


async def test_the_owner_stops_the_question_with_a_reason(story: Story) -> None:
    posted = await solved(story)
    reason = {"reason": "We meet on Thursday"}
    await story.submit(story.acme.anna, "settled_dont", "1", reason, posted.ref)
    assert facts(posted.card)["Customer's word"] == "Not asked: We meet on Thursday"
    story.clock.at = FRIDAY
    await story.tick()
    assert story.posted(MAIL) == []


async def test_a_case_opened_again_by_us_is_not_asked_about(story: Story) -> None:
    posted = await solved(story)
    await story.press(story.acme.anna, posted, "case.reopen")
    story.clock.at = FRIDAY
    await story.tick()
    assert story.posted(MAIL) == []
    assert (await letter(story)).status == "cancelled"


async def test_a_doubt_is_shown_and_never_sent_again(story: Story) -> None:
    posted = await solved(story)
    story.chat.refuse[MAIL] = [InDoubt("the answer was lost")]
    story.clock.at = FRIDAY
    await story.tick()
    await story.forward(hours=1)
    assert story.posted(MAIL) == []
    assert (await letter(story)).status == "doubt"
    assert "in doubt, so it is not sent again" in facts(posted.card)["Customer's word"]
    await says(story, "yes")
    assert (await story.case()).settled == "yes"


async def test_a_process_that_died_over_a_letter_leaves_a_doubt(story: Story) -> None:
    await solved(story)
    story.clock.at = FRIDAY
    async with story.ctx.db.session() as session:
        assert await letters.claim(session, 1, "letter:1:0#dead", story.clock())
    await run(replace(story.ctx), Job("letter", (1, 0), "letters"))
    assert (await letter(story)).status == "doubt"
    assert story.posted(MAIL) == []


async def test_a_channel_that_asks_to_wait_is_tried_again_and_mail_stands_in(story: Story) -> None:
    async with story.ctx.db.session() as session:
        jane = await session.get_one(Contact, story.acme.contacts["jane"].id)
        jane.slack_id = "U0JANE"
        session.add(jane)
    await solved(story)
    story.chat.refuse["slack:U0JANE"] = [TryLater("busy", 60), Unreachable("gone")]
    story.clock.at = FRIDAY
    await story.tick()
    assert (await letter(story)).status == "planned"
    await story.forward(minutes=2)
    await story.tick()
    assert len(story.posted(MAIL)) == 1
    assert (await letter(story)).status == "sent"


async def test_what_cannot_be_delivered_is_said_on_the_card(story: Story) -> None:
    posted = await solved(story)
    story.chat.refuse[MAIL] = [Unreachable("no such user", bounced=True)]
    story.clock.at = FRIDAY
    await story.tick()
    assert "The question did not reach Jane. Call instead." in str(posted.card)


async def test_somebody_else_cannot_answer_in_chat(story: Story) -> None:
    async with story.ctx.db.session() as session:
        jane = await session.get_one(Contact, story.acme.contacts["jane"].id)
        jane.slack_id = "U0JANE"
        session.add(jane)
    await asked(story)
    token = links.letter_token(story.ctx.secret, 1)
    for value in (f"{token}:yes", f"{token}x:yes"):
        click = Click(Person("slack", "U0OTHER"), "slack:U0OTHER", "settled", value)
        assert isinstance(await routes.click(story.ctx, click), Whisper)
    assert (await story.case()).settled is None


@pytest.mark.both_databases
async def test_how_many_say_it_is_settled_is_counted(story: Story) -> None:
    await asked(story)
    await says(story, "yes")
    async with story.ctx.db.reading() as session:
        since, until = FRIDAY - timedelta(days=1), FRIDAY + timedelta(days=1)
        assert tuple(await letters.outcomes(session, since, until, Part())) == (1, 1, 0, 0)
        team = Part(team_id=story.acme.team.id + 1)
        assert tuple(await letters.outcomes(session, since, until, team)) == (0, 0, 0, 0)
