"""Measures a scope: gathers its counts, calls measures/, and withholds small teams."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from handlers.context import Context
from handlers.measures import clusters
from handlers.measures.clusters import resemblance, resemblance_of_sums
from handlers.measures.measure import Measure, Scope, Window
from handlers.measures.nps import measure
from handlers.measures.samples import (
    Sample,
    clusters_of,
    counted_of,
    in_snapshot,
    sample_of_records,
    sample_of_today,
)
from handlers.measures.window import span_until, window_until
from handlers.scopes import (
    Found,
    NotMeasurable,
    Rest,
    as_told,
    check,
    find,
    folded,
    kinds_of,
    together,
)
from storage import answers, history, measures, members, scopes
from storage.db import Session
from storage.measures import Span
from storage.scopes import Part


async def measure_scope(
    ctx: Context,
    scope: Scope,
    kind: str = "relationship",
    wave: str | None = None,
    at: date | None = None,
    rho: float | None = None,
    without: Collection[int] = (),
) -> Measure:
    """All figures of an account (by key), team, segment, product (by name) or of everything.

    Without `wave` the window ends on the day `at`, by default today. `rho` fixes what is else
    estimated. A team of fewer than four members is withheld, unless the programme measures members
    for leads. Responses `without` are kept from whoever asks: as if they did not exist. Raises
    NotMeasurable for an unknown scope, wave or kind, or a rho outside 0..1.
    """
    check(kind, rho)
    today = _day(ctx, ctx.now())
    end = at or today
    async with ctx.db.reading() as session:
        found = await find(session, scope)
        wave_id = None if wave is None else await _wave(session, wave)
    if found.scope.type == "product":
        window = window_until(end, ctx.programme.window_months)
        sample = await _about(ctx, found.scope.key or "", kind, end, without)
    elif wave_id is not None:
        window = Window()
        sample = await _of_wave(ctx, found.part, kind, wave_id, without)
    else:
        window = window_until(end, ctx.programme.window_months)
        # Current answers keep no difference between relationship and its variant.
        if end == today and kind != "similar":
            sample = await _of_today(ctx, found.part, kind, today, without)
        else:
            sample = await _of_day(ctx, found.part, kind, end, is_past=end < today, without=without)
    whole = measure(found.scope, kind, window, sample.accounts, sample.programme, rho)
    return as_told(ctx, found, whole)


async def measure_teams(
    ctx: Context, kind: str, without: Collection[int] = ()
) -> tuple[list[Measure], Rest]:
    """The figures of every team by name as of today; the `Rest` that is told as one comes last.

    The programme is read once for them. Responses `without` are kept from whoever asks.
    """
    today = _day(ctx, ctx.now())
    sample = await _of_today(ctx, Part(), kind, today, without)
    async with ctx.db.reading() as session:
        teams = await members.teams(session)
        rest = await folded(ctx, session, teams, await scopes.owners_without_team(session))
        own = [team for team in teams if team not in rest.teams]
        found: list[tuple[Found, set[str | None]]] = [
            (await find(session, Scope("team", team.name)), {team.name}) for team in own
        ]
    if rest.teams:
        names: set[str | None] = {team.name for team in rest.teams}
        found.append((together(rest), names | {None} if rest.others else names))
    window = window_until(today, ctx.programme.window_months)
    told = []
    for each, of_teams in found:
        accounts = [account for account in sample.accounts if account.team in of_teams]
        figures = measure(each.scope, kind, window, accounts, sample.programme)
        told.append(as_told(ctx, each, figures))
    return told, rest


async def measure_groups(
    ctx: Context,
    groups: Sequence[Scope],
    kind: str,
    wave: str,
    without: Collection[int] = (),
    rest: Rest | None = None,
) -> list[Measure]:
    """The figures of several teams, segments or of all in one wave, which is read once for them.

    Responses `without` are kept from whoever asks. The `rest` that is told as one comes last.
    """
    check(kind)
    async with ctx.db.reading() as session:
        wave_id = await _wave(session, wave)
        found = [await find(session, scope) for scope in groups]
        found += [together(rest)] if rest and rest.teams else []
        rows = await history.recorded(session, kinds_of(kind), waves=[wave_id], without=without)
        present = await scopes.accounts(session, Part())
    teams = {row.id: row.team for row in present}
    whole = resemblance(clusters_of(rows, teams))
    told = []
    for each in found:
        own = list(filter(in_snapshot(each.part), rows))
        sample = sample_of_records(
            own, in_snapshot(each.part), present, ctx.programme.currency, is_snapshot=True
        )
        figures = measure(each.scope, kind, Window(), sample.accounts, whole)
        told.append(as_told(ctx, each, figures))
    return told


async def _wave(session: Session, name: str) -> int:
    wave = await scopes.find_wave(session, name)
    if wave is None:
        raise NotMeasurable(f"there is no wave {name!r}")
    return wave.id


async def _of_today(
    ctx: Context, part: Part, kind: str, today: date, without: Collection[int] = ()
) -> Sample:
    now, months = ctx.now(), ctx.programme.window_months
    async with ctx.db.reading() as session:
        outdated = await measures.outdated(session, kind, now)
    if outdated:
        async with ctx.db.session() as session:
            await answers.recount(session, outdated, kind, now, months)
    span = _span(ctx, today)
    async with ctx.db.reading() as session:
        present = await scopes.accounts(session, part)
        counted = await measures.current_counts(session, part, kind, kinds_of(kind), span)
        # What counts now knows nothing of who asks: accounts with a reply that is kept from them
        # are counted without it.
        kept = await history.accounts_of(session, without) if without else set()
        alike = await measures.current_alike(session, kind, kept)
        if kept:
            rows = await history.recorded(
                session,
                kinds_of(kind),
                span=span,
                account_ids=kept,
                role_of_today=True,
                without=without,
            )
            own = Part(account_ids=tuple(kept))
            teams = {row.id: row.team for row in await scopes.accounts(session, own)}
            active = await measures.active_contacts(session, own)
    if kept:
        belonging = kept & {row.id for row in present}
        other = [row for row in counted_of(rows, active) if row.account_id in belonging]
        counted = [*(row for row in counted if row.account_id not in kept), *other]
        alike += clusters.alike(clusters_of(rows, teams))
    whole = resemblance_of_sums(alike)
    return sample_of_today(present, counted, whole, ctx.programme.currency)


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
            kinds_of(kind),
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


async def _about(
    ctx: Context, product: str, kind: str, end: date, without: Collection[int]
) -> Sample:
    """What was answered about a product up to a day; icc and rho are those of the whole kind."""
    kinds, span = kinds_of(kind), _span(ctx, end)
    async with ctx.db.reading() as session:
        rows = await history.recorded(
            session, kinds, span=span, role_of_today=True, product=product, without=without
        )
        whole = await history.recorded(session, kinds, span=span, by_role=False, without=without)
        present = await scopes.accounts(session, Part())
    teams = {row.id: row.team for row in present}
    currency = ctx.programme.currency
    sample = sample_of_records(rows, in_snapshot(Part()), present, currency, is_snapshot=False)
    return Sample(sample.accounts, resemblance(clusters_of(whole, teams)))


async def _of_wave(
    ctx: Context, part: Part, kind: str, wave_id: int, without: Collection[int]
) -> Sample:
    async with ctx.db.reading() as session:
        rows = await history.recorded(session, kinds_of(kind), waves=[wave_id], without=without)
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
