"""`make bench`: measures, prints a table, writes bench.json."""

import asyncio
import json
import statistics
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import alerts, answers, starts

Result = dict[str, dict[str, object]]


async def run(folder: Path) -> Result:
    """Gives each figure with its unit, goal and what it was measured against."""
    chat, ready = await starts.measure(folder)
    ours, bare, ratios = await answers.measure(folder)
    waits = await alerts.measure(folder)
    spread = f"rounds {min(ratios):.2f}..{max(ratios):.2f}"
    against = f"bare aiohttp + sqlite3 insert server: {bare:.0f}/s, {spread}"
    return {
        "alert_p99_seconds": _row(
            statistics.quantiles(waits, n=100)[98],
            "s",
            "<1",
            f"{len(waits)} alerts, median {statistics.median(waits):.3f}, slowest {waits[-1]:.3f}",
        ),
        "answers_per_second": _row(ours, "1/s", "", None),
        "answers_vs_bare": _row(statistics.median(ratios), "ratio", ">=0.3", against),
        "chat_cold_start_seconds": _row(chat, "s", "<2", f"median of {starts.RUNS}"),
        "server_ready_seconds": _row(ready, "s", "<4", f"median of {starts.RUNS}"),
    }


def _row(value: float, unit: str, goal: str, against: str | None) -> dict[str, object]:
    return {"value": round(value, 4), "unit": unit, "goal": goal, "against": against}


def main() -> None:
    """Prints the table and writes bench.json."""
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(run(Path(folder)))
    table = Table("figure", "value", "unit", "goal", "against")
    for name, row in result.items():
        table.add_row(name, *(str(row[key] or "") for key in ("value", "unit", "goal", "against")))
    Console(width=160).print(table)
    Path("bench.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
