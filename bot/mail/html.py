"""A card as the two parts of a mail: plain text, and HTML that mail programs understand."""

import re
from collections.abc import Iterator
from functools import cache
from typing import assert_never

import css_inline
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from bot.links import Addresses, picture_id
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

FIRST_HALF = 6  # numbers in the first half of the row; the second stands below it on a phone
# Outlook for Mac drops the body element, checkers trip over tbody; HTML needs neither tag.
_IMPLIED_TAGS = re.compile(r"</?t?body[^>]*>")
_SAFE_ADDRESS = re.compile(r"(https?|mailto|tel):", re.IGNORECASE)


def draw(card: Card, language: str, addresses: Addresses) -> tuple[str, str]:
    """Gives the text part and the HTML part; `charts` lists its `cid:` pictures."""
    return _Drawing(card, language, addresses).parts()


def charts(card: Card) -> tuple[Chart, ...]:
    """Gives the charts whose pictures travel with the mail."""
    return tuple(element for element in card.body if isinstance(element, Chart))


def content_id(chart: Chart) -> str:
    """Gives the name under which the HTML part shows a chart's picture."""
    return f"{picture_id(chart)}@npsbot"


class _Drawing:
    def __init__(self, card: Card, language: str, addresses: Addresses) -> None:
        self.card = card
        self.t = texts.of(language)
        self.language = language
        self.addresses = addresses
        self.scale = next((each for each in card.body if isinstance(each, Scale)), None)

    def parts(self) -> tuple[str, str]:
        rows = [row for element in self.card.body if (row := self._html(element))]
        acts = any(_has_acts(element) for element in self.card.body)
        if acts:
            rows.append(_draw("paragraph", self.t("mail.act_in_chat"), "note"))
        page = _environment().get_template("card.html")
        html = page.render(
            language=self.language,
            title=self.card.title,
            status=self.card.status,
            tone=self.card.tone,
            rows=rows,
            foot=self.card.foot,
            trap=self.addresses.trap(self.scale.value) if self.scale else None,
        )
        inlined = _IMPLIED_TAGS.sub("", _inliner().inline(html))
        lines = list(self._text())
        if acts:
            lines += ["", self.t("mail.act_in_chat")]
        if self.card.foot:
            lines += ["", "--", self.card.foot]
        return "\n".join(lines) + "\n", inlined

    def _html(self, element: Element) -> Markup | None:
        match element:
            case Text():
                return _draw("paragraph", element.text, element.style)
            case Facts():
                return _draw("facts", element.facts)
            case Table():
                return _draw("table", element.columns, element.rows, element.numeric)
            case Chart():
                return _draw("picture", f"cid:{content_id(element)}", element.alt)
            case Scale():
                numbers = [
                    (number, self.addresses.survey(element.value, number))
                    for number in range(element.low, element.high + 1)
                ]
                halves = [half for half in (numbers[:FIRST_HALF], numbers[FIRST_HALF:]) if half]
                return _draw("scale", halves, element.low_label, element.high_label, element.name)
            case Buttons():
                return self._links(element)
            case Progress():
                return _draw("progress", element.label, self._words(element), _percent(element))
            case _:
                assert_never(element)

    def _links(self, element: Buttons) -> Markup | None:
        drawn = Markup("")
        for style, macro in (("primary", "buttons"), ("plain", "links")):
            found = [
                (self.addresses.of(link), link.label)
                for link in _links(element)
                if link.style == style
            ]
            drawn += _draw(macro, found) if found else ""
        return drawn or None

    def _words(self, progress: Progress) -> str:
        return self.t("mail.progress", done=progress.done, total=progress.total)

    def _text(self) -> Iterator[str]:
        yield self.card.title
        if self.card.status:
            yield self.card.status
        for element in self.card.body:
            lines = list(self._text_of(element))
            if lines:
                yield ""
                yield from lines

    def _text_of(self, element: Element) -> Iterator[str]:
        match element:
            case Text():
                mark = "> " if element.style == "quote" else ""
                yield from (mark + line for line in element.text.splitlines())
            case Facts():
                yield from (f"{label}: {value}" for label, value in element.facts)
            case Table():
                yield " | ".join(element.columns)
                yield from (" | ".join(row) for row in element.rows)
            case Chart():
                yield element.alt
            case Scale():
                yield f"{element.low} = {element.low_label}, {element.high} = {element.high_label}"
                for number in range(element.low, element.high + 1):
                    yield f"{number:>2}: {self.addresses.survey(element.value, number)}"
            case Buttons():
                yield from (f"{each.label}: {self.addresses.of(each)}" for each in _links(element))
            case Progress():
                yield f"{element.label}: {self._words(element)}"
            case _:
                assert_never(element)


def _links(element: Buttons) -> list[Link]:
    """Only addresses a mail program may open; anything else, `javascript:` say, is no link."""
    return [
        each
        for each in element.buttons
        if isinstance(each, Link) and (each.url is None or _SAFE_ADDRESS.match(each.url))
    ]


def _has_acts(element: Element) -> bool:
    return isinstance(element, Buttons) and any(
        isinstance(each, (Button, Menu)) for each in element.buttons
    )


def _percent(progress: Progress) -> int:
    if progress.total <= 0:
        return 0
    return min(100, max(0, round(100 * progress.done / progress.total)))


def _draw(name: str, *values: object) -> Markup:
    return Markup(getattr(_environment().get_template("elements.html").module, name)(*values))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("bot.mail"), autoescape=True, trim_blocks=False, lstrip_blocks=True
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False)
