"""The whole bot starts and stops as one."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy.exc import OperationalError

from bot.app import make_app
from bot.config import DatabaseSection, Server, Settings
from tests.conftest import SECRET


async def test_what_fails_to_end_at_a_stop_keeps_nothing_else_from_ending(
    tmp_path: Path,
) -> None:
    file = tmp_path / "npsbot.db"
    settings = Settings(
        server=Server(secret_key=SECRET), database=DatabaseSection(url=f"sqlite:///{file}")
    )
    runner = web.AppRunner(await make_app(settings))
    await runner.setup()
    with closing(sqlite3.connect(file)) as other:
        other.execute("DROP TABLE heartbeat")
        with pytest.raises(OperationalError, match="heartbeat"):
            await runner.cleanup()
    # SQLite takes it away with the last connection.
    assert not file.with_name("npsbot.db-wal").exists()
