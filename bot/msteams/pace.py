"""Keeps to what Teams takes from a bot in one conversation, and waits with jitter."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from time import monotonic

from handlers.chat import TryLater

# (messages, seconds) a conversation: learn.microsoft.com, bots/how-to/rate-limit.
WINDOWS = ((7, 1.0), (8, 2.0), (60, 30.0), (1800, 3600.0))
LONGEST_WAIT_SECONDS = 5.0  # whoever must wait longer comes back later
REMEMBERED = 2000  # conversations


class Pace:
    """Remembers when something was sent to a conversation; more than Teams takes waits here."""

    def __init__(
        self,
        now: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._sent: OrderedDict[str, deque[float]] = OrderedDict()

    async def take(self, conversation: str) -> None:
        """Waits for the conversation's next free moment; raises TryLater when that is far off."""
        sent = self._sent.setdefault(conversation, deque(maxlen=WINDOWS[-1][0]))
        self._sent.move_to_end(conversation)
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        now = self._now()
        at = max([now, *(sent[-most] + span for most, span in WINDOWS if len(sent) >= most)])
        if at - now > LONGEST_WAIT_SECONDS:
            raise TryLater("Teams takes no more in this conversation for a while", at - now)
        # Taken before the wait, so that those who come meanwhile line up behind.
        sent.append(at)
        if at > now:
            await self._sleep(at - now)
