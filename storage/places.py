"""The messages that stand in a place, and what must be posted anew when it can't hold them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_
from sqlalchemy import select as select_rows
from sqlmodel import col, delete, exists, or_, select, update

from storage.db import Session
from storage.models import Alert, BoundPlace, Member, Posting, Team


class Bound(NamedTuple):
    """A bound place, the team or member it is for, and whether it takes nothing now."""

    row: BoundPlace
    team: Team | None
    member: Member | None
    troubled: bool


async def standing_in(session: Session, place: str) -> Sequence[Posting]:
    """Gives the messages of ours that stand in a place and may still show figures."""
    query = select(Posting).where(col(Posting.place) == place, col(Posting.moved).is_(False))
    return (await session.exec(query.order_by(col(Posting.id)))).all()


async def of_case(session: Session, case_id: int, places: Collection[str]) -> Sequence[Posting]:
    """Gives what stands about a case in some places: its cards, and what was said of it once."""
    alerts = select(Alert.id).where(col(Alert.case_id) == case_id)
    about = or_(
        and_(col(Posting.subject) == "case", col(Posting.subject_id) == case_id),
        and_(col(Posting.subject) == "alert", col(Posting.subject_id).in_(alerts)),
    )
    query = select(Posting).where(
        about, col(Posting.place).in_(places), col(Posting.moved).is_(False)
    )
    return (await session.exec(query.order_by(col(Posting.id)))).all()


async def told_once(session: Session, response_ids: Collection[int]) -> Sequence[Posting]:
    """Gives what stands that was said once about some responses: nobody edits it."""
    alerts = select(Alert.id).where(col(Alert.response_id).in_(response_ids))
    query = select(Posting).where(
        col(Posting.subject) == "alert",
        col(Posting.subject_id).in_(alerts),
        col(Posting.moved).is_(False),
    )
    return (await session.exec(query.order_by(col(Posting.id)))).all()


async def said_of(session: Session, case_id: int) -> Sequence[Posting]:
    """Gives what stands that was said once about a case: reminders, a customer's word."""
    alerts = select(Alert.id).where(col(Alert.case_id) == case_id)
    query = select(Posting).where(
        col(Posting.subject) == "alert",
        col(Posting.subject_id).in_(alerts),
        col(Posting.moved).is_(False),
    )
    return (await session.exec(query.order_by(col(Posting.id)))).all()


async def shown_of(
    session: Session, subject: str, account_ids: Collection[int], response_ids: Collection[int]
) -> tuple[int, ...]:
    """Gives the accounts with a shown card, all where something was said once of the responses."""
    if await told_once(session, response_ids):
        return tuple(account_ids)
    query = select(Posting.subject_id).where(
        col(Posting.subject) == subject,
        col(Posting.subject_id).in_(account_ids),
        col(Posting.moved).is_(False),
    )
    return tuple(sorted(set((await session.exec(query)).all())))


async def posted_since(session: Session, subject: str, since: datetime) -> Sequence[Posting]:
    """Gives what stands of one sort since a time, whatever single thing each is about."""
    query = select(Posting).where(
        col(Posting.subject) == subject,
        col(Posting.posted_at) >= since,
        col(Posting.moved).is_(False),
    )
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


async def note_platform(
    session: Session, platform: str, reason: str, mend: str, now: datetime
) -> None:
    """Keeps with all bound places of a platform why they take nothing."""
    await session.execute(
        update(BoundPlace)
        .where(col(BoundPlace.platform) == platform)
        .values(problem=reason, mend=mend, problem_at=now)
        .execution_options(synchronize_session=False)
    )


async def note_mended(session: Session, place: str, name: str | None = None) -> None:
    """Forgets the problem of a place: it was bound anew, or takes messages again."""
    named = {} if name is None else {"name": name}
    await session.execute(
        update(BoundPlace)
        .where(col(BoundPlace.place) == place)
        .values(problem=None, mend=None, problem_at=None, **named)
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


async def troubled(session: Session) -> list[Bound]:
    """Gives the bound places that took nothing the last time."""
    return await _bound(session, _troubled())


async def name_of(session: Session, place: str) -> str | None:
    """Gives how the platform calls a bound place, where it told."""
    query = select(BoundPlace.name).where(col(BoundPlace.place) == place)
    return (await session.exec(query.limit(1))).first()


async def bound_here(session: Session, place: str) -> list[Bound]:
    """Gives for whom or what a place is bound."""
    return await _bound(session, col(BoundPlace.place) == place)


async def all_bound(session: Session) -> list[Bound]:
    """Gives all bound places with whom or what they are for, the troubled first."""
    return await _bound(session)


async def unbind(session: Session, bound_id: int) -> None:
    """Forgets a bound place."""
    await session.execute(delete(BoundPlace).where(col(BoundPlace.id) == bound_id))


async def _bound(session: Session, *which: ColumnElement[bool]) -> list[Bound]:
    query = (
        select_rows(BoundPlace, Team, Member, _troubled())
        .outerjoin(Team, col(Team.id) == col(BoundPlace.team_id))
        .outerjoin(Member, col(Member.id) == col(BoundPlace.member_id))
        .where(*which)
        .order_by(_troubled().desc(), col(BoundPlace.place), col(BoundPlace.id))
    )
    rows = (await session.execute(query)).all()
    return [Bound(row[0], row[1], row[2], bool(row[3])) for row in rows]


def _troubled() -> ColumnElement[bool]:
    """The place took nothing the last time; what was posted there since proves it well."""
    since = exists().where(
        col(Posting.place) == col(BoundPlace.place),
        col(Posting.posted_at) > col(BoundPlace.problem_at),
    )
    return and_(col(BoundPlace.problem).is_not(None), ~since)
