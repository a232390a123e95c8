"""What is to be repaired at customers: key people who can't be reached or are not known."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import col, exists, func, or_, select, update

from storage.db import Session
from storage.models import (
    NAMELESS,
    Account,
    Contact,
    ContactRole,
    ContactStatus,
    Task,
    TaskState,
)
from storage.writing import changed_rows

KEY_ROLES = (ContactRole.DECISION_MAKER, ContactRole.INFLUENCER)
# The kind of task for a status of a key contact.
KINDS = {ContactStatus.BOUNCING: "bounced", ContactStatus.UNSUBSCRIBED: "unsubscribed"}
REPAIRED = "repaired"
_NOT_THERE = (ContactStatus.INACTIVE, *NAMELESS)


async def unreachable(session: Session, status: ContactStatus) -> list[tuple[Contact, Account]]:
    """Gives key contacts of a status that have no task about it yet."""
    told = exists().where(
        col(Task.contact_id) == col(Contact.id),
        col(Task.what) == KINDS[status],
        or_(col(Task.outcome).is_(None), col(Task.outcome) != REPAIRED),
    )
    query = (
        select(Contact, Account)
        .join(Account, col(Account.id) == col(Contact.account_id))
        .where(col(Contact.status) == status, col(Contact.role).in_(KEY_ROLES), ~told)
        .order_by(col(Contact.id))
    )
    return [(row[0], row[1]) for row in (await session.exec(query)).all()]


async def note_repaired(session: Session, now: datetime) -> None:
    """Ends the tasks about contacts who are reachable again or gone, those put away too."""
    still_true: dict[str, tuple[ContactStatus, ...]] = {
        what: (status,) for status, what in KINDS.items()
    }
    still_true["left"] = (ContactStatus.ACTIVE, ContactStatus.BOUNCING, ContactStatus.UNSUBSCRIBED)
    for what, statuses in still_true.items():
        still = exists().where(
            col(Contact.id) == col(Task.contact_id), col(Contact.status).in_(statuses)
        )
        statement = (
            update(Task)
            .where(
                col(Task.what) == what,
                or_(col(Task.outcome).is_(None), col(Task.outcome) != REPAIRED),
                ~still,
            )
            .values(
                state=TaskState.DONE,
                outcome=REPAIRED,
                done_at=func.coalesce(col(Task.done_at), now),
                version=col(Task.version) + 1,
            )
            .execution_options(synchronize_session=False)
        )
        await changed_rows(session, statement)


async def without_decision_maker(session: Session) -> Sequence[Account]:
    """Gives accounts with people but nobody known to decide, whose owner was not asked yet."""
    there = (col(Contact.account_id) == col(Account.id), col(Contact.status).not_in(_NOT_THERE))
    asked = exists().where(
        col(Task.account_id) == col(Account.id),
        col(Task.what) == "key_people",
        col(Task.state) == TaskState.OPEN,
    )
    query = (
        select(Account)
        .where(
            col(Account.key_people_unknown).is_(False),
            exists().where(*there),
            ~exists().where(*there, col(Contact.role) == ContactRole.DECISION_MAKER),
            ~asked,
        )
        .order_by(col(Account.id))
    )
    return (await session.exec(query)).all()


async def note_known(session: Session, now: datetime) -> None:
    """Drops the question who signs where somebody is known to decide by now."""
    known = exists().where(
        col(Contact.account_id) == col(Task.account_id),
        col(Contact.role) == ContactRole.DECISION_MAKER,
        col(Contact.status).not_in(_NOT_THERE),
    )
    await session.execute(
        update(Task)
        .where(col(Task.what) == "key_people", col(Task.state) == TaskState.OPEN, known)
        .values(state=TaskState.DROPPED, done_at=now, version=col(Task.version) + 1)
        .execution_options(synchronize_session=False)
    )


async def renewing(session: Session, first: date, last: date) -> Sequence[Account]:
    """Gives the accounts that renew from one day to another, both included."""
    query = select(Account).where(
        col(Account.renewal_date) >= first, col(Account.renewal_date) <= last
    )
    return (await session.exec(query.order_by(col(Account.renewal_date), col(Account.id)))).all()
