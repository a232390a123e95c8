"""Answers stored a second over HTTP, against a bare insert server in the same run."""

import asyncio
import statistics
import sys
import time
from pathlib import Path

import aiohttp

from handlers.links import form_token, survey_token
from tests.benchmarks import programme
from tests.benchmarks.programme import SECRET

CONNECTIONS = 32
ROUNDS = 9  # one alone tells little: the speed of a machine changes within seconds
ANSWERS_A_ROUND = 1500
Post = tuple[str, dict[str, str]]


async def measure(folder: Path) -> tuple[float, float, list[float]]:
    """Gives (ours a second, bare a second, ratios of the rounds): medians over rounds in turn."""
    port, bare_port = programme.free_port(), programme.free_port()
    config = await programme.write(folder / "answers", port)
    ids = await programme.fill(config, ANSWERS_A_ROUND * (ROUNDS + 1), channels=24)
    ours = [
        (
            f"http://127.0.0.1:{port}/s/{survey_token(SECRET, number)}",
            {"form": form_token(SECRET, number), "score": _score(number)},
        )
        for number in ids
    ]
    bare = [
        (f"http://127.0.0.1:{bare_port}/s/{number}", {"form": "x", "score": _score(number)})
        for number in ids
    ]
    command = (sys.executable, "-m", "tests.benchmarks.bare_server")
    rates: list[tuple[float, float]] = []
    with programme.process(*command, str(folder / "bare.db"), str(bare_port)):
        begin = time.perf_counter()
        bare_url = f"http://127.0.0.1:{bare_port}/readyz"
        await asyncio.to_thread(programme.seconds_until_ready, bare_url, begin)
        async with programme.server(config, port):
            for number in range(ROUNDS + 1):
                part = slice(number * ANSWERS_A_ROUND, (number + 1) * ANSWERS_A_ROUND)
                rates.append((await _rate(ours[part]), await _rate(bare[part])))
    counted = rates[1:]  # the first round warms both up
    ratios = [mine / theirs for mine, theirs in counted]
    return (
        statistics.median(mine for mine, _ in counted),
        statistics.median(theirs for _, theirs in counted),
        ratios,
    )


def _score(number: int) -> str:
    # A quarter are critics, as in the measure of alerts; each of those opens a case and is posted.
    return str(number % 7) if number % 4 == 0 else str(7 + number % 4)


async def _rate(posts: list[Post]) -> float:
    waiting = iter(posts)
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as http:

        async def worker() -> None:
            for url, form in waiting:
                async with http.post(url, data=form, allow_redirects=False) as answer:
                    if answer.status != 303:
                        raise RuntimeError(f"{answer.status}: {await answer.text()}")

        begin = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))
        return len(posts) / (time.perf_counter() - begin)
