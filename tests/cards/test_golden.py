"""Every card and form, drawn on every channel, stays as it was looked at and accepted.

After a wanted change: UPDATE_GOLDEN=1 pytest tests/cards, look at the difference, commit it;
UPDATE_GOLDEN=teams.json updates the files of one ending alone.
"""

import json
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot import terminal
from bot.links import Addresses
from bot.mail import html as mail
from bot.msteams import adaptive
from bot.msteams.forms import draw_task
from bot.slack import blocks
from bot.slack.origin import Origin, pack
from bot.web import console_draw
from handlers.cards import Card, Choice, Form, Scale, from_json, to_json
from handlers.context import Context
from handlers.settings import Privacy, Programme
from handlers.texts import LANGUAGES
from storage.db import Database
from tests.cards import (
    samples_accounts,
    samples_cases,
    samples_learning,
    samples_people_work,
    samples_story,
    samples_survey,
    samples_waves,
)
from tests.conftest import SECRET
from tests.factories import Make
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace

GOLDEN = Path(__file__).parent / "golden"
ADDRESSES = Addresses("https://nps.nordfab.example", SECRET, FakeClock())
# A form opened from an ephemeral reply in a thread carries most along.
LONGEST = Origin("slack:C0123456789", "1700000000.000001", "1700000000.000001", "h" * 200, True)
KNOWN = {
    "members": [Choice("1", "Anna Berg"), Choice("2", "Mikkel Lund")],
    "accounts": [Choice("K01", "Acme A/S"), Choice("K,02", "Nordhavn, Parts")],
}
Samples = Callable[[Context, Make], Awaitable[dict[str, Card | Form]]]

SUBJECTS: dict[str, Samples] = {
    "accounts": samples_accounts.samples,
    "cases": samples_cases.samples,
    "learning": samples_learning.samples,
    "people_work": samples_people_work.samples,
    **{f"story_{each}": samples_story.samples_in(each) for each in samples_story.LANGUAGES},
    "survey": samples_survey.samples,
    "waves": samples_waves.samples,
}


def as_slack(part: Card | Form, language: str) -> str:
    if isinstance(part, Form):
        metadata = pack(LONGEST, part.action, part.value)
        View(
            **blocks.draw_form(part, metadata, language=language)
        ).validate_json()  # the SDK checks the limits here
        view = blocks.draw_form(part, "metadata", language=language)
        return _json(view)
    drawn = blocks.draw_card(part, ADDRESSES, language)
    for block in Block.parse_all(drawn["blocks"]):
        block.to_dict()  # the SDK checks the documented limits here
    return _json(drawn)


def as_teams(part: Card | Form, language: str) -> str:
    if isinstance(part, Form):
        return _json(draw_task(part, {"from": "message"}, ADDRESSES, language, known=KNOWN))
    return _json(adaptive.draw_card(part, ADDRESSES, language))


def as_text(part: Card | Form, _language: str) -> str:
    return terminal.draw(part).rstrip() + "\n"


def as_console(part: Card | Form, language: str) -> str:
    return console_draw.draw(part, language=language).rstrip() + "\n"


def as_data(part: Card | Form, _language: str) -> str:
    assert from_json(json.loads(json.dumps(to_json(part)))) == part
    return _json(to_json(part))


DRAWINGS: dict[str, Callable[[Card | Form, str], str]] = {
    "slack.json": as_slack,
    "teams.json": as_teams,
    "txt": as_text,
    "html": as_console,
    "data.json": as_data,
}


@pytest.mark.parametrize("subject", SUBJECTS)
async def test_every_card_and_form_is_drawn_as_accepted(subject: str, db: Database) -> None:
    drawn = {}
    for name, part in (await samples_of(subject, db)).items():
        for ending, draw in DRAWINGS.items():
            drawn[f"{subject}.{name}.{ending}"] = draw(part, language_of(f"{subject}.{name}"))
        if isinstance(part, Card) and any(isinstance(element, Scale) for element in part.body):
            text, html = mail.draw(part, language_of(f"{subject}.{name}"), ADDRESSES)
            drawn[f"{subject}.{name}.mail.txt"], drawn[f"{subject}.{name}.mail.html"] = text, html
    _compare(subject, drawn)


def language_of(name: str) -> str:
    """Gives the language that the name of a sample tells: `accounts.account.da`, `story_nl.new`."""
    named = [each for each in re.split(r"[._]", name) if each in LANGUAGES]
    return named[-1] if named else "en"


async def samples_of(subject: str, db: Database) -> dict[str, Card | Form]:
    """Gives the sample cards and forms of a subject, made by the real handlers on a fresh
    database.
    """
    clock = FakeClock()
    rules = Programme(
        company="Nordfab",
        fallback_place="console:fallback",
        privacy=Privacy("Nordfab A/S", "privacy@nordfab.example", 24),
    )
    ctx = Context(rules, db, FakeChat(), clock, FakeEngine().soon, no_pace, SECRET)
    return await SUBJECTS[subject](ctx, Make(db, clock))


def _compare(subject: str, drawn: dict[str, str]) -> None:
    known = {path.name for path in GOLDEN.glob(f"{subject}.*")}
    wanted = os.environ.get("UPDATE_GOLDEN")
    if wanted:
        GOLDEN.mkdir(exist_ok=True)
        for name in known | set(drawn):
            if wanted != "1" and not name.endswith(wanted):
                continue
            if name in drawn:
                (GOLDEN / name).write_text(drawn[name], "utf-8")
            else:
                (GOLDEN / name).unlink()
        return
    assert known == set(drawn), "samples came or went: see the head of this file"
    for name, text in drawn.items():
        assert text == (GOLDEN / name).read_text("utf-8"), name


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
