"""Microsoft's own schema, types and renderer against what we draw for Teams."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.msteams.adaptive import Mention, attachment, draw_card, draw_parts
from bot.msteams.data import read_data
from bot.msteams.forms import draw_form
from handlers.cards import Card, Form
from tests.bot.msteams.test_draw_cards import EVERY_ELEMENT, HOSTILE, HUGE, PUBLIC, nodes
from tests.bot.msteams.test_draw_forms import EVERY_INPUT, KNOWN
from tests.outside.peers import peers, run

pytestmark = pytest.mark.outside

GOLDEN = Path(__file__).parents[1] / "cards" / "golden"
# What is looked at by eye too, in both colours and widths; the pictures stay in the test's folder.
LOOKED_AT = (
    "cases.alert_new_en",
    "cases.form_contact_en",
    "accounts.account.en",
    "accounts.account_hostile.en",
    "survey.survey_prompt_en",
    "waves.wave_preview.da",
)


def goldens() -> dict[str, dict[str, Any]]:
    """Gives every card and every form's card, by the name of its file."""
    found = {}
    for path in sorted(GOLDEN.glob("*.teams.json")):
        data = json.loads(path.read_text("utf-8"))
        if "task" in data:
            data = data["task"]["value"]["card"]["content"]
        found[path.name.removesuffix(".teams.json")] = data
    assert found
    return found


def ours() -> dict[str, dict[str, Any]]:
    """Gives cards that strain every limit."""
    every = Card(HOSTILE, EVERY_ELEMENT, "critical", status=HOSTILE, foot=HOSTILE)
    form = Form("A form of everything", EVERY_INPUT, "a.b", "7", "Save", EVERY_ELEMENT)
    errors = {"d": HOSTILE, "whole": HOSTILE}
    values: dict[str, str | tuple[str, ...]] = {"t": HOSTILE}
    drawn = {
        "every": draw_card(every, PUBLIC, mention=Mention("Anna Berg", "29:abc")),
        "form": draw_form(form, {"m": "1"}, PUBLIC, "da", errors, values, KNOWN),
        "huge": draw_card(HUGE, PUBLIC, "nl"),
    }
    return drawn | {f"part{n}": part for n, part in enumerate(draw_parts(HUGE, PUBLIC))}


def as_first_drawn(part: Any) -> Any:
    """Gives a card as a client draws it that knows Adaptive Cards 1.5 and no more.

    Teams' own additions go: a chart gives way to its fallback, a type-ahead to its known names.
    The schema of 1.5 has neither; Microsoft's types of today have both.
    """
    if isinstance(part, list):
        return [as_first_drawn(item) for item in part]
    if not isinstance(part, dict):
        return part
    if str(part.get("type", "")).startswith("Chart."):
        return as_first_drawn(part["fallback"])
    return {
        key: item if key == "data" else as_first_drawn(item)
        for key, item in part.items()
        if key != "choices.data"
    }


def written(folder: Path, cards: dict[str, dict[str, Any]]) -> list[Path]:
    paths = [folder / f"{name}.json" for name in cards]
    for path, card in zip(paths, cards.values(), strict=True):
        path.write_text(json.dumps(card), "utf-8")
    return paths


def test_every_card_fits_the_schema_microsofts_parser_and_teams_limits(tmp_path: Path) -> None:
    root = peers("cards/validate_card.mjs")
    cards = {name: as_first_drawn(card) for name, card in (goldens() | ours()).items()}
    said = run("node", root / "cards/validate_card.mjs", *written(tmp_path, cards))
    assert said.splitlines() == [f"{len(cards)} cards, 0 invalid"], "no warnings either"


def test_every_card_as_teams_gets_it_fits_a_message_and_adds_what_teams_alone_draws(
    tmp_path: Path,
) -> None:
    """The whole message, with nothing taken out: its only findings are Teams' own additions."""
    root = peers("cards/validate_card.mjs")
    cards = goldens() | ours()
    messages = {
        name: {
            "type": "message",
            "attachments": [attachment(card)],
            "summary": "s" * 250,
            "serviceUrl": "https://smba.trafficmanager.net/emea/" + "0" * 36,
            "conversation": {"id": "19:" + "0" * 300},
        }
        for name, card in cards.items()
    }
    paths = written(tmp_path, messages)
    command = ["node", str(root / "cards/validate_card.mjs"), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    *found, total = done.stdout.splitlines()
    assert total.startswith(f"{len(cards)} cards"), done.stderr
    wrong = []
    for line in found:
        path, _, finding = line.partition(": ")
        if not _is_teams_own(finding, cards[Path(path).stem]):
            wrong.append(line[:300])
    assert not wrong


def _is_teams_own(finding: str, card: dict[str, Any]) -> bool:
    """Tells whether a finding is about a chart, which has a fallback, or a type-ahead."""
    if "choices.data" in finding or '"Chart.' in finding or "type Chart." in finding:
        return True
    where = re.match(r"schema (/\S+)/type: must be equal to one of the allowed values", finding)
    part: Any = card
    for key in where[1].split("/")[1:] if where else ():
        part = part[int(key)] if isinstance(part, list) else part[key]
    return where is not None and part["type"].startswith("Chart.") and "fallback" in part


def test_every_card_as_teams_gets_it_fits_microsofts_types_of_today(tmp_path: Path) -> None:
    root = peers("cards/check_teams_types.sh")
    cards = goldens() | ours()
    assert any(str(n.get("type")).startswith("Chart.") for n in nodes(list(cards.values())))
    run(root / "cards/check_teams_types.sh", *written(tmp_path, cards))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 700])
def test_cards_are_drawn_and_their_buttons_send_what_we_understand(
    tmp_path: Path, theme: str, width: int
) -> None:
    root = peers("cards/render_card.mjs")
    cards = {name: card for name, card in goldens().items() if name in LOOKED_AT}
    assert len(cards) == len(LOOKED_AT)
    for path in written(tmp_path, {name: as_first_drawn(card) for name, card in cards.items()}):
        picture = path.with_suffix(f".{theme}.{width}.png")
        said = run("node", root / "cards/render_card.mjs", path, picture, theme, str(width))
        assert picture.stat().st_size > 1000
        assert "parser events []" in said
        assert "ERROR" not in said
        fired = json.loads(said.rpartition("actions fired ")[2])
        for action in fired:
            if action["type"] == "Action.Submit":
                assert read_data(action["data"]) is not None
