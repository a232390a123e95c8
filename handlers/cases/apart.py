"""Gives answers that are hidden from the owner a case of their own, once the owner's has ended."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from handlers import alerts
from handlers.alerts import Outgoing
from handlers.calendars import next_working_moment, start_of_working_day
from handlers.cases import acting, seeing, telling, times
from handlers.cases.acting import Scene
from handlers.cases.view import talks_with
from handlers.context import Context
from handlers.settled import planning
from storage import alerts as outbox
from storage import case_view, cases, hiding
from storage.case_view import Joined
from storage.cases import AnotherOpen
from storage.db import Session
from storage.models import Account, Alert, Case, CaseEvent, CaseState, Member


async def move(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Moves what is hidden in a case that ended into a case of its own, and tells the lead once.

    One case is open at a time for an account, survey kind and wave: where a newer one is open,
    what is hidden joins it, as a critic's answer does.
    """
    assert alert.case_id is not None
    async with ctx.db.session() as session:
        case = await session.get_one(Case, alert.case_id, populate_existing=True)
        joined = [each for each in await case_view.joined(session, case.id) if each.hidden]
        events = await case_view.events(session, case.id)
        if not joined or case.hidden_from_owner or acting.is_open(case) or _seen_to(events):
            return None  # it was opened again or released meanwhile
        account = await session.get_one(Account, case.account_id)
        other = await case_view.other_open(session, case)
        lead = await seeing.lead_for_hidden(session, account)
        values = _as_it_stands(ctx, account, lead, joined, events)
        new_id = other.id if other else await _open(session, case, values)
        rows = [await _join(session, ctx, joined, case.id, new_id)]
        if other is None:
            rows.append(_told(ctx, case, new_id, lead))
        await cases.note_events(session, [_line(ctx, case.id, "moved_apart")])
        asked = await outbox.add_many(session, rows)
    for each in asked:
        await ctx.soon(alerts.job_of(each), each.due_at)
    return None


async def solve(
    scene: Scene, contact_id: int | None, values: Mapping[str, Any]
) -> tuple[int, dict[str, Any]]:
    """Solves for one customer what is hidden, and leaves the owner's case as it is.

    Gives the id of the case in which that stands now, and the alert that draws its cards anew; its
    customer is asked as every other.
    """
    session, case = scene.session, scene.case
    joined = [
        each
        for each in await case_view.joined(session, case.id)
        if each.hidden and each.contact.id == contact_id
    ]
    events = await case_view.events(session, case.id)
    lead = await seeing.lead_for_hidden(session, scene.account)
    own = {**_as_it_stands(scene.ctx, scene.account, lead, joined, events), **values}
    new_id = await _open(session, case, {**own, "taken_by": scene.me.id, "taken_at": scene.now})
    tell = await _join(session, scene.ctx, joined, case.id, new_id)
    new = await session.get_one(Case, new_id)
    reached = bool(values.get("reached"))
    new.not_asked = await planning.solved(replace(scene, case=new), str(values["outcome"]), reached)
    session.add(new)
    done = {"act": "solved", "member_id": scene.me.id, "contact_id": contact_id}
    note = values["what_was_done"]
    await cases.note_events(session, [{**_line(scene.ctx, new_id, ""), **done, "note": note}])
    return new_id, tell


async def call_again(scene: Scene, contact_id: int | None, day: date) -> tuple[dict[str, Any], ...]:
    """Gives the reminder to call who is hidden again; the day on the case is the owner's."""
    calendar = times.calendar_of(scene.me, scene.ctx.programme)
    joined = await case_view.joined(scene.session, scene.case.id)
    events = await case_view.events(scene.session, scene.case.id)
    case_id = scene.case.id
    return tuple(
        {
            "key": f"case:{case_id}:again:{each.response.id}:{scene.case.version}",
            "what": "case_reminder",
            "due_at": start_of_working_day(day, calendar),
            "case_id": case_id,
            "response_id": each.response.id,
            "account_id": scene.account.id,
            "detail": {
                "about": "again",
                "talks": len(talks_with(events, each.contact.id)) + 1,
                "partition": f"case:{case_id}",
            },
        }
        for each in joined
        if each.hidden and each.contact.id == contact_id
    )


