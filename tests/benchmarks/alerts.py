"""From the settle point of a critic's answer to chat.postMessage at the platform."""

import asyncio
import re
import time
from contextlib import suppress
from pathlib import Path

import aiohttp
from aiohttp import web

from handlers.links import form_token, survey_token
from tests.benchmarks import programme
from tests.benchmarks.programme import SECRET

ANSWERS_A_SECOND = 20
SECONDS = 60
CHANNELS = 24
CRITIC_EVERY = 4


class SlackThatListens:
    """Plays the few Web API methods an alert needs, and notes when each company's card came."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}
        self.twice: list[str] = []
        self._news = asyncio.Event()

    async def all_came(self, companies: set[str]) -> None:
        """Waits until a card of each company came, 30 seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                while not companies <= set(self.came):
                    self._news.clear()
                    await self._news.wait()

    async def call(self, request: web.Request) -> web.Response:
        """Answers any method; a posted card is found by its company's name."""
        came = time.perf_counter()
        body = await request.text()
        method = request.match_info["method"]
        found = re.search(r"Company (\d+)\b", body)
        if method == "chat.postMessage" and found is not None:
            if found.group(1) in self.came:
                self.twice.append(found.group(1))
            self.came.setdefault(found.group(1), came)
            self._news.set()
        return web.json_response(
            {
                "ok": True,
                "ts": f"{came:.6f}",
                "channel": {"id": "C1", "is_ext_shared": False},
                "team_id": "T1",
                "user": {"id": "U1", "team_id": "T1", "is_bot": True},
                "members": ["U1"],
            }
        )


async def measure(folder: Path) -> list[float]:
    """Gives the seconds of every critic's alert, sorted; raises when one is missing or twice."""
    slack = SlackThatListens()
    app = web.Application()
    app.router.add_route("*", "/api/{method}", slack.call)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    slack_port, port = programme.free_port(), programme.free_port()
    await web.TCPSite(runner, "127.0.0.1", slack_port).start()
    config = await programme.write(folder / "alerts", port, slack_port)
    total = ANSWERS_A_SECOND * SECONDS
    ids = await programme.fill(config, total, CHANNELS, platform="slack")
    settled: dict[str, float] = {}
    async with programme.server(config, port), aiohttp.ClientSession() as http:

        async def answer(index: int, number: int) -> None:
            # Critics in turn over the channels: accounts are owned round robin.
            critic = index % CRITIC_EVERY == index // CHANNELS % CRITIC_EVERY
            form = {"form": form_token(SECRET, number), "score": "3" if critic else "9"}
            url = f"http://127.0.0.1:{port}/s/{survey_token(SECRET, number)}"
            async with http.post(url, data=form, allow_redirects=False) as page:
                if page.status != 303:
                    raise RuntimeError(f"{page.status}: {await page.text()}")
            if critic:
                settled[str(index)] = time.perf_counter()  # settle_seconds = 0: at once

        async with asyncio.TaskGroup() as group:
            begin = time.perf_counter()
            for index, number in enumerate(ids):
                await asyncio.sleep(begin + index / ANSWERS_A_SECOND - time.perf_counter())
                group.create_task(answer(index, number))
        await slack.all_came(set(settled))
    await runner.cleanup()
    missing = set(settled) - set(slack.came)
    if missing or slack.twice:
        raise RuntimeError(f"{len(missing)} alerts missing, {len(slack.twice)} posted twice")
    return sorted(slack.came[company] - at for company, at in settled.items())
