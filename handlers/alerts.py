"""The outbox: brings every alert to its place, again and elsewhere until somebody has it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from handlers import texts
from handlers.cards import Card, Text
from handlers.chat import (
    ChatError,
    Doubted,
    InDoubt,
    Message,
    MessageRef,
    OutsidersCanRead,
    Place,
    TryLater,
    Unreachable,
)
from handlers.context import Context, Job
from storage import alerts, places
from storage.alerts import Added
from storage.db import Session
from storage.models import Alert, AlertStatus

log = structlog.get_logger()

_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=30)
_BUSY_PAUSE = timedelta(seconds=1)
# From this attempt on (about ten minutes of pauses) a place that says "later" counts as closed.
_PATIENCE = 6


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


async def deliver(
    ctx: Context, builders: Mapping[str, Builder], alert_id: int, attempt: int
) -> None:
    """Brings one alert to its places: the engine's job `alert`. What fails is tried again later."""
    now = ctx.now()
    async with ctx.db.quick_session() as session:
        alert = await alerts.claim(session, alert_id, ctx.run, now)
        if alert is None:
            await alerts.take_back(session, alert_id, job(alert_id, attempt).id, ctx.run)
            alert = await alerts.claim(session, alert_id, ctx.run, now)
        waiting = None
        if alert is None:
            waiting = await alerts.wait(session, alert_id, now + _BUSY_PAUSE)
    if alert is None:
        if waiting is not None:
            await ctx.soon(job_of(waiting), waiting.due_at)
        return
    try:
        status = await _say(ctx, builders[alert.what], alert)
    except ChatError as error:
        await _try_again(ctx, alert, error.reason, _pause(alert, error))
    except Exception:
        log.exception("alert failed", alert=alert_id, what=alert.what)
        await _try_again(ctx, alert, "a fault in the program, see the log", _pause(alert, None))
    else:
        if alert.status != status:
            async with ctx.db.quick_session() as session:
                await alerts.finish(session, alert_id, status, ctx.now())


async def _say(ctx: Context, build: Builder, alert: Alert) -> AlertStatus:
    outgoing = await build(ctx, alert)
    if outgoing is None:
        return AlertStatus.CANCELLED
    for part in outgoing:
        await _send(ctx, alert, part, alone=len(outgoing) == 1)
    return AlertStatus.SENT


async def _send(ctx: Context, alert: Alert, part: Outgoing, alone: bool) -> None:
    """Sends to all places of the first step that takes it; raises when none does, or to wait."""
    problems: list[tuple[Place, ChatError]] = []
    silent: list[tuple[Place, ChatError]] = []
    for step in part.steps:
        reached, later = False, None
        places = dict.fromkeys(step)
        for place in places:
            try:
                await _post(ctx, alert, part, place, ends=alone and len(places) == 1)
                reached = True
            except OutsidersCanRead as error:
                reached = await _post_directly(ctx, alert, part) or reached
                problems.append((place, error))
            except Unreachable as error:
                # Direct messages are tried on every platform a person may be on: no news.
                (silent if place in part.direct else problems).append((place, error))
            except ChatError as error:
                if isinstance(error, InDoubt):
                    await _note_doubt(ctx, alert, f"{part.message.key}@{place}")
                if alert.attempts >= _PATIENCE:
                    problems.append((place, error))
                else:
                    later = error
        if problems:
            await tell_cx(ctx, problems, alert)
        if later is not None:
            raise later  # the places that have it are remembered and not sent to again
        if reached:
            return
    # A platform that nobody set up is no news, unless it is the only one.
    tried = sorted([*problems, *silent], key=lambda each: each[1].mend == "not_set_up")
    if tried and alert.case_id is not None:
        await _tell_of_nobody(ctx, alert, *tried[0])
    raise Unreachable(tried[0][1].reason if tried else "nobody has a place for this")


