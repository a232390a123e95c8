"""Draws the elements of a card as Adaptive Card elements, with Microsoft's typed classes."""

from collections.abc import Iterable, Sequence
from typing import Any, assert_never

from microsoft_teams.cards import (
    CardElement,
    Column,
    ColumnDefinition,
    ColumnSet,
    Container,
    HorizontalAlignment,
    SerializableObject,
    TableCell,
    TableRow,
    TextRun,
)
from microsoft_teams.cards import Table as TableElement

from bot.links import Addresses
from bot.msteams import limits
from bot.msteams.buttons import draw_buttons, draw_scale
from bot.msteams.charts import draw_chart
from bot.msteams.words import bar, block, heading, paragraphs, plain, run
from handlers.cards import (
    Buttons,
    Chart,
    Element,
    Facts,
    Progress,
    Scale,
    Table,
    Text,
)
from handlers.texts import Texts

LABEL_WIDTH = (64, 128)  # pixels: the column of a fact's label on a phone of 320
CHARACTER_WIDTH = 9  # pixels of a small bold letter
MOST_WEIGHT = 22  # a table's columns share the width by what stands in them
GAP = "\u00a0" * 3  # cells have no edges: a number on the right would touch the next words
PHONE_LETTERS = 41  # small ones that stand side by side on a phone


class Drawing:
    """One card being drawn: what it needs to know, and the ids it gave out.

    `share` below 1 cuts texts shorter, for the one element that fills a message alone.
    """

    def __init__(self, addresses: Addresses, t: Texts, share: float = 1.0) -> None:
        self.addresses = addresses
        self.t = t
        self.share = share
        self.menus = 0

    def elements(self, elements: Iterable[Element]) -> list[CardElement]:
        return [drawn for element in elements for drawn in self.element(element)]

    def element(self, element: Element) -> list[CardElement]:
        match element:
            case Text():
                return self._text(element)
            case Facts():
                return self._facts(element)
            case Table():
                return self._table(element)
            case Chart():
                return draw_chart(element, self.addresses, self.t)
            case Scale():
                return draw_scale(element)
            case Buttons():
                self.menus += 100  # more than the sets that one row of buttons folds open
                return draw_buttons(element, self.addresses, self.menus)
            case Progress():
                return self._progress(element)
            case _:
                assert_never(element)

    def _limit(self, limit: int) -> int:
        return max(1, int(limit * self.share))

    def _text(self, text: Text) -> list[CardElement]:
        if not text.text.strip():
            return []
        limit = self._limit(limits.TEXT)
        match text.style:
            case "body":
                return paragraphs(text.text, limit)
            case "strong":
                return paragraphs(text.text, limit, bold=True)
            case "note":
                return paragraphs(text.text, limit, subtle=True, size="Small")
            case "heading":
                return [heading(text.text, limit, "Default", spacing="Medium")]
            case "quote":
                return [Container(style="emphasis", items=paragraphs(text.text, limit))]
            case _:
                assert_never(text.style)

    def _facts(self, facts: Facts) -> list[CardElement]:
        longest = max((len(label) for label, _ in facts.facts), default=0)
        least, most = LABEL_WIDTH
        width = f"{round(min(max(longest * CHARACTER_WIDTH, least), most))}px"
        return [
            ColumnSet(
                spacing="Small",
                columns=[
                    Column(width=width, items=self._line(label, limits.LABEL, bold=True)),
                    Column(width="stretch", items=self._line(value, limits.TEXT)),
                ],
            )
            for label, value in facts.facts
        ]

    def _line(self, text: str, limit: int, bold: bool = False) -> list[CardElement]:
        return paragraphs(text, self._limit(limit), bold=bold)

    def _table(self, table: Table) -> list[CardElement]:
        """A table whose longest words overlap on a phone becomes a list: a line a row."""
        everything = [table.columns, *table.rows]
        words = [
            max(len(word) for row in everything for word in (*row[place].split(), "–"))
            for place in range(len(table.columns))
        ]
        if sum(word + 1 for word in words) > PHONE_LETTERS:
            return [self._listed(row, table) for row in table.rows]
        lengths = [max(len(row[place]) for row in everything) for place in range(len(words))]
        widths = [
            max(word, min((word + length) // 2, MOST_WEIGHT))
            for word, length in zip(words, lengths, strict=True)
        ]
        return [
            TableElement(
                columns=[ColumnDefinition(width=width) for width in widths],
                rows=[
                    self._row(table.columns, table, head=True),
                    *(self._row(row, table) for row in table.rows),
                ],
                show_grid_lines=False,
            )
        ]

    def _listed(self, row: Sequence[str], table: Table) -> CardElement:
        first, *others = (plain(text, self._limit(limits.CELL)) for text in row)
        labels = [plain(label, limits.LABEL) if label.strip() else "" for label in table.columns]
        told: list[TextRun] = []
        for label, text in zip(labels[1:], others, strict=True):
            told += [run(f"{label}: " if label else "", subtle=True, size="Small")]
            told += [run(text, size="Small"), run(" · ", subtle=True, size="Small")]
        return Container(
            spacing="Small",
            items=[block(run(first, bold=True)), block(*told[:-1], spacing="None")],
        )

    def _row(self, row: Sequence[str], table: Table, head: bool = False) -> TableRow:
        cells: list[TableCell] = []
        for place, text in enumerate(row):
            written = plain(text, self._limit(limits.CELL)) if text.strip() or not head else " "
            shown = run(written, subtle=head, size="Small")
            align: HorizontalAlignment | None = None
            if place in table.numeric:
                align = "Right"
                if place + 1 < len(row) and place + 1 not in table.numeric:
                    shown.text = written + GAP
            cells.append(TableCell(items=[block(shown, align=align)]))
        return TableRow(cells=cells, style="emphasis" if head else None)

    def _progress(self, progress: Progress) -> list[CardElement]:
        label = plain(progress.label, limits.LABEL)
        return [
            block(run(f"{label}  ", bold=True), run(f"{progress.done} / {progress.total}")),
            block(run(bar(progress), colour="Accent"), spacing="None"),
        ]


def as_data(part: SerializableObject) -> dict[str, Any]:
    """Gives a typed part as the JSON data that Teams takes."""
    data: dict[str, Any] = part.model_dump(by_alias=True, exclude_none=True)
    return data
