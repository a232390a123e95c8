"""Rows that several people may change at once: whoever is first wins."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, update

from storage.db import Session
from storage.models import Case, Idea, Improvement, Promise, SharedReason, Task
from storage.writing import changed_rows


async def change(
    session: Session,
    row: Case | Promise | Task | Idea | SharedReason | Improvement,
    values: Mapping[str, Any],
    *,
    version: int | None = None,
) -> bool:
    """Changes a row by one UPDATE, only while it stands as it was read (or at `version`)."""
    model = type(row)
    statement = (
        update(model)
        .where(
            col(model.id) == row.id,
            col(model.version) == (row.version if version is None else version),
        )
        .values(version=col(model.version) + 1, **values)
        .execution_options(synchronize_session=False)
    )
    return await changed_rows(session, statement) == 1
