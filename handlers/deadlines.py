"""Looks at deadlines: the reminder, then the lead after as long again, then CX; each step once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from handlers import alerts
from handlers.calendars import Calendar, next_working_moment, start_of_working_day
from handlers.cases import acting, lapsing, redraw, times
from handlers.context import Context, Job
from handlers.settings import Programme
from storage import alerts as outbox
from storage import cases, members
from storage.db import Session
from storage.models import Account, Case, CaseState, MemberRole


@dataclass(frozen=True)
class Step:
    """One word about a deadline: what about, to whom, and when; `key` makes it happen once."""

    about: str
    to: str
    at: datetime
    key: str


async def due(ctx: Context) -> list[Job]:
    """Asks for the reminders and escalations due now; notes when each case is looked at next."""
    now = ctx.now()
    async with ctx.db.reading() as session:
        if not await cases.to_look_at(session, now, limit=1):
            return []
    await _give_back(ctx, now)
    async with ctx.db.session() as session:
        rows = []
        for case in await cases.to_look_at(session, now):
            account = await session.get_one(Account, case.account_id)
            owner = await members.by_id(session, case.owner_id)
            calendar = times.calendar_of(owner, ctx.programme)
            halved = await acting.is_halved(session, case, account)
            steps = steps_of(case, halved, calendar, ctx.programme)
            now_due = [each for each in steps if each.at <= now]
            for step in now_due:
                rows.append(_row(case, step, await _awake(session, ctx, account, step)))
            if now_due and case.state != CaseState.CONTACTED:
                # The cards say that the deadline has passed.
                rows.append(redraw.row(case.id, f"late:{steps[0].key}", now))
            later = [step.at for step in steps if step.at > now]
            await cases.look_again(session, case, min(later, default=None))
        found = await outbox.add_many(session, rows)
    ready = [each for each in found if each.status == "pending" and each.due_at <= now]
    return [alerts.job_of(alert) for alert in ready]


async def _give_back(ctx: Context, now: datetime) -> None:
    """Gives back the cases that were taken and left: before the lead would hear of them."""
    late: list[tuple[int, datetime]] = []
    async with ctx.db.reading() as session:
        for case in await cases.to_look_at(session, now):
            if case.state != CaseState.TAKEN or case.contact_by is None:
                continue
            account = await session.get_one(Account, case.account_id)
            owner = await members.by_id(session, case.owner_id)
            calendar = times.calendar_of(owner, ctx.programme)
            halved = await acting.is_halved(session, case, account)
            steps = steps_of(case, halved, calendar, ctx.programme)
            if any(step.to == "lead" and step.at <= now for step in steps):
                late.append((case.id, case.contact_by))
    for case_id, deadline in late:
        await lapsing.lapse(ctx, case_id, deadline)


async def _awake(session: Session, ctx: Context, account: Account, step: Step) -> datetime:
    """Gives when a step is said: to the lead and CX in their own working hours."""
    if step.to == "owner":
        return step.at
    if step.to == "lead":
        who = await members.lead_of(session, account.team_id)
    else:
        who = next(iter(await members.with_role(session, MemberRole.CX_LEAD)), None)
    return next_working_moment(max(step.at, ctx.now()), times.calendar_of(who, ctx.programme))


def steps_of(case: Case, halved: bool, calendar: Calendar, programme: Programme) -> Sequence[Step]:
    """Gives what is said about a case's deadline and when, as it stands now.

    The lead hears after the deadline as long again, CX after as long again; a snooze delays the
    reminder alone. Of a contacted case without a next day its owner is reminded alone.
    """
    if case.state == CaseState.NEW and case.take_by is not None:
        second = times.take_by(case.take_by, halved, calendar, programme)
        third = times.take_by(second, halved, calendar, programme)
        return _three(case, "take", case.take_by, second, third)
    waiting = case.state in (CaseState.TAKEN, CaseState.REOPENED) and case.contacted_at is None
    if waiting and case.contact_by is not None:
        second = times.contact_by(case.contact_by, halved, calendar, programme)
        third = times.contact_by(second, halved, calendar, programme)
        return _three(case, "contact", case.contact_by, second, third)
    if case.state == CaseState.CONTACTED:
        day = case.call_again_on
        if day is not None:
            return [_on_day(case, "again", day, calendar)]
        if case.contacted_at is not None:
            at = times.contact_by(case.contacted_at, halved, calendar, programme)
            return [_quiet(case, at)]
    return []


def _three(
    case: Case, about: str, deadline: datetime, second: datetime, third: datetime
) -> Sequence[Step]:
    first = max(deadline, case.snoozed_until or deadline)
    # The deadline is in the key: a new one, after a reopening, is reminded of anew.
    key = f"case:{case.id}:{about}:{deadline:%Y%m%dT%H%M%S}"
    return [
        Step(about, "owner", first, f"{key}:1"),
        Step(about, "lead", second, f"{key}:2"),
        Step(about, "cx", third, f"{key}:3"),
    ]


def _quiet(case: Case, at: datetime) -> Step:
    """A customer was called and nothing is planned: who has the case is asked once what next."""
    first = max(at, case.snoozed_until or at)
    return Step("quiet", "owner", first, f"case:{case.id}:quiet:{at:%Y%m%dT%H%M%S}:1")


def _on_day(case: Case, about: str, day: date, calendar: Calendar) -> Step:
    at = start_of_working_day(day, calendar)
    first = max(at, case.snoozed_until or at)
    return Step(about, "owner", first, f"case:{case.id}:{about}:{day:%Y%m%d}:1")


def _row(case: Case, step: Step, at: datetime) -> dict[str, Any]:
    return {
        "key": step.key,
        "what": "case_reminder" if step.to == "owner" else "case_escalation",
        "due_at": at,
        "case_id": case.id,
        "account_id": case.account_id,
        "detail": {"about": step.about, "to": step.to, "partition": f"case:{case.id}"},
    }
