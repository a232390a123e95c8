"""What makes an account healthy again, and what keeps an eye on it."""

from datetime import timedelta

import pytest

from handlers.accounts.standing import standing_of
from handlers.measures.health import Health
from storage.models import Account, Promise
from tests.handlers.cases.conftest import Story, story
from tests.handlers.settled.test_settled import asked, says

__all__ = ["story"]


async def health(story: Story) -> Health:
    async with story.ctx.db.reading() as session:
        account = await session.get_one(Account, story.acme.account.id)
        return (await standing_of(story.ctx, session, story.acme.anna, account)).health


async def test_a_critic_who_signs_is_a_risk_until_they_say_it_is_settled(story: Story) -> None:
    await asked(story)
    assert await health(story) == ("at_risk", "decision_maker_critic")
    await says(story, "yes")
    assert (await health(story)).reason != "decision_maker_critic"
    await says(story, "partly")
    assert await health(story) == ("at_risk", "decision_maker_critic")


@pytest.mark.both_databases
async def test_a_promise_past_its_day_is_watched_unless_it_is_kept_from_the_reader(
    story: Story,
) -> None:
    await story.answer("ole", 9)
    await story.work()
    before = await health(story)
    today = story.ctx.now().date()
    promise = Promise(
        account_id=story.acme.account.id,
        what="invoice check",
        due_on=today - timedelta(days=1),
        made_at=story.ctx.now(),
    )
    async with story.ctx.db.session() as session:
        session.add(promise)
    assert await health(story) == ("watch", "overdue_promise")
    async with story.ctx.db.session() as session:
        kept = await session.get_one(Promise, promise.id)
        kept.hidden_from_owner = True
    assert await health(story) == before
