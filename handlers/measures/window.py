"""The days whose answers count, as dates for people and as times for queries."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.measures.measure import Window
from storage.measures import Span


def window_until(end: date, months: int) -> Window:
    """The window (end - months, end]; a day that the earlier month lacks is its last."""
    year, month = divmod(end.year * 12 + end.month - 1 - months, 12)
    first = date(year, month + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return Window(min(first + timedelta(days=end.day - 1), last), end)


def span_until(end: date, months: int, zone: ZoneInfo) -> Span:
    """The times of that window in a time zone: from the day behind its start on, up to its end."""
    start = window_until(end, months).start
    assert start is not None
    return Span(_midnight_after(start, zone), _midnight_after(end, zone))


def _midnight_after(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone)
