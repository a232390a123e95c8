"""Matches a sheet with the columns of its file: typed rows, and each cell's own problems."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from handlers.files.cells import Reader, Unreadable, Value, is_cleared, is_empty
from handlers.files.columns import COLUMNS, SCALES, Column, What
from handlers.files.numbers import reading_of
from handlers.files.reading import Broken, Raw, Sheet, read
from handlers.files.report import Problem, shown


@dataclass(frozen=True)
class Row:
    """The cells a row gives, by column; None where `-` clears, absent where nothing is said."""

    number: int
    cells: dict[str, Value]

    def text(self, column: str) -> str | None:
        """Gives a text cell, or None."""
        value = self.cells.get(column)
        return value if isinstance(value, str) else None

    def items(self, column: str) -> list[str]:
        """Gives a list cell, empty when absent or cleared."""
        value = self.cells.get(column)
        return value if isinstance(value, list) else []


@dataclass
class Table:
    """The rows that have their keys, and what is wrong with the file so far."""

    what: What
    rows: list[Row] = field(default_factory=list)
    count: int = 0
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    _noted: set[tuple[int, str]] = field(default_factory=set)

    def problem(self, row: Row, column: str, text: str) -> None:
        """Notes a problem of a cell; what follows from a cell that has one already is not said."""
        self.note(Problem(row.number, self.positions.get(column, 0), column, text))

    def note(self, problem: Problem) -> None:
        """Notes a problem, the first of its cell."""
        if not problem.column or (problem.row, problem.column) not in self._noted:
            self.problems.append(problem)
            self._noted.add((problem.row, problem.column))

    def notice(self, row: Row, text: str) -> None:
        """Notes something a person should know that is no problem."""
        self.notices.append(f"row {row.number}: {text}")


def understand(what: What, data: bytes, zone: ZoneInfo) -> Table:
    """Reads a file's bytes; takes seconds for a big file, so an event loop calls it in a thread."""
    columns = {_folded(column.name): column for column in COLUMNS[what]}
    sheet = read(data, lambda name: _folded(name) in columns)
    table = Table(what, problems=sheet.problems, notices=sheet.notices)
    if not sheet.header:
        if not sheet.problems:
            table.note(Problem(0, 0, "", "is empty: the first row must name the columns"))
        return table
    table.count = len(sheet.rows)
    found = _header(table, sheet, columns)
    readers = _readers(sheet, found, zone)
    width = len(sheet.header)
    for number, cells in sheet.rows:
        if any(cell not in (None, "") for cell in cells[width:]):
            text = f"has {len(cells)} cells, the header has {width}"
            table.note(Problem(number, 0, "", text))
        row = Row(number, {})
        for at, column in found:
            if at < len(cells):
                _cell(table, row, at, column, cells[at], readers[column.name])
        if _has_keys(table, row, found):
            table.rows.append(row)
    return table


def _folded(name: str) -> str:
    """`Account Key`, `account-key` and `ACCOUNT_KEY` name the same column."""
    return re.sub(r"[\s_-]+", "", name).lower()


def _header(table: Table, sheet: Sheet, columns: dict[str, Column]) -> list[tuple[int, Column]]:
    found: dict[str, tuple[int, Column]] = {}
    for at, name in enumerate(sheet.header):
        column = columns.get(_folded(name))
        if column is None:
            _unknown(table, sheet, at, name, columns)
        elif column.name in found:
            table.note(Problem(1, at, column.name, "stands twice in the header"))
        else:
            found[column.name] = (at, column)
            table.positions[column.name] = at
    for column in COLUMNS[table.what]:
        if column.key and column.name not in found:
            table.note(Problem(1, len(sheet.header), column.name, "is missing"))
    # Keys first: the range of a score depends on the survey's kind.
    return sorted(found.values(), key=lambda pair: not pair[1].key)


def _unknown(table: Table, sheet: Sheet, at: int, name: str, columns: dict[str, Column]) -> None:
    if not name:
        if any(len(cells) > at and cells[at] not in (None, "") for _, cells in sheet.rows):
            text = f"column {at + 1} has cells but no name"
            table.note(Problem(1, at, "", text))
        return
    near = get_close_matches(_folded(name), columns, n=1)
    hint = f", did you mean {columns[near[0]].name}?" if near else ""
    table.note(Problem(1, at, shown(name), f"is no column of {table.what}{hint}"))


def _readers(sheet: Sheet, found: list[tuple[int, Column]], zone: ZoneInfo) -> dict[str, Reader]:
    plain = Reader(zone)
    readers = {column.name: plain for _, column in found}
    for at, column in found:
        if column.kind == "number":
            texts = (cells[at] for _, cells in sheet.rows if at < len(cells))
            reading = reading_of(text for text in texts if isinstance(text, str))
            readers[column.name] = replace(plain, reading=reading)
    return readers


def _cell(
    table: Table, row: Row, at: int, column: Column, raw: Raw | Broken, reader: Reader
) -> None:
    if is_empty(column, raw):
        return
    text: str | None = None
    if isinstance(raw, Broken):
        text = raw.text
    elif is_cleared(column, raw):
        if column.clears:
            row.cells[column.name] = None
            return
        text = "can't be cleared"
    else:
        try:
            row.cells[column.name] = _read(column, raw, row, reader)
        except Unreadable as error:
            text = str(error)
    if text is not None:
        table.note(Problem(row.number, at, column.name, text))


def _read(column: Column, raw: Raw, row: Row, reader: Reader) -> Value:
    if column.kind != "score":
        return reader.read(column, raw)
    low, high = SCALES.get(row.text("survey_kind") or "", (0, 10))
    try:
        score = reader.read(column, raw)
    except Unreadable:
        score = None
    if not isinstance(score, int) or not low <= score <= high:
        raise Unreadable(f"{shown(raw)} is not {low}..{high}")
    return score


def _has_keys(table: Table, row: Row, found: list[tuple[int, Column]]) -> bool:
    """Whether a row says which one it is; a key that can't be read has its problem already."""
    complete = True
    for at, column in found:
        if column.key and column.name not in row.cells:
            complete = False
            table.note(Problem(row.number, at, column.name, "is missing"))
    present = {column.name for _, column in found if column.key}
    return complete and present == {column.name for column in COLUMNS[table.what] if column.key}


def only(table: Table, row: Row, column: str, known: Collection[str], expected: str) -> None:
    """Notes each item of a list cell that is none of the known words."""
    for item in row.items(column):
        if item not in known:
            table.problem(row, column, f"{shown(item)} is not {expected}")
