"""What was promised to customers, and who delivers it."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.models.columns import UtcDateTime


class PromiseState(StrEnum):
    """Where a promise stands; a refused one is with who made it again."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    DROPPED = "dropped"


class Promise(SQLModel, table=True):
    """What was promised, by when, who delivers it, one time or from now on."""

    __table_args__ = (Index("ix_promise_due", "state", "due_on"),)

    id: int = Field(default=None, primary_key=True)
    case_id: int | None = Field(default=None, foreign_key="case.id", index=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    contact_id: int | None = Field(default=None, foreign_key="contact.id")
    what: str
    due_on: date
    lasting: bool = False  # from now on, else one time
    made_by: int | None = Field(default=None, foreign_key="member.id")
    made_at: datetime = Field(sa_type=UtcDateTime)
    deliverer_id: int | None = Field(default=None, foreign_key="member.id", index=True)
    function: str | None = None  # the deliverer's, as it was then
    state: str = PromiseState.OPEN
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: int | None = Field(default=None, foreign_key="member.id")
    refused_reason: str | None = None
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    hidden_from_owner: bool = False
    version: int = 1
