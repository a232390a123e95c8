"""Sends the prompts and reminders of a wave: each claimed alone, sent once, and recorded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypedDict

import structlog

from handlers import calendars, surveys
from handlers.chat import ChatError, InDoubt, Message, MessageRef, Place, TryLater, Unreachable
from handlers.context import Context, Job
from handlers.waves import immediate, planning, progress
from handlers.waves.audience import channels
from storage import doubts, sending, waves
from storage.models import Invitation, InvitationStatus, Reminder, Survey, Wave, WaveState
from storage.sending import Claimed, Halt, Sendable

log = structlog.get_logger()

# A batch holds what its channel may send in this time, so that others get their turn (Engine).
BATCH_SECONDS = 10
# After so many refusals in a row the channel itself is in trouble, not one address.
_REFUSALS = 3
_SHORTEST_WAIT_SECONDS = 30.0
# A reminder this near to the close would come too late to be answered.
_BEFORE_CLOSE = timedelta(hours=12)


@dataclass(frozen=True)
class _Outcome:
    """What became of a message: what to record, and how long a refusing channel wants quiet."""

    values: dict[str, Any]
    bounced: bool = False
    wait: timedelta | None = None


async def due(ctx: Context) -> list[Job]:
    """Starts and goes on with waves whose time has come; gives the batches that have work now."""
    await planning.start_due(ctx)
    now = ctx.now()
    async with ctx.db.reading() as session:
        released = await waves.to_release(session, now)
        lost = await doubts.has_lost(session, now)
    for wave in released:
        await release(ctx, wave.id)
    if lost:
        async with ctx.db.session() as session:
            await doubts.lose(session, now)
    async with ctx.db.reading() as session:
        batches = await sending.due_batches(session, channels(ctx.programme), now)
    return [Job("batch", batch) for batch in batches]


async def send_batch(ctx: Context, wave_id: int, channel: str, number: int) -> None:
    """Sends what is due of a wave on a channel, up to ten seconds' worth: the engine's job `batch`.

    A pause or a stop takes effect between two messages. When more is due, the next batch follows.
    """
    limit = max(1, int(ctx.programme.per_second(channel) * BATCH_SECONDS))
    now = ctx.now()
    async with ctx.db.session() as session:
        wave = await sending.begin_batch(session, wave_id, channel, number, ctx.run)
        if wave is None or wave.state != WaveState.SENDING:
            return
        await sending.drop_needless_reminders(session, wave_id, now)
        work: list[tuple[Sendable, int]] = []
        for model in (Invitation, Reminder):
            left = limit - len(work)
            ids = await sending.due_ids(session, model, wave_id, channel, now, left)
            work += [(model, row_id) for row_id in ids]
    if await _send_all(ctx, wave, channel, work) and len(work) == limit:
        await ctx.soon(Job("batch", (wave_id, channel, number + 1)), None)


async def send_now(
    ctx: Context,
    survey_kind: str,
    account_keys: Sequence[str],
    name: str | None = None,
    respect_hours: bool = False,
) -> int:
    """Plans a wave to these accounts (none = all) and lets it go out at once; gives its id.

    Without `respect_hours` neither sending hours nor the pause after the first messages hold.
    Raises Refused, with what to do, when the wave can't be planned.
    """
    wave = await immediate.new_wave(ctx, survey_kind, account_keys, name, respect_hours)
    await planning.plan(ctx, wave)
    return wave.id


class SendCounts(TypedDict):
    """What became of a wave's invitations, under the names that the command line prints."""

    planned: int
    skipped: dict[str, int]
    sent: int
    doubt: int
    failed: int


async def counts(ctx: Context, wave_id: int) -> SendCounts:
    """Gives `planned`, `skipped` by reason, `sent`, `doubt` and `failed` (bounces among them)."""
    async with ctx.db.reading() as session:
        found = await waves.counts(session, wave_id)
        skipped = await waves.skipped(session, wave_id)
    return {
        "planned": found.to_send + found.cancelled,
        "skipped": dict(sorted(skipped.items())),
        "sent": found.delivered,
        "doubt": found.doubt,
        "failed": found.failed + found.bounced,
    }


async def unfinished(ctx: Context, wave_id: int) -> bool:
    """Tells whether anything of a wave is still on its way out; a paused wave rests."""
    async with ctx.db.reading() as session:
        wave = await waves.by_id(session, wave_id)
        found = await waves.counts(session, wave_id)
    return wave is not None and wave.state == WaveState.SENDING and found.left > 0


async def release(ctx: Context, wave_id: int) -> bool:
    """Goes on after the first messages; False when the wave does not wait for that any more."""
    async with ctx.db.session() as session:
        return await waves.move(
            session,
            wave_id,
            (WaveState.PAUSED,),
            WaveState.SENDING,
            first_batch_until=None,
            first_batch_released=True,
        )


async def _send_all(
    ctx: Context, wave: Wave, channel: str, work: Sequence[tuple[Sendable, int]]
) -> bool:
    """Sends one after the other; False when the batch had to stop before its end."""
    refused = 0
    for model, row_id in work:
        await ctx.pace(channel)
        async with ctx.db.session() as session:
            claimed = await sending.claim(session, model, row_id, ctx.run, ctx.now())
        if isinstance(claimed, Halt):
            if claimed.first_batch_done:
                await _hold(ctx, wave.id)
            return False
        if claimed is None:
            continue
        outcome = await _send(ctx, claimed, channel)
        await _record(ctx, wave, claimed, outcome)
        refused = refused + 1 if outcome.wait is not None else 0
        if outcome.wait is not None and refused >= _REFUSALS:
            log.warning("channel refuses, the wave waits", wave=wave.id, channel=channel)
            now = ctx.now()
            async with ctx.db.session() as session:
                await sending.postpone(session, wave.id, channel, now, now + outcome.wait)
            return False
    return True


