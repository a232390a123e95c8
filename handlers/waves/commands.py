"""What people type and press about waves: each checks the right, finds the wave and acts."""

from collections.abc import Awaitable, Callable
from datetime import date
from difflib import get_close_matches

from handlers import rights
from handlers.cards import Card, FormErrors, Reply, Whisper
from handlers.chat import Click, Command, Submission, row_id
from handlers.context import Context, NotAllowed, Refused
from handlers.waves import approving, forms, recipients, steering, trial
from handlers.waves.cards import list_card, standing, wave_card
from handlers.waves.preview import left_out_card, missing_privacy, preview_card
from handlers.wording import one_of
from storage import waves
from storage.models import Member, Wave, WaveState

_LISTED = 12
_Act = Callable[[Context, int, Member | None], Awaitable[Card]]


async def new(ctx: Context, _event: Command, me: Member) -> Reply:
    """`/nps wave new`: the form."""
    _refuse_others(ctx, me)
    _refuse_without_privacy(ctx, me)
    return await forms.wave_form(ctx, me, None)


async def show_list(ctx: Context, _event: Command, me: Member) -> Reply:
    """`/nps wave list`: the latest waves."""
    _refuse_others(ctx, me)
    return await latest_card(ctx, me)


async def latest_card(ctx: Context, me: Member | None) -> Card:
    """Gives the latest waves with their numbers; also for the command line."""
    async with ctx.db.reading() as session:
        rows = [
            (wave, await waves.counts(session, wave.id))
            for wave in await waves.latest(session, _LISTED)
        ]
    return list_card(rows, recipients.texts_of(ctx, me), ctx.now(), recipients.zone(ctx, me))


