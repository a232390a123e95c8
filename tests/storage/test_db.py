"""The database keeps times aware, cascades nothing silently and rolls back whole."""

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlmodel import col, select

from storage.db import Database, database_url
from storage.inline import Inline
from storage.models import Heartbeat, Member, Team


async def test_a_time_comes_back_aware_and_in_utc(db: Database) -> None:
    at = datetime(2026, 11, 24, 12, 20, tzinfo=UTC)
    async with db.session() as session:
        session.add(Heartbeat(executor_id="one", process="1", at=at))
    async with db.reading() as session:
        stored = await session.get_one(Heartbeat, "one")
    assert stored.at == at
    assert stored.at.tzinfo is UTC


async def test_a_naive_time_is_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="needs its zone"):
        async with db.session() as session:
            session.add(
                Heartbeat(executor_id="one", process="1", at=datetime(2026, 1, 1))  # noqa: DTZ001
            )


async def test_a_failed_transaction_leaves_nothing(db: Database) -> None:
    with pytest.raises(IntegrityError, match="team"):
        async with db.session() as session:
            session.add(Team(name="Nordics"))
            await session.flush()
            session.add(Team(name="Nordics"))
    async with db.reading() as session:
        assert (await session.exec(select(Team))).all() == []


async def test_a_foreign_key_is_enforced(db: Database) -> None:
    with pytest.raises(IntegrityError):
        async with db.session() as session:
            session.add(Member(email="a@b.example", name="A", team_id=99))


async def test_what_is_changed_while_reading_is_thrown_away(db: Database) -> None:
    async with db.reading() as session:
        session.add(Team(name="Nordics"))
        await session.flush()
    async with db.reading() as session:
        assert (await session.exec(select(col(Team.id)))).all() == []


def test_an_unknown_kind_of_database_is_refused_with_what_to_use() -> None:
    with pytest.raises(ValueError, match="use sqlite:/// or postgresql://"):
        database_url("mysql://localhost/npsbot")


async def test_a_quick_write_waits_for_another_process_and_gives_up_in_the_end(
    tmp_path: Path,
) -> None:
    file = tmp_path / "shared.db"
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("CREATE TABLE note (word TEXT)")
    engine = create_engine(f"sqlite:///{file}", connect_args={"check_same_thread": False})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    event.listen(engine, "connect", _without_waiting)
    inline = Inline(engine, patience=5)
    other.execute("BEGIN IMMEDIATE")
    asyncio.get_running_loop().call_later(0.1, other.execute, "COMMIT")
    async with inline.transaction() as session:
        await session.execute(text("INSERT INTO note VALUES ('ours')"))
    assert other.execute("SELECT word FROM note").fetchall() == [("ours",)]
    impatient = Inline(engine, patience=0.05)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"):
        async with impatient.transaction():
            pass
    other.execute("COMMIT")
    async with inline.transaction() as session:
        await session.execute(text("INSERT INTO note VALUES ('later')"))
    inline.close()
    impatient.close()
    other.close()


def _without_waiting(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout=0")
