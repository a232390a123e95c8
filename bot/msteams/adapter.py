"""The way in from Microsoft Teams and the calls out, on Microsoft's Bot Framework library.

This is the only file that knows the library. Its adapter runs the turns and its client makes the
calls; `auth` checks and fetches tokens, and all HTTP goes through aiohttp: the library's own
requests would stop the event loop, and send a message again by themselves.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
import structlog
from aiohttp import web
from botbuilder.core import TurnContext
from botbuilder.integration.aiohttp import CloudAdapter
from botbuilder.schema import (
    Activity,
    ChannelAccount,
    ConversationAccount,
    ConversationParameters,
    ConversationReference,
)
from botframework.connector import AsyncBfPipeline, BotFrameworkConnectorConfiguration
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import (
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
)
from msrest.exceptions import ClientException
from msrest.pipeline import AsyncHTTPSender, Response, SansIOHTTPPolicy
from msrest.universal_http import HTTPClientResponse

from bot.msteams.auth import CHANNEL, Caller, Denied, KeysUnavailable, TeamsAuth
from bot.msteams.channel import TeamsChannel
from bot.msteams.connector import Address
from bot.msteams.errors import Answered
from bot.msteams.listeners import Listeners
from handlers.chat import Chat
from handlers.context import Context

__all__ = ["BotConnector", "TeamsAdapter", "add_routes"]

log = structlog.get_logger()

PATH = "/api/messages"
TIMEOUT_SECONDS = 15
PAGE_OF_MEMBERS = 500  # the most that Teams gives
Made = Callable[[Any], Awaitable[Any]]


def add_routes(app: web.Application, ctx: Context, channel: Chat) -> "TeamsAdapter":
    """Adds POST /api/messages; acknowledged work is finished before the app ends."""
    assert isinstance(channel, TeamsChannel)
    adapter = TeamsAdapter(ctx, channel)
    app.router.add_post(PATH, adapter.handle)

    async def stop(app: web.Application) -> None:
        await adapter.stop()

    app.on_shutdown.append(stop)
    return adapter


class TeamsAdapter:
    """Turns Teams' requests into what handlers understand, and answers them rightly."""

    def __init__(self, ctx: Context, channel: TeamsChannel) -> None:
        connector = channel.connector
        assert isinstance(connector, BotConnector)
        self._auth = channel.auth
        self._connector = connector
        self._listeners = Listeners(ctx, channel)

    async def stop(self) -> None:
        """Finishes what was acknowledged."""
        await self._listeners.stop()

    async def handle(self, request: web.Request) -> web.Response:
        """Answers POST /api/messages: 401 or 403 not let in, 400 unreadable, else 200."""
        try:
            caller = await self._auth.caller(request.headers.get("Authorization"))
        except Denied as denied:
            return _denied(denied)
        except KeysUnavailable:
            return web.Response(status=503, text="The signing keys can't be fetched now.")
        try:
            body = json.loads(await request.read())
            activity = _activity(body)
        except (ValueError, RecursionError, ClientException, AttributeError, TypeError) as error:
            log.warning("teams request unreadable", reason=type(error).__name__)
            return web.Response(status=400, text="The body is not an activity.")
        try:
            self._auth.allow(caller, body)
        except Denied as denied:
            return _denied(denied)
        answer = await self._connector.turn(caller, activity, lambda: self._listeners.receive(body))
        # The library would write the body of an answer twice, and fail with 500.
        return web.Response(status=200) if answer is None else web.json_response(answer)


