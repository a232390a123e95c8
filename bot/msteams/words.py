"""Words in Adaptive Cards. People's words stand in text runs, the one place without markdown.

So a comment that says `**x**` or `[bill](http://evil.example)` stays what was typed, on every
client: not all of them know how to escape markdown.
"""

import re

from microsoft_teams.cards import (
    CardElement,
    HorizontalAlignment,
    RichTextBlock,
    Spacing,
    TextBlock,
    TextColor,
    TextRun,
    TextSize,
)

from bot.msteams.limits import cut
from handlers.cards import Progress

PROGRESS_CELLS = 20
# A break of no width takes the meaning from signs that Teams reads in any text.
BREAK = "\u200b"
_TAG = re.compile(r"<(?=/?\s*at\b)", re.IGNORECASE)
_LINK = re.compile(r"\](?=[(\[])")
_ENDS = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")  # ends of lines, besides \n
# Control characters, and those that override or isolate the direction of writing.
_STEERING = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# What a markdown reader may take for markup; `_` inside of words too, to be on the safe side.
_MARKUP = re.compile(r"[*_\[\]<>`~\\#|]|&[\w#]|://|www\.|^\s*(?:[-+•]|\d+[.)])\s", re.IGNORECASE)


def plain(text: str, limit: int) -> str:
    """Gives a text on one line, cut and without Teams' own tag for a mention; blank is a dash."""
    lines = (line.strip() for line in _tame(text).split("\n"))
    return _shown(" ".join(line for line in lines if line), limit)


def plain_lines(text: str, limit: int) -> str:
    """Gives a text like `plain`, in the lines it has."""
    return _shown(_tame(text), limit)


def _tame(text: str) -> str:
    """Takes away what steers a screen: it may turn a name around, or hide what comes after."""
    return _STEERING.sub("", _ENDS.sub("\n", text).replace("\t", " "))


def _shown(text: str, limit: int) -> str:
    return _TAG.sub("<" + BREAK, cut(text.strip(), limit)) or "–"


def no_links(text: str, limit: int) -> str:
    """Gives a text for the places where nothing but plain strings can stand."""
    return _LINK.sub("]" + BREAK, plain(text, limit))


def has_markup(text: str) -> bool:
    """Tells whether a markdown reader could take something in the text for markup."""
    return _MARKUP.search(text) is not None


def run(
    text: str,
    bold: bool = False,
    subtle: bool = False,
    italic: bool = False,
    size: TextSize | None = None,
    colour: TextColor | None = None,
) -> TextRun:
    """Gives a piece of text in one style."""
    return TextRun(
        text=text,
        weight="Bolder" if bold else None,
        is_subtle=subtle or None,
        italic=italic or None,
        size=size,
        color=colour,
    )


def block(
    *runs: TextRun,
    spacing: Spacing | None = None,
    align: HorizontalAlignment | None = None,
    separator: bool = False,
) -> RichTextBlock:
    """Gives a line of text runs."""
    return RichTextBlock(
        inlines=list[CardElement](runs),
        spacing=spacing,
        horizontal_alignment=align,
        separator=separator or None,
    )


def paragraphs(
    text: str,
    limit: int,
    bold: bool = False,
    subtle: bool = False,
    italic: bool = False,
    size: TextSize | None = None,
    colour: TextColor | None = None,
    spacing: Spacing | None = None,
) -> list[CardElement]:
    """Gives a text as a block a line: clients do not agree on line breaks inside of a run."""
    lines = [line for line in plain_lines(text, limit).splitlines() if line.strip()]
    return [
        block(
            run(line, bold, subtle, italic, size, colour),
            spacing=("None" if line.strip() and place else spacing),
        )
        for place, line in enumerate(lines)
    ]


def heading(text: str, limit: int, size: TextSize, spacing: Spacing | None = None) -> CardElement:
    """Gives a heading that screen readers jump to, where its words hold nothing like markup."""
    text = " ".join(plain(text, limit).split())
    if has_markup(text):
        return block(run(text, bold=True, size=size), spacing=spacing)
    return TextBlock(
        text=text, weight="Bolder", size=size, wrap=True, style="heading", spacing=spacing
    )


def bar(progress: Progress) -> str:
    """Gives how much is done as a bar of characters."""
    share = min(max(progress.done / max(progress.total, 1), 0.0), 1.0)
    full = round(PROGRESS_CELLS * share)
    return "█" * full + "░" * (PROGRESS_CELLS - full)
