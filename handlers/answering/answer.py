"""One step of an answer: what a contact gave, what is stored then, and what was wrong with it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.settings import Programme
from storage.models import ResponseStatus

WISHES = ("call", "write", "none")
LONGEST = {"comment": 10_000, "idea": 10_000, "role_answer": 10_000, "phone": 60, "when": 300}


@dataclass(frozen=True)
class Answer:
    """What a contact gave in one step; None means not given here, and keeps what is stored."""

    invitation_id: int
    reply: str | None = None
    score: int | None = None
    status: str = ResponseStatus.CONFIRMED
    satisfaction: int | None = None
    comment: str | None = None
    reasons: tuple[str, ...] | None = None
    role_answer: str | None = None
    idea: str | None = None
    contact_wish: str | None = None
    phone: str | None = None
    when: str | None = None
    to_manager: bool | None = None
    quote_me: bool | None = None
    language: str | None = None
    finished: bool = False  # the last screen was posted
    left: bool = False  # the page was left, or there is no page: the answer came from a chat
    at: datetime | None = None  # None = now


@dataclass(frozen=True)
class Recorded:
    """What is stored of an invitation's answer after this step."""

    invitation_id: int
    response_id: int
    status: str
    reply: str
    score: int | None
    answered_at: datetime
    contact_wish: str | None


class AnswerError(Exception):
    """An answer that was not stored: which field, and the text key that says why.

    `field` is the form's field, or "link" when the link itself no longer takes answers; then
    `problem` is unknown, expired or locked.
    """

    def __init__(self, field: str, problem: str, **values: int) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
        self.values = values


def change_until(answered_at: datetime, programme: Programme) -> datetime:
    """Gives the moment until which an answer may be changed: the end of the last of its days."""
    zone = ZoneInfo(programme.timezone)
    last = (answered_at + timedelta(days=programme.answer_change_days)).astimezone(zone).date()
    return datetime.combine(last + timedelta(days=1), time(0), zone)
