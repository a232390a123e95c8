"""The outbox: asks for messages that must reach our side, and says what one is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from handlers.cards import Card, Text
from handlers.chat import (
    ChatError,
    Message,
    MessageRef,
    Place,
)
from handlers.context import Context, Job
from storage import alerts, places
from storage.alerts import Added
from storage.db import Session
from storage.models import Alert, AlertStatus


@dataclass(frozen=True)
class Outgoing:
    """A message and where it may go: all places of the first step of which one takes it.

    `direct` are the direct messages of the person it is for: an internal card goes there, with the
    reason, when outsiders can read a place. `threads` holds, by place, the message it answers. With
    a `subject` the message is remembered, so that it can be edited later.
    """

    message: Message
    steps: tuple[tuple[Place, ...], ...]
    direct: tuple[Place, ...] = ()
    threads: Mapping[Place, MessageRef] = field(default_factory=dict)
    subject: str | None = None
    subject_id: int = 0
    part: str = "card"
    response_id: int | None = None
    member_id: int | None = None
    draw: Callable[[Place], Card] | None = None  # where a place gets another card
    parts: Mapping[Place, str] = field(default_factory=dict)  # where it is another `part`
    reasons: Mapping[Place, str] = field(default_factory=dict)  # why it stands there, kept with it
    mentions: tuple[Place, ...] = ()  # whom to call by name: that of the place's platform is taken


# Gives what an alert says now; None = there is nothing to say any more.
Builder = Callable[[Context, Alert], Awaitable[list[Outgoing] | None]]


async def add(session: Session, *, key: str, what: str, due_at: datetime, **ids: Any) -> Added:
    """Asks for an alert; a key that was asked for before gives that row, unchanged.

    `ids` are `case_id`, `response_id`, `wave_id`, `member_id`, `account_id` and `detail`.
    """
    rows = await alerts.add_many(session, [{"key": key, "what": what, "due_at": due_at, **ids}])
    return rows[0]


def job(alert_id: int, attempts: int, place: str | None = None) -> Job:
    """Gives the engine's job of an alert; every new attempt has its own number."""
    return Job("alert", (alert_id, attempts), place or "fallback")


def job_of(alert: Alert | Added) -> Job:
    """Gives the job of an alert as it stands."""
    return job(alert.id, alert.attempts, alert.detail.get("partition"))


async def due(ctx: Context) -> list[Job]:
    """Gives the jobs of all alerts due now; what a dead process left half done is among them."""
    now = ctx.now()
    async with ctx.db.reading() as session:
        stuck = await alerts.has_stuck(session, now)
    if stuck:
        async with ctx.db.session() as session:
            await alerts.free_stuck(session, now)
    async with ctx.db.reading() as session:
        return [job_of(alert) for alert in await alerts.due(session, now)]


def platform_of(place: Place) -> str:
    """Gives the platform of a place: slack, teams, console or mail."""
    return place.partition(":")[0].removesuffix("-user")


def with_note(card: Card, note: str) -> Card:
    """Gives the card with a line of small print above the rest."""
    return replace(card, body=(Text(note, "note"), *card.body))


def noted(out: Outgoing, note: str) -> Outgoing:
    """Gives the message with a line of small print above it, whatever card a place gets."""
    card = with_note(out.message.card, note)
    drawn = out.draw
    own = None if drawn is None else lambda place: with_note(drawn(place), note)
    return replace(out, message=replace(out.message, card=card), draw=own)


async def tell_cx(
    ctx: Context, problems: list[tuple[Place, ChatError]], alert: Alert | None = None
) -> None:
    """Asks for a word to the CX leads about places that took nothing, once a place and day."""
    if alert is not None and alert.what == "undelivered":
        return  # about itself it is silent: it waits and tries again
    now = ctx.now()
    async with ctx.db.session() as session:
        told = []
        for place, error in problems:
            await places.note_problem(session, place, error.reason, error.mend, now)
            detail = {"place": place, "reason": error.reason, "mend": error.mend, "partition": "cx"}
            told.append(
                await add(
                    session,
                    key=f"undelivered:{place}:{now:%Y-%m-%d}",
                    what="undelivered",
                    due_at=now,
                    account_id=alert.account_id if alert else None,
                    detail=detail,
                )
            )
    for each in told:
        if each.status == AlertStatus.PENDING:
            await ctx.soon(job_of(each), None)


async def tell_of_nobody(ctx: Context, alert: Alert, place: Place, error: ChatError) -> None:
    """Tells the CX leads of a message that no place took: they can open what it is about."""
    detail = {
        "place": place, "reason": error.reason, "mend": error.mend, "partition": "cx",
        "case": alert.case_id,
    }  # fmt: skip
    await _tell_once(ctx, alert, f"undelivered:nobody:{alert.id}", "undelivered", detail)


async def tell_of_no_reader(ctx: Context, alert: Alert) -> None:
    """Tells the administrators of a message that nobody there is may read, once."""
    detail = {"case": alert.case_id, "partition": "admins"}
    await _tell_once(ctx, alert, f"no_reader:{alert.case_id}", "no_reader", detail)


async def _tell_once(
    ctx: Context, alert: Alert, key: str, what: str, detail: dict[str, Any]
) -> None:
    async with ctx.db.session() as session:
        told = await add(
            session,
            key=key,
            what=what,
            due_at=ctx.now(),
            account_id=alert.account_id,
            detail=detail,
        )
    if told.status == AlertStatus.PENDING:
        await ctx.soon(job_of(told), None)