class BotConnector:
    """Microsoft's adapter and client, on our connections and tokens."""

    def __init__(
        self, app_id: str, auth: TeamsAuth, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._app_id = app_id
        self._sender = _Sender(auth, timeout_seconds)
        self._factory = _Factory(self._sender)
        self._adapter = CloudAdapter(_Authentication(self._factory))

    async def turn(
        self, caller: Caller, activity: Activity, run: Callable[[], Awaitable[Any]]
    ) -> Any:
        """Runs the turn of a request that was let in; gives the body of its answer."""
        answers: list[Any] = []

        async def logic(context: TurnContext) -> None:
            answers.append(await run())

        let_in = AuthenticateRequestResult()
        let_in.claims_identity = ClaimsIdentity(dict(caller.claims), True)
        let_in.connector_factory = self._factory
        await self._adapter.process_activity(let_in, activity, logic)
        return answers[0]

    async def post(self, at: Address, activity: dict[str, Any]) -> str:
        """Posts an activity and gives its id."""

        async def logic(context: TurnContext) -> str:
            return (await context.send_activity(Activity().deserialize(activity))).id or ""

        return str(await self._speak(at, logic))

    async def edit(self, at: Address, activity_id: str, activity: dict[str, Any]) -> None:
        """Replaces an activity."""

        async def logic(context: TurnContext) -> None:
            changed = Activity().deserialize(activity)
            changed.id = activity_id
            await context.update_activity(changed)

        await self._speak(at, logic)

    async def open_chat(self, near: Address, person: str) -> str:
        """Gives the id of the personal chat with somebody, opened if need be."""
        opened: list[str] = []

        async def logic(context: TurnContext) -> None:
            opened.append(context.activity.conversation.id or "")

        await self._adapter.create_conversation(
            self._app_id,
            logic,
            ConversationParameters(
                is_group=False,
                bot=ChannelAccount(id=near.bot),
                members=[ChannelAccount(id=person)],
                tenant_id=near.tenant,
                channel_data={"tenant": {"id": near.tenant}},
            ),
            channel_id=CHANNEL,
            service_url=near.service_url,
        )
        return opened[0]

    async def member(self, at: Address, person: str) -> dict[str, Any]:
        """Gives what the roster of a conversation tells of one person."""

        async def logic(context: TurnContext) -> Any:
            client = context.turn_state[self._adapter.BOT_CONNECTOR_CLIENT_KEY]
            found = await client.conversations.get_conversation_member(
                at.conversation, person, raw=True
            )
            return found.response

        return dict(await self._speak(at, logic))

    async def members(self, at: Address, page: str | None) -> dict[str, Any]:
        """Gives a page of the roster: `members` and perhaps `continuationToken`."""

        async def logic(context: TurnContext) -> Any:
            client = context.turn_state[self._adapter.BOT_CONNECTOR_CLIENT_KEY]
            found = await client.conversations.get_teams_conversation_paged_members(
                at.conversation, PAGE_OF_MEMBERS, page, raw=True
            )
            return found.response

        return dict(await self._speak(at, logic))

    async def team(self, at: Address, team: str) -> dict[str, Any]:
        """Gives a team's `name`."""
        return await self._get(at, f"v3/teams/{quote(team, safe='')}")

    async def channels(self, at: Address, team: str) -> dict[str, Any]:
        """Gives the channels of a team: `conversations`, each with `id` and `name`."""
        return await self._get(at, f"v3/teams/{quote(team, safe='')}/conversations")

    async def close(self) -> None:
        """Closes the connections."""
        await self._sender.close()

    async def _get(self, at: Address, path: str) -> dict[str, Any]:
        # The library has a client of its own for teams, which stops the event loop.
        url = f"{at.service_url.rstrip('/')}/{path}"
        return (await self._sender.call("GET", url, None, {}))[1]

    async def _speak(self, at: Address, logic: Made) -> Any:
        """Runs something in a turn that nobody asked for."""
        done: list[Any] = []

        async def run(context: TurnContext) -> None:
            # The library makes up an activity; our message would be posted as a reply to it.
            context.activity.id = None
            done.append(await logic(context))

        reference = ConversationReference(
            channel_id=CHANNEL,
            service_url=at.service_url,
            bot=ChannelAccount(id=at.bot),
            conversation=ConversationAccount(id=at.conversation, tenant_id=at.tenant),
        )
        await self._adapter.continue_conversation(reference, run, self._app_id)
        return done[0]


class _Authentication(BotFrameworkAuthentication):
    """Gives the library our connections; it checks nobody, as `auth` has done it before."""

    def __init__(self, factory: "_Factory") -> None:
        self._factory = factory

    async def authenticate_request(self, activity: Activity, auth_header: str) -> Any:
        raise PermissionError("requests are checked before they come here")

    async def authenticate_streaming_request(self, auth_header: str, channel_id: str) -> Any:
        raise PermissionError("streams are not taken")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> "_Factory":
        return self._factory

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:
        return None


class _Factory(ConnectorFactory):
    """Makes a client a service address."""

    def __init__(self, sender: "_Sender") -> None:
        self._sender = sender
        self._clients: dict[str, ConnectorClient] = {}

    async def create(self, service_url: str, audience: str | None = None) -> ConnectorClient:
        if service_url not in self._clients:
            configuration = BotFrameworkConnectorConfiguration(
                SansIOHTTPPolicy(),  # the sender adds the token
                service_url,
                pipeline_type=AsyncBfPipeline,
                sender=self._sender,
            )
            self._clients[service_url] = ConnectorClient(
                None, service_url, custom_configuration=configuration
            )
        return self._clients[service_url]


class _Sender(AsyncHTTPSender):
    """Makes one HTTP request by aiohttp; nothing is repeated here."""

    def __init__(self, auth: TeamsAuth, timeout_seconds: float) -> None:
        self._auth = auth
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def __aexit__(self, *details: object) -> None:
        await self.close()

    async def send(self, request: Any, **config: Any) -> Response:
        asked = request.http_request
        status, read = await self.call(asked.method, asked.url, asked.data, asked.headers)
        return Response(request, _Answer(asked, status, read))

    async def call(
        self, method: str, url: str, data: Any, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Makes a request; gives its status and JSON, or raises what Teams answered."""
        headers = dict(headers)
        token = await self._auth.token()
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        async with self._session.request(method, url, data=data, headers=headers) as answer:
            text = await answer.text()
            status, retry_after = answer.status, answer.headers.get("Retry-After")
        read = _read(text)
        if status >= 400:
            error = read.get("error")
            word = error.get("code") if isinstance(error, dict) else read.get("code")
            raise Answered(status, str(word or ""), retry_after)
        return status, read

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


class _Answer(HTTPClientResponse):
    """An answer of the Bot Connector that was read."""

    def __init__(self, request: Any, status: int, read: dict[str, Any]) -> None:
        super().__init__(request, read)
        self.status_code = status
        self.headers = {"Content-Type": "application/json"}
        self._body = json.dumps(read).encode()

    def body(self) -> bytes:
        return self._body


def _read(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _activity(body: Any) -> Activity:
    if not isinstance(body, dict) or not isinstance(body.get("type"), str) or not body["type"]:
        raise ValueError("an activity has a type")
    return Activity().deserialize(body)


def _denied(denied: Denied) -> web.Response:
    log.warning("teams request refused", reason=denied.reason, status=denied.status)
    return web.Response(status=denied.status, text="This request is not let in.")
