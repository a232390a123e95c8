"""Scanners and provisional answers: what machines do on the survey page counts nowhere."""

from collections.abc import AsyncIterator
from typing import cast

import pytest
from aiohttp.test_utils import TestClient, TestServer

from handlers.context import Context
from handlers.settings import Programme
from storage.db import Database
from storage.models import Alert, Response, Rollup, Visit
from tests.bot.survey_site import Site, make_app
from tests.conftest import SECRET
from tests.factories import Make, acme_story
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace


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


async def choose(site: Site, score: str = "3", agent: str = "person") -> int:
    page = await site.post({"form": site.form(), "score": score}, path="/provisional", agent=agent)
    return page.status


async def status(site: Site) -> list[tuple[int | None, str]]:
    found = cast(list[Response], await site.all(Response))
    return [(each.score, each.status) for each in found]


async def visits(site: Site) -> list[Visit]:
    return cast(list[Visit], await site.all(Visit))


async def test_a_choice_that_was_not_sent_is_provisional(site: Site) -> None:
    await site.get(site.link() + "?score=3", agent="person")
    assert await choose(site) == 204
    assert await choose(site, "4") == 204
    assert await status(site) == [(4, "provisional")]
    assert not await site.all(Alert)
    assert not await site.all(Rollup)
    assert (await site.send(score="5")).status == 303
    assert await choose(site, "1") == 204
    assert await status(site) == [(5, "confirmed")]
    assert len(await site.all(Alert)) == 1


async def test_a_provisional_answer_needs_the_form_and_a_score(site: Site) -> None:
    await site.get(site.link(), agent="person")
    page = await site.post({"score": "3"}, path="/provisional", agent="person")
    assert page.status == 204
    assert await choose(site, "ten") == 400
    assert not await status(site)


async def test_following_several_scores_of_a_mail_is_a_scanner(
    site: Site, clock: FakeClock
) -> None:
    for score in range(11):
        assert (await site.get(f"{site.link()}?score={score}", agent="scanner")).status == 200
        clock.forward(seconds=1)
    (visit,) = await visits(site)
    assert visit.scanner
    await choose(site, agent="scanner")
    assert await status(site) == [(3, "suspect")]
    assert (await site.send(score="9")).status == 303
    assert await status(site) == [(9, "confirmed")]


async def test_a_person_may_come_back_later_with_another_score(
    site: Site, clock: FakeClock
) -> None:
    await site.get(site.link() + "?score=3", agent="person")
    await site.get(site.link() + "?score=3", agent="person")
    clock.forward(seconds=46)
    await site.get(site.link() + "?score=4", agent="person")
    (visit,) = await visits(site)
    assert not visit.scanner
    await choose(site, "4")
    assert await status(site) == [(4, "provisional")]


async def test_a_scanner_makes_what_it_chose_before_suspect(site: Site) -> None:
    await site.get(site.link() + "?score=3", agent="scanner")
    await choose(site, agent="scanner")
    assert await status(site) == [(3, "provisional")]
    await site.get(site.link() + "/t", agent="scanner")
    assert await status(site) == [(3, "suspect")]


async def test_the_trap_makes_a_scanner_and_stores_no_answer(site: Site) -> None:
    html = await (await site.get(site.link(), agent="scanner")).text()
    assert f'href="{site.link()}/t" tabindex="-1"' in html
    assert 'aria-hidden="true"' in html
    assert (await site.get(site.link() + "/t", agent="scanner")).status == 200
    (visit,) = await visits(site)
    assert (visit.trap, visit.scanner) == (True, True)
    assert not await status(site)


async def test_who_asks_for_heads_alone_is_a_scanner(site: Site) -> None:
    page = await site.http.head(site.link() + "?score=3", headers={"User-Agent": "scanner"})
    assert (page.status, await page.read()) == (200, b"")
    (visit,) = await visits(site)
    assert (visit.heads, visit.pages) == (1, 0)
    await choose(site, agent="scanner")
    assert await status(site) == [(3, "suspect")]


async def test_clients_are_told_apart_and_not_known(site: Site) -> None:
    await site.get(site.link(), agent="one")
    await site.get(site.link(), agent="two")
    await site.get(site.link(), agent="two", **{"X-Forwarded-For": "203.0.113.7"})
    await site.get(site.link("ole"), agent="one")
    found = await visits(site)
    assert len(found) == 4
    assert all(len(visit.client) == 32 and "one" not in visit.client for visit in found)


async def test_half_an_hour_of_quiet_ends_a_visit(site: Site, clock: FakeClock) -> None:
    await site.get(site.link(), agent="person")
    clock.forward(minutes=29)
    await site.get(site.link(), agent="person")
    clock.forward(minutes=31)
    await site.get(site.link(), agent="person")
    assert [visit.pages for visit in await visits(site)] == [2, 1]
