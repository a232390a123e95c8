"""The console's rows on both databases."""

from storage import console, members
from storage.db import Database
from tests.factories import Make
from tests.fakes import FakeClock


async def test_messages_of_a_place_come_oldest_first_and_are_found_in_their_place_only(
    db: Database, clock: FakeClock
) -> None:
    async with db.session() as session:
        first = await console.add_message(session, "console:a", "k:1", {}, "en", None, clock())
        await console.add_message(session, "console:b", "k:2", {}, "en", None, clock())
        reply = await console.add_message(session, "console:a", "k:3", {}, "en", first.id, clock())
    async with db.reading() as session:
        assert [row.key for row in await console.messages(session, "console:a")] == ["k:1", "k:3"]
        assert (await console.places(session))["console:a"] == (2, reply.id)
        assert await console.find(session, "console:a", str(first.id)) is not None
        assert await console.find(session, "console:b", str(first.id)) is None
        assert await console.find(session, "console:a", "1; DROP TABLE") is None
        assert await console.find(session, "console:a", "9" * 30) is None


async def test_the_version_changes_with_every_message_change_and_mail(
    db: Database, clock: FakeClock
) -> None:
    async def version() -> str:
        async with db.reading() as session:
            return await console.version(session)

    seen = [await version()]
    async with db.session() as session:
        row = await console.add_message(session, "console:a", "k:1", {}, "en", None, clock())
    seen.append(await version())
    async with db.session() as session:
        row.changed_at = clock.forward(seconds=1)
        session.add(row)
    seen.append(await version())
    async with db.session() as session:
        await console.add_mail(session, "a@b", "Jane@Acme.example", "Hello", b"raw", clock())
    seen.append(await version())
    assert len(set(seen)) == 4


async def test_mails_are_found_by_recipient_and_by_words(
    db: Database, clock: FakeClock, make: Make
) -> None:
    account = await make.account()
    await make.contact(account, "Jane Jensen", email="jane@acme.example")
    async with db.session() as session:
        await console.add_mail(session, "s@x", "Jane@acme.example", "100% sure?", b"1", clock())
        await console.add_mail(session, "s@x", "ole@acme.example", "Hello", b"2", clock())
    async with db.reading() as session:
        assert [row[2] for row in await console.mails(session)] == [
            "ole@acme.example",
            "jane@acme.example",
        ]
        assert len(await console.mails(session, "JANE@acme.example")) == 1
        assert len(await console.mails(session, typed="0% S")) == 1
        assert len(await console.mails(session, typed="_")) == 0
        assert await console.count_mails(session) == (2, 2)
        assert list(await console.recipients(session)) == [
            ("jane@acme.example", "Jane Jensen", account.name),
            ("ole@acme.example", None, None),
        ] or list(await console.recipients(session)) == [
            ("ole@acme.example", None, None),
            ("jane@acme.example", "Jane Jensen", account.name),
        ]
        mail = await console.mail(session, "1")
        assert mail is not None
        assert mail.raw == b"1"


async def test_bound_places_are_listed_before_anything_is_posted(
    db: Database, clock: FakeClock, make: Make
) -> None:
    team = await make.team("Nordics")
    async with db.session() as session:
        await members.bind(session, "console:nordics", clock(), team_id=team.id)
        await members.bind(session, "slack:C1", clock(), team_id=team.id)
    async with db.reading() as session:
        assert list(await console.bound(session)) == ["console:nordics"]
