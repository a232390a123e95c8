"""What was promised to customers: rows, changes, and what is due."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import or_
from sqlmodel import col, select, update

from storage.db import Session
from storage.models import Account, Case, Contact, Member, Promise, PromiseState


class Promised(NamedTuple):
    """A promise with the account it was made to, and who delivers it."""

    promise: Promise
    account: Account
    deliverer: Member | None


async def add(session: Session, promise: Promise) -> Promise:
    """Stores a promise; its case's latest open one is written on the case too."""
    session.add(promise)
    await session.flush()
    return promise


async def name_latest(session: Session, case_id: int | None) -> None:
    """Writes the latest open promise of a case on the case, for all that tell of it in a line."""
    if case_id is None:
        return
    query = (
        select(Promise)
        .where(col(Promise.case_id) == case_id, col(Promise.state) == PromiseState.OPEN)
        .order_by(col(Promise.id).desc())
        .limit(1)
    )
    latest = (await session.exec(query)).first()
    await session.execute(
        update(Case)
        .where(col(Case.id) == case_id)
        .values(
            promised=latest.what if latest else None, promise_by=latest.due_on if latest else None
        )
        .execution_options(synchronize_session=False)
    )


async def drop(session: Session, case_id: int, made_at: datetime) -> Sequence[int]:
    """Drops the promises that a step made which is taken back; gives their ids."""
    query = select(Promise.id).where(
        col(Promise.case_id) == case_id,
        col(Promise.made_at) == made_at,
        col(Promise.state) == PromiseState.OPEN,
    )
    ids = (await session.exec(query)).all()
    await session.execute(
        update(Promise)
        .where(col(Promise.id).in_(ids))
        .values(state=PromiseState.DROPPED, remind_at=None, version=col(Promise.version) + 1)
        .execution_options(synchronize_session=False)
    )
    return ids


async def by_id(session: Session, promise_id: int | None) -> Promised | None:
    """Gives a promise as it stands now, or None."""
    if not promise_id:
        return None
    found = await _found(session, col(Promise.id) == promise_id)
    return found[0] if found else None


async def of_case(session: Session, case_id: int) -> list[Promised]:
    """Gives the promises of a case, the first made first; without those taken back."""
    kept = col(Promise.state) != PromiseState.DROPPED
    found = await _found(session, (col(Promise.case_id) == case_id) & kept)
    return sorted(found, key=lambda each: each.promise.id)


async def open_ones(session: Session) -> list[Promised]:
    """Gives all open promises, the first due first."""
    return await _found(session, col(Promise.state) == PromiseState.OPEN)


async def open_of_function(session: Session, deliverer: Member) -> list[Promised]:
    """Gives what the function of a member has promised already; without one, what they have."""
    theirs = col(Promise.deliverer_id) == deliverer.id
    if deliverer.function:
        theirs = or_(theirs, col(Promise.function) == deliverer.function)
    still = col(Promise.state) == PromiseState.OPEN
    return await _found(session, theirs & still & col(Promise.hidden_from_owner).is_(False))


async def open_of_member(
    session: Session, member_id: int, until: date | None = None
) -> list[Promised]:
    """Gives the open promises that a member delivers (by a day), the first due first."""
    which = (col(Promise.deliverer_id) == member_id) & (col(Promise.state) == PromiseState.OPEN)
    return await _found(session, which if until is None else which & (col(Promise.due_on) <= until))


async def to_remind(session: Session, now: datetime, limit: int = 200) -> Sequence[Promise]:
    """Gives open promises that must be looked at now."""
    query = (
        select(Promise)
        .where(col(Promise.remind_at) <= now, col(Promise.state) == PromiseState.OPEN)
        .order_by(col(Promise.remind_at), col(Promise.id))
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def look_again(session: Session, promise: Promise, at: datetime | None) -> None:
    """Sets when a promise is looked at next, unless it was changed meanwhile."""
    await session.execute(
        update(Promise)
        .where(col(Promise.id) == promise.id, col(Promise.version) == promise.version)
        .values(remind_at=at)
        .execution_options(synchronize_session=False)
    )


async def contact_of(session: Session, promise: Promise) -> Contact | None:
    """Gives whom it was promised to, or None."""
    return await session.get(Contact, promise.contact_id) if promise.contact_id else None


async def _found(session: Session, which: Any) -> list[Promised]:
    query = (
        select(Promise, Account, Member)
        .join(Account, col(Account.id) == col(Promise.account_id))
        .outerjoin(Member, col(Member.id) == col(Promise.deliverer_id))
        .where(which)
        .order_by(col(Promise.due_on), col(Promise.id))
        .execution_options(populate_existing=True)
    )
    return [Promised(*row) for row in (await session.exec(query)).all()]


async def overdue(
    session: Session, account_ids: Collection[int], today: date
) -> list[tuple[int, bool]]:
    """Gives account and `hidden from the owner` of each open promise that is past its day."""
    query = select(Promise.account_id, Promise.hidden_from_owner).where(
        col(Promise.account_id).in_(account_ids),
        col(Promise.state) == PromiseState.OPEN,
        col(Promise.due_on) < today,
    )
    return list((await session.exec(query)).all())
