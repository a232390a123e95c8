"""Reads a card in tests: its texts, facts, buttons and tables."""

from handlers import routes
from handlers.cards import Button, Buttons, Card, Facts, Table, Text, Whisper
from handlers.context import Context
from storage.models import Member
from tests.handlers.accounts.acme import typed


async def card_for(ctx: Context, member: Member, text: str, place: str | None = None) -> Card:
    """Types a command and gives the card of the reply."""
    reply = await routes.command(ctx, typed(member, text, place))
    assert isinstance(reply, Card), reply
    return reply


async def refusal(ctx: Context, member: Member, text: str) -> str:
    """Types a command and gives the sentence with which it is refused."""
    reply = await routes.command(ctx, typed(member, text))
    assert isinstance(reply, Whisper), reply
    return reply.card.title


def texts_of(card: Card) -> list[str]:
    return [part.text for part in card.body if isinstance(part, Text)]


def facts_of(card: Card) -> dict[str, str]:
    return {
        label: value for part in card.body if isinstance(part, Facts) for label, value in part.facts
    }


def buttons_of(card: Card) -> list[Button]:
    return [
        each
        for part in card.body
        if isinstance(part, Buttons)
        for each in part.buttons
        if isinstance(each, Button)
    ]


def table_of(card: Card) -> Table:
    [table] = [part for part in card.body if isinstance(part, Table)]
    return table
