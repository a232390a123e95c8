"""What a case's card shows: its answers, what was heard at the account, and what helped before."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import Executable, bindparam
from sqlalchemy import case as first_of
from sqlalchemy import select as select_rows
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from storage.db import Session
from storage.models import (
    DONE_STATES,
    OPEN_STATES,
    Account,
    Case,
    CaseEvent,
    CaseResponse,
    Contact,
    CurrentAnswer,
    Member,
    Reply,
    Response,
    ResponseChange,
    ResponseStatus,
    Team,
    Wave,
)

_LOOK_BACK = 200  # solved cases in which a like one is looked for


class Before(NamedTuple):
    """The score a contact gave the time before."""

    score: int
    answered_at: datetime


class Joined(NamedTuple):
    """A response of a case with its contact.

    `before` is the contact's last score of the same kind before this response; `changed_from` is
    this response's score before its last change, None when it was never changed.
    """

    response: Response
    contact: Contact
    hidden: bool
    before: Before | None
    changed_from: int | None


class SolvedBefore(NamedTuple):
    """A solved case with what helped."""

    case: Case
    account: Account
    solver: Member | None
    reasons: list[str]


class Around(NamedTuple):
    """A case with what belongs to it; `owner` is responsible, `account_owner` that of record."""

    case: Case
    account: Account
    team: Team | None
    wave: Wave | None
    owner: Member | None
    account_owner: Member | None
    taker: Member | None
    solver: Member | None


async def around(session: Session, case_id: int) -> Around:
    """Gives a case with what belongs to it; raises NoResultFound if there is none."""
    fresh = {"populate_existing": True}
    found = await session.execute(_around(), {"case": case_id}, execution_options=fresh)
    return Around(*found.one())


# Built once: on the way of every alert, building a statement costs more than running it.
@cache
def _around() -> Executable:
    owner, account_owner, taker, solver = (aliased(Member) for _each in range(4))
    return (
        select_rows(Case, Account, Team, Wave, owner, account_owner, taker, solver)
        .join(Account, col(Account.id) == col(Case.account_id))
        .outerjoin(Team, col(Team.id) == col(Account.team_id))
        .outerjoin(Wave, col(Wave.id) == col(Case.wave_id))
        .outerjoin(owner, col(owner.id) == col(Case.owner_id))
        .outerjoin(account_owner, col(account_owner.id) == col(Account.owner_id))
        .outerjoin(taker, col(taker.id) == col(Case.taken_by))
        .outerjoin(solver, col(solver.id) == col(Case.solved_by))
        .where(col(Case.id) == bindparam("case"))
    )


async def joined(session: Session, case_id: int) -> list[Joined]:
    """Gives the responses of a case, the first that came first."""
    found = []
    for row in (await session.execute(_joined(), {"case": case_id})).all():
        response, contact, hidden, score, answered_at, changed_from = row
        before = Before(score, answered_at) if score is not None else None
        found.append(Joined(response, contact, hidden, before, changed_from))
    return found


@cache
def _joined() -> Executable:
    earlier, previous = aliased(Response), aliased(Response)
    last_before = (
        select(earlier.id)
        .where(
            col(earlier.contact_id) == col(Response.contact_id),
            col(earlier.kind) == col(Response.kind),
            col(earlier.status) == ResponseStatus.CONFIRMED,
            col(earlier.score).is_not(None),
            col(earlier.id) != col(Response.id),
            col(earlier.answered_at) < col(Response.answered_at),
        )
        .order_by(col(earlier.answered_at).desc(), col(earlier.id).desc())
        .limit(1)
        .correlate(Response)
        .scalar_subquery()
    )
    changed_from = (
        select(ResponseChange.score)
        .where(
            col(ResponseChange.response_id) == col(Response.id),
            col(ResponseChange.reply) == Reply.SCORE,
        )
        .order_by(col(ResponseChange.at).desc(), col(ResponseChange.id).desc())
        .limit(1)
        .correlate(Response)
        .scalar_subquery()
    )
    shown = (col(Case.hidden_from_owner), col(previous.score), col(previous.answered_at))
    return (
        select_rows(Response, Contact, *shown, changed_from)
        .join(CaseResponse, col(CaseResponse.response_id) == col(Response.id))
        .join(Case, col(Case.id) == col(CaseResponse.case_id))
        .join(Contact, col(Contact.id) == col(Response.contact_id))
        .outerjoin(previous, col(previous.id) == last_before)
        .where(col(CaseResponse.case_id) == bindparam("case"))
        .order_by(col(CaseResponse.joined_at), col(Response.answered_at), col(Response.id))
    )


async def critics_of(session: Session, account_id: int, kind: str) -> list[tuple[int, str]]:
    """Gives response id and name of the contacts whose current score is 0 to 6."""
    asked = {"account": account_id, "of_kind": kind}
    return [(row[0], row[1]) for row in (await session.execute(_critics(), asked)).all()]


@cache
def _critics() -> Executable:
    return (
        select_rows(col(CurrentAnswer.response_id), col(Contact.name))
        .join(Contact, col(Contact.id) == col(CurrentAnswer.contact_id))
        .where(
            col(CurrentAnswer.account_id) == bindparam("account"),
            col(CurrentAnswer.kind) == bindparam("of_kind"),
            col(CurrentAnswer.score) <= 6,
        )
        .order_by(col(CurrentAnswer.answered_at), col(CurrentAnswer.contact_id))
    )


async def other_open(session: Session, case: Case, *, hidden: bool | None = None) -> Case | None:
    """Gives the case that is open for the same account, survey kind and wave, if not this one.

    It is of the same side as this case, or of that of what is `hidden` from the owner or not.
    The account is locked first, as opening a case does: none is opened before the commit.
    """
    lock = select(Account.id).where(col(Account.id) == case.account_id)
    await session.exec(lock.with_for_update(key_share=True))
    same_wave = (
        col(Case.wave_id).is_(None) if case.wave_id is None else col(Case.wave_id) == case.wave_id
    )
    query = select(Case).where(
        col(Case.account_id) == case.account_id,
        col(Case.kind) == case.kind,
        same_wave,
        col(Case.hidden_from_owner).is_(case.hidden_from_owner if hidden is None else hidden),
        col(Case.state).in_(OPEN_STATES),
        col(Case.id) != case.id,
    )
    # Who acts on it at this moment is waited for: ended by then, it is not given.
    locked = query.limit(1).with_for_update().execution_options(populate_existing=True)
    return (await session.exec(locked)).first()


async def events(session: Session, case_id: int) -> Sequence[CaseEvent]:
    """Gives the timeline of a case, the latest first."""
    return (await session.exec(_events(), params={"case": case_id})).all()


@cache
def _events() -> SelectOfScalar[CaseEvent]:
    of_case = select(CaseEvent).where(col(CaseEvent.case_id) == bindparam("case"))
    return of_case.order_by(col(CaseEvent.id).desc())


async def people(session: Session, ids: Collection[int]) -> dict[int, Member]:
    """Gives members by their ids."""
    if not ids:
        return {}
    found = (await session.exec(select(Member).where(col(Member.id).in_(ids)))).all()
    return {member.id: member for member in found}


async def solved_like(
    session: Session, case: Case, reasons: Collection[str]
) -> SolvedBefore | None:
    """Gives the best solved case elsewhere with one of these reasons and a line on what helped.

    Best: what the customer confirmed; a saved customer, then a changed process, then the rest;
    more shared reasons; the latest. What is hidden from its owner anywhere is left out.
    """
    if not reasons:
        return None
    query = (
        select(Case, Account, Member, Response.reasons)
        .join(Account, col(Account.id) == col(Case.account_id))
        .join(CaseResponse, col(CaseResponse.case_id) == col(Case.id))
        .join(Response, col(Response.id) == col(CaseResponse.response_id))
        .outerjoin(Member, col(Member.id) == col(Case.taken_by))
        .where(
            col(Case.state).in_(DONE_STATES),
            col(Case.what_helped).is_not(None),
            col(Case.account_id) != case.account_id,
            col(Case.hidden_from_owner).is_(False),
        )
        .order_by(
            first_of((col(Case.settled) == "yes", 0), else_=1),
            col(Case.solved_at).desc(),
            col(Case.id).desc(),
        )
        .limit(_LOOK_BACK)
    )
    wanted = set(reasons)
    rows = (await session.exec(query)).all()
    found = [SolvedBefore(case_, account, who, list(has)) for case_, account, who, has in rows]
    like = [each for each in found if wanted & set(each.reasons)]
    return min(like, key=lambda each: _rank(each, wanted), default=None)


def _rank(found: SolvedBefore, wanted: set[str]) -> tuple[bool, int, int]:
    outcomes = ["saved", "process_changed", "lesson", "lost"]
    outcome = found.case.outcome or "lesson"
    place = outcomes.index(outcome) if outcome in outcomes else len(outcomes)
    confirmed = found.case.settled == "yes"
    return not confirmed, place, -len(wanted & set(found.reasons))
