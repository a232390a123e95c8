"""Stores the sums of waves that are closed, so that a trend need not read them whole."""

import structlog

from handlers.context import Context, Job
from storage import wave_rollups

log = structlog.get_logger()

# What a tick may count: ten short transactions, so that nobody waits for a wave of 100,000.
_PARTS = 10


async def due(ctx: Context) -> list[Job]:
    """Counts a little more of a closed wave; cut anywhere, it goes on at the next tick."""
    async with ctx.db.reading() as session:
        wave_id = await wave_rollups.to_count(session)
    if wave_id is not None:
        await count(ctx, wave_id, _PARTS)
    return []


async def count(ctx: Context, wave_id: int, parts: int | None = None) -> None:
    """Counts a closed wave, or no more than so many parts of it."""
    while parts is None or parts > 0:
        async with ctx.db.session() as session:
            done = await wave_rollups.count_part(session, wave_id)
        if done:
            log.info("wave counted", wave=wave_id)
            return
        parts = None if parts is None else parts - 1
