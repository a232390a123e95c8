"""Whose Teams account is whose: a known member's account is never replaced by a press."""

import pytest

from handlers import identity
from handlers.cards import Text
from handlers.chat import Person
from handlers.context import Refused
from storage.models import Member
from tests.handlers.cases.conftest import Story


async def member(story: Story, who: Member) -> Member:
    async with story.ctx.db.reading() as session:
        return await session.get_one(Member, who.id)


@pytest.mark.both_databases
async def test_a_member_without_an_account_is_known_after_one_press(story: Story) -> None:
    anna = story.acme.anna
    found = await identity.confirm(story.ctx, Person("teams", "aad-1"), [anna.email], anna.id)
    assert found is not None
    assert (await member(story, anna)).teams_id == "aad-1"
    again = await identity.confirm(story.ctx, Person("teams", "aad-1"), [anna.email], anna.id)
    assert again is not None
    await story.work()
    assert story.posted() == []


async def test_a_known_account_is_never_replaced_and_its_holder_is_told(story: Story) -> None:
    anna = story.acme.anna
    clara = story.acme.clara
    await identity.confirm(story.ctx, Person("teams", "aad-1"), [anna.email], anna.id)
    for _press in range(2):
        with pytest.raises(Refused, match=clara.name) as refused:
            await identity.confirm(story.ctx, Person("teams", "aad-2"), [anna.email], anna.id)
        assert "Nothing was changed" in str(refused.value)
        await story.work()
    assert (await member(story, anna)).teams_id == "aad-1"
    (told,) = story.posted()
    assert told.card.title == "Somebody with another Teams account says that they are you"
    assert any(isinstance(each, Text) and clara.name in each.text for each in told.card.body)
    (cx,) = [each for each in story.posted("slack:U0CLARA") if each.card.tone == "attention"]
    assert cx.card.title == "Somebody with another Teams account says that they are Anna Berg"


async def test_an_address_that_is_not_theirs_changes_nothing(story: Story) -> None:
    anna = story.acme.anna
    person = Person("teams", "aad-2")
    assert await identity.confirm(story.ctx, person, ["x@nordfab.example"], anna.id) is None
    assert (await member(story, anna)).teams_id is None
