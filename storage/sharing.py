"""Who owns a reason, and the places of reasons and boards."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, delete, select

from storage.db import Session
from storage.models import BoundPlace, Member, ReasonOwner


async def places(
    session: Session, *, reason: str | None = None, board: str | None = None
) -> Sequence[BoundPlace]:
    """Gives the bound places of a reason or of a board, on all platforms."""
    which = col(BoundPlace.reason) == reason if reason else col(BoundPlace.board) == board
    query = select(BoundPlace).where(which).order_by(col(BoundPlace.platform))
    return (await session.exec(query)).all()


async def boards(session: Session) -> Sequence[BoundPlace]:
    """Gives the places of all boards."""
    query = select(BoundPlace).where(col(BoundPlace.board).is_not(None))
    return (await session.exec(query.order_by(col(BoundPlace.id)))).all()


async def bind(
    session: Session,
    place: str,
    now: datetime,
    *,
    reason: str | None = None,
    board: str | None = None,
) -> BoundPlace:
    """Binds a place to a reason or a board; replaces their place on the same platform.

    A reason with a place has no other owner.
    """
    platform = place.partition(":")[0].removesuffix("-user")
    if reason is not None:
        await session.execute(delete(ReasonOwner).where(col(ReasonOwner.reason) == reason))
    for old in await places(session, reason=reason, board=board):
        if old.platform == platform:
            old.place, old.bound_at = place, now
            session.add(old)
            return old
    bound = BoundPlace(platform=platform, place=place, reason=reason, board=board, bound_at=now)
    session.add(bound)
    await session.flush()
    return bound


async def give(
    session: Session,
    reason: str,
    now: datetime,
    *,
    member_id: int | None = None,
    function: str | None = None,
) -> None:
    """Makes a member, or all of a function, the owner of a reason instead of any place."""
    await session.execute(delete(BoundPlace).where(col(BoundPlace.reason) == reason))
    await session.merge(
        ReasonOwner(reason=reason, member_id=member_id, function=function, set_at=now)
    )


async def owners(session: Session, reason: str) -> Sequence[Member]:
    """Gives the members who own a reason by name or by function, and have not left."""
    owner = await session.get(ReasonOwner, reason)
    if owner is None:
        return ()
    whom = (
        col(Member.id) == owner.member_id
        if owner.member_id is not None
        else col(Member.function) == owner.function
    )
    query = select(Member).where(whom, col(Member.left_at).is_(None))
    return (await session.exec(query.order_by(col(Member.name), col(Member.id)))).all()


async def functions(session: Session) -> Sequence[str]:
    """Gives the functions that members have, by name."""
    query = select(Member.function).where(
        col(Member.function).is_not(None), col(Member.left_at).is_(None)
    )
    return sorted({each for each in (await session.exec(query)).all() if each})


async def take_away(session: Session, reason: str, set_at: str) -> bool:
    """Takes a reason from who was given it at this moment; False where nobody has it since then."""
    owner = await session.get(ReasonOwner, reason)
    if owner is None or owner.set_at.isoformat() != set_at:
        return False
    await session.delete(owner)
    return True


async def all_owners(session: Session) -> list[tuple[ReasonOwner, str]]:
    """Gives each reason that is not a place's, and the member or function who owns it."""
    query = (
        select(ReasonOwner, Member.name)
        .outerjoin(Member, col(Member.id) == col(ReasonOwner.member_id))
        .order_by(col(ReasonOwner.reason))
    )
    rows = (await session.exec(query)).all()
    return [(owner, name or owner.function or "–") for owner, name in rows]
