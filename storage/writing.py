"""Statements that write: inserts that meet a unique key, updates that tell what they changed."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import CursorResult, Executable, Table, Update, inspect
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlmodel import SQLModel

from storage.db import Session

Insert = PostgresInsert | SqliteInsert


def insert_into(dialect: str, table: Table) -> Insert:
    """Gives an INSERT of `dialect` that can say what happens `on_conflict`."""
    return PostgresInsert(table) if dialect == "postgresql" else SqliteInsert(table)


def inserting(session: Session, model: type[SQLModel], *returned: str) -> Executable:
    """Gives an INSERT that leaves out rows that a unique key already holds.

    `returned` names the columns that it gives of each new row.
    """
    return _inserting(session.get_bind().dialect.name, model, returned)


@cache  # building a statement costs more than running it
def _inserting(dialect: str, model: type[SQLModel], returned: Sequence[str]) -> Executable:
    table = inspect(model).local_table
    assert isinstance(table, Table)
    statement = insert_into(dialect, table).on_conflict_do_nothing()
    # Columns of the table: those of the model would make the ORM look at each row that comes back.
    return statement.returning(*(table.c[name] for name in returned)) if returned else statement


async def insert_new(
    session: Session, model: type[SQLModel], rows: Sequence[dict[str, Any]]
) -> None:
    """Inserts rows with one statement and leaves out those that a unique key already holds."""
    if rows:
        await session.run(inserting(session, model), list(rows))


async def changed_rows(session: Session, statement: Update) -> int:
    """Carries out an UPDATE and gives how many rows it changed."""
    result = await session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount
