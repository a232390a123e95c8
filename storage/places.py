"""The messages that stand in a place, and what must be posted anew when it can't hold them."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, exists, select, update

from storage.db import Session
from storage.models import BoundPlace, Posting


async def standing_in(session: Session, place: str) -> Sequence[Posting]:
    """Gives the messages of ours that stand in a place and may still show figures."""
    query = select(Posting).where(col(Posting.place) == place, col(Posting.moved).is_(False))
    return (await session.exec(query.order_by(col(Posting.id)))).all()


async def mark_moved(session: Session, posting_id: int) -> None:
    """Notes that a message shows nothing any more: nobody edits it again."""
    posting = await session.get_one(Posting, posting_id)
    posting.moved = True
    session.add(posting)


async def moved_from(session: Session, place: str) -> Sequence[Posting]:
    """Gives the case cards that were emptied in a place, one of each answer."""
    query = select(Posting).where(
        col(Posting.place) == place,
        col(Posting.moved).is_(True),
        col(Posting.subject) == "case",
        col(Posting.part).in_(("card", "thread")),
    )
    rows = (await session.exec(query.order_by(col(Posting.id)))).all()
    return list({(each.subject_id, each.response_id): each for each in rows}.values())


async def concerns(session: Session, place: str) -> bool:
    """Tells whether a place is bound for anybody or holds messages of ours."""
    bound = select(BoundPlace.id).where(col(BoundPlace.place) == place).limit(1)
    if (await session.exec(bound)).first() is not None:
        return True
    return bool(await standing_in(session, place))


async def note_problem(session: Session, place: str, reason: str, mend: str, now: datetime) -> None:
    """Keeps with a bound place why it took nothing, and the key of what to do about it."""
    await session.execute(
        update(BoundPlace)
        .where(col(BoundPlace.place) == place)
        .values(problem=reason, mend=mend, problem_at=now)
        .execution_options(synchronize_session=False)
    )


async def note_mended(session: Session, place: str) -> None:
    """Forgets the problem of a place: it was bound anew, or takes messages again."""
    await session.execute(
        update(BoundPlace)
        .where(col(BoundPlace.place) == place)
        .values(problem=None, mend=None, problem_at=None)
        .execution_options(synchronize_session=False)
    )


async def rename(session: Session, place: str, name: str) -> None:
    """Keeps how the platform calls a bound place."""
    await session.execute(
        update(BoundPlace)
        .where(col(BoundPlace.place) == place)
        .values(name=name)
        .execution_options(synchronize_session=False)
    )


async def troubled(session: Session) -> Sequence[BoundPlace]:
    """Gives the bound places that took nothing and have taken nothing since."""
    since = exists().where(
        col(Posting.place) == col(BoundPlace.place),
        col(Posting.posted_at) > col(BoundPlace.problem_at),
    )
    query = select(BoundPlace).where(col(BoundPlace.problem).is_not(None), ~since)
    return (await session.exec(query.order_by(col(BoundPlace.id)))).all()


async def all_bound(session: Session) -> Sequence[BoundPlace]:
    """Gives all bound places, those of one place together."""
    query = select(BoundPlace).order_by(col(BoundPlace.place), col(BoundPlace.id))
    return (await session.exec(query)).all()


async def name_of(session: Session, place: str) -> str | None:
    """Gives how the platform calls a bound place, where it told."""
    query = select(BoundPlace.name).where(col(BoundPlace.place) == place)
    return (await session.exec(query.limit(1))).first()
