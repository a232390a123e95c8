"""Work with customers beside cases: tasks, logged contacts, references and their uses."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from storage.models.columns import UtcDateTime


class TaskState(StrEnum):
    """open -> done by somebody, or dropped where there is nothing to do any more."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class Task(SQLModel, table=True):
    """Something to do for a customer that is no critic's case; `key` makes asking twice harmless.

    `what`: passive, promoter, silent, call, renewal, bounced, left, unsubscribed, key_people,
    reference.
    """

    __table_args__ = (
        Index("ix_task_owner", "owner_id", "state", "due_at"),
        Index("ix_task_account", "account_id", "state"),
    )

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    what: str
    account_id: int = Field(foreign_key="account.id")
    contact_id: int | None = Field(default=None, foreign_key="contact.id", index=True)
    response_id: int | None = Field(default=None, foreign_key="response.id", index=True)
    owner_id: int | None = Field(default=None, foreign_key="member.id")
    state: str = TaskState.OPEN
    version: int = 1
    opened_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    later_until: date | None = None
    outcome: str | None = None
    note: str | None = None
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: int | None = Field(default=None, foreign_key="member.id")
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class Touch(SQLModel, table=True):
    """A logged contact with a customer."""

    __table_args__ = (Index("ix_touch_account", "account_id", "at"),)

    id: int = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    contact_id: int | None = Field(default=None, foreign_key="contact.id", index=True)
    member_id: int | None = Field(default=None, foreign_key="member.id")
    task_id: int | None = Field(default=None, foreign_key="task.id")
    at: datetime = Field(sa_type=UtcDateTime)
    how: str = "call"  # call, wrote, met
    reached: bool = True
    note: str | None = None


class Reference(SQLModel, table=True):
    """A contact who lets us use their name; None in `agreed_by` = they ticked it themselves."""

    id: int = Field(default=None, primary_key=True)
    contact_id: int = Field(foreign_key="contact.id", unique=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    response_id: int | None = Field(default=None, foreign_key="response.id")
    forms: list[str] = Field(default_factory=list, sa_type=JSON)  # quote, call, visit, story
    note: str | None = None
    agreed_at: datetime = Field(sa_type=UtcDateTime)
    agreed_by: int | None = Field(default=None, foreign_key="member.id")
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReferenceUse(SQLModel, table=True):
    """One request to use a reference: asked -> agreed | refused, by the account's owner."""

    __tablename__ = "reference_use"

    id: int = Field(default=None, primary_key=True)
    reference_id: int = Field(foreign_key="reference.id", index=True)
    asked_by: int | None = Field(default=None, foreign_key="member.id")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    form: str
    for_what: str
    state: str = "asked"
    answered_by: int | None = Field(default=None, foreign_key="member.id")
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
