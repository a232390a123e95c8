"""Every screen of the survey page before outside judges: axe, validators, 320 px, headers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from handlers.context import Context
from handlers.settings import Programme
from storage.db import Database
from storage.models import Contact
from tests.bot.survey_site import Site, make_app
from tests.conftest import SECRET
from tests.factories import Make, acme_story
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace
from tests.outside.peers import peers, run

pytestmark = pytest.mark.outside


@pytest.fixture
async def site(
    db: Database,
    chat: FakeChat,
    clock: FakeClock,
    engine: FakeEngine,
    programme: Programme,
) -> AsyncIterator[Site]:
    ctx = Context(programme, db, chat, clock, engine.soon, no_pace, SECRET)
    acme = await acme_story(Make(db, clock))
    async with TestClient(TestServer(make_app(ctx))) as http:
        yield Site(ctx, acme, http)


async def judged(site: Site, path: str, shots: Path) -> None:
    checker = peers("web/node_modules") / "web" / "page_check.mjs"
    url = str(site.http.make_url(path))
    said = await asyncio.to_thread(run, "node", checker, url, shots)
    assert "no findings" in said


@pytest.mark.parametrize("language", ["en", "da", "nl"])
async def test_the_first_screen_has_no_findings(site: Site, tmp_path: Path, language: str) -> None:
    async with site.ctx.db.session() as session:
        jane = await session.get_one(Contact, site.acme.contacts["jane"].id)
        jane.language = language
        session.add(jane)
    await judged(site, f"{site.link()}?score=3", tmp_path)


async def test_the_screens_behind_it_have_no_findings(site: Site, tmp_path: Path) -> None:
    """A step of a saved answer is an address of its own, to which the POST leads."""
    answer = await site.post({"form": site.form(), "score": "3"})
    second = answer.headers["Location"]
    await judged(site, second, tmp_path)
    answer = await site.post({"form": site.form(), "score": "3", "comment": "Late again"})
    await judged(site, answer.headers["Location"], tmp_path)


@pytest.mark.parametrize("page", ["privacy", "not-you"])
async def test_the_pages_beside_it_have_no_findings(site: Site, tmp_path: Path, page: str) -> None:
    await judged(site, f"{site.link()}/{page}", tmp_path)


async def test_the_way_out_has_no_findings(site: Site, tmp_path: Path) -> None:
    await judged(site, site.stop_link(), tmp_path)
