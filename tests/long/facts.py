"""What a long test found: one line of its table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """Something measured; `holds` is None where there is no rule to break."""

    what: str
    value: str
    rule: str = ""
    holds: bool | None = None


def at_most(what: str, value: float, limit: float, unit: str = "") -> Fact:
    """A figure that must not be above a limit."""
    return Fact(what, _written(value, unit), f"<= {limit:g}{unit}", value <= limit)


def at_least(what: str, value: float, limit: float, unit: str = "") -> Fact:
    """A figure that must not be below a limit."""
    return Fact(what, _written(value, unit), f">= {limit:g}{unit}", value >= limit)


def equal(what: str, value: object, wanted: object) -> Fact:
    """A figure that must be exactly this."""
    return Fact(what, str(value), f"= {wanted}", value == wanted)


def holds(what: str, wrong: list[str], of: int) -> Fact:
    """A rule that every one of so many things must keep; the first that does not is told."""
    found = f"{of - len(wrong)} of {of}" if not wrong else f"{len(wrong)} wrong: {wrong[0]}"[:200]
    return Fact(what, found, "all", not wrong)


def told(what: str, value: object, unit: str = "") -> Fact:
    """A figure without a rule."""
    return Fact(what, _written(value, unit) if isinstance(value, float) else f"{value}{unit}")


def _written(value: float, unit: str) -> str:
    number = f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"
    return f"{number}{unit}"
