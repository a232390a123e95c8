"""The Slack adapter on a real database against a server that plays Slack, with sample handlers."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.links import Addresses
from bot.sender import Sender
from bot.slack.adapter import SlackAdapter, SlackChannel, add_routes
from handlers import routes
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Choice,
    Form,
    FormErrors,
    Input,
    Reply,
    Scale,
    Text,
    whisper,
)
from handlers.chat import Click, Command, Lookup, Message, Notice, Submission
from handlers.context import Context, Refused
from handlers.settings import Programme
from storage.db import Database
from storage.models import Member
from tests.conftest import SECRET
from tests.factories import Make
from tests.fake_slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, FakeSlack
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace
from tests.slack_user import SlackUser


@dataclass
class SlackApp:
    """Our app, the fake Slack it talks to, and Anna, an account manager."""

    slack: FakeSlack
    channel: SlackChannel
    adapter: SlackAdapter
    ctx: Context
    url: str
    session: ClientSession
    anna: SlackUser
    member: Member
    happened: list[object]

    def person(self, user_id: str) -> SlackUser:
        return SlackUser(self.slack, self.url, user_id, self.session)


@asynccontextmanager
async def running(
    ctx: Context, make: Make, happened: list[object], mode: str = "http"
) -> AsyncIterator[SlackApp]:
    """Starts fake Slack and our app; both are stopped at the end."""
    slack = FakeSlack()
    base_url = await slack.start()
    channel = SlackChannel(
        BOT_TOKEN,
        Addresses("https://nps.nordfab.example", SECRET),
        signing_secret=SIGNING_SECRET if mode == "http" else None,
        app_token=APP_TOKEN,
        api_base_url=base_url,
        mode="http" if mode == "http" else "socket",
    )
    ctx = replace(ctx, chat=Sender({"slack": lambda: channel}))
    app = web.Application()
    adapter = add_routes(app, ctx, channel)
    slack.user("U0ANNA", "anna@nordfab.example", "Anna Berg")
    slack.channel("C0NORD", ("U0ANNA",))
    member = await make.member("Anna Berg", email="anna@nordfab.example", language="en")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(slack.stop)
        server = await stack.enter_async_context(TestServer(app))
        session = await stack.enter_async_context(ClientSession())
        url = str(server.make_url("")).rstrip("/")
        anna = SlackUser(slack, url, "U0ANNA", session)
        yield SlackApp(slack, channel, adapter, ctx, url, session, anna, member, happened)


CASE = Card(
    "Acme: 3 of 10",
    (
        Text("Third wrong invoice", "quote"),
        Buttons(
            (
                Button("Take it", "sample.take", "7"),
                Button("I called", "sample.called", "7", opens_form=True),
                Button("Why", "sample.why", "7"),
                Button("Fail", "sample.fail", "7"),
            )
        ),
    ),
    "critical",
)
FORM = Form(
    "I called",
    (
        Input("long_text", "said", "What did they say?"),
        Input("members", "who", "Who delivers?", required=False),
    ),
    "sample.called",
    "7",
    "Save",
)


def register(monkeypatch: pytest.MonkeyPatch, happened: list[object]) -> None:
    """Puts sample handlers into the tables of routes; each tells `happened` what it was given."""

    async def show(ctx: Context, event: Command, me: Member) -> Reply:
        happened.append(event)
        return CASE

    async def form(ctx: Context, event: Command, me: Member) -> Reply:
        happened.append(event)
        return FORM

    async def take(ctx: Context, event: Click, me: Member) -> Reply:
        happened.append(event)
        return replace(CASE, tone="attention", status=f"{me.name} has it")

    async def why(ctx: Context, event: Click, me: Member) -> Reply:
        return whisper("Mikkel took this at 13:22. Nothing was changed.")

    async def called(ctx: Context, event: Click, me: Member) -> Reply:
        return FORM

    async def fail(ctx: Context, event: Click, me: Member) -> Reply:
        raise RuntimeError("a fault of ours")

    async def refuse(ctx: Context, event: Command, me: Member) -> Reply:
        raise Refused("Only on Mondays.")

    async def sent(ctx: Context, event: Submission, me: Member) -> Reply:
        happened.append(event)
        said = event.text("said")
        if said == "short":
            return FormErrors({"said": "Write a little more.", "nothing": "And this."})
        if said == "fail":
            return whisper("Mikkel was faster.")
        return replace(CASE, tone="good", status="solved")

    async def answer(ctx: Context, event: Click) -> Reply:
        happened.append(event)
        return Card("Thank you, 3 is saved.", audience="person")

    async def look_up(ctx: Context, event: Lookup, me: Member) -> list[Choice]:
        happened.append(event)
        return [Choice("4", "Mikkel Skov", "account manager")]

    async def notice(ctx: Context, event: Notice, me: Member | None) -> Reply:
        happened.append(event)
        return CASE if event.kind == "home_opened" and me else None

    routed = {"": show, "account": show, "wave new": form, "refuse": refuse}
    for name, handler in routed.items():
        monkeypatch.setitem(routes.COMMANDS, name, routes.CommandRoute(handler, "help.sample"))
    clicks = {"take": take, "why": why, "called": called, "fail": fail}
    for name, click in clicks.items():
        monkeypatch.setitem(routes.CLICKS, f"sample.{name}", click)
    monkeypatch.setitem(routes.FORMS, "sample.called", sent)
    monkeypatch.setitem(routes.CONTACT_CLICKS, "sample.answer", answer)
    monkeypatch.setitem(routes.LOOKUPS, "members", look_up)
    kinds = ("home_opened", "place_closed", "place_shared", "installed", "removed", "revoked")
    for kind in kinds:
        monkeypatch.setitem(routes.NOTICES, kind, notice)


SURVEY = Card(
    "One question",
    (Scale("sample.answer", "token", 0, 10, "never", "surely", "How likely"),),
    audience="person",
)


@pytest_asyncio.fixture
async def app(db: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackApp]:
    happened: list[object] = []
    register(monkeypatch, happened)
    clock = FakeClock()
    ctx = Context(Programme(), db, FakeChat(), clock, FakeEngine().soon, no_pace, SECRET)
    async with running(ctx, Make(db, clock), happened) as app:
        yield app


async def posted(
    app: SlackApp, place: str = "slack:C0NORD", card: Card = CASE
) -> dict[str, object]:
    ref = await app.ctx.chat.send(place, Message(card, "alert:17", "en"))
    return next(message for message in app.slack.messages if message["ts"] == ref.id)
