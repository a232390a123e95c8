"""Work that goes on after Slack has its acknowledgement."""

import asyncio
from typing import Any


class Working:
    """Marks the running task as work to be finished before the process ends."""

    def __init__(self, work: set[asyncio.Task[Any]]) -> None:
        self._work = work

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def __aexit__(self, *exc: object) -> None:
        return None
