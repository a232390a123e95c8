"""Which version a database has, and which is the newest; light, for every start of a command."""

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from storage.db import Database

_VERSIONS = Path(__file__).parent / "migrations" / "versions"


def newest() -> str:
    """Gives the version of the models: the number that begins the last migration's file name."""
    return max(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))


async def is_current(db: Database) -> bool:
    """Tells whether the database has the newest version; an empty one has none."""
    try:
        async with db.reading() as session:
            found = (await session.execute(text("SELECT version_num FROM alembic_version"))).all()
    except (OperationalError, ProgrammingError) as error:
        if "alembic_version" not in str(error):
            raise  # not an empty database: one that can't be reached
        return False
    return [row[0] for row in found] == [newest()]
