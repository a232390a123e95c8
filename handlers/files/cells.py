"""Reads one cell of a column as a value of the right kind, or says why it can't be read."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isfinite
from zoneinfo import ZoneInfo

from handlers.files.columns import LANGUAGES, Column
from handlers.files.numbers import Reading, number, plain, written
from handlers.files.reading import Broken, Raw
from handlers.files.report import one_of, shown

# What a row holds after reading: a list is JSON in the table, a moment is in UTC.
Value = str | int | float | bool | date | datetime | list[str] | None

YES = {"yes", "true", "1", "ja"}
NO = {"no", "false", "0", "nej", "nee"}
_EMAIL = re.compile(r"[^\s@<>,;|]+@[^\s@<>,;|]+")
_DAY = re.compile(
    r"(?:(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})|(?P<d2>\d{1,2})[./-](?P<m2>\d{1,2})[./-](?P<y2>\d{4}))"
    r"(?:[T ]+(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,6})?)?)\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_QUOTED = re.compile(r"'+[=+\-@\t\r]")
_RISKY = re.compile(r"'*[=+\-@\t\r]")


class Unreadable(Exception):
    """The cell holds no value of its column's kind; the message says what was expected."""


@dataclass(frozen=True)
class Reader:
    """Reads cells: `zone` is for times without one, `reading` for numbers of the column."""

    zone: ZoneInfo
    reading: Reading | None = None

    def read(self, column: Column, raw: Raw) -> Value:
        """Gives the cell's value (never of an empty cell); raises Unreadable."""
        match column.kind:
            case "number":
                return self._number(raw)
            case "score":
                return _score(raw)
            case "flag":
                return _flag(raw)
            case "day":
                return self._day(raw)
            case "moment":
                return self._moment(raw)
            case "free":
                return unquoted(text_of(raw, strip=False))
        text = unquoted(text_of(raw))
        # Names stand in subjects and sender lines of mails, which are one line.
        if column.name == "name" and len(text.splitlines()) > 1:
            raise Unreadable(f"{shown(text)} has a line break: write it in one line")
        match column.kind:
            case "list":
                return parts(text)
            case "email":
                return email(text)
            case "choice":
                return _choice(text, column.choices)
            case "language":
                return _language(text)
            case "timezone":
                return _timezone(text)
            case "country":
                return _code(text, 2, "a country of two letters, such as DK")
            case "currency":
                return _code(text, 3, "a currency of three letters, such as EUR")
        return text

    def _number(self, raw: Raw) -> float:
        value: Decimal | tuple[Decimal, Decimal] | None
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            value = Decimal(repr(raw)) if isfinite(raw) else None
        else:
            value = number(text_of(raw), self.reading)
        if value is None:
            raise Unreadable(f"{shown(raw)} is not a number")
        if isinstance(value, tuple):
            first, second = (written(float(meaning)) for meaning in value)
            raise Unreadable(
                f"{shown(raw)} can be read as {first} or as {second}: write one of these"
            )
        if not 0 <= value < 10**15:
            raise Unreadable(f"{shown(raw)} is not a number from 0 up")
        return float(value)

    def _day(self, raw: Raw) -> date:
        if isinstance(raw, date) and not isinstance(raw, datetime):
            return raw
        at = raw if isinstance(raw, datetime) else self._local(raw)
        if at.time() != time(0):
            raise Unreadable(f"{shown(raw)} has a time of day, a date is expected")
        return at.date()

    def _moment(self, raw: Raw) -> datetime:
        if isinstance(raw, datetime):
            at = raw
        elif isinstance(raw, date):
            at = datetime.combine(raw, time(0), None)
        else:
            at = self._local(raw)
        return (at if at.tzinfo else at.replace(tzinfo=self.zone)).astimezone(UTC)

    def _local(self, raw: Raw) -> datetime:
        found = _DAY.fullmatch(raw.strip()) if isinstance(raw, str) else None
        try:
            if found is None:
                raise ValueError
            year, month, day = (int(found[key] or found[f"{key}2"]) for key in "ymd")
            clock = (found["time"] or "00:00").replace(",", ".")
            clock = clock if clock[2] == ":" else f"0{clock}"
            zone = (found["zone"] or "").upper()
            at = datetime.fromisoformat(f"{year:04}-{month:02}-{day:02}T{clock}{zone}")
            if not 1970 <= year <= 2200:
                raise ValueError
        except ValueError:
            raise Unreadable(
                f"{shown(raw)} is not a date such as 2026-11-24 or 24.11.2026"
            ) from None
        return at


