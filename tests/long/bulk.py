"""Fills an empty SQLite database with a large programme by set-based SQL."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
    db.execute("INSERT INTO member (email, name, role) VALUES (?, 'Clara', 'cx_lead')", [CX_LEAD])
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
    db.execute(
        "INSERT INTO wave (id, name, kind, state, audience, starts_at, closes_at, closed_at,"
        " sending_days, respect_hours, first_batch, first_batch_released, is_test, imported,"
        " counted, created_at) VALUES (:wave, 'Wave ' || :wave, 'relationship', 'closed', '{}', :sent,"
        " :closes, :closes, '[]', 1, 0, 0, 0, 0, 0, :sent)",
        given,
    )
    _insert(
        db, "invitation", contacts,
        "id, wave_id, kind, account_id, contact_id, status, channel, sent_at, expires_at, is_test,"
        " owner_id, team_id, role, segment, value, currency",
        ":first + n + 1, :wave, 'relationship', n % :accounts + 1, n + 1, 'sent', 'mail', :sent,"
        f" :closes, 0, n % :accounts % {MEMBERS} + 1, n % :accounts % {TEAMS} + 1, {_ROLE},"
        " 'S' || n % :accounts % 5, 1000 + n % :accounts % 977 * 100, 'EUR'",
        **given,
    )  # fmt: skip
    db.execute(
        "INSERT INTO response (invitation_id, account_id, contact_id, kind, wording_version,"
        " status, reply, score, comment, reasons, to_manager, quote_me, language, answered_at,"
        " last_input_at, imported)"
        " SELECT id, account_id, contact_id, 'relationship', 1, 'confirmed', 'score',"
        " (contact_id * 7 + wave_id * 3 + account_id % 4) % 11,"
        " CASE contact_id % 3 WHEN 0 THEN 'Deliveries come late and nobody calls back' END,"
        " '[\"delivery\"]', 0, 0, 'en', :answered, :answered, 0"
        " FROM invitation WHERE id > :first AND (contact_id / :accounts + wave_id) % 5 > 0",
        given,
    )


def _insert(
    db: sqlite3.Connection, table: str, count: int, columns: str, values: str, **given: object
) -> None:
    numbers = "SELECT 0 UNION ALL SELECT n + 1 FROM number LIMIT :count"
    db.execute(
        f"WITH RECURSIVE number(n) AS ({numbers})"
        f" INSERT INTO {table} ({columns}) SELECT {values} FROM number",
        {**given, "count": count},
    )


def _stored(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"
