"""Who may see and work on a case: the rights of the account, and what is hidden from its owner."""

from handlers import rights
from handlers.settings import Programme
from storage import members
from storage.db import Session
from storage.models import Account, Case, Member, MemberRole, Posting

# Why a card stands with somebody who may read what is hidden from the owner.
_ABOVE = ("conflict", "lead", "cx")


def may_see(me: Member, account: Account, case: Case, programme: Programme) -> bool:
    """Tells whether a member may see a case at all; a hidden one is for leads and CX only."""
    if case.hidden_from_owner and not sees_hidden(me, account):
        return False
    return case.owner_id == me.id or rights.may_see_account(me, account, programme)


def sees_hidden(me: Member, account: Account) -> bool:
    """Tells whether a member sees answers that are hidden from the account's owner.

    Who owned the account while an answer was hidden from them sees none, whatever they became.
    """
    if me.id in account.kept_from:
        return False
    if me.role == MemberRole.CX_LEAD:
        return True
    return me.role == MemberRole.TEAM_LEAD and me.team_id == account.team_id


async def lead_for_hidden(session: Session, account: Account) -> Member | None:
    """Gives the lead who may see and work on what is hidden; None where that is left to CX."""
    lead = await members.lead_of(session, account.team_id)
    return None if lead is None or lead.id in account.kept_from else lead


def stands_above(posting: Posting) -> bool:
    """Tells whether a message stands with a lead or CX, who may read what the owner may not."""
    return posting.reason in _ABOVE
