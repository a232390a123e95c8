"""Promises to customers: who delivers, Done and Can't, reminders, the board, what is promised."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers.cards import Card, Form, FormErrors, Whisper
from handlers.chat import TryLater
from storage import promises
from storage.models import CaseState, Member, Promise
from tests.fakes import Posted
from tests.handlers.cases.conftest import Story, button, buttons
from tests.handlers.cases.test_acting import said, told
from tests.handlers.cases.test_card import facts

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def inputs(**more: str) -> dict[str, str]:
    return {
        "reached": "yes",
        "said": "Wants one name",
        "next": "promised",
        "promise": "invoice check",
        "promise_by": "2026-12-01",
        **more,
    }


async def promise(story: Story, posted: Posted, **more: str) -> object:
    return await story.submit(story.acme.anna, "case.contact", "1", inputs(**more), posted.ref)


async def row(story: Story, promise_id: int = 1) -> Promise:
    async with story.ctx.db.reading() as session:
        return await session.get_one(Promise, promise_id)


async def to_mikkel(story: Story) -> tuple[Posted, Posted]:
    """Anna promised, Mikkel delivers: her card of the case, and his of the promise."""
    posted = await told(story)
    await promise(story, posted, deliverer=str(story.acme.mikkel.id), lasting="always")
    (given,) = story.posted("slack:U0MIKKEL")
    return posted, given


async def test_a_promise_has_a_deliverer_a_day_and_is_for_once_or_from_now_on(
    story: Story,
) -> None:
    posted, given = await to_mikkel(story)
    kept = await row(story)
    assert (kept.what, kept.due_on, kept.lasting) == ("invoice check", date(2026, 12, 1), True)
    assert (kept.made_by, kept.deliverer_id) == (story.acme.anna.id, story.acme.mikkel.id)
    assert facts(posted.card)["Promised"] == "invoice check by 1 December · Mikkel · from now on"
    assert given.card.title == "Acme A/S: promised, and yours to deliver: invoice check"
    assert facts(given.card) == {"Promised to": "Jane Jensen", "By": "1 December · from now on"}
    assert [each.label for each in buttons(given.card)] == ["Done", "Can't"]
    assert (await story.case()).promised == "invoice check"


async def test_ones_own_promise_needs_no_card_and_an_unknown_deliverer_is_said_at_the_field(
    story: Story,
) -> None:
    posted = await told(story)
    wrong = await promise(story, posted, deliverer="9999")
    assert isinstance(wrong, FormErrors)
    assert set(wrong.errors) == {"deliverer"}
    before = len(story.chat.posted)
    assert isinstance(await promise(story, posted), Card)
    assert len(story.chat.posted) == before
    assert (await row(story)).deliverer_id == story.acme.anna.id


async def test_what_the_function_has_promised_already_is_shown_before_saving(story: Story) -> None:
    posted, _given = await to_mikkel(story)
    story.clock.at = datetime(2026, 12, 2, 10, tzinfo=COPENHAGEN)
    typed = inputs(
        promise="a named person", promise_by="2026-12-09", deliverer=str(story.acme.mikkel.id)
    )
    form = await story.submit(story.acme.anna, "case.contact", "1", typed, posted.ref)
    assert isinstance(form, Form)
    assert "invoice check by 1 December · overdue" in str(form.intro)
    assert "has promised 1 thing already. 1 of them is overdue." in str(form.intro)
    assert form.submit_label == "Save anyway"
    assert {each.name: each.value for each in form.inputs if each.value} == {
        **typed,
        "lasting": "once",
    }
    async with story.ctx.db.reading() as session:
        assert len(await promises.open_ones(session)) == 1
    saved = await story.submit(story.acme.anna, form.action, form.value, typed, posted.ref)
    assert isinstance(saved, Card)
    assert facts(saved)["Promised"] == "a named person by 9 December · Mikkel"
    assert (await story.case()).promised == "a named person"


@pytest.mark.both_databases
async def test_done_is_said_on_the_case_and_only_once(story: Story) -> None:
    posted, given = await to_mikkel(story)
    old = given.card
    reply = await story.press(story.acme.mikkel, given, "promise.done")
    assert isinstance(reply, Card)
    assert (reply.status, reply.tone) == ("done", "good")
    assert facts(posted.card)["Promised"].endswith("from now on · done")
    assert (await story.case()).promised is None
    # Who promised it can tell the customer.
    (_case, told_back) = story.posted()
    assert told_back.card.title == (
        "Mikkel Skov delivered what was promised to Acme A/S: invoice check"
    )
    assert isinstance(await story.press(story.acme.anna, told_back, "beside:case.open"), Whisper)
    given.cards.append(old)
    again = await story.press(story.acme.anna, given, "promise.done")
    assert said(again) == "Nothing was changed: this promise is done."
    await story.work()


async def test_a_platform_that_asks_to_wait_gets_the_edit_of_a_promise_later(story: Story) -> None:
    _posted, given = await to_mikkel(story)
    story.chat.refuse["slack:U0MIKKEL"] = [TryLater("busy", 30)]
    await story.press(story.acme.mikkel, given, "promise.done")
    edits = len(given.cards)
    await story.forward(minutes=1)
    assert len(given.cards) > edits
    assert given.card.status == "done"


async def test_cant_needs_a_reason_and_goes_back_to_who_promised(story: Story) -> None:
    posted, given = await to_mikkel(story)
    form = await story.press(story.acme.mikkel, given, "promise.cant")
    assert isinstance(form, Form)
    assert isinstance(
        await story.submit(story.acme.mikkel, form.action, form.value, {"reason": " "}), FormErrors
    )
    await story.submit(
        story.acme.mikkel, form.action, form.value, {"reason": "No access"}, given.ref
    )
    (_case, told_back) = story.posted()
    assert told_back.card.title == (
        "Mikkel Skov can't deliver what was promised to Acme A/S: invoice check"
    )
    assert facts(told_back.card)["Reason"] == "No access"
    assert facts(posted.card)["Promised"].endswith("can't be done: No access")
    assert isinstance(await story.press(story.acme.anna, told_back, "beside:case.open"), Whisper)


@pytest.mark.both_databases
async def test_undo_takes_the_promise_back_too(story: Story) -> None:
    posted, given = await to_mikkel(story)
    await story.press(story.acme.anna, posted, "case.undo")
    await story.work()
    assert (await row(story)).state == "dropped"
    assert given.card.status == "taken back"
    assert buttons(given.card) == []
    assert "Promised" not in facts(posted.card)
    assert (await story.case()).state == CaseState.NEW


async def test_a_promise_is_reminded_of_on_its_day_and_later_whatever_became_of_the_case(
    story: Story,
) -> None:
    posted, given = await to_mikkel(story)
    done = {"outcome": "saved", "done": "Credit note sent"}
    await story.submit(story.acme.anna, "case.solve", "1", done, posted.ref)
    story.clock.at = datetime(2026, 12, 1, 8, 1, tzinfo=COPENHAGEN)
    for _time in range(3):
        await story.tick()
    (_card, reminder) = story.posted("slack:U0MIKKEL")
    assert reminder.card.title == "Acme A/S: promised for today: invoice check"
    story.clock.at = datetime(2026, 12, 2, 8, 1, tzinfo=COPENHAGEN)
    await story.tick()
    await story.tick()
    late = [each for each in story.posted() if "is not done" in each.card.title]
    assert len(late) == 1
    await story.press(story.acme.mikkel, reminder, "promise.done")
    await story.tick()
    assert late[0].card.status == given.card.status == "done"
    await story.forward(days=6)
    assert [e for e in story.posted("slack:U0LARS") if "is not done" in e.card.title] == []


async def test_the_cards_say_that_a_promise_is_overdue_when_its_day_is_over(
    story: Story,
) -> None:
    posted, given = await to_mikkel(story)
    story.clock.at = datetime(2026, 12, 1, 8, 1, tzinfo=COPENHAGEN)
    # A snooze hides reminders, not what is true.
    case = await story.case()
    case.snoozed_until = story.clock() + timedelta(days=3)
    await story.make.save(case)
    await story.forward(hours=1)
    assert len(story.posted("slack:U0MIKKEL")) == 1
    story.clock.at = datetime(2026, 12, 1, 23, 58, tzinfo=COPENHAGEN)
    await story.tick()
    assert "overdue" not in facts(posted.card)["Promised"]
    before = len(story.chat.posted)
    await story.forward(minutes=3)
    assert facts(posted.card)["Promised"].endswith("overdue")
    assert given.card.status == "overdue"
    assert len(story.chat.posted) == before, "an edit, no message"
    edits = len(posted.cards)
    await story.forward(hours=1)
    assert len(posted.cards) == edits
    await story.forward(days=3)
    assert [e for e in story.posted() if "is not done" in e.card.title] != []


async def test_the_lead_hears_of_a_promise_three_days_late_once(story: Story) -> None:
    await to_mikkel(story)
    for day in (1, 2, 4, 7):
        story.clock.at = datetime(2026, 12, day, 8, 1, tzinfo=COPENHAGEN)
        await story.tick()
        await story.tick()
    heard = [e for e in story.posted("slack:U0LARS") if "is not done" in e.card.title]
    heard += [e for e in story.posted("console:nordics") if "is not done" in e.card.title]
    assert len(heard) == 1


@pytest.mark.parametrize("which", ["", "mine", "team", "all", "overdue", "Supply chain"])
async def test_the_board_shows_promises_with_their_buttons(story: Story, which: str) -> None:
    async with story.ctx.db.session() as session:
        mikkel = await session.get_one(Member, story.acme.mikkel.id)
        mikkel.function = "supply_chain"
        session.add(mikkel)
    await to_mikkel(story)
    story.clock.at = datetime(2026, 12, 3, 10, tzinfo=COPENHAGEN)
    board = await story.type(story.acme.anna, f"promises {which}".strip())
    assert isinstance(board, Card)
    line = "Acme A/S: invoice check by 1 December · overdue · from now on · Mikkel Skov"
    assert line in str(board.body)
    assert [each.action for each in buttons(board)] == [
        "promise.done", "promise.cant", "case.open",
    ]  # fmt: skip
    assert button(board, "promise.done").value == "1"


async def test_a_promise_is_overdue_when_the_day_is_over_where_its_reader_is(
    story: Story,
) -> None:
    story.acme.anna.timezone = "America/New_York"
    await story.make.save(story.acme.anna)
    await promise(story, await told(story))
    story.clock.at = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)  # 21:00 on 1 December there

    assert "overdue" not in str(await story.type(story.acme.anna, "promises"))
    assert "invoice check" not in str(await story.type(story.acme.anna, "promises overdue"))
    story.clock.forward(hours=4)
    assert "overdue" in str(await story.type(story.acme.anna, "promises"))
    assert "invoice check" in str(await story.type(story.acme.anna, "promises overdue"))


async def test_a_function_that_has_promised_nothing_is_known_all_the_same(story: Story) -> None:
    card = await story.type(story.acme.anna, "promises Technical  support")
    assert isinstance(card, Card)
    assert card.title == "Open promises of technical support"
    assert "No open promises here." in str(card)
    unknown = await story.type(story.acme.anna, "promises gardening")
    assert "I know /nps promises" in str(unknown)


async def test_the_board_is_for_those_who_may_see_the_account(story: Story) -> None:
    _posted, given = await to_mikkel(story)
    other = await story.make.member("Odd Stranger", team_id=(await story.make.team()).id)
    board = await story.type(other, "promises all")
    assert "invoice check" not in str(board)
    reply = await story.press(other, given, "promise.done")
    assert said(reply) == "This promise is with Mikkel Skov. Nothing was changed."
    assert isinstance(await story.type(other, "promises nonsense"), Whisper)


@pytest.mark.both_databases
async def test_the_digest_names_promises_of_the_day(story: Story) -> None:
    await promise(story, await told(story))
    story.clock.at = datetime(2026, 12, 1, 8, 1, tzinfo=COPENHAGEN)
    await story.tick()
    await story.tick()
    digests = [e for e in story.posted() if e.card.title.startswith("Good")]
    assert "invoice check by 1 December" in str(digests)


@pytest.mark.both_databases
async def test_the_digest_leaves_to_the_card_what_is_overdue_this_morning(story: Story) -> None:
    await promise(story, await told(story))

    async def said_on(day: int) -> list[str]:
        before = len(story.posted())
        story.clock.at = datetime(2026, 12, day, 8, 1, tzinfo=COPENHAGEN)
        await story.tick()
        await story.tick()
        new = [each.card for each in story.posted()[before:]]
        return [each.title for each in new if "invoice check" in str(each)]

    assert "Good morning, Anna" in await said_on(1)
    (late,) = await said_on(2)
    assert "is not done" in late
    assert await said_on(3) == ["Good morning, Anna"]


async def test_solving_asks_whether_the_customer_was_reached_and_what_they_had_expected(
    story: Story,
) -> None:
    posted = await told(story)
    form = await story.press(story.acme.anna, posted, "case.solve")
    assert isinstance(form, Form)
    assert form.inputs[0].name == "reached"
    expected = next(each for each in form.inputs if each.name == "expected")
    assert expected.value == "Invoices are right the first time"
    assert (expected.hint or "").startswith("Suggested by the customer's reasons.")
    done = {"outcome": "saved", "done": "Credit note", "expected": "A call back", "reached": "no"}
    card = await story.submit(story.acme.anna, "case.solve", "1", done, posted.ref)
    assert isinstance(card, Card)
    assert facts(card)["Broken expectation"] == "A call back"
    assert (await story.case()).reached is False
    # What nobody put in words of their own is shown as what it is.
    await story.press(story.acme.anna, posted, "case.reopen")
    done |= {"expected": str(expected.value)}
    card = await story.submit(story.acme.anna, "case.solve", "1", done, posted.ref)
    assert isinstance(card, Card)
    kept = "Invoices are right the first time (suggested by the reasons)"
    assert facts(card)["Broken expectation"] == kept
