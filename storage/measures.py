"""Counts for the figures of today, per account and role, from current answers and the rollup."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Executable,
    SQLColumnExpression,
    Subquery,
    Table,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlmodel import SQLModel, col

from storage.db import Session
from storage.models import (
    Account,
    Contact,
    ContactStatus,
    CurrentAnswer,
    Invitation,
    InvitationStatus,
    Reply,
    Response,
    ResponseStatus,
    Rollup,
    Team,
)
from storage.scopes import Part, in_part

ASKED = (InvitationStatus.SENT, InvitationStatus.DOUBT)
REPLIES = ("promoter", "passive", "detractor", "may_not_recommend", "cannot_judge")
_ROLLUP: Table = SQLModel.metadata.tables["rollup"]
_UNCONFIRMED = (ResponseStatus.SUSPECT, ResponseStatus.PROVISIONAL)


class Span(NamedTuple):
    """Times from `start` on and before `end`."""

    start: datetime
    end: datetime


class Counted(NamedTuple):
    """Contacts of an account and role, each counted once; `active` may be asked, asked or not."""

    account_id: int
    role: str
    asked: int
    active: int
    promoters: int
    passives: int
    detractors: int
    may_not_recommend: int
    cannot_judge: int
    suspect: int


class Active(NamedTuple):
    """How many contacts of an account and role are active now."""

    account_id: int
    role: str
    contacts: int


class Alike(NamedTuple):
    """Accounts of a team of today with `n` scores each, added up, for icc and rho.

    `balance` is the sum of promoters - detractors, `squares` that of its squares by account,
    `decided` the number of promoters and detractors.
    """

    team: str | None
    n: int
    accounts: int
    balance: int
    squares: int
    decided: int


async def outdated(session: Session, kind: str, now: datetime) -> set[int]:
    """Gives the accounts with a current answer that has left the window: recount them first."""
    query = (
        select(col(Rollup.account_id))
        .where(col(Rollup.kind) == kind, col(Rollup.leaves_on) <= now)
        .distinct()
    )
    return set((await session.execute(query)).scalars())


async def current_alike(session: Session, kind: str, without: Collection[int] = ()) -> list[Alike]:
    """Gives how the accounts of the whole programme (but those `without`) score now."""
    promoters, passives, detractors = (
        func.sum(column).label(column.name)
        for column in (_ROLLUP.c.promoters, _ROLLUP.c.passives, _ROLLUP.c.detractors)
    )
    own = (
        select(
            literal(0).label("part"),
            _ROLLUP.c.account_id,
            (promoters + passives + detractors).label("n"),
            promoters,
            detractors,
        )
        .where(_ROLLUP.c.kind == kind, _ROLLUP.c.account_id.not_in(without) if without else true())
        .group_by(_ROLLUP.c.account_id)
        .having(promoters + passives + detractors > 0)
        .subquery()
    )
    return (await alike_by_part(session, own)).get(0, [])


async def alike_by_part(session: Session, own: Subquery) -> dict[int, list[Alike]]:
    """Adds up accounts (`part`, `account_id`, `n`, `promoters`, `detractors`) by part."""
    balance = own.c.promoters - own.c.detractors
    query = (
        select(
            own.c.part,
            col(Team.name),
            own.c.n,
            func.count(),
            func.sum(balance),
            func.sum(balance * balance),
            func.sum(own.c.promoters + own.c.detractors),
        )
        .select_from(own)
        .join(Account, col(Account.id) == own.c.account_id)
        .outerjoin(Team, col(Team.id) == col(Account.team_id))
        .group_by(own.c.part, col(Team.name), own.c.n)
    )
    found: dict[int, list[Alike]] = {}
    for part, team, *sums in (await session.execute(query)).all():
        # PostgreSQL gives sums of sums as decimals.
        found.setdefault(part, []).append(Alike(team, *map(int, sums)))
    return found


async def current_counts(
    session: Session, part: Part, kind: str, kinds: Collection[str], asked: Span
) -> list[Counted]:
    """Gives what counts now in a part of the programme, by account and role of today.

    `kind` is that of the current answers, `kinds` are those of invitations sent within `asked`. It
    looks at each contact once, by index, so the length of the history costs nothing.
    """
    shape = part if part.account_ids is None else replace(part, account_ids=())
    counts = _counting(shape, kind, tuple(sorted(kinds)), asked)
    values = {} if part.account_ids is None else {"accounts": part.account_ids}
    return [Counted(*row) for row in (await session.execute(counts, values)).all()]


@lru_cache(64)
def _counting(part: Part, kind: str, kinds: tuple[str, ...], asked: Span) -> Executable:
    """What `current_counts` reads; a span holds for a day, and building costs more than running."""
    accounts = (
        in_part(part, col(Contact.account_id))
        if part.account_ids is None
        else col(Contact.account_id).in_(bindparam("accounts", expanding=True))
    )
    answered = col(CurrentAnswer.contact_id).is_not(None)
    seen = or_(answered, _invited(kinds, asked), _replied(kinds, asked, _UNCONFIRMED))
    suspect = _replied(kinds, asked, (ResponseStatus.SUSPECT,))
    counted = replies(col(CurrentAnswer.reply), col(CurrentAnswer.score), answered)
    columns: list[ColumnElement[Any]] = [
        func.coalesce(col(Contact.role), "unknown"),
        total(seen),
        total(col(Contact.status) == ContactStatus.ACTIVE),
        *(func.coalesce(func.sum(reply), 0) for reply in counted),
        total(and_(~answered, suspect)),
    ]
    return (
        select(col(Contact.account_id), *columns)
        .outerjoin(
            CurrentAnswer,
            and_(
                col(CurrentAnswer.account_id) == col(Contact.account_id),
                col(CurrentAnswer.contact_id) == col(Contact.id),
                col(CurrentAnswer.kind) == kind,
            ),
        )
        .where(accounts)
        .group_by(col(Contact.account_id), col(Contact.role))
    )


async def active_contacts(session: Session, part: Part) -> list[Active]:
    """Gives the contacts who are active now, by account and role."""
    role = func.coalesce(col(Contact.role), "unknown")
    query = (
        select(col(Contact.account_id), role, func.count())
        .where(col(Contact.status) == ContactStatus.ACTIVE, in_part(part, col(Contact.account_id)))
        .group_by(col(Contact.account_id), col(Contact.role))
    )
    return [Active(*row) for row in (await session.execute(query)).all()]


def replies(
    reply: SQLColumnExpression[str],
    score: SQLColumnExpression[int | None],
    counts: ColumnElement[bool],
) -> list[ColumnElement[int]]:
    """A 0/1 column for each of REPLIES: 9-10 promoter, 7-8 passive, 0-6 detractor."""
    scored = and_(counts, reply == Reply.SCORE)
    conditions = (
        and_(scored, score >= 9),
        and_(scored, score.between(7, 8)),
        and_(scored, score <= 6),
        and_(counts, reply == Reply.MAY_NOT_RECOMMEND),
        and_(counts, reply == Reply.CANNOT_JUDGE),
    )
    return [
        flag(condition).label(name) for name, condition in zip(REPLIES, conditions, strict=True)
    ]


def asked_at() -> ColumnElement[datetime | None]:
    """When an invitation reached its contact; in doubt, the claim is the nearest there is."""
    return func.coalesce(
        col(Invitation.sent_at), col(Invitation.claimed_at), col(Invitation.send_at)
    )


def within(
    moment: SQLColumnExpression[datetime | None] | SQLColumnExpression[datetime], span: Span
) -> ColumnElement[bool]:
    """The condition that a time lies in a span."""
    return and_(moment >= span.start, moment < span.end)


def flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """1 where a condition holds, else 0."""
    return case((condition, 1), else_=0)


def total(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows of a group meet a condition."""
    return func.coalesce(func.sum(flag(condition)), 0)


