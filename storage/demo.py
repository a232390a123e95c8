"""What the demo reads of its own story: mails in the sink, cards as they appear, and the
outcome.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import String, cast, func
from sqlmodel import col, select

from storage.db import Session
from storage.models import (
    Account,
    ConsoleMail,
    ConsoleMessage,
    Invitation,
    InvitationStatus,
    Member,
    MemberRole,
    Posting,
    Reply,
    Response,
    ResponseStatus,
    Wave,
)


async def account_managers(session: Session) -> Sequence[Member]:
    """Gives the members who own accounts."""
    query = (
        select(Member)
        .where(
            col(Member.role) == MemberRole.ACCOUNT_MANAGER,
            col(Member.id).in_(select(Account.owner_id)),
        )
        .order_by(col(Member.id))
    )
    return (await session.exec(query)).all()


async def mails(session: Session, after: int) -> Sequence[tuple[int, bytes]]:
    """Gives (id, raw mail) of the sink's mails after an id."""
    query = (
        select(ConsoleMail.id, ConsoleMail.raw)
        .where(col(ConsoleMail.id) > after)
        .order_by(col(ConsoleMail.id))
    )
    return (await session.exec(query)).all()


async def case_cards(session: Session, after: int) -> list[tuple[int, dict[str, Any]]]:
    """Gives (id, card data) of the case cards posted in the console after an id."""
    posted = select(Posting.message_id).where(col(Posting.subject) == "case")
    query = (
        select(ConsoleMessage.id, ConsoleMessage.card)
        .where(
            col(ConsoleMessage.id) > after,
            cast(col(ConsoleMessage.id), String).in_(posted),
        )
        .order_by(col(ConsoleMessage.id))
    )
    return [(message_id, dict(card)) for message_id, card in (await session.exec(query)).all()]


async def wave_outcome(session: Session, wave_id: int) -> tuple[int, int, int, int]:
    """Gives how many were sent, answered, answered as critics, and how many critics were posted."""
    of_wave = select(Invitation.id).where(col(Invitation.wave_id) == wave_id)
    confirmed = (
        col(Response.invitation_id).in_(of_wave),
        col(Response.status) == ResponseStatus.CONFIRMED,
    )
    critic = (*confirmed, col(Response.reply) == Reply.SCORE, col(Response.score) <= 6)
    sent = select(func.count()).where(
        col(Invitation.wave_id) == wave_id, col(Invitation.status) == InvitationStatus.SENT
    )
    answered = select(func.count()).where(*confirmed)
    critics = select(func.count()).where(*critic)
    posted = select(func.count(func.distinct(Posting.response_id))).where(
        col(Posting.response_id).in_(select(Response.id).where(*critic))
    )
    counts = [(await session.exec(query)).one() for query in (sent, answered, critics, posted)]
    return counts[0], counts[1], counts[2], counts[3]


async def account_with_critic(session: Session, wave: str) -> str:
    """Gives the name of the first account that has a critic in the wave."""
    query = (
        select(Account.name)
        .join(Response, col(Response.account_id) == col(Account.id))
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .join(Wave, col(Wave.id) == col(Invitation.wave_id))
        .where(col(Wave.name) == wave, col(Response.score) <= 6)
        .order_by(col(Response.id))
    )
    return (await session.exec(query)).first() or ""
