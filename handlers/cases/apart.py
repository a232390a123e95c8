"""What is hidden from an account's owner is a case of its own, with a lead; and comes back."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from handlers.cases import seeing, times
from handlers.cases.view import talks_with
from handlers.context import Context
from storage import case_view, cases, hiding
from storage.cases import AnotherOpen
from storage.db import Session
from storage.models import OPEN_STATES, Account, Case, CaseEvent, CaseState, Member


async def hide(
    session: Session,
    ctx: Context,
    response_ids: Collection[int],
    *,
    also_released: bool = False,
) -> dict[int, int]:
    """Hides responses from the owner, told or not; gives the case of each that was not hidden.

    What the lead has released stays as it is, unless `also_released`. Where the owner knows of
    others in the same case, those stay theirs, as they are.
    """
    found = await hiding.seen_by_owner(session, response_ids, also_released=also_released)
    return {
        response_id: target
        for case_id, answers in found.items()
        for target in (await _hide(session, ctx, case_id, answers),)
        for response_id in answers
    }


async def release(session: Session, case: Case, response_id: int, owner_id: int | None) -> int:
    """Shows a hidden response to the owner, whose case it joins; gives the id of that case."""
    joined = await case_view.joined(session, case.id)
    answers = {e.response.id: e.contact.id for e in joined if e.response.id == response_id}
    is_open = case.state in OPEN_STATES
    other = await case_view.other_open(session, case, hidden=False) if is_open else None
    alone = len(joined) == len(answers)
    if alone and other is None:
        await hiding.show_case(session, case.id)
        return case.id
    target = other.id if other else await _copy(session, case, owner_id)
    await hiding.move(session, answers, case.id, target, hidden=False, whole=alone)
    if alone:
        await hiding.close_emptied(session, case.id)
    return target


async def _hide(session: Session, ctx: Context, case_id: int, answers: Mapping[int, int]) -> int:
    """Hides responses (with their contacts) of a case that the owner sees; gives where they are."""
    case = await session.get_one(Case, case_id, populate_existing=True)
    other = await case_view.other_open(session, case, hidden=True)
    alone = len(await case_view.joined(session, case_id)) == len(answers)
    is_open = case.state in OPEN_STATES
    if alone and not (is_open and other is not None):
        await hiding.hide_case(session, case_id)
        return case_id
    target = other.id if other else await _open(session, ctx, case, set(answers.values()))
    await hiding.move(session, answers, case_id, target, hidden=True, whole=alone)
    if alone:
        await hiding.close_emptied(session, case_id)
    return target


async def _open(session: Session, ctx: Context, case: Case, contact_ids: Collection[int]) -> int:
    """Opens a case of the lead's for what was in one of the owner's."""
    account = await session.get_one(Account, case.account_id)
    lead = await seeing.lead_for_hidden(session, account)
    contacts = [e for e in await cases.contacts_of(session, case.id) if e.id in contact_ids]
    now, calendar = ctx.now(), times.calendar_of(lead, ctx.programme)
    today = now.astimezone(calendar.zone).date()
    halved = any(times.urgent(account, contact.role, today) for contact in contacts)
    take_by = times.take_by(now, halved, calendar, ctx.programme)
    return await _add(
        session,
        case,
        {
            "hidden_from_owner": True,
            "owner_id": lead.id if lead else None,
            "opened_at": now,
            "take_by": take_by,
            "contact_by": times.contact_by(now, halved, calendar, ctx.programme),
            "remind_at": take_by,
            **_talked(await case_view.events(session, case.id), contact_ids, lead),
        },
    )


def _talked(
    events: Sequence[CaseEvent], contact_ids: Collection[int], lead: Member | None
) -> dict[str, Any]:
    """Gives how a case stands where its lead has spoken with all its customers already."""
    each_one = [
        [talk for talk in talks_with(events, each) if lead and talk.member_id == lead.id]
        for each in contact_ids
    ]
    if lead is None or not all(each_one):
        return {"state": CaseState.NEW}
    talks = sorted((talk for found in each_one for talk in found), key=lambda talk: talk.id)
    by = {"taken_by": lead.id, "taken_at": talks[0].at, "contacted_at": talks[-1].at}
    return {**by, "state": CaseState.CONTACTED}


async def _copy(session: Session, case: Case, owner_id: int | None) -> int:
    """Opens a case that stands as a hidden one does, for what of it the owner sees from now on."""
    same = case.model_dump(exclude={"id", "what", "account_id", "kind", "wave_id", "version"})
    own = {"owner_id": owner_id, "hidden_from_owner": False, "about_owner": False}
    return await _add(session, case, {**same, **own})


async def _add(session: Session, case: Case, values: Mapping[str, Any]) -> int:
    row = {
        "what": case.what,
        "account_id": case.account_id,
        "kind": case.kind,
        "wave_id": case.wave_id,
        "version": 1,
        **values,
    }
    opened = await cases.open_new(session, [row])
    if not opened:
        raise AnotherOpen(case.id)
    return next(iter(opened.values())).id
