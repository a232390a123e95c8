"""Tasks beside cases: what is to do for a customer, by when and by whom."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists
from sqlmodel import col, or_, select, update
from sqlmodel.sql.expression import SelectOfScalar

from storage.db import Session
from storage.models import (
    NAMELESS,
    Account,
    AppSetting,
    CaseResponse,
    Contact,
    ContactStatus,
    Invitation,
    Reply,
    Response,
    ResponseStatus,
    Task,
    TaskState,
)
from storage.writing import changed_rows, insert_new

_PASSIVE = 7  # the lowest score that is no critic's
_BLANK: dict[str, Any] = {
    "contact_id": None, "response_id": None, "owner_id": None, "state": TaskState.OPEN,
    "version": 1, "due_at": None, "detail": {},
}  # fmt: skip


@dataclass(frozen=True)
class Work:
    """A task with whom it is about, but for an open call of somebody who has left; a task of an
    answer has the answer.
    """

    task: Task
    account: Account
    contact: Contact | None
    response: Response | None


async def add(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Opens tasks; one whose key is known already is left as it is."""
    await insert_new(session, Task, [{**_BLANK, **row} for row in rows])


async def answered(
    session: Session, since: datetime, kinds: Collection[str], limit: int
) -> list[tuple[Response, Account]]:
    """Gives passives' and promoters' answers since a time that have no task, the oldest first.

    Imported, trial, suspect, provisional and hidden ones and those of cases are none of them.
    """
    query = (
        select(Response, Account)
        .join(Account, col(Account.id) == col(Response.account_id))
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .join(Contact, col(Contact.id) == col(Response.contact_id))
        .where(
            col(Response.answered_at) > since,
            col(Response.kind).in_(kinds),
            col(Response.imported).is_(False),
            col(Invitation.is_test).is_(False),
            col(Contact.status).not_in(NAMELESS),
            _is_no_critic(),
            ~exists().where(col(CaseResponse.response_id) == col(Response.id)),
            ~exists().where(col(Task.response_id) == col(Response.id)),
        )
        .order_by(col(Response.answered_at), col(Response.id))
        .limit(limit)
    )
    return [(row[0], row[1]) for row in (await session.exec(query)).all()]


async def drop_untrue(session: Session, now: datetime) -> int:
    """Drops open tasks about answers that are critics', hidden or taken back by now."""
    statement = (
        update(Task)
        .where(
            col(Task.state) == TaskState.OPEN,
            col(Task.response_id).is_not(None),
            ~exists().where(col(Response.id) == col(Task.response_id), _is_no_critic()),
        )
        .values(state=TaskState.DROPPED, done_at=now, version=col(Task.version) + 1)
        .execution_options(synchronize_session=False)
    )
    return await changed_rows(session, statement)


async def drop_answered(session: Session, now: datetime) -> int:
    """Drops the calls of silent people who have answered since, or are not there any more."""
    answered = exists().where(
        col(Response.contact_id) == col(Task.contact_id),
        col(Response.status) == ResponseStatus.CONFIRMED,
        col(Response.to_manager).is_(False),
        col(Response.answered_at) > col(Task.opened_at),
    )
    gone = exists().where(
        col(Contact.id) == col(Task.contact_id),
        col(Contact.status).in_((ContactStatus.INACTIVE, *NAMELESS)),
    )
    statement = (
        update(Task)
        .where(col(Task.state) == TaskState.OPEN, col(Task.what) == "silent", or_(answered, gone))
        .values(state=TaskState.DROPPED, done_at=now, version=col(Task.version) + 1)
        .execution_options(synchronize_session=False)
    )
    return await changed_rows(session, statement)


async def drop(session: Session, task_ids: Collection[int], now: datetime) -> None:
    """Drops open tasks where there is nothing to do any more."""
    if task_ids:
        await session.execute(
            update(Task)
            .where(col(Task.id).in_(task_ids), col(Task.state) == TaskState.OPEN)
            .values(state=TaskState.DROPPED, done_at=now, version=col(Task.version) + 1)
            .execution_options(synchronize_session=False)
        )


async def one(session: Session, task_id: int) -> Work | None:
    """Gives a task with what stands behind it; None for a task of an erased person too."""
    found = await _works(session, select(Task.id).where(col(Task.id) == task_id))
    return found[0] if found else None


async def open_of(
    session: Session, owner_ids: Collection[int], what: Collection[str] = ()
) -> list[Work]:
    """Gives the open tasks of members, the most urgent first, those without a date last."""
    ids = select(Task.id).where(
        col(Task.owner_id).in_(owner_ids), col(Task.state) == TaskState.OPEN
    )
    return await _works(session, ids.where(col(Task.what).in_(what)) if what else ids)


async def of_kind(session: Session, what: Collection[str]) -> Sequence[Task]:
    """Gives all tasks of some kinds, whatever their state."""
    query = select(Task).where(col(Task.what).in_(what)).order_by(col(Task.id))
    return (await session.exec(query)).all()


async def with_keys(session: Session, keys: Collection[str]) -> Sequence[Task]:
    """Gives the tasks that have one of these keys."""
    return (await session.exec(select(Task).where(col(Task.key).in_(keys)))).all()


async def hand_over(
    session: Session, account_ids: Collection[int], old: int | None, new: int | None
) -> None:
    """Gives the open tasks of accounts from one member to another."""
    await session.execute(
        update(Task)
        .where(
            col(Task.account_id).in_(account_ids),
            col(Task.state) == TaskState.OPEN,
            col(Task.owner_id) == old if old is not None else col(Task.owner_id).is_(None),
        )
        .values(owner_id=new, version=col(Task.version) + 1)
        .execution_options(synchronize_session=False)
    )


async def mark(session: Session, name: str) -> datetime | None:
    """Gives up to when something was looked at, or None before the first time."""
    row = await session.get(AppSetting, name)
    return datetime.fromisoformat(row.value) if row else None


async def set_mark(session: Session, name: str, at: datetime) -> None:
    """Notes up to when something was looked at."""
    await session.merge(AppSetting(key=name, value=at.isoformat()))


async def _works(session: Session, ids: SelectOfScalar[int]) -> list[Work]:
    # Whoever has left is not called any more.
    still_called = or_(
        col(Task.what) != "call",
        col(Task.state) != TaskState.OPEN,
        col(Contact.status) != ContactStatus.INACTIVE,
    )
    query = (
        select(Task, Account, Contact, Response)
        .join(Account, col(Account.id) == col(Task.account_id))
        .outerjoin(Contact, and_(col(Contact.id) == col(Task.contact_id), still_called))
        .outerjoin(Response, col(Response.id) == col(Task.response_id))
        .where(
            col(Task.id).in_(ids),
            or_(col(Task.response_id).is_(None), _is_no_critic()),
            or_(col(Contact.id).is_(None), col(Contact.status).not_in(NAMELESS)),
        )
        .order_by(col(Task.due_at).is_(None), col(Task.due_at), col(Task.id))
        .execution_options(populate_existing=True)
    )
    return [Work(*row) for row in (await session.exec(query)).all()]


def _is_no_critic() -> ColumnElement[bool]:
    return and_(
        col(Response.status) == ResponseStatus.CONFIRMED,
        col(Response.reply) == Reply.SCORE,
        col(Response.score) >= _PASSIVE,
        col(Response.to_manager).is_(False),
    )


def is_later(task: Task, today: date) -> bool:
    """Tells whether a task was put off to a later day."""
    return task.later_until is not None and task.later_until > today
