"""A wave to a slow relay while the server is killed again and again: none twice, none lost."""

import asyncio
import os
import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from bot.config import load
from bot.context import open_context
from handlers.context import Context
from handlers.waves import immediate
from storage import answers
from storage.models import Account, BoundPlace, Contact, Member, Team
from tests.benchmarks import programme
from tests.benchmarks.programme import NPSBOT, SECRET
from tests.long import after, postgres, relay
from tests.long.contacts import Contacts
from tests.long.facts import Fact, at_most, equal, told
from tests.long.slack import Slack

CONTACTS, QUICK_CONTACTS = 2_000, 240
KILLS, QUICK_KILLS = 10, 5
CONTACTS_AN_ACCOUNT = 4
CHANNELS = 24
SLOWEST_MAIL = 0.05
# Every fifth kill hits a process that is starting, so many seconds after its start at most.
STARTING_SECONDS = 4.0
PATIENCE = 600.0


async def run(folder: Path, quick: bool, database: str) -> list[Fact]:
    """Gives what became of every contact, answer and alert."""
    contacts, kills = (QUICK_CONTACTS, QUICK_KILLS) if quick else (CONTACTS, KILLS)
    port, relay_port = programme.free_port(), programme.free_port()
    slack = Slack()
    async with slack.listening() as slack_port:
        config = await programme.write(folder, port, slack_port)
        environment = {
            "NPSBOT_MAIL__PORT": str(relay_port),
            "NPSBOT_MAIL__PER_SECOND": "50",
            "NPSBOT_CONSOLE__ENABLED": "false",
        }
        with postgres.server(folder, database) as url:
            if url is not None:
                environment["NPSBOT_DATABASE__URL"] = url
            settings = load(config, environment)
            await asyncio.to_thread(_npsbot, config, environment, "migrate")
            log = folder / "accepted.log"
            with relay.running(log, relay_port, SLOWEST_MAIL):
                async with open_context(settings) as ctx:
                    wave_id = await _prepare(ctx, contacts)
                    server = Server(config, environment, port)
                    people = Contacts(f"http://127.0.0.1:{port}", SECRET, log)
                    begin = time.perf_counter()
                    async with people.answering():
                        at_last_kill = await _kill(server, kills, contacts, log)
                        done = await _until_quiet(ctx, wave_id, people)
                    seconds = time.perf_counter() - begin
                    await asyncio.to_thread(server.stop)
                    facts = [
                        told("contacts, kills", f"{contacts}, {kills}"),
                        at_most("accepted at the last kill", at_last_kill, contacts - 1),
                        equal("came to rest", done, True),
                        equal("starts refused", server.refused, 0),
                        told("from the last kill to ready again", server.ready_after, " s"),
                    ]
                    facts += await after.of_wave(ctx, wave_id, contacts, kills, log)
                    facts += await after.of_answers(ctx, people)
                    facts += await after.of_alerts(ctx, slack)
                    facts.append(await _rollup(ctx))
                    facts.append(told("wave, kills and answers took", seconds, " s"))
    return facts


class Server:
    """`npsbot run`, killed and started again."""

    def __init__(self, config: Path, environment: Mapping[str, str], port: int) -> None:
        self._command = (str(NPSBOT), "--config", str(config), "run")
        self._environment = {**os.environ, **environment}
        self._ready = f"http://127.0.0.1:{port}/readyz"
        self._log = config.parent / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.refused = 0
        self.ready_after = 0.0

    def start(self) -> None:
        """Starts the server, at once."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """Kills it without a word; counts a process that had ended by itself."""
        assert self._process is not None
        self.refused += self._process.poll() is not None
        self._process.kill()
        self._process.wait()

    def wait_until_ready(self) -> None:
        """Waits until it serves, and notes how long that took."""
        begin = time.perf_counter()
        self.ready_after = programme.seconds_until_ready(self._ready, begin)

    def stop(self) -> None:
        """Ends it as an operator would."""
        assert self._process is not None
        self.refused += self._process.poll() is not None
        self._process.terminate()
        self._process.wait(60)


async def _prepare(ctx: Context, contacts: int) -> int:
    """Stores the programme and a wave that starts with the server; gives the wave's id."""
    now = datetime.now(UTC)
    async with ctx.db.session() as session:
        team = Team(name="Bench")
        session.add(team)
        await session.flush()
        owners = [
            Member(email=f"m{n}@bench.example", name=f"Manager {n}", team_id=team.id)
            for n in range(CHANNELS)
        ]
        session.add_all(owners)
        await session.flush()
        for n, owner in enumerate(owners):
            place = f"slack:C{n:08}"
            session.add(BoundPlace(platform="slack", place=place, member_id=owner.id, bound_at=now))
        accounts = [
            Account(
                key=f"B{n}", name=f"Company {n}", owner_id=owners[n % CHANNELS].id, team_id=team.id
            )
            for n in range(contacts // CONTACTS_AN_ACCOUNT)
        ]
        session.add_all(accounts)
        await session.flush()
        for n in range(contacts):
            account = accounts[n % len(accounts)]
            session.add(
                Contact(account_id=account.id, email=f"c{n}@customer.example", name=f"Person {n}")
            )
    return (await immediate.new_wave(ctx, "relationship", (), "Kills", respect_hours=False)).id


async def _kill(server: Server, kills: int, contacts: int, log: Path) -> int:
    """Kills the server at random moments, starts it again at once; gives what was sent by then."""
    random = Random(11)
    share = contacts * 0.9 / kills
    server.start()
    for number in range(1, kills + 1):
        if number % 5:
            more = int(share * random.uniform(0.3, 1))
            await _until_accepted(log, len(await asyncio.to_thread(relay.accepted, log)) + more)
            await asyncio.sleep(random.uniform(0, 0.2))
        else:
            await asyncio.sleep(random.uniform(0.1, STARTING_SECONDS))
        server.kill()
        server.start()
    accepted = len(await asyncio.to_thread(relay.accepted, log))
    await asyncio.to_thread(server.wait_until_ready)
    return accepted


async def _until_accepted(log: Path, mails: int) -> None:
    async with asyncio.timeout(PATIENCE):
        # Another process writes the log: there is no event to wait for.
        while len(await asyncio.to_thread(relay.accepted, log)) < mails:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _until_quiet(ctx: Context, wave_id: int, people: Contacts) -> bool:
    """Waits until the wave is out, everybody who answers has answered, and alerts are posted."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        left = await after.unfinished(ctx, wave_id)
        if left == 0:
            people.no_more_mails()
        if left == 0 and people.finished and await after.alerts_left(ctx) == 0:
            return True
        await asyncio.sleep(0.5)
    return False


async def _rollup(ctx: Context) -> Fact:
    async with ctx.db.reading() as session:
        ids = [row.id for row in await after.all_accounts(session)]
        before = await answers.read_rollup(session, ids)
        months = ctx.programme.window_months
        await answers.recount(session, ids, "relationship", ctx.now(), months)
        counted = await answers.read_rollup(session, ids)
    return equal("rollup rows that differ from a recount", len(before ^ counted), 0)


def _npsbot(config: Path, environment: Mapping[str, str], *words: str) -> None:
    command = (str(NPSBOT), "--config", str(config), *words)
    subprocess.run(command, check=True, env={**os.environ, **environment}, capture_output=True)
