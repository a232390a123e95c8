"""A wave of 100,000: planning, looking for what is due, the progress card, and sending."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import col, update

from bot.config import load
from bot.context import open_context
from handlers import jobs
from handlers.context import Context, Job
from handlers.waves import counting, immediate, planning, progress, sending
from handlers.waves.cards import standing
from handlers.waves.preview import preview_card
from storage import members, waves
from storage.models import Invitation, Wave
from tests.benchmarks import programme
from tests.fakes import no_pace
from tests.long import bulk, relay
from tests.long.facts import Fact, at_least, at_most, equal, told

CONTACTS, QUICK_CONTACTS = 100_000, 5_000
SENT, QUICK_SENT = 5_000, 500
PAST_WAVES = 4
RUNS = 5
PREVIEW_SECONDS = 2  # it is the answer to a form, and Slack waits 3
TICK_SECONDS = 5  # the clock's: a look must be over before the next


async def run(folder: Path, quick: bool, database: str) -> list[Fact]:
    """Gives times and memory of a wave to everybody."""
    contacts, messages = (QUICK_CONTACTS, QUICK_SENT) if quick else (CONTACTS, SENT)
    config = await programme.write(folder, programme.free_port())
    settings = load(config)
    path, log = folder / "npsbot.db", folder / "accepted.log"
    await asyncio.to_thread(bulk.load, path, contacts, PAST_WAVES, timedelta(days=200))
    assert settings.mail.port is not None
    with relay.running(log, settings.mail.port, 0):
        async with open_context(settings) as ctx:
            facts = await _plan(ctx, contacts)
            facts += await _look(ctx)
            facts += await _send(ctx, messages)
    taken = await asyncio.to_thread(relay.accepted, log)
    facts.append(equal("mails at the relay", len(taken), messages))
    facts.append(equal("mails there twice", sum(n - 1 for n in taken.values()), 0))
    return facts


async def _plan(ctx: Context, contacts: int) -> list[Fact]:
    for past in range(1, PAST_WAVES + 1):
        await counting.count(ctx, past)
    wave = await immediate.new_wave(ctx, "relationship", (), "Everybody", respect_hours=True)
    async with ctx.db.reading() as session:
        me = await members.by_email(session, bulk.CX_LEAD)
    assert me is not None

    async def preview(ctx: Context) -> object:
        return await preview_card(ctx, wave, me)

    seen = await _slowest(ctx, preview)
    _forget_peak()
    before, begin = _memory("VmRSS"), time.perf_counter()
    planned = await planning.plan(ctx, wave)
    seconds = time.perf_counter() - begin
    return [
        at_most("preview in a form", seen, PREVIEW_SECONDS, " s"),
        equal("invitations planned", planned.planned, contacts),
        at_most("planning", seconds, 120, " s"),
        at_most("memory for planning", _memory("VmHWM") - before, 1000, " MB"),
    ]


async def _look(ctx: Context) -> list[Fact]:
    """Times the clock's look: first with all rows planned for later, then with all of them due."""
    quiet = await _slowest(ctx, jobs.find_due)
    async with ctx.db.session() as session:
        await session.exec(
            update(Invitation)
            .where(col(Invitation.status) == "planned")
            .values(send_at=ctx.now() - timedelta(minutes=1))
        )
        await session.exec(update(Wave).where(col(Wave.name) == "Everybody").values(first_batch=0))
    busy = await _slowest(ctx, jobs.find_due)
    wave_id = await _wave_id(ctx)

    async def draw(ctx: Context) -> object:
        return await standing(ctx, wave_id)

    return [
        at_most("slowest tick, nothing due", quiet, TICK_SECONDS, " s"),
        at_most("slowest tick, all due", busy, TICK_SECONDS, " s"),
        at_most("numbers of the progress card", await _slowest(ctx, draw), 1, " s"),
        at_most("look for cards to refresh", await _slowest(ctx, progress.due), 1, " s"),
    ]


async def _send(ctx: Context, messages: int) -> list[Fact]:
    """Sends by batches without pace: what the program itself can do, far above any relay's wish."""
    rules = replace(ctx.programme, pace=(("mail", messages / sending.BATCH_SECONDS / 5),))
    asked: list[Job] = []

    async def soon(job: Job, at: datetime | None) -> None:
        asked.append(job)

    ctx = replace(ctx, programme=rules, pace=no_pace, soon=soon)
    wave_id = await _wave_id(ctx)
    begin = time.perf_counter()
    for number in range(5):
        run = replace(ctx, run=f"batch:{wave_id}:mail:{number}#long")
        await sending.send_batch(run, wave_id, "mail", number)
    seconds = time.perf_counter() - begin
    counted = (await standing(ctx, wave_id)).counts
    return [
        equal("sent in five batches", counted.sent, messages),
        equal("each batch asks for the next", len(asked), 5),
        at_least("mails a second without pace", counted.sent / seconds, 20),
        told("all 100,000 at the mail pace of 10 a second", f"{CONTACTS / 10 / 3600:.1f} hours"),
    ]


async def _wave_id(ctx: Context) -> int:
    async with ctx.db.reading() as session:
        wave = await waves.by_name(session, "Everybody")
    assert wave is not None
    return wave.id


async def _slowest(ctx: Context, do: Callable[[Context], Awaitable[object]]) -> float:
    slowest = 0.0
    for _run in range(RUNS):
        begin = time.perf_counter()
        await do(ctx)
        slowest = max(slowest, time.perf_counter() - begin)
    return slowest


def _memory(name: str) -> float:
    """Gives a figure of /proc/self/status in MB."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    assert found is not None
    return int(found.group(1)) / 1024


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", "ascii")
