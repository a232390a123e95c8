"""Whose speed is told to whom: of teams of four and more, of oneself, of a lead's own team."""

from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from handlers import viewing
from handlers.context import Context, NotAllowed
from handlers.measures.speed import Speed, speed
from handlers.measures.window import span_until
from handlers.scopes import SMALL_TEAM, kinds_of
from storage import members, pace
from storage.db import Session
from storage.measures import Span
from storage.models import Member, MemberRole
from storage.pace import WonBack
from storage.scopes import Part

_KIND = "relationship"


@dataclass(frozen=True)
class Kept:
    """Answers and cases that whoever asks may not know of."""

    answers: Collection[int] = ()
    cases: Collection[int] = ()


@dataclass(frozen=True)
class TeamSpeed:
    """A team's speed; without a name, that of all smaller teams together, untold under four."""

    name: str | None
    members: int
    speed: Speed | None


async def kept_from(session: Session, me: Member | None) -> Kept:
    """Gives what is kept from a member; from the operator nothing is."""
    if me is None:
        return Kept()
    return Kept(await viewing.kept_answers(session, me), await viewing.kept_cases(session, me))


async def of_part(ctx: Context, session: Session, part: Part, kept: Kept) -> Speed:
    """Gives the speed of a part of the programme in the current window."""
    rows = await pace.of_part(session, part, _span(ctx), kept.cases)
    return speed(rows, await _won_back(ctx, session, part, kept), ctx.now())


async def by_team(ctx: Context, session: Session, kept: Kept) -> list[TeamSpeed]:
    """Gives the speed of every team by name, the smaller ones folded together at the end."""
    sizes: dict[int | None, int] = {}
    for each in await members.everybody(session):
        sizes[each.team_id] = sizes.get(each.team_id, 0) + 1
    told, folded = [], []
    for team in await members.teams(session):
        size = sizes.get(team.id, 0)
        if size < SMALL_TEAM:
            folded.append((team.id, size))
            continue
        found = await of_part(ctx, session, Part(team_id=team.id), kept)
        told.append(TeamSpeed(team.name, size, found))
    if folded:
        told.append(await _together(ctx, session, folded, kept))
    return told


async def _together(
    ctx: Context, session: Session, folded: Collection[tuple[int, int]], kept: Kept
) -> TeamSpeed:
    people = sum(size for _team, size in folded)
    if people < SMALL_TEAM:
        return TeamSpeed(None, people, None)
    rows, won = [], []
    for team_id, _size in folded:
        part = Part(team_id=team_id)
        rows += await pace.of_part(session, part, _span(ctx), kept.cases)
        won.append(await _won_back(ctx, session, part, kept))
    whole = WonBack(*map(sum, zip(*won, strict=True)))
    return TeamSpeed(None, people, speed(rows, whole, ctx.now()))


async def of_oneself(ctx: Context, session: Session, me: Member) -> Speed | None:
    """Gives a member's own speed, None where nobody's own is measured."""
    if ctx.programme.measure_members == "never":
        return None
    return await _of_owner(ctx, session, me, await kept_from(session, me))


async def of_own_team(ctx: Context, session: Session, lead: Member) -> list[tuple[Member, Speed]]:
    """Gives a lead the speed of each member of their team by name, nobody's unless it is set so."""
    leads = lead.role == MemberRole.TEAM_LEAD and lead.team_id is not None
    if ctx.programme.measure_members != "lead" or not leads:
        return []
    kept = await kept_from(session, lead)
    team = [each for each in await members.everybody(session) if each.team_id == lead.team_id]
    return [(each, await _of_owner(ctx, session, each, kept)) for each in team]


async def of_member(ctx: Context, session: Session, me: Member | None, member: Member) -> Speed:
    """Gives one member's speed to that member, or to the team's lead where it is set so.

    Raises NotAllowed for anybody else; without `me` an operator asks.
    """
    setting = ctx.programme.measure_members
    if setting == "never":
        raise NotAllowed('Nobody\'s own figures are shown: [people] measure_members = "never".')
    leads = (
        setting == "lead"
        and me is not None
        and me.role == MemberRole.TEAM_LEAD
        and me.team_id is not None
        and me.team_id == member.team_id
    )
    if me is None or not (me.id == member.id or leads):
        who = "that member and the lead of the team" if setting == "lead" else "that member"
        raise NotAllowed(f"Figures of one member are for {who}: add --as EMAIL.", "member")
    return await _of_owner(ctx, session, member, await kept_from(session, me))


async def _of_owner(ctx: Context, session: Session, owner: Member, kept: Kept) -> Speed:
    rows = await pace.of_part(session, Part(), _span(ctx), kept.cases, owner.id)
    return speed(rows, None, ctx.now())


async def _won_back(ctx: Context, session: Session, part: Part, kept: Kept) -> WonBack:
    kinds = kinds_of(_KIND)
    return await pace.won_back(session, part, _KIND, kinds, ctx.now(), kept.answers)


def _span(ctx: Context) -> Span:
    zone = ZoneInfo(ctx.programme.timezone)
    return span_until(ctx.now().astimezone(zone).date(), ctx.programme.window_months, zone)
