"""The way in from Slack: signed requests over HTTP, or Socket Mode. bolt checks and routes them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.seen import Seen
from bot.slack.channel import SlackChannel
from bot.slack.listeners import Listeners
from handlers import alerts
from handlers.chat import Chat
from handlers.context import Context

__all__ = ["SlackAdapter", "SlackChannel", "add_routes"]

log = structlog.get_logger()

PATH = "/slack/events"
# What bolt fails with on a body that is no JSON, or no object, or of other types than Slack's.
UNREADABLE = (ValueError, RecursionError, AttributeError, TypeError, KeyError, IndexError)
DRAIN_SECONDS = 10.0  # work that was acknowledged is finished before the process ends


def add_routes(app: web.Application, ctx: Context, channel: Chat) -> "SlackAdapter":
    """Adds POST /slack/events, or the Socket Mode connection, which lives as long as the app."""
    assert isinstance(channel, SlackChannel)
    adapter = SlackAdapter(ctx, channel)
    if channel.mode == "http":
        app.router.add_post(PATH, adapter.handle)

    async def socket(app: web.Application) -> AsyncIterator[None]:
        await adapter.start()
        yield

    async def stop(app: web.Application) -> None:
        await adapter.stop()

    app.cleanup_ctx.append(socket)
    app.on_shutdown.append(stop)
    return adapter


class SlackAdapter:
    """Turns Slack's requests into commands, clicks, submissions, lookups and notices."""

    def __init__(self, ctx: Context, channel: SlackChannel) -> None:
        self._channel = channel
        channel.told = lambda place, error: alerts.tell_cx(ctx, [(place, error)])
        self._seen = Seen()
        self._work: set[asyncio.Task[Any]] = set()
        self._socket: AsyncSocketModeHandler | None = None

        # One workspace, one token: no question to Slack before an answer that is due in 3 seconds.
        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            return AuthorizeResult(
                enterprise_id=enterprise_id, team_id=team_id, bot_token=channel.bot_token
            )

        self.bolt = AsyncApp(
            # Its own client, without a token: bolt warns of one beside `authorize`.
            client=AsyncWebClient(base_url=channel.client.base_url),
            signing_secret=channel.signing_secret,
            # In Socket Mode nothing comes in over HTTP, so nothing is signed.
            request_verification_enabled=channel.mode == "http",
            authorize=authorize,
        )
        Listeners(ctx, channel, self._seen, self._work).listen(self.bolt)
        self.bolt.error(self._on_error)

    async def start(self) -> None:
        """Connects in Socket Mode; nothing to do in http mode."""
        if self._channel.mode == "socket":
            self._socket = AsyncSocketModeHandler(self.bolt, self._channel.app_token)
            client: Any = self._socket.client  # the SDK gives these two no types
            await client.connect()

    async def stop(self) -> None:
        """Takes no more from the socket and finishes what was acknowledged."""
        if self._socket is not None:
            client: Any = self._socket.client
            await client.close()
            self._socket = None
        if self._work:
            await asyncio.wait(self._work, timeout=DRAIN_SECONDS)

    async def handle(self, request: web.Request) -> web.Response:
        """Answers POST /slack/events: 401 unsigned or stale, 400 unreadable, else 200."""
        raw = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not self._signed(raw, headers):
            return web.Response(status=401, text="The signature does not fit.")
        if self._seen.before(headers.get("x-slack-signature")):
            log.info("slack request delivered twice")
            return web.Response(status=200)
        try:
            bolt_request = AsyncBoltRequest(
                body=raw.decode("utf-8"), query=request.query_string, headers={**headers}
            )
            answer = await self.bolt.async_dispatch(bolt_request)
        except UNREADABLE as error:  # bolt itself would answer 500
            log.warning("slack request unreadable", reason=type(error).__name__)
            return web.Response(status=400, text="The body can't be read.")
        if answer.status >= 400 and answer.status != 401:
            kind = bolt_request.body.get("type")
            log.info("slack request ignored", kind=kind, status=answer.status)
            answer = BoltResponse(status=200)
        return await to_aiohttp_response(answer)

    def _signed(self, raw: bytes, headers: dict[str, str]) -> bool:
        # bolt checks once more; but it reads the body first, and fails on one that it can't read.
        try:
            verifier = SignatureVerifier(self._channel.signing_secret or "")
            return verifier.is_valid_request(raw, headers)
        except (
            ValueError,
            TypeError,
            OverflowError,
        ):  # no time that can be, bytes that are no text
            return False

    async def _on_error(self, error: Exception, body: dict[str, Any]) -> BoltResponse:
        # The one boundary of this channel: Slack is told 200, a repetition would fail the same way.
        log.error("slack request failed", kind=body.get("type"), exc_info=error)
        return BoltResponse(status=200)
