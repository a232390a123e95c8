"""`/nps promises`: what is promised, to whom, by when; and the reminders of promises."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handlers import alerts, rights
from handlers.calendars import nth_working_day, start_of_working_day
from handlers.cards import Button, Buttons, Card, Element, Reply, Text
from handlers.cases import promise_cards, redraw, seeing, times
from handlers.cases.promising import SHOWN, line
from handlers.cases.view import zone_of
from handlers.chat import Command
from handlers.context import Context, Job, Refused
from handlers.texts import Texts, of
from storage import alerts as outbox
from storage import members, promises, sharing
from storage.db import Session
from storage.models import Account, Case, Member, MemberRole, Promise
from storage.promises import Promised

_LATE_CARDS = (2, 3)  # of the steps: to who promised, and to the lead


async def show(ctx: Context, event: Command, me: Member) -> Reply:
    """Shows open promises: mine (the default), my team's, overdue ones, all, or of a function."""
    t = of(me.language, ctx.programme.language)
    which = event.text.strip() or "mine"
    async with ctx.db.reading() as session:
        found = [
            each
            for each in await promises.open_ones(session)
            if promise_cards.may_act(me, each, ctx)
        ]
        functions = await sharing.functions(session)
    title, chosen = _chosen(which, found, functions, ctx, me, t)
    body: list[Element] = []
    for each in chosen[:SHOWN]:
        row = list(promise_cards.buttons(each.promise.id, t))
        if each.promise.case_id is not None and rights.may_see_account(
            me, each.account, ctx.programme
        ):
            row.append(Button(t("case.open"), "case.open", str(each.promise.case_id)))
        body += [Text(line(each, me, ctx, t)), Buttons(tuple(row))]
    if not chosen:
        body.append(Text(t("promise.none")))
    if len(chosen) > SHOWN:
        body.append(Text(t("task.more", n=len(chosen) - SHOWN), "note"))
    return Card(title, tuple(body))


def _chosen(
    which: str,
    found: list[Promised],
    known: Sequence[str],
    ctx: Context,
    me: Member,
    t: Texts,
) -> tuple[str, list[Promised]]:
    match which.lower():
        case "mine":
            mine = [p for p in found if me.id in (p.promise.deliverer_id, p.promise.made_by)]
            return t("promise.mine"), mine
        case "team":
            if me.team_id is None:
                raise Refused(t("promise.choose"))
            return t("promise.team"), [p for p in found if p.account.team_id == me.team_id]
        case "overdue":
            today = ctx.now().astimezone(zone_of(me, ctx)).date()
            return t("promise.late_ones"), [p for p in found if p.promise.due_on < today]
        case "all":
            return t("promise.all"), found
    functions = {*known, *(p.promise.function for p in found if p.promise.function)}
    wanted = next((f for f in functions if _plain(f) == _plain(which)), None)
    if wanted is None:
        raise Refused(t("promise.choose"))
    title = t("promise.of_function", function=wanted)
    return title, [p for p in found if p.promise.function == wanted]


def _plain(function: str) -> str:
    return " ".join(function.replace("_", " ").split()).casefold()


