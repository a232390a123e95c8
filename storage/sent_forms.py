"""Which forms were carried out: platforms deliver one again, also to a process that restarted."""

from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import col, delete, select, update

from storage.db import Session
from storage.models import SentForm
from storage.writing import inserting

KEEP = timedelta(days=1)  # no platform delivers again after hours


async def begin(session: Session, key: str, now: datetime) -> Literal["new", "begun", "done"]:
    """Notes that a form is being carried out, if it is new; tells what is known of it."""
    row = {"key": key, "done": False, "at": now}
    added = await session.execute(inserting(session, SentForm, "key"), [row])
    if added.first() is not None:
        await session.exec(delete(SentForm).where(col(SentForm.at) < now - KEEP))
        return "new"
    return "done" if await is_done(session, key) else "begun"


async def is_done(session: Session, key: str) -> bool:
    """Tells whether a form was carried out."""
    query = select(SentForm.done).where(col(SentForm.key) == key)
    return bool((await session.exec(query)).first())


async def finish(session: Session, key: str) -> None:
    """Notes that a form was carried out."""
    await session.execute(update(SentForm).where(col(SentForm.key) == key).values(done=True))


async def drop(session: Session, key: str) -> None:
    """Forgets a form that stored nothing: it may be sent in again."""
    await session.exec(delete(SentForm).where(col(SentForm.key) == key))
