"""Shows a running wave to its planner: one card, edited in place while the numbers change."""

import hashlib

import structlog

from handlers import alerts
from handlers.alerts import Outgoing
from handlers.chat import ChatError, Message
from handlers.context import Context, Job
from handlers.places.editing import ref_of
from handlers.waves import recipients
from handlers.waves.cards import Standing, standing, wave_card
from storage import alerts as outbox
from storage import members, waves
from storage.alerts import Added
from storage.db import Session
from storage.models import Alert, Wave

log = structlog.get_logger()

SUBJECT = "wave"
PART = "progress"
ALERT = "wave_progress"


async def tell_start(ctx: Context, session: Session, wave: Wave) -> Added:
    """Asks for the card that the planner watches, in the transaction that starts the wave."""
    return await _tell(ctx, session, wave, f"wave:{wave.id}:progress")


async def tell_first_batch(ctx: Context, wave_id: int) -> None:
    """Tells the planner that the first messages are out; a new card, for an edit tells nobody."""
    async with ctx.db.session() as session:
        wave = await waves.by_id(session, wave_id)
        if wave is None:
            return
        alert = await _tell(ctx, session, wave, f"wave:{wave_id}:first_batch")
    await ctx.soon(alerts.job_of(alert), None)


async def build(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Builds the alert `wave_progress`: the wave's card for its planner."""
    if alert.wave_id is None:
        return None
    async with ctx.db.reading() as session:
        planner = await members.by_id(session, alert.member_id)
    fallback = ctx.programme.fallback_place
    if planner is not None:
        steps = await recipients.of_member(ctx, planner)
    else:
        steps = ((fallback,),) if fallback else ()
    if not steps:
        return None
    t = recipients.texts_of(ctx, planner)
    at = await standing(ctx, alert.wave_id)
    card = wave_card(at, t, recipients.zone(ctx, planner))
    message = Message(card, f"alert:{alert.id}", t.language)
    direct = recipients.direct(ctx, planner) if planner else ()
    return [
        Outgoing(
            message,
            steps,
            direct,
            subject=SUBJECT,
            subject_id=alert.wave_id,
            part=PART,
            member_id=alert.member_id,
        )
    ]


async def due(ctx: Context) -> list[Job]:
    """Gives a job for every wave whose card would read differently now.

    The numbers are part of the job's id: what was shown once is not drawn again.
    """
    async with ctx.db.reading() as session:
        running = await waves.watched(session, SUBJECT, ctx.now())
    jobs = []
    for wave_id in running:
        mark = _mark(await standing(ctx, wave_id))
        jobs.append(Job("progress", (wave_id, mark), f"{SUBJECT}:{wave_id}"))
    return jobs


async def refresh(ctx: Context, wave_id: int, _mark: str = "") -> None:
    """Edits all cards of a wave to what is true now: the engine's job `progress`."""
    async with ctx.db.reading() as session:
        postings = await outbox.postings(session, SUBJECT, wave_id, PART)
        people = {row.member_id: await members.by_id(session, row.member_id) for row in postings}
    if not postings:
        return
    at = await standing(ctx, wave_id)
    for row in postings:
        member = people[row.member_id]
        t = recipients.texts_of(ctx, member)
        card = wave_card(at, t, recipients.zone(ctx, member))
        try:
            await ctx.chat.update(ref_of(row), card, row.language)
        except ChatError as error:
            # The next change of the numbers tries again; the wave itself does not depend on it.
            log.warning("progress card not edited", posting=row.id, reason=error.reason)


async def _tell(ctx: Context, session: Session, wave: Wave, key: str) -> Added:
    return await alerts.add(
        session,
        key=key,
        what=ALERT,
        due_at=ctx.now(),
        wave_id=wave.id,
        member_id=wave.planned_by,
        detail={"partition": f"{SUBJECT}:{wave.id}"},
    )


def _mark(at: Standing) -> str:
    shown = f"{at.wave.state} {at.wave.first_batch_until} {tuple(at.counts)}"
    return hashlib.sha256(shown.encode()).hexdigest()[:16]
