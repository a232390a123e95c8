"""The score of a scope over its last waves: closed ones from stored sums, open ones live."""

from collections.abc import Collection, Sequence

from handlers.context import Context
from handlers.measures import clusters
from handlers.measures.clusters import resemblance_of_sums
from handlers.measures.measure import Scope, Window
from handlers.measures.nps import measure
from handlers.measures.samples import clusters_of, in_snapshot, sample_of_records
from handlers.measures.trend import TrendPoint, group_point, pooled, pooled_of, silent_point, trend
from handlers.scopes import Found, check, find, is_told, kinds_of
from storage import history, scopes, wave_rollups
from storage.db import Session
from storage.history import Recorded, WaveLabel
from storage.scopes import Part
from storage.wave_rollups import Pooled


async def wave_trend(
    ctx: Context,
    scope: Scope,
    kind: str = "relationship",
    limit: int = 8,
    without: Collection[int] = (),
) -> tuple[TrendPoint, ...]:
    """The score of a scope in the last waves that asked it, oldest first; withheld ones empty.

    Responses `without` are kept from whoever asks. Raises NotMeasurable for an unknown scope or
    kind.
    """
    check(kind)
    async with ctx.db.reading() as session:
        found = await find(session, scope)
        only = found.part.account_ids
        waves = await history.latest_waves(session, kinds_of(kind), limit, only)
        if not is_told(ctx, found):
            return tuple(silent_point(wave.name) for wave in waves)
        if only is not None:
            return await _of_account(ctx, session, found, kind, waves, without)
        return await _of_group(session, found.part, kind, waves, without)


async def _of_account(
    ctx: Context,
    session: Session,
    found: Found,
    kind: str,
    waves: Sequence[WaveLabel],
    without: Collection[int],
) -> tuple[TrendPoint, ...]:
    rows = await history.recorded(
        session,
        kinds_of(kind),
        waves=[wave.id for wave in waves],
        account_ids=found.part.account_ids,
        by_role=False,
        without=without,
    )
    present = await scopes.accounts(session, found.part)
    series = []
    for wave in waves:
        own = [row for row in rows if row.wave_id == wave.id]
        sample = sample_of_records(
            own, in_snapshot(found.part), present, ctx.programme.currency, is_snapshot=True
        )
        whole = measure(found.scope, kind, Window(), sample.accounts, sample.programme)
        series.append((wave.name, whole))
    return trend(series)


async def _of_group(
    session: Session,
    part: Part,
    kind: str,
    waves: Sequence[WaveLabel],
    without: Collection[int],
) -> tuple[TrendPoint, ...]:
    kinds = kinds_of(kind)
    stored = await wave_rollups.counted(session, [wave.id for wave in waves])
    # The sums know nothing of who asks: accounts with a reply that is kept are counted without it.
    kept = await history.accounts_of(session, without) if without else set()
    alike = await wave_rollups.alike(session, kinds, stored, kept)
    if part == Part():
        # What tells how alike accounts are holds the whole programme's scores, too.
        sums = {wave_id: pooled_of(groups) for wave_id, groups in alike.items()}
    else:
        sums = await wave_rollups.pooled(session, part, kinds, stored, kept)
    rows: list[Recorded] = []
    running = [wave.id for wave in waves if wave.id not in stored]
    for wave_ids, account_ids in ((running, None), (stored, kept)):
        if wave_ids and (account_ids is None or account_ids):
            rows += await history.recorded(
                session,
                kinds,
                waves=wave_ids,
                account_ids=account_ids,
                by_role=False,
                without=without,
            )
    teams = {row.id: row.team for row in await scopes.accounts(session, Part())} if rows else {}
    belongs = in_snapshot(part)
    points = []
    for wave in waves:
        read = [row for row in rows if row.wave_id == wave.id]
        rho = resemblance_of_sums(
            [*alike.get(wave.id, ()), *clusters.alike(clusters_of(read, teams))]
        ).rho
        own = pooled(clusters_of(filter(belongs, read), teams))
        points.append(group_point(wave.name, _both(sums.get(wave.id, Pooled()), own), rho))
    return tuple(points)


def _both(one: Pooled, other: Pooled) -> Pooled:
    return Pooled(*map(sum, zip(one, other, strict=True)))
