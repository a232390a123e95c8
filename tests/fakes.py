"""Fakes for the outermost edge: a chat that remembers what was posted, and a clock that
tests set.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from handlers.cards import Card
from handlers.chat import (
    Called,
    ChatError,
    Message,
    MessageRef,
    OutsidersCanRead,
    Place,
    TryLater,
)
from handlers.context import Job


@dataclass
class Posted:
    """One message as it stands now, with all cards it has shown."""

    place: Place
    message: Message
    ref: MessageRef
    cards: list[Card]

    @property
    def card(self) -> Card:
        return self.cards[-1]


@dataclass
class FakeChat:
    """Remembers messages; `refuse[place]` holds errors to raise, one a call; `shared` places have
    outsiders.
    """

    posted: list[Posted] = field(default_factory=list)
    refuse: dict[Place, list[ChatError]] = field(default_factory=dict)
    shared: set[Place] = field(default_factory=set)
    silent: set[Place] = field(default_factory=set)  # nobody tells who reads there
    names: dict[Place, Called | None] = field(default_factory=dict)  # else it is called as it is

    async def send(self, place: Place, message: Message) -> MessageRef:
        self._raise_if_told(place)
        if message.card.audience == "internal" and place in self.shared:
            raise OutsidersCanRead(f"{place} is shared")
        thread = message.reply_to.id if message.reply_to else None
        ref = MessageRef(place, str(len(self.posted) + 1), thread)
        self.posted.append(Posted(place, message, ref, [message.card]))
        return ref

    async def update(self, ref: MessageRef, card: Card, language: str) -> None:
        self._raise_if_told(ref.place)
        if card.audience == "internal" and ref.place in self.shared:
            raise OutsidersCanRead(f"{ref.place} is shared")
        for posted in self.posted:
            if posted.ref.id == ref.id and posted.ref.place == ref.place:
                posted.cards.append(card)
                return
        raise AssertionError(f"{ref} was never posted")

    async def outsiders(self, place: Place) -> bool:
        if place in self.silent:
            raise TryLater("who reads there is not known", 1)
        return place in self.shared

    async def called(self, place: Place) -> Called | None:
        return self.names.get(place, Called(place))

    def at(self, place: Place) -> list[Posted]:
        return [posted for posted in self.posted if posted.place == place]

    def _raise_if_told(self, place: Place) -> None:
        if self.refuse.get(place):
            raise self.refuse[place].pop(0)


@dataclass
class FakeClock:
    """The time as the test sets it. Starts on Tuesday 24 November 2026, 13:20 in Copenhagen."""

    at: datetime = datetime(2026, 11, 24, 12, 20, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **delta: float) -> datetime:
        self.at += timedelta(**delta)
        return self.at


@dataclass
class FakeEngine:
    """Remembers what was asked of the engine: `jobs` holds (job, at)."""

    jobs: list[tuple[Job, datetime | None]] = field(default_factory=list)

    async def soon(self, job: Job, at: datetime | None = None) -> None:
        self.jobs.append((job, at))

    def take(self) -> list[Job]:
        jobs = [job for job, _at in self.jobs]
        self.jobs.clear()
        return jobs


async def no_pace(channel: str) -> None:
    """A pace that never waits."""
