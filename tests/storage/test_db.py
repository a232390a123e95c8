"""The database keeps times aware, cascades nothing silently and rolls back whole."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import col, select

from storage.db import Database, database_url
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
