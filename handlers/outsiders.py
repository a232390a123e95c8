"""Keeps what is answered from those who read along: people outside, and who may see less."""

from dataclasses import replace
from secrets import token_hex

import structlog

from handlers import texts
from handlers.accounts.card import SHOW_IN_CHANNEL
from handlers.cards import Button, Buttons, Card, Element, Reply, Whisper, whisper
from handlers.chat import ChatError, Command, Message, MessageRef, Person, Place
from handlers.context import Context, Refused
from handlers.places.naming import spoken
from handlers.places.words import why
from handlers.texts import Texts
from storage.models import Member

log = structlog.get_logger()


async def may_read(ctx: Context, place: Place) -> bool:
    """Tells whether people from outside may read a place: what is not told counts as yes."""
    try:
        return await ctx.chat.outsiders(place)
    except ChatError as error:
        log.warning("readers unknown", place=place, reason=error.reason)
        return True


async def refuse_outsiders(ctx: Context, place: Place, t: Texts) -> None:
    """Raises Refused where outsiders can read a place, or nobody tells who does."""
    try:
        outsiders = await ctx.chat.outsiders(place)
    except ChatError as error:
        named = await spoken(ctx, place, t)
        raise Refused(t("bind.unreachable", place=named, reason=why(error, t))) from error
    if outsiders:
        raise Refused(t("bind.outsiders"))


async def keep_from_outsiders(ctx: Context, event: Command, reply: Reply, me: Member) -> Reply:
    """Sends customer figures to the asker directly where people from outside read along."""
    if not isinstance(reply, Card) or reply.audience != "internal":
        return reply
    if event.place == event.person.place or not await may_read(ctx, event.place):
        return reply
    reply = _not_for_all(reply)
    if event.answered_directly:
        return reply
    t = texts.of(me.language, ctx.programme.language)
    try:
        key = f"reply:{event.person.id}:{token_hex(4)}"
        await ctx.chat.send(event.person.place, Message(reply, key, t.language))
    except ChatError as error:
        log.warning("reply not sent directly", reason=error.reason)
        return whisper(t("routes.not_sent_directly"))
    return whisper(t("routes.sent_directly"))


def for_own_eyes(
    ctx: Context, person: Person, message: MessageRef | None, reply: Reply, me: Member
) -> Reply:
    """A card that only its reader may see never takes the place of a message that others read."""
    if not isinstance(reply, Card) or message is None or message.place == person.place:
        return reply
    t = texts.of(me.language, ctx.programme.language)
    return Whisper(reply) if reply.status == t("account.only_you") else reply


def _not_for_all(card: Card) -> Card:
    """Takes away the button that would show the card to those who may not see it."""

    def kept(element: Element) -> Element:
        if not isinstance(element, Buttons):
            return element
        return Buttons(
            tuple(
                each
                for each in element.buttons
                if not (isinstance(each, Button) and each.action == SHOW_IN_CHANNEL)
            )
        )

    return replace(card, body=tuple(kept(element) for element in card.body))
