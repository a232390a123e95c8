"""What all commands share: the configuration, the context, and how a command ends."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import NoReturn, TypeVar

from bot.config import Settings, load
from bot.context import open_context
from handlers.context import Context, Refused

Result = TypeVar("Result")
_chosen: list[Path] = []


def choose(config: Path) -> None:
    """Says which configuration file the command works with."""
    _chosen[:] = [config]


def read_day(option: str, text: str | None) -> date | None:
    """Gives the day of an option, written as 2026-11-24."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        stop(f"--{option} {text}: write the date as 2026-11-24")


def settings() -> Settings:
    """The settings of the chosen configuration file."""
    return load(_chosen[0])


def with_context(do: Callable[[Context], Awaitable[Result]]) -> Result:
    """Gives what `do` gives; a refusal ends the command with exit code 2."""

    async def inside() -> Result:
        async with open_context(settings()) as ctx:
            return await do(ctx)

    try:
        return asyncio.run(inside())
    except Refused as refused:
        stop(str(refused))


def finish(outcome: tuple[int, list[str], list[str]]) -> None:
    """Prints lines and problems, and ends with the exit code."""
    code, out, problems = outcome
    for line in out:
        print(line)
    for line in problems:
        print(line, file=sys.stderr)
    sys.exit(code)


def stop(*problems: str) -> NoReturn:
    """Ends the command with exit code 2 and the problems on standard error."""
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(2)
