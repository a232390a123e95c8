"""Plans a wave: one invitation a contact, with a moment in the contact's own working hours."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import structlog

from handlers import calendars
from handlers.calendars import Calendar
from handlers.context import Context, Job
from handlers.settings import Programme, Weekday
from handlers.waves.audience import Judged, assess
from storage import audiences, waves
from storage.models import InvitationStatus, Wave, WaveState

log = structlog.get_logger()

# Short transactions: on SQLite nobody else writes while one runs.
_ROWS_AT_ONCE = 2_000
# A small wave is out soon: no more than this lies between two messages of a channel.
_LONGEST_GAP = timedelta(seconds=60)
# Messages are spread over this part of the sending hours, so that late ones still fit.
_FIRST_DAY = 0.9


@dataclass(frozen=True)
class Planned:
    """What planning did: how many are asked, and how many left out by reason."""

    planned: int
    skipped: Mapping[str, int] = field(default_factory=dict)


async def start_due(ctx: Context) -> None:
    """Plans and starts the approved waves whose time has come; doing it twice changes nothing."""
    async with ctx.db.reading() as session:
        due = await waves.to_start(session, ctx.now())
    for wave in due:
        await plan(ctx, wave)


async def plan(ctx: Context, wave: Wave) -> Planned:
    """Stores an invitation for everybody in the audience and starts the sending.

    It may be cut anywhere and begun again: who has an invitation keeps it, and nothing is sent
    before the last one is stored.
    """
    now = ctx.now()
    start = max(now, wave.starts_at or now)
    judged = await assess(ctx, wave, start)
    times = await asyncio.to_thread(send_times, judged, wave, start, ctx.programme)
    for part in _parts(judged):
        rows = [_row(wave, each, times.get(each.who.contact_id)) for each in part]
        async with ctx.db.session() as session:
            await audiences.insert_invitations(session, rows)
    asked = len(times)
    first = ctx.programme.first_batch
    large = wave.respect_hours and asked > ctx.programme.first_batch_over
    async with ctx.db.session() as session:
        started = await waves.move(
            session,
            wave.id,
            (WaveState.APPROVED,),
            WaveState.SENDING,
            planned_at=now,
            first_batch=first if large else 0,
        )
    skipped: dict[str, int] = defaultdict(int)
    for each in judged:
        if each.reason is not None:
            skipped[each.reason] += 1
    if started:
        log.info("wave planned", wave=wave.id, planned=asked, skipped=sum(skipped.values()))
        for channel in sorted({each.channel for each in judged if each.channel}):
            await ctx.soon(Job("batch", (wave.id, channel, 0)), None)
    return Planned(asked, dict(skipped))


def send_times(
    judged: Sequence[Judged], wave: Wave, start: datetime, programme: Programme
) -> dict[int, datetime]:
    """Gives when each contact is asked, by contact id: everybody at `start` without sending hours.

    A channel's messages are spread evenly over the sending hours, no closer than its pace and at
    most a minute apart; what does not fit into a day goes on the next. Accounts take turns, so that
    a company is not asked all at once.
    """
    asked = [each for each in judged if each.channel is not None]
    if not wave.respect_hours:
        return {each.who.contact_id: start for each in asked}
    groups: dict[tuple[str, Calendar], list[Judged]] = defaultdict(list)
    on_channel: dict[str, int] = defaultdict(int)
    days, hours = sending_days(wave, programme), sending_hours(wave, programme)
    for each in _in_turns(asked):
        calendar = calendars.sending_calendar(
            programme, each.who.timezone, each.who.country, days, hours
        )
        groups[each.channel or "mail", calendar].append(each)
        on_channel[each.channel or "mail"] += 1
    times: dict[int, datetime] = {}
    for (channel, calendar), group in groups.items():
        # Groups of one channel share its pace by their size.
        closest = on_channel[channel] / len(group) / programme.per_second(channel)
        moments = _spread(len(group), start, calendar, timedelta(seconds=closest))
        for each, at in zip(group, moments, strict=True):
            times[each.who.contact_id] = at
    return times


def sending_days(wave: Wave, programme: Programme) -> tuple[Weekday, ...]:
    """Gives the days on which a wave may send."""
    days = tuple(cast(Weekday, day) for day in wave.sending_days)
    return days or programme.working_days


def sending_hours(wave: Wave, programme: Programme) -> tuple[time, time]:
    """Gives the hours in which a wave may send, in the contact's own time."""
    if not wave.sending_hours:
        return programme.sending_hours
    first, _, last = wave.sending_hours.partition("-")
    return time.fromisoformat(first), time.fromisoformat(last)


def first_moment(wave: Wave, start: datetime, programme: Programme) -> datetime:
    """Gives when a wave that starts then sends its first message in the programme's own zone."""
    if not wave.respect_hours:
        return start
    return calendars.next_sending_moment(
        start,
        ZoneInfo(programme.timezone),
        programme.country,
        sending_days(wave, programme),
        sending_hours(wave, programme),
    )


def _spread(
    count: int, start: datetime, calendar: Calendar, closest: timedelta
) -> Iterator[datetime]:
    at = calendars.next_working_moment(start, calendar)
    end = calendars.end_of_work(at, calendar)
    gap = max(closest, min(_LONGEST_GAP, (end - at) * _FIRST_DAY / count))
    for _index in range(count):
        if at >= end:
            at = calendars.next_working_moment(end, calendar)
            end = calendars.end_of_work(at, calendar)
        yield at
        at += gap


def _in_turns(asked: Sequence[Judged]) -> list[Judged]:
    turn: dict[int, int] = defaultdict(int)
    order: list[tuple[int, int, Judged]] = []
    for index, each in enumerate(asked):
        order.append((turn[each.who.account_id], index, each))
        turn[each.who.account_id] += 1
    return [each for _turn, _index, each in sorted(order, key=lambda entry: entry[:2])]


def _row(wave: Wave, judged: Judged, send_at: datetime | None) -> dict[str, Any]:
    who = judged.who
    return {
        "wave_id": wave.id,
        "survey_id": wave.survey_id,
        "kind": wave.kind,
        "account_id": who.account_id,
        "contact_id": who.contact_id,
        "status": InvitationStatus.SKIPPED if judged.reason else InvitationStatus.PLANNED,
        "reason": judged.reason,
        "channel": judged.channel or "mail",
        "send_at": send_at,
        "expires_at": wave.closes_at,
        "is_test": wave.is_test,
        "owner_id": who.owner_id,
        "team_id": who.team_id,
        "role": who.role,
        "segment": who.segment,
        "value": who.value,
        "currency": who.currency,
        "renewal_date": who.renewal_date,
    }


def _parts(judged: Sequence[Judged]) -> Iterator[Sequence[Judged]]:
    for first in range(0, len(judged), _ROWS_AT_ONCE):
        yield judged[first : first + _ROWS_AT_ONCE]
