"""What people do with a case: every button and form, together and late."""

import asyncio
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers import jobs, routes
from handlers.cards import Card, Form, FormErrors, Whisper
from handlers.cases.acting import Plan, asked_anew, by_itself
from handlers.chat import Click
from storage import case_view
from storage.db import Session
from storage.models import Account, Case, CaseEvent, CaseState
from tests.fakes import Posted
from tests.handlers.cases.conftest import Story, button, buttons
from tests.handlers.cases.test_card import facts, jane

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
SOLVED = {
    "outcome": "saved",
    "cause": "invoicing",
    "done": "Credit note sent",
    "helped": "One name",
}


async def told(story: Story) -> Posted:
    await jane(story)
    await story.work()
    (posted,) = story.posted()
    return posted


def said(reply: object) -> str:
    assert isinstance(reply, Whisper), reply
    return reply.card.title


@pytest.mark.both_databases
async def test_ten_clicks_at_once_have_one_winner(story: Story) -> None:
    posted = await told(story)
    people = [story.acme.anna, story.acme.mikkel] * 5
    clicks = [
        Click(story.person(each), posted.place, "case.take", "1", posted.ref) for each in people
    ]
    replies = await asyncio.gather(*(routes.click(story.ctx, click) for click in clicks))
    assert sum(isinstance(reply, Card) for reply in replies) == 1
    assert sum(isinstance(reply, Whisper) for reply in replies) == 9
    case = await story.case()
    assert case.state == CaseState.TAKEN
    assert case.version == 2


async def test_a_click_on_an_old_card_says_what_is_true_now_and_draws_it_anew(
    story: Story,
) -> None:
    posted = await told(story)
    old = posted.card
    story.clock.forward(minutes=2)
    await story.press(story.acme.mikkel, posted, "case.take")
    posted.cards.append(old)
    reply = await story.press(story.acme.anna, posted, "case.take")
    assert said(reply) == "Mikkel took this at 13:22. Nothing was changed."
    assert posted.card.status == "Mikkel has it since 13:22 · contact by Wed 13:20"


async def test_every_place_shows_what_was_clicked_in_one(story: Story) -> None:
    from storage import members

    async with story.ctx.db.session() as session:
        await members.bind(session, "slack:C1", story.clock(), member_id=story.acme.anna.id)
    await jane(story)
    await story.work()
    (console,), (slack,) = story.posted(), story.posted("slack:C1")
    await story.press(story.acme.anna, console, "case.take")
    assert slack.card.tone == "attention"
    assert slack.card.status == console.card.status


async def test_undo_takes_back_the_last_step_for_a_minute(story: Story) -> None:
    posted = await told(story)
    await story.press(story.acme.anna, posted, "case.take")
    story.clock.forward(seconds=59)
    reply = await story.press(story.acme.anna, posted, "case.undo")
    assert isinstance(reply, Card)
    assert reply.status == "new · take by 15:20"
    case = await story.case()
    assert (case.state, case.taken_by, case.taken_at) == (CaseState.NEW, None, None)


async def test_undo_is_for_ones_own_step_and_goes_after_a_minute(story: Story) -> None:
    posted = await told(story)
    await story.press(story.acme.anna, posted, "case.take")
    reply = await story.press(story.acme.mikkel, posted, "case.undo")
    assert said(reply).startswith("Undo works for 60 seconds")
    undo = button(posted.card, "case.undo")
    await story.forward(seconds=62)
    assert "case.undo" not in [each.action for each in buttons(posted.card)]
    click = Click(story.person(story.acme.anna), posted.place, undo.action, undo.value, posted.ref)
    assert said(await story.click(click, posted)).startswith("Undo works for 60 seconds")
    assert (await story.case()).state == CaseState.TAKEN


