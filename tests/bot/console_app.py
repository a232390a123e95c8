"""A console that is served, with a few acts for tests beside the real ones."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from bot import pictures
from bot.sender import Sender
from bot.web.console import ConsoleChannel, add_routes
from handlers import routes
from handlers.cards import Card, Choice, Form, FormErrors, Input, Reply, Text, Whisper, whisper
from handlers.chat import Click, Command, Lookup, Message, MessageRef, Submission
from handlers.context import Context
from handlers.settings import Programme
from storage.db import Database
from storage.models import Member
from tests.conftest import SECRET
from tests.factories import Make
from tests.fakes import FakeClock, FakeEngine, no_pace

ANNA = "anna@nordfab.example"
FORM = Form("What did they say?", (Input("long_text", "said", "Said"),), "test.form", "7", "Save")


@dataclass
class Console:
    """A console that is served, with its channel."""

    client: TestClient[web.Request, web.Application]
    chat: Sender
    clock: FakeClock
    db: Database

    async def post(self, path: str, **data: Any) -> dict[str, Any]:
        response = await self.send(path, {"as": ANNA, "place": "console:nordics", **data})
        assert response.status == 200, await response.text()
        answer: dict[str, Any] = await response.json()
        return answer

    async def send(self, path: str, data: Any, **headers: str) -> ClientResponse:
        origin = f"http://127.0.0.1:{self.client.port}"
        return await self.client.post(
            f"/console/{path}", json=data, headers={"Origin": origin, **headers}
        )

    async def state(self, place: str = "console:nordics", **query: str) -> dict[str, Any]:
        response = await self.client.get(
            "/console/state", params={"as": ANNA, "place": place, **query}
        )
        assert response.status == 200
        answer: dict[str, Any] = await response.json()
        return answer

    async def say(self, card: Card, place: str = "console:nordics", **more: Any) -> MessageRef:
        return await self.chat.send(place, Message(card, "alert:1", "en", **more))


async def echo(ctx: Context, command: Command, me: Member) -> Reply:
    return Card(f"{me.name} said {command.text}")


async def form(ctx: Context, event: Command | Click, me: Member) -> Reply:
    return FORM


async def take(ctx: Context, click: Click, me: Member) -> Reply:
    return Card(f"{me.name} took {click.value}", tone="attention")


async def stale(ctx: Context, click: Click, me: Member) -> Reply:
    return whisper("Mikkel took this at 13:22. Nothing was changed.")


async def draft(ctx: Context, click: Click, me: Member) -> Reply:
    return Whisper(Card("Draft", (Text("Dear Jane"),)))


async def nothing(ctx: Context, click: Click, me: Member) -> Reply:
    return None


async def save(ctx: Context, sent: Submission, me: Member) -> Reply:
    if not sent.text("said"):
        return FormErrors({"said": "Write what they said."})
    return Card(f"Saved {sent.text('said')} {','.join(sent.chosen('why'))}")


async def answer(ctx: Context, click: Click) -> Reply:
    return Card(f"Thank you, {click.value.rpartition(':')[2]} is saved", audience="person")


async def known(ctx: Context, lookup: Lookup, me: Member) -> list[Choice]:
    return [Choice("3", "Anna <b>", lookup.typed)]


@asynccontextmanager
async def served(db: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Console]:
    """A console with Anna as its member."""
    # Handlers for these tests stand beside the real ones.
    monkeypatch.setitem(routes.COMMANDS, "test", routes.CommandRoute(echo, "help.help"))
    monkeypatch.setitem(routes.COMMANDS, "test form", routes.CommandRoute(form, "help.help"))
    for name, handler in {
        "take": take,
        "stale": stale,
        "draft": draft,
        "nothing": nothing,
        "form": form,
    }.items():
        monkeypatch.setitem(routes.CLICKS, f"test.{name}", handler)
    monkeypatch.setitem(routes.FORMS, "test.form", save)
    monkeypatch.setitem(routes.CONTACT_CLICKS, "test.answer", answer)
    monkeypatch.setitem(routes.LOOKUPS, "members", known)
    clock = FakeClock()
    make = Make(db, clock)
    await make.member("Anna Berg", email=ANNA)
    console = ConsoleChannel(db, clock)
    chat = Sender({"console": lambda: console})
    ctx = Context(
        Programme(company="Nordfab", fallback_place="console:fallback"),
        db,
        chat,
        clock,
        FakeEngine().soon,
        no_pace,
        SECRET,
    )
    app = web.Application()
    add_routes(app, ctx)
    pictures.add_routes(app, ctx)
    async with TestClient(TestServer(app)) as client:
        yield Console(client, chat, clock, db)
