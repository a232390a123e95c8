"""Writes answers in groups and keeps what counts now of an account in step with them."""

from calendar import monthrange
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Delete,
    Insert,
    String,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    type_coerce,
)
from sqlmodel import SQLModel, col

from storage.db import Session
from storage.lists import among, one_of
from storage.models import (
    Account,
    Reply,
    ResponseStatus,
    SurveyKind,
)

_CURRENT: Table = SQLModel.metadata.tables["current_answer"]
_ROLLUP: Table = SQLModel.metadata.tables["rollup"]
_RESPONSE: Table = SQLModel.metadata.tables["response"]
_CONTACT: Table = SQLModel.metadata.tables["contact"]
_INVITATION: Table = SQLModel.metadata.tables["invitation"]
_ACCOUNTS_AT_ONCE = 500
# The columns of the current answers, and of which of a reply each is filled.
_FROM = {each.name: "id" if each.name == "response_id" else each.name for each in _CURRENT.columns}


class Sums(NamedTuple):
    """A row of the rollup."""

    account_id: int
    kind: str
    role: str
    promoters: int
    passives: int
    detractors: int
    may_not_recommend: int
    cannot_judge: int
    leaves_on: datetime


def counted_as(kind: str) -> str:
    """Gives the kind under which an answer counts: `similar` counts with relationship."""
    return SurveyKind.RELATIONSHIP if kind == SurveyKind.SIMILAR else kind


def kinds_counted(kind: str) -> tuple[str, ...]:
    """Gives the kinds of the responses that count under `kind`."""
    if kind == SurveyKind.RELATIONSHIP:
        return (SurveyKind.RELATIONSHIP, SurveyKind.SIMILAR)
    return (kind,)


def leaves_on(answered_at: datetime, window_months: int) -> datetime:
    """Gives the moment from which an answer no longer counts; a shorter month ends earlier."""
    months = answered_at.year * 12 + answered_at.month - 1 + window_months
    year, month = divmod(months, 12)
    day = min(answered_at.day, monthrange(year, month + 1)[1])
    return answered_at.replace(year=year, month=month + 1, day=day)


async def recount(
    session: Session, account_ids: Collection[int], kind: str, now: datetime, window_months: int
) -> None:
    """Makes current answers and rollup of these accounts anew from their responses.

    `kind` is the kind that counts (`relationship` takes `similar` along). The few rows of an
    account are computed again, so that sums can't drift; the number of statements does not grow
    with the accounts (up to 500 at a time).
    """
    kind = counted_as(kind)
    dialect = session.get_bind().dialect.name
    # A little more than the window, which the index finds; `_leaves_on` decides the exact end.
    since = now - timedelta(days=31 * window_months + 4)
    for part in parts(sorted(set(account_ids)), _ACCOUNTS_AT_ONCE):
        await lock_accounts(session, part)
        which = {"accounts": part, "of_kind": kind}
        await session.run(_clear(_CURRENT.name), which)
        filled = _fill(dialect, kinds_counted(kind), window_months)
        await session.run(filled, {**which, "since": since, "now": now})
        await session.run(_clear(_ROLLUP.name), which)
        await session.run(_sum_up(), which)


async def read_rollup(
    session: Session, account_ids: Collection[int], kind: str = SurveyKind.RELATIONSHIP
) -> frozenset[Sums]:
    """Gives the rollup rows of these accounts, to be held against a recount."""
    found: set[Sums] = set()
    for part in parts(sorted(account_ids), _ACCOUNTS_AT_ONCE):
        of_part = (_ROLLUP.c.account_id.in_(part), _ROLLUP.c.kind == counted_as(kind))
        found.update(
            Sums(*row)
            for row in await session.execute(
                select(*(_ROLLUP.c[name] for name in Sums._fields)).where(*of_part)
            )
        )
    return frozenset(found)


async def lock_accounts(session: Session, account_ids: Sequence[int]) -> None:
    """Lets two processes recount an account one after the other (SQLite has one writer anyway)."""
    if session.get_bind().dialect.name == "postgresql":
        query = select(col(Account.id)).where(col(Account.id).in_(account_ids))
        await session.execute(query.order_by(col(Account.id)).with_for_update(key_share=True))


