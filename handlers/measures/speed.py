"""How soon cases are taken up: medians in working hours, and shares in time."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import inf

from handlers.measures.recovery import Share, share
from storage.models import DONE_STATES
from storage.pace import Paced

ENOUGH = 5  # fewer have no median worth telling


@dataclass(frozen=True)
class Step:
    """Taking or contacting: of the cases due, how many in time, and the median working hours.

    Due are cases in which it was done or should have been. Who is still waited for counts as later
    than all others: where that is half of them or more, there is no median yet. Without anything
    due there is no share.
    """

    in_time: Share | None
    median_hours: float | None


@dataclass(frozen=True)
class Speed:
    """How soon critics' cases are taken up; what customers say of it is told of groups alone."""

    cases: int
    taken: Step
    contacted: Step


def speed(rows: Sequence[Paced], now: datetime) -> Speed:
    """Gives the figures of these cases as they stand now."""
    # Solved without anybody contacted is no contact in time, and none too late either.
    to_contact = [row for row in rows if row.contacted_at or row.state not in DONE_STATES]
    return Speed(
        len(rows),
        _step([(row.taken_at, row.take_by, row.take_hours) for row in rows], now),
        _step([(row.contacted_at, row.contact_by, row.contact_hours) for row in to_contact], now),
    )


def to_json(found: Speed) -> dict[str, object]:
    """The figures as plain dicts, lists, numbers and nulls."""
    plain: dict[str, object] = asdict(found)
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
