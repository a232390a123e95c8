"""The demo tells its story to the end: prompts by SMTP, answers over HTTP, every critic posted."""

import os
import re
import subprocess
from pathlib import Path

from tests.benchmarks.programme import NPSBOT, free_port


def test_the_story_ends_well(tmp_path: Path) -> None:
    port, smtp = free_port(), free_port()
    done = subprocess.run(
        [NPSBOT, "demo", "--no-serve", "--folder", tmp_path / "demo"],
        capture_output=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "NPSBOT_SERVER__PORT": str(port),
            "NPSBOT_SERVER__PUBLIC_URL": f"http://127.0.0.1:{port}",
            "NPSBOT_MAIL__PORT": str(smtp),
            "NPSBOT_CONSOLE__SMTP_PORT": str(smtp),
        },
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sent, answered = _number("prompts sent by SMTP", done.stdout), _number("answers", done.stdout)
    assert sent >= 300
    assert 0 < answered < sent
    critics, posted = re.findall(r"(\d+) of them from critics, (\d+) posted", done.stdout)[0]
    assert critics == posted
    assert int(posted) > 0
    assert "Traceback" not in done.stderr


def _number(what: str, printed: str) -> int:
    found = re.search(rf"(\d+) {what}", printed)
    assert found is not None
    return int(found.group(1))