@cache
def _fill(dialect: str, kinds: Sequence[str], window_months: int) -> Insert:
    """Fills the current answers with the latest confirmed reply of each contact.

    Built once, which costs more than running.
    """
    place = func.row_number().over(
        partition_by=(_RESPONSE.c.account_id, _RESPONSE.c.contact_id),
        order_by=(_RESPONSE.c.answered_at.desc(), _RESPONSE.c.id.desc()),
    )
    replies = (
        select(
            _RESPONSE.c.account_id,
            _RESPONSE.c.contact_id,
            _RESPONSE.c.id,
            func.coalesce(_CONTACT.c.role, "unknown").label("role"),
            _RESPONSE.c.reply,
            _RESPONSE.c.score,
            _RESPONSE.c.answered_at,
            _leaves_on(dialect, window_months).label("leaves_on"),
            place.label("place"),
        )
        .join(_CONTACT, _CONTACT.c.id == _RESPONSE.c.contact_id)
        .join(_INVITATION, _INVITATION.c.id == _RESPONSE.c.invitation_id)
        .where(
            among(_RESPONSE.c.account_id, "accounts"),
            one_of(_RESPONSE.c.kind, kinds),
            _RESPONSE.c.status == ResponseStatus.CONFIRMED,
            _RESPONSE.c.answered_at > bindparam("since"),
            _INVITATION.c.is_test.is_(False),
        )
        .subquery()
    )
    kind = bindparam("of_kind", type_=_CURRENT.c.kind.type)
    latest = select(*(kind if name == "kind" else replies.c[of] for name, of in _FROM.items()))
    current = latest.where(replies.c.place == 1, replies.c.leaves_on > bindparam("now"))
    return insert(_CURRENT).from_select(list(_FROM), current)


def _leaves_on(dialect: str, window_months: int) -> ColumnElement[datetime]:
    """What `leaves_on` gives, as the database says it."""
    at = _RESPONSE.c.answered_at
    if dialect == "postgresql":
        in_utc = func.timezone("UTC", at) + func.make_interval(0, window_months)
        return type_coerce(func.timezone("UTC", in_utc), at.type)
    stored = type_coerce(at, String)
    day, of_day = func.substr(stored, 1, 10), func.substr(stored, 11, type_=String)
    same_day = func.date(day, f"+{window_months} months")
    # SQLite makes of a 31st that is not there a day of the next month.
    last = func.date(day, "start of month", f"+{window_months + 1} months", "-1 day")
    return type_coerce(func.min(same_day, last, type_=String).concat(of_day), at.type)


@cache
def _clear(table: str) -> Delete:
    cleared = SQLModel.metadata.tables[table]
    return delete(cleared).where(
        among(cleared.c.account_id, "accounts"),
        cleared.c.kind == bindparam("of_kind"),
    )


@cache
def _sum_up() -> Insert:
    """Fills the rollup from the current answers; the groups are those of the 0-10 scale.

    Other scales keep their scores in the current answers.
    """
    scored = _CURRENT.c.reply == Reply.SCORE

    def count(*which: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((and_(*which), 1), else_=0))

    sums = (
        select(
            _CURRENT.c.account_id,
            _CURRENT.c.kind,
            _CURRENT.c.role,
            count(scored, _CURRENT.c.score >= 9),
            count(scored, _CURRENT.c.score.between(7, 8)),
            count(scored, _CURRENT.c.score <= 6),
            count(_CURRENT.c.reply == Reply.MAY_NOT_RECOMMEND),
            count(_CURRENT.c.reply == Reply.CANNOT_JUDGE),
            func.min(_CURRENT.c.leaves_on),
        )
        .where(
            among(_CURRENT.c.account_id, "accounts"),
            _CURRENT.c.kind == bindparam("of_kind"),
        )
        .group_by(_CURRENT.c.account_id, _CURRENT.c.kind, _CURRENT.c.role)
    )
    return insert(_ROLLUP).from_select(Sums._fields, sums)


def parts(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Gives the ids in pieces: one list in a statement has an end in both databases."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
