"""How soon cases are taken up: medians with those still waited for, shares, and their ranges."""

from datetime import UTC, datetime, timedelta

import pytest

from handlers.measures.speed import share, speed, to_json
from storage.pace import Paced, WonBack

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def case(
    taken: float | None = None,
    contacted: float | None = None,
    *,
    take_by: float = -1.0,
    state: str = "taken",
    settled: str | None = None,
) -> Paced:
    """A case taken after so many working hours, due `take_by` hours from now."""
    due = NOW + take_by * HOUR
    at = None if taken is None else due - HOUR
    met = None if contacted is None else due + HOUR
    return Paced(1, 1, state, settled, at, due, taken, met, due, contacted)


def test_those_still_waited_for_count_as_later_than_all_others() -> None:
    rows = [case(1), case(2), case(3), case(), case()]
    found = speed(rows, None, NOW)
    assert (found.taken.in_time.hits, found.taken.in_time.of) == (3, 5)
    assert found.taken.median_hours == 3
    rows = [case(1), case(2), case(), case(), case()]
    assert speed(rows, None, NOW).taken.median_hours is None


def test_a_case_whose_deadline_is_ahead_counts_once_it_is_taken() -> None:
    rows = [case(take_by=2), case(1, take_by=2)]
    found = speed(rows, None, NOW)
    assert (found.cases, found.taken.in_time.of, found.taken.in_time.hits) == (2, 1, 1)


def test_four_cases_have_no_median_and_late_is_not_in_time() -> None:
    found = speed([case(1, 5)] * 4, None, NOW)
    assert found.taken.median_hours is None
    assert (found.contacted.in_time.hits, found.contacted.in_time.of) == (0, 4)
    assert speed([case(1, 5)] * 6, None, NOW).contacted.median_hours == 5


def test_a_case_solved_without_a_contact_is_neither_late_nor_in_time() -> None:
    assert speed([case(1, state="solved")], None, NOW).contacted.in_time.of == 0


def test_settled_and_won_back_are_shares_of_who_answered_and_of_who_was_asked() -> None:
    rows = [case(1, settled=each) for each in ("yes", "yes", "no", "unanswered", None)]
    found = speed(rows, WonBack(4, 3, 6), NOW).outcome
    assert found is not None
    assert (found.settled.hits, found.settled.of, found.settled_of_asked.of) == (2, 3, 4)
    assert found.recovered.percent == 75
    assert found.recovered_of_asked.percent == 50
    # Wilson's interval of 3 of 4 by hand: 30.06 to 95.44.
    assert found.recovered.range == pytest.approx((30.06, 95.44), abs=0.01)


def test_a_person_has_no_figures_of_what_customers_said() -> None:
    told = to_json(speed([case(1, settled="yes")], None, NOW))
    assert set(told) == {"cases", "taken", "contacted"}
    assert share(0, 0).percent is None
