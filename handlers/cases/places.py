"""Where a card goes, why there, and in whose language and time it is written."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from handlers.calendars import is_working_time
from handlers.cases import opening, owning, seeing, times
from handlers.chat import Place
from handlers.context import Context
from storage import members
from storage.db import Session
from storage.models import Account, Case, Member, MemberRole


@dataclass(frozen=True)
class Route:
    """For whom a card is, the steps of places that are tried, and for each place the reason.

    `direct` are the direct messages of the person or persons it is for.
    """

    member: Member | None
    steps: tuple[tuple[Place, ...], ...]
    direct: tuple[Place, ...] = ()
    reasons: dict[Place, str] = field(default_factory=dict)


def direct_places(member: Member) -> tuple[Place, ...]:
    """Gives the places of a member's direct messages; the console's is the e-mail."""
    places = []
    if member.slack_id:
        places.append(f"slack:{member.slack_id}")
    if member.teams_id:
        places.append(f"teams-user:{member.teams_id}")
    return (*places, f"console:{member.email}")


def mentions(route: Route, now: datetime, ctx: Context) -> tuple[Place, ...]:
    """Gives whom to call by name: nobody outside their working hours."""
    if route.member is None:
        return ()
    calendar = times.calendar_of(route.member, ctx.programme)
    return route.direct if is_working_time(now, calendar) else ()


async def of_case(session: Session, ctx: Context, case: Case, account: Account) -> Route:
    """Gives where a case's cards go: to who is responsible, else the team, else the fallback."""
    owner = await members.by_id(session, account.owner_id)
    member = await members.by_id(session, case.owner_id)
    member = await owning.acting_for(session, account, member, ctx.now())
    reason = "owner"
    if member is not None and (owner is None or member.id != owner.id):
        reason = _why_not_owner(member, owner, ctx.now())
    return await of_member(session, ctx, member, account.team_id, reason)


async def of_member(
    session: Session,
    ctx: Context,
    member: Member | None,
    team_id: int | None = None,
    reason: str = "owner",
) -> Route:
    """Gives where cards for a member go: their places, else their team's, else the fallback."""
    team_id = team_id if team_id is not None else member.team_id if member else None
    own, team = await members.places_around(session, member.id if member else None, team_id)
    fallback = (ctx.programme.fallback_place,) if ctx.programme.fallback_place else ()
    direct = direct_places(member) if member else ()
    return _route(
        member,
        direct,
        [
            (tuple(place.place for place in own), reason),
            (tuple(place.place for place in team), "team"),
            (fallback, "fallback"),
            # Without any place that works the person is still told.
            (direct, reason),
        ],
    )


async def of_person(
    session: Session, ctx: Context, member: Member | None, reason: str = "handed"
) -> Route:
    """Gives where what is for one person alone goes: their places, their direct messages."""
    if member is None:
        return await of_cx(session, ctx)
    own = tuple(place.place for place in await members.places(session, member_id=member.id))
    direct = direct_places(member)
    fallback = (ctx.programme.fallback_place,) if ctx.programme.fallback_place else ()
    return _route(member, direct, [(own, reason), (direct, reason), (fallback, reason)])


async def of_lead(session: Session, ctx: Context, account: Account, reason: str = "lead") -> Route:
    """Gives where cards for the account's lead go: direct, so that the owner reads none.

    What is kept from the owner ("conflict") goes to the CX leads where the lead can't be reached.
    """
    if reason == "conflict":
        cx = await of_cx(session, ctx, reason, without=account.kept_from)
        lead = await seeing.lead_for_hidden(session, account)
        if lead is None:
            return kept(cx)
        direct = direct_places(lead)
        return _route(lead, (*direct, *cx.direct), [(direct, reason), (cx.direct, reason)])
    lead = await members.lead_of(session, account.team_id)
    if lead is None or lead.id == account.owner_id:
        return await of_cx(session, ctx, reason)
    direct = direct_places(lead)
    fallback = (ctx.programme.fallback_place,) if ctx.programme.fallback_place else ()
    return _route(lead, direct, [(direct, reason), (fallback, reason)])


async def of_cx(
    session: Session, ctx: Context, reason: str = "cx", without: Collection[int | None] = ()
) -> Route:
    """Gives where cards for the CX leads go: direct messages of all, else the fallback.

    Those `without` may not see it.
    """
    found = await members.with_role(session, MemberRole.CX_LEAD)
    leaders = [each for each in found if each.id not in without]
    direct = tuple(place for leader in leaders for place in direct_places(leader))
    fallback = (ctx.programme.fallback_place,) if ctx.programme.fallback_place else ()
    first = leaders[0] if leaders else None
    return _route(first, direct, [(direct, reason), (fallback, reason)])


def kept(route: Route) -> Route:
    """Gives a route for what is kept from the owner, who may read every place but others' own."""
    own = set(route.direct)
    return replace(route, steps=tuple(step for step in route.steps if own.issuperset(step)))


def _why_not_owner(member: Member, owner: Member | None, now: datetime) -> str:
    if owner is None or owner.left_at is not None:
        return "no_owner"
    if owner.backup_id == member.id:
        return "backup"
    is_lead = member.role == MemberRole.TEAM_LEAD
    return "absent" if is_lead and opening.is_away(owner, now) else "handed"


def _route(
    member: Member | None,
    direct: tuple[Place, ...],
    steps: Sequence[tuple[tuple[Place, ...], str]],
) -> Route:
    reasons: dict[Place, str] = {}
    for places, reason in steps:
        for place in places:
            reasons.setdefault(place, reason)
    return Route(member, tuple(places for places, _reason in steps if places), direct, reasons)
