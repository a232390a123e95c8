"""The score of a scope over waves or quarters, as the trend chart shows it."""

from collections.abc import Iterable
from typing import NamedTuple

from handlers.measures.measure import Measure
from handlers.measures.quality import Quality


class TrendPoint(NamedTuple):
    """One wave or quarter: score and interval in points, null where nobody gave a score."""

    label: str
    nps: float | None
    low: float | None
    high: float | None
    n: int
    quality: Quality | None = None


def trend(measures: Iterable[tuple[str, Measure]]) -> tuple[TrendPoint, ...]:
    """The series of labelled measures of one scope, in the order given; withheld ones are empty."""
    return tuple(_point(label, found) for label, found in measures)


def _point(label: str, found: Measure) -> TrendPoint:
    low, high = found.interval if found.interval is not None else (None, None)
    return TrendPoint(label, found.nps, low, high, found.rated or 0, found.quality)
