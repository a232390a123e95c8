"""An answer that is hidden from the owner is a case of its own, beside the one the owner sees."""

from collections.abc import Sequence

import pytest
from sqlmodel import col, select

from handlers.cards import Card, Whisper
from handlers.cases import acting
from handlers.chat import Click
from storage import letters
from storage.models import Case, CaseState
from tests.fakes import Posted
from tests.handlers.cases.conftest import Story, button
from tests.handlers.cases.test_acting import SOLVED
from tests.handlers.cases.test_card import facts
from tests.handlers.cases.test_conflict import late_wish
from tests.handlers.settled.test_settled import FRIDAY, says

REACHED = {"reached": "yes", "said": "Anna is the reason"}
AGAIN = {**REACHED, "next": "again", "again_on": "2026-12-01"}


async def jane_and_hidden_ole(story: Story) -> tuple[Posted, Posted]:
    """Jane's card, with the owner: case 1; Ole's, with the lead: case 2."""
    await story.answer("jane", 3)
    await story.work()
    await story.answer("ole", 2, comment="Anna again")
    await story.work()
    (owner,), (lead,) = story.posted(), story.posted("slack:U0LARS")
    return owner, lead


@pytest.mark.both_databases
async def test_what_the_lead_does_for_a_hidden_answer_leaves_the_owners_case_as_it_is(
    story: Story,
) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    before, card = await story.case(), owner.card
    lars, seen = story.acme.lars, len(story.posted())
    value = button(lead.card, "case.contact").value
    for action, inputs in (
        ("case.contact", AGAIN),
        ("case.snooze", {"until": "tomorrow"}),
        ("case.escalate", {"reason": "Anna is the reason"}),
        ("case.note", {"text": "Anna is the reason"}),
        ("case.not_critic", {"reason": "Mixed up the scale"}),
    ):
        own = value if action == "case.contact" else "2"
        await story.submit(lars, action, own, inputs, lead.ref)
        assert (await story.case()).version == before.version, action
        assert (owner.card, len(story.posted())) == (card, seen), action
    assert (await story.case(2)).state == CaseState.NOT_A_CRITIC
    await story.press(lars, lead, "case.undo")
    assert (await story.case(2)).state == CaseState.CONTACTED
    assert (await story.case(), owner.card) == (before, card)
    assert facts(lead.card)["They said"] == "Anna is the reason"
    timeline = await story.press(story.acme.anna, owner, "case.timeline")
    assert "Lars" not in str(timeline)
    # Jane has not been contacted: the owner is reminded, and the lead hears of it.
    await story.forward(hours=4)
    assert "nobody has taken this" in str([each.card for each in story.posted()])


@pytest.mark.both_databases
async def test_the_lead_is_reminded_to_call_a_hidden_customer_again(story: Story) -> None:
    _owner, lead = await jane_and_hidden_ole(story)
    value = button(lead.card, "case.contact").value
    await story.submit(story.acme.lars, "case.contact", value, AGAIN, lead.ref)
    later = {**AGAIN, "again_on": "2026-12-02"}
    await story.submit(story.acme.lars, "case.contact", value, later, lead.ref)
    line = "Acme A/S: you wanted to call Ole Holm again today."

    def reminders() -> list[Posted]:
        return [each for each in story.chat.posted if each.card.title == line]

    await story.forward(days=7)  # 1 December, 13:20: the day of before is not meant any more
    assert reminders() == []
    await story.forward(days=1)
    places = [each.place for each in reminders()]
    assert places == ["slack:U0LARS", "console:lars@nordfab.example"]
    assert "Ole" not in str([each.cards for each in story.posted()])


@pytest.mark.both_databases
async def test_a_hidden_decision_maker_hurries_no_case_of_the_owner(story: Story) -> None:
    """The owner would wonder who joined: the deadline moved, and who was contacted was not."""
    account = story.acme.account
    account.renewal_date = account.tier = None
    await story.make.save(account)
    await story.answer("ole", 3)
    await story.work()
    (owner,) = story.posted()
    value = button(owner.card, "case.contact").value
    await story.submit(story.acme.anna, "case.contact", value, AGAIN, owner.ref)
    before, status = await story.case(), owner.card.status
    await story.answer("jane", 2, to_manager=True)
    await story.work()
    after = await story.case()
    for name in ("state", "take_by", "contact_by", "contacted_at"):
        assert getattr(after, name) == getattr(before, name), name
    assert owner.card.status == status
    async with story.ctx.db.reading() as session:
        assert not await acting.is_halved(session, after, account)


