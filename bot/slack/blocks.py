"""Draws cards as Block Kit: messages, the home tab, and pages of a modal.

The tone is an emoji before the title: Slack has colours on attachments only, and an attachment is
folded away on phones and can't hold the card's own blocks at the top level.
"""

from html import escape
from typing import Any

from slack_sdk.models.blocks import ContextBlock, MarkdownTextObject

from bot.links import Addresses
from bot.signs import TONES, words_of
from bot.slack import limits
from bot.slack.elements import Drawing, Pictures
from bot.slack.forms import draw_form
from bot.slack.limits import cut
from bot.slack.words import plain
from handlers import texts
from handlers.cards import (
    Card,
    plain_text,
)

__all__ = [
    "draw_card",
    "draw_form",
    "draw_home",
    "draw_page",
    "fallback_text",
    "mention",
    "short_text",
]


def draw_card(
    card: Card,
    addresses: Addresses,
    language: str = "en",
    pictures: Pictures | None = None,
    calling: str | None = None,
) -> dict[str, Any]:
    """Gives `text` (for notifications and screen readers) and `blocks` of chat.postMessage.

    `calling` is the id of a user who is called by name below the card.
    """
    drawing = Drawing(addresses, texts.of(language), pictures or {})
    if calling is None:
        return {"text": fallback_text(card), "blocks": drawing.card(card, limits.MESSAGE_BLOCKS)}
    call = ContextBlock(elements=[MarkdownTextObject(text=mention(calling))]).to_dict()
    blocks = [*drawing.card(card, limits.MESSAGE_BLOCKS - 1), call]
    return {"text": f"{fallback_text(card)} {mention(calling)}", "blocks": blocks}


def mention(user_id: str) -> str:
    """Gives the markup that shows a user's name and lets them know."""
    return f"<@{escape(user_id)}>"


def draw_home(card: Card, addresses: Addresses, language: str = "en") -> dict[str, Any]:
    """Gives the view of views.publish."""
    drawing = Drawing(addresses, texts.of(language), native_table=False)
    return {"type": "home", "blocks": drawing.card(card, limits.VIEW_BLOCKS)}


def draw_page(
    card: Card, addresses: Addresses, language: str = "en", metadata: str = ""
) -> dict[str, Any]:
    """Gives a card as a modal view without inputs: what a button of the home tab leads to."""
    t = texts.of(language)
    drawing = Drawing(addresses, t, native_table=False)
    return {
        "type": "modal",
        "title": plain(t("slack.page_title"), limits.VIEW_TITLE).to_dict(),
        "private_metadata": metadata,
        "blocks": drawing.card(card, limits.VIEW_BLOCKS),
    }


def fallback_text(card: Card) -> str:
    """Gives the notification text, escaped: the only text in which Slack looks for markup."""
    tone = TONES[card.tone]
    return escape(cut(tone + plain_text(card), limits.FALLBACK_TEXT), quote=False)


def short_text(card: Card) -> str:
    """Gives title and words of a card as one escaped text, for when Slack refuses its blocks."""
    head = (TONES[card.tone] + card.title, card.status or "")
    text = "\n".join(line for line in (*head, *words_of(card)) if line)
    return escape(cut(text, limits.SHORT_CARD), quote=False)