def text_of(raw: Raw, *, strip: bool = True) -> str:
    """Gives a cell as text; a whole number of a spreadsheet has no decimals. Raises Unreadable."""
    match raw:
        case str():
            text = raw
        case bool():
            text = "TRUE" if raw else "FALSE"
        case int() | float():
            text = plain(raw)
        case _:
            raise Unreadable(f"{shown(raw)} is a date or time, text is expected")
    if _UNSTORABLE.search(text):
        raise Unreadable(f"{shown(text)} has a character that can't be stored")
    return text.strip() if strip else text


def unquoted(text: str) -> str:
    """Takes away the one `'` that keeps a spreadsheet from running a cell as a formula."""
    return text[1:] if _QUOTED.match(text) else text


def quoted(text: str) -> str:
    """Puts a `'` before text that a spreadsheet would run; `unquoted` takes exactly it away."""
    return f"'{text}" if _RISKY.match(text) else text


def parts(text: str) -> list[str]:
    """Gives the items of a list separated by `|`, each once."""
    return list(dict.fromkeys(part for piece in text.split("|") if (part := piece.strip())))


def email(text: str) -> str:
    """Gives an e-mail address in lower case; raises Unreadable."""
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise Unreadable(f"{shown(text)} is not an e-mail address")
    return text.lower()


def is_cleared(column: Column, raw: Raw | Broken) -> bool:
    """Whether the cell says that the stored value goes away; in a comment ` - ` is text."""
    return isinstance(raw, str) and (raw if column.kind == "free" else raw.strip()) == "-"


def is_empty(column: Column, raw: Raw | Broken) -> bool:
    """Whether the cell leaves the stored value alone; blanks are text in a comment only."""
    if isinstance(raw, str):
        return not raw if column.kind == "free" else not raw.strip()
    return raw is None


def _score(raw: Raw) -> int:
    """The range depends on the survey's kind: whoever knows it checks it."""
    if isinstance(raw, int | float) and not isinstance(raw, bool) and raw % 1 == 0:
        return int(raw)
    found = (
        re.fullmatch(r"([+-]?\d{1,9})(?:[.,]0+)?", raw.strip()) if isinstance(raw, str) else None
    )
    if found is None:
        raise Unreadable(f"{shown(raw)} is not a score")
    return int(found[1])


def _flag(raw: Raw) -> bool:
    if isinstance(raw, bool):
        return raw
    word = text_of(raw).lower()
    if word not in YES | NO:
        raise Unreadable(f"{shown(raw)} is not yes or no")
    return word in YES


def _choice(text: str, choices: Collection[str]) -> str:
    word = re.sub(r"[\s-]+", "_", text.lower())
    if word not in choices:
        raise Unreadable(f"{shown(text)} is not {one_of(choices)}")
    return word


def _language(text: str) -> str:
    word = re.split("[-_]", text.lower())[0]
    word = {"nb": "no", "nn": "no"}.get(word, word)
    if word not in LANGUAGES:
        raise Unreadable(f"{shown(text)} is not {one_of(LANGUAGES)}")
    return word


def _timezone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ValueError, OSError, KeyError):
        raise Unreadable(f"{shown(text)} is not a time zone such as Europe/Copenhagen") from None


def _code(text: str, letters: int, expected: str) -> str:
    if not re.fullmatch(rf"[A-Za-z]{{{letters}}}", text):
        raise Unreadable(f"{shown(text)} is not {expected}")
    return text.upper()
