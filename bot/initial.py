"""`npsbot init`: a working local configuration without secrets."""

import asyncio
from pathlib import Path

from bot.config import load
from bot.context import open_context

TEMPLATE = """\
# A local npsbot: SQLite below this folder, the console at http://127.0.0.1:8400/console.
# All keys with their meaning: config.example.toml.

[server]
host = "127.0.0.1"
port = 8400
public_url = "http://127.0.0.1:8400"

[database]
url = "sqlite:///npsbot.db"

[programme]
company = "Example Ltd"

[mail]
host = "127.0.0.1"
port = 8425
starttls = false
from_address = "survey@example.com"

[alerts]
fallback_place = "console:cx"

[privacy]
controller = "Example Ltd"
contact = "privacy@example.com"
keep_months = 24

[console]
enabled = true
smtp_port = 8425
"""


async def make(directory: Path) -> list[str]:
    """Writes npsbot.toml and its database below `directory`; gives what to do next.

    Raises FileExistsError where there is a configuration already.
    """
    path = await asyncio.to_thread(_write, directory)
    async with open_context(load(path)):
        pass  # opening makes the database and the installation's secret key
    return [
        f"Wrote {path}.",
        "Next: import members, accounts and contacts, then start the server:",
        f"  npsbot --config {path} import members members.csv",
        f"  npsbot --config {path} run",
    ]


def _write(directory: Path) -> Path:
    path = directory / "npsbot.toml"
    if path.exists():
        raise FileExistsError(f"{path} exists already; nothing was changed")
    directory.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # tokens and passwords may come to stand in it
    path.write_text(TEMPLATE, "utf-8")
    return path
