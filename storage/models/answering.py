"""Responses, what counts of them now, and the visits to the survey page."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, text
from sqlmodel import Field, SQLModel

from storage.models.columns import UtcDateTime


class Reply(StrEnum):
    """What a contact answered to the core question."""

    SCORE = "score"
    MAY_NOT_RECOMMEND = "may_not_recommend"
    CANNOT_JUDGE = "cannot_judge"


class ResponseStatus(StrEnum):
    """Only confirmed responses count and alert."""

    CONFIRMED = "confirmed"
    PROVISIONAL = "provisional"
    SUSPECT = "suspect"


_PROVISIONAL = text("status = 'provisional'")


class Response(SQLModel, table=True):
    """The answer to one invitation; a later POST changes this row, never adds one."""

    __table_args__ = (
        Index("ix_response_figures", "kind", "account_id", "contact_id", "answered_at"),
        Index("ix_response_answered", "answered_at"),
        Index(
            "ix_response_provisional",
            "last_input_at",
            sqlite_where=_PROVISIONAL,
            postgresql_where=_PROVISIONAL,
        ),
        Index(
            "ix_response_to_manager",
            "account_id",
            sqlite_where=text("to_manager IS 1"),
            postgresql_where=text("to_manager IS true"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    invitation_id: int = Field(foreign_key="invitation.id", unique=True)
    account_id: int = Field(foreign_key="account.id")
    contact_id: int = Field(foreign_key="contact.id", index=True)
    kind: str
    wording_version: int = 1
    status: str = ResponseStatus.CONFIRMED
    reply: str = Reply.SCORE
    score: int | None = None
    satisfaction: int | None = None  # 1-5, asked instead of whoever gave no score
    comment: str | None = None
    idea: str | None = None
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    role_answer: str | None = None
    contact_wish: str | None = None
    phone: str | None = None
    call_when: str | None = None
    to_manager: bool = False
    quote_me: bool = False
    language: str | None = None
    product: str | None = None
    touchpoint: str | None = None
    answered_at: datetime = Field(sa_type=UtcDateTime)
    last_input_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    imported: bool = False


class ResponseChange(SQLModel, table=True):
    """What a response said before it was changed: a changed score shows both."""

    __tablename__ = "response_change"

    id: int = Field(default=None, primary_key=True)
    response_id: int = Field(foreign_key="response.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    reply: str
    score: int | None = None


class CurrentAnswer(SQLModel, table=True):
    """A contact's latest confirmed reply of a kind, and when it leaves the window of current
    figures.
    """

    __tablename__ = "current_answer"
    __table_args__ = (Index("ix_current_answer_leaves", "kind", "account_id", "leaves_on"),)

    account_id: int = Field(primary_key=True, foreign_key="account.id")
    contact_id: int = Field(primary_key=True, foreign_key="contact.id")
    kind: str = Field(primary_key=True)
    response_id: int = Field(foreign_key="response.id")
    role: str = "unknown"
    reply: str
    score: int | None = None
    answered_at: datetime = Field(sa_type=UtcDateTime)
    leaves_on: datetime = Field(sa_type=UtcDateTime)


class Rollup(SQLModel, table=True):
    """Sums over current answers for an account, kind and role of today; `leaves_on` is their
    earliest leaving.
    """

    account_id: int = Field(primary_key=True, foreign_key="account.id")
    kind: str = Field(primary_key=True)
    role: str = Field(primary_key=True)
    promoters: int = 0
    passives: int = 0
    detractors: int = 0
    may_not_recommend: int = 0
    cannot_judge: int = 0
    leaves_on: datetime = Field(sa_type=UtcDateTime, index=True)


class WaveRollup(SQLModel, table=True):
    """Sums over a closed wave for an account, as its invitations knew team and segment."""

    __tablename__ = "wave_rollup"
    __table_args__ = (Index("ix_wave_rollup_wave", "wave_id", "account_id"),)

    id: int = Field(default=None, primary_key=True)
    wave_id: int = Field(foreign_key="wave.id")
    account_id: int = Field(foreign_key="account.id")
    kind: str
    team_id: int | None = Field(default=None, foreign_key="team.id")
    segment: str | None = None
    asked: int = 0
    promoters: int = 0
    passives: int = 0
    detractors: int = 0
    may_not_recommend: int = 0
    cannot_judge: int = 0


class Visit(SQLModel, table=True):
    """One client of one invitation, ended by 30 minutes of quiet."""

    __table_args__ = (
        Index("ix_visit_client", "invitation_id", "client", "last_at"),
        Index("ix_visit_last_at", "last_at"),
    )

    id: int = Field(default=None, primary_key=True)
    invitation_id: int = Field(foreign_key="invitation.id")
    client: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)
    heads: int = 0
    pages: int = 0
    scores: list[Any] = Field(default_factory=list, sa_type=JSON)
    trap: bool = False
    scanner: bool = False
