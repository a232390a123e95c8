"""Who may see and do what."""

from handlers.settings import Programme
from storage.accounts import SeenBy
from storage.models import Account, Member, MemberRole

LEADERS = frozenset({MemberRole.CX_LEAD, MemberRole.ADMIN})
EVERYBODY = frozenset(MemberRole)


def may_see_account(me: Member, account: Account, programme: Programme) -> bool:
    """Account managers and team leads see their team's accounts and their own; CX and admin all."""
    if programme.open or me.role in LEADERS:
        return True
    if account.owner_id == me.id:
        return True
    return me.team_id is not None and account.team_id == me.team_id


def seen_by(me: Member, programme: Programme) -> SeenBy | None:
    """Gives the accounts a member may see as a condition for queries; None = all of them."""
    if programme.open or me.role in LEADERS:
        return None
    return SeenBy(me.id, me.team_id)


def may_change_account(me: Member, account: Account) -> bool:
    """Whoever works with an account corrects its people; being allowed to look is not enough."""
    if me.role in LEADERS or account.owner_id == me.id:
        return True
    return me.team_id is not None and account.team_id == me.team_id


def may_see_team(me: Member, team_id: int, programme: Programme) -> bool:
    """Everybody sees their own team; CX and admin all teams."""
    return programme.open or me.role in LEADERS or me.team_id == team_id


def may_see_all(me: Member, programme: Programme) -> bool:
    """The whole programme is for CX leads and administrators, or for all where it is open."""
    return programme.open or me.role in LEADERS


def reads_comments(me: Member) -> bool:
    """An administrator keeps the machine running and does not read what customers wrote."""
    return me.role != MemberRole.ADMIN


def leads_waves(me: Member) -> bool:
    """Only CX leads and administrators plan and steer waves."""
    return me.role in LEADERS
