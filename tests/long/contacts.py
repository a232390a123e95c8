"""Simulated contacts: whose mail the relay took, answers over HTTP, also while the server dies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import aiohttp

from handlers.links import form_token, survey_token
from tests.long import relay

ANSWER_SHARE = 0.5
CRITIC_SHARE = 0.35
AT_ONCE = 16


class Contacts:
    """Posts until the page says 303, as a person presses the button again when nothing happens."""

    def __init__(self, address: str, secret: str, log: Path) -> None:
        self._address = address
        self._secret = secret
        self._log = log
        self._random = Random(23)
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._mails_over = False
        self._waiting = 0
        self.stored: dict[int, int] = {}  # invitation -> score, once the page said 303
        self.refused: list[str] = []
        self.cut = 0  # posts that got no answer, because the server died or was away

    def no_more_mails(self) -> None:
        """Tells that the wave is out."""
        self._mails_over = True

    @property
    def finished(self) -> bool:
        """Whether everybody who answers has answered."""
        return self._mails_over and self._waiting == 0

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Answers mails as they come until the block ends."""
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(timeout=timeout) as http, asyncio.TaskGroup() as group:
            reading = group.create_task(self._read_mails(http, group))
            try:
                yield
            finally:
                reading.cancel()

    async def _read_mails(self, http: aiohttp.ClientSession, group: asyncio.TaskGroup) -> None:
        seen: set[str] = set()
        while True:
            taken = await asyncio.to_thread(relay.accepted, self._log)
            for message_id in taken.keys() - seen:
                seen.add(message_id)
                what, _, rest = message_id.partition(".")
                if what == "invitation" and self._random.random() < ANSWER_SHARE:
                    self._waiting += 1
                    group.create_task(self._answer(http, int(rest.partition(".")[0])))
            await asyncio.sleep(0.2)

    async def _answer(self, http: aiohttp.ClientSession, invitation: int) -> None:
        critic = self._random.random() < CRITIC_SHARE
        score = self._random.randrange(7) if critic else self._random.randrange(7, 11)
        form = {
            "form": form_token(self._secret, invitation),
            "score": str(score),
            "comment": f"what I think of it, {invitation}",
        }
        url = f"{self._address}/s/{survey_token(self._secret, invitation)}"
        await asyncio.sleep(self._random.uniform(0, 3))
        while True:
            try:
                async with (
                    self._at_once,
                    http.post(url, data=form, allow_redirects=False) as page,
                ):
                    if page.status == 303:
                        self.stored[invitation] = score
                    else:
                        self.refused.append(f"{page.status}: {(await page.text())[:200]}")
                    break
            except (aiohttp.ClientError, TimeoutError):
                self.cut += 1
                await asyncio.sleep(0.3)
        self._waiting -= 1
