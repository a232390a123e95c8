"""The state machine of a case, short; `make long` runs it at length, on both databases."""

from pathlib import Path

from tests.conftest import fresh
from tests.handlers.cases import machine


def test_a_case_survives_clicks_time_errors_and_crashes_in_any_order(
    sqlite_template: Path, tmp_path: Path
) -> None:
    machine.run_on(lambda: fresh(sqlite_template, tmp_path), examples=6, steps=20, again=True)
