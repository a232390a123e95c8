"""Finds what is measured: the account, team, segment or wave behind a typed key or name."""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, SQLColumnExpression, func, select, true
from sqlmodel import col

from storage.db import Session
from storage.models import Account, Invitation, Member, Team, Wave


@dataclass(frozen=True)
class Part:
    """What is counted: these accounts, those of one or of several teams, a segment's, or all.

    None among several teams stands for the accounts of no team.
    """

    account_ids: tuple[int, ...] | None = None
    team_id: int | None = None
    segment: str | None = None
    team_ids: tuple[int | None, ...] | None = None


class AccountRow(NamedTuple):
    """What is true of an account now."""

    id: int
    key: str
    name: str
    team: str | None
    value: float | None
    currency: str | None


async def accounts(session: Session, part: Part) -> list[AccountRow]:
    """Gives the accounts that belong to a part of the programme now, by key."""
    query = (
        select(
            col(Account.id),
            col(Account.key),
            col(Account.name),
            col(Team.name),
            col(Account.annual_value),
            col(Account.currency),
        )
        .outerjoin(Team, col(Team.id) == col(Account.team_id))
        .where(_belongs(part))
        .order_by(col(Account.key))
    )
    return [AccountRow(*row) for row in (await session.execute(query)).all()]


async def owners_without_team(session: Session) -> set[int | None]:
    """Gives who owns accounts that belong to no team now; None stands for nobody."""
    query = select(col(Account.owner_id)).where(col(Account.team_id).is_(None)).distinct()
    return set((await session.execute(query)).scalars().all())


async def find_account(session: Session, key: str) -> Account | None:
    """Gives the account with this key, compared without case where no key is exactly this."""
    query = select(Account).where(func.lower(col(Account.key)) == key.strip().lower())
    found = (await session.execute(query)).scalars().all()
    return next((account for account in found if account.key == key), next(iter(found), None))


async def find_team(session: Session, name: str) -> Team | None:
    """Gives the team of this name, compared without case where no team is exactly this."""
    query = select(Team).where(func.lower(col(Team.name)) == name.strip().lower())
    found = (await session.execute(query)).scalars().all()
    return next((team for team in found if team.name == name), next(iter(found), None))


async def find_segment(session: Session, name: str) -> str | None:
    """Gives a segment's name as it is written, if an account or an invitation has it."""
    for column in (col(Account.segment), col(Invitation.segment)):
        query = select(column).where(func.lower(column) == name.strip().lower()).limit(1)
        found: str | None = (await session.execute(query)).scalars().first()
        if found is not None:
            return found
    return None


async def find_wave(session: Session, name: str) -> Wave | None:
    """Gives the wave of this name, compared without case."""
    query = select(Wave).where(func.lower(col(Wave.name)) == name.strip().lower())
    return (await session.execute(query)).scalars().first()


async def team_size(session: Session, team_id: int) -> int:
    """Gives how many members of any function a team has, without those who left."""
    query = select(func.count()).where(
        col(Member.team_id) == team_id, col(Member.left_at).is_(None)
    )
    size: int = (await session.execute(query)).scalar_one()
    return size


def of_teams(
    team_id: SQLColumnExpression[int | None], team_ids: tuple[int | None, ...]
) -> ColumnElement[bool]:
    """The condition that a column holds one of these teams, or none where None is among them."""
    known = team_id.in_([each for each in team_ids if each is not None])
    return known | team_id.is_(None) if None in team_ids else known


def in_part(part: Part, account_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """The condition that a column holds an account that belongs to a part of the programme now."""
    if part == Part():
        return true()
    if part.account_ids is not None:
        return account_id.in_(part.account_ids)
    return account_id.in_(select(col(Account.id)).where(_belongs(part)))


def _belongs(part: Part) -> ColumnElement[bool]:
    if part.account_ids is not None:
        return col(Account.id).in_(part.account_ids)
    if part.team_id is not None:
        return col(Account.team_id) == part.team_id
    if part.team_ids is not None:
        return of_teams(col(Account.team_id), part.team_ids)
    if part.segment is not None:
        return col(Account.segment) == part.segment
    return true()
