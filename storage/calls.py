"""Whom to call: accounts by their owner, what was said there last, and who stays silent."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, true
from sqlmodel import col, exists, or_, select

from storage.accounts import SeenBy
from storage.db import Session
from storage.measures import ASKED, asked_at
from storage.models import (
    NAMELESS,
    OPEN_STATES,
    Account,
    Case,
    Contact,
    ContactRole,
    ContactStatus,
    Invitation,
    Member,
    Promise,
    PromiseState,
    Response,
    ResponseStatus,
)


class Said(NamedTuple):
    """A confirmed answer and who gave it."""

    response: Response
    contact: Contact


class Silent(NamedTuple):
    """A decision maker who was asked; `asked_at` is the last time, `invitation_id` that one."""

    contact: Contact
    account: Account
    asked_at: datetime
    invitation_id: int


async def callable_accounts(
    session: Session, owner_ids: Collection[int] | None = None
) -> Sequence[Account]:
    """Gives the accounts of owners who have not left, those without an open case."""
    query = (
        select(Account)
        .join(Member, col(Member.id) == col(Account.owner_id))
        .where(
            col(Member.left_at).is_(None),
            ~exists().where(
                col(Case.account_id) == col(Account.id), col(Case.state).in_(OPEN_STATES)
            ),
        )
        .order_by(col(Account.id))
    )
    if owner_ids is not None:
        query = query.where(col(Account.owner_id).in_(owner_ids))
    return (await session.exec(query)).all()


async def people(session: Session, account_ids: Collection[int]) -> Sequence[Contact]:
    """Gives the contacts of accounts who may be called: neither gone nor erased."""
    gone = (ContactStatus.INACTIVE, *NAMELESS)
    query = (
        select(Contact)
        .where(col(Contact.account_id).in_(account_ids), col(Contact.status).not_in(gone))
        .order_by(col(Contact.name), col(Contact.id))
    )
    return (await session.exec(query)).all()


async def said(session: Session, account_ids: Collection[int]) -> list[Said]:
    """Gives the confirmed answers of accounts, the latest first, trials left out."""
    query = (
        select(Response, Contact)
        .join(Contact, col(Contact.id) == col(Response.contact_id))
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .where(
            col(Response.account_id).in_(account_ids),
            col(Response.status) == ResponseStatus.CONFIRMED,
            col(Invitation.is_test).is_(False),
            col(Contact.status).not_in(NAMELESS),
        )
        .order_by(col(Response.answered_at).desc(), col(Response.id).desc())
    )
    return [Said(*row) for row in (await session.exec(query)).all()]


async def promises(session: Session, account_ids: Collection[int]) -> Sequence[Promise]:
    """Gives the open promises to accounts, the first due first."""
    query = (
        select(Promise)
        .where(col(Promise.account_id).in_(account_ids), col(Promise.state) == PromiseState.OPEN)
        .order_by(col(Promise.due_on), col(Promise.id))
    )
    return (await session.exec(query)).all()


async def asked_decision_makers(
    session: Session,
    seen_by: SeenBy | None,
    kinds: Collection[str],
    since: datetime,
    until: datetime,
) -> list[Silent]:
    """Gives active decision makers whose last invitation went out in this span."""
    last = (
        select(
            col(Invitation.contact_id),
            func.max(asked_at()).label("asked_at"),
            func.max(col(Invitation.id)).label("invitation_id"),
        )
        .where(
            col(Invitation.kind).in_(kinds),
            col(Invitation.status).in_(ASKED),
            col(Invitation.is_test).is_(False),
            asked_at() >= since,
        )
        .group_by(col(Invitation.contact_id))
        .subquery()
    )
    seen: ColumnElement[bool] = true()
    if seen_by is not None:
        own, team = col(Account.owner_id) == seen_by.owner_id, seen_by.team_id
        seen = own if team is None else or_(own, col(Account.team_id) == team)
    query = (
        select(Contact, Account, last.c.asked_at, last.c.invitation_id)
        .join(Account, col(Account.id) == col(Contact.account_id))
        .join(last, last.c.contact_id == col(Contact.id))
        .where(
            col(Contact.role) == ContactRole.DECISION_MAKER,
            col(Contact.status) == ContactStatus.ACTIVE,
            last.c.asked_at <= until,
            seen,
        )
        .order_by(col(Contact.id))
    )
    return [Silent(*row) for row in (await session.exec(query)).all()]


async def answered_since(
    session: Session, contact_ids: Collection[int], kinds: Collection[str], since: datetime
) -> Sequence[Response]:
    """Gives the confirmed answers of contacts since a time."""
    query = select(Response).where(
        col(Response.contact_id).in_(contact_ids),
        col(Response.kind).in_(kinds),
        col(Response.status) == ResponseStatus.CONFIRMED,
        col(Response.answered_at) >= since,
    )
    return (await session.exec(query)).all()
