"""What happens to places is told to who can do something about it, and kept for the lists."""

import pytest
from sqlmodel import col, select

from handlers import routes
from handlers.cards import Card, Reply
from handlers.chat import Click, Notice, NoticeKind, Person, Unreachable
from storage import members
from storage.models import BoundPlace, Member
from tests.handlers.cases.conftest import Story, button, buttons, story
from tests.handlers.cases.test_card import jane

__all__ = ["story"]
PLACE = "slack:C0ANNA"


async def bind(story: Story) -> None:
    row = BoundPlace(
        platform="slack", place=PLACE, member_id=story.acme.anna.id, bound_at=story.clock()
    )
    await story.make.save(row)


async def notice(story: Story, kind: NoticeKind, place: str = PLACE, **more: str) -> None:
    await routes.notice(story.ctx, Notice(kind, place, **more))  # type: ignore[arg-type]  # a name
    await story.work()


async def bound(story: Story, place: str = PLACE) -> BoundPlace:
    async with story.ctx.db.reading() as session:
        query = select(BoundPlace).where(col(BoundPlace.place) == place)
        return (await session.exec(query)).one()


@pytest.mark.parametrize(("kind", "words"), [("removed", "was removed"), ("revoked", "token")])
async def test_a_lost_app_is_told_to_cx_on_the_other_platforms(
    story: Story, kind: NoticeKind, words: str
) -> None:
    await bind(story)
    story.chat.refuse["slack:U0CLARA"] = [Unreachable("account_inactive")]
    await notice(story, kind, "slack:T0HOME")
    await notice(story, "revoked", "slack:T0HOME")  # Slack tells of both
    (told,) = story.posted("console:clara@nordfab.example")
    assert words in told.card.title
    assert "Slack" in told.card.title
    assert (await bound(story)).problem == "revoked"
    card = await story.type(story.acme.clara, "")
    assert "1 place takes no alerts" in str(card)


async def test_who_removes_the_app_from_their_chat_is_named_to_cx(story: Story) -> None:
    story.acme.anna.teams_id = "aad-anna"
    await story.make.save(story.acme.anna)
    for person in (Person("teams", "aad-anna"), Person("teams", "aad-customer")):
        await routes.notice(story.ctx, Notice("removed", "teams:a:chat", person))
    await story.work()
    titles = [each.card.title for each in story.posted("slack:U0CLARA")]
    assert titles == ["Anna Berg removed the app in Teams"]


async def test_a_closed_channel_is_told_listed_and_works_again_when_it_is_opened(
    story: Story,
) -> None:
    await bind(story)
    await notice(story, "place_renamed", name="#anna")
    await notice(story, "place_closed")
    for place in ("slack:U0ANNA", "slack:U0CLARA"):
        (told,) = story.posted(place)
        assert "can't be posted in #anna" in told.card.title
    listed = await story.type(story.acme.clara, "bind list")
    assert isinstance(listed, Card)
    assert listed.tone == "attention"
    assert "Anna Berg: #anna" in str(listed.body)
    assert "The channel was closed" in str(listed.body)
    await notice(story, "place_opened")
    assert (await bound(story)).problem is None


async def test_a_place_that_takes_a_card_again_is_well(story: Story) -> None:
    await bind(story)
    story.chat.refuse[PLACE] = [Unreachable("is_archived", mend="archived")]
    await jane(story)
    await story.work()
    assert (await bound(story)).mend == "archived"
    listed = await story.type(story.acme.anna, "bind list")
    assert "The channel is archived" in str(listed)
    story.clock.forward(minutes=1)
    await story.submit(story.acme.anna, "case.not_critic", "1", {"reason": "test"})
    await story.answer("peter", 2)
    await story.work()
    assert "The channel is archived" not in str(await story.type(story.acme.anna, "bind list"))


async def test_a_place_is_let_go_by_who_may(story: Story) -> None:
    await bind(story)
    listed = await story.type(story.acme.anna, "bind list")
    assert isinstance(listed, Card)
    value = button(listed, "place_unbind").value
    assert "Team Nordics" not in str(listed)

    async def press(member: Member) -> Reply:
        person = story.person(member)
        return await routes.click(story.ctx, Click(person, person.place, "place_unbind", value))

    assert "your lead or a CX lead" in str(await press(story.acme.mikkel))
    left = await press(story.acme.lars)
    assert "Unbind" in str(left)
    assert "This is not bound any more" in str(await press(story.acme.anna))


async def test_the_form_says_what_comes_here_already(story: Story) -> None:
    form = await story.type(story.acme.clara, "bind", "console:anna")
    assert "alerts of Anna Berg" in str(form)


async def test_a_long_list_of_places_is_narrowed_by_a_name(story: Story) -> None:
    async with story.ctx.db.session() as session:
        for number in range(20):
            someone = Member(name=f"Person {number:02}", email=f"p{number}@nordfab.example")
            session.add(someone)
            await session.flush()
            place = f"console:p{number:02}"
            await members.bind(session, place, story.clock(), member_id=someone.id)
    clara = story.acme.clara

    assert "and 7 more. Narrow the list" in str(await story.type(clara, "bind list"))
    narrowed = await story.type(clara, "bind list person 17")
    assert isinstance(narrowed, Card)
    assert [each.action for each in buttons(narrowed)] == ["place_unbind"]
    assert "Person 17: " in str(narrowed)
    assert "No place fits “nowhere”." in str(await story.type(clara, "bind list nowhere"))
