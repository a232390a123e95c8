"""The visit log of the survey page: which client opened what, and whether it is a mail scanner."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import col, select

from storage.db import Session
from storage.models import Invitation, Response, ResponseStatus, Visit

QUIET = timedelta(minutes=30)  # ends a visit
TOGETHER = timedelta(seconds=45)  # different score links followed within: a scanner


def is_scanner(visit: Visit | None) -> bool:
    """Tells whether a visit is a scanner's; a client that was never shown a page counts as one."""
    return visit is None or visit.scanner or not visit.pages


async def note(
    session: Session,
    invitation_id: int,
    client: str,
    now: datetime,
    *,
    head: bool = False,
    trap: bool = False,
    score: str | None = None,
) -> Visit:
    """Writes down that a client opened a page, its head or the trap, by the link of `score`.

    A visit that turns out to be a scanner's makes the provisional answer given in it suspect.
    """
    # Two requests of one client at once are one visit: the second waits for the first.
    await session.exec(
        select(Invitation.id)
        .where(col(Invitation.id) == invitation_id)
        .with_for_update(key_share=True)
    )
    visit = await find(session, invitation_id, client, now)
    if visit is None:
        visit = Visit(invitation_id=invitation_id, client=client, started_at=now, last_at=now)
    visit.last_at = now
    if head:
        visit.heads += 1
    elif not trap:
        visit.pages += 1
    visit.trap = visit.trap or trap
    if score is not None:
        visit.scores = [*visit.scores[-50:], [score, now.timestamp()]]
    was = visit.scanner
    visit.scanner = was or visit.trap or _followed_many(visit.scores)
    session.add(visit)
    await session.flush()
    if visit.scanner and not was:
        await _suspect(session, visit)
    return visit


async def find(session: Session, invitation_id: int, client: str, now: datetime) -> Visit | None:
    """Gives the visit of a client that still goes on."""
    query = (
        select(Visit)
        .where(
            col(Visit.invitation_id) == invitation_id,
            col(Visit.client) == client,
            col(Visit.last_at) > now - QUIET,
        )
        .order_by(col(Visit.last_at).desc(), col(Visit.id).desc())
        .limit(1)
    )
    return (await session.exec(query)).first()


async def has_old(session: Session, before: datetime) -> bool:
    """Tells whether a visit ended before `before`."""
    query = select(Visit.id).where(col(Visit.last_at) < before).limit(1)
    return (await session.exec(query)).first() is not None


async def delete_old(session: Session, before: datetime) -> None:
    """Deletes the visits that ended before `before`."""
    await session.execute(delete(Visit).where(col(Visit.last_at) < before))


def _followed_many(scores: list[Any]) -> bool:
    """Tells whether two different score links were followed within 45 seconds."""
    within = TOGETHER.total_seconds()
    return any(
        first[0] != second[0] and abs(second[1] - first[1]) <= within
        for first, second in zip(scores, scores[1:], strict=False)
    )


async def _suspect(session: Session, visit: Visit) -> None:
    await session.execute(
        update(Response)
        .where(
            col(Response.invitation_id) == visit.invitation_id,
            col(Response.status) == ResponseStatus.PROVISIONAL,
            col(Response.last_input_at) >= visit.started_at,
        )
        .values(status=ResponseStatus.SUSPECT)
    )