async def test_the_contact_form_keeps_what_was_said_and_promised(story: Story) -> None:
    posted = await told(story)
    form = await story.press(story.acme.anna, posted, "case.contact")
    assert isinstance(form, Form)
    assert [each.name for each in form.inputs] == [
        "reached", "said", "next",
    ]  # fmt: skip
    story.clock.forward(minutes=30)
    typed = {"reached": "yes", "said": "Wants one name", "next": "promised"}
    # What was promised is asked once “I promised something” is chosen; nothing typed is lost.
    form = await story.submit(story.acme.anna, form.action, form.value, typed, posted.ref)
    assert isinstance(form, Form)
    assert {each.name: each.value for each in form.inputs} == {
        **typed, "promise": None, "promise_by": None, "deliverer": None, "lasting": "once",
    }  # fmt: skip
    assert (await story.case()).state == CaseState.NEW
    typed |= {"promise": "invoice check", "promise_by": "2026-12-01"}
    reply = await story.submit(story.acme.anna, form.action, form.value, typed, posted.ref)
    assert isinstance(reply, Card)
    assert reply.tone == "attention"
    assert reply.status == "Anna reached Jane 13:50"
    assert facts(reply)["They said"] == "Wants one name"
    assert facts(reply)["Promised"] == "invoice check by 1 December"
    case = await story.case()
    assert (case.taken_by, case.promise_by) == (story.acme.anna.id, date(2026, 12, 1))


async def test_the_contact_form_says_what_is_missing_at_its_field(story: Story) -> None:
    await told(story)
    anna = story.acme.anna
    for inputs, wrong in (
        ({}, {"reached", "next"}),
        ({"reached": "yes", "next": "promised", "promise": ""}, {"promise", "promise_by"}),
        ({"reached": "yes", "next": "again", "again_on": ""}, {"again_on"}),
        ({"reached": "no", "next": "again", "again_on": "2026-11-01"}, {"again_on"}),
        ({"reached": "no", "next": "again", "again_on": "soonish"}, {"again_on"}),
    ):
        errors = await story.submit(anna, "case.contact", "1:1:further", inputs)
        assert isinstance(errors, FormErrors)
        assert set(errors.errors) == wrong
    assert (await story.case()).state == CaseState.NEW


async def test_solving_asks_how_and_turns_the_card_green(story: Story) -> None:
    posted = await told(story)
    inputs = {"reached": "yes", "next": "solved", "said": "Fine now"}
    form = await story.submit(story.acme.anna, "case.contact", "1", inputs, posted.ref)
    assert isinstance(form, Form)
    assert form.action == "case.solve"
    assert next(each for each in form.inputs if each.name == "cause").value == "invoicing"
    assert posted.card.status == "Anna reached Jane 13:20"
    missing = await story.submit(story.acme.anna, "case.solve", "1", {}, posted.ref)
    assert isinstance(missing, FormErrors)
    assert set(missing.errors) == {"outcome", "done"}
    reply = await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    assert isinstance(reply, Card)
    assert reply.tone == "good"
    assert reply.status == "solved by Anna 13:20"
    shown = facts(reply)
    assert shown["Outcome"] == "Customer saved"
    assert shown["What was done"] == "Credit note sent"
    assert shown["Root cause"] == "Invoicing"
    assert shown["What helped"] == "One name"
    assert [each.action for each in buttons(reply)] == [
        "case.reopen", "settled_edit", "settled_dont", "case.note", "case.timeline", "case.undo",
    ]  # fmt: skip


async def test_a_solved_case_can_be_opened_again_with_a_new_deadline(story: Story) -> None:
    posted = await told(story)
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    await story.forward(days=1)
    reply = await story.press(story.acme.anna, posted, "case.reopen")
    assert isinstance(reply, Card)
    assert reply.tone == "critical"
    assert reply.status == "reopened by Anna 13:20 · contact by Thu 13:20"


async def test_a_case_is_not_opened_again_beside_another_of_the_same_wave(story: Story) -> None:
    posted = await told(story)
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    await story.answer("peter", 4)
    await story.work()
    assert len(story.posted()) == 2
    reply = await story.press(story.acme.anna, posted, "case.reopen")
    assert said(reply).startswith("Acme A/S has another open case")


