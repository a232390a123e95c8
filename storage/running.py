"""Made secrets, heartbeats of processes, and the counts that operators watch."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, delete, select

from storage.db import Session
from storage.models import Alert, AppSetting, Case, Heartbeat, Invitation, Response


async def setting(session: Session, key: str) -> str | None:
    """Gives a value the program made for itself, or None."""
    row = await session.get(AppSetting, key)
    return row.value if row else None


async def keep_setting(session: Session, key: str, value: str) -> str:
    """Stores a value unless there is one already; gives the stored one."""
    row = await session.get(AppSetting, key)
    if row is None:
        row = AppSetting(key=key, value=value)
        session.add(row)
    return row.value


async def heartbeat(session: Session, executor_id: str) -> Heartbeat | None:
    """Gives the last sign of life of a process, or None."""
    return await session.get(Heartbeat, executor_id)


async def beat(session: Session, executor_id: str, process: str, now: datetime) -> None:
    """Notes a sign of life."""
    await session.merge(Heartbeat(executor_id=executor_id, process=process, at=now))


async def silent_since(session: Session, before: datetime) -> Sequence[str]:
    """Gives the ids of processes whose last sign of life is older than `before`."""
    query = select(Heartbeat.executor_id).where(col(Heartbeat.at) < before)
    return (await session.exec(query)).all()


async def forget(session: Session, executor_id: str) -> None:
    """Removes a process that ended, or whose work was taken over."""
    await session.exec(delete(Heartbeat).where(col(Heartbeat.executor_id) == executor_id))


async def counts(session: Session) -> dict[str, dict[str, int]]:
    """Gives how many invitations, alerts, cases and responses stand in each state."""
    found = {}
    for name, column in {
        "invitations": col(Invitation.status),
        "alerts": col(Alert.status),
        "cases": col(Case.state),
        "responses": col(Response.status),
    }.items():
        rows = await session.exec(select(column, func.count()).group_by(column))
        found[name] = dict(rows.all())
    return found
