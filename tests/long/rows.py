"""Ten million responses: how long recounting, `/nps` and measuring take, and the disk."""

import asyncio
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.config import load
from bot.context import open_context
from handlers import routes
from handlers.cards import Card
from handlers.chat import Command, Person
from handlers.context import Context
from handlers.waves import counting
from storage import answers
from tests.benchmarks import programme
from tests.benchmarks.programme import NPSBOT
from tests.long import bulk
from tests.long.bulk import CONTACTS_AN_ACCOUNT, CX_LEAD
from tests.long.facts import Fact, at_most, equal, told

RESPONSES, QUICK_RESPONSES = 10_000_000, 200_000
WAVES = 25  # a quarter each: six years
RUNS = 5
AT_ONCE = 500  # accounts counted anew in one transaction
ACCOUNT_MANAGER = "m0@bench.example"
# Who asks what, and the seconds a person waits at most.
COMMANDS = (
    (ACCOUNT_MANAGER, "", 1),
    (ACCOUNT_MANAGER, "a0", 1),
    (ACCOUNT_MANAGER, "a0 people", 1),
    (CX_LEAD, "", 5),
    (CX_LEAD, "team Team 0", 5),
    (CX_LEAD, "all", 5),
)


async def run(folder: Path, quick: bool, database: str) -> list[Fact]:
    """Gives the times; the rules are what a person in a chat waits for."""
    responses = QUICK_RESPONSES if quick else RESPONSES
    contacts = responses * 5 // 4 // WAVES
    config = await programme.write(folder, programme.free_port())
    path = folder / "npsbot.db"
    begin = time.perf_counter()
    stored = await asyncio.to_thread(bulk.load, path, contacts, WAVES, timedelta(days=20))
    facts = [
        equal("responses stored", stored, responses),
        told("accounts, contacts", f"{contacts // CONTACTS_AN_ACCOUNT:,}, {contacts:,}"),
        told("loading", time.perf_counter() - begin, " s"),
    ]
    async with open_context(load(config)) as ctx:
        begin = time.perf_counter()
        await _recount(ctx, contacts // CONTACTS_AN_ACCOUNT)
        facts.append(told("recount of every account", time.perf_counter() - begin, " s"))
        begin = time.perf_counter()
        await _count_waves(ctx)
        facts.append(told("sums of every closed wave", time.perf_counter() - begin, " s"))
        facts.append(told("disk", await asyncio.to_thread(_gigabytes, path), " GB"))
        for email, text, limit in COMMANDS:
            who = "CX lead" if email == CX_LEAD else "account manager"
            seconds = await _median(partial(_ask, ctx, email, text))
            facts.append(at_most(f"{who}: /nps {text}".strip(), seconds, limit, " s"))
    seconds = await _median(partial(_measure_all, config))
    facts.append(at_most("npsbot measure --all --json", seconds, 10, " s"))
    return facts


def _gigabytes(path: Path) -> float:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size / 1e9


async def _recount(ctx: Context, accounts: int) -> None:
    for first in range(1, accounts + 1, AT_ONCE):
        part = range(first, min(first + AT_ONCE, accounts + 1))
        async with ctx.db.session() as session:
            months = ctx.programme.window_months
            await answers.recount(session, part, "relationship", ctx.now(), months)


async def _count_waves(ctx: Context) -> None:
    """As the clock does, some at a time, soon after a wave is closed."""
    for wave_id in range(1, WAVES + 1):
        await counting.count(ctx, wave_id)


async def _ask(ctx: Context, email: str, text: str) -> None:
    person = Person("console", email, email=email)
    reply = await routes.command(ctx, Command(person, person.place, text))
    if not isinstance(reply, Card) or reply.audience != "internal":
        raise RuntimeError(f"/nps {text} gave no figures: {reply}")


async def _measure_all(config: Path) -> None:
    command = (str(NPSBOT), "--config", str(config), "measure", "--all", "--json")
    await asyncio.to_thread(subprocess.run, command, check=True, stdout=subprocess.DEVNULL)


async def _median(do: Callable[[], Awaitable[None]]) -> float:
    seconds = []
    for _run in range(RUNS):
        begin = time.perf_counter()
        await do()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)
