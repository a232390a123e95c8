"""What is hidden from an account's owner is a case of its own, with a lead; and comes back."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from handlers.cases import seeing, times
from handlers.cases.view import talks_with
from handlers.context import Context
from storage import alerts as outbox
from storage import case_view, cases, hiding, letters, members
from storage.cases import AnotherOpen
from storage.db import Session
from storage.models import OPEN_STATES, Account, Case, CaseState, ContactRole

# What a case says of the work of who had it.
_BEGUN = (
    "taken_by", "taken_at", "contacted_at", "reached", "solved_at", "snoozed_until",
    "escalated_to", "call_again_on", "promised", "promise_by",
)  # fmt: skip


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
    if not response_ids:
        return {}
    await hiding.lock_accounts(session, response_ids)
    found = await hiding.seen_by_owner(session, response_ids, also_released=also_released)
    return {
        response_id: target
        for case_id, answers in found.items()
        for target in (await _hide(session, ctx, case_id, answers),)
        for response_id in answers
    }


async def lock(session: Session, case: Case) -> None:
    """Waits for whoever else hides, shows or acts on a case; it stands as it does after them."""
    await hiding.lock_account(session, case.account_id)
    await hiding.lock_case(session, case.id)
    await session.refresh(case)


async def release(
    session: Session, ctx: Context, case: Case, response_id: int, owner_id: int | None
) -> int:
    """Shows a hidden response to the owner, whose case it joins; gives the id of that case."""
    joined = await case_view.joined(session, case.id)
    answers = {e.response.id: e.contact.id for e in joined if e.response.id == response_id}
    is_open = case.state in OPEN_STATES
    other = await case_view.other_open(session, case, hidden=False) if is_open else None
    alone = len(joined) == len(answers)
    if alone and other is None:
        await hiding.show_case(session, case.id, owner_id)
        return case.id
    target = other.id if other else await _copy(session, case, owner_id)
    await hiding.move(session, answers, case.id, target, hidden=False, whole=alone)
    if other is not None:
        await _joins(session, ctx, other, answers.values())
    if alone:
        await hiding.close_emptied(session, case.id)
    else:
        await _remains(session, ctx, case, answers)
    return target


def hurry(change: dict[str, Any], deadlines: tuple[datetime, datetime]) -> None:
    """Adds to the changes of an open case what a decision maker who joins it asks for."""
    take, contact = deadlines
    change["remind_at"] = take  # looked at early: the clock works out what is due then
    if change["state"] == CaseState.CONTACTED:
        # A decision maker must be contacted too: the case is open for that again.
        change |= {"state": CaseState.TAKEN, "contacted_at": None, "contact_by": contact}
        return
    change["take_by"] = min(change["take_by"] or take, take)
    change["contact_by"] = min(change["contact_by"] or contact, contact)


async def _joins(session: Session, ctx: Context, case: Case, contact_ids: Collection[int]) -> None:
    """Gives an open case the deadline of a decision maker who came from the other side, and was
    not spoken with by who may know of it; who looks at the case now looks at it anew.
    """
    account = await session.get_one(Account, case.account_id)
    owner = await members.by_id(session, case.owner_id)
    now, calendar = ctx.now(), times.calendar_of(owner, ctx.programme)
    today = now.astimezone(calendar.zone).date()
    events = await case_view.events(session, case.id)
    names = ("state", "take_by", "contact_by", "contacted_at", "remind_at")
    change = {name: getattr(case, name) for name in names}
    for contact in await cases.contacts_of(session, case.id):
        if contact.id not in contact_ids or contact.role != ContactRole.DECISION_MAKER:
            continue
        talks = talks_with(events, contact.id)
        if any(not case.hidden_from_owner or each.member_id == case.owner_id for each in talks):
            continue
        halved = times.urgent(account, contact.role, today)
        take = times.take_by(now, halved, calendar, ctx.programme)
        hurry(change, (take, times.contact_by(now, halved, calendar, ctx.programme)))
    await hiding.touch(session, case.id, change)


async def _remains(session: Session, ctx: Context, case: Case, left: Collection[int]) -> None:
    """Gives what remains of an open case as a card to the colleague who has it, where the only
    card they had was of an answer that left.
    """
    account = await session.get_one(Account, case.account_id)
    if case.state not in OPEN_STATES or case.owner_id in (None, account.owner_id):
        return
    posted = await outbox.postings(session, "case", case.id)
    if any(each.member_id == case.owner_id and each.part != "note" for each in posted):
        return
    if await outbox.waits(session, "critic", case.id):
        return  # a card is on its way
    row = {
        "key": f"case:{case.id}:remains:{case.owner_id}:{min(left)}:{ctx.now().timestamp():.3f}",
        "what": "case_handed",
        "due_at": ctx.now(),
        "case_id": case.id,
        "member_id": case.owner_id,
        "account_id": case.account_id,
        "detail": {"partition": f"case:{case.id}"},
    }
    await outbox.add_many(session, [row])


async def _hide(session: Session, ctx: Context, case_id: int, answers: Mapping[int, int]) -> int:
    """Hides responses (with their contacts) of a case that the owner sees; gives where they are."""
    case = await session.get_one(Case, case_id)
    await lock(session, case)
    other = await case_view.other_open(session, case, hidden=True)
    alone = len(await case_view.joined(session, case_id)) == len(answers)
    account = await session.get_one(Account, case.account_id)
    contact_ids = set(answers.values())
    if alone and (other is None or case.settled == "yes"):
        await hiding.hide_case(session, case_id, await _hidden(session, ctx, account, case))
        await _touched(session, case)
        return case_id
    if other is not None:
        target = other.id
    else:
        values = await _for_lead(session, ctx, account, case, contact_ids)
        opened = {"opened_at": ctx.now(), "hidden_from_owner": True}
        target = await _add(session, case, {**values, **opened})
    await hiding.move(session, answers, case_id, target, hidden=True, whole=alone)
    if other is not None:
        await _joins(session, ctx, other, contact_ids)
    if alone:
        await hiding.close_emptied(session, case_id)
    else:
        await _remains(session, ctx, case, answers)
    await _touched(session, case)
    return target


async def _hidden(session: Session, ctx: Context, account: Account, case: Case) -> dict[str, Any]:
    """Gives how a case stands that is hidden as a whole: with who may see it.

    What somebody else began or solved begins anew, unless its customer says that it is settled.
    """
    contacts = {each.id for each in await cases.contacts_of(session, case.id)}
    values = await _for_lead(session, ctx, account, case, contacts)
    by = case.taken_by or case.solved_by
    if case.settled == "yes" or by is None or await _sees(session, account, by):
        seen = await _sees(session, account, case.owner_id)
        return {} if seen else {"owner_id": values["owner_id"]}
    await letters.cancel(session, case.id, "moved")
    asked_anew = {"round": case.round + 1, "settled": None, "settled_at": None, "not_asked": None}
    return {**values, **asked_anew}


async def _touched(session: Session, case: Case) -> None:
    """Lets who acts on a case at this moment look at it anew; `case` is as it stands now."""
    await hiding.touch(session, case.id, {})
    await session.refresh(case)


async def _sees(session: Session, account: Account, member_id: int | None) -> bool:
    """Tells whether who has a case may see what is hidden from the account's owner."""
    member = await members.by_id(session, member_id)
    return member is not None and seeing.sees_hidden(member, account)


