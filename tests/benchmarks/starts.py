"""How long `npsbot chat` and the server take to start."""

import statistics
import subprocess
import time
from pathlib import Path

from tests.benchmarks import programme
from tests.benchmarks.programme import NPSBOT

RUNS = 7


async def measure(folder: Path) -> tuple[float, float]:
    """Gives the medians of (chat cold start, server ready) in seconds."""
    port = programme.free_port()
    config = await programme.write(folder / "starts", port)
    await programme.fill(config, contacts=200, channels=4)
    chat = [_chat(config) for _ in range(RUNS)]
    ready = [_server(config, port) for _ in range(RUNS)]
    return statistics.median(chat), statistics.median(ready)


def _chat(config: Path) -> float:
    begin = time.perf_counter()
    command = [str(NPSBOT), "--config", str(config), "chat", "--as", "m0@bench.example", "/nps"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def _server(config: Path, port: int) -> float:
    begin = time.perf_counter()
    with programme.process(str(NPSBOT), "--config", str(config), "run"):
        return programme.seconds_until_ready(f"http://127.0.0.1:{port}/readyz", begin)
