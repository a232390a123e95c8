"""What is exported comes back as the same rows and the same bytes, and runs in no spreadsheet."""

import csv
import io
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlmodel import delete

from handlers.context import Context, Refused
from handlers.files import export_file, import_file
from storage.db import Database
from storage.models import Account, Contact, Invitation, Member, Response, Team
from tests.factories import Make, acme_story
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace
from tests.files.conftest import Files

FILES = ("members", "accounts", "contacts", "responses")
FORMS = ("csv", "xlsx")


async def test_an_export_goes_into_an_empty_database_and_out_again_byte_by_byte(
    files: Files, make: Make, sqlite_template: Path, tmp_path: Path
) -> None:
    await _full(make, bo="  Bo\t")
    exported = {(what, form): await files.get(what, form) for what in FILES for form in FORMS}

    for form in FORMS:
        other = tmp_path / f"{form}.db"
        shutil.copy(sqlite_template, other)
        database = Database(f"sqlite:///{other}")
        empty = Context(
            files.ctx.programme, database, FakeChat(), FakeClock(), FakeEngine().soon, no_pace,
            files.ctx.secret,
        )  # fmt: skip
        for what in FILES:
            report = await import_file(empty, what, f"{what}.{form}", exported[what, form])
            assert report.problems == ()
            assert report.created == report.rows > 0
        for what in FILES:
            for again in FORMS:
                assert await export_file(empty, what, again) == exported[what, again]
        await database.close()


@pytest.mark.both_databases
@pytest.mark.parametrize("form", FORMS)
async def test_an_export_imported_where_it_came_from_changes_nothing(
    files: Files, make: Make, form: str
) -> None:
    await _full(make)
    for what in FILES:
        report = await files.stored(what, await files.get(what, form))
        assert (report.created, report.updated) == (0, 0)
        assert report.unchanged == report.rows


async def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(
    files: Files, make: Make
) -> None:
    acme = await make.account('=HYPERLINK("x")', key="acme", aliases=["@a", "b"])
    jane = await make.contact(acme, "+Jane", email="jane@acme.example", phone="+45 12", title="-")
    comment = '<!channel> *x* <script>alert(1)</script> =HYPERLINK("x")'
    await make.response(await make.invitation(jane), 3, comment=f"={comment}", idea="\t=1")

    (account,) = _read(await files.get("accounts"))
    (contact,) = _read(await files.get("contacts"))
    (answer,) = _read(await files.get("responses"))
    assert (account["name"], account["aliases"]) == ('\'=HYPERLINK("x")', "'@a|b")
    assert (contact["name"], contact["phone"], contact["title"]) == ("'+Jane", "'+45 12", "'-")
    assert (answer["comment"], answer["idea"]) == (f"'={comment}", "'\t=1")
    book = load_workbook(io.BytesIO(await files.get("accounts", "xlsx")))
    page: Any = book.active
    kinds = {cell.data_type for row in page.iter_rows() for cell in row}
    assert "f" not in kinds
    assert page["B2"].value == '\'=HYPERLINK("x")'


async def test_excel_gets_numbers_and_dates_as_such(files: Files, make: Make) -> None:
    await make.account("#N/A", key="acme", annual_value=1234.5, renewal_date=date(2027, 1, 7))
    page: Any = load_workbook(io.BytesIO(await files.get("accounts", "xlsx"))).active
    head, values = ([cell.value for cell in row] for row in page.iter_rows())
    row = dict(zip(head, values, strict=True))
    assert (row["annual_value"], row["renewal_date"].date()) == (1234.5, date(2027, 1, 7))
    assert row["name"] == "#N/A"


async def test_erased_people_and_tests_and_what_was_not_sent_stay_out(
    files: Files, make: Make
) -> None:
    acme = await make.account(key="acme")
    gone = await make.contact(acme, "", email=None, status="erased")
    await make.response(await make.invitation(gone), 3)
    ole, lis = await make.contact(acme), await make.contact(acme)
    await make.response(await make.invitation(ole, is_test=True), 4)
    for status in ("planned", "failed", "skipped", "cancelled", "bounced"):
        await make.invitation(lis, await make.wave(), status=status)
    assert len(_read(await files.get("contacts"))) == 2
    assert _read(await files.get("responses")) == []


async def test_another_format_is_refused(files: Files) -> None:
    with pytest.raises(Refused, match="a file can be .csv or .xlsx"):
        await files.get("accounts", "accounts.pdf")
    with pytest.raises(ValueError, match="is not one of members, accounts"):
        await files.get("waves")


