"""Spaces the messages of a wave, so that no platform is flooded."""

import asyncio
from collections.abc import Callable


class Pace:
    """Spaces the messages of a wave: one batch of a channel runs at a time, so it spaces all."""

    def __init__(self, per_second: Callable[[str], float]) -> None:
        self._per_second = per_second
        self._next: dict[str, float] = {}

    async def __call__(self, channel: str) -> None:
        """Waits until the channel may take one more message."""
        loop = asyncio.get_running_loop()
        at = max(self._next.get(channel, 0.0), loop.time())
        self._next[channel] = at + 1 / self._per_second(channel)
        await asyncio.sleep(at - loop.time())
