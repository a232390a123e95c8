"""Working days and hours, public holidays and time zones: when to send, when work is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from handlers.settings import WORKING_WEEK, Programme, Weekday

_WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Longer than any run of free days: a calendar without a working day in it has none at all.
_SEARCH_DAYS = 400


class NoWorkingDay(ValueError):
    """The calendar has no working day within a year."""


@dataclass(frozen=True)
class Calendar:
    """Where and when somebody works; `hours` are local times of one day: from, to."""

    zone: ZoneInfo
    country: str | None
    days: tuple[Weekday, ...]
    hours: tuple[time, time]


def working_calendar(
    programme: Programme, timezone: str | None = None, country: str | None = None
) -> Calendar:
    """Gives the working hours of a person; what they don't state is the programme's.

    The programme's country holds only in the programme's zone: whoever works elsewhere without a
    country has no public holidays on file.
    """
    return Calendar(
        _zone(timezone, programme),
        _country(timezone, country, programme),
        programme.working_days,
        programme.working_hours,
    )


def sending_calendar(
    programme: Programme,
    timezone: str | None = None,
    country: str | None = None,
    days: Sequence[Weekday] | None = None,
    hours: tuple[time, time] | None = None,
) -> Calendar:
    """Gives the days and hours in which a contact may get a survey; a wave may state its own."""
    return Calendar(
        _zone(timezone, programme),
        _country(timezone, country, programme),
        tuple(days) if days else programme.working_days,
        hours or programme.sending_hours,
    )


def next_sending_moment(
    after: datetime,
    zone: ZoneInfo,
    country: str | None,
    days: Sequence[Weekday] = WORKING_WEEK,
    hours: tuple[time, time] = (time(9), time(16)),
) -> datetime:
    """Gives `after` itself when it lies in the hours, else the next start of work (UTC)."""
    return next_working_moment(after, Calendar(zone, country, tuple(days), hours))


def next_working_moment(after: datetime, calendar: Calendar) -> datetime:
    """Gives `after` itself when it is working time, else the start of the next working day (UTC).

    Raises NoWorkingDay when there is none within a year.
    """
    day = after.astimezone(calendar.zone).date()
    for offset in range(_SEARCH_DAYS):
        here = day + timedelta(days=offset)
        if is_working_day(here, calendar):
            start, end = _span(here, calendar)
            if after < end:
                return max(start, after.astimezone(UTC))
    raise NoWorkingDay("no working day within a year; look at working_days and the sending hours")


def is_working_time(at: datetime, calendar: Calendar) -> bool:
    """Tells whether it is a working day and within its hours; the end itself is not."""
    day = at.astimezone(calendar.zone).date()
    start, end = _span(day, calendar)
    return is_working_day(day, calendar) and start <= at < end


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Tells whether a day is one of the working days and no public holiday of the country."""
    return _WEEK[day.weekday()] in calendar.days and not is_holiday(day, calendar.country)


def is_holiday(day: date, country: str | None) -> bool:
    """Tells whether a day is a public holiday of a country (ISO code); unknown ones have none."""
    return day in _holidays(country, day.year)


def add_working_hours(start: datetime, hours: float, calendar: Calendar) -> datetime:
    """Gives the moment when `hours` of working time have passed since `start` (UTC).

    Time is counted as it passes, so a day on which the clock changes within the hours is an hour
    shorter or longer. A deadline may be the end of a day, never the start of the next.
    """
    return _add_hours(start.astimezone(UTC), hours, calendar)


# The critics of a group share their moment, and most of them the calendar. Only times in UTC tell
# the hour that a clock repeats apart.
@lru_cache(256)
def _add_hours(start: datetime, hours: float, calendar: Calendar) -> datetime:
    left = timedelta(hours=hours)
    at = next_working_moment(start, calendar)
    while True:
        _start, end = _span(at.astimezone(calendar.zone).date(), calendar)
        if left <= end - at:
            return at + left
        left -= end - at
        at = next_working_moment(end, calendar)


def working_hours(start: datetime, end: datetime, calendar: Calendar) -> float:
    """Gives the hours of working time between two moments; 0 where the end is not later."""
    passed = timedelta()
    day = start.astimezone(calendar.zone).date()
    last = end.astimezone(calendar.zone).date()
    while day <= last:
        if is_working_day(day, calendar):
            first, over = _span(day, calendar)
            passed += max(min(over, end) - max(first, start), timedelta())
        day += timedelta(days=1)
    return passed / timedelta(hours=1)


def add_working_days(start: datetime, days: int, calendar: Calendar) -> datetime:
    """Gives the same time of day `days` working days later (UTC), within the working hours.

    Outside working time the count begins at the start of the next working day. Friday 13:20 plus 2
    is Tuesday 13:20.
    """
    return _add_days(start.astimezone(UTC), days, calendar)


@lru_cache(256)
def _add_days(start: datetime, days: int, calendar: Calendar) -> datetime:
    at = next_working_moment(start, calendar)
    local = at.astimezone(calendar.zone)
    day = nth_working_day(local.date(), days, calendar)
    first, end = _span(day, calendar)
    same_time = datetime.combine(day, local.time(), calendar.zone).astimezone(UTC)
    return min(max(same_time, first), end)


def nth_working_day(day: date, count: int, calendar: Calendar) -> date:
    """Gives the `count`-th working day after `day`; 0 gives `day` itself."""
    for _step in range(count):
        for offset in range(1, _SEARCH_DAYS):
            if is_working_day(day + timedelta(days=offset), calendar):
                day += timedelta(days=offset)
                break
        else:
            raise NoWorkingDay("no working day within a year; look at working_days")
    return day


def start_of_working_day(day: date, calendar: Calendar) -> datetime:
    """Gives when work begins on a day (UTC), whether or not it is a working day."""
    return _span(day, calendar)[0]


def end_of_work(at: datetime, calendar: Calendar) -> datetime:
    """Gives when the hours of a moment's day end (UTC)."""
    return _span(at.astimezone(calendar.zone).date(), calendar)[1]


def last_day(ends_at: datetime, zone: ZoneInfo) -> date:
    """Gives the last day before a moment: what ends at midnight is open on the day before."""
    return (ends_at - timedelta(seconds=1)).astimezone(zone).date()


@lru_cache(4096)  # asked several times for each critic of a day
def _span(day: date, calendar: Calendar) -> tuple[datetime, datetime]:
    # Converted to UTC at once: arithmetic on local times would ignore a change of the clock.
    first, last = calendar.hours
    return (
        datetime.combine(day, first, calendar.zone).astimezone(UTC),
        datetime.combine(day, last, calendar.zone).astimezone(UTC),
    )


def _zone(timezone: str | None, programme: Programme) -> ZoneInfo:
    return zone_of(timezone) or ZoneInfo(programme.timezone)


@cache
def zone_of(timezone: str | None) -> ZoneInfo | None:
    """Gives the zone of a name such as `Europe/Copenhagen`, or None for an empty or unknown one."""
    try:
        return ZoneInfo(timezone) if timezone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _country(timezone: str | None, country: str | None, programme: Programme) -> str | None:
    if country:
        return country
    elsewhere = timezone is not None and timezone != programme.timezone
    return None if elsewhere else programme.country


@cache
def _holidays(country: str | None, year: int) -> frozenset[date]:
    if not country:
        return frozenset()
    import holidays  # takes a tenth of a second, which most commands needn't wait for

    try:
        return frozenset(holidays.country_holidays(country.upper(), years=year))
    except NotImplementedError:
        return frozenset()
