"""Who a wave may ask: contacts by filters, with what decides whether each is asked or skipped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    and_,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased
from sqlmodel import col

from storage.db import Session
from storage.models import (
    Account,
    Contact,
    ContactStatus,
    Invitation,
    InvitationStatus,
    Response,
    ResponseStatus,
    Team,
    Wave,
    WaveRollup,
)
from storage.trials import TRIAL_ACCOUNT_KEY
from storage.writing import insert_new

# A contact heard from us, or is about to; where it failed or bounced, nothing reached them.
ASKED_OR_PLANNED = (
    InvitationStatus.PLANNED,
    InvitationStatus.SENDING,
    InvitationStatus.SENT,
    InvitationStatus.DOUBT,
    InvitationStatus.UNASKED,
)
UNKNOWN_ROLE = "unknown"
# Between two pages others get their turn: reading 100,000 rows at once holds up an alert.
_ROWS_AT_ONCE = 5_000
_SAMPLE_STEP = 7919  # a prime: spreads consecutive ids over the hundred


@dataclass(frozen=True)
class Filters:
    """Which contacts a wave is for; empty = all. Money in the accounts' own currencies."""

    accounts: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    value_from: float | None = None
    value_to: float | None = None
    renewal_from: date | None = None
    renewal_to: date | None = None
    sample_percent: int | None = None


class Candidate(NamedTuple):
    """A contact of the audience with the account's snapshot; `last_asked` counts all surveys."""

    contact_id: int
    account_id: int
    name: str
    email: str | None
    slack_id: str | None
    teams_id: str | None
    status: str
    role: str | None
    timezone: str | None
    country: str | None
    account_key: str
    account_name: str
    policy: str
    owner_id: int | None
    team_id: int | None
    segment: str | None
    value: float | None
    currency: str | None
    renewal_date: date | None
    last_asked: datetime | None


async def candidates(
    session: Session, filters: Filters, wave_id: int | None
) -> Sequence[Candidate]:
    """Gives everybody the filters name; invitations of the wave itself do not count as asked.

    A person is asked at most once in a rest time whichever of their accounts it was for, so
    `last_asked` follows the e-mail too.
    """
    own = _last_asked(wave_id, same_person=False)
    other = _last_asked(wave_id, same_person=True)
    query = (
        select(
            col(Contact.id), col(Contact.account_id), col(Contact.name), col(Contact.email),
            col(Contact.slack_id), col(Contact.teams_id), col(Contact.status),
            col(Contact.role), col(Contact.timezone),
            func.coalesce(col(Contact.country), col(Account.country)), col(Account.key),
            col(Account.name), col(Account.recommend_policy), col(Account.owner_id),
            col(Account.team_id), col(Account.segment), col(Account.annual_value),
            col(Account.currency), col(Account.renewal_date), own, other,
        )
        .join(Account, col(Account.id) == col(Contact.account_id))
        .outerjoin(Team, col(Team.id) == col(Account.team_id))
        .where(col(Account.key) != TRIAL_ACCOUNT_KEY, *conditions(filters))
        .order_by(col(Contact.id))
    )  # fmt: skip
    found: list[Candidate] = []
    while True:
        last = found[-1].contact_id if found else 0
        page = query.where(col(Contact.id) > last).limit(_ROWS_AT_ONCE)
        rows = (await session.execute(page)).all()
        for row in rows:
            *values, one, other = row
            found.append(Candidate._make([*values, _later(one, other)]))
        if len(rows) < _ROWS_AT_ONCE:
            return found


