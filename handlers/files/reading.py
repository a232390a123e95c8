"""Takes a CSV or Excel file apart into rows of raw cells, whatever program wrote it."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from handlers.files.report import Problem

# What a cell of a spreadsheet may hold; a CSV holds text only.
Raw = str | int | float | bool | date | datetime | time | timedelta | None


@dataclass(frozen=True)
class Broken:
    """A cell without a value: an error of the spreadsheet, or a formula that was never computed."""

    text: str


@dataclass
class Sheet:
    """The header and the rows with their numbers (row 1 is the header); empty rows are left out."""

    header: list[str] = field(default_factory=list)
    rows: list[tuple[int, Sequence[Raw | Broken]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_SEPARATORS = (";", ",", "\t", "|")


def read(data: bytes, known: Callable[[str], bool]) -> Sheet:
    """Gives the rows of a file; `known` tells a column's name and so finds a CSV's separator."""
    if data.startswith(b"PK\x03\x04"):
        return _read_excel(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return _refused("this is an old Excel file: save it as .xlsx or CSV")
    sheet = Sheet()
    text = _decode(data, sheet)
    if text is None:
        return _refused("this is neither CSV nor Excel (.xlsx)")
    return _read_csv(text, sheet, known)


def _refused(text: str) -> Sheet:
    return Sheet(problems=[Problem(0, 0, "", text)])


def _decode(data: bytes, sheet: Sheet) -> str | None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]  # what Excel calls "Unicode text"
    elif data.startswith(b"\xef\xbb\xbf"):
        encodings = ["utf-8-sig"]
    else:
        encodings = ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp1252":
            sheet.notices.append("file: read as Windows-1252, it is not UTF-8")
        return text
    return None


def _read_csv(text: str, sheet: Sheet, known: Callable[[str], bool]) -> Sheet:
    separator, text = _separator(text, known)
    # `strict` finds a quote that is never closed, which would swallow all rows behind it.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            _take(sheet, number, cells)
    except csv.Error as error:
        sheet.problems.append(Problem(number + 1, 0, "", f"can't be read: {error}"))
    return sheet


def _separator(text: str, known: Callable[[str], bool]) -> tuple[str, str]:
    told = re.match(r"sep=(.)\r?\n", text)  # Excel's own first line, which it never shows
    if told:
        return told[1], text[told.end() :]
    best = (0, 0, ",")
    for rank, separator in enumerate(_SEPARATORS):
        first = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            header = next(first, [])
        except csv.Error:
            continue
        best = max(best, (sum(map(known, header)), -rank, separator))
    return best[2], text


def _take(sheet: Sheet, number: int, cells: Sequence[Raw | Broken]) -> None:
    """Keeps a row that holds anything; the first is the header."""
    if number == 1:
        sheet.header = ["" if cell is None else str(cell).strip() for cell in cells]
        return
    if all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells):
        return
    sheet.rows.append((number, cells))


def _read_excel(data: bytes) -> Sheet:
    from openpyxl import load_workbook  # slow to load, and only here needed
    from openpyxl.utils.exceptions import InvalidFileException

    sheet = Sheet()
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        shown = [page for page in book.worksheets if page.sheet_state == "visible"]
        if not shown:
            return _refused("this Excel file has no sheet")
        if len(shown) > 1:
            sheet.notices.append(f"file: only the first sheet, {shown[0].title}, was read")
        formulas = _formulas(data, shown[0].title)
        for number, cells in enumerate(_rows(shown[0]), start=1):
            _take(
                sheet, number, [_raw(cell, number, at, formulas) for at, cell in enumerate(cells)]
            )
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, SyntaxError) as error:
        # SyntaxError: the XML parser's own error is one.
        return _refused(f"this Excel file is damaged or not .xlsx ({type(error).__name__})")
    return sheet


def _rows(page: Any) -> Iterator[Sequence[Any]]:
    # Some programs write a wrong size into the sheet; then rows would be cut.
    page.reset_dimensions()
    yield from page.iter_rows()


def _formulas(data: bytes, title: str) -> frozenset[tuple[int, int]]:
    """Gives row and position of all formulas; most files have none: a look at the bytes tells."""
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        pages = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        if not any(re.search(rb"<f[ >/]", archive.read(name)) for name in pages):
            return frozenset()
    page: Any = load_workbook(io.BytesIO(data), read_only=True)[title]
    return frozenset(
        (number, at)
        for number, cells in enumerate(_rows(page), start=1)
        for at, cell in enumerate(cells)
        if cell.data_type == "f"
    )


def _raw(cell: Any, number: int, at: int, formulas: frozenset[tuple[int, int]]) -> Raw | Broken:
    value: Raw = cell.value
    if cell.data_type == "e":
        return Broken(f"{value} is an error of the spreadsheet")
    if value is None and (number, at) in formulas:
        return Broken("a formula without a value: open the file in Excel, save it, import it again")
    if isinstance(value, str):
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
    return value
