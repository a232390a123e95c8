"""Where a wave's cards go on our own side."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from handlers import texts
from handlers.calendars import zone_of
from handlers.chat import Place
from handlers.context import Context
from handlers.texts import Texts
from storage import members
from storage.models import Member

Steps = tuple[tuple[Place, ...], ...]


async def of_member(ctx: Context, member: Member) -> Steps:
    """Gives where a person gets their own cards, the best first; the fallback place is last."""
    async with ctx.db.reading() as session:
        bound = await members.places(session, member_id=member.id)
    return _steps(ctx, direct(ctx, member), [row.place for row in bound])


async def of_team(ctx: Context, team_id: int) -> Steps:
    """Gives the places of a team, else its lead's; empty where it has neither."""
    async with ctx.db.reading() as session:
        bound = await members.places(session, team_id=team_id)
        lead = await members.lead_of(session, team_id)
        own = await members.places(session, member_id=lead.id) if lead else ()
    of_lead = tuple(row.place for row in own) or (direct(ctx, lead) if lead else ())
    steps = (tuple(row.place for row in bound), of_lead)
    return tuple(step for step in steps if step)


def direct(ctx: Context, member: Member) -> tuple[Place, ...]:
    """Gives a person's direct messages: in each chat that is set up, else in the console."""
    configured = dict(ctx.programme.pace)
    places = []
    if member.slack_id and "slack" in configured:
        places.append(f"slack:{member.slack_id}")
    if member.teams_id and "teams" in configured:
        places.append(f"teams-user:{member.teams_id}")
    return tuple(places) or (f"console:{member.email}",)


def texts_of(ctx: Context, member: Member | None) -> Texts:
    """Gives the texts in a member's language, else the programme's."""
    return texts.of(member.language if member else None, ctx.programme.language)


def zone(ctx: Context, member: Member | None) -> ZoneInfo:
    """Gives the time zone in which a member reads times, else the programme's."""
    own = zone_of(member.timezone) if member else None
    return own or ZoneInfo(ctx.programme.timezone)


def _steps(ctx: Context, own: Sequence[Place], bound: Sequence[Place]) -> Steps:
    fallback = ctx.programme.fallback_place
    steps = (tuple(own), tuple(bound), (fallback,) if fallback else ())
    return tuple(step for step in steps if step)
