"""The digest, daily or weekly: good news, one quiet line, what is due, and a lead's overview."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handlers import alerts, team_digest
from handlers.accounts.reader import reader_for
from handlers.alerts import Outgoing
from handlers.calendars import is_working_day, nth_working_day, start_of_working_day
from handlers.cards import Button, Buttons, Card, Element, Text, beside
from handlers.cases import opening, places, promises, times
from handlers.cases.card import status
from handlers.cases.card_facts import Reader
from handlers.cases.view import first_name, load
from handlers.chat import Message
from handlers.context import Context, Job
from handlers.learning import said
from handlers.places import health
from handlers.tasks import board as tasks
from handlers.texts import Texts, of
from storage import alerts as outbox
from storage import digests, members
from storage.db import Session
from storage.models import Alert, DigestRhythm, Member

_DAY = timedelta(hours=24)
# A new member's first digest is for the start of a day, not for the middle of one.
_LATE = timedelta(hours=2)
_SHOWN = 5
_WEEK = 7


async def due(ctx: Context) -> list[Job]:
    """Asks for the digests of all whose working day has begun, once a day; the absent have none."""
    now = ctx.now()
    rows: list[dict[str, Any]] = []
    by_day: dict[Any, list[int]] = {}
    async with ctx.db.reading() as session:
        readers = await digests.readers(session)
    for member in readers:
        calendar = times.calendar_of(member, ctx.programme)
        today = now.astimezone(calendar.zone).date()
        begun = start_of_working_day(today, calendar)
        if member.last_digest_on == today or now < begun or opening.is_away(member, now):
            continue
        if not is_working_day(today, calendar):
            continue
        last = member.last_digest_on
        weekly = member.digest == DigestRhythm.WEEKLY
        monday = today - timedelta(days=today.weekday())
        if weekly and last is not None and last >= monday:
            continue  # this week's first working day is over
        first = not weekly or today == nth_working_day(monday - timedelta(days=1), 1, calendar)
        if last is None and (now > begun + _LATE or not first):
            # The first one of all comes tomorrow, or next week.
            by_day.setdefault(today, []).append(member.id)
            continue
        days = _WEEK if weekly else 1
        since = start_of_working_day(last, calendar) if last else begun - days * _DAY
        by_day.setdefault(today, []).append(member.id)
        rows.append(
            {
                "key": f"digest:{member.id}:{today}",
                "what": "digest",
                "due_at": now,
                "member_id": member.id,
                "detail": {
                    "since": since.isoformat(),
                    "until": begun.isoformat(),
                    "days": days,
                    "partition": f"digest:{member.id}",
                },
            }
        )
    if not by_day:
        return []
    async with ctx.db.session() as session:
        found = await outbox.add_many(session, rows)
        for day, member_ids in by_day.items():
            await digests.mark(session, member_ids, day)
    return [alerts.job_of(alert) for alert in found if alert.status == "pending"]


async def digest(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """The digest of one member; None when there is nothing to say."""
    since = datetime.fromisoformat(alert.detail["since"])
    until = datetime.fromisoformat(alert.detail["until"])
    async with ctx.db.reading() as session:
        member = await members.by_id(session, alert.member_id)
        if member is None or member.left_at is not None:
            return None
        t = of(member.language, ctx.programme.language)
        days = int(alert.detail.get("days", 1))
        route = await places.of_person(session, ctx, member)
        alone = set(route.direct).issuperset(route.steps[0]) if route.steps else True
        if alone:  # what only the person may read stays with them
            route = places.kept(route)
        body = await _body(session, ctx, member, (since, until), days, t, alone)
    if not body:
        return None
    card = Card(
        t("digest.title", name=first_name(member.name)),
        tuple(_beside(each) for each in body),
        foot=t("digest.foot_weekly" if days > 1 else "digest.foot"),
    )
    return [Outgoing(Message(card, f"alert:{alert.id}", t.language), route.steps, route.direct)]


def _beside(element: Element) -> Element:
    """What is opened from a digest leaves the digest as it is."""
    if not isinstance(element, Buttons):
        return element
    row = (
        beside(each) if isinstance(each, Button) and not each.opens_form else each
        for each in element.buttons
    )
    return Buttons(tuple(row))


async def _body(
    session: Session,
    ctx: Context,
    member: Member,
    span: tuple[datetime, datetime],
    days: int,
    t: Texts,
    alone: bool,
) -> list[Element]:
    body: list[Element] = [*await health.lines(session, ctx, member, t)]
    since, until = span
    stood_in_for = [
        each.id
        for each in await members.backed_by(session, member.id)
        if opening.is_away(each, ctx.now())
    ]
    praise = await digests.promoters(session, [member.id, *stood_in_for], since, until)
    if praise:
        body.append(Text(t("digest.promoters"), "heading"))
    for each in praise[:_SHOWN]:
        body.append(
            Text(t("digest.promoter", account=each.account, score=each.score, name=each.contact))
        )
        if each.comment:
            body.append(Text(each.comment, "quote"))
        if each.quote_me:
            body.append(Text(t("digest.quote_me"), "note"))
    if len(praise) > _SHOWN:
        body.append(Text(t("account.more", n=len(praise) - _SHOWN), "note"))
    quiet = await digests.unfinished(session, member.id, since - _DAY, until - _DAY)
    if quiet:
        body.append(Text(t.count("digest.quiet", quiet), "note"))
    body += await _due(session, ctx, member, days, t, alone)
    body += await promises.due_lines(session, ctx, member, t, days)
    reader = reader_for(ctx, member)
    body += await said.digest_lines(session, member, span, reader)
    body += await tasks.digest_lines(session, ctx, member, span, reader, days)
    return body + await team_digest.lines(session, ctx, member, span, reader, alone)


async def _due(
    session: Session, ctx: Context, member: Member, days: int, t: Texts, alone: bool
) -> list[Element]:
    now, calendar = ctx.now(), times.calendar_of(member, ctx.programme)
    today = now.astimezone(calendar.zone).date()
    last = today + timedelta(days=days - 1)
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), calendar.zone)
    found = await digests.due_by(session, member.id, end, last)
    body: list[Element] = []
    for case_id in found[:_SHOWN]:
        view = await load(session, ctx, case_id)
        if view.case.hidden_from_owner and (not alone or member.id in view.account.kept_from):
            continue
        reader = Reader(t, ZoneInfo(str(calendar.zone)), "board")
        words = status(view, view.answer(None), reader, now)
        body.append(Text(t("digest.due_line", account=view.account.name, status=words)))
        body.append(Buttons((Button(t("case.open"), "case.open", str(case_id)),)))
    if len(found) > _SHOWN:
        body.append(Text(t("case.board.more", n=len(found) - _SHOWN), "note"))
    heading = t("digest.due_week" if days > 1 else "digest.due")
    return [Text(heading, "heading"), *body] if body else []