async def due_lines(
    session: Session, ctx: Context, member: Member, t: Texts, days: int = 1
) -> list[Element]:
    """Gives a line for each promise that a member delivers, overdue or due within these days.

    What a card tells them to be overdue since this morning is not said twice.
    """
    calendar = times.calendar_of(member, ctx.programme)
    today = ctx.now().astimezone(calendar.zone).date()
    last = today + timedelta(days=days - 1)
    found = await promises.open_of_member(session, member.id, last)
    cards = [_key(each.promise, number) for each in found for number in _LATE_CARDS]
    morning = start_of_working_day(today, calendar)
    told = await outbox.asked_since(session, cards, member.id, morning)
    found = [each for each in found if not told & {_key(each.promise, n) for n in _LATE_CARDS}]
    lines: list[Element] = [Text(line(each, member, ctx, t)) for each in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(Text(t("task.more", n=len(found) - SHOWN), "note"))
    heading = t("promise.due_week" if days > 1 else "promise.due")
    return [Text(heading, "heading"), *lines] if lines else []


async def late_or_due(session: Session, ctx: Context, until: date, t: Texts) -> list[Element]:
    """Gives the promises to keep by a day, for a place that colleagues of all teams read."""
    everybody = Member(name="", email="", role=MemberRole.CX_LEAD)
    found = [
        each
        for each in await promises.open_ones(session)
        if each.promise.due_on <= until and not each.promise.hidden_from_owner
    ]
    body: list[Element] = [Text(line(each, everybody, ctx, t)) for each in found[:SHOWN]]
    if len(found) > SHOWN:
        body.append(Text(t("task.more", n=len(found) - SHOWN), "note"))
    return body


async def due(ctx: Context) -> list[Job]:
    """Asks for what is due now of promises: the reminders on the day, when it has passed and to
    the lead, and the edit of the cards when the day is over.
    """
    now = ctx.now()
    async with ctx.db.reading() as session:
        if not await promises.to_remind(session, now, limit=1):
            return []
    async with ctx.db.session() as session:
        rows: list[dict[str, Any]] = []
        for promise in await promises.to_remind(session, now):
            case = await session.get(Case, promise.case_id) if promise.case_id else None
            account = await session.get_one(Account, promise.account_id)
            snoozed_until = case.snoozed_until if case is not None else None
            steps = await _steps(session, ctx, promise, account, snoozed_until)
            rows += [row for row in steps if row["due_at"] <= now]
            later = [row["due_at"] for row in steps if row["due_at"] > now]
            await promises.look_again(session, promise, min(later, default=None))
        found = await outbox.add_many(session, rows)
    return [alerts.job_of(alert) for alert in found if alert.status == "pending"]


async def _steps(
    session: Session,
    ctx: Context,
    promise: Promise,
    account: Account,
    snoozed_until: datetime | None,
) -> list[dict[str, Any]]:
    deliverer = await members.by_id(session, promise.deliverer_id)
    calendar = times.calendar_of(deliverer, ctx.programme)
    maker = await members.by_id(session, promise.made_by)
    teller = promise.made_by if maker and maker.left_at is None else account.owner_id
    lead = await members.lead_of(session, account.team_id)
    to_lead = lead if lead is not None and not _conflict(promise, lead, account) else None
    day = max(promise.due_on, promise.made_at.astimezone(calendar.zone).date())
    first = start_of_working_day(day, calendar)
    late = start_of_working_day(nth_working_day(day, 1, calendar), calendar)
    last = start_of_working_day(nth_working_day(day, 3, calendar), calendar)
    who = [(first, "day", promise.deliverer_id), (late, "late", teller)]
    if to_lead is not None:
        who.append((last, "late", to_lead.id))
    # Made on the day itself: that day is over before it is said again.
    earliest = max(promise.made_at + timedelta(hours=1), snoozed_until or promise.made_at)
    said = [
        _row(promise, number, max(at, earliest), about, to)
        for number, (at, about, to) in enumerate(who, start=1)
        if to is not None
    ]
    zones = {calendar.zone, zone_of(maker, ctx)}
    rows = [*said, *_overdue(promise, max(_end_of(promise.due_on, zone) for zone in zones))]
    return sorted(rows, key=lambda row: row["due_at"])  # what is due at once is done in order


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def _overdue(promise: Promise, at: datetime) -> list[dict[str, Any]]:
    """Gives the rows that edit the cards when the day is over; they say that it has passed."""
    why = f"overdue:{promise.due_on:%Y%m%d}"
    rows = [promise_cards.changed_row(promise.id, promise.case_id, why, at)]
    if promise.case_id is not None:
        rows.append(redraw.row(promise.case_id, f"promise:{promise.id}:{why}", at))
    return rows


def _conflict(promise: Promise, lead: Member, account: Account) -> bool:
    return promise.hidden_from_owner and not seeing.sees_hidden(lead, account)


def _key(promise: Promise, number: int) -> str:
    return f"promise:{promise.id}:{promise.due_on:%Y%m%d}:{number}"


def _row(promise: Promise, number: int, at: datetime, about: str, to: int) -> dict[str, Any]:
    return {
        "key": _key(promise, number),
        "what": "promise_reminder",
        "due_at": at,
        "case_id": promise.case_id,
        "member_id": to,
        "account_id": promise.account_id,
        "detail": {"about": about, "promise": promise.id, "partition": f"promise:{promise.id}"},
    }
