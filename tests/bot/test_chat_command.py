"""`npsbot chat` as the platforms would show it."""

import json
import subprocess
import sys

import pytest

from bot.chat_command import answer
from bot.config import Settings
from handlers import routes
from handlers.context import Context
from tests.factories import Make
from tests.handlers.accounts.acme import answered_acme

TYPED = {
    "account": "acme",
    "team": "team nordics",
    "segment": "segment industry",
    "away": "away until friday",
    "left": "left anna",
    **{f"wave {what}": f"wave {what} autumn 2026" for what in ("show", "preview")},
}
# They change or send something.
ACTING = ("wave pause", "wave resume", "wave stop", "wave test", "bind reason", "bind board")


@pytest.mark.both_databases
async def test_every_command_is_printed_as_an_adaptive_card_or_a_dialog(
    ctx: Context, make: Make
) -> None:
    await answered_acme(make)
    await make.member("Chris", email="cx@nordfab.example", role="cx_lead")
    for command in [*routes.COMMANDS, "acme people", "acme history", "acme reasons"]:
        if command in ACTING:
            continue
        text = f"/nps {TYPED.get(command, command)}"
        printed, problem = await answer(ctx, Settings(), "cx@nordfab.example", text, "teams")
        assert not problem, command
        drawn = json.loads(printed)
        if "task" in drawn:
            assert drawn["task"]["type"] == "continue"
            drawn = drawn["task"]["value"]["card"]["content"]
        assert (drawn["type"], drawn["version"]) == ("AdaptiveCard", "1.5")
        assert drawn["body"]


async def test_a_form_is_printed_in_the_language_of_who_asks_with_the_names_to_choose(
    ctx: Context, make: Make
) -> None:
    await answered_acme(make)
    await make.member("Chris", email="cx@nordfab.example", role="cx_lead", language="da")
    printed, _ = await answer(ctx, Settings(), "cx@nordfab.example", "wave new", "teams")
    assert "Udfyld venligst" in printed
    fields = json.loads(printed)["task"]["value"]["card"]["content"]["body"]
    accounts = next(field for field in fields if field.get("id") == "accounts")
    assert [choice["title"].split(" · ")[0] for choice in accounts["choices"]] == ["Acme A/S"]
    printed, _ = await answer(ctx, Settings(), "cx@nordfab.example", "wave new", "slack")
    assert json.loads(printed)["view"]["close"]["text"] == "Annuller"


@pytest.mark.parametrize(
    ("loaded", "never"),
    [
        ("bot.chat_command, bot.cli, bot.app", ("microsoft_teams", "botbuilder", "slack_sdk")),
        ("bot.slack.blocks, bot.slack.forms", ("microsoft_teams", "botbuilder", "bot.msteams")),
        ("bot.msteams.adaptive, bot.msteams.forms", ("botbuilder", "slack_sdk", "bot.slack")),
        ("bot.msteams.package", ("microsoft_teams", "botbuilder", "slack_sdk")),
    ],
)
def test_no_platform_loads_the_library_of_another(loaded: str, never: tuple[str, ...]) -> None:
    code = f"import {loaded}, sys; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    for name in never:
        assert not [m for m in modules if m == name or m.startswith(f"{name}.")]
