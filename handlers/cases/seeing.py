"""Who may see and work on a case: the rights of the account, and what is hidden from its owner."""

from handlers import rights
from handlers.settings import Programme
from storage.models import Account, Case, Member, MemberRole


def may_see(me: Member, account: Account, case: Case, programme: Programme) -> bool:
    """Tells whether a member may see a case at all; a hidden one is for leads and CX only."""
    if case.hidden_from_owner and not sees_hidden(me, account):
        return False
    return case.owner_id == me.id or rights.may_see_account(me, account, programme)


def sees_hidden(me: Member, account: Account) -> bool:
    """Tells whether a member sees answers that are hidden from the account's owner."""
    if me.id == account.owner_id:
        return False
    if me.role == MemberRole.CX_LEAD:
        return True
    return me.role == MemberRole.TEAM_LEAD and me.team_id == account.team_id
