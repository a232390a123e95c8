"""Who saw, changed and sent what, and how soon cases were taken up: numbers and ids, no words."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from storage.models.columns import UtcDateTime


class Act(StrEnum):
    """What somebody did; views are kept for a short time only."""

    VIEWED = "viewed"
    CHANGED = "changed"
    SENT = "sent"
    EXPORTED = "exported"
    IMPORTED = "imported"
    ERASED = "erased"
    ANONYMISED = "anonymised"
    BOUND = "bound"
    REFUSED = "refused"


class AuditEntry(SQLModel, table=True):
    """One act; without a member an operator did it at the command line, or somebody unknown."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_act", "act", "at"),
        Index("ix_audit_account", "account_id", "at"),
        Index("ix_audit_member", "member_id", "at"),
    )

    id: int = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str = "member"  # member, operator, unknown, clock
    member_id: int | None = Field(default=None, foreign_key="member.id")
    platform: str | None = None
    act: str
    subject: str  # account, case, team, segment, programme, list, contact, member, wave, file, …
    subject_id: int | None = None
    account_id: int | None = Field(default=None, foreign_key="account.id")
    # The name of the action, file kind or measure, and numbers; never what somebody wrote.
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class CasePace(SQLModel, table=True):
    """When a case was first taken and first contacted, beside the deadline that held then.

    The case itself forgets this when it goes back or is opened again. Hours are the owner's
    working hours since the case was opened.
    """

    __tablename__ = "case_pace"

    case_id: int = Field(primary_key=True, foreign_key="case.id")
    taken_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    take_by: datetime | None = Field(default=None, sa_type=UtcDateTime)
    take_hours: float | None = None
    contacted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    contact_by: datetime | None = Field(default=None, sa_type=UtcDateTime)
    contact_hours: float | None = None
