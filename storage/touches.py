"""Logged contacts with customers, and when an account was last spoken to."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, true
from sqlmodel import col, delete, or_, select

from storage.db import Session
from storage.models import Case, CaseEvent, Touch

_CONTACTS = ("contacted", "promised", "sent")


async def log(session: Session, **values: Any) -> Touch:
    """Notes a contact: `account_id`, `at`, and what else is known of it."""
    touch = Touch(**values)
    session.add(touch)
    await session.flush()
    return touch


async def forget_task(session: Session, task_id: int) -> None:
    """Takes back what a task logged that was opened again."""
    await session.execute(
        delete(Touch)
        .where(col(Touch.task_id) == task_id, col(Touch.reached).is_(True))
        .execution_options(synchronize_session=False)
    )


async def last_of(
    session: Session, account_ids: Collection[int], *, hidden: bool = False
) -> dict[int, datetime]:
    """Gives when somebody at each account was last reached: by a logged contact or in a case.

    With `hidden` also in cases that are hidden from the account's owner.
    """
    seen = true() if hidden else col(Case.hidden_from_owner).is_(False)
    logged = select(col(Touch.account_id), func.max(col(Touch.at))).where(
        col(Touch.account_id).in_(account_ids), col(Touch.reached).is_(True)
    )
    in_cases = select(col(Case.account_id), func.max(col(Case.contacted_at))).where(
        seen,
        col(Case.account_id).in_(account_ids),
        col(Case.contacted_at).is_not(None),
        col(Case.reached).is_not(False),
    )
    last: dict[int, datetime] = {}
    for query, account_id in ((logged, Touch.account_id), (in_cases, Case.account_id)):
        for found_id, at in (await session.execute(query.group_by(col(account_id)))).all():
            if at is not None:
                last[found_id] = max(last.get(found_id, at), at)
    for found_id, at in await _before(session, account_ids, seen):
        last[found_id] = max(last.get(found_id, at), at)
    return last


async def _before(
    session: Session, account_ids: Collection[int], seen: ColumnElement[bool]
) -> list[tuple[int, datetime]]:
    """Gives account and time of the contacts that a case forgot when it was opened again or its
    customer was called in vain: its timeline has them.
    """
    query = (
        select(CaseEvent, Case.id, Case.account_id, Case.reached)
        .join(Case, col(Case.id) == col(CaseEvent.case_id))
        .where(
            seen,
            col(Case.account_id).in_(account_ids),
            or_(col(Case.contacted_at).is_(None), col(Case.reached).is_(False)),
            col(CaseEvent.act).in_((*_CONTACTS, "solved", "customer_partly")),
            col(CaseEvent.undone).is_(False),
        )
        .order_by(col(CaseEvent.id).desc())
    )
    found: list[tuple[int, datetime]] = []
    reached: dict[int, bool | None] = {}  # by case, as it was after an event
    for event, case_id, account_id, now in (await session.exec(query)).all():
        after = reached.setdefault(case_id, now)
        if event.act in _CONTACTS and after is not False:
            found.append((account_id, event.at))
        reached[case_id] = event.before.get("reached", after)
    return found
