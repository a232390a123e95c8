"""The lines of a group's card about critics won back: by their word, and by their next score."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from handlers import wording
from handlers.context import Context, Job
from handlers.measures.recovery import Share, share
from handlers.measures.window import span_until
from handlers.texts import Texts
from storage import letters, recovery
from storage.answers import kinds_counted
from storage.db import Session
from storage.letters import Outcomes
from storage.measures import Span
from storage.recovery import Again
from storage.scopes import Part

KIND = "relationship"
# A critic of the year before may answer again in this one.
_YEARS = 2
# From so many answers on, the programme's second figure is counted once a day, by the clock.
_MANY = 20_000
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Recovery:
    """What customers said who were asked, and critics who answered again."""

    said: Outcomes
    again: Again


async def recovery_of(
    session: Session,
    ctx: Context,
    part: Part,
    kept_answers: Collection[int],
    kept_cases: Collection[int],
) -> Recovery:
    """Gives both figures of a part; what is kept from whoever asks does not exist for them."""
    span = _span(ctx, 1)
    said = await letters.outcomes(session, span.start, span.end, part, kept_cases)
    known = await recovery.stored(session) if part == Part() else None
    again = known or await _again(session, ctx, part, kept_answers)
    return Recovery(said, again)


def recovery_lines(found: Recovery, t: Texts) -> list[tuple[str, str]]:
    """Gives label and value of each figure that has somebody behind it, with its likely range."""
    lines = []
    said, again = found.said, found.again
    heard = said.yes + said.partly + said.no
    settled = share(said.yes, said.asked)
    if settled is not None:
        told = t("recovery.said", yes=said.yes, asked=said.asked, heard=heard, **_shown(settled, t))
        lines.append((t("recovery.said_label"), told))
    better = share(again.better, again.again)
    if better is not None:
        told = t(
            "recovery.again",
            better=again.better,
            again=again.again,
            critics=again.critics,
            **_shown(better, t),
        )
        lines.append((t("recovery.again_label"), told))
    elif again.critics:
        lines.append((t("recovery.again_label"), t("recovery.none_again", critics=again.critics)))
    return lines


async def due(ctx: Context, many: int = _MANY) -> list[Job]:
    """Counts the critics of a programme of `many` answers who answered again, once a day."""
    now = ctx.now()
    async with ctx.db.reading() as session:
        looked = await recovery.stored_at(session)
        if looked is not None and now - looked < _DAY:
            return []
        large = await recovery.is_large(session, many)
        counted = await _again(session, ctx, Part(), ()) if large else None
    async with ctx.db.session() as session:
        await recovery.store(session, counted, now)
    return []


async def _again(session: Session, ctx: Context, part: Part, without: Collection[int]) -> Again:
    since = _span(ctx, _YEARS).start
    kinds = kinds_counted(KIND)
    return await recovery.critics_again(session, part, KIND, kinds, since, ctx.now(), without)


def _span(ctx: Context, windows: int) -> Span:
    zone = ZoneInfo(ctx.programme.timezone)
    today = ctx.now().astimezone(zone).date()
    return span_until(today, windows * ctx.programme.window_months, zone)


def _shown(found: Share, t: Texts) -> dict[str, str]:
    figures = {"share": found.percent, "low": found.low, "high": found.high}
    return {name: wording.percent(value, t) for name, value in figures.items()}
