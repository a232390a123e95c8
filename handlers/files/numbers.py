"""Numbers as people write them: `1234.5`, `1.234,5`, `1,234.5`.

What can be read two ways is decided by the other values of its column, or not at all.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from enum import Enum, auto

_GROUPED = {
    mark: re.compile(rf"[1-9]\d{{0,2}}(?:\{mark}\d{{3}})+(?:\{point}\d+)?")
    for mark, point in ((".", ","), (",", "."))
}
_PLAIN = {point: re.compile(rf"\d+(?:\{point}\d+)?") for point in ".,"}
_BLANKS = re.compile(r"(?<=\d)[\s’'](?=\d{3}(?!\d))")


class Reading(Enum):
    """Which mark stands before the decimals."""

    POINT = auto()
    COMMA = auto()


def readings(text: str) -> dict[Reading, Decimal]:
    """Gives what a text can mean under each reading; empty if it is no number."""
    text = _BLANKS.sub("", text.strip())
    sign = -1 if text.startswith(("-", "−")) else 1
    text = text.lstrip("+-−")
    found: dict[Reading, Decimal] = {}
    for reading, point, mark in ((Reading.POINT, ".", ","), (Reading.COMMA, ",", ".")):
        if _PLAIN[point].fullmatch(text) or _GROUPED[mark].fullmatch(text):
            found[reading] = sign * Decimal(text.replace(mark, "").replace(point, "."))
    return found


def reading_of(column: Iterable[str]) -> Reading | None:
    """Gives the reading that a column's unmistakable values show; None if none or both."""
    shown = {next(iter(meanings)) for meanings in map(readings, column) if len(meanings) == 1}
    return shown.pop() if len(shown) == 1 else None


def number(text: str, column: Reading | None) -> Decimal | tuple[Decimal, Decimal] | None:
    """Gives the number, both numbers if it can be read two ways, or None if it is none."""
    meanings = readings(text)
    values = set(meanings.values())
    if len(values) == 2 and column is not None:
        return meanings[column]
    if len(values) == 2:
        return meanings[Reading.POINT], meanings[Reading.COMMA]
    return values.pop() if values else None


def plain(value: float) -> str:
    """Gives a number without exponent and without needless decimals: `1001`, `1.234`."""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def written(value: float) -> str:
    """Gives a number so that it can be read back one way only: `420000`, `1234.5`, `1.2340`."""
    text = plain(value)
    # Three decimals look like thousands to who writes a comma there.
    return text + "0" if len(set(readings(text).values())) == 2 else text
