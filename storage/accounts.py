"""Accounts and their people: names to search, and the rows behind one account's card."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, true
from sqlmodel import col, select

from storage.db import Session
from storage.models import Account, Contact, ContactStatus


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
        .where(_seen(seen_by))
        .order_by(col(Account.name), col(Account.id))
    )
    return [NameRow(*row) for row in (await session.exec(query)).all()]


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
    return None if found is None or found.status == ContactStatus.ERASED else found


def _seen(seen_by: SeenBy | None) -> ColumnElement[bool]:
    if seen_by is None:
        return true()
    owned = col(Account.owner_id) == seen_by.owner_id
    if seen_by.team_id is None:
        return owned
    return or_(owned, col(Account.team_id) == seen_by.team_id)
