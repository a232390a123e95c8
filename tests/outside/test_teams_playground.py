"""Teams as Microsoft's Agents Playground plays it, and its recorded activities at our door."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import select

from storage import running
from storage.migrate import upgrade
from storage.models import Conversation, Member
from tests.fake_teams import APP_ID, token, words
from tests.fake_teams import TENANT as OUR_TENANT
from tests.journeys.teams_workspace import TeamsWorkspace, teams_workspace
from tests.outside.peers import peers, run
from tests.outside.playground import (
    BOT,
    GROUP,
    PERSONAL,
    TEAM,
    TENANT,
    NoAuth,
    Playground,
    free_port,
    playground,
)
from tests.outside.screens import InTeams
from tests.teams_user import find_action, labels

pytestmark = pytest.mark.outside

# Looks at the Playground's page from the start, and takes a picture of each chat when told to.
PICTURES = """
import fs from "fs";
import {{ open }} from "{chromium}";
const {{ b, page }} = await open({{ width: 1280, height: 1600 }});
await page.goto("{base}", {{ waitUntil: "domcontentloaded" }});
await page.locator("div[role=textbox][contenteditable=true]").waitFor();
fs.writeFileSync("{folder}/opened", "");
while (!fs.existsSync("{folder}/shoot")) await page.waitForTimeout(50);
for (const name of ["Personal Chat", "Group Chat", "General"]) {{
  await page.getByRole("treeitem", {{ name }}).last().click();
  await page.waitForTimeout(1500);
  await page.screenshot({{ path: `{folder}/${{name}}.png` }});
}}
await b.close();
"""


@pytest_asyncio.fixture
async def played(tmp_path: Path) -> AsyncIterator[tuple[TeamsWorkspace, Playground]]:
    url = f"sqlite:///{tmp_path / 'npsbot.db'}"
    await asyncio.to_thread(upgrade, url)
    async with teams_workspace(
        url, auth=NoAuth(), app_id=BOT, tenant=TENANT, channel=TEAM, port=free_port()
    ) as work:
        async with playground(work.url, tmp_path) as play:
            yield work, play


async def shown(play: Playground, where: str, text: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = await play.until(
        lambda: [m for m in play.posted(where) if text in words(m)], f"{text!r} in {where}"
    )
    return found[-1]


async def test_the_loop_runs_in_the_playground(
    played: tuple[TeamsWorkspace, Playground], tmp_path: Path
) -> None:
    work, play = played
    script = tmp_path / "pictures.mjs"
    chromium = (peers("teams/chromium.mjs") / "teams/chromium.mjs").as_uri()
    script.write_text(PICTURES.format(chromium=chromium, base=play.base, folder=tmp_path), "utf-8")
    looking = asyncio.create_task(asyncio.to_thread(run, "node", script))
    await play.until(lambda: looking.done() or (tmp_path / "opened").exists(), "the page")
    await play.say("anna", PERSONAL, "nps acme")
    await shown(play, PERSONAL, "Acme A/S")
    await play.say("anna", TEAM, "acme")
    await shown(play, TEAM, "I sent it to you in your own chat")
    await play.say("mikkel", GROUP, "acme")
    line = await shown(play, GROUP, "own chat")
    screen = InTeams(play)
    # The page shows a group chat only from its opening on: Microsoft's renderer draws its cards.
    await asyncio.to_thread(screen.picture, line, tmp_path / "In the group.png")
    assert len(play.posted(PERSONAL, "Acme A/S")) == 2, "what Mikkel asked is not Anna's to read"

    await work.answer("jane", 3, comment="Third wrong invoice in a row")
    alert = await shown(play, TEAM, "3 of 10 from Jane Jensen")
    await play.submit("anna", alert, find_action(alert, "Take it"))
    alert = await shown(play, TEAM, "Anna has it since 13:20")
    await work.answer("ole", 2, comment="me too")
    second = await shown(play, TEAM, "2 of 10 from Ole Holm")
    assert alert["messageId"] in second["where"], "the next critic stands in the thread"

    opened = await screen.dialog("task/fetch", alert, find_action(alert, "I called or wrote"))
    card = opened["task"]["value"]["card"]["content"]
    data = card["actions"][0]["data"]
    typed = {"reached": "yes", "next": "promised", "said": "She is right"}
    wrong = await screen.dialog("task/submit", alert, {**data, **typed})
    assert "She is right" in str(wrong)
    data = wrong["task"]["value"]["card"]["content"]["actions"][0]["data"]
    typed |= {"promise": "invoice check", "promise_by": "2026-12-01"}
    assert not await screen.dialog("task/submit", alert, {**data, **typed})
    await shown(play, TEAM, "invoice check")
    assert "Solved" in labels(await shown(play, TEAM, "invoice check"))

    (tmp_path / "shoot").touch()
    await looking
    assert (tmp_path / "General.png").stat().st_size > 10_000
    for kind, where in [("install", PERSONAL), ("userAdded", PERSONAL), ("botAdded", PERSONAL),
                        ("channelRenamed", TEAM), ("channelCreated", TEAM), ("teamRenamed", TEAM),
                        ("userRemoved", PERSONAL), ("uninstall", PERSONAL)]:  # fmt: skip
        made = await play.call(
            "GET", "/_internal/v1/customActivities/template",
            params={"conversationId": where, "type": kind},
        )  # fmt: skip
        await play.forward(made)
    assert '"statusCode": 5' not in play.recorded()


@pytest_asyncio.fixture
async def work(tmp_path: Path) -> AsyncIterator[TeamsWorkspace]:
    url = f"sqlite:///{tmp_path / 'npsbot.db'}"
    await asyncio.to_thread(upgrade, url)
    async with teams_workspace(url) as started:
        yield started


async def test_recorded_activities_are_answered_and_nothing_of_them_is_stored_wrongly(
    work: TeamsWorkspace,
) -> None:
    folder = peers("fixtures/teams") / "fixtures/teams"
    recorded = [path for path in sorted(folder.glob("*.json")) if path.name != "INDEX.json"]
    assert len(recorded) == 31
    before = await _rows(work)
    headers = {"Authorization": f"Bearer {token(work.teams.url)}"}
    for path in recorded:
        as_it_is = json.loads(path.read_text("utf-8"))
        ours = json.loads(path.read_text("utf-8"))
        for name in ("serviceUrl", "serviceURL"):
            if name in ours:
                ours[name] = work.teams.url
        if str(ours.get("recipient", {}).get("id")).startswith("28:"):
            ours["recipient"]["id"] = f"28:{APP_ID}"
        ours.get("conversation", {}).pop("tenantId", None)
        if isinstance(ours.get("channelData"), dict):
            ours["channelData"]["tenant"] = {"id": OUR_TENANT}
        for activity, allowed in ((as_it_is, {200, 403}), (ours, {200})):
            async with work.session.post(
                f"{work.url}/api/messages", json=activity, headers=headers
            ) as answer:
                assert answer.status in allowed, (path.name, answer.status, await answer.text())
    await work.anna.ask("help")
    assert await _rows(work) == before
    async with work.db.reading() as session:
        kept = (await session.exec(select(Conversation))).all()
        linked = (await session.exec(select(Member.teams_id))).all()
    ours_are = {None, *work.teams.users}
    assert set(linked) <= ours_are, "nobody recorded became one of our members"
    for row in kept:
        assert row.service_url == work.teams.url
        assert row.bot.startswith("28:")
        assert ";" not in row.id
        assert row.kind in ("personal", "group", "channel")
        assert (row.person is not None) == (row.kind == "personal")


async def test_the_replay_of_others_finds_no_fault(tmp_path: Path) -> None:
    root = peers("teams/replay_teams.py", "fixtures/teams")
    url = f"sqlite:///{tmp_path / 'npsbot.db'}"
    await asyncio.to_thread(upgrade, url)
    async with teams_workspace(url, auth=NoAuth(), app_id=BOT, tenant=TENANT) as work:
        said = await asyncio.to_thread(
            run, sys.executable, root / "teams/replay_teams.py", f"{work.url}/api/messages",
            *sorted((root / "fixtures/teams").glob("*.json")),
        )  # fmt: skip
    assert "5xx: 0" in said


async def _rows(work: TeamsWorkspace) -> Any:
    async with work.db.reading() as session:
        return await running.counts(session)
