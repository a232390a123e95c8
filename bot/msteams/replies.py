"""Shows a handler's reply where it belongs: in place of a message, in a dialog, or to a person."""

from collections.abc import Mapping
from dataclasses import replace
from secrets import token_hex
from typing import Any, Literal

import structlog

from bot.known import known
from bot.msteams.adaptive import attachment, draw_card
from bot.msteams.channel import TeamsChannel
from bot.msteams.data import Inputs
from bot.msteams.forms import draw_task
from bot.msteams.origin import Asker, Origin, pack
from bot.msteams.pace import LONGEST_WAIT_SECONDS
from handlers import texts
from handlers.accounts.card import SHOW_IN_CHANNEL
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Element,
    Form,
    FormErrors,
    Reply,
    Text,
    Whisper,
    plain_text,
)
from handlers.chat import (
    ChatError,
    InDoubt,
    Message,
    MessageRef,
    OutsidersCanRead,
    TryLater,
)
from handlers.context import Context

log = structlog.get_logger()

# The values of these two end in the place that was asked in: the card stands in a personal chat.
OPEN_COMMAND = "teams_open_command"  # what was typed, whose form it opens
SHOW_THERE = "teams_show_there"  # the account to show there
SEPARATOR = "\n"
Answer = dict[str, Any]
Sent = Literal["sent", "busy", "closed"]
LINES: Mapping[Sent, str] = {
    "sent": "teams.sent",
    "busy": "teams.busy",
    "closed": "teams.not_sent",
}
AGAIN_SECONDS = 8.0  # whoever asked still looks; work in hand at a shutdown has no longer either


class Replies:
    """Knows every way in which Teams lets a reply be seen."""

    def __init__(self, ctx: Context, channel: TeamsChannel) -> None:
        self._ctx = ctx
        self._channel = channel

    async def show(self, reply: Reply, asker: Asker, origin: Origin, typed: str = "") -> None:
        """Shows the reply to something typed or pressed outside of a dialog."""
        match reply:
            case None:
                pass
            case Form():
                await self.private(self._form_card(reply, asker, origin, typed), asker, origin)
            case Whisper():
                await self.private(reply.card, asker, origin)
            case Card() if origin.message is not None:
                await self.replace(reply, asker, origin.message)
            case Card():
                await self.private(reply, asker, origin)
            case FormErrors():
                log.warning("form errors without a form", fields=sorted(reply.errors))

    async def replace(self, card: Card, asker: Asker, message: MessageRef) -> None:
        """Puts a card in the place of what was clicked, else sends it to the person."""
        try:
            await self._ctx.chat.update(message, card, asker.language)
        except ChatError as error:
            if not isinstance(error, OutsidersCanRead):
                log.warning("message not replaced", reason=error.reason)
            origin = Origin(message.place, message.id, message.thread)
            await self.private(card, asker, origin)

    async def private(self, card: Card, asker: Asker, origin: Origin) -> None:
        """Sends a card to one person; where they asked among others, a line says so."""
        direct, typed = origin.place == asker.person.place, origin.message_id is None
        shown = _shown_there(card, origin) if typed and not direct else card
        sent = await self._send(shown, asker)
        if (sent == "sent" and not typed) or (direct and sent != "busy"):
            return
        t = texts.of(asker.language, self._ctx.programme.language)
        line = Card(t(LINES[sent]), audience="person")
        thread = origin.thread or origin.message_id
        answered = MessageRef(origin.place, thread, thread) if thread else None
        try:
            message = Message(line, _key(asker), asker.language, reply_to=answered)
            await self._ctx.chat.send(origin.place, message)
        except ChatError as error:
            log.warning("line not posted", reason=error.reason)

    async def dialog(
        self,
        reply: Reply,
        asker: Asker,
        origin: Origin,
        form: Form | None = None,
        inputs: Inputs | None = None,
    ) -> Answer | None:
        """Gives what a dialog shows next; None closes it."""
        match reply:
            case None:
                return None
            case Form():
                return await self._task(reply, asker, origin)
            case FormErrors() if form is not None:
                return await self._task(form, asker, origin, reply.errors, inputs)
            case FormErrors():
                return message("\n".join(reply.errors.values()))
            case Whisper():
                return self.page(reply.card, asker)
            case Card():
                return self.page(reply, asker)

    def page(self, card: Card, asker: Asker) -> Answer:
        """Gives a card as the content of a dialog."""
        t = texts.of(asker.language, self._ctx.programme.language)
        shown = {
            "title": t("teams.page_title"),
            "height": "medium",
            "width": "medium",
            "card": attachment(draw_card(card, self._channel.addresses, asker.language)),
        }
        return {"task": {"type": "continue", "value": shown}}

    def in_place(self, reply: Reply, asker: Asker) -> Answer:
        """Gives the answer to adaptiveCard/action: a card for the clicked one, or a sentence."""
        t = texts.of(asker.language, self._ctx.programme.language)
        match reply:
            case Card():
                kind: str = "application/vnd.microsoft.card.adaptive"
                value: Any = draw_card(reply, self._channel.addresses, asker.language)
            case _:
                kind = "application/vnd.microsoft.activity.message"
                value = plain_text(reply.card) if isinstance(reply, Whisper) else t("teams.done")
        return {"statusCode": 200, "type": kind, "value": value}

    async def _task(
        self,
        form: Form,
        asker: Asker,
        origin: Origin,
        wrong: Mapping[str, str] | None = None,
        inputs: Inputs | None = None,
    ) -> Answer:
        return draw_task(
            form,
            pack(self._ctx.secret, origin, form),
            self._channel.addresses,
            asker.language,
            wrong,
            inputs,
            await known(self._ctx, asker.person, form, inputs),
        )

    async def _send(self, card: Card, asker: Asker) -> Sent:
        """Sends to the person; what Teams puts off for a moment is sent once more."""
        message = Message(card, _key(asker), asker.language)
        try:
            try:
                await self._ctx.chat.send(asker.person.place, message)
            except TryLater as later:
                if not LONGEST_WAIT_SECONDS < later.seconds <= AGAIN_SECONDS:
                    raise  # a shorter wait was kept already
                await self._channel.wait(later.seconds)
                await self._ctx.chat.send(asker.person.place, message)
        except ChatError as error:
            log.warning("reply not sent", reason=error.reason)
            return "busy" if isinstance(error, (TryLater, InDoubt)) else "closed"
        return "sent"

    def _form_card(self, form: Form, asker: Asker, origin: Origin, typed: str) -> Card:
        t = texts.of(asker.language, self._ctx.programme.language)
        value = f"{typed}{SEPARATOR}{origin.place}"
        button = Button(t("teams.open_form"), OPEN_COMMAND, value, "primary", opens_form=True)
        return Card(
            form.title, (Text(t("teams.open_form_why")), Buttons((button,))), audience="person"
        )


def message(text: str) -> Answer:
    """Gives a dialog that says one sentence."""
    return {"task": {"type": "message", "value": text}}


def _key(asker: Asker) -> str:
    return f"reply:{asker.person.id}:{token_hex(4)}"


def _shown_there(card: Card, origin: Origin) -> Card:
    """Lets `Show in channel` know the channel: in Teams the card stands in the personal chat."""

    def told(element: Element) -> Element:
        if not isinstance(element, Buttons):
            return element
        return Buttons(
            tuple(
                replace(each, action=SHOW_THERE, value=f"{each.value}{SEPARATOR}{origin.place}")
                if isinstance(each, Button) and each.action == SHOW_IN_CHANNEL
                else each
                for each in element.buttons
            )
        )

    return replace(card, body=tuple(told(element) for element in card.body))
