"""Cases that pass to another member: an account has a new owner, or its owner is away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handlers import texts
from handlers.alerts import Outgoing, job_of
from handlers.cards import Button, Buttons, Card, Element, Text, beside
from handlers.cases import leaving, owning, places, redraw, seeing
from handlers.cases.card import title
from handlers.cases.view import first_name, load
from handlers.chat import Message
from handlers.context import Context, Job
from storage import alerts as outbox
from storage import cases, hiding, members, tasks
from storage import owning as rows
from storage.alerts import Added
from storage.db import Session
from storage.models import OPEN_STATES, Alert, Case, CaseState, Member

SHOWN = 10


@dataclass(frozen=True)
class Moved:
    """An account whose owner is another now."""

    account_id: int
    old_id: int | None
    new_id: int | None


async def owners_changed(session: Session, ctx: Context, moved: Sequence[Moved]) -> list[Added]:
    """Gives all that is open at accounts to their new owners: cases, promises and tasks.

    Rows only: the new owner gets one card with all cases, the old one a notice.
    """
    old_of = {each.account_id: each.old_id for each in moved}
    new_of = {each.account_id: each.new_id for each in moved}
    await hiding.keep_from(session, old_of)
    found = await rows.open_with(session, account_ids=old_of)
    passing = []
    taken: list[dict[str, Any]] = []
    for case, account in found:
        old = old_of[account.id]
        if old is not None and old != account.owner_id:
            taken.append(leaving.row(case.id, old, account.owner_id, ctx.now()))
        free = old is None and case.taken_by is None  # it lay with the lead for want of an owner
        if not free and case.owner_id not in (None, old, account.owner_id):
            owner = await members.by_id(session, case.owner_id)
            backup = await members.by_id(session, old)
            if backup is None or owner is None or owner.id != backup.backup_id:
                continue  # it was handed to somebody who keeps it
        to = await owning.responsible_for(session, account, ctx.now())
        if to is not None and to.id != case.owner_id:
            passing.append((case, to))
    # What was taken from the old owner is not theirs again when it is released to the new one.
    for case_id, account_id in await rows.hidden_at(session, old_of):
        old = old_of[account_id]
        if old is not None and old != new_of[account_id]:
            taken.append(leaving.row(case_id, old, new_of[account_id], ctx.now()))
    for each in moved:
        if each.old_id is not None:
            one = [each.account_id]
            await rows.hand_promises(session, one, each.old_id, each.new_id)
            await tasks.hand_over(session, one, each.old_id, each.new_id)
    asked = await outbox.add_many(session, taken)
    handed = await _hand(session, ctx, passing, "owner_changed")
    return [*asked, *handed, *await leads_changed(session, ctx)]


async def while_away(session: Session, ctx: Context, me: Member) -> list[Added]:
    """Gives the open cases of a member who goes away to who acts for them, as one card."""
    passing = []
    for case, account in await rows.open_with(session, member_id=me.id):
        to = await owning.acting_for(session, account, me, ctx.now())
        if to is not None and to.id != me.id:
            passing.append((case, to))
    return await _hand(session, ctx, passing, "away")


async def back_again(
    session: Session, ctx: Context, me: Member, backup_id: int | None
) -> list[Added]:
    """Gives back to a member what their backup holds and has not begun."""
    if backup_id is None:
        return []
    found = await rows.open_with(session, member_id=backup_id)
    last = await rows.last_acts(session, [case.id for case, _ in found], backup_id, "away")
    mine = []
    for case, account in found:
        step = last.get(case.id)
        if step is None:  # it came while they were away
            back = account.owner_id == me.id and case.taken_by != backup_id
        else:
            back = step.act == "away" and step.before.get("owner_id") == me.id
        if back:
            mine.append((case, me))
    return await _hand(session, ctx, mine, "back")


async def due(ctx: Context) -> list[Job]:
    """Ends the absences whose last day is over: what waits with the backup comes back."""
    async with ctx.db.reading() as session:
        over = await members.back_by(session, ctx.now())
    found: list[Added] = []
    for member_id in over:
        async with ctx.db.session() as session:
            me = await session.get_one(Member, member_id)
            if me.away_until is None or me.away_until > ctx.now():
                continue
            backup_id = me.backup_id
            await members.set_away(session, me.id, None, None, None)
            if me.left_at is None:
                found += await back_again(session, ctx, me, backup_id)
    return [job_of(each) for each in found]


async def left(
    session: Session, ctx: Context, gone: Member, to: Member | None, by: Member
) -> list[Added]:
    """Gives what a member who left still holds at others' accounts to who takes over.

    What an owner may not see stays with a lead; without one it is with who noted the leaving.
    """
    passing: list[tuple[Case, Member]] = []
    for case, account in await rows.held_by(session, gone.id):
        if case.hidden_from_owner:
            passing.append((case, await seeing.lead_for_hidden(session, account) or by))
            continue
        owner = await owning.responsible_for(session, account, ctx.now())
        passing.append((case, owner or to or by))
    await rows.hand_rest(session, gone.id, to.id if to else by.id)
    return await _hand(session, ctx, passing, "left")


async def leads_changed(session: Session, ctx: Context) -> list[Added]:
    """Gives what is hidden from owners, and with nobody who may see it, to the leads of today."""
    passing = []
    for case, account in await rows.open_hidden(session):
        holder = await members.by_id(session, case.owner_id)
        if holder is not None and seeing.sees_hidden(holder, account):
            continue
        lead = await seeing.lead_for_hidden(session, account)
        if lead is not None:
            passing.append((case, lead))
    return await _hand(session, ctx, passing, "lead_changed")


async def _hand(
    session: Session, ctx: Context, passing: Sequence[tuple[Case, Member]], why: str
) -> list[Added]:
    now = ctx.now()
    asked: list[dict[str, Any]] = []
    given: dict[tuple[int | None, int], list[int]] = {}
    for case, to in passing:
        old = case.owner_id
        values: dict[str, Any] = {"owner_id": to.id, "remind_at": now}
        if case.state != CaseState.NEW and case.taken_by == old:
            values["taken_by"] = to.id
        if not await cases.change(session, case, values):
            continue  # somebody works on it at this moment: it stays with them
        given.setdefault((old, to.id), []).append(case.id)
        event = {"case_id": case.id, "at": now, "act": why, "note": to.name}
        # Whose it was, so that it finds the way back.
        event["before"] = {"owner_id": old} if why == "away" else {}
        await cases.note_events(session, [{**event, "undone": False}])
        asked.append(redraw.row(case.id, f"v{case.version + 1}", now))
    for (old, new), ids in given.items():
        key = f"handed:{old}:{new}:{now:%Y%m%dT%H%M%S}"
        detail = {"cases": ids, "why": why, "from": old, "to": new, "partition": f"handed:{new}"}
        shared = {"what": "cases_handed", "due_at": now, "detail": detail}
        asked.append({**shared, "key": f"{key}:new", "member_id": new})
        if old is not None and why == "owner_changed":
            asked.append({**shared, "key": f"{key}:old", "member_id": old})
    return await outbox.add_many(session, asked)


async def cases_handed(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """One card for who has the cases now, one notice for who had them."""
    detail = alert.detail
    async with ctx.db.reading() as session:
        reader = await members.by_id(session, alert.member_id)
        other_id = detail["from"] if alert.member_id == detail["to"] else detail["to"]
        other = await members.by_id(session, other_id)
        if reader is None or reader.left_at is not None:
            return None
        t = texts.of(reader.language, ctx.programme.language)
        name = other.name if other else t("case.somebody")
        is_new = alert.member_id == detail["to"]
        body: list[Element] = []
        hidden = False
        for case_id in detail["cases"][:SHOWN]:
            view = await load(session, ctx, case_id)
            if not view.answers:
                continue  # they are in another case by now
            hidden = hidden or view.case.hidden_from_owner
            if is_new and (view.case.state not in OPEN_STATES or view.case.owner_id != reader.id):
                continue
            line = title(view, view.answer(None), t)
            body.append(Text(line if is_new else view.account.name))
            if is_new:
                body.append(Buttons((beside(Button(t("case.open"), "case.open", str(case_id))),)))
        route = await places.of_person(session, ctx, reader)
        route = places.kept(route) if hidden else route
    if not body:
        return None
    more = len(detail["cases"]) - SHOWN
    if more > 0:
        body.append(Text(t("case.board.more", n=more), "note"))
    key = detail["why"] if is_new else "old_owner"
    heading = t(f"handover.{key}", name=name, first=first_name(name))
    card = Card(heading, tuple(body), tone="attention" if is_new else "neutral")
    mentions = places.mentions(route, ctx.now(), ctx) if is_new else ()
    message = Message(card, f"alert:{alert.id}", t.language)
    return [Outgoing(message, route.steps, route.direct, mentions=mentions)]
