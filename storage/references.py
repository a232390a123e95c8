"""Who lets us use their name, and what it was used for."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select

from storage.db import Session
from storage.models import Reference


async def agree(
    session: Session,
    contact_id: int,
    account_id: int,
    response_id: int | None,
    forms: Sequence[str],
    note: str | None,
    member_id: int | None,
    now: datetime,
) -> Reference:
    """Notes for what a contact lets us use their name; what they allowed before stays."""
    found = (
        await session.exec(select(Reference).where(col(Reference.contact_id) == contact_id))
    ).first()
    if found is None:
        found = Reference(contact_id=contact_id, account_id=account_id, agreed_at=now)
    found.forms = [*found.forms, *(each for each in forms if each not in found.forms)]
    found.response_id = response_id or found.response_id
    found.note, found.agreed_by, found.agreed_at = note or found.note, member_id, now
    session.add(found)
    await session.flush()
    return found
