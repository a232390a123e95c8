"""The card model: what the bot says, as plain data without channel words or markup."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal

Tone = Literal["neutral", "critical", "warning", "attention", "good"]
# critical = red (0-3, not settled), warning = orange (4-6),
# attention = amber (somebody has it), good = green
Audience = Literal["person", "internal"]
# internal = holds customer figures: never where outsiders can read;
# person = harmless for its reader
TextStyle = Literal["body", "strong", "quote", "note", "heading"]
ButtonStyle = Literal["plain", "primary", "danger"]


@dataclass(frozen=True)
class Text:
    """A paragraph; `quote` is somebody's own words, `note` is small print."""

    text: str
    style: TextStyle = "body"


@dataclass(frozen=True)
class Facts:
    """Label and value, a line each."""

    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """Rows under headings, each as long as `columns`; `numeric` are right-aligned column
    indexes.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()


@dataclass(frozen=True)
class Point:
    """One place on a chart: a score with its likely range and how many were heard."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None


@dataclass(frozen=True)
class Chart:
    """Data to be drawn; `alt` says in words what the picture shows (no names of persons)."""

    kind: Literal["trend", "distribution", "bars", "coverage"]
    series: tuple[Point, ...]
    alt: str


@dataclass(frozen=True)
class Scale:
    """A row of numbers to choose from; a click is `action` with value `{value}:{number}`.

    `value` is the invitation's token where a contact answers; `name` is for screen readers.
    """

    action: str
    value: str
    low: int
    high: int
    low_label: str
    high_label: str
    name: str


@dataclass(frozen=True)
class Button:
    """Something to press: `action` routes, `value` carries an id, `confirm` asks once more."""

    label: str
    action: str
    value: str
    style: ButtonStyle = "plain"
    confirm: str | None = None
    opens_form: bool = False


# Before the action of a button: its card stands beside the message, for who pressed alone. A
# digest, or a notice that others read, must not turn into what one of them looks at.
BESIDE = "beside:"


def beside(button: Button) -> Button:
    """Gives a button whose card leaves the message as it is."""
    return replace(button, action=f"{BESIDE}{button.action}")


@dataclass(frozen=True)
class Menu:
    """Buttons folded behind one label (`More`)."""

    label: str
    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class Link:
    """A button that opens an address; `token_path` (`/s/{token}`) is made absolute by bot.

    In a mail a `primary` one is a button, a `plain` one a link in the text.
    """

    label: str
    url: str | None = None
    token_path: str | None = None
    style: Literal["plain", "primary"] = "plain"


@dataclass(frozen=True)
class Buttons:
    """A row of things to press."""

    buttons: tuple[Button | Menu | Link, ...]


@dataclass(frozen=True)
class Progress:
    """How much of something is done: `done` of `total`."""

    label: str
    done: int
    total: int


Element = Text | Facts | Table | Chart | Scale | Buttons | Progress


@dataclass(frozen=True)
class Card:
    """One message. `status` stands beside the title, `foot` is the small print at the end.

    `push` is what a lock screen may show (no comment, ever); without it the title is shown.
    """

    title: str
    body: tuple[Element, ...] = ()
    tone: Tone = "neutral"
    audience: Audience = "internal"
    status: str | None = None
    foot: str | None = None
    push: str | None = None


InputKind = Literal[
    "text",
    "long_text",
    "number",
    "date",
    "time",
    "choice",
    "choices",
    "yes_no",
    "members",
    "accounts",
]


@dataclass(frozen=True)
class Choice:
    """One thing to choose."""

    value: str
    label: str
    hint: str | None = None


@dataclass(frozen=True)
class Input:
    """A field of a form. `value` is what stands in it at first (`values` for `choices`)."""

    kind: InputKind
    name: str
    label: str
    required: bool = True
    value: str | None = None
    values: tuple[str, ...] = ()
    options: tuple[Choice, ...] = ()
    hint: str | None = None
    max_length: int | None = None


@dataclass(frozen=True)
class Form:
    """Questions to a member or contact; its Submission carries `action` and `value`."""

    title: str
    inputs: tuple[Input, ...]
    action: str
    value: str
    submit_label: str
    intro: tuple[Element, ...] = ()


@dataclass(frozen=True)
class FormErrors:
    """What is wrong, by the name of the input; the form stays open."""

    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Whisper:
    """A card for the eyes of the person who acted; it replaces no message."""

    card: Card


Reply = Card | Form | FormErrors | Whisper | None


def whisper(sentence: str) -> Whisper:
    """Gives a sentence for the eyes of the person who acted."""
    return Whisper(Card(title=sentence, audience="person"))


def plain_text(card: Card) -> str:
    """Gives the text for notifications and screen readers: never a comment, never buttons."""
    return card.push or (f"{card.title} · {card.status}" if card.status else card.title)


def to_json(part: Any) -> Any:
    """Gives a card, form or element as JSON data; its class name is its `type`."""
    if is_dataclass(part) and not isinstance(part, type):
        data: dict[str, Any] = {"type": type(part).__name__.lower()}
        for spec in fields(part):
            data[spec.name] = to_json(getattr(part, spec.name))
        return data
    if isinstance(part, Mapping):
        return {key: to_json(value) for key, value in part.items()}
    if isinstance(part, (list, tuple)):
        return [to_json(value) for value in part]
    return part


_CLASSES: dict[str, type] = {
    cls.__name__.lower(): cls
    for cls in (
        Text, Facts, Table, Point, Chart, Scale, Button, Menu, Link, Buttons, Progress, Card,
        Choice, Input, Form, FormErrors, Whisper,
    )
}  # fmt: skip


def from_json(data: Any) -> Any:
    """Gives back what `to_json` was given; raises KeyError for an unknown `type`."""
    if isinstance(data, dict) and "type" in data:
        cls = _CLASSES[data["type"]]
        return cls(**{key: from_json(value) for key, value in data.items() if key != "type"})
    if isinstance(data, dict):
        return {key: from_json(value) for key, value in data.items()}
    if isinstance(data, list):
        return tuple(from_json(value) for value in data)
    return data
