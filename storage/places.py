"""The messages that stand in a place, and what must be posted anew when it can't hold them."""

from collections.abc import Sequence

from sqlmodel import col, select

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
