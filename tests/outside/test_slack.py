"""Slack's own types, documented limits and recorded payloads against our drawings and our door."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from sqlmodel import select

from bot.slack.blocks import draw_card, draw_home
from bot.slack.forms import draw_form
from handlers.cards import Card, Form
from storage import running
from storage.models import Alert
from tests.bot.test_slack_drawing import EVERY_ELEMENT, INPUTS, PUBLIC
from tests.fake_slack import SIGNING_SECRET, words
from tests.journeys.slack_workspace import Workspace, workspace
from tests.journeys.test_slack_journey import answer
from tests.outside.peers import NODE_24, peers, run

pytestmark = pytest.mark.outside


def _check(folder: Path, drawn: dict[str, dict[str, Any]]) -> None:
    """Passes every drawing through the schema of Slack's types and through the limits."""
    root = peers("slack/validate_blocks.mjs", "slack/slack_limits.py", "slack/slack.schema.json")
    for name, data in drawn.items():
        (folder / f"{name}.json").write_text(json.dumps(data), "utf-8")
    files = sorted(folder.glob("*.json"))
    run("node", root / "slack/validate_blocks.mjs", *files)
    run(sys.executable, root / "slack/slack_limits.py", *files)


def test_every_element_and_input_fits_slacks_types_and_limits(tmp_path: Path) -> None:
    card = Card("Acme A/S: 3 of 10", EVERY_ELEMENT, "critical", status="new", foot="why")
    inputs = tuple(sample[0] for sample in INPUTS.values())
    form = Form("A form of everything", inputs, "a.b", "7", "Save", EVERY_ELEMENT)
    long = Card("x" * 500, EVERY_ELEMENT * 12, foot="y" * 5000)
    drawn = {
        "card": draw_card(card, PUBLIC),
        "long": draw_card(long, PUBLIC),
        "home": draw_home(card, PUBLIC),
        "form": draw_form(form, "{}", PUBLIC),
    }
    _check(tmp_path, drawn)


def test_every_golden_card_and_form_fits_slacks_types_and_limits(tmp_path: Path) -> None:
    golden = sorted((Path(__file__).parents[1] / "cards/golden").glob("*.slack.json"))
    assert golden
    _check(tmp_path, {path.stem: json.loads(path.read_text("utf-8")) for path in golden})


@pytest_asyncio.fixture
async def work(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with workspace(tmp_path) as started:
        yield started


async def _rows(work: Workspace) -> Any:
    async with work.db.reading() as session:
        return await running.counts(session)


async def _replay(work: Workspace, *arguments: str | Path) -> str:
    root = peers("py/replay_slack.py", "fixtures/slack")
    process = await asyncio.create_subprocess_exec(
        sys.executable, root / "py/replay_slack.py", f"{work.url}/slack/events", SIGNING_SECRET,
        *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_recorded_payloads_and_attacks_make_no_fault_and_store_nothing(
    work: Workspace,
) -> None:
    before = await _rows(work)
    recorded = sorted(peers("fixtures/slack").glob("fixtures/slack/*.json"))
    assert len(recorded) > 130
    said = await _replay(work, *recorded, "--attacks")
    statuses = {line.split("(")[0].strip(): line for line in said.splitlines()}
    for attack in ("no signature", "wrong secret", "stale 10 min", "future 10 min", "body changed"):
        assert "(401," in statuses[attack], said
    assert "(400," in statuses["not json"], said
    after = await _rows(work)
    assert {**after, "alerts": {}} == {**before, "alerts": {}}
    async with work.db.reading() as session:
        told = {each.what for each in (await session.exec(select(Alert))).all()}
    # The recorded addresses for replies are gone: CX is told that a person got none.
    assert told <= {"undelivered"}


@asynccontextmanager
async def emulator(app_port: int, folder: Path) -> AsyncIterator[str]:
    """Starts the outside Slack; gives the base address of its Web API."""
    root = peers("slack-emulator/run_emulator.mjs", NODE_24)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        root / NODE_24, root / "slack-emulator/run_emulator.mjs", "--port", str(port),
        "--events", f"http://127.0.0.1:{app_port}/slack/events", "--secret", SIGNING_SECRET,
        "--seed", root / "slack-emulator/seed.yaml", "--record", folder / "calls.jsonl",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        assert b"emulator on" in line, line
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        await process.wait()


async def test_the_main_journey_runs_against_the_emulator(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        app_port: int = taken.getsockname()[1]
    async with emulator(app_port, tmp_path) as address, ClientSession() as session:

        async def api(method: str, **args: Any) -> dict[str, Any]:
            headers = {"Authorization": "Bearer xoxb-bot"}
            async with session.post(f"{address}api/{method}", json=args, headers=headers) as done:
                found: dict[str, Any] = await done.json()
                assert found["ok"], found
                return found

        people = {user["name"]: user for user in (await api("users.list"))["members"]}
        async with workspace(
            tmp_path, f"{address}api/", "xoxb-bot", app_port, people["bob"]["id"]
        ) as work:
            await answer(work, "jane", 3, comment="Third wrong invoice")
            message = await _until(api, "C000000001", "3 of 10 from Jane Jensen")
            assert "Third wrong invoice" in words(message)
            bob = work.person(people["bob"]["id"])
            await bob.click({**message, "channel": "C000000001"}, "Take it")
            await _until(api, "C000000001", "Anna has it")
            calls = tmp_path / "calls.jsonl"
            root = peers("slack/validate_blocks.mjs")
            run("node", root / "slack/validate_blocks.mjs", "--calls", calls)
            run(sys.executable, root / "slack/slack_limits.py", "--calls", calls)


async def _until(api: Any, channel: str, text: str) -> dict[str, Any]:
    for _ in range(200):
        for message in (await api("conversations.history", channel=channel))["messages"]:
            if text in words(message):
                found: dict[str, Any] = message
                return found
        await asyncio.sleep(0.1)  # the emulator tells nobody what it was sent
    raise AssertionError(f"{text!r} was never posted")
