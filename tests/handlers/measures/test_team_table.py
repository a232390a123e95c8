"""The table of teams: equal to a computation that integrates the mean by brute force."""

from collections.abc import Sequence
from math import erf

import numpy as np
import numpy.typing as npt
import pytest

from handlers.measures.team_table import TeamScore, compare, visible_gap

ALIKE = [TeamScore(8, 6, 6, 15.0), TeamScore(9, 5, 6, 15.0), TeamScore(7, 7, 6, 15.0)]
APART = [
    TeamScore(120, 40, 20, 110.0),
    TeamScore(40, 50, 90, 100.0),
    TeamScore(9, 3, 2, 8.0),
    TeamScore(70, 50, 60, 90.0),
    TeamScore(30, 20, 30, 40.0),
]
TWO = [TeamScore(40, 10, 5, 30.0), TeamScore(10, 20, 30, 35.0)]

_AT = np.linspace(-8, 8, 4001)
_PHI = [0.5 * (1 + erf(x / 2**0.5)) for x in _AT]


def _phi(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.interp(x, _AT, _PHI)


def by_brute_force(teams: Sequence[TeamScore]) -> list[tuple[float, float, float, float]]:
    """Score, low, high and the share above the mean, from a grid over tau, mean and team score."""
    n = sum(team.promoters + team.passives + team.detractors for team in teams)
    c, b = sum(team.promoters for team in teams), sum(team.detractors for team in teams)
    s2 = 10_000 * ((c + b) / n - ((c - b) / n) ** 2)
    y = np.array([100 * (t.promoters - t.detractors) / t.n for t in teams])
    v = np.array([s2 / team.n_eff for team in teams])
    tau = np.arange(0.25, 80, 0.5)[:, None]
    mu = np.arange(-250, 250, 1.0)[None, :]
    logs = -((tau / 20) ** 2) / 2 + 0 * mu
    for each, own in zip(y, v, strict=True):
        logs = logs - np.log(own + tau**2) / 2 - (each - mu) ** 2 / (own + tau**2) / 2
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    told = []
    for each, own in zip(y, v, strict=True):
        spread = own * tau**2 / (own + tau**2)
        mean = (each * tau**2 + mu * own) / (own + tau**2)
        above = float((weight * _phi((mean - mu) / np.sqrt(spread))).sum())
        at = np.arange(-110, 110, 1.0)
        below = [float((weight * _phi((x - mean) / np.sqrt(spread))).sum()) for x in at]
        low, high = np.interp([0.025, 0.975], below, at)
        told.append((float((weight * mean).sum()), float(low), float(high), above))
    return told


@pytest.mark.parametrize("teams", [ALIKE, APART, TWO], ids=["alike", "apart", "two"])
def test_adjusted_scores_are_those_of_the_model(teams: list[TeamScore]) -> None:
    found = compare(teams)

    assert found is not None
    for each, (score, low, high, above) in zip(found, by_brute_force(teams), strict=True):
        assert each.score == pytest.approx(score, abs=0.1)
        assert each.interval == pytest.approx((low, high), abs=0.4)
        assert each.above == pytest.approx(above, abs=0.002)


def test_few_answers_move_a_team_to_the_middle_and_only_a_clear_difference_is_one() -> None:
    strong, weak, few, *_rest = compare(APART) or []

    assert (strong.difference, weak.difference, few.difference) == ("above", "below", "chance")
    raw = 50.0  # 9 promoters and 2 critics of 14
    assert few.score < raw - 10
    assert few.interval.high - few.interval.low > strong.interval.high - strong.interval.low
    assert {each.difference for each in compare(ALIKE) or []} == {"chance"}


def test_the_order_of_teams_changes_nothing() -> None:
    forward, backward = compare(APART), compare(APART[::-1])

    assert forward is not None
    assert backward is not None
    for one, other in zip(forward, backward[::-1], strict=True):
        assert one.score == pytest.approx(other.score)
        assert one.above == pytest.approx(other.above)


@pytest.mark.parametrize(
    "teams",
    [[], ALIKE[:1], [TeamScore(9, 0, 0, 5.0), TeamScore(7, 0, 0, 5.0)]],
    ids=["none", "one", "everybody a promoter"],
)
def test_nothing_is_compared_where_nothing_can_be(teams: list[TeamScore]) -> None:
    assert compare(teams) is None


def test_scores_at_the_ends_stay_within_what_a_score_can_be() -> None:
    top, bottom = compare([TeamScore(40, 0, 0, 30.0), TeamScore(0, 0, 40, 30.0)]) or []

    assert -100 <= bottom.interval.low <= bottom.interval.high < 0
    assert 0 < top.interval.low <= top.interval.high <= 100


@pytest.mark.parametrize(
    ("n_eff", "gap"), [(10, 100), (20, 70), (40, 50), (60, 40), (100, 30), (200, 20)]
)
def test_the_gap_that_would_show_is_that_of_the_table(n_eff: int, gap: int) -> None:
    assert visible_gap([n_eff, n_eff, 5 * n_eff]) == (n_eff, gap)


def test_a_gap_is_never_wider_than_two_scores_can_be_apart() -> None:
    assert visible_gap([0.5, 0.5]) == (1, 200)
