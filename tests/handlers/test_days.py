"""Days as people type them, in three languages."""

from datetime import date

import pytest

from handlers.days import read_day

TODAY = date(2026, 11, 24)  # a Tuesday


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("friday", date(2026, 11, 27)),
        ("Fri", date(2026, 11, 27)),
        ("fredag", date(2026, 11, 27)),
        ("vrijdag", date(2026, 11, 27)),
        ("vr", date(2026, 11, 27)),
        ("tuesday", date(2026, 12, 1)),
        ("lørdag", date(2026, 11, 28)),
        ("søndag", date(2026, 11, 29)),
        ("today", TODAY),
        ("i dag", TODAY),
        ("vandaag", TODAY),
        ("tomorrow", date(2026, 11, 25)),
        ("i morgen", date(2026, 11, 25)),
        ("2026-12-24", date(2026, 12, 24)),
        ("24 dec", date(2026, 12, 24)),
        ("24. december", date(2026, 12, 24)),
        ("dec 24", date(2026, 12, 24)),
        ("December 24th", date(2026, 12, 24)),
        ("24/12", date(2026, 12, 24)),
        ("24.12.2026", date(2026, 12, 24)),
        ("24-12-26", date(2026, 12, 24)),
        ("1 maj", date(2027, 5, 1)),
        ("1 mei", date(2027, 5, 1)),
        ("3 marts 2027", date(2027, 3, 3)),
        ("23 nov", date(2027, 11, 23)),
        ("", None),
        ("fr", None),
        ("31 feb", None),
        ("someday", None),
        ("2026-13-01", None),
        ("99999999999999999999 dec", None),
    ],
)
def test_a_day_as_people_type_it(typed: str, expected: date | None) -> None:
    assert read_day(typed, TODAY) == expected
