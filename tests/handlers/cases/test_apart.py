"""An answer that is hidden from the owner, in a case that the owner sees: followed up apart."""

import pytest

from storage.models import CaseState
from tests.fakes import Posted
from tests.handlers.cases.conftest import Story, button
from tests.handlers.cases.test_card import facts

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
