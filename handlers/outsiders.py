"""Keeps what a command answers from people outside who read along."""

from secrets import token_hex

import structlog

from handlers import texts
from handlers.cards import Card, Reply, whisper
from handlers.chat import ChatError, Command, Message
from handlers.context import Context

log = structlog.get_logger()


async def keep_from_outsiders(ctx: Context, event: Command, reply: Reply) -> Reply:
    """Sends customer figures to the asker directly where people from outside read along."""
    if not isinstance(reply, Card) or reply.audience != "internal":
        return reply
    if event.place == event.person.place or not await ctx.chat.outsiders(event.place):
        return reply
    t = texts.of(ctx.programme.language)
    try:
        key = f"reply:{event.person.id}:{token_hex(4)}"
        await ctx.chat.send(event.person.place, Message(reply, key, t.language))
    except ChatError as error:
        log.warning("reply not sent directly", reason=error.reason)
        return whisper(t("routes.not_sent_directly"))
    return whisper(t("routes.sent_directly"))
