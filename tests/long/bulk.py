"""Fills an empty SQLite database with a large programme by set-based SQL."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import SQLModel

from storage.models import Account, Contact, Invitation, Member, Response, Team, Wave

MODELS: tuple[type[SQLModel], ...] = (Account, Contact, Invitation, Member, Response, Team, Wave)
CONTACTS_AN_ACCOUNT = 25
MEMBERS, TEAMS = 400, 40
CX_LEAD = "cx@bench.example"
QUARTER = timedelta(days=91)
_OWN_INDEXES = "type = 'index' AND sql IS NOT NULL AND tbl_name IN ('invitation', 'response')"
_ROLE = (
    "CASE n / :accounts % 5 WHEN 0 THEN 'decision_maker' WHEN 1 THEN 'influencer'"
    " WHEN 2 THEN 'user' WHEN 3 THEN 'user' END"
)


def load(path: Path, contacts: int, waves: int, newest: timedelta) -> int:
    """Stores contacts who were all asked in each of the waves; gives the number of responses.

    Four of five answered. The waves are a quarter apart, the last went out `newest` ago. Indexes
    are made at the end, as any bulk load does.
    """
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000"):
        db.execute(f"PRAGMA {pragma}")
    kept = db.execute(f"SELECT name, sql FROM sqlite_master WHERE {_OWN_INDEXES}").fetchall()
    for name, _sql in kept:
        db.execute(f"DROP INDEX {name}")
    db.execute("BEGIN")
    accounts = contacts // CONTACTS_AN_ACCOUNT
    _people(db, contacts, accounts)
    for wave in range(1, waves + 1):
        _wave(db, wave, contacts, accounts, datetime.now(UTC) - newest - QUARTER * (waves - wave))
    for _name, sql in kept:
        db.execute(sql)
    db.execute("COMMIT")
    (stored,) = db.execute("SELECT count(*) FROM response").fetchone()
    db.execute("PRAGMA journal_mode=WAL")
    db.close()
    return int(stored)


def _people(db: sqlite3.Connection, contacts: int, accounts: int) -> None:
    _insert(db, "team", TEAMS, "id, name", "n + 1, 'Team ' || n")
    _insert(
        db, "member", MEMBERS, "id, email, name, role, team_id",
        f"n + 1, 'm' || n || '@bench.example', 'Manager ' || n, 'account_manager', n % {TEAMS} + 1",
    )  # fmt: skip
    _insert(db, "member", 1, "email, name, role", f"'{CX_LEAD}', 'Clara', 'cx_lead'")
    _insert(
        db, "account", accounts,
        "id, key, name, aliases, segment, strategic, annual_value, currency, owner_id, team_id,"
        " recommend_policy",
        "n + 1, 'A' || n, 'Company ' || n, '[]', 'S' || n % 5, 0, 1000 + n % 977 * 100, 'EUR',"
        f" n % {MEMBERS} + 1, n % {TEAMS} + 1, 'allowed'",
    )  # fmt: skip
    _insert(
        db, "contact", contacts, "id, account_id, email, name, role, judges, status",
        f"n + 1, n % :accounts + 1, 'c' || n || '@customer.example', 'Person ' || n, {_ROLE}, '[]',"
        " 'active'",
        accounts=accounts,
    )  # fmt: skip


def _wave(db: sqlite3.Connection, wave: int, contacts: int, accounts: int, sent: datetime) -> None:
    given = {
        "wave": wave,
        "first": (wave - 1) * contacts,
        "accounts": accounts,
        "sent": _stored(sent),
        "answered": _stored(sent + timedelta(days=2)),
        "closes": _stored(sent + timedelta(days=21)),
    }
    _insert(
        db, "wave", 1, "id, name, state, starts_at, closes_at, closed_at, created_at",
        ":wave, 'Wave ' || :wave, 'closed', :sent, :closes, :closes, :sent",
        **given,
    )  # fmt: skip
    _insert(
        db, "invitation", contacts,
        "id, wave_id, kind, account_id, contact_id, status, channel, sent_at, expires_at, is_test,"
        " owner_id, team_id, role, segment, value, currency",
        ":first + n + 1, :wave, 'relationship', n % :accounts + 1, n + 1, 'sent', 'mail', :sent,"
        f" :closes, 0, n % :accounts % {MEMBERS} + 1, n % :accounts % {TEAMS} + 1, {_ROLE},"
        " 'S' || n % :accounts % 5, 1000 + n % :accounts % 977 * 100, 'EUR'",
        **given,
    )  # fmt: skip
    columns = (
        "invitation_id, account_id, contact_id, kind, score, comment, reasons, language,"
        " answered_at, last_input_at"
    )
    also, usual = _defaults("response", columns)
    db.execute(
        f"INSERT INTO response ({columns}{also}) SELECT id, account_id, contact_id, kind,"
        " (contact_id * 7 + wave_id * 3 + account_id % 4) % 11,"
        " CASE contact_id % 3 WHEN 0 THEN 'Deliveries come late and nobody calls back' END,"
        f" '[\"delivery\"]', 'en', :answered, :answered{usual}"
        " FROM invitation WHERE id > :first AND (contact_id / :accounts + wave_id) % 5 > 0",
        given,
    )


def _insert(
    db: sqlite3.Connection, table: str, count: int, columns: str, values: str, **given: object
) -> None:
    numbers = "SELECT 0 UNION ALL SELECT n + 1 FROM number LIMIT :count"
    also, usual = _defaults(table, columns)
    db.execute(
        f"WITH RECURSIVE number(n) AS ({numbers})"
        f" INSERT INTO {table} ({columns}{also}) SELECT {values}{usual} FROM number",
        {**given, "count": count},
    )


def _defaults(table: str, columns: str) -> tuple[str, str]:
    """The further columns that must have a value, and the models' defaults for them as SQL."""
    named = {column.strip() for column in columns.split(",")}
    fields = next(model.model_fields for model in MODELS if model.__tablename__ == table)
    also, usual = "", ""
    for column in SQLModel.metadata.tables[table].columns:
        if not column.nullable and not column.primary_key and column.name not in named:
            value = fields[column.name].get_default(call_default_factory=True)
            literal = f"'{value}'" if isinstance(value, str) else str(json.dumps(value))
            also += f", {column.name}"
            usual += f", {literal}" if not isinstance(value, list | dict) else f", '{literal}'"
    return also, usual


def _stored(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"
