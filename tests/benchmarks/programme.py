"""A programme for benchmarks: accounts with owners over many channels, everybody invited."""

import asyncio
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import initial
from storage.db import Database
from storage.models import Account, BoundPlace, Contact, Invitation, Member, Team, Wave

SECRET = "a secret key for benchmarks, long enough"
NPSBOT = Path(sys.executable).with_name("npsbot")


def free_port() -> int:
    """Gives a port of this machine that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def write(folder: Path, port: int, slack_port: int | None = None) -> Path:
    """Writes a configuration without settle time below `folder`; with Slack given its port."""
    await initial.make(folder)
    path = folder / "npsbot.toml"
    text = path.read_text("utf-8").replace("8400", str(port))
    text = text.replace("[server]", f'[server]\nsecret_key = "{SECRET}"', 1)
    text = text.replace("[alerts]", "[alerts]\nsettle_seconds = 0", 1)
    text = text.replace("8425", str(free_port()))
    if slack_port is not None:
        text += (
            '\n[slack]\nbot_token = "xoxb-bench"\nsigning_secret = "bench"\n'
            f'api_base_url = "http://127.0.0.1:{slack_port}/api/"\n'
        )
    path.write_text(text, "utf-8")
    return path


async def fill(config: Path, contacts: int, channels: int, platform: str = "console") -> list[int]:
    """Stores invited contacts, one an account, owned round robin; gives their invitations."""
    db = Database(f"sqlite:///{config.parent / 'npsbot.db'}")
    now = datetime.now(UTC)
    async with db.session() as session:
        team = Team(name="Bench")
        session.add(team)
        await session.flush()
        owners = [
            Member(email=f"m{n}@bench.example", name=f"Manager {n}", team_id=team.id)
            for n in range(channels)
        ]
        session.add_all(owners)
        await session.flush()
        for n, owner in enumerate(owners):
            session.add(
                BoundPlace(
                    platform=platform, place=f"{platform}:C{n:08}", member_id=owner.id, bound_at=now
                )
            )
        wave = Wave(
            name="Bench", state="sending", created_at=now, closes_at=now + timedelta(days=14)
        )
        session.add(wave)
        accounts = [
            Account(
                key=f"B{n}", name=f"Company {n}", owner_id=owners[n % channels].id, team_id=team.id
            )
            for n in range(contacts)
        ]
        session.add_all(accounts)
        await session.flush()
        people = [
            Contact(account_id=account.id, email=f"c{n}@customer.example", name=f"Person {n}")
            for n, account in enumerate(accounts)
        ]
        session.add_all(people)
        await session.flush()
        invitations = [
            Invitation(
                wave_id=wave.id,
                account_id=person.account_id,
                contact_id=person.id,
                status="sent",
                sent_at=now,
                expires_at=wave.closes_at,
                team_id=team.id,
                owner_id=account.owner_id,
            )
            for person, account in zip(people, accounts, strict=True)
        ]
        session.add_all(invitations)
        await session.flush()
        ids = [invitation.id for invitation in invitations]
    await db.close()
    return ids


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a program until the block ends."""
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


def seconds_until_ready(url: str, begin: float, limit: float = 60) -> float:
    """Gives the seconds from `begin` (perf_counter) until an address answers 200."""
    while time.perf_counter() - begin < limit:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return time.perf_counter() - begin
        except OSError:
            time.sleep(0.01)
    raise TimeoutError(f"{url} did not answer in {limit} s")


@asynccontextmanager
async def server(config: Path, port: int) -> AsyncIterator[None]:
    """Runs `npsbot run` until the block ends."""
    begin = time.perf_counter()
    with process(str(NPSBOT), "--config", str(config), "run"):
        url = f"http://127.0.0.1:{port}/readyz"
        await asyncio.to_thread(seconds_until_ready, url, begin)
        yield
