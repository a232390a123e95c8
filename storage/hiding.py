"""What is hidden from an account's owner: cases that only leads may see, and all in them."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import true
from sqlmodel import SQLModel, col, or_, select, update
from sqlmodel.sql.expression import SelectOfScalar

from storage import promises
from storage.db import Session
from storage.models import (
    Account,
    Alert,
    Case,
    CaseEvent,
    CaseResponse,
    CaseState,
    Letter,
    LetterStatus,
    Posting,
    Promise,
    Response,
    Settled,
)


async def lock_accounts(session: Session, response_ids: Collection[int]) -> None:
    """Waits for whoever opens, hides or shows cases of the accounts of these responses."""
    of_them = select(Response.account_id).where(col(Response.id).in_(response_ids))
    accounts = select(Account.id).where(col(Account.id).in_(of_them)).order_by(col(Account.id))
    await session.exec(accounts.with_for_update(key_share=True))


async def lock_account(session: Session, account_id: int) -> None:
    """Waits for whoever opens, hides or shows cases of an account."""
    lock = select(Account.id).where(col(Account.id) == account_id)
    await session.exec(lock.with_for_update(key_share=True))


async def lock_case(session: Session, case_id: int) -> None:
    """Waits for whoever acts on a case or sends its cards; its alerts are written after it."""
    await session.exec(select(Case.id).where(col(Case.id) == case_id).with_for_update())


async def touch(session: Session, case_id: int, values: Mapping[str, Any]) -> None:
    """Changes a case so that who looked at it before looks at it anew."""
    await _set(session, case_id, {**values, "version": col(Case.version) + 1})


async def seen_by_owner(
    session: Session, response_ids: Collection[int], *, also_released: bool = False
) -> dict[int, dict[int, int]]:
    """Gives response and contact, by case, of those of these responses that the owner sees.

    What the lead has released is none of them, unless `also_released`.
    """
    released = set() if also_released else await _released(session, response_ids)
    wanted = [each for each in response_ids if each not in released]
    if not wanted:
        return {}
    query = (
        select(CaseResponse.case_id, CaseResponse.response_id, Response.contact_id)
        .join(Case, col(Case.id) == col(CaseResponse.case_id))
        .join(Response, col(Response.id) == col(CaseResponse.response_id))
        .where(col(CaseResponse.response_id).in_(wanted), col(Case.hidden_from_owner).is_(False))
        .order_by(col(CaseResponse.case_id), col(CaseResponse.response_id))
    )
    found: dict[int, dict[int, int]] = {}
    for case_id, response_id, contact_id in (await session.exec(query)).all():
        found.setdefault(case_id, {})[response_id] = contact_id
    return found


async def hide_case(session: Session, case_id: int, values: Mapping[str, Any]) -> None:
    """Hides a case from the owner; `values` say whose it is then, and how it stands."""
    await _set(session, case_id, {**values, "hidden_from_owner": True})
    await _mark_promises(session, case_id, hidden=True)


async def show_case(session: Session, case_id: int, owner_id: int | None) -> None:
    """Shows a hidden case to the owner, with what the lead did; it is about them no more."""
    shown = {"hidden_from_owner": False, "about_owner": False, "owner_id": owner_id}
    await _set(session, case_id, shown)
    await _mark_promises(session, case_id, hidden=False)


async def close_emptied(session: Session, case_id: int) -> None:
    """Closes a case whose answers are all in another one now; the owner sees none of what it was.

    Its version stays: whoever acts at this moment is the one who emptied it.
    """
    closed = {"state": CaseState.NOT_A_CRITIC, "remind_at": None, "hidden_from_owner": True}
    await _set(session, case_id, closed)


async def mark_about_owner(session: Session, case_id: int) -> None:
    """Notes that a hidden case is about the owner."""
    await _set(session, case_id, {"about_owner": True})


async def _set(session: Session, case_id: int, values: Mapping[str, Any]) -> None:
    await session.execute(
        update(Case)
        .where(col(Case.id) == case_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def _mark_promises(session: Session, case_id: int, *, hidden: bool) -> None:
    await session.execute(
        update(Promise)
        .where(col(Promise.case_id) == case_id)
        .values(hidden_from_owner=hidden)
        .execution_options(synchronize_session=False)
    )


async def keep_from(session: Session, old_of: Mapping[int, int | None]) -> None:
    """Remembers by account who owned it until now, where an answer is kept from them.

    What they were not shown as owner they are not to see as the lead of the team, or in CX.
    """
    found = await session.exec(select(Account).where(col(Account.id).in_(_keeping(old_of))))
    for account in found.all():
        old = old_of[account.id]
        if old is not None:
            account.once_kept_from = sorted({*account.once_kept_from, old})
            session.add(account)
    await session.flush()


async def keep_no_more(session: Session, account_id: int) -> None:
    """Forgets from which owners of before an account keeps answers, once it keeps none."""
    if (await session.exec(_keeping([account_id]).limit(1))).first() is None:
        account = await session.get_one(Account, account_id)
        account.once_kept_from = []
        session.add(account)
        await session.flush()


def _keeping(account_ids: Collection[int]) -> SelectOfScalar[int]:
    """Gives those of these accounts at which something is kept from the owner."""
    in_case = col(CaseResponse.response_id).is_not(None)
    hidden = col(Case.hidden_from_owner).is_(True)
    return (
        select(Response.account_id)
        .outerjoin(CaseResponse, col(CaseResponse.response_id) == col(Response.id))
        .outerjoin(Case, col(Case.id) == col(CaseResponse.case_id))
        .where(
            col(Response.account_id).in_(account_ids),
            or_(hidden, col(Response.to_manager).is_(True) & ~in_case),
        )
    )


async def is_hidden(session: Session, case_id: int, response_id: int) -> bool:
    """Tells whether a response of this case is hidden from the owner."""
    query = (
        select(CaseResponse.response_id)
        .join(Case, col(Case.id) == col(CaseResponse.case_id))
        .where(
            col(Case.id) == case_id,
            col(Case.hidden_from_owner).is_(True),
            col(CaseResponse.response_id) == response_id,
        )
    )
    return (await session.exec(query)).first() is not None


async def _released(session: Session, response_ids: Collection[int]) -> set[int]:
    query = select(CaseEvent.note).where(
        col(CaseEvent.act) == "released",
        col(CaseEvent.note).in_([str(each) for each in response_ids]),
    )
    return {int(note) for note in (await session.exec(query)).all() if note}


async def move(
    session: Session, answers: Mapping[int, int], old: int, new: int, *, hidden: bool, whole: bool
) -> None:
    """Moves responses to a case of the other side, with their cards and what was done for them.

    `answers` gives the contact of each response; they are the `whole` of the case, or part of it,
    and then what was done for no customer by name stays. What was done can't be undone any more:
    the case it was done in is another. A case that is hidden now is the lead's to solve: what its
    customers were asked before is of no round of it, or asked no more.
    """
    contacts = set(answers.values())
    notes = [str(each) for each in answers]
    told = col(CaseEvent.act).in_(("opened", "joined", "released")) & col(CaseEvent.note).in_(notes)
    done = true() if whole else col(CaseEvent.contact_id).in_(contacts)
    shown = true() if whole else col(Posting.response_id).in_(answers)
    promised = true() if whole else col(Promise.contact_id).in_(contacts)

    async def to_new(table: type[SQLModel], mine: Any, **values: Any) -> None:
        statement = update(table).where(mine).values(**values)
        await session.execute(statement.execution_options(synchronize_session=False))

    posted = (col(Posting.subject) == "case") & (col(Posting.subject_id) == old)
    await to_new(
        CaseResponse,
        (col(CaseResponse.case_id) == old) & col(CaseResponse.response_id).in_(answers),
        case_id=new,
    )
    await to_new(Posting, posted & shown, subject_id=new)
    await to_new(
        Alert, (col(Alert.case_id) == old) & col(Alert.response_id).in_(answers), case_id=new
    )
    await to_new(CaseEvent, (col(CaseEvent.case_id) == old) & told, case_id=new)
    await to_new(CaseEvent, (col(CaseEvent.case_id) == old) & done, case_id=new, before={})
    await to_new(
        Promise,
        (col(Promise.case_id) == old) & promised,
        case_id=new,
        hidden_from_owner=hidden,
    )
    letters = (col(Letter.case_id) == old) & col(Letter.contact_id).in_(contacts)
    if hidden:
        planned = letters & (col(Letter.status) == LetterStatus.PLANNED)
        await to_new(Letter, planned, status=LetterStatus.CANCELLED, reason="moved")
        await to_new(Letter, letters, round=0)
    await to_new(Letter, letters, case_id=new)
    await to_new(
        Settled,
        (col(Settled.case_id) == old) & col(Settled.contact_id).in_(contacts),
        case_id=new,
    )
    for case_id in (old, new):
        await promises.name_latest(session, case_id)


async def hidden_responses(session: Session, account_ids: Collection[int]) -> frozenset[int]:
    """Gives the responses that the owners of these accounts must not see on any surface."""
    query = (
        select(CaseResponse.response_id)
        .join(Case, col(Case.id) == col(CaseResponse.case_id))
        .where(col(Case.account_id).in_(account_ids), col(Case.hidden_from_owner).is_(True))
    )
    return frozenset((await session.exec(query)).all())
