"""An answer that is hidden from the owner, in a case that the owner sees: followed up apart."""

from collections.abc import Sequence

import pytest
from sqlmodel import col, select

from handlers.cards import Form
from handlers.cases import acting
from storage import case_view, letters
from storage.models import Case, CaseState
from tests.fakes import Posted
from tests.handlers.cases.conftest import Story, button
from tests.handlers.cases.test_acting import SOLVED
from tests.handlers.cases.test_card import facts
from tests.handlers.settled.test_settled import FRIDAY, says

REACHED = {"reached": "yes", "said": "Anna is the reason"}
AGAIN = {**REACHED, "next": "again", "again_on": "2026-12-01"}


async def jane_and_hidden_ole(story: Story) -> tuple[Posted, Posted]:
    """Jane's card, with the owner, and Ole's, with the lead: one case."""
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
    value = button(lead.card, "case.contact").value
    await story.submit(story.acme.lars, "case.contact", value, AGAIN, lead.ref)
    after = await story.case()
    for name in ("state", "take_by", "contact_by", "contacted_at", "call_again_on", "reached"):
        assert getattr(after, name) == getattr(before, name), name
    assert (owner.card.status, facts(owner.card)) == (card.status, facts(card))
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
async def test_what_is_hidden_gets_a_case_of_its_own_when_the_owners_has_ended(
    story: Story,
) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    await solved_by_the_owner(story, owner)
    await story.forward(seconds=62)
    old, new = await story.case(1), await story.case(2)
    assert (old.state, old.hidden_from_owner) == (CaseState.SOLVED, False)
    assert (new.state, new.hidden_from_owner) == (CaseState.NEW, True)
    assert new.owner_id == story.acme.lars.id
    assert new.opened_at == story.clock()
    assert new.take_by is not None
    # The lead's card became that of the new case, and says so once in its thread.
    (card, told) = story.posted("slack:U0LARS")
    assert card is lead
    assert button(card.card, "case.take").value == "2"
    assert "Take by" in (card.card.status or "") or "take by" in (card.card.status or "")
    assert told.card.title == (
        "Acme A/S: the case in which Ole Holm answered too was closed. Ole Holm has a case of "
        "their own now."
    )
    assert len(story.posted()) == 1
    timeline = await story.press(story.acme.anna, owner, "case.timeline")
    for word in ("hidden", "Ole", "of its own"):
        assert word not in str(timeline)
    assert "hidden" in str(await story.press(story.acme.lars, card, "case.timeline", "1"))
    assert "Ole Holm answered 2" in str(
        await story.press(story.acme.lars, card, "case.timeline", "2")
    )
    # It is followed up as every case: the reminder comes, then CX is told.
    await story.forward(hours=4)
    assert "nobody has taken this" in story.posted("slack:U0LARS")[-1].card.title
    assert len(story.posted()) == 1


@pytest.mark.both_databases
async def test_the_hidden_customer_is_asked_whether_it_is_settled(story: Story) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    await solved_by_the_owner(story, owner)
    await story.forward(seconds=62)
    value = button(lead.card, "case.solve").value
    await story.submit(story.acme.lars, "case.solve", value, {**SOLVED, "reached": "yes"}, lead.ref)
    assert (await story.case(2)).state == CaseState.SOLVED
    async with story.ctx.db.reading() as session:
        (letter,) = await letters.of_case(session, 2)
    assert letter.contact.name == "Ole Holm"
    assert letter.letter.written_by == story.acme.lars.id


async def test_undo_within_the_minute_leaves_all_in_one_case(story: Story) -> None:
    owner, _lead = await jane_and_hidden_ole(story)
    await solved_by_the_owner(story, owner)
    await story.press(story.acme.anna, owner, "case.undo")
    await story.forward(minutes=5)
    assert [each.id for each in await all_cases(story)] == [1]
    assert len(story.posted("slack:U0LARS")) == 1


async def test_a_released_answer_stays_where_it_is(story: Story) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    await story.press(story.acme.lars, lead, "case.release")
    await solved_by_the_owner(story, owner)
    await story.forward(minutes=5)
    assert [each.id for each in await all_cases(story)] == [1]


