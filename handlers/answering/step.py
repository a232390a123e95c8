"""The rules of an answer: laid over what is stored of its invitation, or refused."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from handlers.answering.answer import LONGEST, WISHES, Answer, AnswerError, change_until
from handlers.settings import Programme
from handlers.surveys import MOST_REASONS, group, reasons_offered, scale_of
from storage.models import NAMELESS, Reply, ResponseStatus
from storage.recording import Asked

_COUNTED = frozenset({"status", "reply", "score"})
_FIELDS = {
    "satisfaction": "satisfaction",
    "comment": "comment",
    "role_answer": "role_answer",
    "idea": "idea",
    "contact_wish": "contact_wish",
    "phone": "phone",
    "when": "call_when",
    "to_manager": "to_manager",
    "quote_me": "quote_me",
    "language": "language",
}


@dataclass
class Step:
    """One invitation of the group while its answers are laid over what is stored."""

    asked: Asked
    row: dict[str, Any]
    changed: set[str] = field(default_factory=set)
    settled: bool = False
    touched: bool = False

    @property
    def confirmed(self) -> bool:
        return bool(self.row["status"] == ResponseStatus.CONFIRMED)

    @property
    def critic(self) -> bool:
        row = self.row
        return self.confirmed and group(row["kind"], row["reply"], row["score"]) == "critic"

    @property
    def changed_from(self) -> dict[str, Any] | None:
        """The stored row, where it was confirmed and says something else now."""
        stored = self.asked.response
        if stored is None or stored["status"] != ResponseStatus.CONFIRMED:
            return None
        return stored if self.changed & {"reply", "score"} else None

    @property
    def counts(self) -> bool:
        """Whether what counts of the account changes."""
        return self.confirmed and not self.asked.is_test and bool(self.changed & _COUNTED)


def lay_over(
    answer: Answer,
    asked: dict[int, Asked],
    steps: dict[int, Step],
    now: datetime,
    programme: Programme,
) -> AnswerError | None:
    """Lays an answer over what is stored of its invitation, and over earlier ones of the group."""
    found = asked.get(answer.invitation_id)
    if found is None or found.contact_status in NAMELESS:
        return AnswerError("link", "unknown")
    at = answer.at or now
    if found.expires_at is not None and at >= found.expires_at:
        return AnswerError("link", "expired")
    step = steps.get(answer.invitation_id) or Step(found, dict(found.response or found.blank()))
    stored = step.row if step.touched or found.response else None
    was_confirmed = stored is not None and step.confirmed
    if answer.status != ResponseStatus.CONFIRMED and was_confirmed:
        steps[answer.invitation_id] = step
        return None  # what a person confirmed is never replaced by what a page guessed
    problem = _problem(answer, step, was_confirmed)
    if problem is None and was_confirmed and at >= change_until(step.row["answered_at"], programme):
        problem = AnswerError("link", "locked")
    if problem is not None:
        return problem
    _merge(answer, step, was_confirmed, at)
    steps[answer.invitation_id] = step
    return None


def _problem(answer: Answer, step: Step, was_confirmed: bool) -> AnswerError | None:
    low, high = scale_of(step.row["kind"])
    if answer.reply is None:
        if not was_confirmed:
            return AnswerError("score", "score_missing")
    elif answer.reply == Reply.SCORE:
        if answer.score is None or not low <= answer.score <= high:
            return AnswerError("score", "score", low=low, high=high)
    elif answer.reply not in set(Reply):
        return AnswerError("score", "score", low=low, high=high)
    for name, most in LONGEST.items():
        if len(getattr(answer, name) or "") > most:
            return AnswerError(name, "too_long", n=most)
    if answer.reasons is not None:
        # Also those this contact was not offered: what somebody took the time to say is kept.
        offered = reasons_offered(step.asked.survey_reasons, ())
        if len(answer.reasons) > MOST_REASONS or not set(answer.reasons) <= set(offered):
            return AnswerError("reasons", "reasons")
    if answer.contact_wish is not None and answer.contact_wish not in WISHES:
        return AnswerError("contact_wish", "contact_wish")
    if answer.satisfaction is not None and not 1 <= answer.satisfaction <= 5:
        return AnswerError("satisfaction", "satisfaction")
    return None


def _merge(answer: Answer, step: Step, was_confirmed: bool, at: datetime) -> None:
    row = step.row
    given: dict[str, Any] = {
        column: _clean(value)
        for name, column in _FIELDS.items()
        if (value := getattr(answer, name)) is not None
    }
    if answer.reply is not None:
        given["reply"] = answer.reply
        given["score"] = answer.score if answer.reply == Reply.SCORE else None
    if answer.reasons is not None:
        given["reasons"] = list(dict.fromkeys(answer.reasons))
    given["status"] = answer.status
    if not was_confirmed:
        given["answered_at"] = at
    step.changed |= {name for name, value in given.items() if row.get(name) != value}
    step.touched = True
    row.update(given)
    # Leaving the page is no input: what was given last counts from when it was given.
    row["last_input_at"] = row.get("last_input_at") or at
    if not answer.left or given.keys() - {"status"}:
        row["last_input_at"] = at
    if answer.finished:
        row["finished_at"] = at
    step.settled = step.settled or answer.finished or answer.left


def _clean(value: object) -> object:
    """Gives a text as it is stored: an emptied field is not given, like one never filled in."""
    if not isinstance(value, str):
        return value
    # PostgreSQL refuses the NUL character in a text; nobody typed it.
    return value.replace("\x00", "").strip() or None
