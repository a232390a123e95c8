"""Steers a wave: pause, go on, stop, and what to do about messages in doubt."""

import structlog

from handlers.cards import Button, Buttons, Card, Element, Text
from handlers.context import Context, Refused
from handlers.texts import Texts
from handlers.waves import progress
from handlers.waves.cards import standing, wave_card
from handlers.waves.recipients import texts_of, zone
from handlers.wording import moment
from storage import doubts, waves
from storage.models import Act, Contact, Invitation, Member, Wave, WaveState

log = structlog.get_logger()

_RUNNING = (WaveState.SENDING, WaveState.PAUSED)
_STOPPABLE = (WaveState.APPROVED, *_RUNNING)


async def pause(ctx: Context, wave_id: int, me: Member | None) -> Card:
    """Holds a sending wave between two messages; reminders wait too. Gives its card."""
    return await _steer(ctx, wave_id, me, "pause", _RUNNING, WaveState.PAUSED)


async def resume(ctx: Context, wave_id: int, me: Member | None) -> Card:
    """Goes on with a paused wave, also before the pause after the first messages is over."""
    return await _steer(ctx, wave_id, me, "resume", _RUNNING, WaveState.SENDING)


async def stop(ctx: Context, wave_id: int, me: Member | None) -> Card:
    """Ends the sending for good: what has not gone out is cancelled, answers still count."""
    return await _steer(ctx, wave_id, me, "stop", _STOPPABLE, WaveState.STOPPED)


async def doubts_card(ctx: Context, wave_id: int, me: Member) -> Card:
    """Gives the messages of which we don't know whether they arrived, with what can be done."""
    t = texts_of(ctx, me)
    async with ctx.db.reading() as session:
        rows = await doubts.in_doubt(session, wave_id)
        wave = await waves.by_id(session, wave_id)
    if wave is None or not rows:
        raise Refused(t("wave.no_doubts"))
    body: list[Element] = [Text(t("wave.doubts_intro"))]
    for invitation, contact, account in rows:
        when = moment(invitation.claimed_at or ctx.now(), ctx.now(), zone(ctx, me), t)
        who = t("wave.doubt_line", name=contact.name, account=account.name, when=when)
        body += [Text(who), Buttons(_doubt_buttons(invitation, contact, wave, t))]
    return Card(t("wave.doubts_title", name=wave.name), tuple(body), tone="warning")


async def settle_doubt(ctx: Context, invitation_id: int, me: Member, again: bool) -> Card:
    """Notes a CX lead's word about a doubtful message: it arrived, or it goes out again."""
    t = texts_of(ctx, me)
    settle = doubts.send_again if again else doubts.believe_sent
    async with ctx.db.session() as session:
        found = await settle(session, invitation_id, ctx.now())
    if found is None or found.wave_id is None:
        raise Refused(t("wave.doubt_gone"))
    log.info("doubt settled", invitation=invitation_id, again=again, member=me.id)
    await progress.refresh(ctx, found.wave_id)
    at_wave = await standing(ctx, found.wave_id)
    if at_wave.counts.doubt:
        return await doubts_card(ctx, found.wave_id, me)
    return wave_card(at_wave, t, zone(ctx, me))


async def _steer(
    ctx: Context,
    wave_id: int,
    me: Member | None,
    act: str,
    come_from: tuple[WaveState, ...],
    to: WaveState,
) -> Card:
    t = texts_of(ctx, me)
    async with ctx.db.session() as session:
        changed = await waves.steer(session, wave_id, come_from, to)
        if changed and to == WaveState.STOPPED:
            await waves.cancel_planned(session, wave_id, "stopped")
        elif await waves.by_id(session, wave_id) is None:
            raise Refused(t("wave.gone"))
    at = await standing(ctx, wave_id)
    if not changed:
        raise Refused(t(f"wave.cannot.{act}", name=at.wave.name, state=_state(at.wave, t)))
    ctx.note(Act.CHANGED, "wave", wave_id)
    log.info("wave steered", wave=wave_id, act=act, member=me.id if me else None)
    await progress.refresh(ctx, wave_id)
    return wave_card(at, t, zone(ctx, me))


def _state(wave: Wave, t: Texts) -> str:
    return t(f"wave.state.{wave.state}")


def _doubt_buttons(
    invitation: Invitation, contact: Contact, wave: Wave, t: Texts
) -> tuple[Button, ...]:
    value = str(invitation.id)
    arrived = Button(t("wave.button.arrived"), "wave_doubt_arrived", value)
    if wave.state not in _RUNNING:
        return (arrived,)
    sure = t("wave.confirm.again", name=contact.name)
    return (arrived, Button(t("wave.button.again"), "wave_doubt_again", value, confirm=sure))
