"""Counts of what responses and invitations recorded: a window that has passed, or waves."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlmodel import col

from storage.db import Session
from storage.measures import ASKED, REPLIES, Span, asked_at, flag, replies, total, within
from storage.models import (
    Contact,
    Invitation,
    InvitationStatus,
    Response,
    ResponseStatus,
    Wave,
    WaveState,
)


class Recorded(NamedTuple):
    """Contacts of an account, role and snapshot; `latest` is the newest invitation among them."""

    wave_id: int | None
    account_id: int
    role: str
    team_id: int | None
    segment: str | None
    value: float | None
    currency: str | None
    latest: int
    asked: int
    promoters: int
    passives: int
    detractors: int
    may_not_recommend: int
    cannot_judge: int
    suspect: int


class WaveLabel(NamedTuple):
    """A wave and its name."""

    id: int
    name: str


async def recorded(
    session: Session,
    kinds: Collection[str],
    *,
    span: Span | None = None,
    waves: Collection[int] | None = None,
    account_ids: Collection[int] | None = None,
    role_of_today: bool = False,
    by_role: bool = True,
    product: str | None = None,
    without: Collection[int] = (),
) -> list[Recorded]:
    """Gives what responses and invitations say of a window or of waves, each contact counted once.

    A contact stands with the snapshot of the invitation whose confirmed reply counts, else of the
    last one that asked them; with `role_of_today` their role is the present one, and without
    `by_role` all are `unknown`: fewer rows for whoever needs no roles. With a `product` only the
    replies about it exist: what a silent contact was to say something about is not known.
    Responses `without` do not exist: they are kept from whoever asks.
    """
    chosen = _latest_of_each_contact(kinds, span, waves, account_ids, product, without)
    role = col(Contact.role) if role_of_today else chosen.c.role
    snapshot = [chosen.c.team_id, chosen.c.segment, chosen.c.value, chosen.c.currency]
    grouped = [chosen.c.wave_id, chosen.c.account_id, *snapshot]
    columns: list[ColumnElement[Any]] = [
        chosen.c.account_id,
        func.coalesce(role, "unknown") if by_role else literal("unknown"),
        *snapshot,
        func.max(chosen.c.id),
        func.count(),
        *(func.sum(chosen.c[name]) for name in REPLIES),
        total(and_(chosen.c.suspect == 1, chosen.c.confirmed == 0)),
    ]
    query = (
        select(chosen.c.wave_id, *columns)
        .where(chosen.c.place == 1)
        .group_by(*grouped, *([role] if by_role else []))
    )
    if role_of_today:
        query = query.join(Contact, col(Contact.id) == chosen.c.contact_id)
    return [Recorded(*row) for row in (await session.execute(query)).all()]


async def products(session: Session, kinds: Collection[str]) -> list[str]:
    """Gives the products that answers of these kinds are about, by name."""
    query = (
        select(col(Response.product))
        .where(
            col(Response.kind).in_(kinds),
            col(Response.status) == ResponseStatus.CONFIRMED,
            col(Response.product).is_not(None),
        )
        .distinct()
        .order_by(col(Response.product))
    )
    return [name for name in (await session.execute(query)).scalars() if name]


async def accounts_of(session: Session, response_ids: Collection[int]) -> set[int]:
    """Gives the accounts to which these responses belong."""
    query = select(col(Response.account_id)).where(col(Response.id).in_(response_ids))
    return set((await session.execute(query)).scalars())


async def latest_waves(
    session: Session, kinds: Collection[str], limit: int, account_ids: Collection[int] | None = None
) -> list[WaveLabel]:
    """Gives the last waves that asked anybody (at these accounts), the oldest first."""
    mine = col(Invitation.wave_id) == col(Wave.id)
    first = select(func.min(col(Invitation.sent_at))).where(mine).correlate(Wave).scalar_subquery()
    began = func.coalesce(col(Wave.starts_at), first)
    asked = exists().where(
        mine,
        col(Invitation.status).in_((*ASKED, InvitationStatus.UNASKED)),
        true() if account_ids is None else col(Invitation.account_id).in_(account_ids),
    )
    query = (
        select(col(Wave.id), col(Wave.name))
        .where(
            col(Wave.kind).in_(kinds),
            col(Wave.state) != WaveState.DRAFT,
            col(Wave.is_test).is_(False),
            asked,
        )
        .order_by(began.desc(), col(Wave.id).desc())
        .limit(limit)
    )
    return [WaveLabel(row[0], row[1]) for row in reversed((await session.execute(query)).all())]


def _latest_of_each_contact(
    kinds: Collection[str],
    span: Span | None,
    waves: Collection[int] | None,
    account_ids: Collection[int] | None,
    product: str | None,
    without: Collection[int],
) -> Subquery:
    """Invitations with the reply that counts; `place` 1 is the one that stands for its contact."""
    asked: ColumnElement[bool] = col(Invitation.status).in_(ASKED)
    replied: ColumnElement[bool] = col(Response.id).is_not(None)
    if span is not None:
        asked = and_(asked, within(asked_at(), span))
        replied = and_(replied, within(col(Response.answered_at), span))
    about = col(Response.product) == product
    confirmed = and_(replied, col(Response.status) == ResponseStatus.CONFIRMED)
    suspect = flag(and_(replied, col(Response.status) == ResponseStatus.SUSPECT))
    place: ColumnElement[int] = literal(1)
    kind: SQLColumnExpression[str] = col(Invitation.kind)
    if waves is None:
        # A suspect reply of any of a contact's invitations counts: it is looked for beside the row.
        own = col(Invitation.contact_id)
        suspect = func.max(suspect).over(partition_by=own)
        place = func.row_number().over(
            partition_by=own,
            order_by=[
                flag(confirmed).desc(),
                case((confirmed, col(Response.answered_at))).desc().nulls_last(),
                asked_at().desc().nulls_last(),
                col(Invitation.id).desc(),
            ],
        )
    elif account_ids is None:
        # A wave asks a contact once, so nothing is to be chosen. Whole waves are read by their own
        # index: as a plain column the kind would make SQLite read the whole history.
        kind = func.coalesce(col(Invitation.kind), "")
    chosen: Subquery = (
        select(
            col(Invitation.id),
            (col(Invitation.wave_id) if waves is not None else null()).label("wave_id"),
            col(Invitation.account_id),
            col(Invitation.contact_id),
            col(Invitation.role),
            col(Invitation.team_id),
            col(Invitation.segment),
            col(Invitation.value),
            col(Invitation.currency),
            *replies(col(Response.reply), col(Response.score), confirmed),
            flag(confirmed).label("confirmed"),
            suspect.label("suspect"),
            place.label("place"),
        )
        .outerjoin(
            Response,
            and_(
                col(Response.invitation_id) == col(Invitation.id),
                col(Response.id).not_in(without) if without else true(),
            ),
        )
        .where(
            kind.in_(kinds),
            col(Invitation.is_test).is_(False),
            or_(asked, replied) if product is None else and_(replied, about),
            true() if waves is None else col(Invitation.wave_id).in_(waves),
            true() if account_ids is None else col(Invitation.account_id).in_(account_ids),
        )
        .subquery("chosen")
    )
    return chosen