async def test_a_draft_is_written_in_the_contacts_language_and_sent_by_nobody(
    story: Story,
) -> None:
    posted = await told(story)
    before = len(story.chat.posted)
    reply = await story.press(story.acme.anna, posted, "case.write")
    assert isinstance(reply, Whisper)
    text = reply.card.body[1]
    assert "Hello Jane," in str(text)
    assert "Our invoices were not right" in str(text)
    assert "mailto:jane@acme.example?subject=" in str(reply.card.body[2])
    assert len(story.chat.posted) == before
    assert (await story.case()).state == CaseState.TAKEN
    assert posted.card.tone == "attention"


@pytest.mark.parametrize(
    ("wish", "asked"),
    [
        ("none", "You asked for no contact, so I will not call. If you want to tell me more"),
        ("write", "Would you write to me what happened and what would help?"),
        (None, "May I call you in the next days to hear what happened and what would help?"),
    ],
)
async def test_a_draft_asks_for_no_call_where_the_customer_wants_none(
    story: Story, wish: str | None, asked: str
) -> None:
    await story.answer("jane", 3, contact_wish=wish)
    await story.work()
    reply = await story.press(story.acme.anna, story.posted()[0], "case.write")
    assert isinstance(reply, Whisper)
    text = str(reply.card.body[1])
    assert asked in text
    assert ("May I call" in text) == (wish is None)


async def test_a_colleagues_draft_takes_nothing(story: Story) -> None:
    posted = await told(story)
    await story.press(story.acme.mikkel, posted, "case.write")
    assert (await story.case()).state == CaseState.NEW


async def test_not_a_real_critic_needs_a_reason_and_closes_the_case(story: Story) -> None:
    posted = await told(story)
    assert isinstance(await story.press(story.acme.anna, posted, "case.not_critic"), Form)
    errors = await story.submit(story.acme.anna, "case.not_critic", "1", {"reason": " "})
    assert isinstance(errors, FormErrors)
    reply = await story.submit(
        story.acme.anna, "case.not_critic", "1", {"reason": "Mixed up the scale"}, posted.ref
    )
    assert isinstance(reply, Card)
    assert reply.tone == "neutral"
    assert reply.status == "not a real critic, says Anna"
    assert facts(reply)["Reason"] == "Mixed up the scale"


async def test_snoozing_takes_the_case_and_leaves_the_deadline(story: Story) -> None:
    posted = await told(story)
    assert isinstance(await story.press(story.acme.anna, posted, "case.snooze"), Form)
    reply = await story.submit(
        story.acme.anna, "case.snooze", "1", {"until": "tomorrow"}, posted.ref
    )
    assert isinstance(reply, Card)
    expected = "Anna has it since 13:20 · contact by Wed 13:20 · no reminders until Wed 08:00"
    assert reply.status == expected
    case = await story.case()
    assert case.snoozed_until == datetime(2026, 11, 25, 8, tzinfo=COPENHAGEN)


async def test_handing_a_case_to_who_has_it_is_an_error_at_the_field(story: Story) -> None:
    posted = await told(story)
    inputs = {"to": str(story.acme.anna.id)}
    reply = await story.submit(story.acme.anna, "case.hand_over", "1", inputs, posted.ref)
    assert reply == FormErrors({"to": "The case is with Anna Berg already. Choose somebody else."})


async def test_handing_over_gives_the_colleague_the_card_with_the_note(story: Story) -> None:
    posted = await told(story)
    assert isinstance(await story.press(story.acme.anna, posted, "case.hand_over"), Form)
    wrong = await story.submit(story.acme.anna, "case.hand_over", "1", {"to": "9999"})
    assert isinstance(wrong, FormErrors)
    to = str(story.acme.mikkel.id)
    await story.submit(
        story.acme.anna, "case.hand_over", "1", {"to": to, "note": "You know them"}, posted.ref
    )
    (given,) = story.posted("slack:U0MIKKEL")
    assert "You know them" in str(given.card.body[0])
    assert given.card.foot is not None
    assert given.card.foot.startswith("You get this because the case was handed to you")
    assert (await story.case()).owner_id == story.acme.mikkel.id
    await story.press(story.acme.mikkel, given, "case.take")
    assert posted.card.status == "Mikkel has it since 13:20 · contact by Wed 13:20"


