"""Teams beside each other: scores adjusted for few answers, and who is clearly above or below.

The teams' true scores are taken as normal around a common mean, with a spread tau of which little
is known: half-normal with 20 points. Everything is averaged over tau, so that few answers widen
the range of a team instead of moving it up or down a list.
"""

from collections.abc import Sequence
from math import exp, log, sqrt
from statistics import NormalDist, median
from typing import Literal, NamedTuple

from handlers.measures.score import Z95, Interval

Difference = Literal["above", "below", "chance"]
CLEAR = 0.95
_SPREAD = 20.0  # points: what tau is expected to stay below most of the time
_GRID = range(81)  # tau, 0 to 80 points
_END = 100.0
_HALVINGS = 20  # to a thousandth of a point
_POWER80 = 2.8016  # 1.96 + 0.84: what is seen in four cases of five
_USUAL_SPREAD = 78.0  # points: how far single answers of a B2B programme lie apart
_NORMAL = NormalDist()


class TeamScore(NamedTuple):
    """What a team's customers answered; `n_eff` is above 0."""

    promoters: int
    passives: int
    detractors: int
    n_eff: float

    @property
    def n(self) -> int:
        """Rated answers."""
        return self.promoters + self.passives + self.detractors


class Compared(NamedTuple):
    """A team's adjusted score with its likely range, in points.

    `above` is how sure it is that the team lies above the common mean.
    """

    score: float
    interval: Interval
    above: float

    @property
    def difference(self) -> Difference:
        """Whether the team differs from the rest; never by the overlap of ranges."""
        return "above" if self.above > CLEAR else "below" if self.above < 1 - CLEAR else "chance"


class _Part(NamedTuple):
    """A team's score at one tau: normal, with the weight of that tau."""

    weight: float
    mean: float
    deviation: float


def compare(teams: Sequence[TeamScore]) -> list[Compared] | None:
    """Gives each team's adjusted score, in the order of `teams`.

    None where nothing can be compared: under two teams, or everybody answered alike.
    """
    n = sum(team.n for team in teams)
    if len(teams) < 2 or not n:
        return None
    promoters = sum(team.promoters for team in teams)
    detractors = sum(team.detractors for team in teams)
    variance = ((promoters + detractors) / n - ((promoters - detractors) / n) ** 2) * _END**2
    if variance <= 0:
        return None
    scores = [(team.promoters - team.detractors) / team.n * _END for team in teams]
    variances = [variance / team.n_eff for team in teams]
    parts: list[list[_Part]] = [[] for _team in teams]
    above = [0.0 for _team in teams]
    for tau, weight, mean, of_mean in _spreads(scores, variances):
        for at, (score, own) in enumerate(zip(scores, variances, strict=True)):
            kept = tau * tau / (own + tau * tau)  # of the team's own distance from the mean
            deviation = sqrt(kept * own + (1 - kept) ** 2 * of_mean)
            parts[at].append(_Part(weight, mean + kept * (score - mean), deviation))
            above[at] += weight * _above(tau, own, kept, score - mean, of_mean)
    return [_compared(own, sure) for own, sure in zip(parts, above, strict=True)]


def visible_gap(n_effs: Sequence[float]) -> tuple[int, int]:
    """Gives how many answers a team in the middle stands for, and the gap that would show, in tens.

    So large must a difference of two such teams be to show in four cases of five.
    """
    middle = max(1, round(median(n_effs)))
    gap = _POWER80 * sqrt(2 / middle) * _USUAL_SPREAD
    return middle, min(200, round(gap / 10) * 10)


def _spreads(
    scores: Sequence[float], variances: Sequence[float]
) -> list[tuple[float, float, float, float]]:
    """Gives each tau with its weight, the common mean there and that mean's variance."""
    found = []
    for tau in _GRID:
        precisions = [1 / (own + tau * tau) for own in variances]
        total = sum(precisions)
        mean = sum(p * score for p, score in zip(precisions, scores, strict=True)) / total
        fit = sum(p * (score - mean) ** 2 for p, score in zip(precisions, scores, strict=True))
        # The common mean is flat and integrated: its spread belongs to the weight.
        likely = (sum(map(log, precisions)) - log(total) - fit) / 2 - (tau / _SPREAD) ** 2 / 2
        found.append((tau, likely, mean, 1 / total))
    most = max(likely for _tau, likely, _mean, _variance in found)
    # Both ends of the grid count half.
    raised = [
        exp(likely - most) * (0.5 if at in (0, len(found) - 1) else 1)
        for at, (_tau, likely, _mean, _variance) in enumerate(found)
    ]
    sum_of = sum(raised)
    return [
        (tau, weight / sum_of, mean, variance)
        for weight, (tau, _likely, mean, variance) in zip(raised, found, strict=True)
    ]


def _above(tau: float, own: float, kept: float, distance: float, of_mean: float) -> float:
    """How sure it is at one tau that a team lies above the mean; without spread nobody does."""
    if tau == 0:
        return 0.5
    return _NORMAL.cdf(kept * distance / sqrt(kept * own + kept * kept * of_mean))


def _compared(parts: Sequence[_Part], above: float) -> Compared:
    tail = _NORMAL.cdf(-Z95)
    low, high = _quantile(parts, tail), _quantile(parts, 1 - tail)
    return Compared(sum(part.weight * part.mean for part in parts), Interval(low, high), above)


def _quantile(parts: Sequence[_Part], share: float) -> float:
    """The score below which lies this share, cut to what a score can be; by bisection."""
    low, high = -_END, _END
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = sum(
            part.weight * _NORMAL.cdf((middle - part.mean) / part.deviation) for part in parts
        )
        low, high = (middle, high) if below < share else (low, middle)
    return (low + high) / 2
