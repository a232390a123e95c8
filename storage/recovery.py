"""Critics who answered again: how many there were, and how many are critics no more."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, func, select
from sqlmodel import col

from storage.db import Session
from storage.measures import total
from storage.models import AppSetting, CurrentAnswer, Invitation, Reply, Response, ResponseStatus
from storage.scopes import Part, in_part

_LAST_CRITIC = 6
_STORED, _LOOKED = "recovery", "recovery_looked_at"


class Again(NamedTuple):
    """Contacts with a critic's score in a span; those with a later score; those now above 6."""

    critics: int
    again: int
    better: int


async def critics_again(
    session: Session,
    part: Part,
    kind: str,
    kinds: Collection[str],
    since: datetime,
    now: datetime,
    without: Collection[int] = (),
) -> Again:
    """Counts the critics since a time in a part, by what counts of them now.

    Responses `without` are kept from whoever asks. `kinds` are those counted as `kind`.
    """
    first = (
        select(
            col(Response.account_id).label("account_id"),
            col(Response.contact_id).label("contact_id"),
            func.min(col(Response.answered_at)).label("at"),
        )
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .where(
            col(Response.kind).in_(kinds),
            col(Response.status) == ResponseStatus.CONFIRMED,
            col(Response.reply) == Reply.SCORE,
            col(Response.score) <= _LAST_CRITIC,
            col(Response.answered_at) > since,
            col(Response.id).not_in(without),
            col(Invitation.is_test).is_(False),
            in_part(part, col(Response.account_id)),
        )
        .group_by(col(Response.account_id), col(Response.contact_id))
        .subquery()
    )
    later = and_(
        col(CurrentAnswer.reply) == Reply.SCORE,
        col(CurrentAnswer.answered_at) > first.c.at,
        col(CurrentAnswer.leaves_on) > now,
        col(CurrentAnswer.response_id).not_in(without),
    )
    query = (
        select(
            func.count(),
            total(later),
            total(and_(later, col(CurrentAnswer.score) > _LAST_CRITIC)),
        )
        .select_from(first)
        .outerjoin(
            CurrentAnswer,
            and_(
                col(CurrentAnswer.account_id) == first.c.account_id,
                col(CurrentAnswer.contact_id) == first.c.contact_id,
                col(CurrentAnswer.kind) == kind,
            ),
        )
    )
    return Again(*(await session.execute(query)).one())


async def is_large(session: Session, answers: int) -> bool:
    """Tells whether more answers than these count now: counting critics anew then takes long."""
    query = select(col(CurrentAnswer.contact_id)).offset(answers).limit(1)
    return (await session.execute(query)).first() is not None


async def stored(session: Session) -> Again | None:
    """Gives the programme's figure as it was counted last, None for a small programme."""
    row = await session.get(AppSetting, _STORED)
    return None if row is None else Again(*json.loads(row.value)["counts"])


async def stored_at(session: Session) -> datetime | None:
    """Gives when the programme's size was looked at last."""
    row = await session.get(AppSetting, _LOOKED)
    return None if row is None else datetime.fromisoformat(row.value)


async def store(session: Session, counted: Again | None, now: datetime) -> None:
    """Keeps the programme's figure; None = the programme is small, nothing is kept."""
    await session.merge(AppSetting(key=_LOOKED, value=now.isoformat()))
    if counted is not None:
        await session.merge(AppSetting(key=_STORED, value=json.dumps({"counts": counted})))
