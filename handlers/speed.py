"""Whose speed is told to whom: of teams of four and more, of oneself, of a lead's own team."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from handlers import viewing
from handlers.context import Context, NotAllowed
from handlers.measures.measure import Scope
from handlers.measures.speed import Speed, speed
from handlers.measures.window import span_until
from handlers.scopes import SMALL_TEAM, Found, folded, is_told, together
from storage import letters, members, pace, scopes
from storage.db import Session
from storage.letters import Outcomes
from storage.measures import Span
from storage.models import Member, MemberRole
from storage.pace import Paced
from storage.scopes import Part


@dataclass(frozen=True)
class Kept:
    """Answers and cases that whoever asks may not know of."""

    answers: Collection[int] = ()
    cases: Collection[int] = ()


@dataclass(frozen=True)
class TeamSpeed:
    """A team's speed; without a name, that of all smaller teams together, untold under four.

    `said` is what its customers answered when asked whether it is settled; `joined` are larger
    teams that are told with the smaller ones.
    """

    name: str | None
    members: int
    speed: Speed | None
    said: Outcomes | None
    joined: tuple[str, ...] = ()


async def kept_from(session: Session, me: Member | None) -> Kept:
    """Gives what is kept from a member; from the operator nothing is."""
    if me is None:
        return Kept()
    return Kept(await viewing.kept_answers(session, me), await viewing.kept_cases(session, me))


async def of_part(ctx: Context, session: Session, part: Part, kept: Kept) -> Speed:
    """Gives the speed of a part of the programme in the current window."""
    return speed(await pace.of_part(session, part, _span(ctx), kept.cases), ctx.now())


async def by_team(ctx: Context, session: Session, kept: Kept) -> list[TeamSpeed]:
    """Gives the speed of every team by name, the smaller ones folded together at the end.

    Where leads see their members' figures, small teams stand alone.
    """
    rows = await pace.of_part(session, Part(), _span(ctx), kept.cases)
    teams = await members.teams(session)
    # A team without cases hides nobody among its members.
    busy = {row.team_id for row in rows}
    others = {row.owner_id for row in rows if row.team_id is None}
    rest = await folded(ctx, session, [team for team in teams if team.id in busy], others)
    told, small = [], []
    for team in teams:
        size = await scopes.team_size(session, team.id)
        alone = Found(Scope("team", team.name), Part(team_id=team.id), size < SMALL_TEAM)
        if not is_told(ctx, alone):
            small.append(size)
        elif team not in rest.teams:
            told.append(await _of_found(ctx, session, team.name, size, alone, rows, kept))
    if small and not rest.teams:
        told.append(TeamSpeed(None, sum(small), None, None))
    if rest.teams:
        found = together(rest)
        each = await _of_found(ctx, session, None, rest.people, found, rows, kept)
        told.append(replace(each, joined=tuple(team.name for team in rest.joined)))
    return told


async def _of_found(
    ctx: Context,
    session: Session,
    name: str | None,
    size: int,
    found: Found,
    rows: Sequence[Paced],
    kept: Kept,
) -> TeamSpeed:
    if not is_told(ctx, found):
        return TeamSpeed(name, size, None, None)
    part = found.part
    ids = part.team_ids if part.team_ids is not None else (part.team_id,)
    span = _span(ctx)
    said = await letters.outcomes(session, span.start, span.end, part, kept.cases)
    own = [row for row in rows if row.team_id in ids]
    return TeamSpeed(name, size, speed(own, ctx.now()), said)


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
    return speed(rows, ctx.now())


def _span(ctx: Context) -> Span:
    zone = ZoneInfo(ctx.programme.timezone)
    return span_until(ctx.now().astimezone(zone).date(), ctx.programme.window_months, zone)
