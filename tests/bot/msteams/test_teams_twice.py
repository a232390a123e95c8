"""A form that Teams delivers more than once is carried out once, and answered the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.msteams.adapter import add_routes
from handlers.chat import Message, Submission
from handlers.context import Context
from tests.bot.msteams.teams_bot import TeamsBot, running
from tests.bot.slack_app import CASE, register
from tests.factories import Make
from tests.teams_user import TeamsUser, first_values


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    happened: list[object] = []
    register(monkeypatch, happened)
    return happened


@pytest_asyncio.fixture
async def bot(ctx: Context, make: Make, happened: list[object]) -> AsyncIterator[TeamsBot]:
    async with running(ctx, make) as started:
        yield started


async def dialog_of(bot: TeamsBot) -> dict[str, Any]:
    await bot.anna.say("hello")
    await bot.quiet()
    await bot.ctx.chat.send("teams-user:aad-anna", Message(CASE, "alert:17", "en"))
    return await bot.anna.fetch(bot.teams.at("aad-anna")[-1], "I called")


@asynccontextmanager
async def restarted(bot: TeamsBot) -> AsyncIterator[TeamsUser]:
    """The same bot in a process that remembers nothing; gives Anna there."""
    app = web.Application()
    add_routes(app, bot.ctx, bot.channel)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        yield TeamsUser(bot.teams, url, "aad-anna", bot.session)


def filled(bot: TeamsBot, dialog: dict[str, Any], **inputs: str) -> dict[str, Any]:
    content = dialog["card"]["content"]
    typed = {name: value for name, value in first_values(content).items() if value}
    data = {**content["actions"][0]["data"], **typed, **inputs}
    return bot.anna.activity("invoke", name="task/submit", value={"data": data})


async def test_one_submission_delivered_three_times_is_stored_once(
    bot: TeamsBot, happened: list[object]
) -> None:
    dialog = await dialog_of(bot)
    happened.clear()
    for said in ("Jane is glad again", "short"):
        activity = filled(bot, dialog, said=said)
        first, second = await asyncio.gather(bot.anna.send(activity), bot.anna.send(activity))
        assert first == second == await bot.anna.send(activity)
    await bot.quiet()
    assert sum(isinstance(event, Submission) for event in happened) == 2
    await bot.anna.send(filled(bot, dialog, said="Jane is glad again"))
    assert sum(isinstance(event, Submission) for event in happened) == 3


async def test_a_submission_delivered_again_to_a_restarted_bot_is_carried_out_once(
    bot: TeamsBot, happened: list[object]
) -> None:
    dialog = await dialog_of(bot)
    activity = filled(bot, dialog, said="Jane is glad again")
    await bot.anna.send(activity)
    await bot.quiet()
    async with restarted(bot) as again:
        known = await again.send(activity)
    assert "have this form already" in str(known)
    assert sum(isinstance(event, Submission) for event in happened) == 1
