"""The audit log: entries are added, read by administrators, and views go after their time."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select, true
from sqlalchemy.orm import Mapped
from sqlmodel import col

from storage.db import Session
from storage.models import (
    Account,
    Act,
    AuditEntry,
    Case,
    CaseEvent,
    Contact,
    Improvement,
    Invitation,
    Member,
    Promise,
    Task,
)

# Subjects that belong to an account; the log is asked for by account.
_OF_ACCOUNT: dict[str, tuple[Mapped[int], Mapped[int]]] = {
    "account": (col(Account.id), col(Account.id)),
    "case": (col(Case.id), col(Case.account_id)),
    "contact": (col(Contact.id), col(Contact.account_id)),
    "promise": (col(Promise.id), col(Promise.account_id)),
    "task": (col(Task.id), col(Task.account_id)),
    "improvement": (col(Improvement.id), col(Improvement.account_id)),
    "invitation": (col(Invitation.id), col(Invitation.account_id)),
}


@dataclass(frozen=True)
class Noted:
    """An act before it is stored: what was done to which row; `detail` holds ids and numbers."""

    act: Act
    subject: str
    subject_id: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One line of the log with e-mail and key filled in as they are now."""

    at: datetime
    actor: str
    email: str | None
    act: str
    subject: str
    subject_id: int | None
    account_key: str | None
    platform: str | None
    detail: dict[str, Any]


async def add(
    session: Session,
    noted: Collection[Noted],
    at: datetime,
    *,
    actor: str = "member",
    member_id: int | None = None,
    platform: str | None = None,
) -> None:
    """Adds what one person did; the account is looked up from what it was done to."""
    for each in noted:
        session.add(
            AuditEntry(
                at=at,
                actor=actor,
                member_id=member_id,
                platform=platform,
                act=each.act,
                subject=each.subject,
                subject_id=each.subject_id,
                account_id=await _account_of(session, each.subject, each.subject_id),
                detail=each.detail,
            )
        )


async def _account_of(session: Session, subject: str, row_id: int | None) -> int | None:
    columns = _OF_ACCOUNT.get(subject)
    if columns is None or row_id is None:
        return None
    key, account_id = columns
    return (await session.execute(select(account_id).where(key == row_id))).scalar_one_or_none()


async def lines(
    session: Session,
    since: datetime | None = None,
    member_id: int | None = None,
    account_id: int | None = None,
) -> list[Line]:
    """Gives the log, the oldest first: entries, and what members did on the timelines of cases."""
    entries = (
        select(
            col(AuditEntry.at),
            col(AuditEntry.actor),
            col(Member.email),
            col(AuditEntry.act),
            col(AuditEntry.subject),
            col(AuditEntry.subject_id),
            col(Account.key),
            col(AuditEntry.platform),
            col(AuditEntry.detail),
        )
        .outerjoin(Member, col(Member.id) == col(AuditEntry.member_id))
        .outerjoin(Account, col(Account.id) == col(AuditEntry.account_id))
        .where(
            true() if since is None else col(AuditEntry.at) >= since,
            true() if member_id is None else col(AuditEntry.member_id) == member_id,
            true() if account_id is None else col(AuditEntry.account_id) == account_id,
        )
        .order_by(col(AuditEntry.at), col(AuditEntry.id))
    )
    acts = (
        select(CaseEvent, col(Member.email), col(Account.key))
        .join(Member, col(Member.id) == col(CaseEvent.member_id))
        .join(Case, col(Case.id) == col(CaseEvent.case_id))
        .join(Account, col(Account.id) == col(Case.account_id))
        .where(
            true() if since is None else col(CaseEvent.at) >= since,
            true() if member_id is None else col(CaseEvent.member_id) == member_id,
            true() if account_id is None else col(Case.account_id) == account_id,
        )
        .order_by(col(CaseEvent.at), col(CaseEvent.id))
    )
    found = [Line(*row) for row in (await session.execute(entries)).all()]
    for event, email, key in (await session.execute(acts)).all():
        did = {"action": event.act}
        found.append(
            Line(event.at, "member", email, Act.CHANGED, "case", event.case_id, key,
                 event.platform, did)
        )  # fmt: skip
    return sorted(found, key=lambda line: line.at)


async def has_old(session: Session, views: datetime, others: datetime | None) -> bool:
    """Tells whether there are views, or other entries, from before these times."""
    for condition in _old(views, others):
        query = select(col(AuditEntry.id)).where(*condition).limit(1)
        if (await session.execute(query)).first() is not None:
            return True
    return False


async def delete_old(session: Session, views: datetime, others: datetime | None) -> None:
    """Deletes views, and other entries, from before these times."""
    for condition in _old(views, others):
        await session.execute(delete(AuditEntry).where(*condition))


def _old(views: datetime, others: datetime | None) -> list[tuple[ColumnElement[bool], ...]]:
    conditions: list[tuple[ColumnElement[bool], ...]] = [
        (col(AuditEntry.act) == Act.VIEWED, col(AuditEntry.at) < views)
    ]
    if others is not None:
        rest = [each for each in Act if each != Act.VIEWED]
        conditions.append((col(AuditEntry.act).in_(rest), col(AuditEntry.at) < others))
    return conditions
