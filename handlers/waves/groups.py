"""The audience of a wave for its preview: people who are judged alike together, 100,000 or three.

A preview answers a person who waits, so it does not look at everybody by themselves as planning
does. Both decide by the same `judge`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from handlers.context import Context
from handlers.waves.audience import (
    NEARLY_RESTED,
    Audience,
    Judged,
    Rules,
    SkipReason,
    judge_all,
    rules_of,
)
from storage import audience_groups, audiences
from storage.models import Wave, WaveState

FIRST_NAMES = 3


class Group(NamedTuple):
    """So many people of one account with the same verdict; `judged.who` is the first of them.

    `free_on` is exact for who may be asked within a week, else a later day.
    """

    judged: Judged
    people: int
    alone: bool = False


async def assess_groups(ctx: Context, wave: Wave, start: datetime) -> list[Group]:
    """Gives everybody in a wave's audience, for a start at this time, in order of contacts."""
    rules = _rules(ctx, wave, start)
    filters = Audience.of(wave.audience).filters(rules.on)
    async with ctx.db.reading() as session:
        found = await audience_groups.groups(
            session, filters, _own(wave), _steps(rules), rules.left_out_people
        )
    judged = judge_all([each.who for each in found], rules)
    return [
        Group(verdict, each.people, each.alone) for verdict, each in zip(judged, found, strict=True)
    ]


async def first_names(
    ctx: Context, wave: Wave, start: datetime, groups: Sequence[Group]
) -> Mapping[SkipReason, list[str]]:
    """Gives by reason the names of the first people who are left out."""
    first: dict[SkipReason, list[Group]] = defaultdict(list)
    for group in groups:
        reason = group.judged.reason
        if reason is not None and len(first[reason]) < FIRST_NAMES:
            first[reason].append(group)
    shown = [group for chosen in first.values() for group in chosen]
    if not shown:
        return {}
    # Few accounts, so here everybody is looked at by themselves.
    rules = _rules(ctx, wave, start)
    accounts = tuple({group.judged.who.account_key for group in shown})
    filters = replace(Audience.of(wave.audience).filters(rules.on), accounts=accounts)
    async with ctx.db.reading() as session:
        people = await audiences.candidates(session, filters, _own(wave))
    # Whether a contact of several accounts is asked elsewhere is known from the groups alone.
    alone = {group.judged.who.contact_id: group.judged.reason for group in shown if group.alone}
    names: dict[SkipReason, list[str]] = defaultdict(list)
    for each in judge_all(people, rules):
        reason = alone.get(each.who.contact_id, each.reason)
        if reason in first and len(names[reason]) < FIRST_NAMES:
            names[reason].append(each.who.name)
    return names


def _rules(ctx: Context, wave: Wave, start: datetime) -> Rules:
    return rules_of(wave, start.astimezone(ZoneInfo(ctx.programme.timezone)).date(), ctx.programme)


def _own(wave: Wave) -> int | None:
    # A draft has no invitations yet; without them to leave out, an index alone answers.
    return None if wave.state == WaveState.DRAFT else wave.id


def _steps(rules: Rules) -> list[datetime]:
    """The starts of the days on which somebody may have been asked last to be free tomorrow, the
    day after, and so on until nearly rested, and of the day after those.
    """
    free = rules.on - timedelta(days=rules.rest_days)
    days = range(1, NEARLY_RESTED.days + 2)
    return [datetime.combine(free + timedelta(days=day), time(), rules.zone) for day in days]
