"""The local console's messages and mails, which every process writes and the page reads."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from storage.db import Session
from storage.models import Account, BoundPlace, ConsoleMail, ConsoleMessage, Contact

MESSAGES_SHOWN = 200
MAILS_SHOWN = 200
MAX_DIGITS = 9  # what surely fits the databases' integers


async def add_message(
    session: Session,
    place: str,
    key: str,
    card: dict[str, Any],
    language: str,
    reply_to: int | None,
    now: datetime,
) -> ConsoleMessage:
    """Stores a message and gives it with its id."""
    row = ConsoleMessage(
        place=place, key=key, card=card, language=language, reply_to=reply_to, at=now
    )
    session.add(row)
    await session.flush()
    return row


async def find(session: Session, place: str, message_id: str) -> ConsoleMessage | None:
    """Gives the message of this id in this place, or None."""
    row = await session.get(ConsoleMessage, int(message_id)) if _is_id(message_id) else None
    return row if row is not None and row.place == place else None


async def messages(session: Session, place: str) -> Sequence[ConsoleMessage]:
    """Gives the latest messages of a place, oldest first."""
    query = (
        select(ConsoleMessage)
        .where(col(ConsoleMessage.place) == place)
        .order_by(col(ConsoleMessage.id).desc())
        .limit(MESSAGES_SHOWN)
    )
    return list(reversed((await session.exec(query)).all()))


async def places(session: Session) -> dict[str, tuple[int, int]]:
    """Gives each console place with messages: how many, and the id of the latest."""
    query = select(ConsoleMessage.place, func.count(), func.max(col(ConsoleMessage.id))).group_by(
        col(ConsoleMessage.place)
    )
    return {place: (number, last) for place, number, last in (await session.exec(query)).all()}


async def bound(session: Session) -> Sequence[str]:
    """Gives the console places to which a team or member is bound."""
    query = select(BoundPlace.place).where(col(BoundPlace.platform) == "console")
    return (await session.exec(query)).all()


async def version(session: Session) -> str:
    """Gives a word that changes whenever a message or mail is added or changed."""
    latest, changed = (
        await session.exec(
            select(func.max(col(ConsoleMessage.id)), func.max(col(ConsoleMessage.changed_at)))
        )
    ).one()
    mail = (await session.exec(select(func.max(col(ConsoleMail.id))))).one()
    return f"{latest}.{changed}.{mail}"


async def add_mail(
    session: Session, sender: str, recipient: str, subject: str, raw: bytes, now: datetime
) -> None:
    """Stores a mail that was delivered here."""
    session.add(
        ConsoleMail(at=now, sender=sender, recipient=recipient.lower(), subject=subject, raw=raw)
    )


async def mails(
    session: Session, recipient: str | None = None, typed: str = ""
) -> Sequence[tuple[int, datetime, str, str]]:
    """Gives the latest mails (id, at, recipient, subject), newest first, without their content."""
    query = select(ConsoleMail.id, ConsoleMail.at, ConsoleMail.recipient, ConsoleMail.subject)
    if recipient is not None:
        query = query.where(col(ConsoleMail.recipient) == recipient.lower())
    if typed:
        query = query.where(
            col(ConsoleMail.recipient).contains(typed.lower(), autoescape=True)
            | col(ConsoleMail.subject).icontains(typed, autoescape=True)
        )
    query = query.order_by(col(ConsoleMail.id).desc()).limit(MAILS_SHOWN)
    return (await session.exec(query)).all()


async def count_mails(session: Session) -> tuple[int, int]:
    """Gives how many mails there are, and the id of the latest (0 without any)."""
    query = select(func.count(), func.max(col(ConsoleMail.id)))
    number, last = (await session.exec(query)).one()
    return number, last or 0


async def mail(session: Session, mail_id: str) -> ConsoleMail | None:
    """Gives a whole mail, or None."""
    return await session.get(ConsoleMail, int(mail_id)) if _is_id(mail_id) else None


async def recipients(session: Session) -> Sequence[tuple[str, str | None, str | None]]:
    """Gives everybody who got a mail here: address, and where there is one the contact's name and
    account.
    """
    query = (
        select(ConsoleMail.recipient, func.min(Contact.name), func.min(Account.name))
        .outerjoin(Contact, col(Contact.email) == col(ConsoleMail.recipient))
        .outerjoin(Account, col(Account.id) == col(Contact.account_id))
        .group_by(col(ConsoleMail.recipient))
        .order_by(func.min(Contact.name), col(ConsoleMail.recipient))
    )
    return (await session.exec(query)).all()


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS
