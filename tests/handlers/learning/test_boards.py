"""Boards stand in the places bound for them, once a week."""

from datetime import UTC, date, datetime, timedelta

import pytest

from handlers.cards import Text
from storage.models import Promise
from tests.handlers.cases.conftest import Story, story
from tests.handlers.learning.test_ideas import idea
from tests.handlers.learning.test_same_reason import bind, look, text

__all__ = ["story"]
MONDAY = datetime(2026, 11, 30, 7, 30, tzinfo=UTC)  # 8:30 in Copenhagen


async def promise(story: Story, what: str, day: date, hidden: bool = False) -> None:
    await story.make.save(
        Promise(
            account_id=story.acme.account.id, what=what, due_on=day, made_at=story.clock(),
            made_by=story.acme.anna.id, deliverer_id=story.acme.mikkel.id, hidden_from_owner=hidden,
        )
    )  # fmt: skip


@pytest.mark.both_databases
async def test_each_bound_board_comes_once_on_the_first_working_day(story: Story) -> None:
    for board in ("ideas", "references", "promises"):
        await bind(story, f"board {board}", f"console:{board}")
    await idea(story, quote_me=True)
    await promise(story, "Invoice check", date(2026, 12, 2))
    await promise(story, "Later", date(2026, 12, 24))
    await promise(story, "Kept", date(2026, 12, 1), hidden=True)
    new = len(story.posted("console:ideas"))
    story.clock.at = MONDAY - timedelta(hours=1)
    await look(story)
    assert story.posted("console:promises") == []
    story.clock.at = MONDAY
    for _look in range(2):
        await look(story)
    (late,) = story.posted("console:promises")
    assert "Acme A/S: Invoice check by 2 December" in text(late.card)
    assert "Later" not in text(late.card)
    assert "Kept" not in str(late.card)
    ideas = story.posted("console:ideas")[new:]
    assert [each.card.title for each in ideas] == ["Ideas that wait for an answer"]
    (names,) = story.posted("console:references")
    strong = [each.text for each in names.card.body if isinstance(each, Text)]
    assert any("Jane Jensen" in each for each in strong)


async def test_an_empty_board_is_not_posted_and_a_wrong_name_says_which_there_are(
    story: Story,
) -> None:
    refused = await bind(story, "board wishes")
    assert "/nps bind board ideas" in str(refused)
    await bind(story, "board promises", "console:promises")
    story.clock.at = MONDAY
    await look(story)
    assert story.posted("console:promises") == []
