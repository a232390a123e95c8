"""Draws cards as Adaptive Cards 1.5 for Microsoft Teams, each small enough for one message.

The tone is the colour of the head and a sign before the title: colours alone tell too little, and
Teams has one colour for what npsbot tells apart as orange and amber.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from microsoft_teams.cards import (
    AdaptiveCard,
    CardElement,
    Container,
    ContainerStyle,
    MentionedEntity,
    TeamsCardProperties,
    TextBlock,
)
from microsoft_teams.cards import Mention as MentionElement

from bot.links import Addresses
from bot.msteams import limits, size
from bot.msteams.elements import Drawing, as_data
from bot.msteams.words import block, heading, no_links, paragraphs, plain, plain_lines, run
from bot.signs import TONES, words_of
from handlers import texts
from handlers.cards import (
    Card,
    Chart,
    Element,
    Table,
    Tone,
    plain_text,
)
from handlers.texts import Texts

CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"
HEADS: Mapping[Tone, ContainerStyle | None] = {
    "neutral": None,
    "critical": "attention",
    "warning": "warning",
    "attention": "warning",
    "good": "good",
}
WIDE_COLUMNS = 4  # a table of so many columns, or a chart, asks for a wide card
_SIGNS = str.maketrans(dict.fromkeys("<>*_[]`~", ""))


@dataclass(frozen=True)
class Mention:
    """Whom a message calls: the name shown, and the id that Teams knows the person by."""

    name: str
    id: str


def draw_card(
    card: Card,
    addresses: Addresses,
    language: str = "en",
    mention: Mention | None = None,
    most: int = limits.CARD_BYTES,
) -> dict[str, Any]:
    """Gives the content of an attachment of at most `most` bytes; left out lines are counted."""
    t = texts.of(language)
    drawing = Drawing(addresses, t)
    drawn = _frame(card, mention)
    foot = _foot(card)
    head: list[dict[str, Any]] = drawn["body"]
    whole = [as_data(element) for element in drawing.elements(card.body)]
    drawn["body"] = [*head, *whole, *foot]
    if size.size(drawn) <= most:
        return drawn
    drawn["body"] = [*head, *foot]
    note = _note(t("adaptive.left_out", n=999_999))
    room = most - size.size(drawn) - size.size(note)
    # One long text shall not take the place of all other lines.
    longest = room // 4
    shown, left_out = size.first(size.pieces(card.body, _drawer(addresses, t), longest), room)
    place = len(shown) - _pressed_at_end(shown)
    told = [_note(t("adaptive.left_out", n=left_out))] if left_out else []
    drawn["body"] = [*head, *shown[:place], *told, *shown[place:], *foot]
    return drawn


def draw_parts(
    card: Card, addresses: Addresses, language: str = "en", most: int = limits.CARD_BYTES
) -> list[dict[str, Any]]:
    """Gives the whole of a card in as many messages as it takes: most cards, one."""
    whole = draw_card(card, addresses, language, most=limits.ENDLESS)
    if size.size(whole) <= most:
        return [whole]
    t = texts.of(language)
    frame = _frame(replace(card, title=card.title + _MANY_PARTS))
    foot = _foot(card)
    room = most - size.size({**frame, "body": [*frame["body"], *foot]})
    bodies = size.shares(size.pieces(card.body, _drawer(addresses, t), room), room)
    drawn = []
    for number, body in enumerate(bodies, start=1):
        part = replace(card, title=f"{card.title} · {number} / {len(bodies)}")
        one = _frame(part)
        one["body"] += [*body, *(foot if number == len(bodies) else [])]
        drawn.append(one)
    return drawn


def attachment(content: dict[str, Any]) -> dict[str, Any]:
    """Gives a drawn card as an attachment of a message."""
    return {"contentType": CONTENT_TYPE, "content": content}


def notice(card: Card) -> str:
    """Gives the text of a notification: never a comment, never buttons."""
    return no_links(TONES[card.tone] + plain_text(card), limits.NOTICE)


def short_text(card: Card) -> str:
    """Gives title and words of a card as one text, for when Teams refuses the card.

    Send it with `textFormat` plain: nothing is escaped.
    """
    title = TONES[card.tone] + plain(card.title, limits.TEXT)
    status = plain(card.status, limits.STATUS) if card.status else ""
    text = "\n".join(line for line in (title, status, *words_of(card)) if line)
    return plain_lines(text, limits.SHORT_CARD)


_MANY_PARTS = " · 10 / 10"


def _frame(card: Card, mention: Mention | None = None) -> dict[str, Any]:
    """Gives the card with its head alone."""
    body: list[CardElement] = []
    properties = TeamsCardProperties(width="full" if _is_wide(card) else None)
    if mention is not None:
        name = plain(mention.name.translate(_SIGNS), limits.LABEL)
        call = f"<at>{name}</at>"
        body.append(TextBlock(text=call, wrap=True))
        mentioned = MentionedEntity(id=mention.id, name=name)
        properties.entities = [MentionElement(text=call, mentioned=mentioned)]
    body += _head(card)
    return as_data(
        AdaptiveCard(
            fallback_text=notice(card),
            body=body,
            msteams=properties if properties.width or properties.entities else None,
        )
    )


def _head(card: Card) -> list[CardElement]:
    title = TONES[card.tone] + card.title
    lone = not card.body and card.status is None
    # A lone sentence would shout as a heading.
    lines = paragraphs(title, limits.TEXT) if lone else [heading(title, limits.TITLE, "Medium")]
    if card.status:
        lines.append(block(run(plain(card.status, limits.STATUS), size="Small"), spacing="Small"))
    style = HEADS[card.tone]
    return lines if style is None else [Container(style=style, bleed=True, items=lines)]


def _foot(card: Card) -> list[dict[str, Any]]:
    if not card.foot:
        return []
    small = run(plain(card.foot, limits.TEXT), subtle=True, size="Small")
    return [as_data(block(small, separator=True))]


def _note(text: str) -> dict[str, Any]:
    return as_data(block(run(text, subtle=True, italic=True, size="Small")))


def _drawer(addresses: Addresses, t: Texts) -> Callable[[Element, float], list[dict[str, Any]]]:
    drawing = Drawing(addresses, t)

    def draw(element: Element, share: float) -> list[dict[str, Any]]:
        drawing.share = share
        return [as_data(drawn) for drawn in drawing.element(element)]

    return draw


def _pressed_at_end(body: list[dict[str, Any]]) -> int:
    count = 0
    while count < len(body) and body[-1 - count]["type"] == "ActionSet":
        count += 1
    return count


def _is_wide(card: Card) -> bool:
    return any(
        isinstance(element, Chart)
        or (isinstance(element, Table) and len(element.columns) >= WIDE_COLUMNS)
        for element in card.body
    )
