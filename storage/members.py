"""Members, teams and the places where their cards go."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import bindparam
from sqlmodel import col, delete, or_, select, update
from sqlmodel.sql.expression import SelectOfScalar

from storage.db import Session
from storage.models import BoundPlace, Member, MemberRole, Team
from storage.writing import changed_rows

_ID_COLUMNS = {"slack": Member.slack_id, "teams": Member.teams_id}


async def by_id(session: Session, member_id: int | None) -> Member | None:
    """Gives a member, or None."""
    return None if member_id is None else await session.get(Member, member_id)


async def by_email(session: Session, email: str) -> Member | None:
    """Gives the member with this e-mail, whatever its case."""
    query = select(Member).where(col(Member.email) == email.strip().lower())
    return (await session.exec(query)).first()


async def behind(session: Session, ids: Collection[str]) -> Sequence[Member]:
    """Gives the members of these ids of Slack or Teams, or e-mails."""
    columns = (col(Member.slack_id), col(Member.teams_id), col(Member.email))
    query = select(Member).where(or_(*(column.in_(ids) for column in columns)))
    return (await session.exec(query)).all()


async def by_platform_id(session: Session, platform: str, platform_id: str) -> Member | None:
    """Gives the member with this Slack or Teams id; the console's id is the e-mail."""
    column = _ID_COLUMNS.get(platform)
    if column is None:
        return await by_email(session, platform_id)
    return (await session.exec(select(Member).where(col(column) == platform_id))).first()


async def link_platform_id(
    session: Session, member: Member, platform: str, platform_id: str
) -> None:
    """Remembers a member's Slack or Teams id, so that the next request finds them at once."""
    if platform in _ID_COLUMNS:
        setattr(member, f"{platform}_id", platform_id)
        session.add(member)


async def link_if_free(session: Session, member_id: int, platform: str, platform_id: str) -> bool:
    """Remembers a member's id unless another is known: who links first stays; tells if it is it."""
    column = col(_ID_COLUMNS[platform])
    statement = (
        update(Member)
        .where(col(Member.id) == member_id, or_(column.is_(None), column == platform_id))
        .values({column: platform_id})
        .execution_options(synchronize_session=False)
    )
    return await changed_rows(session, statement) == 1


async def without_id(session: Session, platform: str) -> Sequence[Member]:
    """Gives the members who have not left and whose Slack or Teams id is not known, by name."""
    return [each for each in await everybody(session) if not getattr(each, f"{platform}_id")]


async def with_role(session: Session, *roles: str) -> Sequence[Member]:
    """Gives the members of these roles who have not left, by name."""
    query = (
        select(Member)
        .where(col(Member.role).in_(roles), col(Member.left_at).is_(None))
        .order_by(col(Member.name), col(Member.id))
    )
    return (await session.exec(query)).all()


async def everybody(session: Session) -> Sequence[Member]:
    """Gives all members who have not left, by name."""
    return await with_role(session, *MemberRole)


async def lead_of(session: Session, team_id: int | None) -> Member | None:
    """Gives the lead of a team, or None."""
    if team_id is None:
        return None
    return (await session.exec(_lead(), params={"team": team_id})).first()


@cache
def _lead() -> SelectOfScalar[Member]:
    return (
        select(Member)
        .where(
            col(Member.team_id) == bindparam("team"),
            col(Member.role) == MemberRole.TEAM_LEAD,
            col(Member.left_at).is_(None),
        )
        .order_by(col(Member.name), col(Member.id))
        .limit(1)
    )


async def backed_by(session: Session, member_id: int) -> Sequence[Member]:
    """Gives the members whose backup this is, absent or not, who have not left."""
    query = select(Member).where(col(Member.backup_id) == member_id, col(Member.left_at).is_(None))
    return (await session.exec(query.order_by(col(Member.id)))).all()


async def teams(session: Session) -> Sequence[Team]:
    """Gives all teams by name."""
    return (await session.exec(select(Team).order_by(col(Team.name)))).all()


async def places(
    session: Session, *, team_id: int | None = None, member_id: int | None = None
) -> Sequence[BoundPlace]:
    """Gives the bound places of a team or of a member, on all platforms."""
    query = select(BoundPlace).order_by(col(BoundPlace.platform))
    if member_id is not None:
        query = query.where(col(BoundPlace.member_id) == member_id)
    else:
        query = query.where(col(BoundPlace.team_id) == team_id)
    return (await session.exec(query)).all()


async def places_around(
    session: Session, member_id: int | None, team_id: int | None
) -> tuple[list[BoundPlace], list[BoundPlace]]:
    """Gives the bound places of a member and those of a team, on all platforms."""
    asked = {"member": member_id, "team": team_id}
    found = (await session.exec(_around(), params=asked)).all()
    own = [each for each in found if member_id is not None and each.member_id == member_id]
    return own, [each for each in found if team_id is not None and each.team_id == team_id]


# Built once: on the way of every alert, building a statement costs more than running it.
@cache
def _around() -> SelectOfScalar[BoundPlace]:
    of_them = or_(
        col(BoundPlace.member_id) == bindparam("member"),
        col(BoundPlace.team_id) == bindparam("team"),
    )
    return select(BoundPlace).where(of_them).order_by(col(BoundPlace.platform))


async def bind(
    session: Session,
    place: str,
    now: datetime,
    *,
    team_id: int | None = None,
    member_id: int | None = None,
) -> BoundPlace:
    """Binds a place to a team or a member; replaces their place on the same platform."""
    platform = place.partition(":")[0].removesuffix("-user")
    for old in await places(session, team_id=team_id, member_id=member_id):
        if old.platform == platform:
            old.place, old.bound_at = place, now
            session.add(old)
            return old
    bound = BoundPlace(
        platform=platform, place=place, team_id=team_id, member_id=member_id, bound_at=now
    )
    session.add(bound)
    await session.flush()
    return bound


async def set_away(
    session: Session,
    member_id: int,
    since: datetime | None,
    until: datetime | None,
    backup_id: int | None,
) -> None:
    """Notes an absence and who stands in; all None = back."""
    member = await session.get_one(Member, member_id)
    member.away_from, member.away_until, member.backup_id = since, until, backup_id
    session.add(member)


async def leave(session: Session, member_id: int, now: datetime) -> None:
    """Notes that a member left: nobody's backup any more, and no place is theirs."""
    member = await session.get_one(Member, member_id)
    member.left_at = now
    member.away_from = member.away_until = member.backup_id = None
    session.add(member)
    for each in await backed_by(session, member_id):
        each.backup_id = None
        session.add(each)
    await session.execute(delete(BoundPlace).where(col(BoundPlace.member_id) == member_id))
    await session.flush()


async def back_by(session: Session, now: datetime) -> Sequence[int]:
    """Gives the ids of members whose absence is over."""
    query = select(Member.id).where(col(Member.away_until) <= now).order_by(col(Member.id))
    return (await session.exec(query)).all()


async def bound_to(session: Session, place: str) -> Sequence[BoundPlace]:
    """Gives for whom a place is bound."""
    query = select(BoundPlace).where(col(BoundPlace.place) == place).order_by(col(BoundPlace.id))
    return (await session.exec(query)).all()
