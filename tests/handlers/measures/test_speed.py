"""How soon cases are taken up: medians with those still waited for, shares, and their ranges."""

from datetime import UTC, datetime, timedelta

from handlers.measures.speed import Step, speed, to_json
from storage.pace import Paced

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def case(
    taken: float | None = None,
    contacted: float | None = None,
    *,
    take_by: float = -1.0,
    state: str = "taken",
) -> Paced:
    """A case taken after so many working hours, due `take_by` hours from now."""
    due = NOW + take_by * HOUR
    at = None if taken is None else due - HOUR
    met = None if contacted is None else due + HOUR
    return Paced(1, 1, state, at, due, taken, met, due, contacted)


def in_time(step: Step) -> tuple[int, int]:
    assert step.in_time is not None
    return step.in_time.hits, step.in_time.n


def test_those_still_waited_for_count_as_later_than_all_others() -> None:
    rows = [case(1), case(2), case(3), case(), case()]
    found = speed(rows, NOW)
    assert in_time(found.taken) == (3, 5)
    assert found.taken.median_hours == 3
    rows = [case(1), case(2), case(), case(), case()]
    assert speed(rows, NOW).taken.median_hours is None


def test_a_case_whose_deadline_is_ahead_counts_once_it_is_taken() -> None:
    rows = [case(take_by=2), case(1, take_by=2)]
    found = speed(rows, NOW)
    assert (found.cases, in_time(found.taken)) == (2, (1, 1))


def test_four_cases_have_no_median_and_late_is_not_in_time() -> None:
    found = speed([case(1, 5)] * 4, NOW)
    assert found.taken.median_hours is None
    assert in_time(found.contacted) == (0, 4)
    assert speed([case(1, 5)] * 6, NOW).contacted.median_hours == 5


def test_a_case_solved_without_a_contact_is_neither_late_nor_in_time() -> None:
    assert speed([case(1, state="solved")], NOW).contacted.in_time is None


def test_a_share_has_its_likely_range_and_nothing_due_has_none() -> None:
    told = to_json(speed([case(1), case(1), case(1), case()], NOW))
    # Wilson's interval of 3 of 4 by hand: 30.06 to 95.44.
    assert told["taken"] == {
        "in_time": {"hits": 3, "n": 4, "percent": 75, "low": 30, "high": 95},
        "median_hours": None,
    }
    assert speed([], NOW).taken.in_time is None
