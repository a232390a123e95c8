"""Draws cards as Block Kit. Words of people stand in plain_text and rich_text objects only.

These two know no markup, so a comment that says `<!channel>`, `*x*` or `:tada:` stays what was typed; the only
text that Slack would parse, the fallback of a notification, is escaped. The tone is an emoji before the title:
Slack has colours on attachments only, and those are folded away on phones and carry no blocks of their own level.
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, assert_never

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    ImageBlock,
    InteractiveElement,
    LinkButtonElement,
    Option,
    OverflowMenuElement,
    PlainTextObject,
    RawTextObject,
    RichTextBlock,
    RichTextElementParts,
    RichTextPreformattedElement,
    RichTextQuoteElement,
    RichTextSectionElement,
    StaticSelectElement,
    TableBlock,
)
from slack_sdk.models.blocks.basic_components import SlackFile

from bot.links import Addresses
from bot.slack import limits
from bot.slack.limits import cut
from handlers import texts
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Chart,
    Element,
    Facts,
    Link,
    Menu,
    Progress,
    Scale,
    Table,
    Text,
    Tone,
    plain_text,
)
from handlers.texts import Texts

TONES: Mapping[Tone, str] = {
    "neutral": "",
    "critical": "🔴 ",
    "warning": "🟠 ",
    "attention": "🟡 ",
    "good": "🟢 ",
}
# An action id must be unique in its block, so it ends in `#` and a number that the adapter takes off again.
MARK = "#"
LINK_ACTION = "link"  # Slack tells of clicks on links too; nothing is done
MENU_ACTION = "menu"  # its options carry `action|value`
MENU_SEPARATOR = "|"
PROGRESS_CELLS = 20
COLUMN_WIDTH = 32  # characters of a monospaced column, so that four stand side by side on a laptop

Pictures = Mapping[Chart, str]  # id of the uploaded file where our addresses are not public


def draw_card(
    card: Card,
    addresses: Addresses,
    language: str = "en",
    pictures: Pictures | None = None,
) -> dict[str, Any]:
    """Gives `text` (for notifications and screen readers) and `blocks` of chat.postMessage."""
    drawing = _Drawing(addresses, texts.of(language), pictures or {})
    blocks = drawing.card(card, limits.MESSAGE_BLOCKS)
    return {"text": fallback_text(card), "blocks": blocks}


def draw_home(card: Card, addresses: Addresses, language: str = "en") -> dict[str, Any]:
    """Gives the view of views.publish."""
    drawing = _Drawing(addresses, texts.of(language), native_table=False)
    return {"type": "home", "blocks": drawing.card(card, limits.VIEW_BLOCKS)}


def draw_page(
    card: Card, addresses: Addresses, language: str = "en", metadata: str = ""
) -> dict[str, Any]:
    """Gives a card as a modal view without inputs: what a button of the home tab leads to."""
    t = texts.of(language)
    drawing = _Drawing(addresses, t, native_table=False)
    return {
        "type": "modal",
        "title": plain(t("slack.page_title"), limits.VIEW_TITLE).to_dict(),
        "private_metadata": metadata,
        "blocks": drawing.card(card, limits.VIEW_BLOCKS),
    }


def draw_elements(
    elements: Iterable[Element], addresses: Addresses, language: str = "en"
) -> list[dict[str, Any]]:
    """Gives the blocks of the elements above the inputs of a form."""
    drawing = _Drawing(addresses, texts.of(language), native_table=False)
    return drawing.dicts(drawing.elements(elements))


def fallback_text(card: Card) -> str:
    """Gives the notification text, escaped: the only text of a card in which Slack looks for markup."""
    tone = TONES[card.tone]
    return escape(cut(tone + plain_text(card), limits.FALLBACK_TEXT), quote=False)


def short_text(card: Card) -> str:
    """Gives title and words of a card as one escaped text, for when Slack refuses its blocks."""
    lines = [TONES[card.tone] + card.title, card.status or ""]
    for element in card.body:
        match element:
            case Text():
                lines.append(element.text)
            case Facts():
                lines += [f"{label}: {value}" for label, value in element.facts]
            case Table():
                lines += [" · ".join(row) for row in element.rows]
            case Chart():
                lines.append(element.alt)
            case Progress():
                lines.append(f"{element.label} {element.done} / {element.total}")
            case Scale() | Buttons():
                pass
            case _:
                assert_never(element)
    text = "\n".join(line for line in [*lines, card.foot or ""] if line)
    return escape(cut(text, limits.SHORT_CARD), quote=False)


def plain(text: str, limit: int) -> PlainTextObject:
    """Gives a plain_text object: no markup, no emoji codes; Slack refuses blank text, so that is a dash."""
    return PlainTextObject(text=cut(text.strip(), limit) or "–", emoji=False)


def split_action(action_id: str, value: str) -> tuple[str, str]:
    """Gives action and value as the handlers know them, from what Slack sends back."""
    if action_id.partition(MARK)[0] == MENU_ACTION:
        action, _, value = value.partition(MENU_SEPARATOR)
        return action, value
    return action_id.rpartition(MARK)[0] or action_id, value


class _Drawing:
    """One card being drawn: counts action ids and keeps the one native table."""

    def __init__(
        self,
        addresses: Addresses,
        t: Texts,
        pictures: Pictures | None = None,
        native_table: bool = True,
    ) -> None:
        self.addresses = addresses
        self.t = t
        self.pictures = pictures or {}
        self.native_table = native_table  # Slack takes one table a message and none in views
        self.number = 0
        self.characters = 0

    def card(self, card: Card, most: int) -> list[dict[str, Any]]:
        title = TONES[card.tone] + card.title
        head: list[Block] = []
        if (not card.body and card.status is None) or len(title) > limits.HEADER:
            # A lone sentence would shout as a header, and a long one would be cut.
            bold = bool(card.body)
            head.append(_rich(_words(self.take(title, limits.SECTION_TEXT), bold=bold)))
        else:
            head.append(HeaderBlock(text=plain(title, limits.HEADER)))
        if card.status:
            head.append(self.small(card.status))
        foot = [self.small(card.foot)] if card.foot else []
        body = self.elements(card.body)
        room = most - len(head) - len(foot)
        if len(body) > room:
            # What is pressed stands last and must stay; the middle is cut.
            last = body[-1:] if isinstance(body[-1], ActionsBlock) else []
            left_out = len(body) - (room - 1)
            body = [
                *body[: room - 1 - len(last)],
                self.small(self.t("slack.left_out", n=left_out)),
                *last,
            ]
        return self.dicts([*head, *body, *foot])

    def dicts(self, blocks: Iterable[Block]) -> list[dict[str, Any]]:
        return [block.to_dict() for block in blocks]

    def elements(self, elements: Iterable[Element]) -> list[Block]:
        """Neighbouring lines of text become one block: they stand close together, as on the samples."""
        blocks: list[Block] = []
        parts: list[Any] = []

        def flush() -> None:
            if parts:
                blocks.append(RichTextBlock(elements=_merged(parts)))
                parts.clear()

        elements = list(elements)
        for done, element in enumerate(elements):
            if self.characters >= limits.MESSAGE_CHARACTERS:
                flush()
                left_out = len(elements) - done
                blocks.append(self.small(self.t("slack.left_out", n=left_out)))
                break
            lines = self.lines(element)
            if lines is not None:
                parts += lines
                continue
            flush()
            blocks += self.blocks(element)
        flush()
        return blocks

    def lines(self, element: Element) -> list[Any] | None:
        """Gives an element as parts of a rich_text block, or None when it is a block of its own."""
        match element:
            case Text(style="quote"):
                return [RichTextQuoteElement(elements=_words(self.take(element.text)))]
            case Text(style="body"):
                return [RichTextSectionElement(elements=_words(self.take(element.text)))]
            case Text(style="strong" | "heading"):
                words = _words(self.take(element.text), bold=True)
                return [RichTextSectionElement(elements=words)]
            case Facts():
                return [
                    RichTextSectionElement(
                        elements=[
                            *_words(self.take(label), bold=True),
                            *_words("  " + self.take(value)),
                        ]
                    )
                    for label, value in element.facts
                ]
            case Progress():
                return [RichTextSectionElement(elements=_words(_bar(element)))]
            case _:
                return None

    def blocks(self, element: Element) -> list[Block]:
        match element:
            case Text():
                return [self.small(element.text)] if element.text.strip() else []
            case Table():
                return [self.table(element)]
            case Chart():
                return self.chart(element)
            case Scale():
                return self.scale(element)
            case Buttons():
                return self.buttons(element)
            case Facts() | Progress():
                raise AssertionError("drawn as lines")
            case _:
                assert_never(element)

    def small(self, text: str) -> ContextBlock:
        return ContextBlock(elements=[plain(self.take(text), limits.CONTEXT_TEXT)])

    def label(self, text: str, limit: int = limits.BUTTON_LABEL) -> PlainTextObject:
        return plain(self.take(text, limit), limit)

    def take(self, text: str, limit: int = limits.SECTION_TEXT) -> str:
        """Cuts a text to what the message still has room for."""
        room = max(1, min(limit, limits.MESSAGE_CHARACTERS - self.characters))
        text = cut(text, room)
        self.characters += len(text)
        return text

    def table(self, table: Table) -> Block:
        rows = (table.columns, *table.rows)
        fits = len(rows) <= limits.TABLE_ROWS and len(table.columns) <= limits.TABLE_COLUMNS
        if not (self.native_table and fits):
            return self.monospaced(table)
        self.native_table = False
        return TableBlock(
            rows=[
                [
                    _bold_cell(self.take(cell)) if n == 0 else RawTextObject(text=self.take(cell) or "–")
                    for cell in row
                ]
                for n, row in enumerate(rows)
            ],
            column_settings=[
                {"align": "right" if column in table.numeric else "left", "is_wrapped": True}
                for column in range(len(table.columns))
            ],
        )  # fmt: skip

    def monospaced(self, table: Table) -> Block:
        rows = [[cut(cell, COLUMN_WIDTH) for cell in row] for row in (table.columns, *table.rows)]
        widths = [max(len(row[n]) for row in rows) for n in range(len(table.columns))]
        lines = [
            "  ".join(
                cell.rjust(width) if n in table.numeric else cell.ljust(width)
                for n, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        words = _words(self.take("\n".join(lines)))
        return RichTextBlock(elements=[RichTextPreformattedElement(elements=words)])

    def chart(self, chart: Chart) -> list[Block]:
        alt = cut(chart.alt, limits.ALT_TEXT) or "–"
        if chart in self.pictures:
            return [ImageBlock(alt_text=alt, slack_file=SlackFile(id=self.pictures[chart]))]
        if self.addresses.public:
            return [ImageBlock(alt_text=alt, image_url=self.addresses.picture(chart))]
        return [self.small(chart.alt)]

    def scale(self, scale: Scale) -> list[Block]:
        numbers = range(scale.low, scale.high + 1)
        buttons = [
            ButtonElement(
                text=plain(str(number), limits.BUTTON_LABEL),
                action_id=self.action_id(scale.action),
                value=f"{scale.value}:{number}",
                accessibility_label=cut(f"{number}: {scale.name}", limits.BUTTON_LABEL),
            )
            for number in numbers
        ]
        ends = f"{scale.low} = {scale.low_label} · {scale.high} = {scale.high_label}"
        return [ActionsBlock(elements=buttons), self.small(ends)]

    def buttons(self, row: Buttons) -> list[Block]:
        elements: list[InteractiveElement] = []
        for item in row.buttons:
            match item:
                case Button():
                    elements.append(self.button(item))
                case Link():
                    elements.append(
                        LinkButtonElement(
                            text=self.label(item.label),
                            url=self.addresses.of(item),
                            action_id=self.action_id(LINK_ACTION),
                        )
                    )
                case Menu():
                    elements += self.menu(item)
                case _:
                    assert_never(item)
        size = limits.ACTIONS_ELEMENTS
        return [
            ActionsBlock(elements=elements[start : start + size])
            for start in range(0, len(elements), size)
        ]

    def button(self, button: Button) -> ButtonElement:
        return ButtonElement(
            text=self.label(button.label),
            action_id=self.action_id(button.action),
            value=button.value or None,
            style=None if button.style == "plain" else button.style,
            confirm=self.confirm(button) if button.confirm else None,
        )

    def confirm(self, button: Button) -> ConfirmObject:
        return ConfirmObject(
            title=self.label(button.label),
            text=self.label(button.confirm or "", limits.CONFIRM_TEXT),
            confirm=self.label(button.label, limits.CONFIRM_BUTTON),
            deny=plain(self.t("slack.cancel"), limits.CONFIRM_BUTTON),
            style="danger" if button.style == "danger" else None,
        )

    def menu(self, menu: Menu) -> list[InteractiveElement]:
        """A menu asks once for all its options, so a button that asks first stands beside it."""
        options = [
            Option(
                text=self.label(button.label),
                value=f"{button.action}{MENU_SEPARATOR}{button.value}",
            )
            for button in menu.buttons
            if not button.confirm
        ][: limits.SELECT_OPTIONS]
        asking = [self.button(button) for button in menu.buttons if button.confirm]
        if not options:
            return [*asking]
        action_id = self.action_id(MENU_ACTION)
        if len(options) <= limits.OVERFLOW_OPTIONS:
            return [OverflowMenuElement(action_id=action_id, options=options), *asking]
        label = plain(menu.label, limits.BUTTON_LABEL)
        select = StaticSelectElement(placeholder=label, action_id=action_id, options=options)
        return [select, *asking]

    def action_id(self, action: str) -> str:
        self.number += 1
        return f"{action}{MARK}{self.number}"


def _merged(parts: list[Any]) -> list[Any]:
    """Joins neighbouring sections by line breaks: Slack does not promise a break between sections."""
    merged: list[Any] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(part, RichTextSectionElement) and isinstance(last, RichTextSectionElement):
            words = [*last.elements, *_words("\n"), *part.elements]
            merged[-1] = RichTextSectionElement(elements=words)
        else:
            merged.append(part)
    return merged


def _words(text: str, bold: bool = False) -> list[Any]:
    style = RichTextElementParts.TextStyle(bold=True) if bold else None
    return [RichTextElementParts.Text(text=text or " ", style=style)]


def _rich(words: list[Any]) -> RichTextBlock:
    return RichTextBlock(elements=[RichTextSectionElement(elements=words)])


def _bold_cell(text: str) -> RichTextBlock:
    return _rich(_words(text or "–", bold=True))


def _bar(progress: Progress) -> str:
    total = max(progress.total, 1)
    share = min(max(progress.done / total, 0.0), 1.0)
    full = round(PROGRESS_CELLS * share)
    bar = "█" * full + "░" * (PROGRESS_CELLS - full)
    return f"{progress.label}  {bar}  {progress.done} / {progress.total}"
