"""From an empty database to the newest version gives exactly the tables of the models."""

import os
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

from storage import migrate, version
from storage.db import Database
from storage.models import Account
from tests.factories import Acme, Make, acme_story
from tests.fakes import FakeClock

_numbers = count()


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """The two kinds of database in turn."""
    return str(request.param)


@pytest.fixture
def created_url(kind: str, request: pytest.FixtureRequest) -> str:
    """The address of a database of this kind whose tables were made straight from the models."""
    if kind == "sqlite":
        return f"sqlite:///{request.getfixturevalue('sqlite_template')}"
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of this kind without any table."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: str = request.getfixturevalue("postgres_url")
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def test_the_migrations_give_the_tables_of_the_models(empty_url: str) -> None:
    migrate.upgrade(empty_url)

    with _open(empty_url) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, SQLModel.metadata) == []


def test_constraints_and_indexes_have_the_names_of_the_models(
    empty_url: str, created_url: str
) -> None:
    migrate.upgrade(empty_url)

    with _open(empty_url) as migrated, _open(created_url) as created:
        assert _names(migrated) == _names(created)


async def test_a_database_is_current_after_the_upgrade_and_a_second_one_changes_nothing(
    empty_url: str,
) -> None:
    db = Database(empty_url)
    assert not await version.is_current(db)
    migrate.upgrade(empty_url)
    assert await version.is_current(db)
    migrate.upgrade(empty_url)
    assert await version.is_current(db)
    await db.close()