async def test_a_letter_to_a_hidden_customer_is_no_contact_with_the_owners(story: Story) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    await story.press(story.acme.anna, owner, "case.take")
    value = button(lead.card, "case.write").value
    await story.press(story.acme.lars, lead, "case.write")
    await story.forward(hours=2)
    asked = story.posted("slack:U0LARS")[-1]
    await story.press(story.acme.lars, asked, "case.sent", value)
    case = await story.case()
    assert (case.state, case.contacted_at) == (CaseState.TAKEN, None)
    assert "Lars" not in str(owner.card)


async def test_the_owners_contact_is_told_whatever_the_lead_did_since(story: Story) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    value = button(owner.card, "case.contact").value
    await story.submit(story.acme.anna, "case.contact", value, AGAIN, owner.ref)
    value = button(lead.card, "case.contact").value
    await story.submit(story.acme.lars, "case.contact", value, AGAIN, lead.ref)
    assert owner.card.status == "Anna reached Jane 13:20"


async def solved_by_the_owner(story: Story, owner: Posted) -> None:
    value = button(owner.card, "case.solve").value
    await story.submit(
        story.acme.anna, "case.solve", value, {**SOLVED, "reached": "yes"}, owner.ref
    )


@pytest.mark.both_databases
async def test_each_of_the_two_cases_has_its_own_end(story: Story) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    await solved_by_the_owner(story, owner)
    old, new = await story.case(1), await story.case(2)
    assert (old.state, old.hidden_from_owner) == (CaseState.SOLVED, False)
    assert (new.state, new.hidden_from_owner) == (CaseState.NEW, True)
    assert (new.owner_id, new.opened_at) == (story.acme.lars.id, story.clock())
    assert (lead.card.status, lead.card.tone) == ("new · take by 15:20", "critical")
    value = button(lead.card, "case.solve").value
    await story.submit(story.acme.lars, "case.solve", value, {**SOLVED, "reached": "yes"}, lead.ref)
    assert (await story.case(2)).state == CaseState.SOLVED
    assert (lead.card.tone, lead.card.status) == ("good", "solved by Lars 13:20")
    async with story.ctx.db.reading() as session:
        (letter,) = await letters.of_case(session, 2)
    assert (letter.contact.name, letter.letter.written_by) == ("Ole Holm", story.acme.lars.id)


@pytest.mark.both_databases
async def test_what_is_hidden_has_a_deadline_of_its_own(story: Story) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    await story.press(story.acme.anna, owner, "case.take")
    await story.forward(hours=4)
    told = story.posted("slack:U0LARS")[-1]
    assert "nobody has taken this" in told.card.title
    assert told.message.reply_to == lead.ref
    assert len(story.posted()) == 1
    for _day in range(3):
        await story.forward(hours=24)
    assert "Ole Holm" in str([each.card.title for each in story.posted("slack:U0CLARA")])


@pytest.mark.both_databases
async def test_the_owners_case_opens_again_beside_a_hidden_one(story: Story) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    await solved_by_the_owner(story, owner)
    await story.press(story.acme.lars, lead, "case.take")
    await story.press(story.acme.anna, owner, "case.reopen")
    assert [each.state for each in await all_cases(story)] == ["reopened", "taken"]
    assert "Ole" not in str(owner.cards)


@pytest.mark.both_databases
async def test_a_no_of_the_owners_customer_opens_their_case_beside_a_hidden_one(
    story: Story,
) -> None:
    owner, _lead = await jane_and_hidden_ole(story)
    await solved_by_the_owner(story, owner)
    story.clock.at = FRIDAY
    await story.tick()
    await says(story, "no")
    assert [each.state for each in await all_cases(story)] == ["reopened", "new"]
    assert "Jane" in (owner.card.status or "")
    assert "another open case" not in str([each.cards for each in story.posted()])


async def test_the_next_hidden_answer_stands_in_the_thread_of_the_leads_card(story: Story) -> None:
    _owner, lead = await jane_and_hidden_ole(story)
    await story.answer("peter", 4, to_manager=True)
    await story.work()
    peter = story.posted("slack:U0LARS")[-1]
    assert peter.message.reply_to == lead.ref
    assert len(await all_cases(story)) == 2
    assert "Peter" not in str([each.cards for each in story.posted()])


