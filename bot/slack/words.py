"""Words in Block Kit. People's words stand in plain_text and rich_text only, which know no markup.

So a comment that says `<!channel>`, `*x*` or `:tada:` stays what was typed.
"""

from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import (
    PlainTextObject,
    RawTextObject,
    RichTextBlock,
    RichTextElementParts,
    RichTextSectionElement,
)

from bot.slack.limits import cut
from handlers.cards import Progress

PROGRESS_CELLS = 20


def plain(text: str, limit: int) -> PlainTextObject:
    """Gives a plain_text object without emoji codes; blank text, which Slack refuses, is a dash."""
    return PlainTextObject(text=cut(text.strip(), limit) or "–", emoji=False)


def words(text: str, bold: bool = False) -> list[Any]:
    """Gives a text as the parts of a rich_text section."""
    style = RichTextElementParts.TextStyle(bold=True) if bold else None
    return [RichTextElementParts.Text(text=text or " ", style=style)]


def rich(parts: Sequence[Any]) -> RichTextBlock:
    """Gives a block of one paragraph."""
    return RichTextBlock(elements=[RichTextSectionElement(elements=parts)])


def merged(parts: Sequence[Any]) -> list[Any]:
    """Joins neighbouring sections by line breaks: Slack promises none between sections."""
    joined: list[Any] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, RichTextSectionElement) and isinstance(last, RichTextSectionElement):
            lines = [*last.elements, *words("\n"), *part.elements]
            joined[-1] = RichTextSectionElement(elements=lines)
        else:
            joined.append(part)
    return joined


def cell(text: str) -> RawTextObject:
    """Gives a cell of a table."""
    return RawTextObject(text=text or "–")


def bold_cell(text: str) -> RichTextBlock:
    """Gives a heading cell of a table."""
    return rich(words(text or "–", bold=True))


def bar(progress: Progress) -> str:
    """Gives how much is done as a bar of characters, with the numbers."""
    share = min(max(progress.done / max(progress.total, 1), 0.0), 1.0)
    full = round(PROGRESS_CELLS * share)
    cells = "█" * full + "░" * (PROGRESS_CELLS - full)
    return f"{progress.label}  {cells}  {progress.done} / {progress.total}"
