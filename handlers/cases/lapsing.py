"""A case that somebody took and nobody worked on goes back: to whoever takes it now."""

from datetime import datetime
from typing import Any

from handlers import texts
from handlers.alerts import Outgoing
from handlers.calendars import next_working_moment
from handlers.cases import acting, places, times
from handlers.cases.acting import Plan
from handlers.cases.reminding import holds, reminder_card
from handlers.cases.view import load
from handlers.chat import Message
from handlers.context import Context
from storage import case_view, members
from storage.db import Session
from storage.models import Account, Alert, Case, CaseState, Member, MemberRole


async def lapse(ctx: Context, case_id: int, deadline: datetime) -> bool:
    """Gives a taken case back whose customer was not contacted by `deadline` nor as long after.

    It is new again with new deadlines; who had it, the owner and the lead are told once, and CX
    where it had gone back before.
    """

    async def decide(session: Session, case: Case, account: Account) -> Plan | None:
        untouched = case.state == CaseState.TAKEN and case.contacted_at is None
        if not untouched or case.contact_by != deadline:
            return None  # somebody acted since it was looked at
        now = ctx.now()
        owner = await members.by_id(session, case.owner_id)
        calendar = times.calendar_of(owner, ctx.programme)
        halved = await acting.is_halved(session, case, account)
        values = {
            "state": CaseState.NEW,
            "taken_by": None,
            "taken_at": None,
            "take_by": times.take_by(now, halved, calendar, ctx.programme),
            "contact_by": times.contact_by(now, halved, calendar, ctx.programme),
            "snoozed_until": None,
        }
        key = f"case:{case.id}:lapsed:{case.version}"
        shared = {"case_id": case.id, "account_id": account.id, "due_at": now}
        about = {"about": "lapsed", "to": "lead", "partition": f"case:{case.id}"}
        lead = await members.lead_of(session, account.team_id)
        tell: list[dict[str, Any]] = [
            {**shared, "key": f"{key}:owner", "what": "case_reminder", "detail": about},
            {**shared, "key": f"{key}:lead", **_above(ctx, lead, about)},
        ]
        if any(each.act == "lapsed" for each in await case_view.events(session, case.id)):
            # Each time the deadlines begin anew: whoever forgot it, CX would never hear of it.
            cx = next(iter(await members.with_role(session, MemberRole.CX_LEAD)), None)
            tell.append({**shared, "key": f"{key}:cx", **_above(ctx, cx, {**about, "to": "cx"})})
        if case.taken_by is not None and case.taken_by != case.owner_id:
            told = {"key": f"{key}:taker", "what": "case_lapsed", "member_id": case.taken_by}
            tell.append({**shared, **told, "detail": about})
        return Plan("lapsed", values, tell=tuple(tell))

    return await acting.by_itself(ctx, case_id, decide)


def _above(ctx: Context, who: Member | None, about: dict[str, str]) -> dict[str, Any]:
    """Gives the word to a lead or CX, in their own working hours."""
    at = next_working_moment(ctx.now(), times.calendar_of(who, ctx.programme))
    return {"what": "case_escalation", "due_at": at, "detail": about}


async def case_lapsed(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Tells a colleague who had taken the case that it went back."""
    assert alert.case_id is not None
    async with ctx.db.reading() as session:
        view = await load(session, ctx, alert.case_id)
        taker = await members.by_id(session, alert.member_id)
        if taker is None or not holds(view.case, "lapsed"):
            return None
        route = await places.of_person(session, ctx, taker)
    t = texts.of(taker.language, ctx.programme.language)
    card = reminder_card(ctx, view, "lapsed", t, route)
    return [Outgoing(Message(card, f"alert:{alert.id}", t.language), route.steps, route.direct)]
