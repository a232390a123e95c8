"""What stands beside the figures of a group of accounts: critics who decide, and open cases."""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Executable,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlmodel import col

from storage.db import Session
from storage.models import (
    OPEN_STATES,
    Account,
    Case,
    CaseResponse,
    CaseState,
    Contact,
    ContactRole,
    CurrentAnswer,
    Reply,
    Response,
)
from storage.scopes import Part, in_part


class DecidingCritic(NamedTuple):
    """A decision maker whose score that counts now is 0 to 6."""

    account_id: int
    account: str
    contact: str
    title: str | None
    score: int
    response_id: int


class OpenCases(NamedTuple):
    """How many cases are open, how many of them nobody took, and how many are past a deadline."""

    open: int
    untaken: int
    overdue: int


class Kept(NamedTuple):
    """The id of a response or case that is kept from the owner of its account, and from whom."""

    id: int
    team_id: int | None
    kept_from: frozenset[int | None]


async def deciding_critics(
    session: Session,
    part: Part,
    kind: str,
    now: datetime,
    limit: int,
    without: Collection[int] = (),
) -> tuple[int, list[DecidingCritic]]:
    """Counts the decision makers of a part who are critics now, and gives the first of them.

    They come by annual value of their account. Responses `without` are kept from whoever asks.
    """
    conditions = (
        col(CurrentAnswer.kind) == kind,
        col(CurrentAnswer.role) == ContactRole.DECISION_MAKER,
        col(CurrentAnswer.reply) == Reply.SCORE,
        col(CurrentAnswer.score) <= 6,
        col(CurrentAnswer.leaves_on) > now,
        col(CurrentAnswer.response_id).not_in(without) if without else true(),
        in_part(part, col(CurrentAnswer.account_id)),
    )
    count = select(func.count()).select_from(CurrentAnswer).where(*conditions)
    query = (
        select(
            col(Account.id),
            col(Account.name),
            col(Contact.name),
            col(Contact.title),
            col(CurrentAnswer.score),
            col(CurrentAnswer.response_id),
        )
        .join(Contact, col(Contact.id) == col(CurrentAnswer.contact_id))
        .join(Account, col(Account.id) == col(CurrentAnswer.account_id))
        .where(*conditions)
        .order_by(
            col(Account.annual_value).desc().nulls_last(),
            col(Account.name),
            col(Account.id),
            col(CurrentAnswer.contact_id),
        )
        .limit(limit)
    )
    counted: int = (await session.execute(count)).scalar_one()
    rows = (await session.execute(query)).all()
    return counted, [DecidingCritic._make(row) for row in rows]


async def open_cases(
    session: Session, part: Part, now: datetime, without: Collection[int] = ()
) -> OpenCases:
    """Counts the open cases of a part; cases `without` are kept from whoever asks."""
    taken = col(Case.state).in_((CaseState.TAKEN, CaseState.CONTACTED))
    late = or_(
        (col(Case.state) == CaseState.NEW) & (col(Case.take_by) < now),
        (col(Case.state) == CaseState.TAKEN) & (col(Case.contact_by) < now),
    )
    query = select(func.count(), _sum(~taken), _sum(late)).where(
        col(Case.state).in_(OPEN_STATES),
        in_part(part, col(Case.account_id)),
        col(Case.id).not_in(without),
    )
    return OpenCases(*(await session.execute(query)).one())


async def kept_responses(session: Session, account_id: int | None = None) -> list[Kept]:
    """Gives the responses (of one account) that are kept from the owners of their accounts.

    What a contact wants shown to the manager is kept also where no case says so.
    """
    values = {} if account_id is None else {"account": account_id}
    found = await session.execute(_kept(account_id is not None), values)
    return [_of_row(*row) for row in found.all()]


@cache
def _kept(of_account: bool) -> Executable:
    mine = col(Account.id) == bindparam("account") if of_account else true()
    whom = (col(Account.team_id), col(Account.owner_id), col(Account.once_kept_from))
    in_cases = (
        select(col(CaseResponse.response_id), *whom)
        .join(Case, col(Case.id) == col(CaseResponse.case_id))
        .join(Account, col(Account.id) == col(Case.account_id))
        .where(mine, col(Case.hidden_from_owner).is_(True))
    )
    in_case = exists().where(col(CaseResponse.response_id) == col(Response.id))
    asked = (
        select(col(Response.id), *whom)
        .join(Account, col(Account.id) == col(Response.account_id))
        .where(mine, col(Response.to_manager).is_(True), ~in_case)
    )
    return in_cases.union_all(asked)


async def kept_cases(session: Session) -> list[Kept]:
    """Gives the cases that are kept from the owners of their accounts."""
    query = (
        select(
            col(Case.id), col(Account.team_id), col(Account.owner_id), col(Account.once_kept_from)
        )
        .join(Account, col(Account.id) == col(Case.account_id))
        .where(col(Case.hidden_from_owner).is_(True))
    )
    return [_of_row(*row) for row in (await session.execute(query)).all()]


def _of_row(row_id: int, team_id: int | None, owner_id: int | None, once: list[int]) -> Kept:
    return Kept(row_id, team_id, frozenset((owner_id, *once)))


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
