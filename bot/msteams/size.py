"""Makes a card fit a message: what is too much is left out and said, or told in further messages.

Sizes are of the JSON as the connector library sends it: letters outside ASCII as `\\uXXXX`.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from handlers.cards import Buttons, Element, Facts, Scale, Table

ROWS = 10  # lines that stay together where a long table or list is taken apart
SHARES = (1.0, 0.5, 0.2, 0.1, 0.05)  # of the texts' lengths, for a piece too big by itself
SEPARATOR = len(", ")

Data = dict[str, Any]
Row = TypeVar("Row")


@dataclass(frozen=True)
class Piece:
    """A part of a card's body that is shown whole or not at all, and how many lines it has."""

    drawn: list[Data]
    lines: int
    pressed: bool

    @property
    def size(self) -> int:
        return sum(size(element) + SEPARATOR for element in self.drawn)


def size(data: Any) -> int:
    """Gives the bytes of a part of a message on its way."""
    return len(json.dumps(data))


def pieces(
    body: Iterable[Element], draw: Callable[[Element, float], list[Data]], room: int
) -> list[Piece]:
    """Takes a body apart; a piece that is bigger than `room` alone is drawn with shorter texts."""
    made = []
    for element in body:
        for part, lines in _parts(element):
            drawn = Piece([], 0, False)
            for share in SHARES:
                drawn = Piece(draw(part, share), lines, isinstance(part, Buttons | Scale))
                if drawn.size <= room:
                    break
            made.append(drawn)
    return made


def first(body: list[Piece], room: int) -> tuple[list[Data], int]:
    """Gives what fits with what is pressed at the end, and how many lines are left out."""
    last = body[-1:] if body and body[-1].pressed else []
    rest = body[: len(body) - len(last)]
    room -= sum(piece.size for piece in last)
    kept, _ = _fill(rest, room)
    left_out = sum(piece.lines for piece in rest[kept:])
    return joined([*rest[:kept], *last]), left_out


def shares(body: list[Piece], room: int) -> list[list[Data]]:
    """Gives all pieces, in as few messages as they fill."""
    messages = []
    while body:
        kept, _ = _fill(body, room)
        kept = max(kept, 1)
        messages.append(joined(body[:kept]))
        body = body[kept:]
    return messages or [[]]


def joined(body: Iterable[Piece]) -> list[Data]:
    """Gives the drawn elements; the parts of a table stand under one head again."""
    elements: list[Data] = []
    for piece in body:
        for element in piece.drawn:
            last = elements[-1] if elements else {}
            if _same_table(last, element):
                elements[-1] = {**last, "rows": [*last["rows"], *element["rows"][1:]]}
            else:
                elements.append(element)
    return elements


def _fill(body: list[Piece], room: int) -> tuple[int, int]:
    used = 0
    for place, piece in enumerate(body):
        if used + piece.size > room:
            return place, used
        used += piece.size
    return len(body), used


def _same_table(one: Data, other: Data) -> bool:
    if one.get("type") != "Table" or other.get("type") != "Table":
        return False
    return bool(one["rows"][0] == other["rows"][0])


def _parts(element: Element) -> list[tuple[Element, int]]:
    match element:
        case Table():
            return [
                (Table(element.columns, rows, element.numeric), len(rows))
                for rows in _runs(element.rows)
            ]
        case Facts():
            return [(Facts(facts), len(facts)) for facts in _runs(element.facts)]
        case _:
            return [(element, 1)]


def _runs(rows: tuple[Row, ...]) -> list[tuple[Row, ...]]:
    return [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]
