"""`npsbot run`: serves until stopped."""

import asyncio
import gc
import signal

import structlog
from aiohttp import web

from bot.app import make_app
from bot.config import ConfigError, Settings
from bot.engine import AlreadyRunning

log = structlog.get_logger()


def serve(settings: Settings) -> None:
    """Serves until SIGINT or SIGTERM; raises ConfigError with what to do when it can't start."""
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    runner = web.AppRunner(await make_app(settings), access_log=None, shutdown_timeout=10)
    try:
        await runner.setup()
        site = web.TCPSite(runner, settings.server.host, settings.server.port)
        await site.start()
    except AlreadyRunning as error:
        raise ConfigError([str(error)]) from None
    except OSError as error:
        await runner.cleanup()
        where = f"{settings.server.host}:{settings.server.port}"
        raise ConfigError([f"[server] port: can't listen on {where}: {error.strerror}"]) from None
    # What is loaded by now stays: the collector need not stop everything to look through it again.
    gc.collect()
    gc.freeze()
    log.info("serving", address=settings.server.public_url)
    await until_stopped()
    log.info("stopping")
    await runner.cleanup()


async def until_stopped() -> None:
    """Waits for SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
