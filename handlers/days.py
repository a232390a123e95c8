"""Days: today, the first one kept with names, and days the way people type them (en, da, nl)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.calendars import zone_of
from handlers.context import Context
from handlers.measures.window import window_until
from storage.models import Member

_TODAY = {"today", "i dag", "idag", "vandaag"}
_TOMORROW = {"tomorrow", "i morgen", "imorgen", "morgen"}
# Monday first; a word is enough from its third letter on (Dutch two-letter days too).
_WEEKDAYS = (
    ("monday", "mandag", "maandag", "ma"),
    ("tuesday", "tirsdag", "dinsdag", "di"),
    ("wednesday", "onsdag", "woensdag", "wo"),
    ("thursday", "torsdag", "donderdag", "do"),
    ("friday", "fredag", "vrijdag", "vr"),
    ("saturday", "lordag", "zaterdag", "za"),
    ("sunday", "sondag", "zondag", "zo"),
)
_MONTHS = (
    ("january", "januar", "januari"),
    ("february", "februar", "februari"),
    ("march", "marts", "maart", "mrt"),
    ("april",),
    ("may", "maj", "mei"),
    ("june", "juni"),
    ("july", "juli"),
    ("august", "augustus"),
    ("september",),
    ("october", "oktober"),
    ("november",),
    ("december",),
)
_SHORTEST = 3


def today(ctx: Context, me: Member) -> date:
    """Gives the day it is where a member works."""
    zone = zone_of(me.timezone) or ZoneInfo(ctx.programme.timezone)
    return ctx.now().astimezone(zone).date()


def kept_since(ctx: Context) -> datetime | None:
    """Gives the start (UTC) of the first day whose answers keep their names; None without rule."""
    months = ctx.programme.privacy.keep_months
    if not months:
        return None
    first = window_until(ctx.now().astimezone(UTC).date(), months).start
    assert first is not None
    return datetime.combine(first, time(), UTC)


def read_day(typed: str, today: date) -> date | None:
    """Gives the day meant: `friday` is the next one, `24 dec` this year's or else next year's."""
    words = _plain(typed)
    if words in _TODAY:
        return today
    if words in _TOMORROW:
        return today + timedelta(days=1)
    weekday = _index(_WEEKDAYS, words)
    if weekday is not None:
        # Said on a Friday, "until friday" means the next one, not today.
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    numbers = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", words)
    if numbers:
        return _day(*map(int, numbers.groups()))
    numbers = re.fullmatch(r"(\d{1,2})[./-](\d{1,2})(?:[./-](\d{2,4}))?\.?", words)
    if numbers:
        return _coming(int(numbers[1]), int(numbers[2]), numbers[3], today)
    named = re.fullmatch(r"(\d{1,2})\.? ?(?:of |de )?([a-z]+)\.?(?: (\d{4}))?", words)
    if named is None:
        swapped = re.fullmatch(r"([a-z]+)\.? (\d{1,2})(?:st|nd|rd|th|\.)?(?:,? (\d{4}))?", words)
        if swapped is None:
            return None
        day, month, year = swapped[2], swapped[1], swapped[3]
    else:
        day, month, year = named[1], named[2], named[3]
    number = _index(_MONTHS, month)
    return None if number is None else _coming(int(day), number + 1, year, today)


def _plain(typed: str) -> str:
    words = " ".join(typed.casefold().split())
    return words.replace("ø", "o").replace("å", "a").replace("ö", "o")


def _index(names: tuple[tuple[str, ...], ...], word: str) -> int | None:
    for index, each in enumerate(names):
        if any(word == name or _begins(name, word) for name in each):
            return index
    return None


def _begins(name: str, word: str) -> bool:
    return len(word.rstrip(".")) >= _SHORTEST and name.startswith(word.rstrip("."))


def _coming(day: int, month: int, year: str | None, today: date) -> date | None:
    if year is not None:
        return _day(int(year) + (2000 if len(year) == 2 else 0), month, day)
    found = _day(today.year, month, day)
    return _day(today.year + 1, month, day) if found is None or found < today else found


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
