"""The interval of one score against the published examples and its own promises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.measures.score import (
    bounds,
    finite_interval,
    finite_n_eff,
    score_interval,
    wilson,
)

counts = st.tuples(*[st.integers(0, 60)] * 3).filter(lambda each: sum(each) > 0)
real_counts = st.tuples(*[st.floats(0, 300)] * 3).filter(lambda each: sum(each) > 0.01)


@pytest.mark.parametrize(
    ("promoters", "detractors", "n", "low", "high"),
    [
        pytest.param(9, 3, 32, -2.7, 39.0, id="Tango 1998, table VII"),
        pytest.param(6, 16, 161, -12.40, -0.54, id="Fagerland et al. 2017, Cavo"),
        pytest.param(5, 0, 5, 13, 100, id="five promoters, no other"),
    ],
)
def test_the_score_interval_equals_the_published_examples(
    promoters: int, detractors: int, n: int, low: float, high: float
) -> None:
    interval = score_interval(promoters, detractors, n).points()

    digits = 2 if n == 161 else 1 if n == 32 else 0
    assert round(interval.low, digits) == low
    assert round(interval.high, digits) == high


def test_only_detractors_mirror_only_promoters() -> None:
    up, down = score_interval(5, 0, 5), score_interval(0, 5, 5)

    assert down == pytest.approx((-up.high, -up.low))
    assert down.low == -1


def test_only_passives_leave_room_on_both_sides() -> None:
    interval = score_interval(0, 0, 4)

    assert -1 < interval.low < 0 < interval.high < 1
    assert interval.low == pytest.approx(-interval.high)


@pytest.mark.parametrize(("promoters", "detractors", "n"), [(0, 0, 0), (-1, 0, 3), (3, 2, 4)])
def test_counts_that_cannot_be_are_refused(promoters: int, detractors: int, n: int) -> None:
    with pytest.raises(ValueError, match="no score from"):
        score_interval(promoters, detractors, n)


@given(real_counts)
def test_the_interval_contains_the_score_and_stays_on_the_scale(
    each: tuple[float, float, float],
) -> None:
    promoters, passives, detractors = each
    n = promoters + passives + detractors

    low, high = score_interval(promoters, detractors, n)

    assert -1 <= low <= high <= 1
    assert low - 1e-9 <= (promoters - detractors) / n <= high + 1e-9


@given(counts)
def test_the_interval_turns_over_with_the_scale(each: tuple[int, int, int]) -> None:
    promoters, _, detractors = each
    n = sum(each)

    turned = score_interval(detractors, promoters, n)

    assert score_interval(promoters, detractors, n) == pytest.approx((-turned.high, -turned.low))


@given(counts)
def test_more_answers_of_the_same_mix_narrow_the_interval(each: tuple[int, int, int]) -> None:
    promoters, _, detractors = each
    n = sum(each)

    few = score_interval(promoters, detractors, n)
    many = score_interval(4 * promoters, 4 * detractors, 4 * n)

    assert many.high - many.low <= few.high - few.low + 1e-9


def test_one_account_of_five_of_six_has_the_documented_bounds_and_interval() -> None:
    ends, interval = bounds(3, 1, 5, 6), finite_interval(3, 1, 5, 6)

    assert ends is not None
    assert ends.points() == pytest.approx((16.6667, 50), abs=1e-3)
    assert interval is not None
    assert interval.points() == pytest.approx((16.6667, 50), abs=1e-3)


def test_an_account_that_answered_whole_is_exact() -> None:
    assert finite_interval(2, 1, 4, 4) == (0.25, 0.25)
    assert bounds(2, 1, 4, 4) == (0.25, 0.25)
    assert finite_n_eff(4, 4) is None


def test_an_account_of_one_person_is_exact_or_open() -> None:
    assert finite_interval(0, 1, 1, 1) == (-1, -1)
    assert finite_n_eff(1, 1) is None
    assert finite_interval(0, 0, 0, 1) is None
    assert bounds(0, 0, 0, 1) == (-1, 1)


def test_an_account_without_people_has_no_bounds() -> None:
    assert bounds(0, 0, 0, 0) is None
    assert finite_interval(0, 0, 0, 0) is None


@given(counts, st.integers(0, 40))
def test_the_finite_interval_contains_the_score_within_the_bounds(
    each: tuple[int, int, int], silent: int
) -> None:
    promoters, _, detractors = each
    n = sum(each)

    ends = bounds(promoters, detractors, n, n + silent)
    interval = finite_interval(promoters, detractors, n, n + silent)

    assert ends is not None
    assert interval is not None
    score = (promoters - detractors) / n
    assert ends.low <= interval.low <= score + 1e-9
    assert score - 1e-9 <= interval.high <= ends.high


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_equals_published_values(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits, n) == pytest.approx((low, high), abs=1e-4)


def test_wilson_refuses_a_share_of_nothing() -> None:
    with pytest.raises(ValueError, match="no share from"):
        wilson(0, 0)
