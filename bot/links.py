"""Absolute addresses of our own pages and pictures: only here a token becomes an address."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bot.now import utc_now
from handlers import links
from handlers.cards import Chart, Link, Point, to_json

# Slack takes picture addresses of 3000 characters; this many points with such labels stay below.
MAX_POINTS = 32
MAX_LABEL = 24
PICTURE_DAYS = 30


@dataclass(frozen=True)
class Addresses:
    """Makes addresses below `public_url` (no slash at its end)."""

    public_url: str
    secret: str
    now: Callable[[], datetime] = utc_now

    def survey(self, token: str, reply: int | str | None = None) -> str:
        """Gives the survey page of a token, with the chosen reply when there is one."""
        address = f"{self.public_url}/s/{token}"
        return address if reply is None else f"{address}?score={reply}"

    def trap(self, token: str) -> str:
        """Gives the hidden link that only scanners follow."""
        return f"{self.public_url}/s/{token}/t"

    def unsubscribe(self, token: str) -> str:
        """Gives the page on which a contact unsubscribes, and the target of the one-click POST."""
        return f"{self.public_url}/u/{token}"

    def of(self, link: Link) -> str:
        """Gives the address of a link element."""
        return link.url if link.url is not None else f"{self.public_url}{link.token_path}"

    def picture(self, chart: Chart) -> str:
        """Gives the address of a chart's picture.

        The signed id holds the chart's data itself, so a picture that was posted is found again by
        every process, after every restart, and nothing is stored for it. It also holds the last of
        its 30 days: whoever comes by the address reads it no longer than that.
        """
        last = self.now().date() + timedelta(days=PICTURE_DAYS)
        token = links.picture_token(self.secret, _packed(chart, last))
        return f"{self.public_url}/p/{token}.png"

    @property
    def public(self) -> bool:
        """Whether others than this machine can open our addresses."""
        return self.public_url.startswith("https://")


def read_picture(secret: str, token: str) -> tuple[Chart, datetime] | None:
    """Gives the chart of a picture's id and when it ends, or None for a foreign or tampered id."""
    packed = links.read_picture_token(secret, token)
    if packed is None:
        return None
    kind, last, *points = json.loads(packed)
    ends = datetime.combine(date.fromisoformat(last) + timedelta(days=1), time(), UTC)
    return Chart(kind, tuple(Point(*point) for point in points), alt=""), ends


def picture_id(chart: Chart) -> str:
    """Gives the hash of a chart's data, a short name for its picture."""
    data = json.dumps(to_json(chart), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(data.encode()).hexdigest()[:32]


def _packed(chart: Chart, last: date) -> str:
    # The latest points of a trend, the first of anything else: that is what a reader looks for.
    shown = chart.series[-MAX_POINTS:] if chart.kind == "trend" else chart.series[:MAX_POINTS]
    points = [
        [
            point.label[:MAX_LABEL],
            _short(point.value),
            _short(point.low),
            _short(point.high),
            point.n,
        ]
        for point in shown
    ]
    for point in points:
        while point[-1] is None and len(point) > 2:
            point.pop()
    data: list[Any] = [chart.kind, last.isoformat(), *points]
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _short(value: float | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == int(value) else round(value, 1)
