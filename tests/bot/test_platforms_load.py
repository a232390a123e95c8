"""A process loads the libraries of the platforms it speaks with, and of no other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

STARTS = """
import asyncio, sys
from bot.app import make_app
from bot.config import load
async def main():
    app = await make_app(load(None))
    runner = __import__("aiohttp.web").web.AppRunner(app)
    await runner.setup()
    await runner.cleanup()
asyncio.run(main())
"""
SLACK = {"NPSBOT_SLACK__BOT_TOKEN": "xoxb-1", "NPSBOT_SLACK__SIGNING_SECRET": "s"}
TEAMS = {
    "NPSBOT_TEAMS__APP_ID": "1",
    "NPSBOT_TEAMS__APP_PASSWORD": "s",
    "NPSBOT_TEAMS__TENANT_ID": "t",
}
OF_TEAMS = ("botbuilder", "botframework", "msrest", "microsoft_teams", "bot.msteams")
OF_SLACK = ("slack_sdk", "slack_bolt", "bot.slack")


def loaded(folder: Path, settings: dict[str, str]) -> set[str]:
    """Starts and stops the whole bot in a process of its own; gives the names it imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", STARTS],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "NPSBOT_DATABASE__URL": f"sqlite:///{folder / 'npsbot.db'}",
            **settings,
        },
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize(
    ("settings", "present", "absent"),
    [({}, (), OF_TEAMS + OF_SLACK), (SLACK, OF_SLACK, OF_TEAMS), (TEAMS, OF_TEAMS, OF_SLACK)],
    ids=["neither", "slack", "teams"],
)
def test_only_the_platforms_that_are_set_up_are_loaded(
    tmp_path: Path, settings: dict[str, str], present: tuple[str, ...], absent: tuple[str, ...]
) -> None:
    found = loaded(tmp_path, settings)
    names = {name.split(".")[0] for name in found} | found
    assert names.issuperset(present)
    assert not names & set(absent)
