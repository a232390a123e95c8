"""How soon cases were taken and contacted."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import col

from storage.db import Session
from storage.measures import Span, within
from storage.models import Account, Case, CasePace, CaseState
from storage.scopes import Part, in_part


class Paced(NamedTuple):
    """A critic's case as it went: whose, and the first time of each step with its deadline."""

    owner_id: int | None
    team_id: int | None
    state: str
    taken_at: datetime | None
    take_by: datetime | None
    take_hours: float | None
    contacted_at: datetime | None
    contact_by: datetime | None
    contact_hours: float | None


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
