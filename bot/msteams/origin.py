"""Where an act came from, and what a dialog carries: signed, as it goes through people's hands."""

import hashlib
import hmac
import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.cards import Form, from_json, to_json
from handlers.chat import MessageRef, Person, Place
from storage.models import Member

CARRIED = "state"


@dataclass(frozen=True)
class Asker:
    """Who acts, and the language to speak with them.

    `maybe` are the members it could be, when the organisation's addresses fit several.
    """

    person: Person
    language: str
    known: bool  # one of our members
    maybe: tuple[Member, ...] = ()


@dataclass(frozen=True)
class Origin:
    """A place, perhaps a message there, and the thread of a channel it belongs to."""

    place: Place
    message_id: str | None = None
    thread: str | None = None

    @property
    def message(self) -> MessageRef | None:
        """The message that a card replaces."""
        if self.message_id is None:
            return None
        thread = self.thread if self.thread != self.message_id else None
        return MessageRef(self.place, self.message_id, thread)


def pack(secret: str, origin: Origin, form: Form) -> dict[str, Any]:
    """Gives what a dialog carries: where it was opened, and itself, to be drawn with errors."""
    where = [origin.place, origin.message_id, origin.thread]
    text = json.dumps([where, to_json(form)], separators=(",", ":"))
    packed = urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()
    return {CARRIED: f"{packed}.{_sign(secret, packed)}"}


def unpack(secret: str, carried: Mapping[str, Any]) -> tuple[Origin, Form] | None:
    """Gives back what `pack` was given; None when it is not ours."""
    packed, _, signature = str(carried.get(CARRIED) or "").rpartition(".")
    if not packed or not (packed.isascii() and signature.isascii()):
        return None
    if not hmac.compare_digest(_sign(secret, packed), signature):
        return None
    try:
        where, form = json.loads(zlib.decompress(urlsafe_b64decode(packed)))
        return Origin(*where), from_json(form)
    except (ValueError, KeyError, TypeError, zlib.error):  # another version's dialog
        return None


def _sign(secret: str, packed: str) -> str:
    return hmac.new(f"teams:{secret}".encode(), packed.encode(), hashlib.sha256).hexdigest()[:32]
