"""Who a case is with: the owner's responsibility passes to others and comes back."""

from collections.abc import Collection

from sqlalchemy import Select, exists
from sqlmodel import col, select, update

from storage.db import Session
from storage.models import Account, Case, Member, MemberRole


async def give_hidden_to_lead(session: Session, which: Collection[int] | Select[int]) -> None:
    """Gives the hidden ones of these cases to the lead: who may not see a case can't work on it."""
    of_account = col(Account.id) == col(Case.account_id)
    lead = (
        select(col(Member.id))
        .join(Account, of_account)
        .where(
            col(Member.team_id) == col(Account.team_id),
            col(Member.role) == MemberRole.TEAM_LEAD,
            col(Member.left_at).is_(None),
            col(Member.id) != col(Account.owner_id),
        )
        .order_by(col(Member.name), col(Member.id))
        .limit(1)
        .correlate(Case)
        .scalar_subquery()
    )
    is_owners = exists().where(of_account, col(Account.owner_id) == col(Case.owner_id))
    await session.execute(
        update(Case)
        .where(col(Case.id).in_(which), col(Case.hidden_from_owner).is_(True), is_owners)
        .values(owner_id=lead)
        .execution_options(synchronize_session=False)
    )
