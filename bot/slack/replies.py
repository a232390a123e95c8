"""Shows a handler's reply where it belongs: in place of a message, in a form, or to one person."""

from secrets import token_hex
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack import errors
from bot.slack.blocks import draw_card, draw_home, draw_page
from bot.slack.channel import SlackChannel
from bot.slack.client import TIMEOUT_SECONDS
from bot.slack.forms import draw_form
from bot.slack.origin import Asker, Origin, pack
from bot.slack.people import FAILURES
from handlers import routes, texts
from handlers.cards import Button, Buttons, Card, Form, FormErrors, Reply, Text, Whisper, whisper
from handlers.chat import ChatError, Message, Notice, OutsidersCanRead, Unreachable
from handlers.context import Context
from handlers.outsiders import may_read

log = structlog.get_logger()

OPEN_FORM = "slack.open_form"  # its value is the command whose form it opens


class Replies:
    """Knows every way in which Slack lets a reply be seen."""

    def __init__(self, ctx: Context, channel: SlackChannel) -> None:
        self._ctx = ctx
        self._channel = channel
        self._client = channel.client

    async def show(
        self, reply: Reply, asker: Asker, origin: Origin, trigger: str | None, typed: str = ""
    ) -> None:
        """Shows a reply; `trigger` opens a form, without it `typed` goes behind a button."""
        match reply:
            case None:
                pass
            case Form() if trigger:
                await self.open_form(reply, asker, origin, trigger)
            case Form():
                await self.private(self._form_card(reply, asker, typed), asker, origin)
            case Whisper():
                await self.whisper(reply.card, asker, origin, trigger)
            case Card():
                await self.replace(reply, asker, origin, trigger)
            case FormErrors():
                log.warning("form errors without a form", fields=sorted(reply.errors))

    async def open_form(self, form: Form, asker: Asker, origin: Origin, trigger: str) -> None:
        """Opens a form; above a page of a modal it is laid on top."""
        view = draw_form(
            form,
            pack(origin, form.action, form.value),
            self._channel.addresses,
            asker.language,
        )
        try:
            if origin.view:
                await self._client.views_push(trigger_id=trigger, view=view)
            else:
                await self._client.views_open(trigger_id=trigger, view=view)
        except FAILURES as error:
            log.warning("form not opened", action=form.action, reason=_word(error))
            await self._channel.tell(error)
            sorry = whisper(texts.of(asker.language)("slack.form_too_late"))
            await self.whisper(sorry.card, asker, origin, None)

    async def replace(self, card: Card, asker: Asker, origin: Origin, trigger: str | None) -> None:
        """Puts a card in the place of what was clicked; a command's card is for the asker alone."""
        if origin.view or (origin.home and trigger):
            await self._page(card, asker, origin, trigger)
        elif origin.message is not None:
            try:
                await self._ctx.chat.update(origin.message, card, asker.language)
            except OutsidersCanRead:
                await self._directly(card, asker, origin)
            except ChatError as error:
                log.warning("message not replaced", reason=error.reason)
                await self._send(card, asker)
        else:
            await self.private(card, asker, origin, replaces=origin.ephemeral)

    async def whisper(
        self, card: Card, asker: Asker, origin: Origin, trigger: str | None = None
    ) -> None:
        """Says something to the person who acted, and leaves the message alone."""
        if origin.home and trigger:
            await self._page(card, asker, origin, trigger)
        else:
            await self.private(card, asker, origin)

    async def private(
        self, card: Card, asker: Asker, origin: Origin, replaces: bool = False
    ) -> None:
        """Shows a card to one person: in the channel where they are, else in direct messages."""
        here = origin.place
        if here == asker.person.place and not origin.url:
            await self._send(card, asker)
            return
        secret = card.audience == "internal" and here != asker.person.place
        if secret and await may_read(self._ctx, here):
            await self._directly(card, asker, origin)
        elif not await self._ephemeral(card, asker, origin, replaces):
            await self._send(card, asker)

    async def home(self, asker: Asker) -> None:
        """Draws a person's home tab anew."""
        notice = Notice("home_opened", asker.person.place, asker.person)
        card = await routes.notice(self._ctx, notice)
        if isinstance(card, Whisper):
            card = card.card
        if isinstance(card, Card):
            view = draw_home(card, self._channel.addresses, asker.language)
            try:
                await self._client.views_publish(user_id=asker.person.id, view=view)
            except FAILURES as error:
                log.warning("home not shown", reason=_word(error))
                await self._channel.tell(error)

    def page(self, card: Card, asker: Asker, origin: Origin) -> dict[str, Any]:
        """Gives a card as a page of a modal."""
        return draw_page(card, self._channel.addresses, asker.language, pack(origin))

    async def _page(self, card: Card, asker: Asker, origin: Origin, trigger: str | None) -> None:
        view = self.page(card, asker, Origin(origin.place))
        try:
            if origin.view:
                await self._client.views_update(view_id=origin.view, view=view)
            else:
                await self._client.views_open(trigger_id=trigger or "", view=view)
        except FAILURES as error:
            log.warning("page not shown", reason=_word(error))
            await self._channel.tell(error)
            await self._send(card, asker)

    async def _ephemeral(self, card: Card, asker: Asker, origin: Origin, replaces: bool) -> bool:
        files = await self._channel.pictures(card)
        drawn = draw_card(card, self._channel.addresses, asker.language, files)
        if origin.url:
            hook = AsyncWebhookClient(origin.url, timeout=TIMEOUT_SECONDS, retry_handlers=[])
            try:
                answer = await hook.send_dict(
                    {**drawn, "response_type": "ephemeral", "replace_original": replaces}
                )
            except FAILURES as error:
                log.warning("response_url failed", reason=_word(error))
            else:
                body = answer.body.replace(" ", "").strip().lower()
                if answer.status_code == 200 and (body in ("", "ok") or '"ok":true' in body):
                    return True
                log.warning("response_url refused", status=answer.status_code)
        channel = origin.place.partition(":")[2]
        if channel.startswith(("U", "W")):
            return False
        try:
            await self._client.chat_postEphemeral(
                channel=channel, user=asker.person.id, thread_ts=origin.thread, **drawn
            )
        except FAILURES as error:
            log.warning("ephemeral not posted", reason=_word(error))
            await self._channel.tell(error)
            return False
        return True

    async def _send(self, card: Card, asker: Asker) -> bool:
        key = f"reply:{asker.person.id}:{token_hex(4)}"
        try:
            message = Message(card, key, asker.language)
            await self._ctx.chat.send(asker.person.place, message)
        except ChatError as error:
            kind = "lost" if isinstance(error, Unreachable) else "delayed"
            log.warning("reply not sent", kind=kind, reason=error.reason)
            return False
        return True

    async def _directly(self, card: Card, asker: Asker, origin: Origin) -> None:
        sent = await self._send(card, asker)
        key = "routes.sent_directly" if sent else "routes.not_sent_directly"
        t = texts.of(asker.language, self._ctx.programme.language)
        await self._ephemeral(whisper(t(key)).card, asker, origin, replaces=False)

    def _form_card(self, form: Form, asker: Asker, typed: str) -> Card:
        t = texts.of(asker.language)
        button = Button(t("slack.open_form"), OPEN_FORM, typed, "primary", opens_form=True)
        body = (Text(t("slack.open_form_why")), Buttons((button,)))
        return Card(form.title, body, audience="person")


def _word(error: Exception) -> str:
    word = errors.error_word(error) if isinstance(error, SlackApiError) else ""
    return word or type(error).__name__