async def _post(
    ctx: Context, alert: Alert, part: Outgoing, place: Place, *, ends: bool = False
) -> None:
    """Sends to one place and remembers it; with `ends` all is said with that."""
    mark = f"{part.message.key}@{place}"
    if mark in alert.detail.get("sent_to", ()):
        return
    message = replace(
        part.message,
        card=part.draw(place) if part.draw is not None else part.message.card,
        reply_to=part.threads.get(place, part.message.reply_to),
        mention=_mention(part, place),
    )
    doubted = alert.detail.get("doubts", {}).get(mark, alert.detail.get("cut_off"))
    if doubted is not None:
        note = texts.of(message.language)("alert.perhaps_twice")
        message = replace(message, doubted=Doubted(datetime.fromisoformat(doubted), note))
    name = part.parts.get(place, part.part)
    try:
        ref = await ctx.chat.send(place, message)
    except Unreachable as error:
        if message.reply_to is None or error.mend != "message_gone":
            raise
        # What it answers was deleted: then it stands by itself, as where nothing stood before.
        alone, name = replace(message, card=part.message.card, reply_to=None), part.part
        ref = await ctx.chat.send(place, alone)
    posting = None
    # Also what nobody edits: should outsiders come to read the place, it must be emptied.
    once = part.subject is None and message.card.audience == "internal"
    if part.subject is not None or once:
        posting = {
            "subject": part.subject or "alert",
            "subject_id": part.subject_id or alert.id,
            "part": "once" if once else name,
            "response_id": part.response_id,
            "member_id": part.member_id,
            "reason": part.reasons.get(place),
            "place": ref.place,
            "message_id": ref.id,
            "thread_id": ref.thread,
            "language": message.language,
            "moved": False,
            "posted_at": ctx.now(),
        }
    alert.detail = {**alert.detail, "sent_to": [*alert.detail.get("sent_to", ()), mark]}
    async with ctx.db.quick_session() as session:
        await alerts.note_sent(session, alert, posting)
        if ends:
            await alerts.finish(session, alert.id, AlertStatus.SENT, ctx.now())
    if ends:
        alert.status = AlertStatus.SENT


async def _post_directly(ctx: Context, alert: Alert, part: Outgoing) -> bool:
    """Sends a card, with the reason, to the person's direct messages; gives whether one took it."""
    t = texts.of(part.message.language)
    card = with_note(part.message.card, t("alert.outsiders"))
    message = replace(part.message, card=card, reply_to=None)
    reason = next(iter(part.reasons.values()), None)
    reasons = dict.fromkeys(part.direct, reason) if reason else {}
    own = replace(
        part, message=message, threads={}, draw=None, parts={}, reasons=reasons, mentions=()
    )
    for place in part.direct:
        try:
            await _post(ctx, alert, own, place)
        except (Unreachable, OutsidersCanRead):
            continue
        except InDoubt:
            await _note_doubt(ctx, alert, f"{message.key}@{place}")
            raise
        return True
    return False


def platform_of(place: Place) -> str:
    """Gives the platform of a place: slack, teams, console or mail."""
    return place.partition(":")[0].removesuffix("-user")


def _mention(part: Outgoing, place: Place) -> Place | None:
    same = (each for each in part.mentions if platform_of(each) == platform_of(place))
    found = next(same, None)
    return None if found == place else found


def with_note(card: Card, note: str) -> Card:
    """Gives the card with a line of small print above the rest."""
    return replace(card, body=(Text(note, "note"), *card.body))


def noted(out: Outgoing, note: str) -> Outgoing:
    """Gives the message with a line of small print above it, whatever card a place gets."""
    card = with_note(out.message.card, note)
    drawn = out.draw
    own = None if drawn is None else lambda place: with_note(drawn(place), note)
    return replace(out, message=replace(out.message, card=card), draw=own)


async def _note_doubt(ctx: Context, alert: Alert, mark: str) -> None:
    """Keeps that a message may stand: whoever sends it again looks first, and says so."""
    doubts = {mark: ctx.now().isoformat(), **alert.detail.get("doubts", {})}
    async with ctx.db.session() as session:
        await alerts.note(session, alert.id, {"doubts": doubts})
    alert.detail = {**alert.detail, "doubts": doubts}


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


async def _tell_of_nobody(ctx: Context, alert: Alert, place: Place, error: ChatError) -> None:
    """Tells the CX leads of a message that no place took: they can open what it is about."""
    detail = {
        "place": place, "reason": error.reason, "mend": error.mend, "partition": "cx",
        "case": alert.case_id,
    }  # fmt: skip
    key, now = f"undelivered:nobody:{alert.id}", ctx.now()
    async with ctx.db.session() as session:
        told = await add(
            session,
            key=key,
            what="undelivered",
            due_at=now,
            account_id=alert.account_id,
            detail=detail,
        )
    if told.status == AlertStatus.PENDING:
        await ctx.soon(job_of(told), None)


async def _try_again(ctx: Context, alert: Alert, reason: str, pause: timedelta) -> None:
    log.warning("alert waits", alert=alert.id, what=alert.what, reason=reason)
    async with ctx.db.session() as session:
        waiting = await alerts.put_back(session, alert.id, ctx.now() + pause, reason)
    await ctx.soon(job_of(waiting), waiting.due_at)


def _pause(alert: Alert, error: ChatError | None) -> timedelta:
    growing: timedelta = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(alert.attempts, 10))
    if isinstance(error, TryLater) and alert.attempts == 0:
        return timedelta(seconds=max(1.0, error.seconds))
    return growing
