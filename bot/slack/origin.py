"""Where a request came from, so that its reply takes the right place; a form carries it along."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from handlers.chat import MessageRef, Person, Place


@dataclass(frozen=True)
class Asker:
    """Who acts, and the language to speak with them."""

    person: Person
    language: str
    known: bool  # one of our members


@dataclass(frozen=True)
class Origin:
    """A message, an ephemeral reply, the home tab, a page in a modal, or only a channel."""

    place: Place
    ts: str | None = None
    thread: str | None = None
    url: str | None = None  # response_url: 30 minutes, five uses
    ephemeral: bool = False  # the clicked message is seen by one person and edited through `url`
    view: str | None = None  # a page in a modal
    home: bool = False

    @property
    def message(self) -> MessageRef | None:
        """The message that a card replaces, where it can be edited later."""
        if self.ts is None or self.ephemeral:
            return None
        return MessageRef(self.place, self.ts, self.thread)


def pack(origin: Origin, action: str = "", value: str = "") -> str:
    """Gives a view's private_metadata."""
    kept = {key: item for key, item in asdict(origin).items() if item}
    return json.dumps({"action": action, "value": value, "origin": kept}, separators=(",", ":"))


def unpack(metadata: str) -> tuple[str, str, Origin] | None:
    """Gives action, value and origin; None when the view is not ours."""
    try:
        data: dict[str, Any] = json.loads(metadata)
        return str(data["action"]), str(data["value"]), Origin(**data["origin"])
    except (ValueError, KeyError, TypeError):
        return None
