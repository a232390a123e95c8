"""The outbox: messages that must reach our own side, claimed, sent and kept until they are."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Executable,
    Table,
    Update,
    bindparam,
    exists,
    insert,
    true,
)
from sqlalchemy import select as columns
from sqlmodel import SQLModel, col, select, update
from sqlmodel.sql.expression import SelectOfScalar

from storage.db import Session
from storage.models import Alert, AlertStatus, Case, Posting
from storage.writing import inserting

_ALERT: Table = SQLModel.metadata.tables["alert"]
_POSTED = insert(SQLModel.metadata.tables["posting"])
# No sending takes this long: the process died. The engine's own recovery is faster where it works.
_SENDING_AT_MOST = timedelta(minutes=5)
_BLANK: dict[str, Any] = {
    "status": AlertStatus.PENDING, "case_id": None, "response_id": None, "wave_id": None,
    "member_id": None, "account_id": None, "attempts": 0,
}  # fmt: skip


class Added(NamedTuple):
    """What is known of an alert that was asked for; making a whole row of each costs too much."""

    id: int
    key: str
    what: str
    status: AlertStatus
    due_at: datetime
    attempts: int
    detail: dict[str, Any]


async def add_many(session: Session, rows: Sequence[dict[str, Any]]) -> list[Added]:
    """Stores the alerts whose key is new, and gives those of all keys in the order asked."""
    if not rows:
        return []
    whole = {row["key"]: {**_BLANK, "detail": {}, **row} for row in rows}
    adding = inserting(session, Alert, "id", "key")
    added = (await session.run(adding, list(whole.values()))).all()
    by_key = {key: _added(alert_id, whole[key]) for alert_id, key in added}
    known = [key for key in whole if key not in by_key]
    if known:
        found = (await session.exec(select(Alert).where(col(Alert.key).in_(known)))).all()
        by_key |= {alert.key: _added(alert.id, vars(alert)) for alert in found}
    return [by_key[row["key"]] for row in rows]


def _added(alert_id: int, row: Mapping[str, Any]) -> Added:
    return Added(alert_id, *(row[name] for name in Added._fields[1:]))


async def claim(session: Session, alert_id: int, claimed_by: str, now: datetime) -> Alert | None:
    """Takes an alert for sending by one UPDATE; None when it isn't due or somebody else has it.

    Two alerts of one case are never sent at a time: the first becomes the case's card and the
    second its thread, so the case's row is locked before looking.
    """
    if session.get_bind().dialect.name == "postgresql":
        of_alert = select(Alert.case_id).where(col(Alert.id) == alert_id)
        lock = select(Case.id).where(col(Case.id) == of_alert.scalar_subquery())
        await session.exec(lock.with_for_update())
    asked = {"asked": alert_id, "by": claimed_by, "now": now}
    return (await session.execute(_claiming(), asked)).scalar_one_or_none()


# Built once: on the way of every alert, building a statement costs more than running it.
@cache
def _claiming() -> Executable:
    other = _ALERT.alias()
    of_case = exists().where(
        other.c.case_id == _ALERT.c.case_id, other.c.status == AlertStatus.SENDING
    )
    claimed = (
        update(_ALERT)
        .where(
            _ALERT.c.id == bindparam("asked"),
            _ALERT.c.status == AlertStatus.PENDING,
            _ALERT.c.due_at <= bindparam("now"),
            ~of_case,
        )
        .values(status=AlertStatus.SENDING, claimed_by=bindparam("by"), claimed_at=bindparam("now"))
        .returning(*_ALERT.columns)
    )
    fresh = {"populate_existing": True}
    return select(Alert).from_statement(claimed).execution_options(**fresh)


async def take_back(session: Session, alert_id: int, job: str, run: str) -> None:
    """Frees an alert that an earlier execution of the same job, which died, left in `sending`."""
    query = select(Alert).where(
        col(Alert.id) == alert_id,
        col(Alert.status) == AlertStatus.SENDING,
        col(Alert.claimed_by).like(f"{job}#%"),
        col(Alert.claimed_by) != run,
    )
    alert = (await session.exec(query.execution_options(populate_existing=True))).first()
    if alert is not None:
        alert.status, alert.detail = AlertStatus.PENDING, _cut_off(alert)
        session.add(alert)
        await session.flush()


def _cut_off(alert: Alert) -> dict[str, Any]:
    """Keeps since when a message may stand that nobody recorded: its process died."""
    assert alert.claimed_at is not None
    return {"cut_off": alert.claimed_at.isoformat(), **alert.detail}


async def wait(session: Session, alert_id: int, busy_until: datetime) -> Alert | None:
    """Gives a pending alert a new attempt: it was moved, or another of its case is on its way.

    None when somebody else has it or it is done.
    """
    alert = await session.get(Alert, alert_id, populate_existing=True)
    if alert is None or alert.status != AlertStatus.PENDING:
        return None
    return await put_back(session, alert_id, max(alert.due_at, busy_until), alert.problem)


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
    await session.execute(_ending(), {"asked": alert_id, "as": status, "now": now})


@cache
def _ending() -> Update:
    ended = update(_ALERT).where(_ALERT.c.id == bindparam("asked"))
    return ended.values(status=bindparam("as"), sent_at=bindparam("now"), problem=None)


async def note_sent(session: Session, alert: Alert, posting: dict[str, Any] | None) -> int | None:
    """Remembers which places have the message: a retry is for the others only.

    `alert` is one that this process claimed: nobody else changes what is kept with it. Gives the
    case of its answer where that went to another while the message was on its way.
    """
    moved = None
    if posting is not None and posting["subject"] == "case":
        # First, as a move does: it waits for this, or this for it.
        asked = {"response": posting["response_id"]}
        case_id = (await session.execute(_case_now(), asked)).scalar_one_or_none()
        if case_id is not None and case_id != posting["subject_id"]:
            moved, posting = case_id, {**posting, "subject_id": case_id}
    await session.execute(_noting(), {"asked": alert.id, "kept": alert.detail})
    if posting is not None:
        await session.execute(_POSTED, posting)
    return moved


@cache
def _case_now() -> Executable:
    joined = SQLModel.metadata.tables["case_response"]
    query = columns(joined.c.case_id).where(joined.c.response_id == bindparam("response"))
    return query.with_for_update(read=True)


@cache
def _noting() -> Update:
    return update(_ALERT).where(_ALERT.c.id == bindparam("asked")).values(detail=bindparam("kept"))


async def revive(session: Session, alert_id: int, case_id: int, due_at: datetime) -> Alert:
    """Asks anew for an alert that had nothing to say before: now it has."""
    alert = await put_back(session, alert_id, due_at)
    alert.case_id = case_id
    return alert


async def note(session: Session, alert_id: int, values: dict[str, Any]) -> None:
    """Adds to what is kept with an alert."""
    alert = await session.get_one(Alert, alert_id)
    alert.detail = {**alert.detail, **values}
    session.add(alert)


async def by_key(session: Session, key: str) -> Alert | None:
    """Gives the alert of a key, or None."""
    return (await session.exec(select(Alert).where(col(Alert.key) == key))).first()


async def asked_since(
    session: Session, keys: Collection[str], member_id: int, since: datetime
) -> set[str]:
    """Gives those of the keys whose alert is for a member and due since a time."""
    query = select(Alert.key).where(
        col(Alert.key).in_(keys), col(Alert.member_id) == member_id, col(Alert.due_at) >= since
    )
    return set((await session.exec(query)).all())


async def due(session: Session, now: datetime, limit: int = 500) -> Sequence[Alert]:
    """Gives alerts that are due, the oldest first."""
    query = (
        select(Alert)
        .where(col(Alert.status) == AlertStatus.PENDING, col(Alert.due_at) <= now)
        .order_by(col(Alert.due_at), col(Alert.id))
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def waits(session: Session, what: str, case_id: int, now: datetime | None = None) -> bool:
    """Tells whether an alert of this kind for a case is due (`now`, or ever) and not yet on its
    way.
    """
    query = select(Alert.id).where(
        col(Alert.case_id) == case_id,
        col(Alert.what) == what,
        col(Alert.status) == AlertStatus.PENDING,
        true() if now is None else col(Alert.due_at) <= now,
    )
    return (await session.exec(query.limit(1))).first() is not None


async def has_stuck(session: Session, now: datetime) -> bool:
    """Tells whether an alert has been in `sending` for longer than any sending takes."""
    return (await session.exec(_stuck(now).limit(1))).first() is not None


async def free_stuck(session: Session, now: datetime) -> None:
    """Puts back what a dead process left in `sending`: an alert in doubt is sent again."""
    for alert in (await session.exec(_stuck(now))).all():
        alert.detail = _cut_off(alert)
        await put_back(session, alert.id, now, "the process that sent it stopped")


def _stuck(now: datetime) -> SelectOfScalar[Alert]:
    return select(Alert).where(
        col(Alert.status) == AlertStatus.SENDING, col(Alert.claimed_at) <= now - _SENDING_AT_MOST
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
    """Gives the messages we posted about something and may edit, the oldest first."""
    asked = {"about": subject, "asked": subject_id}
    found = (await session.exec(_postings(), params=asked)).all()
    return [each for each in found if part is None or each.part == part]


@cache
def _postings() -> SelectOfScalar[Posting]:
    return (
        select(Posting)
        .where(
            col(Posting.subject) == bindparam("about"),
            col(Posting.subject_id) == bindparam("asked"),
            col(Posting.moved).is_(False),
        )
        .order_by(col(Posting.id))
    )


async def posting_at(session: Session, place: str, message_id: str) -> Posting | None:
    """Gives the message we posted in a place, or None when it is none of ours."""
    query = select(Posting).where(
        col(Posting.message_id) == message_id, col(Posting.place) == place
    )
    return (await session.exec(query.limit(1))).first()
