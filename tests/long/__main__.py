"""`make long`: kills, rough stories, big waves, many rows, whole weeks; a broken rule ends in 1."""

import argparse
import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.long import coverage, kill, machine, pilot, programme, rows, wave
from tests.long.facts import Fact

Part = Callable[[Path, bool, str], Coroutine[None, None, list[Fact]]]
PARTS: dict[str, Part] = {
    "kill": kill.run,
    "machine": machine.run,
    "pilot": pilot.run,
    "programme": programme.run,
    "wave": wave.run,
    "coverage": coverage.run,
    "rows": rows.run,
}
# The others fill a SQLite file by SQL of its own.
ON_POSTGRES = {"kill", "machine", "pilot", "programme"}
_MARKS = {True: "yes", False: "[bold red]NO[/]", None: ""}


def main() -> int:
    """Runs the named parts, all without names; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.long", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="try it out, small, in minutes")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--folder", type=Path, help="keep the files in this new folder")
    given = parser.parse_args()
    unknown = set(given.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if given.database == "postgres" and set(given.parts or PARTS) - ON_POSTGRES:
        parser.error(f"PostgreSQL: {', '.join(sorted(ON_POSTGRES))} alone")
    if given.folder is not None and given.folder.exists():
        parser.error(f"{given.folder} is there already; name a new folder")
    table = Table("part", "what", "measured", "rule", "holds?")
    console = Console(width=150)
    broken = 0
    for name in given.parts or PARTS:
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix=f"npsbot-long-{name}-") as temporary:
            folder = (given.folder or Path(temporary)) / name
            folder.mkdir(parents=True, exist_ok=True)
            console.print(f"{name} ...")
            try:
                facts = asyncio.run(PARTS[name](folder, given.quick, given.database))
            except Exception as error:  # a part that breaks is a broken rule, the others still run
                traceback.print_exc()
                facts = [Fact("ran to its end", repr(error)[:200], "yes", False)]
        facts.append(Fact("time", f"{time.perf_counter() - begin:.0f} s"))
        for fact in facts:
            table.add_row(name, fact.what, fact.value, fact.rule, _MARKS[fact.holds])
        table.add_section()
        broken += sum(fact.holds is False for fact in facts)
    console.print(table)
    console.print(f"{broken} rules broken" if broken else "every rule holds")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
