"""Cards and forms as HTML of the local console; the templates escape what people wrote."""

from functools import cache
from typing import assert_never

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from bot.links import Addresses
from handlers import texts
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Chart,
    Choice,
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
)
from handlers.texts import Texts

RADIO_UP_TO = 6  # more choices than these are a list to open


# Our own pages, survey and pictures are of one origin with the console: a path is enough.
_HERE = Addresses("", "")


def draw(part: Card | Form, addresses: Addresses = _HERE, language: str = "en") -> str:
    """Gives a card, or a form as the content of a dialog, as HTML.

    `addresses` make the links to our own pages, and sign the pictures with the secret they hold.
    """
    match part:
        case Card():
            body = [draw_element(element, addresses, language) for element in part.body]
            return _macro("card", part, body)
        case Form():
            t = texts.of(language)
            intro = [draw_element(element, addresses, language) for element in part.intro]
            fields = [_field(place, each, t) for place, each in enumerate(part.inputs)]
            return _macro("form", part, intro, fields, t)
        case _:
            assert_never(part)


def draw_element(element: Element, addresses: Addresses, language: str = "en") -> Markup:
    """Gives one element of a card."""
    match element:
        case Text():
            return _macro("text", element)
        case Facts():
            return _macro("facts", element)
        case Table():
            return _macro("table", element)
        case Chart():
            return _macro("chart", element, addresses.picture(element))
        case Scale():
            return _macro("scale", element)
        case Buttons():
            return _macro("buttons", [_button(each, addresses) for each in element.buttons])
        case Progress():
            words = texts.of(language)("mail.progress", done=element.done, total=element.total)
            return _macro("progress", element, words)
        case _:
            assert_never(element)


def _button(button: Button | Menu | Link, addresses: Addresses) -> Markup:
    match button:
        case Button():
            return _macro("button", button)
        case Menu():
            return _macro("menu", button)
        case Link():
            return _macro("link", button, addresses.of(button))
        case _:
            assert_never(button)


def _field(place: int, field: Input, t: Texts) -> Markup:
    id = f"field-{place}"
    match field.kind:
        case "text" | "number" | "date" | "time":
            control = _macro("line", field, id)
        case "long_text":
            control = _macro("area", field, id)
        case "choice":
            control = _one_of(field, id, field.options, t)
        case "yes_no":
            yes_no = (Choice("yes", t("console.yes")), Choice("no", t("console.no")))
            control = _one_of(field, id, field.options or yes_no, t)
        case "choices":
            control = _macro("boxes", field, id)
        case "members" | "accounts":
            labels = {option.value: option.label for option in field.options}
            label = labels.get(field.value or "", field.value or "")
            control = _macro("lookup", field, id, label, t("console.type_a_name"))
        case _:
            assert_never(field.kind)
    return _macro("field", field, id, control, t("console.optional"))


def _one_of(field: Input, id: str, options: tuple[Choice, ...], t: Texts) -> Markup:
    if len(options) <= RADIO_UP_TO:
        return _macro("radios", field, id, options)
    return _macro("select", field, id, options, t("console.choose"))


def render(template: str, **values: object) -> str:
    """Gives a whole template of the console."""
    return environment().get_template(template).render(**values)


def _macro(name: str, *values: object) -> Markup:
    return Markup(getattr(environment().get_template("console_card.html").module, name)(*values))


@cache
def environment() -> Environment:
    """The templates of our pages; what is filled in is escaped."""
    return Environment(
        loader=PackageLoader("bot.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
