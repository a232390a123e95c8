"""Compares the rows of a file with what is stored: what is new, what changes, what stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.context import Context
from handlers.files.report import ImportReport, lines, shown
from handlers.files.table import Row, Table

Fields = Mapping[str, Any]


@dataclass
class Outcome:
    """What an import does, counted in rows of the file."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    changes: list[dict[str, Any]] = field(default_factory=list)

    def compare(self, stored: Fields, given: Fields) -> dict[str, Any]:
        """Counts a row that is stored already; gives and keeps its `id` and what changes."""
        changed = {name: value for name, value in given.items() if stored[name] != value}
        if not changed:
            self.unchanged += 1
            return {}
        self.updated += 1
        change = {"id": stored["id"], **changed}
        self.changes.append(change)
        return change

    def report(self, table: Table, dry_run: bool) -> ImportReport:
        """Gives the report; with a problem nothing was created or updated."""
        problems = lines(table.problems)
        stored = not problems
        return ImportReport(
            what=table.what,
            rows=table.count,
            created=self.created if stored else 0,
            updated=self.updated if stored else 0,
            unchanged=self.unchanged if stored else 0,
            problems=problems,
            notices=tuple(table.notices),
            dry_run=dry_run,
        )


@dataclass(frozen=True)
class Run:
    """One import: its context, the rows, and whether anything is stored in the end."""

    ctx: Context
    table: Table
    dry_run: bool

    @property
    def stores(self) -> bool:
        """Whether changes are written: no dry run and not one problem."""
        return not self.dry_run and not self.table.problems


def once_each(table: Table, among: list[Row], *columns: str) -> list[Row]:
    """Gives the rows without those whose key stands in the file already, which are problems."""
    first: dict[tuple[Any, ...], int] = {}
    rows = []
    for row in among:
        key = tuple(row.cells.get(column) for column in columns)
        earlier = first.setdefault(key, row.number)
        if earlier == row.number:
            rows.append(row)
        else:
            name = shown(row.cells.get(columns[-1]) or row.cells.get(columns[0]))
            table.problem(row, columns[-1], f"{name} stands in row {earlier} already")
    return rows


def given(row: Row, cleared: Fields, *left_out: str) -> dict[str, Any]:
    """Gives the stored fields a row speaks of; `-` gives the value of `cleared`, else None."""
    return {
        column: cleared.get(column) if value is None else value
        for column, value in row.cells.items()
        if column not in left_out
    }
