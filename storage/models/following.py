"""Cases that somebody owns, their timeline, and the messages that must reach our side."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, text
from sqlmodel import Field, SQLModel

from storage.models.columns import UtcDateTime


class CaseState(StrEnum):
    """Where a follow-up stands; solved, waiting for the customer and closed are not open."""

    NEW = "new"
    TAKEN = "taken"
    CONTACTED = "contacted"
    SOLVED = "solved"
    WAITING = "waiting"  # solved, and the customer is asked whether it is settled
    REOPENED = "reopened"
    NOT_A_CRITIC = "not_a_critic"
    CLOSED_UNANSWERED = "closed_unanswered"  # the customer was asked and did not answer


OPEN_STATES = (CaseState.NEW, CaseState.TAKEN, CaseState.CONTACTED, CaseState.REOPENED)
DONE_STATES = (CaseState.SOLVED, CaseState.WAITING, CaseState.CLOSED_UNANSWERED)
_OPEN = text("state in ('new', 'taken', 'contacted', 'reopened')")


class Case(SQLModel, table=True):
    """A follow-up; one is open per account, kind and wave at a time.

    Beside it one more, for what is hidden from the account's owner, who knows nothing of it.
    """

    __table_args__ = (
        Index(
            "uq_case_open",
            "account_id",
            "kind",
            "wave_id",
            "hidden_from_owner",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_case_account", "account_id", "state"),
    )

    id: int = Field(default=None, primary_key=True)
    what: str = "critic"
    account_id: int = Field(foreign_key="account.id")
    kind: str
    wave_id: int | None = Field(default=None, foreign_key="wave.id")
    state: str = CaseState.NEW
    version: int = 1
    owner_id: int | None = Field(default=None, foreign_key="member.id", index=True)
    taken_by: int | None = Field(default=None, foreign_key="member.id")
    taken_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    contacted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reached: bool | None = None
    solved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    take_by: datetime | None = Field(default=None, sa_type=UtcDateTime)
    contact_by: datetime | None = Field(default=None, sa_type=UtcDateTime)
    snoozed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # When the deadlines must be looked at next; any change of the case sets it to that moment.
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    escalated_to: str | None = None
    hidden_from_owner: bool = False  # until the lead releases its answers
    outcome: str | None = None
    root_cause: str | None = None
    broken_expectation: str | None = None
    expectation_suggested: bool = False  # it stands as the form suggested it
    what_was_done: str | None = None
    what_helped: str | None = None
    promised: str | None = None
    promise_by: date | None = None
    call_again_on: date | None = None
    not_critic_reason: str | None = None
    solved_by: int | None = Field(default=None, foreign_key="member.id")
    about_owner: bool = False  # a lead said so: hidden from the owner until released
    settled: str | None = None  # the customer's word: yes, partly, no, unanswered
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    not_asked: str | None = None  # why the customer is not asked
    round: int = 1  # grows with every reopening: the customer is asked once a round


class CaseResponse(SQLModel, table=True):
    """Joins a response to its case; a response belongs to one case at most."""

    __tablename__ = "case_response"

    response_id: int = Field(primary_key=True, foreign_key="response.id")
    case_id: int = Field(foreign_key="case.id", index=True)
    joined_at: datetime = Field(sa_type=UtcDateTime)


class CaseEvent(SQLModel, table=True):
    """The timeline of a case: who did what when, and what was true before (for Undo)."""

    __tablename__ = "case_event"

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    member_id: int | None = Field(default=None, foreign_key="member.id")
    platform: str | None = None
    act: str
    note: str | None = None
    # Whom it was about, where the case has several: who was reached, asked, or said it.
    contact_id: int | None = Field(default=None, foreign_key="contact.id")
    before: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    undone: bool = False


class Posting(SQLModel, table=True):
    """A message we posted and may edit: the card of a case, a thread card, a wave's
    progress card.
    """

    __table_args__ = (
        Index("ix_posting_subject", "subject", "subject_id"),
        Index("ix_posting_message", "message_id"),
    )

    id: int = Field(default=None, primary_key=True)
    subject: str
    subject_id: int
    part: str = "card"
    response_id: int | None = Field(default=None, foreign_key="response.id")
    member_id: int | None = Field(default=None, foreign_key="member.id")
    reason: str | None = None  # why it stands in this place: said in the small print
    place: str
    message_id: str
    thread_id: str | None = None
    language: str
    moved: bool = False  # emptied for good: outsiders can read the place
    posted_at: datetime = Field(sa_type=UtcDateTime)


class AlertStatus(StrEnum):
    """Alerts reach a person at least once: a doubt is sent again."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    CANCELLED = "cancelled"


class Alert(SQLModel, table=True):
    """A message that must reach our side; `key` makes asking for it twice harmless."""

    __table_args__ = (Index("ix_alert_due", "status", "due_at"),)

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    what: str
    status: str = AlertStatus.PENDING
    due_at: datetime = Field(sa_type=UtcDateTime)
    case_id: int | None = Field(default=None, foreign_key="case.id", index=True)
    response_id: int | None = Field(default=None, foreign_key="response.id", index=True)
    wave_id: int | None = Field(default=None, foreign_key="wave.id")
    member_id: int | None = Field(default=None, foreign_key="member.id")
    account_id: int | None = Field(default=None, foreign_key="account.id")
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    attempts: int = 0
    problem: str | None = None
    claimed_by: str | None = None
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
