"""Boards in the places bound for them: what is open, at the start of every working week."""

from datetime import date, datetime, timedelta
from typing import Any

from handlers import alerts, texts
from handlers.accounts.reader import Reader
from handlers.alerts import Outgoing
from handlers.calendars import nth_working_day, start_of_working_day
from handlers.cards import Card, Element
from handlers.cases import places, promises, times
from handlers.cases.view import zone_of
from handlers.chat import Message
from handlers.context import Context, Job
from handlers.learning import ideas
from handlers.tasks import references
from storage import alerts as outbox
from storage import sharing
from storage.db import Session
from storage.models import Alert

ALERT = "board"
# Whoever was not running in the morning posts it by the evening, not on another day.
_LATE = timedelta(hours=12)
_WEEK = timedelta(days=6)


async def due(ctx: Context) -> list[Job]:
    """Asks for the boards on the first working day of the week, once a place."""
    now = ctx.now()
    begun = _begin(ctx)
    if not begun <= now < begun + _LATE:
        return []
    rows: list[dict[str, Any]] = []
    async with ctx.db.reading() as session:
        for bound in await sharing.boards(session):
            key = f"{ALERT}:{bound.board}:{bound.place}:{begun:%G-W%V}"
            if bound.bound_at < begun and await outbox.by_key(session, key) is None:
                detail = {"board": bound.board, "place": bound.place, "partition": bound.place}
                rows.append({"key": key, "what": ALERT, "due_at": now, "detail": detail})
    if not rows:
        return []
    async with ctx.db.session() as session:
        asked = await outbox.add_many(session, rows)
    return [alerts.job_of(each) for each in asked if each.status == "pending"]


async def posted(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """A board for its place; None when nothing is open."""
    board, place = str(alert.detail["board"]), str(alert.detail["place"])
    t = texts.of(ctx.programme.language)
    reader = Reader(t, zone_of(None, ctx), ctx.now(), comments=False)
    async with ctx.db.reading() as session:
        body = await _body(session, ctx, board, reader)
        cx = await places.of_cx(session, ctx)
    if not body:
        return None
    card = Card(t(f"boards.{board}"), tuple(body), foot=t("boards.foot", board=board))
    return [
        Outgoing(
            Message(card, f"alert:{alert.id}", t.language),
            ((place,), *cx.steps),
            cx.direct,
            subject=f"{ALERT}:{board}",
        )
    ]


async def _body(session: Session, ctx: Context, board: str, reader: Reader) -> list[Element]:
    match board:
        case "ideas":
            return await ideas.open_lines(session, reader)
        case references.BOARD:
            return await references.for_all(session, reader)
    return await promises.late_or_due(session, ctx, reader.today + _WEEK, reader.t)


def _begin(ctx: Context) -> datetime:
    """When this week's first working day begins."""
    calendar = times.calendar_of(None, ctx.programme)
    today = ctx.now().astimezone(calendar.zone).date()
    sunday: date = today - timedelta(days=today.weekday() + 1)
    return start_of_working_day(nth_working_day(sunday, 1, calendar), calendar)
