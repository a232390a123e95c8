"""Teams conversations: what is needed to speak first in one."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, or_, union
from sqlmodel import col, delete, select, update

from storage.db import Session
from storage.models import BoundPlace, Conversation, Posting
from storage.writing import insert_new

PREFIX = "teams:"
_TOLD = ("kind", "service_url", "bot", "tenant", "person", "team", "name", "team_name", "shared")
# What not every request says of its conversation: what is known stays.
_KEPT = ("team", "person", "name", "team_name", "shared")


async def by_id(session: Session, conversation_id: str) -> Conversation | None:
    """Gives a conversation, or None."""
    return await session.get(Conversation, conversation_id)


async def of_person(session: Session, person: str) -> Conversation | None:
    """Gives the personal chat with somebody (by Entra object id), or None."""
    query = (
        select(Conversation)
        .where(
            col(Conversation.person) == person,
            col(Conversation.kind) == "personal",
            col(Conversation.closed_at).is_(None),
        )
        .order_by(col(Conversation.noted_at).desc(), col(Conversation.id))
    )
    return (await session.exec(query)).first()


async def of_team(session: Session, team: str) -> Sequence[Conversation]:
    """Gives the channels of a team that are not closed."""
    query = (
        select(Conversation)
        .where(col(Conversation.team) == team, col(Conversation.closed_at).is_(None))
        .order_by(col(Conversation.id))
    )
    return (await session.exec(query)).all()


async def places_without_team(session: Session) -> Sequence[str]:
    """Gives the conversations we post to by their id alone: nobody told which team they are of."""
    posted = select(col(Posting.place)).where(col(Posting.moved).is_(False))
    ours = union(posted, select(col(BoundPlace.place))).subquery()
    named = func.substr(ours.c.place, len(PREFIX) + 1)
    of_a_team = or_(col(Conversation.team).is_not(None), col(Conversation.kind) != "channel")
    query = (
        select(named)
        .where(
            ours.c.place.startswith(PREFIX),
            ~exists().where(col(Conversation.id) == named, of_a_team),
        )
        .order_by(named)
    )
    return (await session.exec(query)).all()


async def latest(session: Session) -> Conversation | None:
    """Gives the conversation noted last: its service address reaches the whole organisation."""
    query = select(Conversation).order_by(
        col(Conversation.noted_at).desc(), col(Conversation.id).desc()
    )
    return (await session.exec(query.limit(1))).first()


def keep_known(known: Conversation | None, told: Conversation) -> None:
    """Fills what a request left unsaid with what is known of its conversation."""
    for name in _KEPT if known is not None else ():
        setattr(told, name, getattr(told, name) or getattr(known, name))


def is_told(known: Conversation | None, told: Conversation) -> bool:
    """Tells whether all that a request says of its conversation is stored already."""
    return (
        known is not None
        and known.closed_at is None
        and all(getattr(known, name) == getattr(told, name) for name in _TOLD)
    )


async def note(session: Session, told: Conversation) -> bool:
    """Stores what a request says of its conversation; gives whether it was unknown or closed."""
    values = {name: getattr(told, name) for name in _TOLD}
    known = await session.get(Conversation, told.id)
    if known is None:
        await insert_new(
            session, Conversation, [{"id": told.id, "noted_at": told.noted_at, **values}]
        )
        return True
    was_closed = known.closed_at is not None
    await session.execute(
        update(Conversation)
        .where(col(Conversation.id) == told.id)
        .values(**values, noted_at=told.noted_at, closed_at=None)
    )
    return was_closed


async def name(
    session: Session, conversation_id: str, called: str | None, team_name: str | None
) -> None:
    """Stores what people call a channel and its team."""
    await session.execute(
        update(Conversation)
        .where(col(Conversation.id) == conversation_id)
        .values(name=called, team_name=team_name)
    )


async def name_team(session: Session, team: str, team_name: str) -> None:
    """Stores what people call a team now, with all of its channels."""
    await session.execute(
        update(Conversation).where(col(Conversation.team) == team).values(team_name=team_name)
    )


async def with_others(session: Session) -> Sequence[Conversation]:
    """Gives the open group chats, and of each team one channel: its roster is the team's."""
    query = (
        select(Conversation)
        .where(col(Conversation.kind) != "personal", col(Conversation.closed_at).is_(None))
        .order_by(col(Conversation.id))
    )
    rows = (await session.exec(query)).all()
    # The first channel, whose id is the team's, is read by everybody of the team: it comes last.
    rows = sorted(rows, key=lambda row: row.id == row.team)
    return list({row.team or row.id: row for row in rows}.values())


async def close(session: Session, conversation_id: str, at: datetime) -> None:
    """Notes that the bot can't speak there any more."""
    await session.execute(
        update(Conversation).where(col(Conversation.id) == conversation_id).values(closed_at=at)
    )


async def forget_people(session: Session, people: Sequence[str]) -> None:
    """Removes the personal chats with these people (Entra object ids)."""
    await session.execute(delete(Conversation).where(col(Conversation.person).in_(people)))