async def test_a_text_that_excel_would_cut_is_refused_for_excel_only(
    files: Files, make: Make
) -> None:
    jane = await make.contact(await make.account())
    await make.response(await make.invitation(jane), 3, comment="x" * 40_000)
    with pytest.raises(Refused, match="row 2, column comment: longer than an Excel cell can be"):
        await files.get("responses", "xlsx")
    assert len(_read(await files.get("responses"))[0]["comment"]) == 40_000


@pytest.fixture(scope="module")
def database_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("nasty") / "npsbot.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path


NASTY = st.one_of(
    st.text(st.sampled_from("'=+-@\t\r\n\",;| aæ_x0D\u2028\x1b"), max_size=12),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(
        ["-", "'-", "''=x", "=1+1", "_x000D_", "\r", " ", "#N/A", "TRUE", "007", "1,5"]
    ),
)


@settings(
    max_examples=15,
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    name=NASTY.filter(lambda text: text.strip() and len(text.splitlines()) == 1),
    comment=NASTY,
    alias=NASTY,
    product=NASTY,
    score=st.integers(0, 10),
)
async def test_any_text_survives_export_and_import(
    programme: Any,
    database_file: Path,
    name: str,
    comment: str,
    alias: str,
    product: str,
    score: int,
) -> None:
    async with _opened(database_file) as database:
        ctx = Context(
            programme, database, FakeChat(), FakeClock(), FakeEngine().soon, no_pace, "s" * 40
        )
        await _empty(database)
        make = Make(database, FakeClock())
        acme = await make.account(name, key="acme", aliases=[alias])
        jane = await make.contact(acme, "Jane", title=product)
        await make.response(
            await make.invitation(jane), score, comment=comment or None, product=product or None
        )
        exported = {
            (what, form): await export_file(ctx, what, form) for what in FILES[1:] for form in FORMS
        }
        for form in FORMS:
            await _empty(database)
            for what in FILES[1:]:
                report = await import_file(ctx, what, f"{what}.{form}", exported[what, form])
                assert report.problems == ()
            for (what, again), data in exported.items():
                assert await export_file(ctx, what, again) == data
            async with database.reading() as session:
                assert (await session.get_one(Response, 1)).comment == (comment or None)


class _opened:
    """A database that closes at the end of an example."""

    def __init__(self, path: Path) -> None:
        self.database = Database(f"sqlite:///{path}")

    async def __aenter__(self) -> Database:
        return self.database

    async def __aexit__(self, *_error: object) -> None:
        await self.database.close()


async def _empty(database: Database) -> None:
    async with database.session() as session:
        for model in ("current_answer", "rollup"):
            await session.exec(delete(Response.metadata.tables[model]))
        for table in (Response, Invitation, Contact, Account, Member, Team):
            await session.exec(delete(table))


async def _full(make: Make, bo: str = "Bo") -> None:
    """The story of Acme with everything that a file can hold, and what it can't."""
    acme = await acme_story(make)
    await make.account("Acme Denmark", key="acme-dk", parent_id=acme.account.id, annual_value=1.234)
    await make.contact(
        acme.account, bo, email="bo@acme.example", judges=["price", "delivery"], role="user",
        takes_part_in_buying=False, experiences_service=True, status="inactive", language="nl",
        timezone="Europe/Amsterdam", country="NL", slack_id="U9", teams_id="T9",
    )  # fmt: skip
    spring = await make.wave("Spring", state="closed", imported=True)
    people = list(acme.contacts.values())
    asked = datetime(2026, 10, 20, 8, tzinfo=UTC)
    for person, (score, reply, status) in zip(
        people,
        [
            (0, "score", "confirmed"),
            (10, "score", "suspect"),
            (None, "may_not_recommend", "confirmed"),
        ],
        strict=False,
    ):
        await make.response(
            await make.invitation(person, spring, value=0.125, sent_at=asked), score,
            reply=reply, status=status,
            comment="two\r\nlines, \"quoted\"; 'and' = more", reasons=["price", "outside"],
            language="da", product="Pumps", touchpoint="order 7", idea="-",
            answered_at=datetime(2026, 10, 25, 0, 30, 1, 234567, tzinfo=UTC),
        )  # fmt: skip
    await make.response(await make.invitation(people[0], kind="csat", status="unasked"), 5)
    await make.response(await make.invitation(people[1], kind="ces2"), 7, comment=" ")


def _read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))
