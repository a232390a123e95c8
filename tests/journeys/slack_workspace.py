"""The whole bot as `npsbot run` starts it, on SQLite, with a played Slack and a mail sink."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from aiosmtpd.smtp import SMTP, Envelope

from bot.app import make_app
from bot.config import (
    Alerts,
    DatabaseSection,
    Mail,
    PrivacySection,
    ProgrammeSection,
    Server,
    Settings,
    Slack,
)
from storage.db import Database
from storage.migrate import upgrade
from storage.models import BoundPlace, Survey
from tests.conftest import SECRET
from tests.factories import Acme, Make, acme_story
from tests.fake_slack import BOT_TOKEN, SIGNING_SECRET, FakeSlack
from tests.fakes import FakeClock
from tests.slack_user import SlackUser


class Mailbox:
    """Takes every mail; `mails` holds them in the order of their arrival."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@dataclass
class Workspace:
    """Everything a journey needs: Slack, the people in it, the mails, the rows of the story."""

    slack: FakeSlack
    url: str
    session: ClientSession
    db: Database
    clock: FakeClock
    make: Make
    acme: Acme
    mailbox: Mailbox

    def person(self, user_id: str) -> SlackUser:
        return SlackUser(self.slack, self.url, user_id, self.session)

    @property
    def anna(self) -> SlackUser:
        return self.person("U0ANNA")

    @property
    def clara(self) -> SlackUser:
        return self.person("U0CLARA")


@asynccontextmanager
async def workspace(
    folder: Path,
    api_base_url: str | None = None,
    bot_token: str = BOT_TOKEN,
    port: int | None = None,
    owner: str = "U0ANNA",
) -> AsyncIterator[Workspace]:
    """Starts it all; the clock stands at Tuesday 24 November 2026, 13:20 in Copenhagen.

    With `api_base_url` our app speaks to another Slack, in which Anna is `owner` and her channel
    is the first one.
    """
    clock, mailbox, slack = FakeClock(), Mailbox(), FakeSlack()
    url = f"sqlite:///{folder / 'npsbot.db'}"
    upgrade(url)
    async with AsyncExitStack() as stack:
        base_url = await slack.start()
        stack.push_async_callback(slack.stop)
        loop = asyncio.get_running_loop()
        smtp = await loop.create_server(lambda: SMTP(mailbox, loop=loop), "127.0.0.1", 0)
        stack.callback(smtp.close)
        db = Database(url)
        stack.push_async_callback(db.close)
        make = Make(db, clock)
        acme = await acme_story(make)
        await _bind(make, acme, "C0ANNA" if api_base_url is None else "C000000001", owner)
        settings = Settings(
            server=Server(secret_key=SECRET),
            database=DatabaseSection(url=url),
            slack=Slack(
                bot_token=bot_token,
                signing_secret=SIGNING_SECRET,
                api_base_url=api_base_url or base_url,
                prompts_per_second=50,
            ),
            mail=Mail(
                host="127.0.0.1",
                port=smtp.sockets[0].getsockname()[1],
                starttls=False,
                per_second=50,
            ),
            programme=ProgrammeSection(company="Nordfab"),
            alerts=Alerts(fallback_place="slack:C0CX", settle_seconds=0),
            privacy=PrivacySection(
                controller="Nordfab A/S", contact="privacy@nordfab.example", keep_months=24
            ),
        )
        app = await make_app(settings, clock)
        server = await stack.enter_async_context(TestServer(app, port=port))
        session = await stack.enter_async_context(ClientSession())
        people = {"U0ANNA": acme.anna, "U0LARS": acme.lars, "U0CLARA": acme.clara,
                  "U0MIKKEL": acme.mikkel}  # fmt: skip
        for user, member in people.items():
            slack.user(user, member.email, member.name)
        slack.channel("C0ANNA", tuple(people))
        slack.channel("C0CX", tuple(people))
        address = str(server.make_url("")).rstrip("/")
        yield Workspace(slack, address, session, db, clock, make, acme, mailbox)


async def _bind(make: Make, acme: Acme, channel: str, owner: str) -> None:
    acme.anna.slack_id = owner
    await make.save(acme.anna)
    await make.save(Survey(name="Relationship"))
    await make.save(
        BoundPlace(
            platform="slack",
            place=f"slack:{channel}",
            member_id=acme.anna.id,
            bound_at=make.now(),
        )
    )
