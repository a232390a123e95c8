"""Cases, the responses joined to them, and their timeline."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Executable, ScalarSelect, and_, func, true
from sqlalchemy import select as columns
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, col, delete, or_, select, update

from storage import versions
from storage.db import Session
from storage.lists import among, one_of
from storage.models import (
    OPEN_STATES,
    Account,
    Case,
    CaseEvent,
    CaseResponse,
    Contact,
    MemberRole,
    Response,
)
from storage.writing import insert_new, inserting

CaseKey = tuple[int, str, int | None, bool]  # account, kind, wave, hidden from the owner


_KEY = ("account_id", "kind", "wave_id", "hidden_from_owner")


class AnotherOpen(Exception):
    """Another case was opened for the same a moment before; nothing was kept."""


class Opened(NamedTuple):
    """What joining an open case needs to know of it; making a whole row of each costs too much."""

    id: int
    state: str
    version: int
    take_by: datetime | None
    contact_by: datetime | None
    contacted_at: datetime | None = None


class Stake(NamedTuple):
    """What decides of an account whose a case is and how soon it is due."""

    account_id: int
    owner_id: int | None
    team_id: int | None
    tier: str | None
    strategic: bool
    renewal_date: date | None
    once_kept_from: Sequence[int]
    place: str | None  # where its owner is told, else its team

    @property
    def kept_from(self) -> frozenset[int | None]:
        """The members who must not know what is kept from the owner."""
        return frozenset((self.owner_id, *self.once_kept_from))


class Person(NamedTuple):
    """What decides of a member whether a case can be theirs, and their working hours."""

    id: int
    name: str
    role: str
    team_id: int | None
    timezone: str | None
    country: str | None
    left_at: datetime | None
    away_from: datetime | None
    away_until: datetime | None
    backup_id: int | None


@dataclass(frozen=True)
class Ground:
    """What opening cases needs to know: the people and accounts around a group of critics."""

    roles: Mapping[int, str | None]  # of the contacts
    accounts: Mapping[int, Stake]
    members: Mapping[int, Person]
    leads: Mapping[int, Person]
    cases: Mapping[CaseKey, Opened]
    joined: Mapping[int, Case]


async def ground(
    session: Session, contact_ids: Collection[int], response_ids: Collection[int]
) -> Ground:
    """Loads all that opening cases for these critics needs, in a fixed number of statements.

    `response_ids` are those of the critics that may belong to a case already.
    """
    asked = (await session.run(_asked(), {"ids": list(contact_ids)})).all()
    accounts = {row[2]: Stake(*row[2:]) for row in asked}
    owner_ids = {each.owner_id for each in accounts.values() if each.owner_id is not None}
    team_ids = {each.team_id for each in accounts.values() if each.team_id is not None}
    members = await _people(session, owner_ids, team_ids)
    backup_ids = {member.backup_id for member in members if member.backup_id is not None}
    backups = await _people(session, backup_ids, ()) if backup_ids else ()
    return Ground(
        {contact_id: role for contact_id, role, *_account in asked},
        accounts,
        {member.id: member for member in (*members, *backups)},
        {
            member.team_id: member
            for member in members
            if member.role == MemberRole.TEAM_LEAD and member.team_id is not None
        },
        await open_of(session, accounts),
        await of_responses(session, response_ids) if response_ids else {},
    )


async def _people(
    session: Session, member_ids: Collection[int], team_ids: Collection[int]
) -> Sequence[Person]:
    around = {"ids": list(member_ids), "teams": list(team_ids)}
    return [Person(*row) for row in (await session.run(_members(), around)).all()]


# Built once: on the way of every answer, building a statement costs more than running it.
@cache
def _asked() -> Executable:
    # The lock makes two groups open the case of one account after each other: a case without a
    # wave has no unique key that would stop the second.
    account = SQLModel.metadata.tables["account"]
    contact = SQLModel.metadata.tables["contact"]
    query = (
        columns(
            contact.c.id,
            contact.c.role,
            account.c.id,
            *(account.c[name] for name in Stake._fields[1:-1]),
            func.coalesce(
                _first_place("member_id", account.c.owner_id),
                _first_place("team_id", account.c.team_id),
            ),
        )
        .join(account, account.c.id == contact.c.account_id)
        .where(among(contact.c.id, "ids"))
        .order_by(account.c.id)
    )
    return query.with_for_update(key_share=True, of=account)


def _first_place(of: str, member_or_team: ColumnElement[int]) -> ScalarSelect[str]:
    place = SQLModel.metadata.tables["bound_place"]
    bound = columns(place.c.place).where(place.c[of] == member_or_team)
    return bound.order_by(place.c.id).limit(1).scalar_subquery()


@cache
def _members() -> Executable:
    member = SQLModel.metadata.tables["member"]
    is_lead = and_(
        among(member.c.team_id, "teams"),
        member.c.role == MemberRole.TEAM_LEAD,
        member.c.left_at.is_(None),
    )
    found = columns(*(member.c[name] for name in Person._fields))
    return found.where(or_(among(member.c.id, "ids"), is_lead))


@cache
def _open() -> Executable:
    case = SQLModel.metadata.tables["case"]
    key = (case.c[name] for name in _KEY)
    return columns(*key, *(case.c[name] for name in Opened._fields)).where(
        among(case.c.account_id, "ids"), one_of(case.c.state, OPEN_STATES)
    )


async def open_of(session: Session, account_ids: Collection[int]) -> dict[CaseKey, Opened]:
    """Gives the open cases of these accounts by their key."""
    found = (await session.run(_open(), {"ids": list(account_ids)})).all()
    return {(row[0], row[1], row[2], row[3]): Opened(*row[4:]) for row in found}


async def open_new(session: Session, rows: Sequence[dict[str, Any]]) -> dict[CaseKey, Opened]:
    """Opens cases, and gives by key those that were not open already."""
    if not rows:
        return {}
    statement = inserting(session, Case, "id", *_KEY)
    made = (await session.run(statement, list(rows))).all()
    by_key = {tuple(row[name] for name in _KEY): row for row in rows}
    opened: dict[CaseKey, Opened] = {}
    for case_id, account_id, kind, wave_id, hidden in made:
        row = by_key[account_id, kind, wave_id, hidden]
        known = (row[name] for name in Opened._fields[1:-1])
        opened[account_id, kind, wave_id, hidden] = Opened(case_id, *known)
    return opened


async def join(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Joins responses to cases; a response that belongs to a case stays where it is."""
    await insert_new(session, CaseResponse, rows)


