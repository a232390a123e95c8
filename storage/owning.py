"""Who a case is with: the owner's responsibility passes to others and comes back."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import func, or_
from sqlalchemy import select as select_rows
from sqlmodel import col, select, update

from storage.db import Session
from storage.models import (
    OPEN_STATES,
    Account,
    Case,
    CaseEvent,
    Promise,
    PromiseState,
    Task,
    TaskState,
)
from storage.writing import changed_rows


async def open_with(
    session: Session, *, member_id: int | None = None, account_ids: Collection[int] = ()
) -> list[tuple[Case, Account]]:
    """Gives the open cases that the owner may see: those with a member, or those of accounts."""
    which = (
        col(Case.account_id).in_(account_ids)
        if member_id is None
        else col(Case.owner_id) == member_id
    )
    query = (
        select_rows(Case, Account)
        .join(Account, col(Account.id) == col(Case.account_id))
        .where(which, col(Case.state).in_(OPEN_STATES), col(Case.hidden_from_owner).is_(False))
        .order_by(col(Case.id))
    )
    return [(case, account) for case, account in (await session.execute(query)).all()]


async def hidden_at(session: Session, account_ids: Collection[int]) -> list[tuple[int, int]]:
    """Gives case and account of what is kept from the owners of these accounts, ended or not."""
    query = select(Case.id, Case.account_id).where(
        col(Case.account_id).in_(account_ids), col(Case.hidden_from_owner).is_(True)
    )
    return list((await session.exec(query.order_by(col(Case.id)))).all())


async def last_acts(
    session: Session, case_ids: Collection[int], member_id: int, passed: str
) -> dict[int, CaseEvent]:
    """Gives by case the last event that a member did or that passed the case on (`passed`)."""
    query = (
        select(CaseEvent)
        .where(
            col(CaseEvent.case_id).in_(case_ids),
            or_(col(CaseEvent.member_id) == member_id, col(CaseEvent.act) == passed),
        )
        .order_by(col(CaseEvent.id))
    )
    return {each.case_id: each for each in (await session.exec(query)).all()}


async def hand_promises(
    session: Session, account_ids: Collection[int], old: int, new: int | None
) -> int:
    """Gives the open promises to accounts from one member to another; gives how many."""
    statement = (
        update(Promise)
        .where(
            col(Promise.account_id).in_(account_ids),
            col(Promise.deliverer_id) == old,
            col(Promise.state) == PromiseState.OPEN,
        )
        .values(deliverer_id=new, version=col(Promise.version) + 1)
        .execution_options(synchronize_session=False)
    )
    return await changed_rows(session, statement)


class Work(NamedTuple):
    """How much is with a member."""

    accounts: int
    cases: int
    tasks: int
    promises: int


async def work_of(session: Session, member_id: int) -> Work:
    """Gives how many accounts, open cases, tasks and promises are with a member."""
    counts = []
    for query in (
        select(func.count()).select_from(Account).where(col(Account.owner_id) == member_id),
        select(func.count())
        .select_from(Case)
        .where(col(Case.owner_id) == member_id, col(Case.state).in_(OPEN_STATES)),
        select(func.count())
        .select_from(Task)
        .where(col(Task.owner_id) == member_id, col(Task.state) == TaskState.OPEN),
        select(func.count())
        .select_from(Promise)
        .where(col(Promise.deliverer_id) == member_id, col(Promise.state) == PromiseState.OPEN),
    ):
        counts.append(int((await session.exec(query)).one()))
    return Work(*counts)


async def held_by(session: Session, member_id: int) -> list[tuple[Case, Account]]:
    """Gives the open cases with a member, those that the account's owner may not see too."""
    query = (
        select_rows(Case, Account)
        .join(Account, col(Account.id) == col(Case.account_id))
        .where(col(Case.owner_id) == member_id, col(Case.state).in_(OPEN_STATES))
        .order_by(col(Case.id))
    )
    return [(case, account) for case, account in (await session.execute(query)).all()]


async def open_hidden(session: Session) -> list[tuple[Case, Account]]:
    """Gives the open cases that the owners of their accounts may not see."""
    query = (
        select_rows(Case, Account)
        .join(Account, col(Account.id) == col(Case.account_id))
        .where(col(Case.state).in_(OPEN_STATES), col(Case.hidden_from_owner).is_(True))
        .order_by(col(Case.id))
    )
    return [(case, account) for case, account in (await session.execute(query)).all()]


async def hand_rest(session: Session, old: int, new: int) -> None:
    """Gives all open tasks and promises of a member to another, whatever the account."""
    await session.execute(
        update(Task)
        .where(col(Task.owner_id) == old, col(Task.state) == TaskState.OPEN)
        .values(owner_id=new, version=col(Task.version) + 1)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(Promise)
        .where(col(Promise.deliverer_id) == old, col(Promise.state) == PromiseState.OPEN)
        .values(deliverer_id=new, version=col(Promise.version) + 1)
        .execution_options(synchronize_session=False)
    )