def _invited(kinds: Collection[str], span: Span) -> ColumnElement[bool]:
    """Whether an invitation reached the contact within a span.

    Those without a time of sending (in doubt) are looked for apart, so that both find an index.
    """
    asked = and_(
        col(Invitation.contact_id) == col(Contact.id),
        col(Invitation.kind).in_(kinds),
        col(Invitation.status).in_(ASKED),
        col(Invitation.is_test).is_(False),
    )
    untimed = and_(col(Invitation.sent_at).is_(None), within(asked_at(), span))
    return or_(
        exists(literal(1)).where(asked, within(col(Invitation.sent_at), span)),
        exists(literal(1)).where(asked, untimed),
    )


def _replied(
    kinds: Collection[str], span: Span, states: Collection[ResponseStatus]
) -> ColumnElement[bool]:
    """Whether the contact gave a reply of one of these states within a span."""
    return exists(literal(1)).where(
        # The account is said too: with it one index finds the few replies of the span.
        col(Response.account_id) == col(Contact.account_id),
        col(Response.contact_id) == col(Contact.id),
        col(Response.kind).in_(kinds),
        col(Response.status).in_(states),
        within(col(Response.answered_at), span),
        col(Invitation.id) == col(Response.invitation_id),
        col(Invitation.is_test).is_(False),
    )
