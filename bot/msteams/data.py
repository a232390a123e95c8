"""What stands behind a drawn button or form, and how it is read when it comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.msteams import limits
from bot.msteams.words import plain
from handlers.cards import Choice

OURS = "npsbot"  # the key of our part in what comes back; what was typed stands beside it
TEAMS = "msteams"
FETCH = {TEAMS: {"type": "task/fetch"}}  # opens a dialog instead of sending a message
Inputs = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Pressed:
    """A button or a number of a scale."""

    action: str
    value: str


@dataclass(frozen=True)
class Filled:
    """A form sent in; `origin` is what its drawing was given."""

    form: str
    value: str
    origin: Mapping[str, Any]
    inputs: Inputs = field(default_factory=dict)


def click_data(action: str, value: str, opens_form: bool = False) -> dict[str, Any]:
    """Gives what a button sends."""
    data: dict[str, Any] = {OURS: {"action": action, "value": value}}
    return data | FETCH if opens_form else data


def form_data(
    form: str, value: str, origin: Mapping[str, Any] | None, many: Sequence[str]
) -> dict[str, Any]:
    """Gives what a form sends besides its inputs; `many` names those with several values."""
    ours: dict[str, Any] = {"form": form, "value": value}
    if origin:
        ours["origin"] = dict(origin)
    if many:
        ours["many"] = list(many)
    return {OURS: ours}


def read_data(value: Any) -> Pressed | Filled | None:
    """Gives what was pressed or sent in, from an activity's `value`; None when it is not ours."""
    data = value.get("data", value) if isinstance(value, Mapping) else None
    ours = data.get(OURS) if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(ours, Mapping):
        return None
    action, form, carried = ours.get("action"), ours.get("form"), ours.get("value")
    if not isinstance(carried, str):
        return None
    if isinstance(action, str):
        return Pressed(action, carried)
    if not isinstance(form, str):
        return None
    many, origin = ours.get("many"), ours.get("origin")
    several = {name for name in many if isinstance(name, str)} if isinstance(many, list) else set()
    inputs = {
        name: split(typed) if name in several else typed
        for name, typed in data.items()
        if name not in (OURS, TEAMS) and isinstance(name, str) and isinstance(typed, str)
    }
    return Filled(form, carried, origin if isinstance(origin, Mapping) else {}, inputs)


def coded(value: str) -> str:
    """Gives a value that may stand in a list: Teams joins chosen values by commas."""
    return value.replace("%", "%25").replace(",", "%2C")


def join(values: Sequence[str]) -> str:
    """Gives several chosen values as Teams writes them."""
    return ",".join(coded(value) for value in values)


def split(typed: str) -> tuple[str, ...]:
    """Gives the values that `join` was given."""
    return tuple(
        value.replace("%2C", ",").replace("%25", "%") for value in typed.split(",") if value
    )


def draw_choices(choices: Sequence[Choice], kind: str) -> dict[str, Any]:
    """Gives the body that answers a search of a type-ahead of `kind`."""
    return {
        "type": "application/vnd.microsoft.search.searchResponse",
        "value": {
            "results": [
                {
                    "value": coded(choice.value) if kind in SEVERAL else choice.value,
                    "title": plain(choice.label, limits.CHOICE),
                }
                for choice in choices[: limits.TYPE_AHEAD_CHOICES]
            ]
        },
    }


SEVERAL = ("choices", "accounts")  # the kinds of input that take several values
