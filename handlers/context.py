"""What every handler is given: the rules, the database, the way to speak, and the time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from handlers.chat import Chat
from handlers.settings import Programme
from storage.db import Database
from storage.models import Act


class Refused(Exception):
    """What a person asked for can't be done; the message says why and what to do."""


class NotAllowed(Refused):
    """What a person asked for is not theirs to see or do; the audit log keeps that they tried."""

    def __init__(self, sentence: str, subject: str = "command", subject_id: int | None = None):
        super().__init__(sentence)
        self.subject = subject
        self.subject_id = subject_id


@dataclass(frozen=True)
class Job:
    """Work for the engine: `name` finds the handler in jobs.py, `args` are ids only.

    Name and args make the durable id, so asking twice runs once; work that may run again
    carries a count.
    """

    name: str
    args: tuple[int | str, ...]
    place: str | None = None  # partitions alerts, so that no channel gets more than one a second

    @property
    def id(self) -> str:
        """The durable id, such as `alert:17:0`."""
        return ":".join([self.name, *map(str, self.args)])


class Note(Protocol):
    """Keeps for the audit log what was seen, changed or sent; ids only."""

    def __call__(self, act: Act, subject: str, subject_id: int | None = None) -> None:
        """Takes one act."""


def _unwatched(act: Act, subject: str, subject_id: int | None = None) -> None:
    """Work that nobody asked for at this moment is kept by what it writes itself."""


Soon = Callable[[Job, datetime | None], Awaitable[None]]


@dataclass(frozen=True)
class Context:
    """Made once by bot/app.py.

    `soon(job, at)` asks the engine at once, or at a time, after the commit that made the work due
    (a lost call costs one tick of the clock, nothing more). `pace(channel)` waits until the channel
    may take one more message of a wave. `run` names this execution in claims. `note` takes what a
    handler shows or does for the audit log.
    """

    programme: Programme
    db: Database
    chat: Chat
    now: Callable[[], datetime]
    soon: Soon
    pace: Callable[[str], Awaitable[None]]
    secret: str
    run: str = "direct"
    note: Note = _unwatched
