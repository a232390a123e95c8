"""What the running process keeps: heartbeats, made secrets, the console's messages and mails."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from storage.models.columns import UtcDateTime


class AppSetting(SQLModel, table=True):
    """A value the program made for itself once, such as the secret key of a local installation."""

    __tablename__ = "app_setting"

    key: str = Field(primary_key=True)
    value: str


class Heartbeat(SQLModel, table=True):
    """The last sign of life of a process that carries out work."""

    executor_id: str = Field(primary_key=True)
    process: str
    at: datetime = Field(sa_type=UtcDateTime)


class SentForm(SQLModel, table=True):
    """A form that a platform delivered: `done` once it was carried out."""

    __tablename__ = "sent_form"

    key: str = Field(primary_key=True)
    done: bool = False
    at: datetime = Field(sa_type=UtcDateTime, index=True)


class ConsoleMessage(SQLModel, table=True):
    """A message in a place of the local console; `card` is the card as data."""

    __tablename__ = "console_message"

    id: int = Field(default=None, primary_key=True)
    place: str = Field(index=True)
    key: str
    card: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    language: str
    reply_to: int | None = Field(default=None, foreign_key="console_message.id")
    at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ConsoleMail(SQLModel, table=True):
    """A mail that the console's SMTP sink took."""

    __tablename__ = "console_mail"

    id: int = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    sender: str
    recipient: str = Field(index=True)
    subject: str
    raw: bytes
