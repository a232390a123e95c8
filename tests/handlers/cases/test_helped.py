"""What helped before: what a customer confirmed comes first, what is hidden is left out."""

import pytest

from storage.models import Case, CaseResponse
from tests.handlers.cases.conftest import Story, story
from tests.handlers.cases.test_card import facts

__all__ = ["story"]


async def solved(
    story: Story, name: str, outcome: str, settled: str | None = None, hidden: bool = False
) -> None:
    account = await story.make.account(name)
    contact = await story.make.contact(account)
    response = await story.make.response(
        await story.make.invitation(contact, story.acme.wave), 5, reasons=["invoicing"]
    )
    case = await story.make.save(
        Case(
            account_id=account.id, kind="relationship", state="solved", outcome=outcome,
            what_helped=f"help of {name}", opened_at=story.clock(), solved_at=story.clock(),
            settled=settled, taken_by=story.acme.mikkel.id, hidden_from_owner=hidden,
        )
    )  # fmt: skip
    await story.make.save(
        CaseResponse(response_id=response.id, case_id=case.id, joined_at=story.clock())
    )


async def shown(story: Story) -> str:
    await story.answer("jane", 3, reasons=["invoicing"])
    await story.work()
    (posted,) = story.posted()
    return facts(posted.card)["Helped before"]


@pytest.mark.both_databases
async def test_what_the_customer_confirmed_comes_before_a_better_outcome(story: Story) -> None:
    await solved(story, "Confirmed", "lesson", "yes")
    await solved(story, "Saved", "saved")
    await solved(story, "Denied", "saved", "no")
    await solved(story, "Hidden", "saved", "yes", hidden=True)
    told = "Invoicing at Confirmed: help of Confirmed (Mikkel; customer confirmed)"
    assert await shown(story) == told


async def test_without_a_confirmed_one_the_best_outcome_helps(story: Story) -> None:
    await solved(story, "Lesson", "lesson")
    await solved(story, "Saved", "saved", "unanswered")
    assert await shown(story) == "Invoicing at Saved: help of Saved (Mikkel)"
