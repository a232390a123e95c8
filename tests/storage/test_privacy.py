"""Unsubscribing holds for the person in every account, and stops what was planned."""

from sqlmodel import select

from storage import privacy
from storage.db import Database
from storage.models import BlockEntry, Contact, Invitation, Reminder
from tests.conftest import SECRET
from tests.factories import Make
from tests.fakes import FakeClock


async def test_unsubscribing_holds_in_every_account_and_cancels_what_is_planned(
    db: Database, make: Make, clock: FakeClock
) -> None:
    wave = await make.wave()
    jane = await make.contact(await make.account(), email="jane@acme.example")
    same = await make.contact(await make.account(), email="jane@acme.example", status="bouncing")
    other = await make.contact(await make.account(), email="ole@acme.example")
    sent = await make.invitation(jane, wave)
    planned = await make.invitation(same, wave, status="planned", sent_at=None)
    untouched = await make.invitation(other, wave, status="planned", sent_at=None)
    reminder = await make.save(Reminder(invitation_id=sent.id, send_at=clock()))

    for _twice in range(2):
        async with db.session() as session:
            assert await privacy.unsubscribe(session, jane.id, clock(), secret=SECRET)

    async with db.reading() as session:
        assert (await session.get_one(Contact, jane.id)).status == "unsubscribed"
        assert (await session.get_one(Contact, same.id)).status == "unsubscribed"
        assert (await session.get_one(Contact, other.id)).status == "active"
        assert (await session.get_one(Invitation, sent.id)).status == "sent"
        assert (await session.get_one(Invitation, planned.id)).status == "cancelled"
        assert (await session.get_one(Invitation, planned.id)).reason == "unsubscribed"
        assert (await session.get_one(Invitation, untouched.id)).status == "planned"
        assert (await session.get_one(Reminder, reminder.id)).status == "cancelled"
        entries = (await session.exec(select(BlockEntry))).all()
        assert [entry.reason for entry in entries] == ["unsubscribed"]
        assert "jane" not in entries[0].email_hash


async def test_an_unknown_contact_cannot_unsubscribe(db: Database, clock: FakeClock) -> None:
    async with db.session() as session:
        assert not await privacy.unsubscribe(session, 99, clock(), secret=SECRET)
