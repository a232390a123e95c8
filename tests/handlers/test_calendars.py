"""Working time, checked by a table computed by hand: weekends, holidays, changes of the clock."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from handlers import calendars
from handlers.calendars import Calendar
from handlers.settings import WORKING_WEEK, Programme, Weekday

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NEW_YORK = ZoneInfo("America/New_York")
DAYTIME = (time(8), time(17))
DK = Calendar(COPENHAGEN, "DK", WORKING_WEEK, DAYTIME)
NL = Calendar(AMSTERDAM, "NL", WORKING_WEEK, DAYTIME)
NIGHTS: tuple[Weekday, ...] = ("sun",)


def at(text: str, zone: ZoneInfo = COPENHAGEN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("after", "zone", "country", "expected"),
    [
        ("2026-11-24 13:20", COPENHAGEN, "DK", "2026-11-24T12:20Z"),  # in the hours: at once
        ("2026-11-24 06:00", COPENHAGEN, "DK", "2026-11-24T08:00Z"),  # early: nine o'clock
        ("2026-11-24 16:00", COPENHAGEN, "DK", "2026-11-25T08:00Z"),  # the end is not in the hours
        ("2026-11-27 16:30", COPENHAGEN, "DK", "2026-11-30T08:00Z"),  # Friday evening: Monday
        ("2026-03-27 17:00", COPENHAGEN, "DK", "2026-03-30T07:00Z"),  # over the spring change
        ("2026-10-23 17:00", COPENHAGEN, "DK", "2026-10-26T08:00Z"),  # over the autumn change
        ("2026-04-01 18:00", COPENHAGEN, "DK", "2026-04-07T07:00Z"),  # Maundy Thursday to Easter
        ("2026-04-01 18:00", AMSTERDAM, "NL", "2026-04-02T07:00Z"),  # a working day in Holland
        ("2026-04-27 10:00", AMSTERDAM, "NL", "2026-04-28T07:00Z"),  # King's Day
        ("2026-04-27 10:00", COPENHAGEN, "DK", "2026-04-27T08:00Z"),  # no holiday in Denmark
        ("2026-12-24 16:00", COPENHAGEN, "DK", "2026-12-28T08:00Z"),  # Christmas and weekend
        ("2026-12-31 16:00", COPENHAGEN, "DK", "2027-01-04T08:00Z"),  # over the turn of the year
        ("2026-11-24 13:20", NEW_YORK, None, "2026-11-24T18:20Z"),  # the contact's own clock
        ("2026-03-08 12:00", NEW_YORK, None, "2026-03-09T13:00Z"),  # American summer time begins
    ],
)
def test_the_next_sending_moment_is_in_the_contacts_hours(
    after: str, zone: ZoneInfo, country: str | None, expected: str
) -> None:
    moment = calendars.next_sending_moment(at(after, zone), zone, country)
    assert moment == datetime.fromisoformat(expected)


def test_a_moment_of_another_zone_is_read_on_the_contacts_clock() -> None:
    # 08:30 UTC is 03:30 in New York: the day has not begun there.
    after = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    moment = calendars.next_sending_moment(after, NEW_YORK, "US")
    assert moment == datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "hours", "calendar", "expected"),
    [
        ("2026-11-24 13:20", 4, DK, "2026-11-25T07:20Z"),  # 3 h 40 m today, 20 m tomorrow
        ("2026-11-24 13:00", 4, DK, "2026-11-24T16:00Z"),  # ends with the day
        ("2026-11-24 13:20", 2, DK, "2026-11-24T14:20Z"),
        ("2026-11-27 16:00", 4, DK, "2026-11-30T10:00Z"),  # one hour on Friday, three on Monday
        ("2026-11-28 12:00", 4, DK, "2026-11-30T11:00Z"),  # from Saturday: Monday 8 to 12
        ("2026-04-01 16:00", 2, DK, "2026-04-07T07:00Z"),  # Easter in Denmark
        ("2026-04-01 16:00", 2, NL, "2026-04-02T07:00Z"),  # Good Friday is free, Thursday is not
        ("2026-04-02 16:00", 2, NL, "2026-04-07T07:00Z"),
        ("2026-10-23 16:00", 18, DK, "2026-10-27T15:00Z"),  # over the change of the clock
        ("2026-03-27 16:00", 2, DK, "2026-03-30T07:00Z"),
    ],
)
def test_working_hours_pass_only_in_working_time(
    start: str, hours: float, calendar: Calendar, expected: str
) -> None:
    end = calendars.add_working_hours(at(start, calendar.zone), hours, calendar)
    assert end == datetime.fromisoformat(expected)


def test_a_shift_over_the_change_of_the_clock_has_the_hours_that_really_pass() -> None:
    night = Calendar(COPENHAGEN, None, NIGHTS, (time(0), time(6)))
    # Spring: 00:00 to 06:00 has five hours; the sixth is the next Sunday's first.
    spring = calendars.add_working_hours(at("2026-03-29 00:00"), 6, night)
    assert spring == datetime(2026, 4, 4, 23, 0, tzinfo=UTC)
    # Autumn: it has seven, so the sixth ends at 05:00 on the wall.
    autumn = calendars.add_working_hours(at("2026-10-25 00:00"), 6, night)
    assert autumn == datetime(2026, 10, 25, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "days", "calendar", "expected"),
    [
        ("2026-11-24 13:20", 2, DK, "2026-11-26T12:20Z"),
        ("2026-11-24 13:20", 1, DK, "2026-11-25T12:20Z"),
        ("2026-11-27 13:20", 2, DK, "2026-12-01T12:20Z"),  # Friday to Tuesday
        ("2026-11-24 19:00", 1, DK, "2026-11-26T07:00Z"),  # counted from Wednesday 8:00
        ("2026-10-23 13:20", 1, DK, "2026-10-26T12:20Z"),  # same time on the wall, other in UTC
        ("2026-04-01 10:00", 1, DK, "2026-04-07T08:00Z"),
        ("2026-04-01 10:00", 2, NL, "2026-04-07T08:00Z"),
        ("2026-04-24 10:00", 1, NL, "2026-04-28T08:00Z"),  # weekend and King's Day
        ("2026-11-24 13:20", 0, DK, "2026-11-24T12:20Z"),
    ],
)
def test_working_days_keep_the_time_of_day(
    start: str, days: int, calendar: Calendar, expected: str
) -> None:
    end = calendars.add_working_days(at(start, calendar.zone), days, calendar)
    assert end == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("moment", "working"),
    [
        ("2026-11-24 08:00", True),
        ("2026-11-24 07:59", False),
        ("2026-11-24 16:59", True),
        ("2026-11-24 17:00", False),
        ("2026-11-28 12:00", False),
        ("2026-05-14 12:00", False),  # Ascension Day
        ("2026-05-25 12:00", False),  # Pentecost Monday
        ("2026-05-26 12:00", True),
    ],
)
def test_working_time_is_from_the_first_minute_to_before_the_last(
    moment: str, working: bool
) -> None:
    assert calendars.is_working_time(at(moment), DK) is working


def test_a_country_without_a_calendar_has_no_holidays() -> None:
    assert not calendars.is_holiday(date(2026, 12, 25), "ZZ")
    assert not calendars.is_holiday(date(2026, 12, 25), None)
    assert calendars.is_holiday(date(2026, 12, 25), "dk")


def test_a_calendar_without_a_working_day_is_an_error_not_an_endless_search() -> None:
    with pytest.raises(calendars.NoWorkingDay):
        calendars.next_working_moment(
            at("2026-11-24 12:00"), Calendar(COPENHAGEN, "DK", (), DAYTIME)
        )


def test_what_a_person_does_not_state_is_the_programmes() -> None:
    programme = Programme()
    assert calendars.working_calendar(programme) == DK
    # Somebody elsewhere has no Danish holidays.
    elsewhere = calendars.working_calendar(programme, "America/New_York")
    assert (elsewhere.zone, elsewhere.country) == (NEW_YORK, None)
    dutch = calendars.sending_calendar(programme, "Europe/Amsterdam", "NL")
    assert (dutch.zone, dutch.country, dutch.hours) == (AMSTERDAM, "NL", (time(9), time(16)))
    assert calendars.sending_calendar(programme, "not a zone").zone == COPENHAGEN


def test_the_working_day_before_and_after() -> None:
    assert calendars.nth_working_day(date(2026, 11, 27), 3, DK) == date(2026, 12, 2)
    assert calendars.start_of_working_day(date(2026, 11, 24), DK) == datetime(
        2026, 11, 24, 7, 0, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-24 13:20", "2026-11-24 15:20", 2),  # within the day
        ("2026-11-24 13:20", "2026-11-25 09:20", 5),  # the evening and the night are no work
        ("2026-11-27 16:00", "2026-11-30 09:00", 2),  # nor is the weekend
        ("2026-04-01 16:00", "2026-04-07 08:30", 1.5),  # nor Easter
        ("2026-11-24 18:00", "2026-11-25 07:00", 0),  # all of it outside the hours
        ("2026-03-27 12:00", "2026-03-30 12:00", 9),  # over the spring change
        ("2026-11-25 09:20", "2026-11-24 13:20", 0),  # backwards
    ],
)
def test_working_hours_between_two_moments(start: str, end: str, hours: float) -> None:
    assert calendars.working_hours(at(start), at(end), DK) == pytest.approx(hours)
