"""How soon cases are taken up: medians in working hours, shares in time, and who was won back."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import inf

from handlers.measures.score import Interval, wilson
from storage.models import DONE_STATES
from storage.pace import Paced, WonBack

ENOUGH = 5  # fewer have no median worth telling
_ANSWERS = ("yes", "partly", "no")


@dataclass(frozen=True)
class Share:
    """So many of so many, with the likely range (Wilson) in percent; null of nothing."""

    hits: int
    of: int
    percent: float | None
    range: Interval | None


@dataclass(frozen=True)
class Step:
    """Taking or contacting: of the cases due, how many in time, and the median working hours.

    Due are cases in which it was done or should have been. Who is still waited for counts as later
    than all others; where that is half of them or more, there is no median yet.
    """

    in_time: Share
    median_hours: float | None


@dataclass(frozen=True)
class Outcome:
    """What customers say of it: for groups of people only.

    `settled`: customers who said yes, of those who answered, and of all who were asked.
    `recovered`: critics who are none any more, of those who answered again, and of all asked again.
    """

    settled: Share
    settled_of_asked: Share
    recovered: Share
    recovered_of_asked: Share


@dataclass(frozen=True)
class Speed:
    """How soon critics' cases are taken up; for one person without what came of it."""

    cases: int
    taken: Step
    contacted: Step
    outcome: Outcome | None


def speed(rows: Sequence[Paced], won_back: WonBack | None, now: datetime) -> Speed:
    """Gives the figures of these cases as they stand now; those of a person without `won_back`."""
    # Solved without anybody contacted is no contact in time, and none too late either.
    to_contact = [row for row in rows if row.contacted_at or row.state not in DONE_STATES]
    return Speed(
        len(rows),
        _step([(row.taken_at, row.take_by, row.take_hours) for row in rows], now),
        _step([(row.contacted_at, row.contact_by, row.contact_hours) for row in to_contact], now),
        None if won_back is None else _outcome(rows, won_back),
    )


def _outcome(rows: Sequence[Paced], won_back: WonBack) -> Outcome:
    asked = [row for row in rows if row.settled in (*_ANSWERS, "unanswered")]
    yes = sum(row.settled == "yes" for row in asked)
    answered = sum(row.settled in _ANSWERS for row in asked)
    return Outcome(
        share(yes, answered),
        share(yes, len(asked)),
        share(won_back.recovered, won_back.again),
        share(won_back.recovered, won_back.asked),
    )


def share(hits: int, of: int) -> Share:
    """Gives a share with its likely range."""
    if not of:
        return Share(hits, of, None, None)
    low, high = wilson(hits, of)
    return Share(hits, of, hits / of * 100, Interval(low * 100, high * 100))


def to_json(found: Speed) -> dict[str, object]:
    """The figures as plain dicts, lists, numbers and nulls."""
    plain: dict[str, object] = asdict(found)
    if found.outcome is None:
        del plain["outcome"]
    return plain


def _step(
    steps: Iterable[tuple[datetime | None, datetime | None, float | None]], now: datetime
) -> Step:
    due = [
        (at, by, hours)
        for at, by, hours in steps
        if at is not None or (by is not None and by <= now)
    ]
    in_time = sum(at is not None and (by is None or at <= by) for at, by, _hours in due)
    taken = sorted(inf if hours is None else hours for _at, _by, hours in due)
    return Step(share(in_time, len(due)), _median(taken) if len(due) >= ENOUGH else None)


def _median(hours: Sequence[float]) -> float | None:
    middle = len(hours) // 2
    found = hours[middle] if len(hours) % 2 else (hours[middle - 1] + hours[middle]) / 2
    return None if found == inf else found