async def test_escalating_gives_the_lead_and_then_cx_a_card(story: Story) -> None:
    posted = await told(story)
    form = await story.press(story.acme.anna, posted, "case.escalate")
    assert isinstance(form, Form)
    assert [(each.name, each.required) for each in form.inputs] == [("reason", False)]
    await story.submit(
        story.acme.anna, form.action, form.value, {"reason": "They ask for you"}, posted.ref
    )
    (lead,) = story.posted("slack:U0LARS")
    assert "Anna asks you to help" in str(lead.card.body[0])
    # Why stands on every card and in the timeline.
    for card in (lead.card, posted.card):
        assert facts(card)["Note"] == "Anna asked for help, 13:20: They ask for you"
    timeline = await story.press(story.acme.anna, posted, "case.timeline")
    assert "They ask for you" in str(timeline)
    await story.submit(story.acme.lars, "case.escalate", "1", {}, lead.ref)
    assert len(story.posted("slack:U0CLARA")) == 1
    assert (await story.case()).escalated_to == "cx"


async def test_who_has_the_case_as_a_card_already_gets_no_second_one(story: Story) -> None:
    posted = await told(story)
    anna, lars = story.acme.anna, story.acme.lars
    await story.submit(anna, "case.escalate", "1", {}, posted.ref)
    reply = await story.submit(anna, "case.escalate", "1", {"reason": "Again"}, posted.ref)
    assert said(reply) == "Lars Holt has this case as a card already. Nothing was changed."
    (lead,) = story.posted("slack:U0LARS")
    assert story.posted("slack:U0CLARA") == []
    await story.submit(lars, "case.escalate", "1", {}, lead.ref)
    reply = await story.submit(lars, "case.escalate", "1", {}, lead.ref)
    assert said(reply) == "CX has this case as a card already. Nothing was changed."
    assert len(story.posted("slack:U0CLARA")) == 1
    # Opened again it is a new story.
    await story.submit(anna, "case.solve", "1", SOLVED, posted.ref)
    await story.press(anna, posted, "case.reopen")
    await story.submit(anna, "case.escalate", "1", {}, posted.ref)
    assert len(story.posted("slack:U0LARS")) == 2


async def test_the_card_names_who_opened_it_again_whoever_acts_later(story: Story) -> None:
    posted = await told(story)
    anna, mikkel = story.acme.anna, story.acme.mikkel
    await story.submit(anna, "case.not_critic", "1", {"reason": "Mixed up"}, posted.ref)
    await story.press(anna, posted, "case.reopen")
    story.clock.forward(minutes=5)
    await story.submit(mikkel, "case.escalate", "1", {}, posted.ref)
    assert posted.card.status is not None
    assert posted.card.status.startswith("reopened by Anna 13:20")
    click = Click(story.person(mikkel), posted.place, "case.reopen", "1", posted.ref)
    reply = await story.click(click, posted)
    assert said(reply) == "Anna reopened this at 13:20. Nothing was changed."


async def test_a_case_that_was_handed_on_says_who_has_it_and_who_got_it_when(
    story: Story,
) -> None:
    posted = await told(story)
    anna, mikkel, lars = story.acme.anna, story.acme.mikkel, story.acme.lars
    await story.submit(anna, "case.hand_over", "1", {"to": str(mikkel.id)}, posted.ref)
    assert facts(posted.card)["With"] == "Mikkel Skov"
    await story.submit(mikkel, "case.hand_over", "1", {"to": str(lars.id)}, posted.ref)
    assert facts(posted.card)["With"] == "Lars Holt"
    timeline = str(await story.press(anna, posted, "case.timeline"))
    for line in ("Anna handed it over to Mikkel", "Mikkel handed it over to Lars"):
        assert line in str(posted.card)
        assert line in timeline
    await story.press(lars, posted, "case.take")
    assert posted.card.status == "Lars has it since 13:20 · contact by Wed 13:20"
    assert "With" not in facts(posted.card)


