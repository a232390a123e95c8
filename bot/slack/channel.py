"""The way out to Slack: posts and edits cards, and tells who can read a place."""

from collections.abc import Awaitable, Callable
from time import monotonic, time
from typing import Any, Literal

import structlog
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.links import Addresses
from bot.slack import errors
from bot.slack.blocks import draw_card, mention, short_text
from bot.slack.client import Client
from bot.slack.people import FAILURES, People
from bot.slack.readers import Readers
from handlers.alerts import with_note
from handlers.cards import Card, Chart
from handlers.chat import (
    Called,
    ChatError,
    InDoubt,
    Message,
    MessageRef,
    Place,
    TryLater,
    Unreachable,
)

log = structlog.get_logger()

METADATA_EVENT = "npsbot_message"
HISTORY_LIMIT = 15  # the most that Slack gives to apps outside its marketplace
Picture = Callable[[Chart], Awaitable[bytes]]
# Told of a call that failed beside the message itself: the platform, and what went wrong.
Told = Callable[[Place, ChatError], Awaitable[None]]


class SlackChannel:
    """Slack as a Chat, for places `slack:C…` and `slack:U…` (direct messages)."""

    def __init__(
        self,
        bot_token: str,
        addresses: Addresses,
        *,
        signing_secret: str | None = None,
        app_token: str | None = None,
        api_base_url: str | None = None,
        mode: Literal["http", "socket"] = "http",
        picture: Picture | None = None,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self.bot_token = bot_token
        self.signing_secret = signing_secret
        self.app_token = app_token
        self.mode = mode
        self.addresses = addresses
        base_url = (api_base_url or Client.BASE_URL).rstrip("/") + "/"
        self.client = Client(bot_token, base_url)
        self.told: Told | None = None
        self.people = People(self.client, now)
        self.readers = Readers(self.client, self.people, now)
        self._picture = picture
        self._files: dict[Chart, str] = {}
        self._direct: dict[str, str] = {}

    async def send(self, place: Place, message: Message) -> MessageRef:
        """Posts a message; raises TryLater, Unreachable or InDoubt."""
        channel = await self.channel_id(place)
        extra: dict[str, Any] = {
            "metadata": {"event_type": METADATA_EVENT, "event_payload": {"key": message.key}},
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if message.reply_to is not None:
            extra["thread_ts"] = message.reply_to.thread or message.reply_to.id
            extra["reply_broadcast"] = message.also_in_channel
        card = message.card
        if message.doubted is not None:
            stands = await self._standing(channel, message, message.doubted.at.timestamp())
            if stands:
                return await self._brought_up_to_date(
                    MessageRef(place, stands, extra.get("thread_ts")), message
                )
            if stands is None:
                card = with_note(card, message.doubted.note)
        began = time()

        async def post(drawn: dict[str, Any]) -> AsyncSlackResponse:
            return await self.client.chat_postMessage(
                channel=channel, mrkdwn=False, **drawn, **extra
            )

        try:
            answer = await self._drawn(card, message.language, post, _user(message.mention))
            ts = str(answer.get("ts") or "")
            if not ts:
                raise InDoubt("Slack's answer could not be read")
        except InDoubt as doubt:
            ts = await self._settle(channel, message, began, doubt)
        return MessageRef(place, ts, extra.get("thread_ts"))

    async def _brought_up_to_date(self, ref: MessageRef, message: Message) -> MessageRef:
        """Lets a message that was in doubt show what is true now: meanwhile nobody edited it."""
        try:
            await self.update(ref, message.card, message.language)
        except Unreachable as error:  # it stands, that is what counts; the next edit tells of it
            log.warning("card not edited", reason=error.reason)
        return ref

    async def update(self, ref: MessageRef, card: Card, language: str) -> None:
        """Edits a message in place; a lost answer is no doubt here, an edit may be done twice."""
        channel = await self.channel_id(ref.place)

        async def edit(drawn: dict[str, Any]) -> AsyncSlackResponse:
            return await self.client.chat_update(channel=channel, ts=ref.id, **drawn)

        try:
            await self._drawn(card, language, edit)
        except InDoubt as doubt:
            raise TryLater(doubt.reason) from doubt

    async def outsiders(self, place: Place) -> bool:
        """Tells whether people from outside can read this place.

        Raises TryLater or Unreachable where Slack does not tell.
        """
        target = place.partition(":")[2]
        try:
            if target.startswith(("U", "W")):
                return (await self.people.ask(target)).outside
            return await self.readers.outsiders(target)
        except Exception as error:
            found = errors.read(error)
            if isinstance(found, (InDoubt, errors.Refusal)):  # asking twice is harmless
                raise TryLater(str(found)) from error
            raise found from error

    async def called(self, place: Place) -> Called | None:
        """Gives `#nordics` for a channel; None for direct messages, and where Slack won't tell."""
        target = place.partition(":")[2]
        if target.startswith(("U", "W")):
            return None
        try:
            answer = await self.client.conversations_info(channel=target)
        except FAILURES:
            return None
        name = (answer.get("channel") or {}).get("name")
        return Called(f"#{name}") if name else None

    async def channel_id(self, place: Place) -> str:
        """Gives Slack's id of a place; opens the direct messages of a person."""
        target = place.partition(":")[2]
        if not target.startswith(("U", "W")):
            return target
        if target not in self._direct:
            try:
                answer = await self.client.conversations_open(users=target)
            except Exception as error:
                found = errors.read(error)
                if isinstance(found, (InDoubt, errors.Refusal)):  # opening twice is harmless
                    raise TryLater(str(found)) from error
                raise found from error
            opened = (answer.get("channel") or {}).get("id")
            if not opened:
                raise TryLater("Slack's answer could not be read")
            self._direct[target] = str(opened)
        return self._direct[target]

    def remember_direct(self, user: str, channel: str) -> None:
        """Keeps which direct channel is whose, as a request just told."""
        self._direct[user] = channel

    async def pictures(self, card: Card) -> dict[Chart, str]:
        """Uploads the charts of a card where Slack can't fetch them; without the right, none."""
        charts = [element for element in card.body if isinstance(element, Chart)]
        if self.addresses.public or self._picture is None:
            return {}
        files: dict[Chart, str] = {}
        for chart in charts:
            if chart not in self._files:
                try:
                    content = await self._picture(chart)
                    answer = await self.client.files_upload_v2(
                        content=content, filename="chart.png", alt_txt=chart.alt
                    )
                    self._files[chart] = str(answer["files"][0]["id"])
                except (*FAILURES, LookupError, TypeError) as error:
                    log.warning("picture not uploaded", reason=type(error).__name__)
                    await self.tell(error)
                    continue
            files[chart] = self._files[chart]
        return files

    async def _drawn(
        self,
        card: Card,
        language: str,
        call: Callable[[dict[str, Any]], Awaitable[AsyncSlackResponse]],
        calling: str | None = None,
    ) -> AsyncSlackResponse:
        """Sends a card; a refused one goes without uploaded pictures, then as short text."""
        files = await self.pictures(card)
        attempts: list[dict[str, Any]] = [draw_card(card, self.addresses, language, files, calling)]
        if files:
            attempts.append(draw_card(card, self.addresses, language, None, calling))
        called = "" if calling is None else f" {mention(calling)}"
        attempts.append({"text": short_text(card) + called, "blocks": []})
        for drawn in attempts:
            try:
                return await call(drawn)
            except Exception as error:
                found = errors.read(error)
                if not isinstance(found, errors.Refusal):
                    raise found from error
                log.warning("card refused", reason=str(found), blocks=len(drawn["blocks"]))
        raise Unreachable(f"Slack refuses this card ({found})", mend="card")

    async def tell(self, error: Exception) -> None:
        """Lets CX know of a call beside the messages that a person must mend."""
        if self.told is None or not isinstance(error, FAILURES):
            return
        found = errors.read(error)
        if isinstance(found, Unreachable):
            await self.told("slack", found)

    async def _settle(self, channel: str, message: Message, began: float, doubt: InDoubt) -> str:
        """Looks in the channel for our id: a message that stands is sent; else the doubt stays."""
        ts = await self._standing(channel, message, began)
        if ts is None:
            raise doubt
        if ts:
            return ts
        if isinstance(doubt, errors.Failed):
            raise TryLater(doubt.reason) from doubt
        raise doubt  # the lost call may still be under way

    async def _standing(self, channel: str, message: Message, began: float) -> str | None:
        """Gives the id under which a message stands, "" where it does not, None when unknown."""
        asked: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{began - 60:.6f}",
            "limit": HISTORY_LIMIT,
            "include_all_metadata": True,
        }
        try:
            if message.reply_to is None:
                answer = await self.client.conversations_history(**asked)
            else:
                top = message.reply_to.thread or message.reply_to.id
                answer = await self.client.conversations_replies(ts=top, **asked)
        except FAILURES:
            return None
        for each in answer.get("messages") or []:
            payload = (each.get("metadata") or {}).get("event_payload") or {}
            if payload.get("key") == message.key:
                return str(each["ts"])
        return ""


def _user(direct: Place | None) -> str | None:
    """Gives the user whose direct messages a place is."""
    return direct.partition(":")[2] if direct is not None else None
