"""What every handler is given: the rules, the database, the way to speak, and the time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from handlers.chat import Chat
from handlers.settings import Programme
from storage.db import Database


class Refused(Exception):
    """What a person asked for can't be done; the message says why and what to do."""


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


Soon = Callable[[Job, datetime | None], Awaitable[None]]


@dataclass(frozen=True)
class Context:
    """Made once by bot/app.py.

    `soon(job, at)` asks the engine at once, or at a time, after the commit that made the work due
    (a lost call costs one tick of the clock, nothing more). `pace(channel)` waits until the channel
    may take one more message of a wave. `run` names this execution in claims.
    """

    programme: Programme
    db: Database
    chat: Chat
    now: Callable[[], datetime]
    soon: Soon
    pace: Callable[[str], Awaitable[None]]
    secret: str
    run: str = "direct"
