"""The whole story of a critic, a promoter and a silent one, on a Slack and a Teams of others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from sqlmodel import col, select

from handlers import links
from storage.migrate import upgrade
from storage.models import Case, Letter, ReferenceUse
from tests.conftest import SECRET
from tests.factories import Acme, Make
from tests.fakes import FakeClock
from tests.journeys.slack_workspace import Mailbox, workspace
from tests.journeys.teams_workspace import teams_workspace
from tests.journeys.test_slack_journey import answer as answer_in_slack_workspace
from tests.outside.playground import BOT, TEAM, TENANT, NoAuth, free_port, playground
from tests.outside.screens import InSlack, InTeams, Screen, Shown, found
from tests.outside.test_slack import emulator

pytestmark = pytest.mark.outside

COMMENT = "Third wrong invoice in a row, and nobody calls back."


class Work(Protocol):
    """What both workspaces have."""

    url: str
    session: ClientSession
    clock: FakeClock
    make: Make
    acme: Acme
    mailbox: Mailbox


class Album:
    """Keeps a picture of each scene, to be looked at."""

    def __init__(self, screen: Screen, folder: Path) -> None:
        self._screen = screen
        self._folder = folder
        folder.mkdir(exist_ok=True)

    async def keep(self, name: str, message: Shown) -> None:
        path = self._folder / f"{name}.png"
        await asyncio.to_thread(self._screen.picture, message, path)
        assert path.stat().st_size > 1000


async def says(work: Work, said: str, number: int) -> None:
    """Jane answers the question whether it is settled, from the link in her mail."""

    async def look() -> dict[str, Any] | None:
        asked = [m for m in work.mailbox.mails if "settled" in str(m["Subject"]).lower()]
        return {"mails": asked} if len(asked) >= number else None

    await found(look, f"question {number} whether it is settled")
    async with work.make.db.reading() as session:
        letters = (await session.exec(select(Letter).order_by(col(Letter.id)))).all()
    letter = letters[-1].id
    page = f"{work.url}/c/{links.letter_token(SECRET, letter)}"
    fields = {"form": links.letter_form_token(SECRET, letter), "answer": said}
    async with work.session.post(page, data=fields, allow_redirects=False) as done:
        assert done.status == 303, await done.text()


@dataclass
class Stage:
    """Anna's screen, the bot behind it, and how customers answer."""

    work: Work
    screen: Screen
    answer: Callable[..., Awaitable[None]]
    album: Album


async def test_a_critic_is_won_back_and_says_so(stage: Stage) -> None:
    work, screen, album = stage.work, stage.screen, stage.album
    # Taken, called, promised, solved.
    await stage.answer("jane", 3, comment=COMMENT, contact_wish="call", phone="+45 12 34 56 78")
    card = await screen.sees("3 of 10 from Jane Jensen")
    await album.keep("1 new critic", card)
    await screen.press(card, "Take it")
    card = await screen.sees("Anna has it since")
    await album.keep("2 taken", card)
    await screen.fill(
        card,
        "I called or wrote",
        {"reached": "yes", "said": "She is right", "next": "promised"},
        {"promise": "invoice check", "promise_by": "2026-12-01"},
    )
    card = await screen.sees("invoice check")
    await album.keep("3 promised", card)
    await screen.fill(
        card, "Solved", {"outcome": "saved", "done": "One named person checks each invoice"}
    )
    card = await screen.sees("One named person checks each invoice")
    await album.keep("4 solved", card)

    # The customer says no on Friday, and yes a week later.
    work.clock.forward(days=3, hours=1)
    await says(work, "no", 1)
    card = await screen.sees("not settled")
    await album.keep("5 reopened", card)
    await screen.fill(
        card,
        "I called or wrote",
        {"reached": "yes", "said": "Credit note", "next": "solved"},
        {"outcome": "saved", "done": "Credit note sent, dispatch mended"},
    )
    card = await screen.sees("dispatch mended")
    work.clock.forward(days=5)
    await says(work, "yes", 2)
    card = await screen.sees("Jane says: settled")
    await album.keep("6 confirmed", card)

    async with work.make.db.reading() as session:
        case = (await session.exec(select(Case).order_by(col(Case.id)))).first()
    assert case is not None
    assert (case.state, case.settled) == ("solved", "yes")


async def test_a_promoter_becomes_a_reference_and_a_silent_one_is_called(stage: Stage) -> None:
    work, screen, album = stage.work, stage.screen, stage.album
    # Asked, agreed, used.
    await stage.answer("ole", 10, comment="great planners", quote_me="yes")
    tasks = await screen.ask("tasks", "Ole")
    task = await screen.turns(tasks, "Open Ole", "would recommend us")
    await album.keep("7 promoter", task)
    await screen.fill(task, "I talked to Ole", {"outcome": "reference", "forms": ["quote", "call"]})
    offered = await screen.ask("references", "gave 10")
    await album.keep("8 references", offered)
    await screen.fill(
        offered, "Ask for Ole", {"form": "call", "for_what": "Nordhavn Parts, in December"}
    )
    request = await screen.sees("a colleague asks for Ole")
    await album.keep("9 asked for", request)
    await screen.press(request, "Ole agreed")
    await screen.sees("Agreed")
    await screen.ask("references", "asked 1 of 2 times this year")

    # A silent decision maker: called.
    silent = await screen.ask("silent", "Jane Jensen")
    await album.keep("10 silent", silent)
    await screen.press(silent, "I'll call")
    silent = await screen.ask("silent", "Anna calls")
    await screen.fill(silent, "I talked to Jane", {"outcome": "talked", "note": "All is well"})
    silent = await screen.ask("silent", "We talked")
    await album.keep("11 called", silent)

    async with work.make.db.reading() as session:
        assert list((await session.exec(select(ReferenceUse.state))).all()) == ["agreed"]


@asynccontextmanager
async def in_slack(folder: Path) -> AsyncIterator[Stage]:
    port = free_port()
    async with emulator(port, folder) as address, ClientSession() as session:
        screen = InSlack(address, f"http://127.0.0.1:{port}", "", "C000000001", session)
        people = {each["name"]: each for each in (await screen.api("users.list"))["members"]}
        screen.user = people["bob"]["id"]
        async with workspace(folder, f"{address}api/", "xoxb-bot", port, screen.user) as work:
            answer = partial(answer_in_slack_workspace, work)
            yield Stage(work, screen, answer, Album(screen, folder / "pictures"))


@asynccontextmanager
async def in_teams(folder: Path) -> AsyncIterator[Stage]:
    url = f"sqlite:///{folder / 'npsbot.db'}"
    await asyncio.to_thread(upgrade, url)
    async with (
        teams_workspace(
            url, auth=NoAuth(), app_id=BOT, tenant=TENANT, channel=TEAM, port=free_port()
        ) as work,
        playground(work.url, folder) as play,
    ):
        screen = InTeams(play)
        await play.say("anna", TEAM, "help")
        await screen.sees("own chat")
        yield Stage(work, screen, work.answer, Album(screen, folder / "pictures"))


@pytest_asyncio.fixture(params=[in_slack, in_teams], ids=["slack", "teams"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    """The Slack emulator, and Microsoft's Agents Playground."""
    async with request.param(tmp_path) as started:
        yield started
