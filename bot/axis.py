"""How far the axis of a score reaches, for every way a chart is drawn."""

from collections.abc import Sequence

from handlers.cards import Point

LEAST_RANGE = 80.0  # a small change must not look like a big one


def score_range(points: Sequence[Point]) -> tuple[float, float]:
    """Gives the ends of the score axis: all ranges and air, never beyond ±100."""
    values = [value for p in points for value in (p.value, p.low, p.high) if value is not None]
    low, high = min(values, default=0.0), max(values, default=0.0)
    air = max((high - low) * 0.12, (LEAST_RANGE - (high - low)) / 2, 4.0)
    return max(-100.0, low - air), min(100.0, high + air)
