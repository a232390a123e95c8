"""What came of a wave, by account, and who gets to know."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import and_, exists, func, literal, select
from sqlmodel import col

from storage.db import Session
from storage.models import (
    Account,
    Case,
    CaseResponse,
    Invitation,
    InvitationStatus,
    Reply,
    Response,
    ResponseStatus,
)

# Whoever may have got the prompt was asked.
_REACHED = (InvitationStatus.SENT, InvitationStatus.DOUBT)


class AccountResult(NamedTuple):
    """An account in a wave: how many were asked and heard, and the scores by group."""

    account_id: int
    name: str
    asked: int
    heard: int
    promoters: int
    passives: int
    critics: int


class Reached(NamedTuple):
    """Who has accounts in a wave, as things stand now."""

    owner_ids: tuple[int, ...]
    team_ids: tuple[int, ...]
    of_no_team: tuple[int | None, ...]  # who owns accounts of no team


async def by_account(
    session: Session,
    wave_id: int,
    *,
    owner_id: int | None = None,
    team_id: int | None = None,
) -> Sequence[AccountResult]:
    """Gives the accounts of an owner or a team in a wave, by name.

    Answers that the owner must not see count as not given: owners read their team's place, too.
    """
    of_case = col(CaseResponse.response_id) == col(Response.id)
    hidden = exists(literal(1)).where(
        of_case, col(Case.id) == col(CaseResponse.case_id), col(Case.hidden_from_owner).is_(True)
    )
    for_manager = col(Response.to_manager).is_(True) & ~exists(literal(1)).where(of_case)
    seen = and_(
        col(Response.invitation_id) == col(Invitation.id),
        col(Response.status) == ResponseStatus.CONFIRMED,
        ~hidden,
        ~for_manager,
    )
    score = col(Response.score)
    rated = col(Response.reply) == Reply.SCORE
    query = (
        select(
            col(Account.id),
            col(Account.name),
            func.count(),
            func.count(col(Response.id)),
            func.count().filter(rated, score >= 9),
            func.count().filter(rated, score.in_((7, 8))),
            func.count().filter(rated, score <= 6),
        )
        .select_from(Invitation)
        .join(Account, col(Account.id) == col(Invitation.account_id))
        .outerjoin(Response, seen)
        .where(
            col(Invitation.wave_id) == wave_id,
            # An answer without a prompt that is known to have left us counts as asked, too.
            col(Invitation.status).in_(_REACHED) | col(Response.id).is_not(None),
        )
        .group_by(col(Account.id), col(Account.name))
        .order_by(col(Account.name))
    )
    if owner_id is not None:
        query = query.where(col(Account.owner_id) == owner_id)
    if team_id is not None:
        query = query.where(col(Account.team_id) == team_id)
    return [AccountResult._make(row) for row in (await session.execute(query)).all()]


async def reached(session: Session, wave_id: int) -> Reached:
    """Gives the owners and teams, as of today, of the accounts that a wave asked."""
    query = (
        select(col(Account.owner_id), col(Account.team_id))
        .join(Invitation, col(Invitation.account_id) == col(Account.id))
        .where(col(Invitation.wave_id) == wave_id, col(Invitation.status).in_(_REACHED))
        .distinct()
    )
    rows = (await session.execute(query)).all()
    return Reached(
        tuple(sorted({owner for owner, _team in rows if owner is not None})),
        tuple(sorted({team for _owner, team in rows if team is not None})),
        tuple({owner for owner, team in rows if team is None}),
    )