async def test_a_migrated_database_takes_rows(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    database = Database(empty_url)
    try:
        async with database.connection() as connection:
            await connection.execute(text("INSERT INTO team (name) VALUES ('Nordics')"))
        async with database.connection() as connection:
            found = await connection.execute(text("SELECT id, name FROM team"))
            assert [tuple(row) for row in found] == [(1, "Nordics")]
    finally:
        await database.close()


async def test_owners_of_before_from_whom_answers_are_kept_are_known_after_the_upgrade(
    empty_url: str,
) -> None:
    migrate.upgrade(empty_url)
    database = Database(empty_url)
    try:
        make = Make(database, FakeClock())
        acme = await acme_story(make)
        await make.response(acme.invitations["jane"], 3, to_manager=True)
        quiet = await make.account("Quiet", owner_id=acme.anna.id)
        acme.account.owner_id = acme.lars.id
        await make.save(acme.account)
        with _open(empty_url) as connection:
            command.downgrade(migrate._config(connection), "0001")
            command.upgrade(migrate._config(connection), "head")
            connection.commit()
        async with database.reading() as session:
            kept = [
                (await session.get_one(Account, each)).once_kept_from
                for each in (acme.account.id, quiet.id)
            ]
        assert kept == [[acme.anna.id], []]
    finally:
        await database.close()


async def test_a_hidden_answer_in_the_owners_case_has_one_of_its_own_after_the_upgrade(
    empty_url: str,
) -> None:
    migrate.upgrade(empty_url)
    database = Database(empty_url)
    try:
        make = Make(database, FakeClock())
        acme = await acme_story(make)
        responses = [
            await make.response(acme.invitations[name], 3) for name in ("jane", "ole", "peter")
        ]
        for line in _MIXED:
            with _open(empty_url) as connection:
                command.downgrade(migrate._config(connection), "0002")
                first, second = (
                    connection.execute(text(_CASE), _case(acme, state, make.now())).scalar_one()
                    for state in (line, "solved")
                )
                for case, response, hidden in (
                    (first, 0, False), (first, 1, True), (second, 2, True)
                ):  # fmt: skip
                    for statement in _JOINED:
                        values = {"case": case, "response": responses[response].id}
                        more = {"hidden": hidden, "at": make.now(), "note": values["response"]}
                        connection.execute(text(statement), {**values, **more})
                connection.execute(text(_LEADS_ACT), {"case": first, "at": make.now()})
                command.upgrade(migrate._config(connection), "head")
                found = connection.execute(text(_AFTER)).all()
                acts = connection.execute(text(_ACTS)).all()
                connection.rollback()
            new = "new" if line == "taken" else line
            assert [tuple(each) for each in found] == [
                (first, line, False, acme.anna.id, responses[0].id),
                (second, "solved", True, acme.anna.id, responses[2].id),
                (second + 1, new, True, acme.lars.id, responses[1].id),
            ]
            third = second + 1
            assert [tuple(each) for each in acts] == [
                (first, "opened"), (second, "opened"), (third, "note"), (third, "opened")
            ]  # fmt: skip
    finally:
        await database.close()


async def test_what_customers_of_a_hidden_case_were_asked_and_promised_goes_with_them_and_back(
    empty_url: str,
) -> None:
    migrate.upgrade(empty_url)
    database = Database(empty_url)
    try:
        make = Make(database, FakeClock())
        acme = await acme_story(make)
        jane, ole = [await make.response(acme.invitations[name], 3) for name in ("jane", "ole")]
        with _open(empty_url) as connection:
            config = migrate._config(connection)
            command.downgrade(config, "0002")
            case = connection.execute(text(_CASE), _case(acme, "taken", make.now())).scalar_one()
            wave = {"case": case, "wave": acme.wave.id}
            connection.execute(text('UPDATE "case" SET wave_id = :wave WHERE id = :case'), wave)
            for response, hidden in ((jane, False), (ole, True)):
                for statement in (*_JOINED, *_DONE):
                    values = {"case": case, "response": response.id, "note": response.id}
                    more = {"contact": response.contact_id, "account": response.account_id}
                    values |= {**more, "hidden": hidden, "at": make.now()}
                    connection.execute(text(statement), values)
            command.upgrade(config, "head")
            (hidden_id,) = connection.execute(text(_HIDDEN)).scalars()
            for table in ("case_event", "promise", "letter"):
                found = connection.execute(text(_WHOSE.format(table=table))).all()
                both = [(case, jane.contact_id), (hidden_id, ole.contact_id)]
                assert [tuple(each) for each in found] == both, table
            command.downgrade(config, "0002")
            still = connection.execute(text(_STILL_OPEN)).all()
            assert [tuple(each) for each in still] == [(case, jane.id, 0), (case, ole.id, 1)]
            command.upgrade(config, "head")
            again = connection.execute(text(_HIDDEN)).scalars().all()
            assert len(again) == 2  # the one that was joined, ended, and the new one
            connection.rollback()
    finally:
        await database.close()


async def test_an_open_case_in_which_all_is_hidden_is_with_the_lead_after_the_upgrade(
    empty_url: str,
) -> None:
    migrate.upgrade(empty_url)
    database = Database(empty_url)
    try:
        make = Make(database, FakeClock())
        acme = await acme_story(make)
        ole = await make.response(acme.invitations["ole"], 3)
        with _open(empty_url) as connection:
            config = migrate._config(connection)
            command.downgrade(config, "0002")
            case = connection.execute(text(_CASE), _case(acme, "taken", make.now())).scalar_one()
            values = {"case": case, "response": ole.id, "hidden": True, "at": make.now()}
            connection.execute(text(_JOINED[0]), values)
            command.upgrade(config, "head")
            found = connection.execute(
                text('SELECT state, owner_id, taken_by, hidden_from_owner FROM "case"')
            ).one()
            connection.rollback()
        assert tuple(found) == ("new", acme.lars.id, None, True)
    finally:
        await database.close()


_DONE = (
    """INSERT INTO case_event (case_id, at, act, contact_id, before, undone, hidden_from_owner)
    VALUES (:case, :at, 'contacted', :contact, '{}', false, false)""",
    """INSERT INTO promise (case_id, account_id, contact_id, what, due_on, made_at, lasting, state,
        hidden_from_owner, version)
    VALUES (:case, :account, :contact, 'invoice check', '2026-12-01', :at, false, 'open', false,
        1)""",
    """INSERT INTO letter (key, what, account_id, contact_id, case_id, round, channel, status,
        send_at, closed, attempts)
    VALUES (CAST(:contact AS TEXT), 'settled', :account, :contact, :case, 1, 'mail', 'sent', :at,
        false, 0)""",
)
_HIDDEN = 'SELECT id FROM "case" WHERE hidden_from_owner ORDER BY id'
_WHOSE = "SELECT case_id, contact_id FROM {table} WHERE contact_id IS NOT NULL ORDER BY case_id"
_STILL_OPEN = """SELECT case_id, response_id, CAST(case_response.hidden_from_owner AS INTEGER)
    FROM case_response JOIN "case" ON case_id = id WHERE state IN ('new', 'taken')
    ORDER BY response_id"""
_MIXED = ("taken", "solved")
_CASE = """
    INSERT INTO "case" (what, account_id, kind, state, version, owner_id, taken_by, opened_at,
        take_by, contact_by, hidden_from_owner, about_owner, expectation_suggested, round)
    VALUES ('critic', :account, 'relationship', :state, 4, :owner, :owner, :at, :at, :at,
        false, false, false, 1)
    RETURNING id
"""
_JOINED = (
    """INSERT INTO case_response (response_id, case_id, joined_at, hidden_from_owner)
    VALUES (:response, :case, :at, :hidden)""",
    """INSERT INTO case_event (case_id, at, act, note, before, undone, hidden_from_owner)
    VALUES (:case, :at, 'opened', CAST(:note AS TEXT), '{}', false, false)""",
)
_LEADS_ACT = """INSERT INTO case_event (case_id, at, act, before, undone, hidden_from_owner)
    VALUES (:case, :at, 'note', '{}', false, true),
    (:case, :at, 'solved_apart', '{}', false, true)"""
_AFTER = """SELECT id, state, hidden_from_owner, owner_id, response_id
    FROM "case" JOIN case_response ON case_id = id ORDER BY id"""
_ACTS = "SELECT case_id, act FROM case_event ORDER BY case_id, act"


def _case(acme: Acme, state: str, at: datetime) -> dict[str, Any]:
    account_id, owner_id = acme.account.id, acme.anna.id
    return {"account": account_id, "owner": owner_id, "state": state, "at": at}


def _open(url: str) -> Connection:
    parsed = make_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    driver = "sqlite" if sqlite else "postgresql+psycopg"
    return create_engine(parsed.set(drivername=driver), poolclass=NullPool).connect()


def _names(connection: Connection) -> dict[str, Any]:
    found = inspect(connection)
    names: dict[str, Any] = {}
    for table in found.get_table_names():
        if table == "alembic_version":
            continue
        names[table] = {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"])
                for column in found.get_columns(table)
            ],
            "primary": found.get_pk_constraint(table),
            "foreign": sorted(found.get_foreign_keys(table), key=str),
            "unique": sorted(found.get_unique_constraints(table), key=str),
            "indexes": sorted(_plain(index) for index in found.get_indexes(table)),
        }
    return names


def _plain(index: Any) -> str:
    options = sorted((name, str(value)) for name, value in index.get("dialect_options", {}).items())
    return str((index["name"], index["column_names"], index["unique"], options))
