"""The card of a wave: how the sending and the answering go, with the buttons its state allows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.calendars import last_day
from handlers.cards import Button, Buttons, Card, Element, Facts, Progress, Table, Text, Tone
from handlers.context import Context
from handlers.texts import Texts
from handlers.waves.audience import SKIP_REASONS
from handlers.wording import long_day, moment, percent, short_day
from storage import waves
from storage.models import Wave, WaveState
from storage.waves import Counts

_TONES: dict[str, Tone] = {WaveState.PAUSED: "attention", WaveState.CLOSED: "good"}


@dataclass(frozen=True)
class Standing:
    """A wave as it stands at a moment: what its card shows."""

    wave: Wave
    counts: Counts
    skipped: Mapping[str, int]
    now: datetime


async def standing(ctx: Context, wave_id: int) -> Standing:
    """Reads how a wave stands now; raises LookupError when there is no such wave."""
    async with ctx.db.reading() as session:
        wave = await waves.by_id(session, wave_id)
        if wave is None:
            raise LookupError(f"no wave {wave_id}")
        counted = await waves.counts(session, wave_id)
        skipped = await waves.skipped(session, wave_id) if counted.skipped else {}
    return Standing(wave, counted, skipped, ctx.now())


def wave_card(at: Standing, t: Texts, zone: ZoneInfo) -> Card:
    """Gives the card that shows a wave live, and at its end what became of it."""
    wave, counts = at.wave, at.counts
    body: list[Element] = []
    if wave.state == WaveState.PAUSED and wave.first_batch_until is not None:
        when = moment(wave.first_batch_until, at.now, zone, t)
        body.append(Text(t("wave.held", n=wave.first_batch, when=when), "strong"))
    if counts.to_send:
        gone = counts.sent + counts.doubt + counts.failed
        body.append(Progress(t("wave.progress.sent"), gone, counts.to_send))
        asked = counts.delivered + counts.doubt
        if asked:
            body.append(Progress(t("wave.progress.answered"), counts.answered, asked))
    body.append(Facts(_facts(at, t, zone)))
    if counts.doubt:
        body.append(Text(t.count("wave.doubt_note", counts.doubt), "note"))
    buttons = _buttons(at, t)
    if buttons:
        body.append(Buttons(buttons))
    return Card(
        title=wave.name,
        body=tuple(body),
        tone="warning" if counts.doubt else _TONES.get(wave.state, "neutral"),
        status=state_words(wave, at.now, zone, t),
        foot=t(f"wave.kind.{wave.kind}"),
        push=t(
            "wave.push", name=wave.name, sent=counts.sent + counts.doubt, answered=counts.answered
        ),
    )


def state_words(wave: Wave, now: datetime, zone: ZoneInfo, t: Texts) -> str:
    """Gives the state in words: `starts Wed 09:00`, `sending`, `paused`."""
    if wave.state == WaveState.APPROVED and wave.starts_at is not None:
        return t("wave.state.starts", when=moment(wave.starts_at, now, zone, t))
    return t(f"wave.state.{wave.state}")


def closing_day(wave: Wave, zone: ZoneInfo, t: Texts, now: datetime) -> str:
    """Gives the last day on which a wave can be answered: `16 December`."""
    if wave.closes_at is None:
        return "–"
    return long_day(last_day(wave.closes_at, zone), t, now.astimezone(zone).date())


def list_card(rows: Sequence[tuple[Wave, Counts]], t: Texts, now: datetime, zone: ZoneInfo) -> Card:
    """Gives the latest waves with their numbers."""
    if not rows:
        new = Button(t("wave.button.new"), "wave_form", "new", "primary", opens_form=True)
        return Card(t("wave.none"), (Buttons((new,)),))
    columns = tuple(
        t(f"wave.column.{name}") for name in ("name", "state", "closes", "sent", "answered")
    )
    table = [
        (
            wave.name,
            state_words(wave, now, zone, t),
            _last_day(wave, zone, t),
            str(counts.sent + counts.doubt),
            answered_words(counts, t),
        )
        for wave, counts in rows
    ]
    return Card(t("wave.list"), (Table(columns, tuple(table), numeric=(3, 4)),))


def answered_words(counts: Counts, t: Texts) -> str:
    """Gives `24 (21%)`: answers and their share of those who were reached."""
    reached = counts.delivered + counts.doubt
    return f"{counts.answered} ({share(counts.answered, reached, t)})" if reached else "–"


def share(part: int, whole: int, t: Texts) -> str:
    """Gives `21%`."""
    return percent(100 * part / whole, t) if whole else "–"


def skipped_words(skipped: Mapping[str, int], t: Texts) -> str:
    """Gives `12: 8 asked recently, 4 unsubscribed`."""
    parts = [
        f"{skipped[reason]} {t(f'wave.skip.{reason}')}"
        for reason in SKIP_REASONS
        if skipped.get(reason)
    ]
    return f"{sum(skipped.values())}: {', '.join(parts)}"


def _facts(at: Standing, t: Texts, zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    wave, counts = at.wave, at.counts
    facts = []
    if counts.to_send:
        facts = [
            (t("wave.fact.planned"), str(counts.left)),
            (t("wave.fact.sent"), str(counts.sent)),
            (t("wave.fact.delivered"), str(counts.delivered)),
            (t("wave.fact.answered"), answered_words(counts, t)),
            (t("wave.fact.failed"), str(counts.failed + counts.bounced)),
        ]
    for name in ("doubt", "cancelled", "reminded"):
        if getattr(counts, name):
            facts.append((t(f"wave.fact.{name}"), str(getattr(counts, name))))
    if at.skipped:
        facts.append((t("wave.fact.left_out"), skipped_words(at.skipped, t)))
    if wave.starts_at is not None:
        facts.append((t("wave.fact.starts"), moment(wave.starts_at, at.now, zone, t)))
    facts.append((t("wave.fact.closes"), closing_day(wave, zone, t, at.now)))
    return tuple(facts)


def _buttons(at: Standing, t: Texts) -> tuple[Button, ...]:
    value = str(at.wave.id)
    stop = Button(
        t("wave.button.stop"), "wave_stop", value, "danger", confirm=t("wave.confirm.stop")
    )
    state = at.wave.state
    buttons: tuple[Button, ...] = ()
    if state == WaveState.DRAFT:
        buttons = (Button(t("wave.button.preview"), "wave_preview", value, "primary"),)
    elif state == WaveState.APPROVED:
        buttons = (stop,)
    elif state == WaveState.SENDING:
        buttons = (Button(t("wave.button.pause"), "wave_pause", value), stop)
    elif state == WaveState.PAUSED:
        buttons = (Button(t("wave.button.resume"), "wave_resume", value, "primary"), stop)
    if at.counts.doubt:
        buttons = (*buttons, Button(t("wave.button.doubts"), "wave_doubts", value))
    return buttons


def _last_day(wave: Wave, zone: ZoneInfo, t: Texts) -> str:
    if wave.closes_at is None:
        return "–"
    return short_day(last_day(wave.closes_at, zone), t)