@pytest.mark.both_databases
async def test_a_released_answer_joins_the_owners_case(story: Story) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    value = button(lead.card, "case.contact").value
    await story.submit(story.acme.lars, "case.contact", value, AGAIN, lead.ref)
    reply = await story.press(story.acme.lars, lead, "case.release")
    assert isinstance(reply, Card)
    first, second = await all_cases(story)
    assert (first.state, second.state) == (CaseState.NEW, CaseState.NOT_A_CRITIC)
    assert (first.hidden_from_owner, second.hidden_from_owner) == (False, True)
    ole = story.posted()[-1]
    assert ole.message.reply_to == owner.ref
    assert ole.card.title.startswith("Acme A/S: 2 of 10 from Ole Holm")
    assert button(lead.card, "case.contact").value.startswith("1:")
    assert "case.release" not in str(lead.card)
    assert facts(ole.card)["They said"] == "Anna is the reason"
    timeline = str(await story.press(story.acme.anna, owner, "case.timeline"))
    for line in ("Ole Holm answered 2", "Lars called or wrote"):
        assert line in timeline
    # The next critic is the owner's, in the same thread; the emptied case is nobody's.
    await story.answer("peter", 4)
    await story.work()
    assert len(await all_cases(story)) == 2
    old = Click(story.person(story.acme.lars), lead.place, "case.timeline", "2", lead.ref)
    gone = await story.click(old, lead)
    assert isinstance(gone, Whisper)
    assert gone.card.title.startswith("This answer is in another case by now")


@pytest.mark.both_databases
async def test_of_two_hidden_answers_one_is_released(story: Story) -> None:
    await story.answer("ole", 2, comment="Anna again")
    await story.answer("peter", 4, to_manager=True)
    await story.work()
    ole, peter = story.posted("slack:U0LARS")
    await story.press(story.acme.lars, ole, "case.take")
    await story.press(story.acme.lars, peter, "case.release")
    hidden, own = await all_cases(story)
    assert [(e.state, e.hidden_from_owner) for e in (hidden, own)] == [
        ("taken", True), ("taken", False)]  # fmt: skip
    assert (hidden.owner_id, own.owner_id) == (story.acme.lars.id, story.acme.anna.id)
    (posted,) = story.posted()
    assert posted.card.title.startswith("Acme A/S: 4 of 10 from Peter Holm")
    assert "Ole" not in str(posted.cards)
    assert "Peter" in str(peter.card)


async def test_of_two_hidden_answers_of_a_solved_case_one_is_released(story: Story) -> None:
    await story.answer("ole", 2, comment="Anna again")
    await story.answer("peter", 4, to_manager=True)
    await story.work()
    ole, peter = story.posted("slack:U0LARS")
    await story.submit(story.acme.lars, "case.solve", "1", {**SOLVED, "reached": "yes"}, ole.ref)
    await story.press(story.acme.lars, peter, "case.release")
    hidden, own = await all_cases(story)
    assert [(e.state, e.hidden_from_owner) for e in (hidden, own)] == [
        ("solved", True), ("solved", False)]  # fmt: skip
    async with story.ctx.db.reading() as session:
        asked = {case: await letters.of_case(session, case) for case in (1, 2)}
    assert [[e.contact.name for e in found] for found in asked.values()] == [
        ["Ole Holm"], ["Peter Holm"]]  # fmt: skip
    assert "Ole" not in str([each.cards for each in story.posted()])


@pytest.mark.both_databases
async def test_one_of_two_customers_wants_the_manager_afterwards(story: Story) -> None:
    await story.answer("jane", 3)
    ole = await story.answer("ole", 2)
    await story.work()
    owner, thread = story.posted()
    value = button(thread.card, "case.contact").value
    said = {**REACHED, "said": "Ole shouted", "next": "solved"}
    await story.submit(story.acme.anna, "case.contact", value, said, thread.ref)
    await story.submit(story.acme.anna, "case.solve", value, {**SOLVED}, thread.ref)
    await late_wish(story, ole)
    own, hidden = await all_cases(story)
    assert [(e.state, e.hidden_from_owner) for e in (own, hidden)] == [
        ("solved", False), ("new", True)]  # fmt: skip
    assert hidden.owner_id == story.acme.lars.id
    assert thread.card.title == "This answer is with a lead now"
    assert "Ole" not in str(owner.card)
    (lead,) = story.posted("slack:U0LARS")
    assert "Ole shouted" in str(lead.card)
    assert "case.undo" not in str(lead.card)
    async with story.ctx.db.reading() as session:
        asked = {case: await letters.of_case(session, case) for case in (1, 2)}
    # Jane is asked in Anna's name; Ole, whose case the lead has now, is not.
    assert [(e.contact.name, e.letter.status) for e in asked[1]] == [("Jane Jensen", "planned")]
    assert [(e.contact.name, e.letter.status) for e in asked[2]] == [("Ole Holm", "cancelled")]
    # Solved by the lead, Ole is asked in the lead's name.
    value = button(lead.card, "case.solve").value
    await story.submit(story.acme.lars, "case.solve", value, {**SOLVED, "reached": "yes"}, lead.ref)
    async with story.ctx.db.reading() as session:
        found = await letters.of_case(session, 2)
    assert [(e.letter.status, e.letter.written_by) for e in found] == [
        ("cancelled", story.acme.anna.id), ("planned", story.acme.lars.id)]  # fmt: skip


