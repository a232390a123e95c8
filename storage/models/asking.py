"""Surveys, waves and invitations: who was asked what, when, and how the sending went."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.models.columns import UtcDateTime


class SurveyKind(StrEnum):
    """What is asked; kinds are never averaged together (`similar` counts with relationship,
    labelled).
    """

    RELATIONSHIP = "relationship"
    TRANSACTIONAL = "transactional"
    PRODUCT = "product"
    SIMILAR = "similar"
    CES1 = "ces1"
    CES2 = "ces2"
    CSAT = "csat"


class WaveState(StrEnum):
    """draft -> approved -> sending <-> paused -> closed, or stopped by a person."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    PAUSED = "paused"
    STOPPED = "stopped"
    CLOSED = "closed"


class InvitationStatus(StrEnum):
    """planned -> sending -> sent | doubt | failed | bounced; planned -> skipped | cancelled.

    `unasked` keeps the snapshot of an answer that came without an invitation.
    """

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    DOUBT = "doubt"
    FAILED = "failed"
    BOUNCED = "bounced"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNASKED = "unasked"


class Survey(SQLModel, table=True):
    """A kind with its wording version and the reasons a contact may choose from (text keys)."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    kind: str = SurveyKind.RELATIONSHIP
    wording_version: int = 1
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)


class Wave(SQLModel, table=True):
    """One sending of a survey to an audience."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    survey_id: int | None = Field(default=None, foreign_key="survey.id")
    kind: str = SurveyKind.RELATIONSHIP
    state: str = Field(default=WaveState.DRAFT, index=True)
    audience: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    starts_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sending_days: list[str] = Field(default_factory=list, sa_type=JSON)
    sending_hours: str | None = None
    respect_hours: bool = True
    reminder_after_days: int | None = None
    first_batch: int = 0
    first_batch_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    first_batch_released: bool = False
    planned_by: int | None = Field(default=None, foreign_key="member.id")
    approved_by: int | None = Field(default=None, foreign_key="member.id")
    planned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_test: bool = False
    imported: bool = False
    # Its sums are stored up to this account once it is closed, and may be read when all are.
    counted_to: int | None = None
    counted: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)


class WaveChannel(SQLModel, table=True):
    """The number of the next sending batch of a wave on a channel: the durable name of
    that batch.
    """

    __tablename__ = "wave_channel"

    wave_id: int = Field(primary_key=True, foreign_key="wave.id")
    channel: str = Field(primary_key=True)
    next_batch: int = 0


class Invitation(SQLModel, table=True):
    """A contact in a wave, with the snapshot of owner, team, role, segment and value at sending."""

    __table_args__ = (
        UniqueConstraint("wave_id", "contact_id"),
        Index("ix_invitation_due", "status", "channel", "send_at"),
        # Whoever asks when a contact was asked needs no row beside this index.
        Index("ix_invitation_rest", "contact_id", "sent_at", "status", "kind", "is_test"),
        Index("ix_invitation_figures", "account_id", "kind", "sent_at"),
    )

    id: int = Field(default=None, primary_key=True)
    wave_id: int | None = Field(default=None, foreign_key="wave.id")
    survey_id: int | None = Field(default=None, foreign_key="survey.id")
    kind: str = SurveyKind.RELATIONSHIP
    account_id: int = Field(foreign_key="account.id")
    contact_id: int = Field(foreign_key="contact.id")
    status: str = InvitationStatus.PLANNED
    reason: str | None = None
    channel: str = "mail"
    send_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    claimed_by: str | None = None
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    message_place: str | None = None
    message_id: str | None = None
    is_test: bool = False
    owner_id: int | None = Field(default=None, foreign_key="member.id")
    team_id: int | None = Field(default=None, foreign_key="team.id")
    role: str | None = None
    segment: str | None = None
    value: float | None = None
    currency: str | None = None
    renewal_date: date | None = None


class Reminder(SQLModel, table=True):
    """One reminder of an invitation: sent at most once, with the states of an invitation."""

    __table_args__ = (
        UniqueConstraint("invitation_id", "number"),
        Index("ix_reminder_due", "status", "channel", "send_at"),
    )

    id: int = Field(default=None, primary_key=True)
    invitation_id: int = Field(foreign_key="invitation.id")
    number: int = 1
    channel: str = "mail"
    status: str = InvitationStatus.PLANNED
    reason: str | None = None
    send_at: datetime = Field(sa_type=UtcDateTime)
    claimed_by: str | None = None
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
