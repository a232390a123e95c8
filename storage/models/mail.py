"""Mails that came back: what they told, not what they said."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from storage.models.columns import UtcDateTime


class MailReply(SQLModel, table=True):
    """A mail about one of our messages, taken once by its Message-ID; no words are kept."""

    __tablename__ = "mail_reply"

    id: int = Field(default=None, primary_key=True)
    message_id: str = Field(unique=True)
    at: datetime = Field(sa_type=UtcDateTime)
    what: str
    contact_id: int = Field(foreign_key="contact.id", index=True)
    invitation_id: int | None = Field(default=None, foreign_key="invitation.id")
    letter_id: int | None = Field(default=None, foreign_key="letter.id")
    until: date | None = None
    code: str | None = None
