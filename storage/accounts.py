"""Accounts and their people: names to search, and the rows behind one account's card."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, true
from sqlmodel import col, select

from storage.db import Session
from storage.measures import ASKED, asked_at
from storage.models import (
    NAMELESS,
    Account,
    Case,
    CaseEvent,
    CaseResponse,
    Contact,
    Invitation,
    InvitationStatus,
    Member,
    Reminder,
    Response,
    Wave,
)


@dataclass(frozen=True)
class SeenBy:
    """Whose accounts are meant: those of a team and those a member owns."""

    owner_id: int
    team_id: int | None


class NameRow(NamedTuple):
    """What is needed to find an account by what somebody typed."""

    id: int
    key: str
    name: str
    aliases: list[str]


async def names(session: Session, seen_by: SeenBy | None) -> list[NameRow]:
    """Gives the names of all accounts somebody may see, by name."""
    query = (
        select(col(Account.id), col(Account.key), col(Account.name), col(Account.aliases))
        .where(seen(seen_by))
        .order_by(col(Account.name), col(Account.id))
    )
    return [NameRow(*row) for row in (await session.exec(query)).all()]


async def exactly(session: Session, seen_by: SeenBy | None, typed: str) -> Sequence[Account]:
    """Gives the accounts whose key or name is what was typed, whatever the case."""
    wanted = typed.strip().lower()
    query = (
        select(Account)
        .where(
            or_(func.lower(col(Account.key)) == wanted, func.lower(col(Account.name)) == wanted),
            seen(seen_by),
        )
        .limit(2)
    )
    return (await session.exec(query)).all()


async def segments(session: Session) -> list[str]:
    """Gives the segments that accounts have now, by name."""
    query = select(col(Account.segment)).distinct().order_by(col(Account.segment))
    return [name for name in (await session.exec(query)).all() if name]


async def by_id(session: Session, account_id: int) -> Account | None:
    """Gives an account, or None."""
    return await session.get(Account, account_id)


async def of_ids(session: Session, ids: Collection[int]) -> list[Account]:
    """Gives the accounts with these ids, in the order of the ids."""
    query = select(Account).where(col(Account.id).in_(ids))
    found = {account.id: account for account in (await session.exec(query)).all()}
    return [found[each] for each in ids if each in found]


async def owned_by(session: Session, member_id: int) -> Sequence[Account]:
    """Gives the accounts a member owns, by name."""
    query = select(Account).where(col(Account.owner_id) == member_id).order_by(col(Account.name))
    return (await session.exec(query)).all()


async def of_team(session: Session, team_id: int) -> Sequence[Account]:
    """Gives the accounts of a team, by name."""
    query = select(Account).where(col(Account.team_id) == team_id).order_by(col(Account.name))
    return (await session.exec(query)).all()


async def contacts(session: Session, account_ids: Collection[int]) -> Sequence[Contact]:
    """Gives the contacts of accounts whatever their status, by name."""
    query = (
        select(Contact)
        .where(col(Contact.account_id).in_(account_ids))
        .order_by(col(Contact.name), col(Contact.id))
    )
    return (await session.exec(query)).all()


async def contact(session: Session, contact_id: int) -> Contact | None:
    """Gives a contact who is not erased, or None."""
    found = await session.get(Contact, contact_id)
    return None if found is None or found.status in NAMELESS else found


async def asked_of(session: Session, account_ids: Collection[int]) -> Sequence[Invitation]:
    """Gives all that was sent (or is in doubt) to the people of accounts, trials left out."""
    # As a plain column the status would make SQLite read every invitation there is.
    status = func.coalesce(col(Invitation.status), "")
    query = (
        select(Invitation)
        .where(
            col(Invitation.account_id).in_(account_ids),
            status.in_((*ASKED, InvitationStatus.BOUNCED)),
            col(Invitation.is_test).is_(False),
        )
        .order_by(asked_at(), col(Invitation.id))
    )
    return (await session.exec(query)).all()


async def responses_of(
    session: Session, account_ids: Collection[int], kinds: Collection[str]
) -> list[tuple[Response, int | None]]:
    """Gives the responses of accounts with their waves, the oldest first, trials left out."""
    query = (
        select(Response, col(Invitation.wave_id))
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .where(
            col(Response.account_id).in_(account_ids),
            col(Response.kind).in_(kinds),
            col(Invitation.is_test).is_(False),
        )
        .order_by(col(Response.answered_at), col(Response.id))
    )
    return [(row[0], row[1]) for row in (await session.exec(query)).all()]


async def reminders_of(
    session: Session, account_ids: Collection[int], since: datetime
) -> dict[int, Reminder]:
    """Gives the last reminder, sent or planned, of each invitation sent since a time."""
    query = (
        select(Reminder)
        .join(Invitation, col(Invitation.id) == col(Reminder.invitation_id))
        .where(
            col(Invitation.account_id).in_(account_ids),
            asked_at() >= since,
            col(Reminder.status).in_((InvitationStatus.PLANNED, InvitationStatus.SENDING, *ASKED)),
        )
        .order_by(col(Reminder.number))
    )
    return {each.invitation_id: each for each in (await session.exec(query)).all()}


async def cases_of(session: Session, account_ids: Collection[int]) -> Sequence[Case]:
    """Gives all cases of accounts, the latest first."""
    query = (
        select(Case)
        .where(col(Case.account_id).in_(account_ids))
        .order_by(col(Case.opened_at).desc(), col(Case.id).desc())
    )
    return (await session.exec(query)).all()


async def case_responses(session: Session, account_ids: Collection[int]) -> Sequence[CaseResponse]:
    """Gives which response belongs to which case of these accounts."""
    query = (
        select(CaseResponse)
        .join(Case, col(Case.id) == col(CaseResponse.case_id))
        .where(col(Case.account_id).in_(account_ids))
    )
    return (await session.exec(query)).all()


async def reopened_by_customer(session: Session, account_ids: Collection[int]) -> set[int]:
    """Gives the cases of accounts that were opened again by no member of ours."""
    query = (
        select(col(CaseEvent.case_id))
        .join(Case, col(Case.id) == col(CaseEvent.case_id))
        .where(
            col(Case.account_id).in_(account_ids),
            col(CaseEvent.act) == "reopened",
            col(CaseEvent.member_id).is_(None),
        )
    )
    return set((await session.exec(query)).all())


async def wave_names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Gives the names of waves by id."""
    query = select(col(Wave.id), col(Wave.name)).where(col(Wave.id).in_(ids))
    return {row[0]: row[1] for row in (await session.exec(query)).all()}


async def member_names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Gives the names of members by id, also of those who left."""
    query = select(col(Member.id), col(Member.name)).where(col(Member.id).in_(ids))
    return {row[0]: row[1] for row in (await session.exec(query)).all()}


def seen(seen_by: SeenBy | None) -> ColumnElement[bool]:
    if seen_by is None:
        return true()
    owned = col(Account.owner_id) == seen_by.owner_id
    if seen_by.team_id is None:
        return owned
    return or_(owned, col(Account.team_id) == seen_by.team_id)
