"""What is stored about a person, and how it is taken away."""

import hashlib
import hmac
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select

from storage.db import Session
from storage.models import (
    BlockEntry,
    Contact,
    ContactStatus,
    Invitation,
    InvitationStatus,
    Reminder,
)

UNSUBSCRIBED = "unsubscribed"
ERASED = "erased"


def email_hash(secret: str, email: str) -> str:
    """Gives the keyed hash (HMAC-SHA256, hex) under which a blocked e-mail is remembered."""
    return hmac.new(secret.encode(), email.strip().lower().encode(), hashlib.sha256).hexdigest()


async def block_reasons(session: Session) -> dict[str, str]:
    """Gives all block entries: hash of the e-mail -> `unsubscribed` or `erased`."""
    entries = await session.exec(select(BlockEntry.email_hash, BlockEntry.reason))
    return dict(entries.all())


async def blocked(session: Session, hashed: str) -> str | None:
    """Gives why the e-mail of this keyed hash is blocked, or None."""
    query = select(BlockEntry.reason).where(col(BlockEntry.email_hash) == hashed)
    return (await session.exec(query)).first()


async def is_left_alone(session: Session, contact: Contact, *, secret: str) -> bool:
    """Tells whether a contact asked not to be asked again, whatever their status says by now."""
    if contact.status == ContactStatus.UNSUBSCRIBED:
        return True
    hashed = email_hash(secret, contact.email) if contact.email else ""
    return await blocked(session, hashed) is not None


async def contacts_of(session: Session, email: str) -> Sequence[Contact]:
    """Gives the rows of a person over all accounts."""
    query = select(Contact).where(col(Contact.email) == email.strip().lower())
    return (await session.exec(query.order_by(col(Contact.id)))).all()


async def unsubscribe(session: Session, contact_id: int, now: datetime, *, secret: str) -> bool:
    """Lets a person never be asked again, in all accounts; False if there is no such contact.

    The block entry under the keyed hash (`secret` of the context) survives a new import; what was
    planned is cancelled. A second call changes nothing.
    """
    contact = await session.get(Contact, contact_id)
    if contact is None:
        return False
    if contact.email is None:
        rows: Sequence[Contact] = [contact]
    else:
        rows = await contacts_of(session, contact.email)
        await block(session, email_hash(secret, contact.email), UNSUBSCRIBED, now)
    for row in rows:
        if row.status != ContactStatus.ERASED:
            row.status = ContactStatus.UNSUBSCRIBED
            session.add(row)
    await cancel_planned(session, [row.id for row in rows], UNSUBSCRIBED)
    return True


async def block(session: Session, hashed: str, reason: str, now: datetime) -> None:
    """Remembers a blocked e-mail; `erased` replaces `unsubscribed`, never the other way round."""
    found = (
        await session.exec(select(BlockEntry).where(col(BlockEntry.email_hash) == hashed))
    ).first()
    if found is None:
        session.add(BlockEntry(email_hash=hashed, reason=reason, at=now))
    elif found.reason != reason and reason == ERASED:
        found.reason, found.at = reason, now
        session.add(found)
    await session.flush()


async def cancel_planned(session: Session, contact_ids: Collection[int], reason: str) -> None:
    """Cancels the planned invitations and reminders of these contacts."""
    if not contact_ids:
        return
    invitations = select(Invitation.id).where(col(Invitation.contact_id).in_(contact_ids))
    await session.exec(
        update(Reminder)
        .where(
            col(Reminder.invitation_id).in_(invitations),
            col(Reminder.status) == InvitationStatus.PLANNED,
        )
        .values(status=InvitationStatus.CANCELLED, reason=reason)
    )
    await session.exec(
        update(Invitation)
        .where(
            col(Invitation.contact_id).in_(contact_ids),
            col(Invitation.status) == InvitationStatus.PLANNED,
        )
        .values(status=InvitationStatus.CANCELLED, reason=reason)
    )
