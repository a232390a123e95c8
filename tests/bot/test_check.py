"""What `npsbot check` says of the rules, without a server."""

import pytest

from bot.check import _privacy
from bot.config import load


@pytest.mark.parametrize(("kept", "ok"), [("11", False), ("12", True)])
def test_names_should_be_kept_as_long_as_figures_look_back(kept: str, ok: bool) -> None:
    names = {"CONTROLLER": "Nordfab A/S", "CONTACT": "privacy@nordfab.example", "KEEP_MONTHS": kept}
    settings = load(None, {f"NPSBOT_PRIVACY__{name}": value for name, value in names.items()})
    finding = _privacy(settings)
    assert finding.ok is ok
    if not ok:
        assert "Make window_months shorter." in finding.advice
