"""Ten million responses: how long loading, recounting, `/nps` and measuring take, and the disk."""

import asyncio
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.app import open_context
from bot.config import load
from handlers import routes
from handlers.cards import Card
from handlers.chat import Command, Person
from handlers.context import Context
from storage import answers
from tests.benchmarks import programme
from tests.benchmarks.programme import NPSBOT
from tests.long.facts import Fact, at_most, equal, told

RESPONSES, QUICK_RESPONSES = 10_000_000, 200_000
CONTACTS_AN_ACCOUNT = 25
WAVES = 25  # a quarter each: six years
MEMBERS, TEAMS = 400, 40
RUNS = 5
AT_ONCE = 500  # accounts counted anew in one transaction
SCHEMA_ONLY = "type = 'index' AND sql IS NOT NULL AND tbl_name IN ('invitation', 'response')"


async def run(folder: Path, quick: bool, database: str) -> list[Fact]:
    """Gives the times; the rules are what a person in a chat waits for."""
    responses = QUICK_RESPONSES if quick else RESPONSES
    # Four of five answer.
    contacts = responses * 5 // 4 // WAVES
    config = await programme.write(folder, programme.free_port())
    path = folder / "npsbot.db"
    begin = time.perf_counter()
    stored = await asyncio.to_thread(_load, path, contacts)
    loading = time.perf_counter() - begin
    facts = [
        equal("responses stored", stored, responses),
        told("contacts", contacts),
        told("loading", loading, " s"),
    ]
    async with open_context(load(config)) as ctx:
        begin = time.perf_counter()
        await _recount(ctx, contacts // CONTACTS_AN_ACCOUNT)
        facts.append(told("recount of every account", time.perf_counter() - begin, " s"))
        await asyncio.to_thread(_checkpoint, path)
        size = sum(file.stat().st_size for file in folder.glob("npsbot.db*"))
        facts.append(told("disk", size / 1e9, " GB"))
        for email, text, limit in (
            ("m0@bench.example", "", 1),
            ("m0@bench.example", "a0", 1),
            ("m0@bench.example", "a0 people", 1),
            ("cx@bench.example", "", 3),
            ("cx@bench.example", "all", 3),
            ("cx@bench.example", "team Team 0", 3),
        ):
            seconds = await _median(lambda: _ask(ctx, email, text))  # noqa: B023  (awaited here)
            who = "CX lead" if email.startswith("cx") else "account manager"
            facts.append(
                at_most(f"/nps {text} of a {who}".replace("  ", " "), seconds, limit, " s")
            )
    seconds = await _median(lambda: _measure_all(config))
    facts.append(at_most("npsbot measure --all --json", seconds, 5, " s"))
    return facts


def _load(path: Path, contacts: int) -> int:
    """Fills an empty database by set-based SQL; indexes are made at the end, as any bulk load does."""
    now = datetime.now(UTC)
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000"):
        db.execute(f"PRAGMA {pragma}")
    kept = db.execute(f"SELECT name, sql FROM sqlite_master WHERE {SCHEMA_ONLY}").fetchall()
    for name, _sql in kept:
        db.execute(f"DROP INDEX {name}")
    db.execute("BEGIN")
    accounts = contacts // CONTACTS_AN_ACCOUNT
    values = {"contacts": contacts, "accounts": accounts, "per": CONTACTS_AN_ACCOUNT}
    _insert(db, "team", TEAMS, "id, name", "n + 1, 'Team ' || n")
    _insert(
        db, "member", MEMBERS, "id, email, name, role, team_id",
        f"n + 1, 'm' || n || '@bench.example', 'Manager ' || n, 'account_manager', n % {TEAMS} + 1",
    )  # fmt: skip
    db.execute(
        "INSERT INTO member (email, name, role) VALUES ('cx@bench.example', 'Clara', 'cx_lead')"
    )
    _insert(
        db, "account", accounts,
        "id, key, name, aliases, segment, strategic, annual_value, currency, owner_id, team_id, "
        "recommend_policy",
        f"n + 1, 'A' || n, 'Company ' || n, '[]', 'S' || n % 5, 0, 1000 + n % 977 * 100, 'EUR', "
        f"n % {MEMBERS} + 1, n % {TEAMS} + 1, 'allowed'",
    )  # fmt: skip
    _insert(
        db, "contact", contacts, "id, account_id, email, name, role, judges, status",
        "n + 1, n % :accounts + 1, 'c' || n || '@customer.example', 'Person ' || n, "
        "CASE n / :accounts % 5 WHEN 0 THEN 'decision_maker' WHEN 1 THEN 'influencer' "
        "WHEN 2 THEN 'user' WHEN 3 THEN 'user' END, '[]', 'active'",
        **values,
    )  # fmt: skip
    for wave in range(1, WAVES + 1):
        sent = now - timedelta(days=91 * (WAVES - wave) + 20)
        times = {
            "wave": wave,
            "sent": _stored(sent),
            "answered": _stored(sent + timedelta(days=2)),
            "closes": _stored(sent + timedelta(days=21)),
            **values,
        }
        db.execute(
            "INSERT INTO wave (id, name, kind, state, audience, starts_at, closes_at, sending_days,"
            " respect_hours, first_batch, first_batch_released, is_test, imported, created_at)"
            " VALUES (:wave, 'Wave ' || :wave, 'relationship', 'closed', '{}', :sent, :closes,"
            " '[]', 1, 0, 0, 0, 0, :sent)",
            times,
        )
        first = (wave - 1) * contacts
        _insert(
            db, "invitation", contacts,
            "id, wave_id, kind, account_id, contact_id, status, channel, sent_at, expires_at, "
            "is_test, owner_id, team_id, role, segment, value, currency",
            f"{first} + n + 1, :wave, 'relationship', n % :accounts + 1, n + 1, 'sent', 'mail', "
            f":sent, :closes, 0, n % :accounts % {MEMBERS} + 1, n % :accounts % {TEAMS} + 1, "
            "CASE n / :accounts % 5 WHEN 0 THEN 'decision_maker' WHEN 1 THEN 'influencer' "
            "WHEN 2 THEN 'user' WHEN 3 THEN 'user' END, "
            "'S' || n % :accounts % 5, 1000 + n % :accounts % 977 * 100, 'EUR'",
            **times,
        )  # fmt: skip
        db.execute(
            "INSERT INTO response (invitation_id, account_id, contact_id, kind, wording_version,"
            " status, reply, score, comment, reasons, to_manager, quote_me, language, answered_at,"
            " last_input_at, imported)"
            " SELECT id, account_id, contact_id, 'relationship', 1, 'confirmed', 'score',"
            " (contact_id * 7 + wave_id * 3 + account_id % 4) % 11,"
            " CASE contact_id % 3 WHEN 0 THEN 'Deliveries come late and nobody calls back' END,"
            " '[\"delivery\"]', 0, 0, 'en', :answered, :answered, 0"
            " FROM invitation WHERE id > :first AND (contact_id / :accounts + wave_id) % 5 > 0",
            {**times, "first": first},
        )
    for _name, sql in kept:
        db.execute(sql)
    db.execute("COMMIT")
    (stored,) = db.execute("SELECT count(*) FROM response").fetchone()
    db.execute("PRAGMA journal_mode=WAL")
    db.close()
    return int(stored)


def _insert(
    db: sqlite3.Connection, table: str, count: int, columns: str, values: str, **given: object
) -> None:
    numbers = (
        "WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number LIMIT :count)"
    )
    db.execute(
        f"{numbers} INSERT INTO {table} ({columns}) SELECT {values} FROM number",
        {**given, "count": count},
    )


def _stored(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"


def _checkpoint(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


async def _recount(ctx: Context, accounts: int) -> None:
    for first in range(1, accounts + 1, AT_ONCE):
        part = range(first, min(first + AT_ONCE, accounts + 1))
        async with ctx.db.session() as session:
            await answers.recount(
                session, part, "relationship", ctx.now(), ctx.programme.window_months
            )


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
