"""Intervals of one score: the score interval, Wilson's for a share, and one account's bounds.

Shares and scores are fractions here (-1..1 and 0..1); `nps.py` turns them into points.
"""

from math import sqrt
from typing import NamedTuple

Z95 = 1.959963984540054
_STEPS = 80


class Interval(NamedTuple):
    """Both ends of an interval, `low <= high`."""

    low: float
    high: float

    def points(self) -> "Interval":
        """The same interval times 100."""
        return Interval(self.low * 100, self.high * 100)


def score_interval(promoters: float, detractors: float, n: float) -> Interval:
    """The 95 % score interval of (promoters - detractors) / n, as fractions.

    Tango 1998 = May and Johnson 1997 = Rocks' iterative interval. Counts may be real-valued, as
    effective counts of clustered or weighted answers are. Raises ValueError unless n > 0 and the
    counts fit into n.
    """
    slack = 1e-9 * n
    if n <= 0 or promoters < 0 or detractors < 0 or promoters + detractors > n + slack:
        raise ValueError(f"no score from {promoters} promoters and {detractors} of {n} answers")
    d = (promoters - detractors) / n
    low = -1.0 if detractors >= n - slack else _edge(promoters, detractors, n, d, -1.0)
    high = 1.0 if promoters >= n - slack else _edge(promoters, detractors, n, d, 1.0)
    return Interval(low, high)


def wilson(hits: float, n: float) -> Interval:
    """Wilson's 95 % interval of the share hits / n; raises ValueError unless n > 0."""
    if n <= 0 or not 0 <= hits <= n:
        raise ValueError(f"no share from {hits} of {n}")
    share, z2 = hits / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == n else min(1.0, middle + half)
    return Interval(low, high)


def bounds(promoters: int, detractors: int, n: int, people: int) -> Interval | None:
    """One account's score if everyone who has not answered were a critic / a promoter.

    `n` of `people` answered. Null without anybody who could answer.
    """
    if people <= 0:
        return None
    silent = people - n
    return Interval(
        (promoters - detractors - silent) / people,
        (promoters - detractors + silent) / people,
    )


def finite_n_eff(n: int, people: int) -> float | None:
    """Effective n when `n` of only `people` answered; null if nobody did or everybody did."""
    if n <= 0 or n >= people:
        return None
    return n * (people - 1) / (people - n)


def finite_interval(promoters: int, detractors: int, n: int, people: int) -> Interval | None:
    """One account's interval: score interval on the finite n_eff, cut to the bounds.

    Exact (both ends the score) when everybody answered; null when nobody did.
    """
    limits = bounds(promoters, detractors, n, people)
    if n <= 0 or limits is None:
        return None
    n_eff = finite_n_eff(n, people)
    if n_eff is None:
        exact = (promoters - detractors) / n
        return Interval(exact, exact)
    wide = score_interval(promoters / n * n_eff, detractors / n * n_eff, n_eff)
    return Interval(max(wide.low, limits.low), min(wide.high, limits.high))


def _edge(promoters: float, detractors: float, n: float, d: float, end: float) -> float:
    """The theta between d (inside) and `end` (outside) where abs(Z) passes Z95, by bisection."""
    inside, outside = d, end
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        if _is_inside(promoters, detractors, n, middle):
            inside = middle
        else:
            outside = middle
    return inside


def _is_inside(promoters: float, detractors: float, n: float, theta: float) -> bool:
    a = 2 * n
    b = -detractors - promoters + (2 * n - promoters + detractors) * theta
    c = -detractors * theta * (1 - theta)
    q = (sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
    variance = n * max(0.0, 2 * q + theta * (1 - theta))
    # Squared, because the variance is 0 at theta = -1 and 1, where every other score is outside.
    distance = promoters - detractors - n * theta
    return distance * distance <= Z95 * Z95 * variance
