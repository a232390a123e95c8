"""Recovery: critics whom we won back, by their own word and by their next score."""

from dataclasses import dataclass

from handlers.measures.score import Interval, wilson


@dataclass(frozen=True)
class Share:
    """How many of how many, in whole percent, with Wilson's 95 % interval."""

    hits: int
    n: int
    percent: int
    low: int
    high: int


def share(hits: int, n: int) -> Share | None:
    """Gives a share of those heard, None where nobody was."""
    if n <= 0:
        return None
    low, high = _percent(wilson(hits, n))
    return Share(hits, n, round(100 * hits / n), low, high)


def _percent(interval: Interval) -> tuple[int, int]:
    return round(100 * interval[0]), round(100 * interval[1])