async def test_only_those_who_may_see_the_account_may_act(story: Story) -> None:
    posted = await told(story)
    other = await story.make.member("Odd Stranger", team_id=(await story.make.team()).id)
    reply = await story.press(other, posted, "case.take")
    assert said(reply) == (
        "This case belongs to Acme A/S, and that is another team's account. Ask Anna Berg."
    )
    for value in ("", "x", "99999"):
        click = Click(story.person(other), posted.place, "case.take", value, posted.ref)
        assert isinstance(await routes.click(story.ctx, click), Whisper)
    assert (await story.case()).state == CaseState.NEW


async def test_every_act_is_on_the_timeline_with_who_and_where(story: Story) -> None:
    posted = await told(story)
    await story.press(story.acme.anna, posted, "case.take")
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    async with story.ctx.db.reading() as session:
        from storage import case_view

        found: list[CaseEvent] = list(await case_view.events(session, 1))
    assert [(each.act, each.member_id, each.platform) for each in reversed(found)] == [
        ("opened", None, None),
        ("taken", story.acme.anna.id, "console"),
        ("solved", story.acme.anna.id, "console"),
    ]


async def test_the_timeline_says_what_was_promised_and_done_in_each_round(story: Story) -> None:
    posted = await told(story)
    anna = story.acme.anna
    promised = {"reached": "yes", "said": "Fine", "next": "promised"}
    inputs = {**promised, "promise": "a credit note", "promise_by": "2026-12-01"}
    await story.submit(anna, "case.contact", "1::further", inputs, posted.ref)
    await story.submit(anna, "case.solve", "1", SOLVED, posted.ref)
    await story.press(anna, posted, "case.reopen")
    await story.submit(anna, "case.solve", "1", {**SOLVED, "done": "New routine"}, posted.ref)
    await story.press(anna, posted, "case.reopen")
    await story.submit(anna, "case.not_critic", "1", {"reason": "Another firm"}, posted.ref)
    timeline = str(await story.press(anna, posted, "case.timeline"))
    for line in (
        "Anna called or wrote and promised: a credit note · console: “Fine”",
        "Anna solved it · console: “Credit note sent”",
        "Anna solved it · console: “New routine”",
        "Anna marked it as not a real critic · console: “Another firm”",
    ):
        assert line in timeline


async def test_every_button_of_every_state_has_a_handler_of_its_kind(story: Story) -> None:
    posted = await told(story)
    await story.press(story.acme.anna, posted, "case.take")
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    for card in posted.cards:
        for each in buttons(card):
            assert each.action in routes.CLICKS
            assert each.opens_form == (each.action in routes.FORMS)
    assert {"critic", "case_changed", "case_reminder", "case_escalation"} <= set(jobs.BUILDERS)


@pytest.mark.both_databases
async def test_the_best_solved_case_with_the_same_reason_helps(story: Story) -> None:
    nordhavn = await story.make.account("Nordhavn Parts", owner_id=story.acme.mikkel.id)
    contact = await story.make.contact(nordhavn)
    wave = story.acme.wave
    response = await story.make.response(
        await story.make.invitation(contact, wave), 5, reasons=["invoicing"]
    )
    await story.open(response)
    await story.work()
    done = {**SOLVED, "helped": "one named person, credit note in 2 days"}
    await story.submit(story.acme.mikkel, "case.solve", "1", done)
    await jane(story)
    await story.work()
    (posted,) = story.posted()
    assert facts(posted.card)["Helped before"] == (
        "Invoicing at Nordhavn Parts: one named person, credit note in 2 days (Mikkel)"
    )


