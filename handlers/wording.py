"""Dates, times, money and numbers as a reader of each language writes them."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent

from handlers.texts import Texts
from storage.models import Account

_FAR_DAYS = 300


def points(value: float) -> str:
    """Gives a score with its sign and a true minus: `+25`, `−17`, `0`."""
    rounded = round(value)
    return f"+{rounded}" if rounded > 0 else f"−{-rounded}" if rounded < 0 else "0"


def end(value: float) -> str:
    """Gives an end of a likely range: `59`, `−3`."""
    return points(value).removeprefix("+")


def money(amount: float, currency: str | None, t: Texts) -> str:
    """Gives `420,000 EUR` (`420.000 EUR` in Danish and Dutch)."""
    number = format_decimal(round(amount), locale=_locale(t.language))
    return f"{number} {currency}" if currency else number


def decimal(value: float, t: Texts) -> str:
    """Gives `1.5` or `1,5`: one decimal, none where it says nothing."""
    return format_decimal(round(value, 1), format="#,##0.#", locale=_locale(t.language))


def percent(value: float, t: Texts) -> str:
    """Gives `21%` (`21 %` in Danish)."""
    return format_percent(round(value) / 100, locale=_locale(t.language))


def split(promoters: int, passives: int, critics: int, t: Texts) -> str:
    """Gives `2 promoters, 1 passive, 1 critic`; a group without anybody is left out."""
    groups = (("promoters", promoters), ("passives", passives), ("critics", critics))
    return ", ".join(t.count(f"account.group.{name}", n) for name, n in groups if n)


def stake(account: Account, t: Texts, today: date) -> list[str]:
    """Gives `420,000 EUR a year`, `tier A`, `renews 7 January (in 44 days)`, as far as known."""
    parts = []
    if account.annual_value is not None:
        parts.append(t("account.value", amount=money(account.annual_value, account.currency, t)))
    if account.tier:
        parts.append(t("account.tier", tier=account.tier))
    if account.strategic:
        parts.append(t("account.strategic"))
    if account.renewal_date is not None and account.renewal_date >= today:
        left = (account.renewal_date - today).days
        day = long_day(account.renewal_date, t, today)
        parts.append(
            t.count("account.renews", left, day=day) if left else t("account.renews_today")
        )
    return parts


def clock(at: datetime, zone: ZoneInfo, t: Texts) -> str:
    """Gives the time of day: `13:20`."""
    local = at.astimezone(zone)
    return format_time(local, "HH:mm", locale=_locale(t.language))


def moment(at: datetime, now: datetime, zone: ZoneInfo, t: Texts) -> str:
    """Gives `15:20` today, `Wed 13:20` within six days, else `7 January 13:20`."""
    day, today = at.astimezone(zone).date(), now.astimezone(zone).date()
    if day == today:
        return clock(at, zone, t)
    if abs((day - today).days) < 6:
        return f"{weekday(day, t)} {clock(at, zone, t)}"
    return f"{long_day(day, t, today)} {clock(at, zone, t)}"


def weekday(day: date, t: Texts) -> str:
    """Gives `Wed`."""
    return format_date(day, "EEE", locale=_locale(t.language)).rstrip(".")


def long_day(day: date, t: Texts, today: date | None = None) -> str:
    """Gives `7 January`, with the year when it is more than 300 days away from `today`."""
    far = today is not None and abs((day - today).days) > 300
    pattern = _day_pattern("MMMM y" if far else "MMMM", t)
    return format_date(day, pattern, locale=_locale(t.language))


def short_day(day: date, t: Texts) -> str:
    """Gives `12 Nov`."""
    return format_date(day, _day_pattern("MMM", t), locale=_locale(t.language)).rstrip(".")


def month(day: date, t: Texts, today: date) -> str:
    """Gives `March`, with the year when it is far from today."""
    far = abs((day - today).days) > _FAR_DAYS
    return format_date(day, "LLLL y" if far else "LLLL", locale=_locale(t.language))


def _day_pattern(month: str, t: Texts) -> str:
    # A Danish day of the month is an ordinal: 7. januar.
    return f"d. {month}" if t.language == "da" else f"d {month}"


def one_of(names: Sequence[str], t: Texts) -> str:
    """Gives `Acme A/S, Acme Denmark or Ackmann`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {t('account.or')} {names[-1]}"


def _locale(language: str) -> Locale:
    # British English: day before month, 24 hours.
    return Locale.parse({"en": "en_GB"}.get(language, language))
