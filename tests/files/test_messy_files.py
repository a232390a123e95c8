"""Files as real programs write them: encodings, separators, headers, spreadsheets."""

import io
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.cell import Cell

from storage.db import Database
from storage.models import Account, Contact
from tests.factories import Make
from tests.files.conftest import Files


@pytest.fixture
def db(db: Database) -> Database:
    """How a file is read does not depend on the database."""
    return db


ACCOUNTS = "account_key{s}name{s}annual_value\nacme{s}Ærø Smør A/S{s}{v}\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize(
    ("separator", "value"), [(";", "1.234,5"), ("\t", "1234,5"), (",", "1234.5")]
)
async def test_encodings_and_separators_are_told_by_the_file(
    files: Files, encoding: str, separator: str, value: str
) -> None:
    text = ACCOUNTS.format(s=separator, v=value)
    report = await files.stored("accounts", text.encode(encoding))
    account = await files.row(Account)
    assert (account.name, account.annual_value) == ("Ærø Smør A/S", 1234.5)
    said = ("file: read as Windows-1252, it is not UTF-8",) if encoding == "cp1252" else ()
    assert report.notices == said


async def test_line_ends_of_any_kind_and_excels_own_first_line_are_read(
    files: Files,
) -> None:
    await files.stored("accounts", "sep=;\r\naccount_key;name\r\na;A, B\r\n\r\nb;B\r\n")
    assert [account.name for account in await files.rows(Account)] == ["A, B", "B"]


async def test_headers_may_differ_in_case_blanks_and_order(files: Files) -> None:
    await files.stored("accounts", " Name , ACCOUNT Key,Annual-Value,\nAcme,acme,5,\n")
    assert (await files.row(Account)).key == "acme"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("account_key,name,Name\na,b,c\n", ["row 1, column name: stands twice in the header"]),
        ("account_key,nmae\na,b\n",
         ["row 1, column nmae: is no column of accounts, did you mean name?"]),
        ("account_key,zzz\na,b\n", ["row 1, column zzz: is no column of accounts"]),
        ("name\nb\n", ["row 1, column account_key: is missing"]),
        ("account_key,\na,b\n", ["row 1: column 2 has cells but no name"]),
        ("account_key,name\na,b,c\n", ["row 2: has 3 cells, the header has 2"]),
        ("", ["file: is empty: the first row must name the columns"]),
        ('account_key,name\na,"b\nc,d\n', ["row 2: can't be read: unexpected end of data"]),
        ("account_key,name\n,b\n", ["row 2, column account_key: is missing"]),
        ("account_key,name\n-,b\n", ["row 2, column account_key: can't be cleared"]),
    ],
)  # fmt: skip
async def test_a_header_or_row_that_does_not_fit_is_a_problem(
    files: Files, text: str, problems: list[str]
) -> None:
    assert await files.refused("accounts", text) == problems
    assert await files.rows(Account) == []


async def test_all_problems_are_listed_by_row_and_column(files: Files, make: Make) -> None:
    await make.contact(await make.account(key="acme"), email="jane@acme.example")
    head = "account_key,email,survey_kind,wave,answered_at,score\n"
    good = "acme,jane@acme.example,relationship,W{},2026-11-01,5\n"
    text = head + "".join(good.format(n) for n in range(5))
    text += "acme,jane@acme.example,relationship,W6,soon,11\n"
    text += "nobody,jane@acme.example,ces1,W7,2026-11-01,0\n"
    assert await files.refused("responses", text) == [
        "row 7, column answered_at: soon is not a date such as 2026-11-24 or 24.11.2026",
        "row 7, column score: 11 is not 0..10",
        "row 8, column account_key: nobody is not a known account",
        "row 8, column score: 0 is not 1..5",
    ]


async def test_a_binary_file_is_refused_kindly(files: Files) -> None:
    assert await files.refused("accounts", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") == [
        "file: this is an old Excel file: save it as .xlsx or CSV"
    ]
    assert await files.refused("accounts", b"\x81\x8d\x00\x01") == [
        "file: this is neither CSV nor Excel (.xlsx)"
    ]
    (problem,) = await files.refused("accounts", b"PK\x03\x04 not really")
    assert problem.startswith("file: this Excel file is damaged")


async def test_dates_numbers_and_texts_of_excel_are_read_as_they_are(files: Files) -> None:
    await files.stored(
        "accounts",
        workbook(
            ["account_key", "name", "annual_value", "renewal_date", "strategic", "tier"],
            [1001, "Acme A/S", 420000.5, datetime(2027, 1, 7), True, "A\r\nB"],  # noqa: DTZ001
            [None, None, None, None, None, None],
            ["b", "_x0041_cme", "1.234,5", date(2027, 1, 8), "nej", 1],
        ),
    )
    first, second = await files.rows(Account)
    assert (first.key, first.annual_value, first.renewal_date) == (
        "1001",
        420000.5,
        date(2027, 1, 7),
    )
    assert first.strategic
    assert (second.name, second.annual_value, second.renewal_date) == (
        "Acme",
        1234.5,
        date(2027, 1, 8),
    )
    assert second.tier == "1"


async def test_errors_and_formulas_of_excel_are_problems(files: Files) -> None:
    problems = await files.refused(
        "accounts",
        workbook(
            ["account_key", "name", "renewal_date"],
            ["a", "=A2&1", "#N/A"],
            ["b", "fine", 46000],
        ),
    )
    formula = "a formula without a value: open the file in Excel, save it, import it again"
    assert problems == [
        f"row 2, column name: {formula}",
        "row 2, column renewal_date: #N/A is an error of the spreadsheet",
        "row 3, column renewal_date: 46000 is not a date such as 2026-11-24 or 24.11.2026",
    ]


async def test_only_the_first_sheet_is_read_and_said_so(files: Files) -> None:
    book = Workbook()
    page: Any = book.active
    page.title = "Customers"
    page.append(["account_key"])
    page.append(["acme"])
    book.create_sheet("Notes").append(["whatever"])
    report = await files.stored("accounts", saved(book))
    assert report.notices == ("file: only the first sheet, Customers, was read",)


async def test_a_long_or_hostile_value_is_shown_short_and_on_one_line(files: Files) -> None:
    (problem,) = await files.refused(
        "accounts", 'account_key,strategic\na,"\x1b[31m\nno' + "o" * 1000 + '"\n'
    )
    assert problem.startswith("row 2, column strategic: [31m no")
    assert problem.endswith("… is not yes or no")
    assert len(problem) < 120


async def test_every_column_but_the_keys_may_be_missing(files: Files, make: Make) -> None:
    await make.account(key="acme")
    await files.stored("contacts", "email,account_key\nJane@Acme.example,acme\n")
    contact = await files.row(Contact)
    assert (contact.name, contact.email, contact.status) == ("jane", "jane@acme.example", "active")


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    page: Any = book.active
    for row in rows:
        page.append(row)
    for cells in page.iter_rows():
        for cell in cells:
            assert isinstance(cell, Cell)
            if cell.value == "#N/A":
                cell.data_type = "e"
    return saved(book)


def saved(book: Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
