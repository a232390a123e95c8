"""The score of a scope over waves or quarters, as the trend chart shows it."""

from collections.abc import Iterable
from typing import NamedTuple

from handlers.measures.clusters import Cluster, Pool
from handlers.measures.measure import Measure
from handlers.measures.nps import weighted
from handlers.measures.quality import Quality, quality
from storage.measures import Alike
from storage.wave_rollups import Pooled


class TrendPoint(NamedTuple):
    """One wave or quarter: score and interval in points, null where nobody gave a score."""

    label: str
    nps: float | None
    low: float | None
    high: float | None
    n: int
    quality: Quality | None = None


def pooled(clusters: Iterable[Cluster]) -> Pooled:
    """The sums of accounts; those without a rated answer count nowhere."""
    rated = [cluster for cluster in clusters if cluster.n]
    return Pooled(
        len(rated),
        sum(each.promoters for each in rated),
        sum(each.passives for each in rated),
        sum(each.detractors for each in rated),
        sum(each.n * each.n for each in rated),
    )


def pooled_of(groups: Iterable[Alike]) -> Pooled:
    """The sums of accounts that are added up by team and n already."""
    found = list(groups)
    n = sum(each.n * each.accounts for each in found)
    balance = sum(each.balance for each in found)
    decided = sum(each.decided for each in found)
    return Pooled(
        sum(each.accounts for each in found),
        (decided + balance) // 2,
        n - decided,
        (decided - balance) // 2,
        sum(each.n * each.n * each.accounts for each in found),
    )


def group_point(label: str, sums: Pooled, rho: float) -> TrendPoint:
    """The point of a group of accounts: equal to that of its whole measure."""
    n = sums.promoters + sums.passives + sums.detractors
    score = weighted(Pool(sums.promoters, sums.detractors, n, n, sums.squares), rho)
    if score is None:
        return TrendPoint(label, None, None, None, 0, quality(None, 0))
    nps = (sums.promoters - sums.detractors) / n * 100
    return TrendPoint(label, nps, *score.interval, n, quality(score.n_eff, sums.accounts))


def silent_point(label: str) -> TrendPoint:
    """The point of a wave whose score is withheld."""
    return TrendPoint(label, None, None, None, 0)


def trend(measures: Iterable[tuple[str, Measure]]) -> tuple[TrendPoint, ...]:
    """The series of labelled measures of one scope, in the order given."""
    return tuple(_point(label, found) for label, found in measures)


def _point(label: str, found: Measure) -> TrendPoint:
    low, high = found.interval if found.interval is not None else (None, None)
    return TrendPoint(label, found.nps, low, high, found.rated or 0, found.quality)
