"""The outbox: messages that must reach our own side, claimed, sent and kept until they are."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Insert, Update, exists
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col, select, update

from storage.db import Session
from storage.models import Alert, AlertStatus, Case, Heartbeat, Posting

# A row that a dead process left in `sending` is found again after this long without a sign of life.
_HEARTBEAT = timedelta(seconds=15)
_SENDING_AT_LEAST = timedelta(seconds=60)
_SENDING_AT_MOST = timedelta(minutes=15)


async def insert_new(
    session: Session, model: type[SQLModel], rows: Sequence[dict[str, Any]]
) -> None:
    """Inserts rows with one statement and leaves out those that a unique key already holds."""
    if not rows:
        return
    on_postgres = session.get_bind().dialect.name == "postgresql"
    statement: Insert = (
        postgresql.insert(model).on_conflict_do_nothing()
        if on_postgres
        else sqlite.insert(model).on_conflict_do_nothing()
    )
    await session.execute(statement, list(rows))


async def changed_rows(session: Session, statement: Update) -> int:
    """Carries out an UPDATE and gives how many rows it changed."""
    result = await session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount


async def add_many(session: Session, rows: Sequence[dict[str, Any]]) -> list[Alert]:
    """Stores the alerts whose key is new, and gives the rows of all keys in the order asked."""
    if not rows:
        return []
    whole = {
        "status": AlertStatus.PENDING, "case_id": None, "response_id": None, "wave_id": None,
        "member_id": None, "account_id": None, "attempts": 0,
    }  # fmt: skip
    await insert_new(session, Alert, [{**whole, "detail": {}, **row} for row in rows])
    keys = [row["key"] for row in rows]
    found = (await session.exec(select(Alert).where(col(Alert.key).in_(keys)))).all()
    by_key = {alert.key: alert for alert in found}
    return [by_key[key] for key in keys]


async def claim(session: Session, alert_id: int, claimed_by: str, now: datetime) -> Alert | None:
    """Takes an alert for sending by one UPDATE; None when it isn't due or somebody else has it.

    Two alerts of one case are never sent at a time: the first becomes the case's card and the
    second its thread, so the case's row is locked before looking.
    """
    case_id = (await session.exec(select(Alert.case_id).where(col(Alert.id) == alert_id))).first()
    other = aliased(Alert)
    taken = (
        update(Alert)
        .where(
            col(Alert.id) == alert_id,
            col(Alert.status) == AlertStatus.PENDING,
            col(Alert.due_at) <= now,
        )
        .values(status=AlertStatus.SENDING, claimed_by=claimed_by, claimed_at=now)
    )
    if case_id is not None:
        await session.exec(select(Case.id).where(col(Case.id) == case_id).with_for_update())
        taken = taken.where(
            ~exists().where(col(other.case_id) == case_id, col(other.status) == AlertStatus.SENDING)
        )
    if await changed_rows(session, taken) != 1:
        return None
    return await session.get_one(Alert, alert_id, populate_existing=True)


async def take_back(session: Session, alert_id: int, owner: str, run: str) -> None:
    """Frees an alert that an earlier execution of the same job left in `sending`."""
    await session.execute(
        update(Alert)
        .where(
            col(Alert.id) == alert_id,
            col(Alert.status) == AlertStatus.SENDING,
            col(Alert.claimed_by).like(f"{owner}/%"),
            col(Alert.claimed_by) != f"{owner}/{run}",
        )
        .values(status=AlertStatus.PENDING)
    )


async def put_back(
    session: Session, alert_id: int, due_at: datetime, problem: str | None = None
) -> Alert:
    """Makes an alert wait until `due_at`; the new number of attempts is the next job's."""
    alert = await session.get_one(Alert, alert_id)
    alert.status, alert.due_at, alert.problem = AlertStatus.PENDING, due_at, problem
    alert.attempts += 1
    session.add(alert)
    return alert


async def finish(session: Session, alert_id: int, status: AlertStatus, now: datetime) -> None:
    """Ends an alert: sent, or cancelled because there is nothing to say any more."""
    alert = await session.get_one(Alert, alert_id)
    alert.status, alert.sent_at, alert.problem = status, now, None
    session.add(alert)


async def note_sent(session: Session, alert_id: int, place: str, posting: Posting | None) -> None:
    """Remembers that a place has the message: a retry is for the other places only."""
    alert = await session.get_one(Alert, alert_id)
    alert.detail = {**alert.detail, "sent_to": [*alert.detail.get("sent_to", []), place]}
    session.add(alert)
    if posting is not None:
        session.add(posting)


async def due(session: Session, now: datetime, limit: int = 500) -> Sequence[Alert]:
    """Gives alerts that are due, the oldest first."""
    query = (
        select(Alert)
        .where(col(Alert.status) == AlertStatus.PENDING, col(Alert.due_at) <= now)
        .order_by(col(Alert.due_at), col(Alert.id))
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def free_stuck(session: Session, now: datetime) -> int:
    """Puts back what a dead process left in `sending`, to be sent again; gives how many."""
    alive = (
        await session.exec(select(Heartbeat.process).where(col(Heartbeat.at) > now - _HEARTBEAT))
    ).all()
    query = select(Alert).where(
        col(Alert.status) == AlertStatus.SENDING,
        col(Alert.claimed_at) <= now - _SENDING_AT_LEAST,
    )
    stuck = [
        alert
        for alert in (await session.exec(query)).all()
        if (alert.claimed_by or "").rpartition("/")[2] not in alive
        or (alert.claimed_at is not None and alert.claimed_at <= now - _SENDING_AT_MOST)
    ]
    for alert in stuck:
        await put_back(session, alert.id, now, "the process that sent it stopped")
    return len(stuck)


async def cancel(session: Session, keys: Collection[str], now: datetime) -> None:
    """Ends pending alerts of these keys: what they would say no longer holds."""
    await session.execute(
        update(Alert)
        .where(col(Alert.key).in_(keys), col(Alert.status) == AlertStatus.PENDING)
        .values(status=AlertStatus.CANCELLED, sent_at=now)
    )


async def move(session: Session, response_ids: Collection[int], at: datetime) -> Sequence[Alert]:
    """Sets when the still pending critic alerts of these responses are due; gives these alerts."""
    query = select(Alert).where(
        col(Alert.response_id).in_(response_ids),
        col(Alert.what) == "critic",
        col(Alert.status) == AlertStatus.PENDING,
    )
    found = (await session.exec(query)).all()
    for alert in found:
        alert.due_at = at
        session.add(alert)
    return found


async def postings(
    session: Session, subject: str, subject_id: int, part: str | None = None
) -> Sequence[Posting]:
    """Gives the messages we posted about something, the oldest first."""
    query = select(Posting).where(
        col(Posting.subject) == subject, col(Posting.subject_id) == subject_id
    )
    if part is not None:
        query = query.where(col(Posting.part) == part)
    return (await session.exec(query.order_by(col(Posting.id)))).all()
