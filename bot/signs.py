"""What stands for a card where there are no colours, or no layout: a sign a tone, plain lines."""

from collections.abc import Mapping
from typing import assert_never

from handlers.cards import Buttons, Card, Chart, Facts, Progress, Scale, Table, Text, Tone

TONES: Mapping[Tone, str] = {
    "neutral": "",
    "critical": "🔴 ",
    "warning": "🟠 ",
    "attention": "🟡 ",
    "good": "🟢 ",
}


def words_of(card: Card) -> list[str]:
    """Gives what a card says below its title, a line each, nothing escaped; buttons are no words.

    For when a platform refuses the drawing: the words still reach the person.
    """
    lines: list[str] = []
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
    return [line for line in (*lines, card.foot or "") if line]
