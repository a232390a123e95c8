"""Reasons that several accounts name within days: found, opened, joined, closed."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, String, cast, exists, func
from sqlmodel import col, select

from storage.db import Session
from storage.models import (
    Account,
    Contact,
    Invitation,
    Reply,
    Response,
    ResponseStatus,
    SharedReason,
    SharedReasonResponse,
    SharedState,
    Survey,
)
from storage.writing import insert_new

_LAST_PASSIVE = 8


class Voice(NamedTuple):
    """A critic's or passive's answer with whose it is."""

    response: Response
    account: Account
    contact: Contact


async def critical(
    session: Session, since: datetime, kinds: Collection[str], limit: int
) -> Sequence[Response]:
    """Gives the answers of critics and passives since a time that count, the oldest first."""
    query = (
        select(Response)
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .where(col(Response.answered_at) > since, *_counts(kinds))
        .order_by(col(Response.answered_at), col(Response.id))
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def naming(
    session: Session, reason: str, since: datetime, kinds: Collection[str], limit: int
) -> list[Response]:
    """Gives the answers of critics and passives since a time that name a reason.

    What a shared reason of it holds already, open or not, is not among them.
    """
    known = (
        exists()
        .where(col(SharedReasonResponse.response_id) == col(Response.id))
        .where(col(SharedReason.id) == col(SharedReasonResponse.shared_reason_id))
        .where(col(SharedReason.reason) == reason)
    )
    query = (
        select(Response)
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .where(
            col(Response.answered_at) > since,
            *_counts(kinds),
            # As the list is stored; the answer is looked at once more below.
            cast(col(Response.reasons), String).contains(json.dumps(reason), autoescape=True),
            ~known,
        )
        .order_by(col(Response.answered_at), col(Response.id))
        .limit(limit)
    )
    return [each for each in (await session.exec(query)).all() if reason in each.reasons]


async def known_reasons(session: Session) -> set[str]:
    """Gives the reasons that the surveys offer."""
    return {key for keys in (await session.exec(select(Survey.reasons))).all() for key in keys}


async def open_now(session: Session) -> dict[str, SharedReason]:
    """Gives the open shared reasons by reason."""
    query = select(SharedReason).where(col(SharedReason.state) == SharedState.OPEN)
    return {each.reason: each for each in (await session.exec(query)).all()}


async def open_new(session: Session, reason: str, now: datetime) -> SharedReason | None:
    """Opens a shared reason; None when somebody else did it at the same moment."""
    before = select(func.count()).where(col(SharedReason.reason) == reason)
    key = f"{reason}:{(await session.exec(before)).one()}"
    row = {
        "key": key, "reason": reason, "state": SharedState.OPEN, "version": 1, "opened_at": now,
    }  # fmt: skip
    await insert_new(session, SharedReason, [row])
    found = await session.exec(select(SharedReason).where(col(SharedReason.key) == key))
    opened = found.one()
    return opened if opened.state == SharedState.OPEN and opened.opened_at == now else None


async def join(session: Session, shared_id: int, response_ids: Collection[int]) -> None:
    """Adds answers to a shared reason; those it holds are left as they are."""
    rows = [{"shared_reason_id": shared_id, "response_id": each} for each in response_ids]
    await insert_new(session, SharedReasonResponse, rows)


async def by_id(session: Session, shared_id: int) -> SharedReason | None:
    """Gives a shared reason as it stands now, or None."""
    return await session.get(SharedReason, shared_id, populate_existing=True)


async def voices(session: Session, shared_id: int) -> list[Voice]:
    """Gives the answers of a shared reason that are still critical ones, by account and time."""
    query = (
        select(Response, Account, Contact)
        .join(SharedReasonResponse, col(SharedReasonResponse.response_id) == col(Response.id))
        .join(Account, col(Account.id) == col(Response.account_id))
        .join(Contact, col(Contact.id) == col(Response.contact_id))
        .where(
            col(SharedReasonResponse.shared_reason_id) == shared_id,
            col(Response.status) == ResponseStatus.CONFIRMED,
            col(Response.reply) == Reply.SCORE,
            col(Response.score) <= _LAST_PASSIVE,
        )
        .order_by(col(Account.name), col(Account.id), col(Response.answered_at), col(Response.id))
    )
    return [Voice(*row) for row in (await session.exec(query)).all()]


def _counts(kinds: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Response.kind).in_(kinds),
        col(Response.status) == ResponseStatus.CONFIRMED,
        col(Response.reply) == Reply.SCORE,
        col(Response.score) <= _LAST_PASSIVE,
        col(Response.imported).is_(False),
        col(Invitation.is_test).is_(False),
    )
