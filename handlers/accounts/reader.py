"""Who reads a card: language, time zone, time, and what of it is for them."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from handlers import rights, texts, wording
from handlers.context import Context
from handlers.texts import Texts
from storage.models import Member

_DAYS_COUNTED = 13


@dataclass(frozen=True)
class Reader:
    """Who reads: language, time zone, time, and whether customers' words are for them."""

    t: Texts
    zone: ZoneInfo
    now: datetime
    comments: bool

    @property
    def today(self) -> date:
        """The reader's day."""
        return self.day(self.now)

    def day(self, at: datetime) -> date:
        """Gives the day of a moment where the reader is."""
        return at.astimezone(self.zone).date()

    def short_day(self, at: datetime) -> str:
        """Gives `12 Nov`, with the year when it is far away."""
        day = self.day(at)
        if abs((day - self.today).days) > 300:
            return wording.long_day(day, self.t, self.today)
        return wording.short_day(day, self.t)

    def soon(self, at: datetime) -> str:
        """Gives `today`, `Thu` within six days, else `12 Nov`."""
        days = (self.day(at) - self.today).days
        if days == 0:
            return self.t("account.age.today")
        return wording.weekday(self.day(at), self.t) if 0 < days < 6 else self.short_day(at)

    def moment(self, at: datetime) -> str:
        """Gives a time as near as needed."""
        return wording.moment(at, self.now, self.zone, self.t)

    def age(self, at: datetime) -> str:
        """Gives `today`, `2 days ago`, else `12 Nov`."""
        days = (self.today - self.day(at)).days
        if days <= 0:
            return self.t("account.age.today")
        if days == 1:
            return self.t("account.age.yesterday")
        if days <= _DAYS_COUNTED:
            return self.t("account.age.days", n=days)
        return self.short_day(at)

    def month(self, at: datetime) -> str:
        """Gives `March`, with the year when it is far away."""
        return wording.month(self.day(at), self.t, self.today)


def reader_for(ctx: Context, me: Member) -> Reader:
    """Gives the reader that a member is."""
    zone = ZoneInfo(me.timezone or ctx.programme.timezone)
    t = texts.of(me.language, ctx.programme.language)
    return Reader(t, zone, ctx.now(), rights.reads_comments(me))


def first_name(name: str) -> str:
    """Gives the first word of a name."""
    return (name.split() or [""])[0]


def cut(text: str, most: int) -> str:
    """Gives a text on one line, cut at a word with an ellipsis where it is longer than `most`."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    return f"{line[:most].rsplit(' ', 1)[0]}…"
