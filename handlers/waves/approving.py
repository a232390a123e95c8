"""Turns a draft into a wave that goes out: by its planner, or by a second CX lead."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog

from handlers import alerts
from handlers.alerts import Outgoing
from handlers.cards import Card, Element, Text
from handlers.chat import Message
from handlers.context import Context, Refused
from handlers.waves import planning, progress, recipients
from handlers.waves.cards import standing, wave_card
from handlers.waves.preview import missing_privacy, preview_card
from storage import members, waves
from storage.models import Act, Alert, Member, MemberRole, Wave, WaveState

log = structlog.get_logger()

ALERT = "wave_approval"
_TWO = 2


async def confirm(ctx: Context, wave_id: int, me: Member) -> Card:
    """Approves a draft, so that it starts at its time; with two approvals the planner only asks.

    Raises Refused with what is missing, or what the wave is by now.
    """
    t = recipients.texts_of(ctx, me)
    wave = await draft(ctx, wave_id, me)
    if not ctx.programme.privacy.complete:
        raise Refused(t("wave.privacy_missing", keys=missing_privacy(ctx)))
    if wave.closes_at is not None and wave.closes_at <= ctx.now():
        raise Refused(t("wave.closing_past", name=wave.name))
    if ctx.programme.approvals >= _TWO and wave.planned_by == me.id:
        return await _ask_another(ctx, wave, me)
    now = ctx.now()
    async with ctx.db.session() as session:
        changed = await waves.move(
            session,
            wave_id,
            (WaveState.DRAFT,),
            WaveState.APPROVED,
            approved_by=me.id,
            starts_at=max(now, wave.starts_at or now),
        )
        alert = await progress.tell_start(ctx, session, wave) if changed else None
    if alert is None:
        raise Refused(t("wave.no_draft", name=wave.name, state=t(f"wave.state.{wave.state}")))
    ctx.note(Act.SENT, "wave", wave_id)
    log.info("wave approved", wave=wave_id, member=me.id)
    await planning.start_due(ctx)
    await ctx.soon(alerts.job_of(alert), None)
    return wave_card(await standing(ctx, wave_id), t, recipients.zone(ctx, me))


async def draft(ctx: Context, wave_id: int, me: Member) -> Wave:
    """Gives a wave that is still a draft; raises Refused with its state when it is not."""
    t = recipients.texts_of(ctx, me)
    async with ctx.db.reading() as session:
        wave = await waves.by_id(session, wave_id)
    if wave is None:
        raise Refused(t("wave.gone"))
    if wave.state != WaveState.DRAFT:
        raise Refused(t("wave.no_draft", name=wave.name, state=t(f"wave.state.{wave.state}")))
    return wave


async def start_on(ctx: Context, wave_id: int, day: date, me: Member) -> Card:
    """Moves the start of a draft to another day, the closing date with it; gives the preview."""
    wave = await draft(ctx, wave_id, me)
    zone = ZoneInfo(ctx.programme.timezone)
    old = (wave.starts_at or ctx.now()).astimezone(zone)
    starts_at = datetime.combine(day, old.time(), zone)
    closes_at = wave.closes_at
    if closes_at is not None:
        # On the wall: a change of the clock in between moves neither.
        local = closes_at.astimezone(zone)
        closes_at = datetime.combine(local.date() + (day - old.date()), local.time(), zone)
    async with ctx.db.session() as session:
        await waves.change(session, wave_id, starts_at=starts_at, closes_at=closes_at)
    return await preview_card(ctx, await draft(ctx, wave_id, me), me)


async def build(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Builds the alert `wave_approval`: the preview for a CX lead who did not plan the wave."""
    async with ctx.db.reading() as session:
        wave = await waves.by_id(session, alert.wave_id) if alert.wave_id else None
        me = await members.by_id(session, alert.member_id)
        planner = await members.by_id(session, wave.planned_by) if wave else None
    if wave is None or me is None or wave.state != WaveState.DRAFT:
        return None
    t = recipients.texts_of(ctx, me)
    card = await preview_card(ctx, wave, me)
    asks: Element = Text(t("wave.asks_approval", name=planner.name if planner else "–"), "strong")
    card = Card(card.title, (asks, *card.body), card.tone, status=card.status, foot=card.foot)
    message = Message(card, f"alert:{alert.id}", t.language)
    return [Outgoing(message, await recipients.of_member(ctx, me), recipients.direct(ctx, me))]


async def _ask_another(ctx: Context, wave: Wave, me: Member) -> Card:
    t = recipients.texts_of(ctx, me)
    asked = []
    async with ctx.db.session() as session:
        others = [
            each
            for each in await members.with_role(session, MemberRole.CX_LEAD)
            if each.id != wave.planned_by
        ]
        for other in others:
            key = f"wave:{wave.id}:approval:{other.id}"
            asked.append(
                await alerts.add(
                    session,
                    key=key,
                    what=ALERT,
                    due_at=ctx.now(),
                    wave_id=wave.id,
                    member_id=other.id,
                    detail={"partition": f"member:{other.id}"},
                )
            )
    if not others:
        raise Refused(t("wave.nobody_to_approve"))
    for alert in asked:
        await ctx.soon(alerts.job_of(alert), None)
    card = await preview_card(ctx, wave, me)
    names = ", ".join(other.name for other in others)
    note: Element = Text(t("wave.approval_asked", names=names), "strong")
    return Card(card.title, (note, *card.body), "attention", status=card.status, foot=card.foot)