async def note_events(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Adds lines to the timelines of cases."""
    await insert_new(session, CaseEvent, rows)


async def change(
    session: Session, case: Case, values: Mapping[str, Any], *, version: int | None = None
) -> bool:
    """Changes a case while it stands as it was read; raises AnotherOpen beside an open one."""
    try:
        return await versions.change(session, case, values, version=version)
    except IntegrityError as error:
        raise AnotherOpen(case.id) from error


async def change_many(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Changes many cases at once; each row holds `id` and the new values of the same columns."""
    if rows:
        await session.execute(update(Case), list(rows))


async def take_out(session: Session, response_id: int) -> None:
    """Takes a response out of its case."""
    await session.execute(
        delete(CaseResponse)
        .where(col(CaseResponse.response_id) == response_id)
        .execution_options(synchronize_session=False)
    )


async def contacts_of(session: Session, case_id: int) -> Sequence[Contact]:
    """Gives the contacts of a case."""
    query = (
        select(Contact)
        .join(Response, col(Response.contact_id) == col(Contact.id))
        .join(CaseResponse, col(CaseResponse.response_id) == col(Response.id))
        .where(col(CaseResponse.case_id) == case_id)
    )
    return (await session.exec(query)).all()


async def of_responses(session: Session, response_ids: Collection[int]) -> dict[int, Case]:
    """Gives the case of each response that belongs to one."""
    query = (
        select(CaseResponse.response_id, Case)
        .join(Case, col(Case.id) == col(CaseResponse.case_id))
        .where(col(CaseResponse.response_id).in_(response_ids))
    )
    found: Sequence[tuple[int, Case]] = (await session.exec(query)).all()
    return dict(found)


async def to_look_at(session: Session, now: datetime, limit: int = 200) -> Sequence[Case]:
    """Gives open cases whose deadlines must be looked at now, the oldest first."""
    query = (
        select(Case)
        .where(col(Case.remind_at) <= now, col(Case.state).in_(OPEN_STATES))
        .order_by(col(Case.remind_at), col(Case.id))
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def look_again(session: Session, case: Case, at: datetime | None) -> None:
    """Sets when a case's deadlines are looked at next, unless it was changed meanwhile."""
    await session.execute(
        update(Case)
        .where(col(Case.id) == case.id, col(Case.version) == case.version)
        .values(remind_at=at)
        .execution_options(synchronize_session=False)
    )


async def note_escalation(session: Session, case: Case, to: str) -> None:
    """Notes who was told about a missed deadline; nobody's click is made stale by it.

    A lead in another time zone may hear after CX: that stays the last step.
    """
    which = col(Case.id) == case.id
    if to != "cx":
        which &= col(Case.escalated_to).is_(None)
    await session.execute(
        update(Case)
        .where(which)
        .values(escalated_to=to)
        .execution_options(synchronize_session=False)
    )


async def last_note(session: Session, case_id: int, act: str) -> str | None:
    """Gives what was written with the last act of a kind."""
    query = (
        select(CaseEvent.note)
        .where(col(CaseEvent.case_id) == case_id, col(CaseEvent.act) == act)
        .order_by(col(CaseEvent.id).desc())
        .limit(1)
    )
    return (await session.exec(query)).first()


async def open_with_accounts(
    session: Session, account_ids: Collection[int] | None = None
) -> list[tuple[Case, Account]]:
    """Gives all open cases (of these accounts) with their accounts, the most urgent first."""
    which = true() if account_ids is None else col(Case.account_id).in_(account_ids)
    query = (
        select(Case, Account)
        .join(Account, col(Account.id) == col(Case.account_id))
        .where(col(Case.state).in_(OPEN_STATES), which)
        .order_by(func.coalesce(col(Case.remind_at), col(Case.contact_by)), col(Case.id))
    )
    return list((await session.exec(query)).all())
