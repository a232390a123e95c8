"""Each kind of cell is read strictly, in all the ways people write it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.files.cells import Reader, Unreadable, Value, quoted, unquoted
from handlers.files.columns import COLUMNS, Column
from handlers.files.numbers import Reading, reading_of, readings, written
from handlers.files.reading import Raw

READER = Reader(ZoneInfo("Europe/Copenhagen"))
NUMBER = Column("annual_value", "number")


def column(what: str, name: str) -> Column:
    files = {str(key): columns for key, columns in COLUMNS.items()}
    return next(column for column in files[what] if column.name == name)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1 234,5", 1234.5),
        ("1\u00a0234\u00a0567", 1234567.0),
        ("1.234.567", 1234567.0),
        ("1,234,567.25", 1234567.25),
        ("420000", 420000.0),
        ("0,125", 0.125),
        ("1234,567", 1234.567),
        (420000, 420000.0),
        (0.1, 0.1),
    ],
)
def test_a_number_is_read_as_it_is_meant(text: Raw, number: float) -> None:
    assert READER.read(NUMBER, text) == number


@pytest.mark.parametrize(
    "text", ["ten", "1.2.3", "1,23,4", "12.34.567", "1e5", "€ 5", "NaN", "- 1"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="is not a number"):
        READER.read(NUMBER, text)


def test_a_number_that_can_be_read_two_ways_is_refused() -> None:
    with pytest.raises(Unreadable) as refused:
        READER.read(NUMBER, "1.234")
    assert str(refused.value) == "1.234 can be read as 1.2340 or as 1234: write one of these"
    with pytest.raises(Unreadable, match="12,345 can be read as 12345 or as 12.3450"):
        READER.read(NUMBER, "12,345")


def test_another_value_of_the_column_decides_how_a_number_is_read() -> None:
    assert reading_of(["1.234", "5", "2.500,75"]) == Reading.COMMA
    assert Reader(READER.zone, Reading.COMMA).read(NUMBER, "1.234") == 1234.0
    assert reading_of(["1.234", "1234.5"]) == Reading.POINT
    assert Reader(READER.zone, Reading.POINT).read(NUMBER, "1.234") == 1.234
    assert reading_of(["1.234", "0.125"]) == Reading.POINT


def test_a_column_that_shows_both_readings_decides_nothing() -> None:
    assert reading_of(["1.234,5", "1,234.5", "1.234"]) is None


def test_a_value_below_zero_is_refused() -> None:
    with pytest.raises(Unreadable, match="-5 is not a number from 0 up"):
        READER.read(NUMBER, "-5")


@given(st.floats(0, 1e14, allow_nan=False))
def test_a_written_number_is_read_back_one_way_only(value: float) -> None:
    meanings = set(readings(written(value)).values())
    assert [float(meaning) for meaning in meanings] == [value]


@pytest.mark.parametrize(
    "text", ["2026-11-24", "24.11.2026", "24/11/2026", "24-11-2026", date(2026, 11, 24),
             datetime(2026, 11, 24), "2026-11-24T00:00:00"]  # noqa: DTZ001
)  # fmt: skip
def test_a_date_is_iso_or_day_first(text: Raw) -> None:
    assert READER.read(column("accounts", "renewal_date"), text) == date(2026, 11, 24)


@pytest.mark.parametrize("text", ["11/24/2026", "2026-02-30", "24.11.26", "tomorrow", "46350"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="is not a date such as 2026-11-24 or 24.11.2026"):
        READER.read(column("accounts", "renewal_date"), text)


def test_a_date_with_a_time_of_day_is_refused_where_a_date_is_expected() -> None:
    with pytest.raises(Unreadable, match="has a time of day"):
        READER.read(column("accounts", "renewal_date"), "2026-11-24 13:20")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-24 13:20", datetime(2026, 11, 24, 12, 20, tzinfo=UTC)),
        ("24.11.2026 13:20:05", datetime(2026, 11, 24, 12, 20, 5, tzinfo=UTC)),
        ("24-7-2026 9:05", datetime(2026, 7, 24, 7, 5, tzinfo=UTC)),
        ("2026-11-24T13:20:05.123456Z", datetime(2026, 11, 24, 13, 20, 5, 123456, tzinfo=UTC)),
        ("2026-11-24T13:20:05+05:30", datetime(2026, 11, 24, 7, 50, 5, tzinfo=UTC)),
        ("2026-11-24", datetime(2026, 11, 23, 23, 0, tzinfo=UTC)),
        (datetime(2026, 11, 24, 13, 20), datetime(2026, 11, 24, 12, 20, tzinfo=UTC)),  # noqa: DTZ001
    ],
)
def test_a_time_without_zone_is_in_the_programmes_zone(text: Raw, at: datetime) -> None:
    assert READER.read(column("responses", "answered_at"), text) == at


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        *((word, True) for word in ("yes", "TRUE", "1", "Ja", True, 1)),
        *((word, False) for word in ("No", "false", "0", "nej", "NEE", False, 0)),
    ],
)
def test_yes_and_no_are_read_in_three_languages(text: Raw, answer: bool) -> None:
    assert READER.read(column("accounts", "strategic"), text) is answer


@pytest.mark.parametrize(
    ("what", "name", "raw", "problem"),
    [
        ("accounts", "strategic", "maybe", "maybe is not yes or no"),
        ("members", "role", "boss", "boss is not account_manager, team_lead, cx_lead or admin"),
        ("contacts", "role", "CEO", "CEO is not decision_maker, influencer or user"),
        ("contacts", "status", "gone", "gone is not active, inactive, unsubscribed or bouncing"),
        ("contacts", "language", "xx", "xx is not en, da, nl, de, sv, no or fr"),
        ("contacts", "timezone", "Mars", "Mars is not a time zone such as Europe/Copenhagen"),
        ("contacts", "country", "Denmark", "Denmark is not a country of two letters, such as DK"),
        ("accounts", "currency", "€", "€ is not a currency of three letters, such as EUR"),
        ("contacts", "email", "jane at acme", "jane at acme is not an e-mail address"),
        ("contacts", "name", date(2026, 5, 1), "2026-05-01 is a date or time, text is expected"),
        ("contacts", "name", "a\x00b", "a b has a character that can't be stored"),
        ("responses", "survey_kind", "nps",
         "nps is not relationship, transactional, product, similar, ces1, ces2 or csat"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_answered_with_the_right_ones(
    what: str, name: str, raw: Raw, problem: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        READER.read(column(what, name), raw)
    assert str(refused.value) == problem


@pytest.mark.parametrize(
    ("what", "name", "raw", "value"),
    [
        ("contacts", "email", " Jane@ACME.example ", "jane@acme.example"),
        ("contacts", "role", "Decision Maker", "decision_maker"),
        ("contacts", "language", "da-DK", "da"),
        ("contacts", "language", "NB", "no"),
        ("contacts", "country", "dk", "DK"),
        ("contacts", "name", "  Jane Jensen ", "Jane Jensen"),
        ("contacts", "phone", 4512345678, "4512345678"),
        ("contacts", "judges", " price | quality||price ", ["price", "quality"]),
        ("accounts", "account_key", 1001.0, "1001"),
        ("responses", "comment", "  two\nlines ", "  two\nlines "),
        ("responses", "comment", "'=1+1", "=1+1"),
        ("responses", "comment", "'quoted'", "'quoted'"),
    ],
)
def test_a_cell_is_kept_as_it_is_meant(what: str, name: str, raw: Raw, value: Value) -> None:
    assert READER.read(column(what, name), raw) == value


@given(st.text(st.sampled_from("'=+-@\t\r\nax ")))
def test_one_quote_is_added_before_what_a_spreadsheet_runs_and_exactly_that_is_removed(
    text: str,
) -> None:
    assert unquoted(quoted(text)) == text
    assert quoted(text)[:1] not in set("=+-@\t\r")
