"""Teams conversations: what is needed to speak first, and no more writes than needed."""

from datetime import timedelta

from storage import conversations
from storage.db import Database
from storage.models import BoundPlace, Conversation
from tests.factories import Make
from tests.fakes import FakeClock


def personal(
    clock: FakeClock, chat: str = "a:1", service_url: str = "https://smba/emea/"
) -> Conversation:
    return Conversation(
        id=chat, kind="personal", service_url=service_url, bot="28:app", person="aad-anna",
        tenant="t", noted_at=clock(),
    )  # fmt: skip


async def test_a_conversation_is_new_once_and_follows_its_address(
    db: Database, clock: FakeClock
) -> None:
    async with db.session() as session:
        assert await conversations.note(session, personal(clock))
    async with db.session() as session:
        moved = personal(clock, service_url="https://smba/apac/")
        assert not await conversations.note(session, moved)
    async with db.reading() as session:
        known = await conversations.by_id(session, "a:1")
        assert known is not None
        assert known.service_url == "https://smba/apac/"
        assert conversations.is_told(known, moved)
        assert not conversations.is_told(known, personal(clock))
        assert not conversations.is_told(None, moved)


async def test_a_closed_chat_is_not_spoken_into_until_it_opens_again(
    db: Database, clock: FakeClock
) -> None:
    async with db.session() as session:
        await conversations.note(session, personal(clock))
        await conversations.close(session, "a:1", clock())
    async with db.reading() as session:
        assert await conversations.of_person(session, "aad-anna") is None
    async with db.session() as session:
        assert await conversations.note(session, personal(clock))
    async with db.reading() as session:
        assert (await conversations.of_person(session, "aad-anna")) is not None


async def test_channels_are_found_by_team_and_the_latest_address_serves_all(
    db: Database, clock: FakeClock
) -> None:
    async with db.session() as session:
        for number, name in enumerate(("19:b", "19:a")):
            row = Conversation(
                id=name, kind="channel", service_url=f"https://smba/{number}/", bot="28:app",
                team="19:b", noted_at=clock() + timedelta(minutes=number),
            )  # fmt: skip
            await conversations.note(session, row)
    async with db.reading() as session:
        assert [row.id for row in await conversations.of_team(session, "19:b")] == ["19:a", "19:b"]
        latest = await conversations.latest(session)
        assert latest is not None
        assert latest.service_url == "https://smba/1/"


async def test_an_erased_person_leaves_no_chat(db: Database, clock: FakeClock) -> None:
    async with db.session() as session:
        await conversations.note(session, personal(clock))
        await conversations.forget_people(session, ["aad-anna"])
    async with db.reading() as session:
        assert await conversations.by_id(session, "a:1") is None


async def test_places_whose_team_nobody_told_are_known(
    db: Database, clock: FakeClock, make: Make
) -> None:
    channel = Conversation(
        id="19:told", kind="channel", service_url="https://smba/emea/", bot="28:app", team="19:t",
        noted_at=clock(),
    )  # fmt: skip
    group = channel.model_copy(update={"id": "19:group", "kind": "group", "team": None})
    async with db.session() as session:
        await conversations.note(session, channel)
        await conversations.note(session, group)
    for place in ("teams:19:told", "teams:19:group", "teams:19:untold", "slack:C1"):
        member = await make.member(place)
        platform = place.partition(":")[0]
        await make.save(
            BoundPlace(platform=platform, place=place, member_id=member.id, bound_at=clock())
        )
    async with db.reading() as session:
        assert list(await conversations.places_without_team(session)) == ["19:untold"]
