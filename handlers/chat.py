"""What passes between channels and handlers: who did what where, and the way to speak elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from handlers.cards import Card

# A place is `slack:C…`, `slack:U…` (direct), `teams:CONVERSATION`, `teams-user:AAD`, `mail:ADDRESS`
# or
# `console:NAME`, split at the first colon. Only the adapter of its platform takes the rest apart.
Place = str

_ID_DIGITS = 9  # below 2**31, the largest id of a PostgreSQL integer column


@dataclass(frozen=True)
class Person:
    """Who acts, as the platform tells it: matched to a member by platform id, then by e-mail.

    `outside` = a guest, or of another organisation: whoever they once were, no member now.
    """

    platform: Literal["slack", "teams", "console", "mail"]
    id: str
    email: str | None = None
    name: str | None = None
    outside: bool = False

    @property
    def place(self) -> Place:
        """The place of this person's direct messages."""
        return f"{'teams-user' if self.platform == 'teams' else self.platform}:{self.id}"


@dataclass(frozen=True)
class MessageRef:
    """A message that stands somewhere; `thread` is the id of the message it answers."""

    place: Place
    id: str
    thread: str | None = None


@dataclass(frozen=True)
class Command:
    """`/nps …`: `text` is what stands behind the command word.

    `answered_directly` = the platform shows the reply in the asker's own chat, not in `place`.
    """

    person: Person
    place: Place
    text: str
    answered_directly: bool = False


@dataclass(frozen=True)
class Click:
    """A button or scale pressed. `message` is None where the clicked message can't be
    edited later.
    """

    person: Person
    place: Place
    action: str
    value: str
    message: MessageRef | None = None


@dataclass(frozen=True)
class Submission:
    """A form sent in. `inputs` holds strings, or tuples for `choices`; "" means not given.

    `origin` is the message whose button opened the form; the card returned replaces it. `key` tells
    one sending from another: the same for a repetition by the platform, "" where there are none.
    """

    person: Person
    place: Place
    action: str
    value: str
    inputs: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    origin: MessageRef | None = None
    key: str = ""

    def text(self, name: str) -> str:
        """Gives one input as stripped text, "" when not given."""
        value = self.inputs.get(name, "")
        return value.strip() if isinstance(value, str) else ", ".join(value)

    def chosen(self, name: str) -> tuple[str, ...]:
        """Gives the values of a `choices` input."""
        value = self.inputs.get(name, ())
        return ((value,) if value else ()) if isinstance(value, str) else tuple(value)


@dataclass(frozen=True)
class Remark:
    """What somebody wrote in the thread of a message of ours, or picked out to be kept.

    `top` is the message that the thread hangs under; a picked message may stand in none.
    """

    person: Person
    place: Place
    message: MessageRef
    top: MessageRef | None
    text: str
    picked: bool = False


@dataclass(frozen=True)
class Lookup:
    """Type-ahead of `members` and `accounts` inputs; `chosen` values come first, with names."""

    person: Person
    kind: Literal["members", "accounts"]
    typed: str
    chosen: tuple[str, ...] = ()


NoticeKind = Literal[
    "home_opened",
    "place_closed",
    "place_shared",
    "readers_changed",
    "place_renamed",
    "place_opened",
    "installed",
    "removed",
    "revoked",
    "member_left",
]


@dataclass(frozen=True)
class Notice:
    """Something happened on a platform that nobody typed."""

    kind: NoticeKind
    place: Place
    person: Person | None = None
    name: str | None = None  # as the platform calls the place now


@dataclass(frozen=True)
class Called:
    """What people call a place, and the team it belongs to."""

    name: str
    team: str | None = None


@dataclass(frozen=True)
class Message:
    """A card to send. `key` is our id (`invitation:7`, `alert:17`); it travels with the message."""

    card: Card
    key: str
    language: str
    subject: str | None = None
    reply_to: MessageRef | None = None
    unsubscribe: str | None = None  # the contact's token; only bot makes an address of it
    sender: "Sender | None" = None
    also_in_channel: bool = False  # a reply in a thread that the channel shall see too
    mention: Place | None = None  # whom to call by name: a member's direct place
    doubted: "Doubted | None" = None


@dataclass(frozen=True)
class Doubted:
    """The message was sent before and the answer lost: it may stand since `at`.

    Where the platform shows what stands, it is looked for; else the card goes with `note`.
    """

    at: datetime
    note: str


@dataclass(frozen=True)
class Sender:
    """In whose name a mail goes out, and where its replies go."""

    name: str
    address: str | None


def row_id(value: str) -> int:
    """Gives the id in a button's value or a form's input; 0, which no row has, for anything else.

    What comes from a platform may be forged: a number that no id column holds is not an id.
    """
    is_number = value.isascii() and value.isdigit() and len(value) <= _ID_DIGITS
    return int(value) if is_number else 0


class ChatError(Exception):
    """A message was not posted; the subclass says what to do about it.

    `mend` is the key below [mend] of the text that tells a person what to do.
    """

    def __init__(self, reason: str, mend: str = "later") -> None:
        super().__init__(reason)
        self.reason = reason
        self.mend = mend


class TryLater(ChatError):
    """Refused before it was accepted (429, SMTP 4xx, connection refused): nothing went out."""

    def __init__(self, reason: str, seconds: float = 30.0) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Unreachable(ChatError):
    """Will not work by waiting: unknown address, not in channel, archived, token revoked."""

    def __init__(self, reason: str, bounced: bool = False, mend: str = "other") -> None:
        super().__init__(reason, mend)
        self.bounced = bounced  # the address itself is refused


class InDoubt(ChatError):
    """The data was handed over, the answer was lost: it may have gone out."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "doubt")


class OutsidersCanRead(ChatError):
    """An internal card was refused because people from outside can read this place."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "outsiders")


class Chat(Protocol):
    """The way out. Each call goes to the adapter that knows the place's platform."""

    async def send(self, place: Place, message: Message) -> MessageRef:
        """Posts a message; raises TryLater, Unreachable, InDoubt or OutsidersCanRead."""
        ...

    async def update(self, ref: MessageRef, card: Card, language: str) -> None:
        """Edits a message in place; raises the same errors as `send`."""
        ...

    async def outsiders(self, place: Place) -> bool:
        """Tells whether people from outside can read this place.

        Raises TryLater or Unreachable where the platform does not tell: it counts as yes.
        """
        ...

    async def called(self, place: Place) -> Called | None:
        """Gives what people call a place; None for direct messages, and where nobody tells."""
        ...
