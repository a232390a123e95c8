"""The outbox: brings every alert to its place, again and elsewhere until somebody has it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from handlers.chat import (
    Message,
    MessageRef,
    Place,
)
from handlers.context import Context, Job
from storage import alerts
from storage.db import Session
from storage.models import Alert

log = structlog.get_logger()

_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=30)
_BUSY_PAUSE = timedelta(seconds=1)


@dataclass(frozen=True)
class Outgoing:
    """A message and where it may go: every place of the first step that takes it.

    `steps` are tried in order. `direct` are the direct messages of the person it is for: an internal
    card goes there, with the reason, when outsiders can read a place. `threads` holds what the message
    answers, by place. With a `subject` the message is remembered, so that it can be edited later.
    """

    message: Message
    steps: tuple[tuple[Place, ...], ...]
    direct: tuple[Place, ...] = ()
    threads: Mapping[Place, MessageRef] = field(default_factory=dict)
    subject: str | None = None
    subject_id: int | None = None
    part: str = "card"
    response_id: int | None = None
    member_id: int | None = None


Builder = Callable[[Context, Alert], Awaitable[list[Outgoing] | None]]

# What an alert says, by its `what`: None = there is nothing to say any more.
BUILDERS: dict[str, Builder] = {}


async def add(session: Session, *, key: str, what: str, due_at: datetime, **ids: Any) -> Alert:
    """Asks for an alert; a key that was asked for before gives that row, unchanged.

    `ids` are `case_id`, `response_id`, `wave_id`, `member_id`, `account_id` and `detail`.
    """
    rows = await alerts.add_many(session, [{"key": key, "what": what, "due_at": due_at, **ids}])
    return rows[0]


def job(alert_id: int, attempts: int, place: str | None = None) -> Job:
    """Gives the engine's job of an alert; every new attempt has its own number."""
    return Job("alert", (alert_id, attempts), place)


def job_of(alert: Alert) -> Job:
    """Gives the job of an alert as it stands."""
    return job(alert.id, alert.attempts, alert.detail.get("partition"))


async def due(ctx: Context) -> list[Job]:
    """Gives the jobs of all alerts due now; what a dead process left half done is among them."""
    now = ctx.now()
    async with ctx.db.session() as session:
        await alerts.free_stuck(session, now)
        return [job_of(alert) for alert in await alerts.due(session, now)]