async def insert_invitations(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Stores invitations; a contact that has one in the wave already keeps it."""
    await insert_new(session, Invitation, [dict(row) for row in rows])


class Choices(NamedTuple):
    """What there is to filter by, each list sorted."""

    segments: tuple[str, ...]
    regions: tuple[str, ...]
    tiers: tuple[str, ...]
    teams: tuple[str, ...]
    departments: tuple[str, ...]


async def choices(session: Session) -> Choices:
    """Gives the words that accounts, teams and contacts carry today."""
    columns = (Account.segment, Account.region, Account.tier, Team.name, Contact.department)
    lists = []
    for column in columns:
        rows = await session.execute(select(col(column)).distinct().order_by(col(column)))
        lists.append(tuple(word for (word,) in rows.all() if word))
    return Choices(*lists)


async def account_keys(session: Session, ids: Sequence[int]) -> tuple[str, ...]:
    """Gives the keys of accounts by id, in the order of keys."""
    query = select(col(Account.key)).where(col(Account.id).in_(ids)).order_by(col(Account.key))
    return tuple(key for (key,) in (await session.execute(query)).all())


async def accounts_of(session: Session, keys: Sequence[str]) -> tuple[Account, ...]:
    """Gives the accounts with these keys, by name."""
    query = select(Account).where(col(Account.key).in_(keys)).order_by(col(Account.name))
    return tuple((await session.execute(query)).scalars().all())


async def missing_keys(session: Session, keys: Sequence[str]) -> list[str]:
    """Gives those of the keys that no account has."""
    query = select(col(Account.key)).where(col(Account.key).in_(keys))
    known = {key for (key,) in (await session.execute(query)).all()}
    return [key for key in keys if key not in known]


class Past(NamedTuple):
    """How people answered before: asked, heard, and the scores by group."""

    asked: int
    heard: int
    promoters: int
    detractors: int
    rated: int


async def past(session: Session, kinds: Sequence[str], since: datetime) -> Past:
    """Gives what became of asking since a time, tests aside: of closed waves from their sums."""
    began = func.coalesce(col(Wave.starts_at), col(Wave.created_at)) >= since
    closed = await _past_of_sums(session, kinds, began)
    others = await _past_of_rows(session, kinds, began, since)
    return Past(*map(sum, zip(closed, others, strict=True)))


async def _past_of_sums(session: Session, kinds: Sequence[str], began: ColumnElement[bool]) -> Past:
    rated = col(WaveRollup.promoters) + col(WaveRollup.passives) + col(WaveRollup.detractors)
    others = col(WaveRollup.may_not_recommend) + col(WaveRollup.cannot_judge)
    columns = (
        col(WaveRollup.asked),
        rated + others,
        col(WaveRollup.promoters),
        col(WaveRollup.detractors),
        rated,
    )
    query = (
        select(*(func.coalesce(func.sum(column), 0) for column in columns))
        .join(Wave, col(Wave.id) == col(WaveRollup.wave_id))
        .where(col(Wave.counted).is_(True), began, col(WaveRollup.kind).in_(kinds))
    )
    return Past(*map(int, (await session.execute(query)).one()))


async def _past_of_rows(
    session: Session, kinds: Sequence[str], began: ColumnElement[bool], since: datetime
) -> Past:
    """Of waves that are not counted, and of what was asked in no wave."""
    open_waves = select(col(Wave.id)).where(
        col(Wave.counted).is_(False), col(Wave.is_test).is_(False), began
    )
    waves = (await session.execute(open_waves)).scalars().all()
    confirmed = and_(
        col(Response.invitation_id) == col(Invitation.id),
        col(Response.status) == ResponseStatus.CONFIRMED,
    )
    score = col(Response.score)
    # As a plain column the status would make SQLite read the whole history.
    status = func.coalesce(col(Invitation.status), "")
    query = (
        select(
            func.count(),
            func.count(col(Response.id)),
            func.count().filter(score >= 9),
            func.count().filter(score <= 6),
            func.count(score),
        )
        .select_from(Invitation)
        .outerjoin(Response, confirmed)
        .where(
            or_(col(Invitation.wave_id).is_(None), col(Invitation.wave_id).in_(waves)),
            func.coalesce(col(Invitation.kind), "").in_(kinds),
            status.in_((InvitationStatus.SENT, InvitationStatus.DOUBT)),
            col(Invitation.sent_at) >= since,
            col(Invitation.is_test).is_(False),
        )
    )
    return Past(*(await session.execute(query)).one())


def conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """The conditions of filters on contact, account and team."""
    lists: list[tuple[tuple[str, ...], SQLColumnExpression[Any]]] = [
        (filters.accounts, col(Account.key)),
        (filters.segments, col(Account.segment)),
        (filters.regions, col(Account.region)),
        (filters.tiers, col(Account.tier)),
        (filters.teams, col(Team.name)),
        (filters.departments, col(Contact.department)),
    ]
    found: list[ColumnElement[bool]] = [col(Contact.status) != ContactStatus.ANONYMOUS]
    found += [column.in_(words) for words, column in lists if words]
    if filters.roles:
        not_known = UNKNOWN_ROLE in filters.roles
        empty = col(Contact.role).is_(None) if not_known else false()
        found.append(or_(col(Contact.role).in_(filters.roles), empty))
    if filters.value_from is not None:
        found.append(col(Account.annual_value) >= filters.value_from)
    if filters.value_to is not None:
        found.append(col(Account.annual_value) <= filters.value_to)
    if filters.renewal_from is not None:
        found.append(col(Account.renewal_date) >= filters.renewal_from)
    if filters.renewal_to is not None:
        found.append(col(Account.renewal_date) <= filters.renewal_to)
    if filters.sample_percent is not None:
        found.append(col(Contact.id) * _SAMPLE_STEP % 100 < filters.sample_percent)
    return found


def _last_asked(wave_id: int | None, *, same_person: bool) -> ScalarSelect[datetime | None]:
    # Two look-ups by index a contact, whatever the length of the history.
    at = func.max(
        func.coalesce(col(Invitation.sent_at), col(Invitation.claimed_at), col(Invitation.send_at))
    )
    query: Select[Any] = select(at).where(
        col(Invitation.status).in_(ASKED_OR_PLANNED),
        col(Invitation.is_test).is_(False),
    )
    if wave_id is not None:
        query = query.where(
            or_(col(Invitation.wave_id).is_(None), col(Invitation.wave_id) != wave_id)
        )
    if not same_person:
        return (
            query.where(col(Invitation.contact_id) == col(Contact.id))
            .correlate(Contact)
            .scalar_subquery()
        )
    twin = aliased(Contact)
    return (
        query.join(twin, col(twin.id) == col(Invitation.contact_id))
        .where(col(twin.email) == col(Contact.email), col(twin.id) != col(Contact.id))
        .correlate(Contact)
        .scalar_subquery()
    )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)
