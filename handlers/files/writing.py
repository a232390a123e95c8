"""Writes rows as CSV or Excel: the same bytes for the same rows, no cell runs as a formula."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from handlers.context import Refused
from handlers.files.cells import Value, parts, quoted
from handlers.files.columns import Column
from handlers.files.numbers import written

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

_EXCEL_CELL = 32_767  # characters; Excel's limit
_EXCEL_ROWS = 1_048_576
# What XML can't hold or would change, and what already looks like such an escape.
_ESCAPES = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def cell(column: Column, value: Value, zone: ZoneInfo) -> str:
    """Gives a value as the text that an import reads back as the same value."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return written(value)
        case datetime():
            return value.astimezone(zone).isoformat()
        case date():
            return value.isoformat()
        case list():
            return quoted("|".join(parts("|".join(value))))
    return quoted(value if column.kind == "free" else value.strip())


def write_csv(names: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Gives a CSV in UTF-8 without a mark: for programs; who opens it in Excel takes .xlsx."""
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(names)
    writer.writerows(rows)
    return target.getvalue().encode()


def write_excel(
    title: str, columns: Sequence[Column], rows: Iterable[tuple[Sequence[Value], Sequence[str]]]
) -> bytes:
    """Gives an Excel file: numbers and dates as such, all else as text.

    Each row comes as values and as texts. Raises Refused where Excel would cut.
    """
    from openpyxl import Workbook  # slow to load, and only here needed

    # All is looked at before the first cell is written: a sheet left half way would stay open.
    lines = [
        [_excel_value(number, *cell) for cell in zip(columns, values, texts, strict=True)]
        for number, (values, texts) in enumerate(rows, start=2)
    ]
    if len(lines) >= _EXCEL_ROWS:
        raise Refused("Excel holds 1,048,576 rows, these are more: export as CSV.")
    book = Workbook(write_only=True)
    page = book.create_sheet(title)
    page.append([column.name for column in columns])
    for line in lines:
        page.append(
            [_text_cell(page, value) if isinstance(value, str) else value for value in line]
        )
    raw = io.BytesIO()
    book.save(raw)
    return _without_times(raw.getvalue())


def _excel_value(
    number: int, column: Column, value: Value, text: str
) -> str | int | float | date | None:
    if value is None or (isinstance(value, int | float | date) and not _said(value)):
        return value
    text = _ESCAPES.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    if len(text) > _EXCEL_CELL:
        raise Refused(
            f"row {number}, column {column.name}: longer than an Excel cell can be. Export as CSV."
        )
    return text


def _said(value: int | float | date) -> bool:
    """Yes and no are words, and a time keeps its zone, which Excel's own times have not."""
    return isinstance(value, bool | datetime)


def _text_cell(page: "WriteOnlyWorksheet", text: str) -> "Cell":
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(page, text or None)
    if text:
        # Told outright: a guess makes formulas and errors of texts like "=1" and "#N/A".
        cell.data_type = "s"
    return cell


def _without_times(data: bytes) -> bytes:
    """The time of writing would make two exports of the same rows differ."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        for info in sorted(old.infolist(), key=lambda info: info.filename):
            content = old.read(info)
            if info.filename == "docProps/core.xml":
                content = re.sub(
                    rb"(<dcterms:(created|modified)[^>]*>)[^<]*",
                    rb"\g<1>2000-01-01T00:00:00Z",
                    content,
                )
            part = zipfile.ZipInfo(info.filename, _NO_TIME)
            part.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(part, content)
    return target.getvalue()
