"""What is hidden from an account's owner: answers and whole cases that only leads may see."""

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, String, cast, exists
from sqlmodel import col, or_, select, update

from storage.db import Session
from storage.models import (
    Account,
    Alert,
    Case,
    CaseEvent,
    CaseResponse,
    Posting,
    Promise,
    Response,
)
from storage.owning import give_hidden_to_lead


async def hide(session: Session, response_ids: Collection[int]) -> set[int]:
    """Hides responses from the owner, told or not; a case of hidden ones is hidden.

    What the lead has released stays as it is. Gives the responses that were not hidden before.
    """
    if not response_ids:
        return set()
    released = exists().where(
        col(CaseEvent.case_id) == col(CaseResponse.case_id),
        col(CaseEvent.act) == "released",
        col(CaseEvent.note) == cast(col(CaseResponse.response_id), String),
    )
    return await _hide(session, col(CaseResponse.response_id).in_(response_ids) & ~released)


async def hide_whole(session: Session, case_id: int) -> set[int]:
    """Hides all responses of a case from the owner; gives those that were not hidden before."""
    return await _hide(session, col(CaseResponse.case_id) == case_id)


async def _hide(session: Session, which: ColumnElement[bool]) -> set[int]:
    rows = await session.execute(
        update(CaseResponse)
        .where(which, col(CaseResponse.hidden_from_owner).is_(False))
        .values(hidden_from_owner=True)
        .returning(col(CaseResponse.response_id))
        .execution_options(synchronize_session=False)
    )
    hidden = set(rows.scalars())
    if hidden:
        ids = select(CaseResponse.case_id).where(col(CaseResponse.response_id).in_(hidden))
        await _hide_cases(session, col(Case.id).in_(ids))
        await give_hidden_to_lead(session, ids)
    return hidden


async def keep_from(session: Session, old_of: Mapping[int, int | None]) -> None:
    """Remembers by account who owned it until now, where an answer is kept from them.

    What they were not shown as owner they are not to see as the lead of the team, or in CX.
    """
    in_case = col(CaseResponse.response_id).is_not(None)
    hidden = or_(
        col(CaseResponse.hidden_from_owner).is_(True), col(Case.hidden_from_owner).is_(True)
    )
    keeping = (
        select(Response.account_id)
        .outerjoin(CaseResponse, col(CaseResponse.response_id) == col(Response.id))
        .outerjoin(Case, col(Case.id) == col(CaseResponse.case_id))
        .where(
            col(Response.account_id).in_(old_of),
            or_(hidden, col(Response.to_manager).is_(True) & ~in_case),
        )
    )
    found = await session.exec(select(Account).where(col(Account.id).in_(keeping)))
    for account in found.all():
        old = old_of[account.id]
        if old is not None:
            account.once_kept_from = sorted({*account.once_kept_from, old})
            session.add(account)
    await session.flush()


async def is_hidden(session: Session, case_id: int, response_id: int) -> bool:
    """Tells whether a response of this case is hidden from the owner."""
    row = await session.get(CaseResponse, response_id, populate_existing=True)
    return row is not None and row.case_id == case_id and row.hidden_from_owner


async def release(session: Session, case_id: int, response_id: int) -> None:
    """Shows a hidden response to the owner."""
    await session.execute(
        update(CaseResponse)
        .where(col(CaseResponse.response_id) == response_id)
        .values(hidden_from_owner=False)
        .execution_options(synchronize_session=False)
    )
    await _hide_cases(session, col(Case.id) == case_id)


async def was_released(session: Session, case_id: int, response_id: int) -> bool:
    """Tells whether the lead has shown this response to the owner."""
    query = select(CaseEvent.id).where(
        col(CaseEvent.case_id) == case_id,
        col(CaseEvent.act) == "released",
        col(CaseEvent.note) == str(response_id),
    )
    return (await session.exec(query.limit(1))).first() is not None


async def look_who_sees(session: Session, case_ids: Collection[int]) -> None:
    """Hides cases all of whose responses are hidden from the owner, and no others."""
    await _hide_cases(session, col(Case.id).in_(case_ids))


async def leave_to_lead(session: Session, case_id: int) -> None:
    """Hides a case and gives it to the lead, where only hidden responses are left in it."""
    left = exists().where(col(CaseResponse.case_id) == col(Case.id))
    await _hide_cases(session, (col(Case.id) == case_id) & left)
    await give_hidden_to_lead(session, [case_id])


async def _hide_cases(session: Session, which: ColumnElement[bool]) -> None:
    visible = exists().where(
        col(CaseResponse.case_id) == col(Case.id), col(CaseResponse.hidden_from_owner).is_(False)
    )
    await session.execute(
        update(Case)
        .where(which)
        .values(hidden_from_owner=~visible)
        .execution_options(synchronize_session=False)
    )


async def move(
    session: Session,
    response_ids: Collection[int],
    contact_ids: Collection[int],
    old: int,
    new: int,
) -> None:
    """Moves hidden responses to another case, with their cards and what was done for them."""
    told = col(CaseEvent.act).in_(("opened", "joined", "released")) & col(CaseEvent.note).in_(
        [str(each) for each in response_ids]
    )
    done = col(CaseEvent.contact_id).in_(contact_ids) & col(CaseEvent.hidden_from_owner).is_(True)
    promised = col(Promise.contact_id).in_(contact_ids) & col(Promise.hidden_from_owner).is_(True)
    for statement in (
        update(CaseResponse)
        .where(col(CaseResponse.case_id) == old, col(CaseResponse.response_id).in_(response_ids))
        .values(case_id=new),
        update(Posting)
        .where(
            col(Posting.subject) == "case",
            col(Posting.subject_id) == old,
            col(Posting.response_id).in_(response_ids),
        )
        .values(subject_id=new),
        update(Alert)
        .where(col(Alert.case_id) == old, col(Alert.response_id).in_(response_ids))
        .values(case_id=new),
        update(CaseEvent).where(col(CaseEvent.case_id) == old, told | done).values(case_id=new),
        update(Promise).where(col(Promise.case_id) == old, promised).values(case_id=new),
    ):
        await session.execute(statement.execution_options(synchronize_session=False))


async def hidden_responses(session: Session, account_ids: Collection[int]) -> frozenset[int]:
    """Gives the responses that the owners of these accounts must not see on any surface."""
    query = (
        select(CaseResponse.response_id)
        .join(Case, col(Case.id) == col(CaseResponse.case_id))
        .where(
            col(Case.account_id).in_(account_ids),
            or_(
                col(CaseResponse.hidden_from_owner).is_(True), col(Case.hidden_from_owner).is_(True)
            ),
        )
    )
    return frozenset((await session.exec(query)).all())
