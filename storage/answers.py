"""Writes answers in groups and keeps what counts now of an account in step with them."""

from calendar import monthrange
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Delete,
    Insert,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
)
from sqlmodel import SQLModel, col

from storage.db import Session
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
    for part in parts(sorted(set(account_ids)), _ACCOUNTS_AT_ONCE):
        await lock_accounts(session, part)
        latest = await _latest_replies(session, part, kind, now, window_months)
        which = {"accounts": part, "of_kind": kind}
        for table in (_CURRENT, _ROLLUP):
            await session.execute(_clear(table.name), which)
        if latest:
            await session.execute(insert(_CURRENT), latest)
            await session.execute(_sum_up(), which)


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


async def _latest_replies(
    session: Session, account_ids: Sequence[int], kind: str, now: datetime, window_months: int
) -> list[dict[str, Any]]:
    # A little more than the window: the exact end of a month is decided by `leaves_on` below.
    since = now - timedelta(days=31 * window_months + 4)
    values = {"accounts": account_ids, "kinds": kinds_counted(kind), "since": since}
    found = []
    for row in (await session.execute(_latest(), values)).all():
        account_id, contact_id, response_id, role, reply, score, answered_at, _place = row
        leaves = leaves_on(answered_at, window_months)
        if leaves > now:
            found.append(
                {
                    "account_id": account_id,
                    "contact_id": contact_id,
                    "kind": kind,
                    "response_id": response_id,
                    "role": role,
                    "reply": reply,
                    "score": score,
                    "answered_at": answered_at,
                    "leaves_on": leaves,
                }
            )
    return found


@cache
def _latest() -> Select[Any]:
    """The latest confirmed reply of each contact; built once, which costs more than running."""
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
            place.label("place"),
        )
        .join(_CONTACT, _CONTACT.c.id == _RESPONSE.c.contact_id)
        .join(_INVITATION, _INVITATION.c.id == _RESPONSE.c.invitation_id)
        .where(
            _RESPONSE.c.account_id.in_(bindparam("accounts", expanding=True)),
            _RESPONSE.c.kind.in_(bindparam("kinds", expanding=True)),
            _RESPONSE.c.status == ResponseStatus.CONFIRMED,
            _RESPONSE.c.answered_at > bindparam("since"),
            _INVITATION.c.is_test.is_(False),
        )
        .subquery()
    )
    return select(replies).where(replies.c.place == 1)


@cache
def _clear(table: str) -> Delete:
    cleared = SQLModel.metadata.tables[table]
    return delete(cleared).where(
        cleared.c.account_id.in_(bindparam("accounts", expanding=True)),
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
            count(scored, _CURRENT.c.score.in_((7, 8))),
            count(scored, _CURRENT.c.score <= 6),
            count(_CURRENT.c.reply == Reply.MAY_NOT_RECOMMEND),
            count(_CURRENT.c.reply == Reply.CANNOT_JUDGE),
            func.min(_CURRENT.c.leaves_on),
        )
        .where(
            _CURRENT.c.account_id.in_(bindparam("accounts", expanding=True)),
            _CURRENT.c.kind == bindparam("of_kind"),
        )
        .group_by(_CURRENT.c.account_id, _CURRENT.c.kind, _CURRENT.c.role)
    )
    return insert(_ROLLUP).from_select(Sums._fields, sums)


def parts(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Gives the ids in pieces: one list in a statement has an end in both databases."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
