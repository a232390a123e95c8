"""`/nps silent` and `/nps calls`: who said nothing, and whom nobody spoke to for long."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from handlers.cards import Card, Form, FormErrors, Text
from handlers.tasks.calls import days_over
from storage.models import Account, Contact, ContactStatus, Touch
from tests.handlers.cases.conftest import Story, button, buttons
from tests.handlers.cases.test_acting import told
from tests.handlers.cases.test_digests import digests, morning, renews_never
from tests.handlers.tasks.test_tasks import pressed, refused, sent, tasks_of

LIMITS = (("A", 30), ("B", 60), ("C", 120))


async def board(story: Story, text: str, me: Any = None) -> Card:
    card = await story.type(me or story.acme.anna, text)
    assert isinstance(card, Card), card
    return card


@pytest.mark.both_databases
async def test_silent_decision_makers_stand_by_renewal_and_value(story: Story) -> None:
    big = await story.make.account(
        "Big Co", owner_id=story.acme.anna.id, annual_value=900_000.0, currency="EUR"
    )
    bo = await story.make.contact(big, "Bo Big", role="decision_maker", phone="+45 1")
    await story.make.invitation(bo, sent_at=story.clock() - timedelta(days=10))
    fresh = await story.make.contact(big, "Fia Fresh", role="decision_maker")
    await story.make.invitation(fresh, sent_at=story.clock() - timedelta(hours=5))
    await story.answer("ole", 9)
    card = await board(story, "silent")
    assert card.title == "2 decision makers are silent"
    strong = [each.text for each in card.body if isinstance(each, Text) and each.style == "strong"]
    # Acme renews in 44 days, so it comes before the bigger one.
    assert strong == ["Acme A/S: Jane Jensen, CFO", "Big Co: Bo Big"]
    assert "asked 12 Nov · 420,000 EUR a year · tier A · renews 7 January (in 44 days)" in str(card)
    stranger = await story.make.member("Odd Stranger")
    assert "No decision maker is silent" in str(await board(story, "silent", stranger))


async def test_a_silent_decision_maker_is_called_and_logged(story: Story) -> None:
    card = await board(story, "silent")
    call = button(card, "silent_call")
    after = await pressed(story, story.acme.anna, call.action, call.value)
    assert "Anna calls by 1 December" in str(after)
    [task] = [each for each in await tasks_of(story) if each.what == "silent"]
    assert task.due_at == datetime(2026, 12, 1, 12, 20, tzinfo=UTC)
    # Mikkel is too late: the task stays Anna's.
    again = await pressed(story, story.acme.mikkel, call.action, call.value)
    assert "Anna calls" in str(again)
    tried = await sent(story, story.acme.anna, "task_done", task.id, outcome="not_reached")
    assert isinstance(tried, Card)
    assert tried.status == "by 1 December"
    assert "Put off until 25 November" in str(tried.foot)
    done = await sent(story, story.acme.anna, "task_done", task.id, outcome="talked", note="Busy")
    assert isinstance(done, Card)
    assert done.tone == "good"
    async with story.ctx.db.reading() as session:
        touches = (await session.exec(select(Touch))).all()
    assert [(each.reached, each.contact_id) for each in touches] == [
        (False, story.acme.contacts["jane"].id), (True, story.acme.contacts["jane"].id),
    ]  # fmt: skip
    assert "done by Anna 13:20 · We talked" in str(await board(story, "silent"))


async def test_whoever_has_left_is_not_called_any_more(story: Story) -> None:
    call = button(await board(story, "silent"), "silent_call")
    await pressed(story, story.acme.anna, call.action, call.value)
    jane = story.acme.contacts["jane"]
    jane.status = "inactive"
    await story.make.save(jane)
    story.clock.forward(minutes=20)
    await story.tick()
    assert [each.state for each in await tasks_of(story) if each.what == "silent"] == ["dropped"]


async def test_whoever_is_called_makes_room_for_the_next_who_is_silent(story: Story) -> None:
    for number in range(9):
        account = await story.make.account(f"Quiet {number}", owner_id=story.acme.anna.id)
        contact = await story.make.contact(account, f"Q{number}", role="decision_maker")
        await story.make.invitation(contact, sent_at=story.clock() - timedelta(days=10))
    card = await board(story, "silent")
    assert "and 2 more: they come up as these are done." in str(card)
    assert "Quiet 7" not in str(card)
    for call in [each for each in buttons(card) if each.action == "silent_call"][:2]:
        await pressed(story, story.acme.anna, call.action, call.value)
    card = await board(story, "silent")
    assert "Quiet 7" in str(card)
    assert "Quiet 8" in str(card)


async def test_a_contact_is_logged_with_one_of_several_accounts(story: Story) -> None:
    for name in ("Acme Denmark", "Acme Norway"):
        await story.make.account(name, owner_id=story.acme.anna.id)
    card = await board(story, "calls acm")
    assert card.title == "Several accounts fit “acm”: Acme A/S, Acme Denmark or Acme Norway?"
    assert [each.label for each in buttons(card)] == ["Acme A/S", "Acme Denmark", "Acme Norway"]
    choice = buttons(card)[1]
    assert isinstance(await pressed(story, story.acme.anna, choice.action, choice.value), Form)
    stranger = await story.make.member("Odd Stranger")
    assert "Only the account team" in refused(
        await pressed(story, stranger, choice.action, choice.value)
    )


async def test_who_answers_after_all_is_not_called(story: Story) -> None:
    call = button(await board(story, "silent"), "silent_call")
    await pressed(story, story.acme.anna, call.action, call.value)
    story.clock.forward(hours=1)
    await story.answer("jane", 9)
    story.clock.forward(minutes=20)
    await story.tick()
    assert "No decision maker is silent" in str(await board(story, "silent"))
    assert [each.state for each in await tasks_of(story) if each.what == "silent"] == ["dropped"]
    late = refused(await pressed(story, story.acme.anna, call.action, call.value))
    assert late.startswith("This person has answered")


async def test_a_hidden_answer_does_not_exist_for_the_owner(story: Story) -> None:
    await story.answer("jane", 9, to_manager=True)
    assert "Jane Jensen" in str(await board(story, "silent"))
    assert "Jane Jensen" not in str(await board(story, "silent", story.acme.lars))


@pytest.mark.parametrize(
    ("tier", "days", "over"),
    [("A", 31, 1), ("A", 29, -1), ("B", 60, 0), ("C", 119, -1), (None, 121, 1), ("A", None, 120)],
)
def test_the_time_without_contact_is_counted_by_tier(
    tier: str | None, days: int | None, over: int
) -> None:
    account = Account(key="a", name="A", tier=tier)
    today = date(2026, 11, 24)
    last = None if days is None else datetime(2026, 11, 24, 9, tzinfo=UTC) - timedelta(days=days)
    assert days_over(account, last, today, LIMITS) == over


async def test_five_calls_a_week_by_time_and_value(story: Story) -> None:
    anna = story.acme.anna
    for n in range(1, 8):
        await story.make.account(f"Co {n}", owner_id=anna.id, annual_value=n * 1000.0)
    await story.answer("ole", 9, comment="great planners")
    card = await board(story, "calls")
    strong = [each.text for each in card.body if isinstance(each, Text) and each.style == "strong"]
    assert strong == [
        "Acme A/S: call Jane Jensen", "Co 7: time for a call", "Co 6: time for a call",
        "Co 5: time for a call", "Co 4: time for a call",
    ]  # fmt: skip
    assert card.status == "0 of 5 done"
    assert "Ole gave 9 on 24 Nov: “great planners”. Ask how it is now." in str(card)
    assert "Nobody there has answered yet." in str(card)
    task = next(each for each in await tasks_of(story) if each.what == "call")
    form = await pressed(story, anna, "task_done", task.id)
    assert isinstance(form, Form)
    done = await sent(story, anna, "task_done", task.id, outcome="talked", note="All well")
    assert isinstance(done, Card)
    assert button(done, "calls_list").label == "Calls this week"
    again = await board(story, "calls")
    assert again.status == "1 of 5 done"
    assert "Co 3" not in str(again)


async def test_the_week_begins_anew_on_monday_and_the_digest_tells_it_once(story: Story) -> None:
    await renews_never(story)
    await story.tick()
    await morning(story, 24)
    await morning(story, 27)
    assert digests(story) == []
    await story.forward(days=3)
    await morning(story, 30)
    [digest] = digests(story)
    assert "Calls this week" in str(digest.card)
    assert "Acme A/S: call Jane Jensen" in str(digest.card)
    states = [(each.key[-10:], each.state) for each in await tasks_of(story) if each.what == "call"]
    assert states == [("2026-11-23", "dropped"), ("2026-11-30", "open")]


@pytest.mark.both_databases
async def test_a_call_of_the_week_names_nobody_who_left_meanwhile(story: Story) -> None:
    jane = story.acme.contacts["jane"]
    assert "call Jane Jensen" in str(await board(story, "calls"))
    jane.status = "inactive"
    await story.make.save(jane)
    card = await board(story, "calls")
    assert "Jane" not in str(card)
    assert "+45 12 34 56 78" not in str(card)
    # Somebody else there is to be called now.
    assert "Acme A/S: call Karen Friis" in str(card)
    task = next(each for each in await tasks_of(story) if each.what == "call")
    one = await pressed(story, story.acme.anna, "task_open", task.id)
    assert isinstance(one, Card)
    assert one.title == "Acme A/S: call Karen Friis"
    async with story.ctx.db.session() as session:
        for each in story.acme.contacts.values():
            (await session.get_one(Contact, each.id)).status = ContactStatus.INACTIVE
    one = await pressed(story, story.acme.anna, "task_open", task.id)
    assert isinstance(one, Card)
    assert one.title == "Acme A/S: time for a call"
    assert "Acme A/S: time for a call" in str(await board(story, "calls"))


async def test_an_account_with_an_open_case_is_not_called_beside_it(story: Story) -> None:
    await told(story)
    card = await board(story, "calls")
    assert "No calls this week" in str(card)


@pytest.mark.both_databases
async def test_any_other_contact_is_logged_by_name(story: Story) -> None:
    await board(story, "calls")
    form = await story.type(story.acme.anna, "calls acme")
    assert isinstance(form, Form)
    assert [each.name for each in form.inputs] == ["how", "contact", "reached", "note"]
    account = story.acme.account.id
    wrong = await sent(story, story.acme.anna, "call_log", account, how="pigeon", reached="yes")
    assert isinstance(wrong, FormErrors)
    stranger = await story.make.contact(await story.make.account(), "Odd")
    wrong = await sent(
        story, story.acme.anna, "call_log", account, how="met", reached="yes",
        contact=str(stranger.id),
    )  # fmt: skip
    assert isinstance(wrong, FormErrors)
    card = await sent(
        story, story.acme.anna, "call_log", account, how="met", reached="yes",
        contact=str(story.acme.contacts["ole"].id), note="At the fair",
    )  # fmt: skip
    assert isinstance(card, Card)
    assert card.title == "Logged: you were in touch with Acme A/S."
    calls = await board(story, "calls")
    assert "All calls of this week are done." in str(calls)
    assert calls.status == "1 of 1 done"
    odd = await story.make.member("Odd Stranger")
    said = refused(await story.type(odd, "calls acme"))
    assert "Acme A/S" in said


async def test_what_is_kept_from_the_owner_is_no_line_to_open_with(story: Story) -> None:
    await story.answer("ole", 9, comment="Anna talks too much", to_manager=True)
    await story.answer("mia", 8, idea="Deliver on Fridays")
    card = await board(story, "calls")
    assert "talks too much" not in str(card)
    assert "Mia had an idea: “Deliver on Fridays”." in str(card)
    assert "task_done" in [each.action for each in buttons(card)]


async def test_a_contact_in_a_case_counts_as_contact(story: Story) -> None:
    posted = await told(story)
    values = {"outcome": "saved", "cause": "invoicing", "done": "called", "reached": "yes"}
    await story.press(story.acme.anna, posted, "case.take")
    said = {"reached": "yes", "said": "ok", "next": "again", "again_on": "2026-11-26"}
    await story.submit(story.acme.anna, "case.contact", "1", said)
    await story.submit(story.acme.anna, "case.solve", "1", values)
    assert (await story.case()).state not in ("new", "taken", "contacted")
    assert "No calls this week" in str(await board(story, "calls"))
    async with story.ctx.db.reading() as session:
        assert (await session.exec(select(Touch))).all() == []
