"""Measures a scope: gathers its counts, calls measures/, and withholds small teams."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from handlers.context import Context, Refused
from handlers.measures.measure import Measure, Scope, Window, withheld
from handlers.measures.nps import measure, resemblance_of
from handlers.measures.samples import (
    Sample,
    in_snapshot,
    sample_of_records,
    sample_of_today,
)
from handlers.measures.trend import TrendPoint, trend
from handlers.measures.window import span_until, window_until
from storage import answers, history, measures, members, scopes
from storage.db import Session
from storage.history import Recorded
from storage.measures import Span
from storage.scopes import Part

NPS_KINDS = ("relationship", "transactional", "product", "similar")
SMALL_TEAM = 4


class NotMeasurable(Refused):
    """There is nothing to measure as asked; the message says why and what there is instead."""


async def measure_scope(
    ctx: Context,
    scope: Scope,
    kind: str = "relationship",
    wave: str | None = None,
    at: date | None = None,
    rho: float | None = None,
    without: Collection[int] = (),
) -> Measure:
    """All figures of an account (by key), team, segment (by name) or of everything.

    Without `wave` the window ends on the day `at`, by default today. `rho` fixes what is else
    estimated. A team of fewer than four members is withheld, unless the programme measures members
    for leads. Responses `without` are kept from whoever asks: as if they did not exist. Raises
    NotMeasurable for an unknown scope, wave or kind, or a rho outside 0..1.
    """
    _check(kind, rho)
    today = _day(ctx, ctx.now())
    end = at or today
    async with ctx.db.reading() as session:
        found = await _find(session, scope)
        wave_id = None if wave is None else await _wave(session, wave)
    if wave_id is not None:
        window = Window()
        sample = await _of_wave(ctx, found.part, kind, wave_id, without)
    else:
        window = window_until(end, ctx.programme.window_months)
        # Current answers keep no difference between relationship and its variant.
        if end == today and kind != "similar" and not without:
            sample = await _of_today(ctx, found.part, kind, today)
        else:
            sample = await _of_day(ctx, found.part, kind, end, is_past=end < today, without=without)
    whole = measure(found.scope, kind, window, sample.accounts, sample.programme, rho)
    return _as_told(ctx, found, whole)


async def measure_accounts(
    ctx: Context, account_ids: Collection[int], kind: str = "relationship"
) -> dict[int, Measure]:
    """The current figures of each of these accounts by id, in as many queries as for one."""
    _check(kind, None)
    today = _day(ctx, ctx.now())
    part = Part(account_ids=tuple(account_ids))
    sample = await _of_today(ctx, part, kind, today)
    async with ctx.db.reading() as session:
        ids = {row.key: row.id for row in await scopes.accounts(session, part)}
    window = window_until(today, ctx.programme.window_months)
    whole = resemblance_of(sample.programme)
    return {
        ids[account.key]: measure(Scope("account", account.key), kind, window, [account], whole)
        for account in sample.accounts
    }


async def wave_trend(
    ctx: Context,
    scope: Scope,
    kind: str = "relationship",
    limit: int = 8,
    without: Collection[int] = (),
) -> tuple[TrendPoint, ...]:
    """The score of a scope in the last waves that asked it, oldest first; withheld ones empty."""
    _check(kind, None)
    async with ctx.db.reading() as session:
        found = await _find(session, scope)
        only = found.part.account_ids
        waves = await history.latest_waves(session, _kinds(kind), limit, only)
        rows = await history.recorded(
            session,
            _kinds(kind),
            waves=[wave.id for wave in waves],
            account_ids=only,
            by_role=False,
            without=without,
        )
        present = await scopes.accounts(session, Part())
    of_wave: dict[int | None, list[Recorded]] = {}
    for row in rows:
        of_wave.setdefault(row.wave_id, []).append(row)
    series = []
    for wave in waves:
        own = of_wave.get(wave.id, [])
        sample = sample_of_records(
            own, in_snapshot(found.part), present, ctx.programme.currency, is_snapshot=True
        )
        whole = measure(found.scope, kind, Window(), sample.accounts, sample.programme)
        series.append((wave.name, _as_told(ctx, found, whole)))
    return trend(series)


@dataclass(frozen=True)
class _Found:
    """A scope with its name as it is written, and the rows that belong to it."""

    scope: Scope
    part: Part
    is_small_team: bool = False


def _check(kind: str, rho: float | None) -> None:
    if kind not in NPS_KINDS:
        raise NotMeasurable(f"{kind!r} has no NPS; kinds with one are {', '.join(NPS_KINDS)}")
    if rho is not None and not 0 <= rho <= 1:
        raise NotMeasurable(f"rho is between 0 and 1, not {rho}")


async def _find(session: Session, scope: Scope) -> _Found:
    key = scope.key or ""
    match scope.type:
        case "all":
            return _Found(Scope("all"), Part())
        case "account":
            account = await scopes.find_account(session, key)
            if account is None:
                raise NotMeasurable(f"there is no account with the key {key!r}")
            return _Found(Scope("account", account.key), Part(account_ids=(account.id,)))
        case "team":
            team = await scopes.find_team(session, key)
            if team is None:
                names = ", ".join(each.name for each in await members.teams(session))
                raise NotMeasurable(f"there is no team {key!r}; teams: {names or 'none'}")
            size = await scopes.team_size(session, team.id)
            return _Found(Scope("team", team.name), Part(team_id=team.id), size < SMALL_TEAM)
        case "segment":
            segment = await scopes.find_segment(session, key)
            if segment is None:
                raise NotMeasurable(f"there is no segment {key!r}")
            return _Found(Scope("segment", segment), Part(segment=segment))


async def _wave(session: Session, name: str) -> int:
    wave = await scopes.find_wave(session, name)
    if wave is None:
        raise NotMeasurable(f"there is no wave {name!r}")
    return wave.id


def _as_told(ctx: Context, found: _Found, whole: Measure) -> Measure:
    may_know = not found.is_small_team or ctx.programme.measure_members == "lead"
    return whole if may_know else withheld(whole)


async def _of_today(ctx: Context, part: Part, kind: str, today: date) -> Sample:
    now, months = ctx.now(), ctx.programme.window_months
    async with ctx.db.reading() as session:
        outdated = await measures.outdated(session, kind, now)
    if outdated:
        async with ctx.db.session() as session:
            await answers.recount(session, outdated, kind, now, months)
    async with ctx.db.reading() as session:
        return sample_of_today(
            await scopes.accounts(session, part),
            await measures.current_counts(session, part, kind, _kinds(kind), _span(ctx, today)),
            await measures.current_sums(session, kind),
            ctx.programme.currency,
        )


async def _of_day(
    ctx: Context,
    part: Part,
    kind: str,
    end: date,
    *,
    is_past: bool,
    without: Collection[int] = (),
) -> Sample:
    """What was answered up to a day; a past one groups by the snapshots of its invitations."""
    async with ctx.db.reading() as session:
        rows = await history.recorded(
            session,
            _kinds(kind),
            span=_span(ctx, end),
            role_of_today=not is_past,
            without=without,
        )
        belonging = {row.id for row in await scopes.accounts(session, part)}
        active = await measures.active_contacts(session, part)
        present = await scopes.accounts(session, Part())
    heard = {row.account_id for row in rows}
    return sample_of_records(
        rows,
        in_snapshot(part) if is_past else lambda row: row.account_id in belonging,
        present,
        ctx.programme.currency,
        is_snapshot=is_past,
        silent=[each for each in active if each.account_id not in heard],
    )


async def _of_wave(
    ctx: Context, part: Part, kind: str, wave_id: int, without: Collection[int]
) -> Sample:
    async with ctx.db.reading() as session:
        rows = await history.recorded(session, _kinds(kind), waves=[wave_id], without=without)
        present = await scopes.accounts(session, Part())
        # An account left out of a wave is no part of it, unless it was asked for by its key.
        by_key = part.account_ids is not None
        active = await measures.active_contacts(session, part) if by_key else []
    heard = {row.account_id for row in rows}
    return sample_of_records(
        rows,
        in_snapshot(part),
        present,
        ctx.programme.currency,
        is_snapshot=True,
        silent=[each for each in active if each.account_id not in heard],
    )


def _span(ctx: Context, end: date) -> Span:
    return span_until(end, ctx.programme.window_months, ZoneInfo(ctx.programme.timezone))


def _day(ctx: Context, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(ctx.programme.timezone)).date()


def _kinds(kind: str) -> tuple[str, ...]:
    return ("relationship", "similar") if kind == "relationship" else (kind,)
