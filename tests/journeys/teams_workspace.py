"""The whole bot as `npsbot run` starts it, with a played Teams, a played Slack and a mail sink."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from aiosmtpd.smtp import SMTP

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
    Teams,
)
from bot.msteams.auth import TeamsAuth
from handlers import links
from storage.db import Database
from storage.models import BoundPlace, Member, Survey
from tests.conftest import SECRET
from tests.factories import Acme, Make, acme_story
from tests.fake_slack import BOT_TOKEN, SIGNING_SECRET, FakeSlack
from tests.fake_teams import APP_ID, APP_PASSWORD, TENANT, FakeTeams
from tests.fakes import FakeClock
from tests.journeys.slack_workspace import Mailbox
from tests.slack_user import SlackUser
from tests.teams_user import TeamsUser

CHANNEL = "19:anna@thread.tacv2"
CX_CHANNEL = "19:cx@thread.tacv2"
PUBLIC_URL = "https://nps.nordfab.example"


@dataclass
class TeamsWorkspace:
    """Everything a journey needs: Teams, Slack, the people, the mails, the rows of the story."""

    teams: FakeTeams
    slack: FakeSlack
    url: str
    session: ClientSession
    db: Database
    clock: FakeClock
    make: Make
    acme: Acme
    mailbox: Mailbox

    def person(self, aad: str) -> TeamsUser:
        return TeamsUser(self.teams, self.url, aad, self.session)

    def in_slack(self, user_id: str) -> SlackUser:
        return SlackUser(self.slack, self.url, user_id, self.session)

    @property
    def anna(self) -> TeamsUser:
        return self.person("aad-anna")

    @property
    def clara(self) -> TeamsUser:
        return self.person("aad-clara")

    async def answer(self, who: str, score: int, **more: str) -> None:
        """A contact opens the personal link, presses the button, and tells more."""
        invitation = self.acme.invitations[who].id
        page = f"{self.url}/s/{links.survey_token(SECRET, invitation)}"
        form = links.form_token(SECRET, invitation)
        fields = {"form": form, "score": str(score), **more}
        async with self.session.post(page, data=fields, allow_redirects=False) as done:
            assert done.status == 303, await done.text()


@asynccontextmanager
async def teams_workspace(
    database_url: str,
    *,
    with_slack: bool = False,
    auth: TeamsAuth | None = None,
    app_id: str = APP_ID,
    tenant: str = TENANT,
    channel: str = CHANNEL,
    port: int | None = None,
) -> AsyncIterator[TeamsWorkspace]:
    """Starts it all; the clock stands at Tuesday 24 November 2026, 13:20 in Copenhagen.

    Anna's alerts go to a channel of Teams, with Slack also to one there; CX reads another. With
    `auth` our app speaks with another Teams.
    """
    clock, mailbox, teams, slack = FakeClock(), Mailbox(), FakeTeams(), FakeSlack()
    async with AsyncExitStack() as stack:
        teams_url = await teams.start()
        stack.push_async_callback(teams.stop)
        slack_url = await slack.start()
        stack.push_async_callback(slack.stop)
        loop = asyncio.get_running_loop()
        smtp = await loop.create_server(lambda: SMTP(mailbox, loop=loop), "127.0.0.1", 0)
        stack.callback(smtp.close)
        db = Database(database_url)
        stack.push_async_callback(db.close)
        make = Make(db, clock)
        acme = await acme_story(make)
        await make.save(Survey(name="Relationship"))
        people = {"anna": acme.anna, "lars": acme.lars, "clara": acme.clara, "mikkel": acme.mikkel}
        await _bind(make, f"teams:{channel}", acme.anna)
        if with_slack:
            await _bind(make, "slack:C0ANNA", acme.anna)
        settings = Settings(
            server=Server(secret_key=SECRET, public_url=PUBLIC_URL),
            database=DatabaseSection(url=database_url),
            slack=Slack(
                bot_token=BOT_TOKEN if with_slack else None,
                signing_secret=SIGNING_SECRET,
                api_base_url=slack_url,
                prompts_per_second=50,
            ),
            teams=Teams(
                app_id=app_id,
                app_password=APP_PASSWORD,
                tenant_id=tenant,
                openid_metadata_url=f"{teams_url}openid",
                token_url=f"{teams_url}token",
                prompts_per_second=50,
            ),
            mail=Mail(
                host="127.0.0.1",
                port=smtp.sockets[0].getsockname()[1],
                starttls=False,
                per_second=50,
            ),
            programme=ProgrammeSection(company="Nordfab"),
            alerts=Alerts(fallback_place=f"teams:{CX_CHANNEL}", settle_seconds=0),
            privacy=PrivacySection(
                controller="Nordfab A/S", contact="privacy@nordfab.example", keep_months=24
            ),
        )
        app = await make_app(settings, clock, auth)
        server = await stack.enter_async_context(TestServer(app, port=port))
        session = await stack.enter_async_context(ClientSession())
        for name, member in people.items():
            teams.user(f"aad-{name}", member.email, member.name)
            slack.user(f"U0{name.upper()}", member.email, member.name)
        ids = [f"aad-{name}" for name in people]
        teams.chat(CHANNEL, "channel", *ids, team="19:nordics@thread.tacv2")
        teams.chat(CX_CHANNEL, "channel", *ids, team="19:nordics@thread.tacv2")
        slack.channel("C0ANNA", tuple(f"U0{name.upper()}" for name in people))
        address = str(server.make_url("")).rstrip("/")
        work = TeamsWorkspace(teams, slack, address, session, db, clock, make, acme, mailbox)
        if auth is not None:
            yield work
            return
        # The app is added to the team: from now on the bot knows how to reach it.
        await work.clara.send(
            work.clara.activity(
                "conversationUpdate", CHANNEL, membersAdded=[{"id": f"28:{APP_ID}"}]
            )
        )
        yield work


async def _bind(make: Make, place: str, member: Member) -> None:
    platform = place.partition(":")[0]
    await make.save(
        BoundPlace(platform=platform, place=place, member_id=member.id, bound_at=make.now())
    )
