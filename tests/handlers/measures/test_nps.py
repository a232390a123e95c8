"""Every figure of a scope against the worked example, the two real data sets and the edges."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.measures.counts import ROLES, AccountCounts, RoleCounts
from handlers.measures.measure import Measure, Scope, Weighted, Window, to_json, withheld
from handlers.measures.nps import measure
from handlers.measures.trend import TrendPoint, trend
from tests.data_files import WORKED_TEAMS, counts, instructor_training, longterm_2017, worked

WINDOW = Window(date(2025, 11, 24), date(2026, 11, 24))
ALL = Scope("all")
NAMES = {
    "scope", "kind", "window", "asked", "answered", "rated", "promoters", "passives",
    "detractors", "may_not_recommend", "cannot_judge", "suspect", "nps", "interval", "n_eff",
    "icc", "rho", "quality", "bounds", "accounts", "account_balanced", "value_weighted",
    "coverage", "by_role", "decision_maker_detractor",
}  # fmt: skip

role_counts = st.builds(
    lambda each, silent: RoleCounts(sum(each) + silent, *each),
    st.tuples(*[st.integers(0, 6)] * 5),
    st.integers(0, 4),
)
accounts = st.lists(
    st.builds(
        AccountCounts,
        key=st.uuids().map(str),
        name=st.just("A"),
        team=st.sampled_from(["a", "b", None]),
        value=st.sampled_from([None, 0.0, 800.0, 45_000.0, 1.5e6]),
        by_role=st.dictionaries(st.sampled_from(ROLES), role_counts),
    ),
    max_size=8,
)


def _all(found: list[AccountCounts], rho: float | None = None) -> Measure:
    return measure(ALL, "relationship", WINDOW, found, found, rho)


def _one(found: list[AccountCounts], key: str) -> Measure:
    only = [account for account in found if account.key == key]
    return measure(Scope("account", key), "relationship", WINDOW, only, found)


def _near(
    found: Weighted | Measure | None, nps: float, n_eff: float, low: float, high: float
) -> None:
    assert found is not None
    assert found.nps == pytest.approx(nps, abs=1e-4)
    assert found.n_eff == pytest.approx(n_eff, abs=1e-4)
    assert found.interval == pytest.approx((low, high), abs=1e-4)


def test_worked_example_has_the_documented_figures() -> None:
    found = _all(counts(worked()), 0.15)

    assert (found.asked, found.answered, found.rated, found.accounts) == (48, 31, 31, 10)
    _near(found, 16.1290, 21.5955, -21.1107, 48.9892)
    _near(found.account_balanced, 8.3333, 18.6800, -30.5337, 44.6422)
    _near(found.value_weighted, 11.5010, 11.8789, -37.2630, 55.0265)
    assert found.value_weighted is not None
    assert found.value_weighted.kish_accounts == pytest.approx(3.6308, abs=1e-4)
    assert found.value_weighted.largest_account == "K03"
    assert found.value_weighted.largest_share == pytest.approx(46.78, abs=0.005)
    assert found.value_weighted.without_largest == pytest.approx(36.2637, abs=1e-4)
    assert found.quality == "indicative"
    assert found.bounds is None


def test_a_fixed_rho_is_told_beside_the_estimated_icc() -> None:
    found = _all(counts(worked()), 0.3)

    assert found.rho == 0.3
    assert found.icc == pytest.approx(0.271732, abs=1e-6)


def test_rho_comes_from_the_whole_programme_whatever_the_scope() -> None:
    programme = counts(worked(), WORKED_TEAMS)
    north = [account for account in programme if account.team == "North"]

    found = measure(Scope("team", "North"), "relationship", WINDOW, north, programme)

    assert found.rated == 13
    assert found.rho == pytest.approx(0.181119, abs=1e-6)
    assert _one(programme, "K09").rho == found.rho


@pytest.mark.parametrize(
    ("key", "nps", "ends", "interval"),
    [
        ("K01", 75, (16.6667, 83.3333), (26.4318, 83.3333)),
        ("K08", -33.3333, (-71.4286, 42.8571), None),
    ],
)
def test_one_account_has_the_documented_bounds_and_finite_interval(
    key: str, nps: float, ends: tuple[float, float], interval: tuple[float, float] | None
) -> None:
    found = _one(counts(worked()), key)

    assert found.nps == pytest.approx(nps, abs=1e-4)
    assert found.bounds == pytest.approx(ends, abs=1e-4)
    if interval is not None:
        assert found.interval == pytest.approx(interval, abs=1e-4)
    assert found.quality is None
    assert found.account_balanced is None
    assert found.value_weighted is None


def test_training_events_have_the_documented_figures() -> None:
    found = _all(counts(instructor_training()))

    assert (found.rated, found.promoters, found.passives, found.detractors) == (764, 414, 281, 69)
    assert found.accounts == 80
    _near(found, 45.1571, 302.1704, 37.4455, 52.2097)
    _near(found.account_balanced, 41.8020, 246.2633, 32.9216, 49.8895)
    assert found.value_weighted is None
    assert found.quality == "solid"


def test_long_term_answers_by_country_have_the_documented_figures() -> None:
    found, fixed = _all(counts(longterm_2017())), _all(counts(longterm_2017()), 0.15)

    assert (found.rated, found.promoters, found.passives, found.detractors) == (369, 200, 105, 64)
    _near(found, 36.8564, 38.8954, 10.7142, 57.7672)
    _near(found.account_balanced, 36.3793, 54.4745, 15.6397, 53.7349)
    _near(fixed, 36.8564, 20.5297, 0.2783, 63.9816)
    _near(fixed.account_balanced, 36.3793, 48.2398, 14.2523, 54.6939)


def test_plain_intervals_come_out_with_one_answer_an_account() -> None:
    kinds = [(1, 0, 0)] * 9 + [(0, 1, 0)] * 20 + [(0, 0, 1)] * 3

    found = _all([_account(f"K{at}", *each) for at, each in enumerate(kinds)])

    assert found.interval == pytest.approx((-2.7, 39.0), abs=0.05)
    assert found.n_eff == pytest.approx(32)
    assert found.icc is None


def test_six_accounts_of_promoters_only_reach_the_end_of_the_scale() -> None:
    found = _all([_account(f"K{n}{at}", n, 0, 0) for at, n in enumerate((1, 2, 1, 3, 4, 1))], 0.15)

    _near(found, 100, 9.6, 42.8416, 100)


def test_a_scope_that_nobody_answered_has_counts_and_no_score() -> None:
    found = _all([AccountCounts("K1", "K1", by_role={"user": RoleCounts(asked=3, suspect=1)})])

    assert (found.asked, found.answered, found.rated, found.suspect) == (3, 0, 0, 1)
    assert found.nps is None
    assert found.interval is None
    assert found.n_eff is None
    assert found.account_balanced is None
    assert found.quality == "too_few"
    assert found.accounts == 0
    assert found.decision_maker_detractor is False


def test_an_account_that_nobody_answered_has_open_bounds() -> None:
    found = _one([AccountCounts("K1", "K1", by_role={"user": RoleCounts(asked=3)})], "K1")

    assert found.nps is None
    assert found.interval is None
    assert found.n_eff is None
    assert found.bounds == (-100, 100)


def test_an_empty_scope_has_no_coverage() -> None:
    found = _all([])

    assert found.coverage is not None
    assert found.coverage.accounts is None
    assert found.coverage.decision_makers is None
    assert found.coverage.revenue is None


def test_those_who_may_or_can_not_say_are_no_people_of_the_bounds() -> None:
    deciders = RoleCounts(asked=6, promoters=2, may_not_recommend=1, cannot_judge=1)

    found = _one([AccountCounts("K1", "K1", by_role={"decision_maker": deciders})], "K1")

    assert (found.asked, found.answered, found.rated) == (6, 4, 2)
    assert found.bounds == (0, 100)
    assert found.n_eff == pytest.approx(3)
    assert found.coverage is not None
    assert found.coverage.decision_makers == pytest.approx(100 / 3)


def test_coverage_counts_the_value_by_the_share_of_people_heard() -> None:
    found = _all(
        [
            _account("K1", 1, 0, 0, silent=1, value=300.0),
            _account("K2", 0, 0, 0, silent=4, value=100.0),
            _account("K3", 1, 0, 1, silent=0),
        ]
    )

    assert found.coverage is not None
    assert found.coverage.accounts == pytest.approx(200 / 3)
    assert found.coverage.revenue == pytest.approx(37.5)
    assert found.coverage.decision_makers is None


def test_a_decision_maker_who_is_a_detractor_is_flagged() -> None:
    by_role = {"decision_maker": RoleCounts(1, detractors=1), "user": RoleCounts(9, promoters=9)}

    found = _one([AccountCounts("K1", "K1", by_role=by_role)], "K1")  # type: ignore[arg-type]  # literal keys

    assert found.decision_maker_detractor is True
    assert found.by_role["decision_maker"].nps == -100
    assert found.by_role["user"].nps == 100
    assert found.by_role["influencer"].nps is None


def test_accounts_without_a_known_value_are_left_out_of_the_weighing_by_value() -> None:
    known, unknown = _account("K1", 1, 0, 0, value=50.0), _account("K2", 0, 0, 5)

    found = _all([known, unknown, _account("K3", 0, 0, 3, value=0.0)])

    assert found.value_weighted is not None
    assert found.value_weighted.nps == 100
    assert found.value_weighted.largest_share == 100
    assert found.value_weighted.without_largest is None
    assert _all([unknown]).value_weighted is None


def test_the_json_has_every_documented_name() -> None:
    plain = to_json(_all(counts(worked())))

    assert set(plain) == NAMES
    assert plain["scope"] == {"type": "all", "key": None}
    assert plain["window"] == {"from": "2025-11-24", "to": "2026-11-24"}
    again = json.loads(json.dumps(plain))
    assert again["interval"] == pytest.approx(plain["interval"])
    assert set(again["account_balanced"]) == {"nps", "interval", "n_eff"}
    assert set(again["value_weighted"]) == {
        "nps", "interval", "n_eff", "kish_accounts", "largest_account", "largest_share",
        "without_largest",
    }  # fmt: skip
    assert set(again["coverage"]) == {"accounts", "decision_makers", "revenue"}
    assert set(again["by_role"]) == {"decision_maker", "influencer", "user", "unknown"}
    assert set(again["by_role"]["user"]) == {
        "asked", "answered", "rated", "promoters", "passives", "detractors", "nps",
    }  # fmt: skip


def test_a_wave_has_no_window_in_the_json() -> None:
    found = measure(ALL, "relationship", Window(), [], [])

    assert to_json(found)["window"] == {"from": None, "to": None}


def test_a_withheld_measure_keeps_the_counts_of_asked_and_answered_only() -> None:
    plain = to_json(withheld(_all(counts(worked()))))

    assert set(plain) == NAMES | {"withheld"}
    told = {name for name, figure in plain.items() if figure is not None}
    assert told == {"scope", "kind", "window", "asked", "answered", "by_role", "withheld"}
    assert plain["withheld"] == "small_team"
    assert plain["by_role"]["unknown"] == {  # type: ignore[index]  # a dict, as asserted
        "asked": 48, "answered": 31, "rated": None, "promoters": None, "passives": None,
        "detractors": None, "nps": None,
    }  # fmt: skip


def test_a_trend_keeps_the_order_and_the_gaps() -> None:
    first, silent = _all([_account("K1", 2, 1, 1)]), _all([])

    series = trend([("Q1", first), ("Q2", silent)])

    assert first.interval is not None
    low, high = first.interval
    assert series[0] == TrendPoint("Q1", 25.0, low, high, 4, first.quality)
    assert series[1] == TrendPoint("Q2", None, None, None, 0, silent.quality)


@given(accounts)
def test_every_interval_contains_its_score_on_the_scale(found: list[AccountCounts]) -> None:
    whole = _all(found)

    for each in (whole, whole.account_balanced, whole.value_weighted):
        if each is not None and each.interval is not None and each.nps is not None:
            low, high = each.interval
            assert -100 <= low <= each.nps + 1e-6
            assert each.nps - 1e-6 <= high <= 100
    assert (whole.interval is None) == (whole.rated == 0)
    json.dumps(to_json(whole), allow_nan=False)


@given(accounts, st.floats(0, 0.5), st.floats(0, 0.5))
def test_the_interval_widens_with_rho(found: list[AccountCounts], one: float, other: float) -> None:
    less, more = _all(found, min(one, other)).interval, _all(found, max(one, other)).interval

    if less is not None and more is not None:
        assert more.high - more.low >= less.high - less.low - 1e-6


@given(accounts.filter(bool))
def test_the_bounds_contain_the_interval_and_the_score(found: list[AccountCounts]) -> None:
    one = _one(found, found[0].key)

    if one.bounds is not None and one.nps is not None and one.interval is not None:
        low, high = one.bounds
        assert low - 1e-6 <= one.interval.low <= one.nps + 1e-6
        assert one.nps - 1e-6 <= one.interval.high <= high + 1e-6


def _account(
    key: str,
    promoters: int,
    passives: int,
    detractors: int,
    silent: int = 0,
    value: float | None = None,
) -> AccountCounts:
    asked = promoters + passives + detractors + silent
    counted = RoleCounts(asked, promoters, passives, detractors)
    return AccountCounts(key, key, value=value, by_role={"user": counted})
