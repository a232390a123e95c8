"""Prompts of which nobody knows whether they went out, and how a person settles that."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, func
from sqlmodel import col, select, update

from storage.db import Session
from storage.models import Account, Contact, Invitation, InvitationStatus, Reminder, Wave
from storage.sending import Sendable
from storage.waves import RUNNING
from storage.writing import changed_rows

# No send takes this long: whatever process had it, its answer is lost.
LOST_AFTER = timedelta(minutes=15)


async def has_lost(session: Session, now: datetime) -> bool:
    """Tells whether anything has been sending for longer than any send takes."""
    for model in (Invitation, Reminder):
        query = select(model.id).where(*_is_lost(model, now)).limit(1)
        if (await session.exec(query)).first() is not None:
            return True
    return False


async def lose(session: Session, now: datetime) -> None:
    """Puts into doubt what has been sending for longer than any send takes."""
    for model in (Invitation, Reminder):
        await session.exec(
            update(model).where(*_is_lost(model, now)).values(status=InvitationStatus.DOUBT)
        )


async def in_doubt(
    session: Session, wave_id: int, limit: int = 20
) -> Sequence[tuple[Invitation, Contact, Account]]:
    """Gives prompts of a wave that may or may not have gone out, the oldest first."""
    query = (
        select(Invitation, Contact, Account)
        .join(Contact, col(Contact.id) == col(Invitation.contact_id))
        .join(Account, col(Account.id) == col(Invitation.account_id))
        .where(col(Invitation.wave_id) == wave_id, col(Invitation.status) == InvitationStatus.DOUBT)
        .order_by(col(Invitation.claimed_at), col(Invitation.id))
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def send_again(session: Session, invitation_id: int, now: datetime) -> Invitation | None:
    """Plans a doubtful prompt anew; None when it is in doubt no more or its wave has ended."""
    running = select(Wave.id).where(col(Wave.state).in_(RUNNING))
    return await _settle_doubt(
        session,
        invitation_id,
        update(Invitation)
        .where(col(Invitation.wave_id).in_(running))
        .values(status=InvitationStatus.PLANNED, send_at=now, reason=None, claimed_by=None),
    )


async def believe_sent(session: Session, invitation_id: int, now: datetime) -> Invitation | None:
    """Counts a doubtful prompt as sent when it was tried; None when it is in doubt no more."""
    return await _settle_doubt(
        session,
        invitation_id,
        update(Invitation).values(
            status=InvitationStatus.SENT,
            sent_at=func.coalesce(col(Invitation.claimed_at), now),
            reason=None,
            claimed_by=None,
        ),
    )


async def _settle_doubt(
    session: Session, invitation_id: int, statement: Update
) -> Invitation | None:
    # The claim is given up with the doubt: an outcome that comes in later changes nothing.
    statement = statement.where(
        col(Invitation.id) == invitation_id, col(Invitation.status) == InvitationStatus.DOUBT
    )
    if await changed_rows(session, statement) != 1:
        return None
    return await session.get(Invitation, invitation_id, populate_existing=True)


def _is_lost(model: Sendable, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(model.status) == InvitationStatus.SENDING,
        col(model.claimed_at) < now - LOST_AFTER,
    )
