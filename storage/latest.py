"""The few rows that say how accounts stand now, whatever the length of their history."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select
from sqlmodel import col

from storage.db import Session
from storage.measures import ASKED, Span, asked_at, within
from storage.models import CaseResponse, Invitation, Reply, Response, ResponseStatus


async def asked_of(
    session: Session, account_ids: Collection[int], kinds: Collection[str], span: Span
) -> Sequence[Invitation]:
    """Gives the last invitation of each contact of these accounts that reached them in a span."""
    place = func.row_number().over(
        partition_by=col(Invitation.contact_id),
        order_by=(asked_at().desc(), col(Invitation.id).desc()),
    )
    # As a plain column the status would make SQLite read every invitation there is.
    status = func.coalesce(col(Invitation.status), "")
    asked = (
        select(col(Invitation.id), place.label("place"))
        .where(
            col(Invitation.account_id).in_(account_ids),
            col(Invitation.kind).in_(kinds),
            status.in_(ASKED),
            col(Invitation.is_test).is_(False),
            within(asked_at(), span),
        )
        .subquery()
    )
    query = select(Invitation).where(
        col(Invitation.id).in_(select(asked.c.id).where(asked.c.place == 1))
    )
    return (await session.execute(query)).scalars().all()


async def responses_of(
    session: Session, account_ids: Collection[int], kinds: Collection[str], span: Span
) -> list[tuple[Response, int | None]]:
    """Gives the responses of accounts that may count now or be the score before, with their waves.

    They come oldest first, trials left out: of each contact the last confirmed reply and the last
    two scores, what is not confirmed in the span, and every reply that may be kept from somebody.
    """
    confirmed = col(Response.status) == ResponseStatus.CONFIRMED
    may_be_kept = or_(
        col(Response.to_manager).is_(True),
        exists(literal(1)).where(col(CaseResponse.response_id) == col(Response.id)),
    )
    mine = and_(
        col(Response.account_id).in_(account_ids),
        col(Response.kind).in_(kinds),
        col(Invitation.is_test).is_(False),
    )
    replied = (
        select(
            col(Response.id),
            confirmed.label("confirmed"),
            (col(Response.reply) == Reply.SCORE).label("scored"),
            within(col(Response.answered_at), span).label("recent"),
            may_be_kept.label("kept"),
            _place(confirmed, may_be_kept).label("last"),
            _place(confirmed, may_be_kept, col(Response.reply) == Reply.SCORE).label("last_score"),
        )
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .where(mine)
        .subquery()
    )
    wanted = select(replied.c.id).where(
        or_(
            replied.c.kept,
            and_(~replied.c.confirmed, replied.c.recent),
            and_(replied.c.confirmed, replied.c.last == 1),
            and_(replied.c.confirmed, replied.c.scored, replied.c.last_score <= 2),
        )
    )
    query = (
        select(Response, col(Invitation.wave_id))
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .where(col(Response.id).in_(wanted))
        .order_by(col(Response.answered_at), col(Response.id))
    )
    return [(row[0], row[1]) for row in (await session.execute(query)).all()]


def _place(*same: ColumnElement[bool]) -> ColumnElement[int]:
    """The place of a response among those of its contact that are like it, the newest first."""
    return func.row_number().over(
        partition_by=(col(Response.contact_id), *same),
        order_by=(col(Response.answered_at).desc(), col(Response.id).desc()),
    )
