"""The Teams adapter on a real database against a server that plays Teams, with sample handlers."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.config import Teams
from bot.links import Addresses
from bot.msteams.adapter import BotConnector, TeamsAdapter, add_routes
from bot.msteams.auth import BotAuth, TeamsAuth
from bot.msteams.channel import TeamsChannel
from bot.msteams.pace import Pace
from bot.sender import Sender
from handlers.context import Context
from storage.models import Member
from tests.conftest import SECRET
from tests.factories import Make
from tests.fake_teams import APP_ID, APP_PASSWORD, TENANT, FakeTeams
from tests.teams_user import TeamsUser

CHANNEL = "19:nordics@thread.tacv2"
GROUP = "19:group@thread.v2"


@dataclass
class TeamsBot:
    """Our app, the fake Teams it talks to, and Anna, an account manager."""

    teams: FakeTeams
    channel: TeamsChannel
    ctx: Context
    url: str
    session: ClientSession
    anna: TeamsUser
    member: Member
    waits: list[float]
    settings: Teams
    adapter: TeamsAdapter

    async def quiet(self) -> None:
        """Waits until all that was acknowledged is done."""
        await self.adapter.stop()

    def person(self, aad: str) -> TeamsUser:
        return TeamsUser(self.teams, self.url, aad, self.session)


def settings_of(teams: FakeTeams) -> Teams:
    """Gives the settings with which our side speaks with a fake Teams."""
    return Teams(
        app_id=APP_ID,
        app_password=APP_PASSWORD,
        tenant_id=TENANT,
        openid_metadata_url=f"{teams.url}openid",
        token_url=f"{teams.url}token",
    )


@asynccontextmanager
async def running(
    ctx: Context, make: Make, auth: TeamsAuth | None = None
) -> AsyncIterator[TeamsBot]:
    """Starts fake Teams and our app; nobody waits in earnest, `waits` says how long it were."""
    teams, waits = FakeTeams(), list[float]()
    async with AsyncExitStack() as stack:
        await teams.start()
        stack.push_async_callback(teams.stop)

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        settings = settings_of(teams)
        auth = auth or BotAuth(settings)
        channel = TeamsChannel(
            BotConnector(APP_ID, auth),
            auth,
            ctx.db,
            Addresses("https://nps.nordfab.example", SECRET),
            app_id=APP_ID,
            tenant=TENANT,
            clock=ctx.now,
            pace=Pace(sleep=sleep),
            sleep=sleep,
        )
        stack.push_async_callback(channel.close)
        ctx = replace(ctx, chat=Sender({"teams": lambda: channel, "teams-user": lambda: channel}))
        app = web.Application()
        adapter = add_routes(app, ctx, channel)
        teams.user("aad-anna", "anna@nordfab.example", "Anna Berg")
        teams.chat(CHANNEL, "channel", "aad-anna")
        teams.chat(GROUP, "groupChat", "aad-anna")
        member = await make.member("Anna Berg", email="anna@nordfab.example", language="en")
        server = await stack.enter_async_context(TestServer(app))
        session = await stack.enter_async_context(ClientSession())
        url = str(server.make_url("")).rstrip("/")
        anna = TeamsUser(teams, url, "aad-anna", session)
        yield TeamsBot(teams, channel, ctx, url, session, anna, member, waits, settings, adapter)
