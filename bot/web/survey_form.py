"""What a survey page sent: read within its size, and turned into an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qs

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from handlers.answers import Answer
from handlers.surveys import OTHER_REPLIES, SCORE

MAX_BYTES = 64 * 1024
_MAX_FIELDS = 200
TEXTS = ("comment", "role_answer", "idea", "contact_wish", "phone", "when")
CHECKS = ("to_manager", "quote_me")
# The fields of each screen; a later screen's fields may come with an earlier one.
SCREENS: dict[str, tuple[str, ...]] = {
    "1": ("score",),
    "2": ("satisfaction", "comment", "reasons", "role_answer", "idea"),
    "3": ("contact_wish", "phone", "when", "to_manager", "quote_me"),
}
FIELDS = tuple(name for names in SCREENS.values() for name in names)
END = "end"


class TooLarge(Exception):
    """More than the page takes."""


@dataclass(frozen=True)
class Sent:
    """The fields of one POST."""

    fields: Mapping[str, Sequence[str]]

    def one(self, name: str) -> str | None:
        """Gives the first value of a field, None when it was not sent."""
        values = self.fields.get(name)
        return values[0] if values else None

    def all(self, name: str) -> tuple[str, ...]:
        """Gives all values of a field that are not empty."""
        return tuple(value for value in self.fields.get(name, ()) if value)

    def has(self, name: str) -> bool:
        """Tells whether a field was sent, or was an unticked box of the screen."""
        return name in self.fields or name in self.fields.get("asks", ())

    @cached_property
    def screen(self) -> str:
        """The screen these fields come from: the one named, else the last with a field here."""
        named = self.one("step")
        if named in SCREENS:
            return str(named)
        for step in reversed(SCREENS):
            if not self.fields.keys().isdisjoint(SCREENS[step]):
                return step
        return "1"

    @cached_property
    def next_screen(self) -> str:
        """The screen that follows."""
        steps = [*SCREENS, END]
        return steps[steps.index(self.screen) + 1]


async def read(request: web.Request) -> Sent:
    """Reads the body; raises TooLarge over 64 kB. Broken letters are replaced, not refused."""
    if (request.content_length or 0) > MAX_BYTES:
        raise TooLarge
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request)
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_BYTES:
            raise TooLarge
    try:
        found = parse_qs(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS
        )
    except ValueError:
        raise TooLarge from None
    return _sent(found)


def answer_of(sent: Sent, invitation_id: int) -> Answer:
    """Gives the answer as it was sent, right or wrong; what was not sent is None."""
    reply, score = _reply(sent.one("score"))
    satisfaction = sent.one("satisfaction")
    finished = sent.next_screen == END
    return Answer(
        invitation_id,
        reply=reply,
        score=score,
        satisfaction=(_number(satisfaction) or 0) if satisfaction else None,
        reasons=sent.all("reasons") if sent.has("reasons") else None,
        to_manager=_ticked(sent, "to_manager"),
        quote_me=_ticked(sent, "quote_me"),
        finished=finished,
        left=sent.one("left") is not None,
        comment=sent.one("comment"),
        role_answer=sent.one("role_answer"),
        idea=sent.one("idea"),
        contact_wish=sent.one("contact_wish") or None,
        phone=sent.one("phone"),
        when=sent.one("when"),
    )


async def _read_multipart(request: web.Request) -> Sent:
    if request.content_length is None:
        raise TooLarge  # of unknown size
    try:
        posted = await request.post()
    except (HttpProcessingError, ValueError, AssertionError):
        return Sent({})
    fields: dict[str, list[str]] = {}
    for name, value in posted.items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
    return _sent(fields)


def _sent(fields: dict[str, list[str]]) -> Sent:
    # Boxes that share a name carry brackets in HTML; the field is `reasons`.
    boxes = fields.pop("reasons[]", None)
    return Sent({**fields, "reasons": fields.get("reasons", []) + boxes} if boxes else fields)


def _reply(text: str | None) -> tuple[str | None, int | None]:
    """Gives reply and score; what is no whole number is a score without one: refused later."""
    if text is None:
        return None, None
    text = text.strip()
    if text in OTHER_REPLIES:
        return text, None
    return SCORE, _number(text)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None


def _ticked(sent: Sent, name: str) -> bool | None:
    if not sent.has(name):
        return None
    return (sent.one(name) or "").lower() in ("1", "on", "yes", "true")
