"""Mails that came back: which of our messages they are about, and what that changes."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlmodel import col, exists, select, update

from storage import answers, sending, wave_rollups
from storage.db import Session
from storage.models import (
    Account,
    Contact,
    Invitation,
    InvitationStatus,
    Letter,
    MailReply,
    Reminder,
    Response,
)
from storage.writing import changed_rows

_OUT = (InvitationStatus.SENT, InvitationStatus.DOUBT)


class Sent(NamedTuple):
    """One of our messages, and whom it was for."""

    contact: Contact
    account: Account
    invitation: Invitation | None
    letter: Letter | None

    @property
    def sent_on(self) -> date | None:
        """The day it went out."""
        row = self.invitation or self.letter
        return row.sent_at.date() if row is not None and row.sent_at is not None else None


async def known(session: Session, message_id: str) -> bool:
    """Tells whether a mail was taken before."""
    query = select(MailReply.id).where(col(MailReply.message_id) == message_id).limit(1)
    return (await session.exec(query)).first() is not None


async def sent_of(session: Session, keys: Sequence[str]) -> Sent | None:
    """Gives the first message that one of these keys names: `invitation.7`, `reminder.7.1`."""
    for key in keys:
        kind, _, rest = key.partition(".")
        number = rest.partition(".")[0]
        if not number.isascii() or not number.isdigit() or len(number) > 9:
            continue
        invitation: Invitation | None = None
        letter: Letter | None = None
        if kind == "invitation":
            invitation = await session.get(Invitation, int(number))
        elif kind == "reminder":
            reminder = await session.get(Reminder, int(number))
            if reminder is not None:
                invitation = await session.get(Invitation, reminder.invitation_id)
        elif kind == "letter":
            letter = await session.get(Letter, int(number))
        row = invitation or letter
        if row is None:
            continue
        contact = await session.get_one(Contact, row.contact_id)
        account = await session.get_one(Account, row.account_id)
        return Sent(contact, account, invitation, letter)
    return None


async def bounce(
    session: Session, sent: Sent, code: str | None, dead: bool, now: datetime, months: int
) -> None:
    """Notes that a message came back; with `dead` its address is not written to any more."""
    invitation = sent.invitation
    if invitation is not None:
        answered = exists().where(col(Response.invitation_id) == col(Invitation.id))
        changed = await changed_rows(
            session,
            update(Invitation)
            .where(col(Invitation.id) == invitation.id, col(Invitation.status).in_(_OUT), ~answered)
            .values(status=InvitationStatus.BOUNCED, reason=code)
            .execution_options(synchronize_session=False),
        )
        if changed:
            await session.execute(
                update(Reminder)
                .where(
                    col(Reminder.invitation_id) == invitation.id,
                    col(Reminder.status) == InvitationStatus.PLANNED,
                )
                .values(status=InvitationStatus.CANCELLED, reason="bounced")
            )
            accounts = [invitation.account_id]
            await answers.recount(session, accounts, invitation.kind, now, months)
            if invitation.wave_id is not None:
                await wave_rollups.recount(session, [invitation.wave_id], accounts)
    if dead:
        await sending.mark_bouncing(session, sent.contact.id)


async def put_off(session: Session, sent: Sent, until: date) -> None:
    """Moves what is still planned for somebody who is away to the day after they are back."""
    mine = select(Invitation.id).where(col(Invitation.contact_id) == sent.contact.id)
    query = select(Reminder).where(
        col(Reminder.invitation_id).in_(mine), col(Reminder.status) == InvitationStatus.PLANNED
    )
    for reminder in (await session.exec(query)).all():
        days = (until + timedelta(days=1) - reminder.send_at.date()).days
        if days > 0:
            reminder.send_at += timedelta(days=days)
            session.add(reminder)


async def note(
    session: Session,
    sent: Sent,
    message_id: str,
    what: str,
    now: datetime,
    until: date | None,
    code: str | None,
) -> None:
    """Remembers that a mail was taken, and what it told."""
    session.add(
        MailReply(
            message_id=message_id,
            at=now,
            what=what,
            contact_id=sent.contact.id,
            invitation_id=sent.invitation.id if sent.invitation else None,
            letter_id=sent.letter.id if sent.letter else None,
            until=until,
            code=code,
        )
    )
