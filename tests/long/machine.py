"""The state machine of a case at length: other stories every time, on the database asked for."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url
from sqlmodel import SQLModel

from tests.conftest import emptied, fresh
from tests.handlers.cases import machine
from tests.long import postgres
from tests.long.facts import Fact, at_least, told

STORIES, QUICK_STORIES = 300, 10
STEPS = 40


async def run(folder: Path, quick: bool, database: str) -> list[Fact]:
    """Gives how many stories came to their end; the first that breaks a rule ends the part and is
    shown, made as short as it goes.
    """
    stories = QUICK_STORIES if quick else STORIES
    begin = time.perf_counter()
    with _emptying(folder, database) as empty:
        ended = await asyncio.to_thread(machine.run_on, empty, stories, STEPS, again=False)
    return [
        at_least(f"stories of {STEPS} steps on {database} without a broken rule", ended, stories),
        told("a story", (time.perf_counter() - begin) / ended, " s"),
    ]


@contextmanager
def _emptying(folder: Path, database: str) -> Iterator[Callable[[], str]]:
    with postgres.server(folder, database) as url:
        if url is None:
            template = folder / "template.db"
            _tables(f"sqlite:///{template}")
            yield lambda: fresh(template, folder)
            return
        address = make_url(url).set(drivername="postgresql+psycopg")
        written = address.render_as_string(hide_password=False)
        _tables(written)
        yield lambda: emptied(written)


def _tables(url: str) -> None:
    engine = create_engine(url)
    SQLModel.metadata.create_all(engine)
    engine.dispose()
