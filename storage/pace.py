"""How soon cases were taken and contacted, and which customers were won back."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from storage.db import Session
from storage.measures import ASKED, Span, asked_at, within
from storage.models import (
    Account,
    Case,
    CasePace,
    CaseState,
    CurrentAnswer,
    Invitation,
    Reply,
    Response,
    ResponseStatus,
)
from storage.scopes import Part, in_part


class Paced(NamedTuple):
    """A critic's case as it went: whose, and the first time of each step with its deadline."""

    owner_id: int | None
    team_id: int | None
    state: str
    settled: str | None
    taken_at: datetime | None
    take_by: datetime | None
    take_hours: float | None
    contacted_at: datetime | None
    contact_by: datetime | None
    contact_hours: float | None


class WonBack(NamedTuple):
    """Critics who answered again, how many of them are none any more, and all asked again."""

    again: int
    recovered: int
    asked: int


async def of_case(session: Session, case_id: int) -> CasePace | None:
    """Gives what is kept of a case, if anything."""
    return await session.get(CasePace, case_id)


async def of_part(
    session: Session,
    part: Part,
    opened: Span,
    without: Collection[int] = (),
    owner_id: int | None = None,
) -> list[Paced]:
    """Gives the critics' cases (of one owner) of a part that were opened within a span.

    Those closed as no real critic are left out, and the cases `without`.
    """
    query = (
        select(
            col(Case.owner_id),
            col(Account.team_id),
            col(Case.state),
            col(Case.settled),
            col(CasePace.taken_at),
            func.coalesce(col(CasePace.take_by), col(Case.take_by)),
            col(CasePace.take_hours),
            col(CasePace.contacted_at),
            func.coalesce(col(CasePace.contact_by), col(Case.contact_by)),
            col(CasePace.contact_hours),
        )
        .join(Account, col(Account.id) == col(Case.account_id))
        .outerjoin(CasePace, col(CasePace.case_id) == col(Case.id))
        .where(
            col(Case.what) == "critic",
            col(Case.state) != CaseState.NOT_A_CRITIC,
            within(col(Case.opened_at), opened),
            in_part(part, col(Case.account_id)),
        )
    )
    if owner_id is not None:
        query = query.where(col(Case.owner_id) == owner_id)
    if without:
        query = query.where(col(Case.id).not_in(without))
    return [Paced._make(row) for row in (await session.execute(query)).all()]


async def won_back(
    session: Session,
    part: Part,
    kind: str,
    kinds: Collection[str],
    now: datetime,
    without: Collection[int] = (),
) -> WonBack:
    """Counts the critics of a part whose score came again, by the score before the current one.

    `kind` is that of the current answers, `kinds` are those that count together under it.
    """
    earlier = aliased(Response)
    before = (
        select(col(earlier.score))
        .where(
            col(earlier.contact_id) == col(CurrentAnswer.contact_id),
            col(earlier.kind).in_(kinds),
            col(earlier.status) == ResponseStatus.CONFIRMED,
            col(earlier.reply) == Reply.SCORE,
            col(earlier.answered_at) < col(CurrentAnswer.answered_at),
            col(earlier.id).not_in(without),
        )
        .order_by(col(earlier.answered_at).desc(), col(earlier.id).desc())
        .limit(1)
        .correlate(CurrentAnswer)
        .scalar_subquery()
    )
    asked_since = exists().where(
        and_(
            col(Invitation.contact_id) == col(CurrentAnswer.contact_id),
            col(Invitation.kind).in_(kinds),
            col(Invitation.is_test).is_(False),
            col(Invitation.status).in_(ASKED),
            asked_at() > col(CurrentAnswer.answered_at),
        )
    )
    query = select(
        col(CurrentAnswer.score), before.label("before"), asked_since.label("asked")
    ).where(
        col(CurrentAnswer.kind) == kind,
        col(CurrentAnswer.reply) == Reply.SCORE,
        col(CurrentAnswer.leaves_on) > now,
        col(CurrentAnswer.response_id).not_in(without),
        in_part(part, col(CurrentAnswer.account_id)),
    )
    rows = (await session.execute(query)).all()
    again = [row for row in rows if row.before is not None and row.before <= 6]
    silent = [
        row
        for row in rows
        if (row.before is None or row.before > 6) and row.score <= 6 and row.asked
    ]
    return WonBack(len(again), sum(row.score > 6 for row in again), len(again) + len(silent))