@pytest.mark.both_databases
@pytest.mark.parametrize("end", ["solved", "not_a_critic"])
async def test_the_only_customer_of_a_closed_case_wants_the_manager_afterwards(
    story: Story, end: str
) -> None:
    jane = await story.answer("jane", 3)
    await story.work()
    (owner,) = story.posted()
    if end == "solved":
        await solved_by_the_owner(story, owner)
    else:
        reason = {"reason": "Mixed up the scale"}
        await story.submit(story.acme.anna, "case.not_critic", "1", reason, owner.ref)
    await late_wish(story, jane)
    (case,) = await all_cases(story)
    assert (case.state, case.hidden_from_owner) == (CaseState.NEW, True)
    assert (case.owner_id, case.taken_by) == (story.acme.lars.id, None)
    assert owner.card.title == "This answer is with a lead now"
    (lead,) = story.posted("slack:U0LARS")
    assert "new · take by" in (lead.card.status or "")
    async with story.ctx.db.reading() as session:
        planned = [e for e in await letters.of_case(session, 1) if e.letter.status == "planned"]
    assert planned == []


@pytest.mark.both_databases
async def test_what_a_customer_called_settled_stays_so_when_it_is_hidden(story: Story) -> None:
    jane = await story.answer("jane", 3)
    await story.work()
    (owner,) = story.posted()
    await solved_by_the_owner(story, owner)
    story.clock.at = FRIDAY
    await story.tick()
    await says(story, "yes")
    await late_wish(story, jane)
    (case,) = await all_cases(story)
    assert (case.state, case.settled, case.hidden_from_owner) == (CaseState.SOLVED, "yes", True)
    assert owner.card.title == "This answer is with a lead now"


@pytest.mark.both_databases
async def test_the_last_customer_of_the_owners_case_wants_the_manager_too(story: Story) -> None:
    ole = await story.answer("ole", 2)
    await story.answer("peter", 4, to_manager=True)
    await story.work()
    (owner,), (lead,) = story.posted(), story.posted("slack:U0LARS")
    await story.press(story.acme.anna, owner, "case.take")
    await late_wish(story, ole)
    own, hidden = await all_cases(story)
    assert (own.state, own.hidden_from_owner) == (CaseState.NOT_A_CRITIC, True)
    assert (hidden.state, hidden.hidden_from_owner) == (CaseState.NEW, True)
    assert owner.card.title == "This answer is with a lead now"
    second = story.posted("slack:U0LARS")[-1]
    assert second.message.reply_to == lead.ref
    assert "Ole" in second.card.title
    # What the owner pressed on the card of before is nothing of theirs any more.
    for action in ("case.timeline", "case.open", "case.take", "case.reopen"):
        click = Click(story.person(story.acme.anna), owner.place, action, "1", owner.ref)
        reply = await story.click(click, owner)
        assert "Ole" not in str(reply)
        assert isinstance(reply, Whisper)


async def test_a_case_about_the_owner_joins_the_hidden_one(story: Story) -> None:
    await story.answer("jane", 3)
    await story.answer("ole", 2, to_manager=True)
    await story.work()
    (owner,), (lead,) = story.posted(), story.posted("slack:U0LARS")
    await story.submit(story.acme.anna, "case.escalate", "1", {}, owner.ref)
    escalated = story.posted("slack:U0LARS")[-1]
    await story.press(story.acme.lars, escalated, "about_owner")
    own, hidden = await all_cases(story)
    assert (own.state, own.hidden_from_owner) == (CaseState.NOT_A_CRITIC, True)
    assert (hidden.state, hidden.about_owner) == (CaseState.NEW, True)
    assert owner.card.title == "This answer is with a lead now"
    assert "Jane Jensen" in escalated.card.title
    assert button(escalated.card, "case.contact").value.startswith("2:")
    assert len(story.posted("slack:U0LARS")) == 2
    assert "about Anna" in str(lead.card)


async def test_a_button_of_an_answer_that_moved_says_so(story: Story) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    old = button(lead.card, "case.solve").value
    await story.press(story.acme.lars, lead, "case.release")
    reply = await story.submit(story.acme.lars, "case.solve", old, {**SOLVED}, lead.ref)
    assert "in another case by now" in str(reply)
    moved = f"1:{old.partition(':')[2]}9"
    reply = await story.submit(story.acme.lars, "case.solve", moved, {**SOLVED}, lead.ref)
    assert "in another case by now" in str(reply)
    assert (await story.case()).state == CaseState.NEW
    assert owner.card.status == "new · take by 15:20"


async def all_cases(story: Story) -> Sequence[Case]:
    async with story.ctx.db.reading() as session:
        return (await session.exec(select(Case).order_by(col(Case.id)))).all()