async def test_undo_beside_a_newer_open_case_says_what_is_true(story: Story) -> None:
    posted = await told(story)
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    await story.answer("peter", 4)
    reply = await story.press(story.acme.anna, posted, "case.undo")
    assert said(reply).startswith("Acme A/S has another open case")
    assert (await story.case()).state == CaseState.SOLVED


async def test_the_customers_no_opens_the_case_again_in_red(story: Story) -> None:
    posted = await told(story)
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)

    async def asked(_session: Session, case: Case, _account: Account) -> Plan | None:
        return Plan("asked", {"state": CaseState.WAITING}) if case.state == "solved" else None

    async def no(_session: Session, case: Case, _account: Account) -> Plan | None:
        if case.state != CaseState.WAITING:
            return None
        until = story.clock() + timedelta(days=1)
        values = {"state": CaseState.REOPENED, "contacted_at": None, "contact_by": until}
        return Plan("reopened", {**values, **asked_anew(case), "settled": "no"})

    assert await by_itself(story.ctx, 1, asked)
    await story.work()
    assert posted.card.status == "solved by Anna 13:20 · Jane is asked"
    assert "case.undo" not in [each.action for each in buttons(posted.card)]
    assert await by_itself(story.ctx, 1, no)
    assert not await by_itself(story.ctx, 1, no)
    await story.work()
    assert posted.card.tone == "critical"
    assert posted.card.status == "Jane says: not settled · contact by Wed 13:20"
    case = await story.case()
    assert (case.round, case.settled, case.solved_by) == (2, "no", story.acme.anna.id)
    async with story.ctx.db.reading() as session:
        last = (await case_view.events(session, 1))[0]
    assert (last.act, last.member_id, last.before) == ("reopened", None, {})


async def test_a_draft_has_a_sentence_for_the_reason_the_quote_and_the_promise(
    story: Story,
) -> None:
    posted = await told(story)
    inputs = {
        "reached": "no",
        "next": "promised",
        "promise": "a credit note",
        "promise_by": "2026-12-01",
    }
    await story.submit(story.acme.anna, "case.contact", "1", inputs, posted.ref)
    reply = await story.press(story.acme.anna, posted, "case.write")
    assert isinstance(reply, Whisper)
    text = str(reply.card.body[1])
    for words in (
        "You wrote: “Third wrong invoice in a row, and nobody calls back.”",
        "Our invoices were not right, and that cost you time.",
        "We should have told you in time what was happening, and did not.",
        "As promised: a credit note, by 1 December.",
    ):
        assert words in text


async def test_an_hour_after_the_draft_its_writer_is_asked_whether_it_was_sent(
    story: Story,
) -> None:
    posted = await told(story)
    await story.press(story.acme.anna, posted, "case.write")
    await story.forward(minutes=59)
    assert len(story.posted()) == 1
    await story.forward(minutes=2)
    (_case, asked) = story.posted()
    assert asked.card.title == "Acme A/S: did you write to Jane?"
    reply = await story.press(story.acme.anna, asked, "case.not_sent")
    assert isinstance(reply, Card)
    assert (await story.case()).state == CaseState.TAKEN
    asked.cards.append(asked.cards[0])
    await story.press(story.acme.anna, asked, "case.sent")
    case = await story.case()
    assert (case.state, case.reached) == (CaseState.CONTACTED, None)
    assert posted.card.status == "Anna wrote to Jane 14:21"


async def test_nobody_is_asked_about_a_draft_when_the_customer_was_called_meanwhile(
    story: Story,
) -> None:
    posted = await told(story)
    await story.press(story.acme.anna, posted, "case.write")
    story.clock.forward(minutes=30)
    again = {"reached": "yes", "next": "again", "again_on": "2026-11-26"}
    await story.submit(story.acme.anna, "case.contact", "1", again, posted.ref)
    await story.forward(minutes=40)
    assert len(story.posted()) == 1
