"""`npsbot wave send`: plans a wave and carries it out in this process."""

import asyncio
import os
from contextlib import AsyncExitStack
from datetime import datetime

from bot.config import Settings
from bot.context import close_channels, make_context, open_database
from bot.engine import BEAT_SECONDS, Engine
from handlers import audit
from handlers.context import Context, Job
from handlers.jobs import JOBS
from handlers.waves import sending
from handlers.waves.sending import SendCounts
from storage.audit import Noted
from storage.models import Act

LOOK_SECONDS = 0.2


async def send(
    settings: Settings,
    survey: str,
    account_keys: list[str],
    name: str | None,
    respect_hours: bool,
    wait: bool,
) -> SendCounts:
    """Gives the counts of the wave: planned, skipped by reason, sent, doubt, failed.

    A running server may carry out batches of the same queue: then this process only watches.
    Raises Refused when the wave can't be planned.
    """
    db = await open_database(settings)
    channels = [channel for channel, _ in settings.rules().pace]
    engine = Engine(db, f"cli-{os.getpid()}", channels, JOBS, alerts=False)

    async def soon(job: Job, at: datetime | None) -> None:
        # Alerts are the server's; and what is due before the launch is found right after it.
        if job.place is None and at is None and engine.launched:
            await engine.enqueue(job)

    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        ctx = await make_context(settings, db, soon=soon)
        stack.push_async_callback(close_channels, ctx)
        wave_id = await sending.send_now(ctx, survey, account_keys, name, respect_hours)
        await audit.keep(ctx, [Noted(Act.SENT, "wave", wave_id)])
        if wait:
            await engine.launch(ctx)
            stack.push_async_callback(engine.close)
            await _until_done(ctx, engine, wave_id)
        return await sending.counts(ctx, wave_id)


async def _until_done(ctx: Context, engine: Engine, wave_id: int) -> None:
    loop = asyncio.get_running_loop()
    beat_at = loop.time()
    while await sending.unfinished(ctx, wave_id):
        if loop.time() >= beat_at:
            await engine.beat()
            for job in await sending.due(ctx):
                await engine.enqueue(job)
            beat_at = loop.time() + BEAT_SECONDS
        await asyncio.sleep(LOOK_SECONDS)