async def in_the_way(session: Session, case: Case) -> Case | None:
    """Gives the open case beside which this one can't be opened again.

    What is hidden is none: the owner knows nothing of it, so it comes back into their case.
    """
    other = await case_view.other_open(session, case)
    if other is None or case.hidden_from_owner or not other.hidden_from_owner:
        return other
    joined = await case_view.joined(session, other.id)
    emptied = {"state": CaseState.NOT_A_CRITIC, "remind_at": None}
    if not await cases.change(session, other, emptied):
        raise AnotherOpen(other.id)  # somebody works on it at this moment
    await hiding.move(
        session, [e.response.id for e in joined], _contacts(joined), other.id, case.id
    )
    return None


def _seen_to(events: Sequence[CaseEvent]) -> bool:
    """Tells whether who may read the hidden answers closed the case as that of no critic."""
    last = next((e for e in events if e.act in ("solved", "not_a_critic") and not e.undone), None)
    return last is not None and last.act == "not_a_critic" and last.hidden_from_owner


def _as_it_stands(
    ctx: Context,
    account: Account,
    lead: Member | None,
    joined: Sequence[Joined],
    events: Sequence[CaseEvent],
) -> dict[str, Any]:
    """Gives a new case of the lead's; contacted already where the lead spoke with all customers."""
    now, calendar = ctx.now(), times.calendar_of(lead, ctx.programme)
    today = now.astimezone(calendar.zone).date()
    halved = any(times.urgent(account, each.contact.role, today) for each in joined)
    values: dict[str, Any] = {
        "state": CaseState.NEW,
        "owner_id": lead.id if lead else None,
        "opened_at": now,
        "take_by": times.take_by(now, halved, calendar, ctx.programme),
        "contact_by": times.contact_by(now, halved, calendar, ctx.programme),
        "remind_at": now,
    }
    each_one = [talks_with(events, contact_id) for contact_id in _contacts(joined)]
    if not all(each_one):
        return values
    talks = sorted((talk for found in each_one for talk in found), key=lambda talk: talk.id)
    by = {"taken_by": talks[-1].member_id, "taken_at": talks[0].at, "contacted_at": talks[-1].at}
    return {**values, **by, "state": CaseState.CONTACTED}


async def _open(session: Session, case: Case, values: Mapping[str, Any]) -> int:
    row = {
        "what": case.what,
        "account_id": case.account_id,
        "kind": case.kind,
        "wave_id": case.wave_id,
        "version": 1,
        "hidden_from_owner": True,
        "about_owner": case.about_owner,
    }
    opened = await cases.open_new(session, [{**row, **values}])
    if not opened:
        raise AnotherOpen(case.id)
    return next(iter(opened.values())).id


async def _join(
    session: Session, ctx: Context, joined: Sequence[Joined], old_id: int, new_id: int
) -> dict[str, Any]:
    """Moves answers with their cards and what was done for them; gives the row that draws these."""
    ids = [each.response.id for each in joined]
    await hiding.move(session, ids, _contacts(joined), old_id, new_id)
    await cases.note_events(session, [_line(ctx, new_id, "came_apart")])
    return telling.changed(new_id, f"apart:{old_id}:{min(ids)}", ctx.now())


def _contacts(joined: Sequence[Joined]) -> set[int]:
    return {each.contact.id for each in joined}


def _line(ctx: Context, case_id: int, act: str) -> dict[str, Any]:
    event = {"case_id": case_id, "at": ctx.now(), "act": act, "before": {}, "undone": False}
    return {**event, "hidden_from_owner": True}


def _told(ctx: Context, case: Case, new_id: int, lead: Member | None) -> dict[str, Any]:
    calendar = times.calendar_of(lead, ctx.programme)
    return {
        "key": f"case:{new_id}:apart",
        "what": "case_reminder",
        "due_at": next_working_moment(ctx.now(), calendar),
        "case_id": new_id,
        "account_id": case.account_id,
        "detail": {"about": "apart", "to": "owner", "partition": f"case:{new_id}"},
    }
