"""Who a case is with when the owner is away, has left or must not see it."""

import pytest

from storage import members
from storage.models import CaseState, Member
from tests.handlers.cases.conftest import Story


async def away(story: Story, member: Member, backup: Member | None = None) -> None:
    async with story.ctx.db.session() as session:
        until = story.clock().replace(day=28)
        await members.set_away(
            session, member.id, story.clock(), until, backup.id if backup else None
        )


async def test_an_absent_owner_without_a_backup_leaves_new_cases_to_the_lead(story: Story) -> None:
    await away(story, story.acme.anna)
    await story.answer("jane", 3)
    await story.work()
    assert (await story.case()).owner_id == story.acme.lars.id
    assert story.posted() == []
    (posted,) = story.posted("console:nordics")
    assert posted.message.mention == "console:lars@nordfab.example"


async def test_a_backup_who_is_away_too_leaves_them_to_the_lead(story: Story) -> None:
    await away(story, story.acme.mikkel)
    await away(story, story.acme.anna, story.acme.mikkel)
    await story.answer("jane", 3)
    assert (await story.case()).owner_id == story.acme.lars.id


async def test_the_lead_is_told_that_the_owner_is_away(story: Story) -> None:
    async with story.ctx.db.session() as session:
        await members.bind(session, "console:lars", story.clock(), member_id=story.acme.lars.id)
    await away(story, story.acme.anna)
    await story.answer("jane", 3)
    await story.work()
    (posted,) = story.posted("console:lars")
    assert posted.card.foot is not None
    assert posted.card.foot.startswith("You get this as lead: Anna Berg is away and nobody")


@pytest.mark.both_databases
async def test_a_hidden_case_is_the_leads_until_it_is_released(story: Story) -> None:
    await story.answer("jane", 3, comment="Anna promised it twice")
    await story.work()
    assert (await story.case()).owner_id == story.acme.lars.id
    board = await story.type(story.acme.lars, "cases")
    assert "Jane" in str(board)
    (posted,) = story.posted("slack:U0LARS")
    await story.press(story.acme.lars, posted, "case.release")
    case = await story.case()
    assert (case.owner_id, case.state) == (story.acme.anna.id, CaseState.NEW)
    assert len(story.posted()) == 1


async def test_a_case_that_is_hidden_later_passes_to_the_lead_and_a_visible_answer_opens_the_owners(
    story: Story,
) -> None:
    response = await story.answer("jane", 3, settle=90)
    assert (await story.case()).owner_id == story.acme.anna.id
    response.to_manager = True
    await story.open(response, 90)
    assert (await story.case()).owner_id == story.acme.lars.id
    await story.answer("peter", 4)
    hidden, own = await story.case(1), await story.case(2)
    assert (hidden.owner_id, hidden.hidden_from_owner) == (story.acme.lars.id, True)
    assert (own.owner_id, own.hidden_from_owner) == (story.acme.anna.id, False)
