"""Brings a database to today's tables; `python -m storage.migrate MESSAGE` adds a version."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool
from sqlmodel import AutoString

from storage.db import database_url
from storage.models.columns import UtcDateTime

FOLDER = Path(__file__).parent / "migrations"


def upgrade(url: str) -> None:
    """Brings an empty or older database to the newest version; a second call changes nothing.

    Blocks: a running event loop calls it in a thread.
    """
    with _connection(url) as connection, connection.begin():
        _lock(connection)
        command.upgrade(_config(connection), "head")


def render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Writes our column types as plain SQLAlchemy: an old version never needs today's code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


def write_version(message: str) -> Path:
    """Writes the step from the newest version to the models of today; gives its file."""
    scripts = ScriptDirectory.from_config(_config())
    number = len(list(scripts.walk_revisions())) + 1
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/empty.db"
        upgrade(url)
        with _connection(url) as connection:
            made = command.revision(
                _config(connection), message, autogenerate=True, rev_id=f"{number:04}"
            )
    script = made[0] if isinstance(made, list) else made
    if script is None:
        raise RuntimeError("alembic wrote no version")
    path = Path(script.path)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "# ###" not in line), "utf-8")
    return path


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite":
        parsed = parsed.set(drivername="sqlite")
    engine = create_engine(parsed, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _lock(connection: Connection) -> None:
    # Two processes that start at once: the second waits, then finds nothing to do.
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(611970)")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


if __name__ == "__main__":
    sys.stdout.write(f"{write_version(' '.join(sys.argv[1:]) or 'next')}\n")