async def _send(ctx: Context, claimed: Claimed, channel: str) -> _Outcome:
    now = ctx.now()
    try:
        message = _message(ctx, claimed)
    except Exception:
        # Nothing went out; the next contacts may be fine.
        log.exception("prompt not built", invitation=claimed.invitation.id)
        return _Outcome({"status": InvitationStatus.FAILED, "reason": "a fault, see the log"})
    place = _place(claimed, channel)
    if place is None:
        return _Outcome({"status": InvitationStatus.FAILED, "reason": "no address any more"})
    try:
        ref = await ctx.chat.send(place, message)
    except TryLater as error:
        wait = timedelta(seconds=max(_SHORTEST_WAIT_SECONDS, error.seconds))
        return _Outcome(_planned_again(channel, now + wait, error), wait=wait)
    except InDoubt as error:
        return _Outcome({"status": InvitationStatus.DOUBT, "reason": error.reason})
    except Unreachable as error:
        if channel != "mail" and claimed.contact.email and "mail" in channels(ctx.programme):
            return _Outcome(_planned_again("mail", now, error))
        bounced = error.bounced
        status = InvitationStatus.BOUNCED if bounced else InvitationStatus.FAILED
        return _Outcome({"status": status, "reason": error.reason}, bounced=bounced)
    except ChatError as error:
        return _Outcome({"status": InvitationStatus.FAILED, "reason": error.reason})
    except Exception:
        # It may have gone out before the fault: a second survey is worse than a missing one.
        log.exception("sending failed", invitation=claimed.invitation.id)
        return _Outcome({"status": InvitationStatus.DOUBT, "reason": "a fault, see the log"})
    return _Outcome(_sent(claimed, ref, now))


async def _record(ctx: Context, wave: Wave, claimed: Claimed, outcome: _Outcome) -> None:
    async with ctx.db.session() as session:
        ours = await sending.record(session, claimed, ctx.run, **outcome.values)
        if not ours:
            log.warning("outcome came too late", invitation=claimed.invitation.id)
            return
        if outcome.bounced:
            await sending.mark_bouncing(session, claimed.contact.id)
        if outcome.values["status"] == InvitationStatus.SENT and claimed.reminder is None:
            send_at = _reminder_at(ctx, wave, claimed)
            if send_at is not None:
                channel = str(outcome.values.get("channel", claimed.invitation.channel))
                await sending.plan_reminder(session, claimed.invitation.id, channel, send_at)


def _reminder_at(ctx: Context, wave: Wave, claimed: Claimed) -> datetime | None:
    """Gives when to ask once more, in the contact's hours; None when not, or too near the close."""
    if not wave.reminder_after_days or wave.is_test:
        return None
    contact, account = claimed.contact, claimed.account
    calendar = calendars.sending_calendar(
        ctx.programme,
        contact.timezone,
        contact.country or account.country,
        planning.sending_days(wave, ctx.programme),
        planning.sending_hours(wave, ctx.programme),
    )
    # The same time on the wall: a change of the clock in between moves nothing.
    local = ctx.now().astimezone(calendar.zone) + timedelta(days=wave.reminder_after_days)
    at = calendars.next_working_moment(local, calendar)
    if wave.closes_at is not None and at > wave.closes_at - _BEFORE_CLOSE:
        return None
    return at


def _message(ctx: Context, claimed: Claimed) -> Message:
    number = claimed.reminder.number if claimed.reminder else 0
    kind = claimed.invitation.kind
    message = surveys.prompt_message(
        ctx,
        claimed.invitation,
        claimed.contact,
        claimed.account,
        claimed.owner,
        claimed.survey or Survey(name=kind, kind=kind),
        reminder_number=number,
        done_since=claimed.done_since,
    )
    what = "reminder" if claimed.reminder else "invitation"
    return replace(message, key=f"{what}:{claimed.row.id}")


def _place(claimed: Claimed, channel: str) -> Place | None:
    contact = claimed.contact
    if channel == "teams":
        return f"teams-user:{contact.teams_id}" if contact.teams_id else None
    address = contact.slack_id if channel == "slack" else contact.email
    return f"{channel}:{address}" if address else None


def _sent(claimed: Claimed, ref: MessageRef, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"status": InvitationStatus.SENT, "reason": None, "sent_at": now}
    if claimed.reminder is None:
        values |= {"message_place": ref.place, "message_id": ref.id}
    return values


def _planned_again(channel: str, send_at: datetime, error: ChatError) -> dict[str, Any]:
    return {
        "status": InvitationStatus.PLANNED,
        "channel": channel,
        "send_at": send_at,
        "reason": error.reason,
        "claimed_by": None,
        "claimed_at": None,
    }


async def _hold(ctx: Context, wave_id: int) -> None:
    """Pauses a large wave after its first messages, and asks the planner to look at them."""
    until = ctx.now() + timedelta(minutes=ctx.programme.first_batch_pause_minutes)
    async with ctx.db.session() as session:
        held = await waves.move(
            session, wave_id, (WaveState.SENDING,), WaveState.PAUSED, first_batch_until=until
        )
    if held:
        log.info("first messages are out", wave=wave_id)
        await progress.tell_first_batch(ctx, wave_id)
