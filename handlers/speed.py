"""Whose speed is told to whom: of teams of four and more, of oneself, of a lead's own team."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from handlers import viewing
from handlers.context import Context, NotAllowed
from handlers.measures.speed import Speed, speed
from handlers.measures.window import span_until
from handlers.scopes import folded, is_told, together
from storage import letters, members, pace, scopes
from storage.db import Session
from storage.letters import Outcomes
from storage.measures import Span
from storage.models import Member, MemberRole, Team
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

    `said` is what its customers answered when asked whether it is settled.
    """

    name: str | None
    members: int
    speed: Speed | None
    said: Outcomes | None


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
    small = await folded(ctx, session, teams)
    told = [
        await _of_teams(ctx, session, team.name, (team,), rows, kept)
        for team in teams
        if team not in small
    ]
    if small:
        told.append(await _of_teams(ctx, session, None, small, rows, kept))
    return told


async def _of_teams(
    ctx: Context,
    session: Session,
    name: str | None,
    teams: Sequence[Team],
    rows: Sequence[Paced],
    kept: Kept,
) -> TeamSpeed:
    found = await together(session, teams)
    size = sum([await scopes.team_size(session, team.id) for team in teams])
    if not is_told(ctx, found):
        return TeamSpeed(name, size, None, None)
    ids = {team.id for team in teams}
    span = _span(ctx)
    said = await letters.outcomes(session, span.start, span.end, found.part, kept.cases)
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
