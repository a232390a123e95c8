"""Who a case is with: the owner, or who acts for an owner who can't."""

from datetime import datetime

from handlers.cases.opening import is_away, responsible
from storage import members
from storage.db import Session
from storage.models import Account, Member


async def responsible_for(session: Session, account: Account, now: datetime) -> Member | None:
    """Gives who has to act for an account now: owner, backup or lead; None without any."""
    return await acting_for(session, account, await members.by_id(session, account.owner_id), now)


async def acting_for(
    session: Session, account: Account, member: Member | None, now: datetime
) -> Member | None:
    """Gives who acts for a member: themselves, their backup, else the account's lead."""
    if member is not None and member.left_at is None and not is_away(member, now):
        return member  # nobody else is looked for: on the way of every alert
    backup = await members.by_id(session, member.backup_id) if member else None
    lead = await members.lead_of(session, account.team_id)
    return responsible(member, backup, lead, now)
