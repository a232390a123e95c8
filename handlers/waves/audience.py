"""Who a wave asks, and why each of the others is left out."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from handlers.context import Context
from handlers.settings import Programme
from handlers.surveys import NPS_KINDS
from storage import audiences
from storage.audiences import Candidate, Filters
from storage.models import ContactStatus, RecommendPolicy, SurveyKind, Wave

SkipReason = Literal[
    "rested",
    "unsubscribed",
    "bouncing",
    "inactive",
    "erased",
    "no_address",
    "excluded",
    "not_allowed",
]
# In this order they are told, and the first that fits decides.
SKIP_REASONS: tuple[SkipReason, ...] = (
    "erased",
    "unsubscribed",
    "bouncing",
    "inactive",
    "excluded",
    "not_allowed",
    "no_address",
    "rested",
)
# Rested by no more than this: the preview offers to ask later.
NEARLY_RESTED = timedelta(days=7)
_STATUS: dict[str, SkipReason] = {
    ContactStatus.ERASED: "erased",
    ContactStatus.UNSUBSCRIBED: "unsubscribed",
    ContactStatus.BOUNCING: "bouncing",
    ContactStatus.INACTIVE: "inactive",
}


@dataclass(frozen=True)
class Audience:
    """The filters of a wave as they are stored with it; empty = everybody."""

    accounts: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    value_from: float | None = None
    value_to: float | None = None
    renewal_days: int | None = None
    sample_percent: int | None = None
    left_out: tuple[str, ...] = ()  # keys of accounts
    left_out_people: tuple[str, ...] = ()  # e-mails of contacts

    def stored(self) -> dict[str, Any]:
        """Gives the audience as JSON data, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value not in ((), None)}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Audience":
        """Gives back what was stored."""
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in stored.items()
            if name in known
        }
        return cls(**values)

    def filters(self, today: date) -> Filters:
        """Gives the conditions for the database; a renewal is counted from `today`."""
        until = None if self.renewal_days is None else today + timedelta(days=self.renewal_days)
        return Filters(
            accounts=self.accounts,
            segments=self.segments,
            regions=self.regions,
            tiers=self.tiers,
            teams=self.teams,
            roles=self.roles,
            departments=self.departments,
            value_from=self.value_from,
            value_to=self.value_to,
            renewal_from=None if until is None else today,
            renewal_to=until,
            sample_percent=self.sample_percent,
        )


@dataclass(frozen=True)
class Rules:
    """What decides about a contact, apart from the contact: the wave's day, kind and channels."""

    kind: str
    on: date
    rest_days: int
    zone: ZoneInfo
    channels: tuple[str, ...]
    left_out: frozenset[str] = frozenset()
    left_out_people: frozenset[str] = frozenset()


class Judged(NamedTuple):
    """A contact with the channel on which to ask, or the reason why not.

    `free_on` is the first day on which a rested contact may be asked.
    """

    who: Candidate
    channel: str | None
    reason: SkipReason | None = None
    free_on: date | None = None


def rest_days(kind: str, programme: Programme) -> int:
    """Gives the days a person has peace before a survey of this kind."""
    relationship = kind in (SurveyKind.RELATIONSHIP, SurveyKind.SIMILAR)
    return programme.rest_days_relationship if relationship else programme.rest_days


def channels(programme: Programme) -> tuple[str, ...]:
    """Gives the channels that can reach a contact here: those with a pace, best first."""
    configured = dict(programme.pace)
    return tuple(name for name in ("slack", "teams", "mail") if name in configured)


def rules_of(wave: Wave, on: date, programme: Programme) -> Rules:
    """Gives the rules for a wave that starts on a day."""
    audience = Audience.of(wave.audience)
    return Rules(
        kind=wave.kind,
        on=on,
        rest_days=rest_days(wave.kind, programme),
        zone=ZoneInfo(programme.timezone),
        channels=channels(programme),
        left_out=frozenset(audience.left_out),
        left_out_people=frozenset(email.lower() for email in audience.left_out_people),
    )


def judge(who: Candidate, rules: Rules) -> Judged:
    """Decides about one contact; the first reason of SKIP_REASONS that fits is given."""
    channel = channel_of(who.email, who.slack_id, who.teams_id, rules.channels)
    reason: SkipReason | None = _STATUS.get(who.status)
    if reason is not None:
        return Judged(who, None, reason)
    if who.account_key in rules.left_out or (who.email or "") in rules.left_out_people:
        return Judged(who, None, "excluded")
    if who.policy == RecommendPolicy.FORBIDDEN and rules.kind in NPS_KINDS:
        return Judged(who, None, "not_allowed")
    if channel is None:
        return Judged(who, None, "no_address")
    free_on = _free_on(who.last_asked, rules)
    if free_on is not None and free_on > rules.on:
        return Judged(who, None, "rested", free_on)
    return Judged(who, channel)


def judge_all(people: Sequence[Candidate], rules: Rules) -> list[Judged]:
    """Decides about everybody; one person who is a contact of several accounts is asked once."""
    taken: set[str] = set()
    found: list[Judged] = []
    for who in people:
        judged = judge(who, rules)
        if judged.reason is None and who.email is not None:
            if who.email in taken:
                free_on = rules.on + timedelta(days=rules.rest_days)
                judged = Judged(who, None, "rested", free_on)
            taken.add(who.email)
        found.append(judged)
    return found


def channel_of(
    email: str | None, slack_id: str | None, teams_id: str | None, available: Sequence[str]
) -> Literal["slack", "teams", "mail"] | None:
    """Gives the best channel that reaches somebody: chat where they have it, else mail."""
    if slack_id and "slack" in available:
        return "slack"
    if teams_id and "teams" in available:
        return "teams"
    if email and "mail" in available:
        return "mail"
    return None


async def assess(ctx: Context, wave: Wave, start: datetime) -> list[Judged]:
    """Gives everybody in a wave's audience with channel or reason, for a start at this time."""
    zone = ZoneInfo(ctx.programme.timezone)
    on = start.astimezone(zone).date()
    filters = Audience.of(wave.audience).filters(on)
    async with ctx.db.reading() as session:
        people = await audiences.candidates(session, filters, wave.id)
    return await asyncio.to_thread(judge_all, people, rules_of(wave, on, ctx.programme))


def _free_on(last_asked: datetime | None, rules: Rules) -> date | None:
    # Whole days: who was asked at 10:05 may be asked on the day itself, also at nine.
    if last_asked is None:
        return None
    return last_asked.astimezone(rules.zone).date() + timedelta(days=rules.rest_days)
