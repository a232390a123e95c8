"""What is learned from many answers: shared reasons, ideas, what customers are told was done."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.models.columns import UtcDateTime


class SharedState(StrEnum):
    """open -> fixed, and all are told; or closed without a word."""

    OPEN = "open"
    FIXED = "fixed"
    CLOSED = "closed"


class SharedReason(SQLModel, table=True):
    """A reason that several accounts named within days; one of a reason is open at a time."""

    __tablename__ = "shared_reason"
    __table_args__ = (Index("ix_shared_reason_open", "reason", "state"),)

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)  # {reason}:{how many there were before}
    reason: str
    state: str = SharedState.OPEN
    version: int = 1
    opened_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    changed_by: int | None = Field(default=None, foreign_key="member.id")
    what_was_fixed: str | None = None


class SharedReasonResponse(SQLModel, table=True):
    """An answer that named the reason."""

    __tablename__ = "shared_reason_response"

    shared_reason_id: int = Field(primary_key=True, foreign_key="shared_reason.id")
    response_id: int = Field(primary_key=True, foreign_key="response.id", index=True)


class ReasonOwner(SQLModel, table=True):
    """Who owns a reason where no place is bound for it: a member, or all of a function."""

    __tablename__ = "reason_owner"

    reason: str = Field(primary_key=True)
    function: str | None = None
    member_id: int | None = Field(default=None, foreign_key="member.id")
    set_at: datetime = Field(sa_type=UtcDateTime)


class IdeaState(StrEnum):
    """Where an idea stands."""

    NEW = "new"
    PASSED_ON = "passed_on"
    PLANNED = "planned"
    DONE = "done"
    DECLINED = "declined"


class Idea(SQLModel, table=True):
    """An idea of a contact; its words stay in the response."""

    id: int = Field(default=None, primary_key=True)
    response_id: int = Field(foreign_key="response.id", unique=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    state: str = Field(default=IdeaState.NEW, index=True)
    version: int = 1
    note: str | None = None
    announced: bool = False  # the product channel was asked to show it
    opened_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    changed_by: int | None = Field(default=None, foreign_key="member.id")


class ImprovementState(StrEnum):
    """A draft is shown to its writer; sent, its letters are planned."""

    DRAFT = "draft"
    SENT = "sent"
    DISCARDED = "discarded"


class Improvement(SQLModel, table=True):
    """“You said, we did”: what was done, as the contacts of an account are told."""

    id: int = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    shared_reason_id: int | None = Field(default=None, foreign_key="shared_reason.id")
    text: str
    state: str = ImprovementState.DRAFT
    version: int = 1
    written_by: int | None = Field(default=None, foreign_key="member.id")
    written_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class InvitationLine(SQLModel, table=True):
    """What was done since last time, for the next wave's invitations of an account."""

    __tablename__ = "invitation_line"

    id: int = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    text: str
    written_by: int | None = Field(default=None, foreign_key="member.id")
    written_at: datetime = Field(sa_type=UtcDateTime)
    # The wave that says it; None until its first invitation of the account goes out.
    wave_id: int | None = Field(default=None, foreign_key="wave.id")