@pytest.mark.both_databases
async def test_what_the_lead_solves_for_a_hidden_answer_ends_no_case_of_the_owner(
    story: Story,
) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    before = owner.card
    value = button(lead.card, "case.solve").value
    await story.submit(story.acme.lars, "case.solve", value, {**SOLVED, "reached": "yes"}, lead.ref)
    old, new = await story.case(1), await story.case(2)
    assert (old.state, new.state) == (CaseState.NEW, CaseState.SOLVED)
    assert new.solved_by == story.acme.lars.id
    assert (owner.card.status, facts(owner.card)) == (before.status, facts(before))
    assert (lead.card.tone, lead.card.status) == ("good", "solved by Lars 13:20")
    async with story.ctx.db.reading() as session:
        (letter,) = await letters.of_case(session, 2)
    assert letter.contact.name == "Ole Holm"
    timeline = await story.press(story.acme.anna, owner, "case.timeline")
    assert "Lars" not in str(timeline)
    await solved_by_the_owner(story, owner)
    await story.forward(minutes=5)
    assert len(await all_cases(story)) == 2


async def test_the_lead_is_asked_whether_the_hidden_customer_was_reached(story: Story) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    value = button(owner.card, "case.contact").value
    await story.submit(story.acme.anna, "case.contact", value, AGAIN, owner.ref)
    form = await story.press(story.acme.lars, lead, "case.solve")
    assert isinstance(form, Form)
    assert form.inputs[0].label == "Did you reach Ole?"


async def test_the_owners_case_opens_again_beside_a_hidden_one(story: Story) -> None:
    """The owner knows of no other case: what is hidden comes back and goes apart at the end."""
    owner, lead = await jane_and_hidden_ole(story)
    await solved_by_the_owner(story, owner)
    await story.forward(minutes=5)
    await story.press(story.acme.lars, lead, "case.take")
    await story.press(story.acme.anna, owner, "case.reopen")
    old, new = await story.case(1), await story.case(2)
    assert (old.state, new.state) == (CaseState.REOPENED, CaseState.NOT_A_CRITIC)
    assert not old.hidden_from_owner
    assert "Ole" not in str(owner.card)
    assert button(lead.card, "case.contact").value.startswith("1:")
    await solved_by_the_owner(story, owner)
    await story.forward(minutes=5)
    third = await story.case(3)
    assert (third.state, third.hidden_from_owner) == (CaseState.NEW, True)


@pytest.mark.both_databases
async def test_a_no_of_the_owners_customer_opens_their_case_beside_a_hidden_one(
    story: Story,
) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    await solved_by_the_owner(story, owner)
    story.clock.at = FRIDAY
    await story.tick()
    assert (await story.case(2)).hidden_from_owner
    await says(story, "no")
    old, new = await story.case(1), await story.case(2)
    assert (old.state, new.state) == (CaseState.REOPENED, CaseState.NOT_A_CRITIC)
    assert "Jane" in (owner.card.status or "")
    assert "another open case" not in str([each.cards for each in story.posted()])
    assert button(lead.card, "case.contact").value.startswith("1:")


async def test_the_lead_who_spoke_with_the_hidden_customer_is_not_asked_to_take_it(
    story: Story,
) -> None:
    owner, lead = await jane_and_hidden_ole(story)
    value = button(lead.card, "case.contact").value
    await story.submit(story.acme.lars, "case.contact", value, AGAIN, lead.ref)
    await solved_by_the_owner(story, owner)
    await story.forward(minutes=5)
    new = await story.case(2)
    assert (new.state, new.taken_by) == (CaseState.CONTACTED, story.acme.lars.id)
    assert facts(lead.card)["They said"] == "Anna is the reason"
    await story.forward(days=4)
    assert "nothing is planned after the contact with Ole" in str(
        [each.card for each in story.posted("slack:U0LARS")]
    )


async def test_what_is_hidden_joins_a_newer_case(story: Story) -> None:
    owner, _lead = await jane_and_hidden_ole(story)
    await solved_by_the_owner(story, owner)
    await story.answer("peter", 4)
    await story.work()
    await story.forward(minutes=5)
    assert len(await all_cases(story)) == 2
    newer = await story.case(2)
    assert (newer.state, newer.hidden_from_owner) == (CaseState.NEW, False)
    assert "Ole" not in str([each.cards for each in story.posted()])
    async with story.ctx.db.reading() as session:
        joined = await case_view.joined(session, 2)
    assert {each.contact.name: each.hidden for each in joined}["Ole Holm"]


async def all_cases(story: Story) -> Sequence[Case]:
    async with story.ctx.db.reading() as session:
        return (await session.exec(select(Case).order_by(col(Case.id)))).all()
