"""Stored sums of closed waves by account and snapshot: a trend reads them, not whole waves."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlmodel import SQLModel, col

from storage.answers import lock_accounts, parts
from storage.db import Session
from storage.measures import ASKED, Alike, alike_by_part, replies
from storage.models import (
    Account,
    Contact,
    Invitation,
    InvitationStatus,
    Response,
    ResponseStatus,
    Wave,
    WaveRollup,
    WaveState,
)
from storage.scopes import Part, of_teams

# Accounts counted in one transaction of the clock: on SQLite nobody else writes while it runs.
PART = 100
_ACCOUNTS_AT_ONCE = 500
_ROLLUP: Table = SQLModel.metadata.tables["wave_rollup"]
_SUMS = ("promoters", "passives", "detractors", "may_not_recommend", "cannot_judge")


class Sums(NamedTuple):
    """A row of the sums of waves."""

    wave_id: int
    account_id: int
    kind: str
    team_id: int | None
    segment: str | None
    asked: int
    promoters: int
    passives: int
    detractors: int
    may_not_recommend: int
    cannot_judge: int


class Pooled(NamedTuple):
    """Accounts with a score, added up; `squares` is the sum of n * n by account."""

    accounts: int = 0
    promoters: int = 0
    passives: int = 0
    detractors: int = 0
    squares: int = 0


async def recount(
    session: Session, wave_ids: Collection[int], account_ids: Collection[int]
) -> None:
    """Counts these accounts of these waves anew; waves whose sums are not stored are left alone.

    Call it at the end of a transaction that changed an invitation or a response: the sums so
    change together with what they are made of, and can't drift.
    """
    if not wave_ids or not account_ids:
        return
    for part in parts(sorted(set(account_ids)), _ACCOUNTS_AT_ONCE):
        # First the lock: whoever counts the wave at this moment has these accounts before or after.
        await lock_accounts(session, part)
        stored = select(col(Wave.id)).where(
            col(Wave.id).in_(wave_ids), col(Wave.counted_to).is_not(None)
        )
        counted = (await session.execute(stored)).scalars().all()
        if counted:
            await _count(session, counted, part)


async def to_count(session: Session) -> int | None:
    """Gives a closed wave whose sums are not stored yet, or not all of them; the newest first."""
    # Few are being sent at a time, and the index of what is due finds them.
    sending = select(col(Invitation.wave_id)).where(
        col(Invitation.status) == InvitationStatus.SENDING, col(Invitation.wave_id).is_not(None)
    )
    query = (
        select(col(Wave.id))
        .where(
            col(Wave.counted).is_(False),
            col(Wave.is_test).is_(False),
            or_(
                col(Wave.state) == WaveState.CLOSED,
                # Until its closing date a stopped wave still takes answers.
                and_(col(Wave.state) == WaveState.STOPPED, col(Wave.closed_at).is_not(None)),
            ),
            col(Wave.id).not_in(sending),
        )
        .order_by(col(Wave.id).desc())
        .limit(1)
    )
    return (await session.execute(query)).scalars().first()


async def count_part(session: Session, wave_id: int, accounts: int = PART) -> bool:
    """Counts the next accounts of a closed wave; True when its last one is counted.

    The first call counts nothing: from its commit on, whoever changes the wave recounts, too.
    """
    begun = select(col(Wave.counted_to)).where(col(Wave.id) == wave_id)
    after = (await session.execute(begun)).scalar_one_or_none()
    values: dict[str, Any] = {"counted_to": 0}
    if after is not None:
        following = select(col(Account.id)).where(col(Account.id) > after)
        following = following.order_by(col(Account.id)).limit(accounts)
        ids = (await session.execute(following)).scalars().all()
        if ids:
            await recount(session, [wave_id], ids)
        values = {"counted_to": ids[-1]} if ids else {"counted": True}
    await session.execute(update(Wave).where(col(Wave.id) == wave_id).values(**values))
    return "counted" in values


async def counted(session: Session, wave_ids: Collection[int]) -> frozenset[int]:
    """Gives those of the waves whose sums are stored whole."""
    query = select(col(Wave.id)).where(col(Wave.id).in_(wave_ids), col(Wave.counted).is_(True))
    return frozenset((await session.execute(query)).scalars())


async def every_counted(session: Session) -> list[int]:
    """Gives all waves whose sums are stored whole."""
    query = select(col(Wave.id)).where(col(Wave.counted).is_(True)).order_by(col(Wave.id))
    return list((await session.execute(query)).scalars())


async def read(session: Session, wave_id: int) -> frozenset[Sums]:
    """Gives the stored sums of a wave, to be held against a recount."""
    query = select(*(_ROLLUP.c[name] for name in Sums._fields)).where(_ROLLUP.c.wave_id == wave_id)
    return frozenset(Sums(*row) for row in (await session.execute(query)).all())


async def pooled(
    session: Session,
    part: Part,
    kinds: Collection[str],
    wave_ids: Collection[int],
    without: Collection[int] = (),
) -> dict[int, Pooled]:
    """Gives by wave the scores of a team or segment (as invited) or of all.

    Accounts `without` are left out.
    """
    belongs: ColumnElement[bool] = true()
    if part.team_id is not None:
        belongs = col(WaveRollup.team_id) == part.team_id
    elif part.team_ids is not None:
        belongs = of_teams(col(WaveRollup.team_id), part.team_ids)
    elif part.segment is not None:
        belongs = col(WaveRollup.segment) == part.segment
    own = _by_account(kinds, wave_ids, without, belongs).subquery()
    query = select(
        own.c.part,
        func.count(),
        *(func.sum(own.c[name]) for name in ("promoters", "passives", "detractors")),
        func.sum(own.c.n * own.c.n),
    ).group_by(own.c.part)
    # PostgreSQL gives sums of sums as decimals.
    return {row[0]: Pooled(*map(int, row[1:])) for row in (await session.execute(query)).all()}


async def alike(
    session: Session,
    kinds: Collection[str],
    wave_ids: Collection[int],
    without: Collection[int] = (),
) -> dict[int, list[Alike]]:
    """Gives by wave how the accounts of the whole programme scored, for icc and rho.

    Accounts `without` are left out.
    """
    own = _by_account(kinds, wave_ids, without, true()).subquery()
    return await alike_by_part(session, own)


def _by_account(
    kinds: Collection[str],
    wave_ids: Collection[int],
    without: Collection[int],
    belongs: ColumnElement[bool],
) -> Select[Any]:
    """Each account with a score in each wave, whatever teams and segments it was asked in."""
    n = func.sum(_ROLLUP.c.promoters + _ROLLUP.c.passives + _ROLLUP.c.detractors)
    return (
        select(
            _ROLLUP.c.wave_id.label("part"),
            _ROLLUP.c.account_id,
            n.label("n"),
            *(func.sum(_ROLLUP.c[name]).label(name) for name in _SUMS[:3]),
        )
        .where(
            _ROLLUP.c.wave_id.in_(wave_ids),
            _ROLLUP.c.kind.in_(kinds),
            _ROLLUP.c.account_id.not_in(without) if without else true(),
            belongs,
        )
        .group_by(_ROLLUP.c.wave_id, _ROLLUP.c.account_id)
        .having(n > 0)
    )


async def _count(session: Session, wave_ids: Collection[int], account_ids: Sequence[int]) -> None:
    await session.execute(
        delete(_ROLLUP).where(
            _ROLLUP.c.wave_id.in_(wave_ids), _ROLLUP.c.account_id.in_(account_ids)
        )
    )
    await session.execute(_insert(wave_ids, account_ids))


def _insert(wave_ids: Collection[int], account_ids: Sequence[int]) -> Insert:
    snapshot = (
        col(Invitation.wave_id),
        col(Invitation.account_id),
        col(Invitation.kind),
        col(Invitation.team_id),
        col(Invitation.segment),
    )
    confirmed = and_(
        col(Response.id).is_not(None), col(Response.status) == ResponseStatus.CONFIRMED
    )
    counts = replies(col(Response.reply), col(Response.score), confirmed)
    # People first: their invitations of a wave have an index, those of an account do not.
    people = select(col(Contact.id)).where(col(Contact.account_id).in_(account_ids))
    query = (
        select(*snapshot, func.count(), *(func.sum(each) for each in counts))
        .outerjoin(Response, col(Response.invitation_id) == col(Invitation.id))
        .where(
            col(Invitation.wave_id).in_(wave_ids),
            col(Invitation.contact_id).in_(people),
            col(Invitation.is_test).is_(False),
            or_(col(Invitation.status).in_(ASKED), col(Response.id).is_not(None)),
        )
        .group_by(*snapshot)
    )
    return insert(_ROLLUP).from_select(Sums._fields, query)
