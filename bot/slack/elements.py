"""Draws the elements of a card as Block Kit, with the typed classes of the SDK."""

from collections.abc import Iterable, Mapping
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
    RichTextBlock,
    RichTextPreformattedElement,
    RichTextQuoteElement,
    RichTextSectionElement,
    StaticSelectElement,
    TableBlock,
)
from slack_sdk.models.blocks.basic_components import SlackFile

from bot.links import Addresses
from bot.signs import TONES
from bot.slack import limits
from bot.slack.limits import cut
from bot.slack.words import bar, bold_cell, cell, merged, plain, rich, words
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
)
from handlers.texts import Texts

# An action id must be unique in its block: it ends in `#` and a number, which is taken off again.
MARK = "#"
LINK_ACTION = "link"  # Slack tells of clicks on links too; nothing is done
MENU_ACTION = "menu"  # its options carry `action|value`
MENU_SEPARATOR = "|"
COLUMN_WIDTH = 32  # characters of a monospaced column, so that four stand side by side on a laptop

Pictures = Mapping[Chart, str]  # id of the uploaded file where our addresses are not public


def split_action(action_id: str, value: str) -> tuple[str, str]:
    """Gives action and value as the handlers know them, from what Slack sends back."""
    if action_id.partition(MARK)[0] == MENU_ACTION:
        action, _, value = value.partition(MENU_SEPARATOR)
        return action, value
    return action_id.rpartition(MARK)[0] or action_id, value


def draw_elements(
    elements: Iterable[Element], addresses: Addresses, language: str = "en"
) -> list[dict[str, Any]]:
    """Gives the blocks of the elements above the inputs of a form."""
    drawing = Drawing(addresses, texts.of(language), native_table=False)
    return drawing.dicts(drawing.elements(elements))


class Drawing:
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
            head.append(rich(words(self.take(title, limits.SECTION_TEXT), bold=bold)))
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
        """Neighbouring lines of text become one block, so that they stand close together."""
        blocks: list[Block] = []
        parts: list[Any] = []

        def flush() -> None:
            if parts:
                blocks.append(RichTextBlock(elements=merged(parts)))
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
                return [RichTextQuoteElement(elements=words(self.take(element.text)))]
            case Text(style="body"):
                return [RichTextSectionElement(elements=words(self.take(element.text)))]
            case Text(style="strong" | "heading"):
                strong = words(self.take(element.text), bold=True)
                return [RichTextSectionElement(elements=strong)]
            case Facts():
                return [
                    RichTextSectionElement(
                        elements=[
                            *words(self.take(label), bold=True),
                            *words("  " + self.take(value)),
                        ]
                    )
                    for label, value in element.facts
                ]
            case Progress():
                return [RichTextSectionElement(elements=words(bar(element)))]
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
        fits = len(table.rows) < limits.TABLE_ROWS and len(table.columns) <= limits.TABLE_COLUMNS
        if not (self.native_table and fits):
            return self.monospaced(table)
        self.native_table = False
        return TableBlock(
            rows=[
                [bold_cell(self.take(text)) for text in table.columns],
                *([cell(self.take(text)) for text in row] for row in table.rows),
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
        text = words(self.take("\n".join(lines)))
        return RichTextBlock(elements=[RichTextPreformattedElement(elements=text)])

    def chart(self, chart: Chart) -> list[Block]:
        alt = cut(chart.alt, limits.ALT_TEXT) or "–"
        if chart in self.pictures:
            return [ImageBlock(alt_text=alt, slack_file=SlackFile(id=self.pictures[chart]))]
        if self.addresses.public:
            address = self.addresses.picture(chart)
            if len(address) <= limits.ADDRESS:  # the address holds the chart's data
                return [ImageBlock(alt_text=alt, image_url=address)]
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