async def show(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps wave show NAME`: how one wave stands."""
    _refuse_others(ctx, me)
    wave = await named(ctx, event.text, me)
    return await shown_card(ctx, wave.id, me)


async def shown_card(ctx: Context, wave_id: int, me: Member | None) -> Card:
    """Gives the card of a wave; also for the command line."""
    at = await standing(ctx, wave_id)
    return wave_card(at, recipients.texts_of(ctx, me), recipients.zone(ctx, me))


async def preview(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps wave preview NAME`: who would be asked, and the buttons of a draft."""
    _refuse_others(ctx, me)
    return await preview_card(ctx, await named(ctx, event.text, me, WaveState.DRAFT), me)


async def test(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps wave test`: the prompt to oneself."""
    _refuse_others(ctx, me)
    return await trial.send_trial(ctx, event, me)


async def pause(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps wave pause NAME`."""
    return await _steer(ctx, event, me, steering.pause)


async def resume(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps wave resume NAME`."""
    return await _steer(ctx, event, me, steering.resume)


async def stop(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps wave stop NAME`."""
    return await _steer(ctx, event, me, steering.stop)


async def named(ctx: Context, typed: str, me: Member | None, meant: str | None = None) -> Wave:
    """Gives the wave somebody means; without a name the one running wave, or the one in a state.

    Raises Refused with the nearest names.
    """
    t = recipients.texts_of(ctx, me)
    name = typed.strip().strip("\"'“”")
    async with ctx.db.reading() as session:
        if not name:
            states = (meant,) if meant else (*waves.RUNNING, WaveState.APPROVED)
            running = await waves.in_states(session, states)
            if len(running) == 1:
                return running[0]
            offered = [wave.name for wave in running] or list(await waves.names(session))
            if not offered:
                raise Refused(t("wave.none"))
            raise Refused(t("wave.which", names=one_of(offered[:_LISTED], t)))
        found = await waves.by_name(session, name)
        if found is not None and not found.is_test:
            return found
        every = list(await waves.names(session))
        begun = [each for each in every if each.lower().startswith(name.lower())]
        if len(begun) == 1:
            only = await waves.by_name(session, begun[0])
            if only is not None:
                return only
    near = begun or get_close_matches(name, every, 3, 0.4)
    if not near:
        raise Refused(t("wave.unknown", typed=name))
    raise Refused(t("wave.nearest", typed=name, names=one_of(near[:3], t)))


async def press_form(ctx: Context, event: Click, me: Member) -> Reply:
    """The buttons "Plan a wave" and "Change": the form, empty or with what was filled in."""
    _refuse_others(ctx, me)
    _refuse_without_privacy(ctx, me)
    if event.value == forms.NEW:
        return await forms.wave_form(ctx, me, None)
    wave = await approving.draft(ctx, _id(ctx, event.value, me), me)
    return await forms.wave_form(ctx, me, wave)


async def press_preview(ctx: Context, event: Click, me: Member) -> Reply:
    """The button "Preview" of a draft."""
    _refuse_others(ctx, me)
    return await preview_card(ctx, await approving.draft(ctx, _id(ctx, event.value, me), me), me)


async def press_confirm(ctx: Context, event: Click, me: Member) -> Reply:
    """The button "Confirm and send"."""
    _refuse_others(ctx, me)
    return await approving.confirm(ctx, _id(ctx, event.value, me), me)


async def press_later(ctx: Context, event: Click, me: Member) -> Reply:
    """The button "Start on 1 December instead": then those who nearly rested may be asked."""
    _refuse_others(ctx, me)
    wave_id, _, written = event.value.partition(":")
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise Refused(recipients.texts_of(ctx, me)("wave.gone")) from None
    return await approving.start_on(ctx, _id(ctx, wave_id, me), day, me)


async def press_discard(ctx: Context, event: Click, me: Member) -> Reply:
    """The button "Discard" of a draft."""
    _refuse_others(ctx, me)
    t = recipients.texts_of(ctx, me)
    wave = await approving.draft(ctx, _id(ctx, event.value, me), me)
    async with ctx.db.session() as session:
        gone = await waves.discard(session, wave.id)
    if not gone:
        raise Refused(t("wave.gone"))
    return Card(t("wave.discarded", name=wave.name), audience="person")


async def press_left_out(ctx: Context, event: Click, me: Member) -> Reply:
    """The button "See all" of those left out; the card comes beside the preview."""
    _refuse_others(ctx, me)
    wave = await approving.draft(ctx, _id(ctx, event.value, me), me)
    return Whisper(await left_out_card(ctx, wave, me))


async def press_pause(ctx: Context, event: Click, me: Member) -> Reply:
    """The button "Pause"."""
    _refuse_others(ctx, me)
    return await steering.pause(ctx, _id(ctx, event.value, me), me)


async def press_resume(ctx: Context, event: Click, me: Member) -> Reply:
    """The button "Go on"."""
    _refuse_others(ctx, me)
    return await steering.resume(ctx, _id(ctx, event.value, me), me)


async def press_stop(ctx: Context, event: Click, me: Member) -> Reply:
    """The button "Stop"."""
    _refuse_others(ctx, me)
    return await steering.stop(ctx, _id(ctx, event.value, me), me)


async def press_doubts(ctx: Context, event: Click, me: Member) -> Reply:
    """The button "Show those in doubt"; the card comes beside the wave's."""
    _refuse_others(ctx, me)
    return Whisper(await steering.doubts_card(ctx, _id(ctx, event.value, me), me))


async def press_arrived(ctx: Context, event: Click, me: Member) -> Reply:
    """The button "It arrived" of a message in doubt."""
    _refuse_others(ctx, me)
    return await steering.settle_doubt(ctx, _id(ctx, event.value, me), me, again=False)


async def press_again(ctx: Context, event: Click, me: Member) -> Reply:
    """The button "Send again" of a message in doubt."""
    _refuse_others(ctx, me)
    return await steering.settle_doubt(ctx, _id(ctx, event.value, me), me, again=True)


async def submit(ctx: Context, event: Submission, me: Member) -> Reply:
    """The filled-in form: stores the draft and shows its preview."""
    _refuse_others(ctx, me)
    wave_id = None if event.value == forms.NEW else _id(ctx, event.value, me)
    values = await forms.read(ctx, event, me, wave_id)
    if isinstance(values, FormErrors):
        return values
    now = ctx.now()
    async with ctx.db.session() as session:
        if wave_id is None:
            wave = await waves.add(session, Wave(planned_by=me.id, created_at=now, **values))
            wave_id = wave.id
        else:
            await waves.change(session, wave_id, **values)
    return await preview_card(ctx, await approving.draft(ctx, wave_id, me), me)


async def _steer(ctx: Context, event: Command, me: Member, act: _Act) -> Reply:
    _refuse_others(ctx, me)
    return await act(ctx, (await named(ctx, event.text, me)).id, me)


def _refuse_others(ctx: Context, me: Member) -> None:
    if not rights.leads_waves(me):
        raise NotAllowed(recipients.texts_of(ctx, me)("wave.leaders_only"))


def _refuse_without_privacy(ctx: Context, me: Member) -> None:
    if not ctx.programme.privacy.complete:
        t = recipients.texts_of(ctx, me)
        raise Refused(t("wave.privacy_missing", keys=missing_privacy(ctx)))


def _id(ctx: Context, value: str, me: Member) -> int:
    wave_id = row_id(value)
    if not wave_id:
        raise Refused(recipients.texts_of(ctx, me)("wave.gone"))
    return wave_id


CLICKS: dict[str, Callable[[Context, Click, Member], Awaitable[Reply]]] = {
    "wave_form": press_form,
    "wave_preview": press_preview,
    "wave_confirm": press_confirm,
    "wave_later": press_later,
    "wave_left_out": press_left_out,
    "wave_discard": press_discard,
    "wave_pause": press_pause,
    "wave_resume": press_resume,
    "wave_stop": press_stop,
    "wave_doubts": press_doubts,
    "wave_doubt_arrived": press_arrived,
    "wave_doubt_again": press_again,
}