async def _for_lead(
    session: Session, ctx: Context, account: Account, case: Case, contact_ids: Collection[int]
) -> dict[str, Any]:
    """Gives how a case stands for the lead whose it is now: new, or as far as they spoke with all
    its customers already.
    """
    lead = await seeing.lead_for_hidden(session, account)
    contacts = [e for e in await cases.contacts_of(session, case.id) if e.id in contact_ids]
    now, calendar = ctx.now(), times.calendar_of(lead, ctx.programme)
    today = now.astimezone(calendar.zone).date()
    halved = any(times.urgent(account, contact.role, today) for contact in contacts)
    take_by = times.take_by(now, halved, calendar, ctx.programme)
    values = {
        **dict.fromkeys(_BEGUN),
        "state": CaseState.NEW,
        "owner_id": lead.id if lead else None,
        "take_by": take_by,
        "contact_by": times.contact_by(now, halved, calendar, ctx.programme),
        "remind_at": take_by,
    }
    events = await case_view.events(session, case.id)
    talks = [
        [talk for talk in talks_with(events, each) if lead and talk.member_id == lead.id]
        for each in contact_ids
    ]
    if lead is None or not all(talks):
        return values
    moments = sorted(each.at for found in talks for each in found)
    by = {"taken_by": lead.id, "taken_at": moments[0], "contacted_at": moments[-1]}
    return {**values, **by, "state": CaseState.CONTACTED}


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
