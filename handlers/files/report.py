"""What an import gives back, and the one wording of its problems."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

_SHOWN = 60


class Problem(NamedTuple):
    """Something in a cell that can't be stored; sorts by row, then by place in the row."""

    row: int
    position: int
    column: str
    text: str

    def __str__(self) -> str:
        where = f"row {self.row}" if self.row else "file"
        return (
            f"{where}, column {self.column}: {self.text}"
            if self.column
            else f"{where}: {self.text}"
        )


@dataclass(frozen=True)
class ImportReport:
    """How many rows the file has and what became of them; with a problem nothing was stored.

    `problems` are lines such as `row 7, column score: 11 is not 0..10`; row 1 is the header.
    """

    what: str
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    dry_run: bool = False

    @property
    def ok(self) -> bool:
        """Whether the file was (or, in a dry run, would be) stored."""
        return not self.problems


def lines(problems: Iterable[Problem]) -> tuple[str, ...]:
    """Gives the problems as lines, by row and column."""
    return tuple(str(problem) for problem in sorted(set(problems)))


def shown(value: object) -> str:
    """Gives a cell's value for one line on a screen: short, without control characters."""
    text = "".join(char if char.isprintable() else " " for char in str(value))
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def one_of(words: Iterable[str]) -> str:
    """Gives `a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
