"""Letters to contacts outside waves, and what they answer when asked whether it is settled."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.models.columns import UtcDateTime


class LetterStatus(StrEnum):
    """planned -> sending -> sent | doubt | failed | bounced; planned -> skipped | cancelled."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    DOUBT = "doubt"
    FAILED = "failed"
    BOUNCED = "bounced"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Letter(SQLModel, table=True):
    """A message to a contact outside waves: sent at most once, a doubt is never repeated.

    `what` is settled (a question about a solved case) or you_said (what was done).
    """

    __table_args__ = (Index("ix_letter_due", "status", "send_at"),)

    id: int = Field(default=None, primary_key=True)
    # settled:{case}:{contact}:{round}, you_said:{improvement}:{contact}
    key: str = Field(unique=True)
    what: str = "settled"
    account_id: int = Field(foreign_key="account.id", index=True)
    contact_id: int = Field(foreign_key="contact.id", index=True)
    case_id: int | None = Field(default=None, foreign_key="case.id", index=True)
    round: int = 0
    improvement_id: int | None = Field(default=None, foreign_key="improvement.id", index=True)
    written_by: int | None = Field(default=None, foreign_key="member.id")
    text: str | None = None  # the member's wording; None = what was done, as noted at solving
    channel: str = "mail"
    status: str = LetterStatus.PLANNED
    reason: str | None = None
    send_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed: bool = False  # the time to answer is over and the case knows it
    attempts: int = 0
    claimed_by: str | None = None
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Settled(SQLModel, table=True):
    """A contact's answer to a letter; it may be changed until the letter expires."""

    id: int = Field(default=None, primary_key=True)
    letter_id: int = Field(foreign_key="letter.id", unique=True)
    case_id: int = Field(foreign_key="case.id", index=True)
    contact_id: int = Field(foreign_key="contact.id", index=True)
    answer: str  # yes, partly, no
    comment: str | None = None
    answered_at: datetime = Field(sa_type=UtcDateTime)
    changed_from: str | None = None
