"""The tables of work that time starts: which handler carries out a job, and who looks for what is due."""

from collections.abc import Awaitable, Callable
from typing import Any

from handlers.context import Context, Job

# Job name -> handler(ctx, *args); args are ids.
JOBS: dict[str, Callable[..., Awaitable[Any]]] = {}

# Asked by the clock at each tick: each settles its own rows that are due now and gives the jobs to run.
DUE: tuple[Callable[[Context], Awaitable[list[Job]]], ...] = ()


async def find_due(ctx: Context) -> list[Job]:
    """Gives all jobs that are due now; asking twice gives the same ids, so nothing runs twice."""
    return [job for look in DUE for job in await look(ctx)]
