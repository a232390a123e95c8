"""A card, form or whisper as plain text for a terminal."""

import shutil
import sys
import textwrap
from collections.abc import Iterable
from typing import assert_never

from rich.cells import cell_len, set_cell_size

from bot.signs import TONES
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Chart,
    Element,
    Facts,
    Form,
    Input,
    Link,
    Menu,
    Progress,
    Scale,
    Table,
    Text,
    Whisper,
)

WIDTH = 88
BAR = 24
WORD = 20  # what a line holds at least
# What people wrote must not steer the terminal: no escape sequences, no overwriting of lines.
_CONTROL = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if code != 10}
_LEVELS = "▁▂▃▄▅▆▇█"
_ONE_FIELD = {"yes_no": "( ) ✓", "date": "[____-__-__]", "time": "[__:__]"}


def columns() -> int | None:
    """Gives how wide the terminal is; None where a file or a pipe takes what is printed."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def draw(part: Card | Form | Whisper, width: int | None = None) -> str:
    """Gives the text of a reply, without a line break at its end.

    A card's lines are broken at `width`, between words and between buttons.
    """
    match part:
        case Card():
            lines = _card(part, width)
        case Whisper():
            lines = _card(part.card, width)
        case Form():
            lines = _form(part)
        case _:
            assert_never(part)
    return "\n".join(line.rstrip() for line in lines).translate(_CONTROL)


def _card(card: Card, width: int | None) -> list[str]:
    lines = _title(TONES[card.tone] + card.title, card.status, width)
    for element in card.body:
        lines += _element(element, width)
    return lines + (_folded(card.foot, width) if card.foot else [])


def _title(title: str, status: str | None, width: int | None) -> list[str]:
    if not status:
        return _folded(title, width)
    room = min(WIDTH, width or WIDTH) - cell_len(title) - cell_len(status)
    if room >= 2:
        return [title + " " * room + status]
    return [*_folded(title, width), *_folded(status, width)]


def _folded(line: str, width: int | None, indent: int = 0) -> list[str]:
    """Breaks a line between words; the further ones begin at `indent`."""
    if width is None or indent + cell_len(line) <= width:
        return [line]
    lines = textwrap.wrap(line, max(width - indent, WORD), break_long_words=False)
    return [lines[0], *(" " * indent + each for each in lines[1:])] if lines else [line]


def _element(element: Element, width: int | None = None) -> list[str]:
    match element:
        case Text():
            return [each for line in _text(element) for each in _folded(line, width)]
        case Facts():
            return _facts(element.facts, width)
        case Table():
            return _table(element)
        case Chart():
            return _chart(element)
        case Scale():
            numbers = " ".join(f"[{n}]" for n in range(element.low, element.high + 1))
            return [f"{element.low_label}  {numbers}  {element.high_label}"]
        case Buttons():
            return _row([_button(each) for each in element.buttons], width)
        case Progress():
            return [f"{element.label}  {_bar(element.done, element.total)}"]
        case _:
            assert_never(element)


def _text(text: Text) -> list[str]:
    lines = text.text.splitlines() or [""]
    if text.style == "quote" and not text.text.startswith("“"):
        lines[0] = f"“{lines[0]}"
        lines[-1] += "”"
    return ["", *lines] if text.style == "heading" else lines


def _facts(facts: tuple[tuple[str, str], ...], width: int | None) -> list[str]:
    column = max((cell_len(label) for label, _ in facts), default=0) + 2
    lines = []
    for label, value in facts:
        first, *rest = value.splitlines() or [""]
        begun, *broken = _folded(first, width, column)
        lines += [set_cell_size(label, column) + begun, *broken]
        lines += [" " * column + each for line in rest for each in _folded(line, width, column)]
    return lines


def _row(labels: list[str], width: int | None) -> list[str]:
    """Puts buttons side by side, as many as find room."""
    rows: list[str] = []
    for label in labels:
        longer = f"{rows[-1]}  {label}" if rows else label
        if rows and (width is None or cell_len(longer) <= width):
            rows[-1] = longer
        else:
            rows.append(label)
    return rows


def _table(table: Table) -> list[str]:
    rows = [table.columns, *table.rows]
    widths = [max(cell_len(row[place]) for row in rows) for place in range(len(table.columns))]

    def line(cells: tuple[str, ...]) -> str:
        padded = [
            " " * (width - cell_len(cell)) + cell
            if place in table.numeric
            else cell + " " * (width - cell_len(cell))
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded)

    rule = "  ".join("─" * width for width in widths)
    return [line(table.columns), rule, *map(line, table.rows)]


def _chart(chart: Chart) -> list[str]:
    match chart.kind:
        case "trend" | "distribution":
            levels = _sparkline([point.value for point in chart.series])
            return [f"{levels}  {chart.alt}" if levels else chart.alt]
        case "bars" | "coverage":
            return [chart.alt, *_chart_rows(chart)]
        case _:
            assert_never(chart.kind)


def _chart_rows(chart: Chart) -> Iterable[str]:
    width = max((cell_len(point.label) for point in chart.series), default=0) + 2
    for point in chart.series:
        label = set_cell_size(point.label, width)
        if point.value is None:
            yield f"{label}–"
        elif chart.kind == "coverage":
            yield label + _bar(int(point.value), point.n or 0)
        else:
            yield f"{label}{point.value:g}" + (f" ({point.n})" if point.n is not None else "")


def _sparkline(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    steps = len(_LEVELS) - 1
    return "".join(
        "·" if value is None else _LEVELS[round((value - low) / ((high - low) or 1) * steps)]
        for value in values
    )


def _bar(done: int, total: int) -> str:
    filled = round(BAR * min(done, total) / total) if total > 0 else 0
    return "█" * filled + "░" * (BAR - filled) + f" {done}/{total}"


def _button(button: Button | Menu | Link) -> str:
    match button:
        case Button():
            return f"[{button.label}]"
        case Menu():
            return f"[{button.label} ▾]"
        case Link():
            return f"[{button.label}]" + (f" {button.url}" if button.url else "")
        case _:
            assert_never(button)


def _form(form: Form) -> list[str]:
    lines = [form.title]
    for element in form.intro:
        lines += _element(element)
    for each in form.inputs:
        lines += ["", *_input(each)]
    return [*lines, "", f"[{form.submit_label}]"]


def _input(field: Input) -> list[str]:
    lines = [field.label + (" *" if field.required else "")]
    if field.hint:
        lines.append(f"  {field.hint}")
    chosen = set(field.values) | ({field.value} if field.value is not None else set())
    match field.kind:
        case "choice" | "choices":
            for option in field.options:
                hint = f" – {option.hint}" if option.hint else ""
                mark = "x" if option.value in chosen else " "
                box = f"({mark})" if field.kind == "choice" else f"[{mark}]"
                lines.append(f"  {box} {option.label}{hint}")
        case "yes_no" | "date" | "time" | "number" | "text" | "long_text" | "members" | "accounts":
            labels = {option.value: option.label for option in field.options}
            if field.kind == "yes_no":
                labels |= {"yes": "(x) ✓", "no": "(x) ✗"}
            value = field.value or ", ".join(field.values)
            lines.append(f"  {labels.get(value, value) or _ONE_FIELD.get(field.kind, '[______]')}")
        case _:
            assert_never(field.kind)
    return lines
