"""Brings an alert to its places, again and elsewhere until somebody has it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from handlers import texts
from handlers.alerts import (
    Builder,
    Outgoing,
    job,
    job_of,
    platform_of,
    tell_cx,
    tell_of_no_reader,
    tell_of_nobody,
    with_note,
)
from handlers.cases import redraw
from handlers.chat import (
    ChatError,
    Doubted,
    InDoubt,
    OutsidersCanRead,
    Place,
    TryLater,
    Unreachable,
)
from handlers.context import Context
from storage import alerts
from storage.models import Alert, AlertStatus

log = structlog.get_logger()

_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=30)
_BUSY_PAUSE = timedelta(seconds=1)
# From this attempt on (about ten minutes of pauses) a place that says "later" counts as closed.
_PATIENCE = 6


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
        await tell_of_nobody(ctx, alert, *tried[0])
    if not part.steps and alert.case_id is not None:
        await tell_of_no_reader(ctx, alert)
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
        moved = await alerts.note_sent(session, alert, posting)
        if moved is not None:  # it may stand where it must not be read any more
            late = redraw.row(moved, f"late:{alert.id}:{ref.id}", ctx.now())
            await alerts.add_many(session, [late])
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


def _mention(part: Outgoing, place: Place) -> Place | None:
    same = (each for each in part.mentions if platform_of(each) == platform_of(place))
    found = next(same, None)
    return None if found == place else found


async def _note_doubt(ctx: Context, alert: Alert, mark: str) -> None:
    """Keeps that a message may stand: whoever sends it again looks first, and says so."""
    doubts = {mark: ctx.now().isoformat(), **alert.detail.get("doubts", {})}
    async with ctx.db.session() as session:
        await alerts.note(session, alert.id, {"doubts": doubts})
    alert.detail = {**alert.detail, "doubts": doubts}


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
