"""A database of each kind that the whole bot starts on, as `npsbot migrate` leaves it."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from storage.version import newest
from tests.conftest import copy_of_template


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return _stamped(copy_of_template(request, tmp_path))


@pytest.fixture(params=["sqlite", "postgres"])
def either_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return _stamped(copy_of_template(request, tmp_path))
    # A database of its own: the engine keeps its tables there too.
    return _stamped(request.getfixturevalue("postgres_database"))


def _stamped(url: str) -> str:
    engine = create_engine(make_url(url))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text(f"INSERT INTO alembic_version VALUES ('{newest()}')"))
    engine.dispose()
    return url
