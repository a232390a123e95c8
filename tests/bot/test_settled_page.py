"""The page on which a contact says whether it is settled, over real HTTP."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlmodel import select

from bot.web import settled_page
from handlers import links
from handlers.context import Context
from handlers.settings import Programme
from storage.db import Database
from storage.models import Case, CaseState, Contact, Letter, Settled
from tests.conftest import SECRET
from tests.factories import Make, acme_story
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace

HOSTILE = "<script>alert(1)</script>"
Http = TestClient[web.Request, web.Application]


@pytest.fixture
async def ctx_(
    db: Database, chat: FakeChat, clock: FakeClock, engine: FakeEngine, programme: Programme
) -> Context:
    ctx = Context(programme, db, chat, clock, engine.soon, no_pace, SECRET)
    make = Make(db, clock)
    acme = await acme_story(make)
    case = await make.save(
        Case(
            account_id=acme.account.id, kind="relationship", wave_id=acme.wave.id,
            state=CaseState.WAITING, owner_id=acme.anna.id, opened_at=clock(), reached=True,
            what_was_done=HOSTILE,
        )
    )  # fmt: skip
    await make.response(acme.invitations["jane"], 3)
    await make.save(
        Letter(
            key="settled:1:1:1", account_id=acme.account.id, case_id=case.id, round=1,
            contact_id=acme.contacts["jane"].id, written_by=acme.anna.id, status="sent",
            send_at=clock(), sent_at=clock(), expires_at=clock() + timedelta(days=10),
        )
    )  # fmt: skip
    return ctx


@pytest.fixture
async def http(ctx_: Context) -> AsyncIterator[Http]:
    app = web.Application()
    settled_page.add_routes(app, ctx_)
    async with TestClient(TestServer(app)) as client:
        yield client


def link(ctx: Context) -> str:
    return f"/c/{links.letter_token(ctx.secret, 1)}"


async def said(ctx: Context) -> list[Settled]:
    async with ctx.db.reading() as session:
        return list((await session.exec(select(Settled))).all())


async def post(http: Http, ctx: Context, **fields: str) -> tuple[int, str]:
    form = {"form": links.letter_form_token(ctx.secret, 1), **fields}
    async with http.post(link(ctx), data=form, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def test_reading_shows_the_pressed_answer_and_records_nothing(
    http: Http, ctx_: Context
) -> None:
    page = await http.get(link(ctx_) + "?answer=no")
    html = await page.text()
    assert page.status == 200
    assert 'value="no" checked' in html
    assert "Anna noted:" in html
    assert HOSTILE not in html
    assert "<script" not in html
    assert await said(ctx_) == []


async def test_a_post_from_our_page_records_the_answer_with_its_words(
    http: Http, ctx_: Context
) -> None:
    status, _text = await post(http, ctx_, answer="no", comment="Wrong again")
    assert status == 303
    (found,) = await said(ctx_)
    assert (found.answer, found.comment) == ("no", "Wrong again")
    async with ctx_.db.reading() as session:
        assert (await session.get_one(Case, 1)).state == CaseState.REOPENED
    page = await http.get(link(ctx_) + "?saved=1")
    assert "The matter is open again" in await page.text()


async def test_a_post_that_is_not_from_our_page_stores_nothing_and_keeps_the_words(
    http: Http, ctx_: Context
) -> None:
    status, html = await post(http, ctx_, form="forged", answer="yes", comment="Nearly")
    assert status == 200
    assert "Nearly" in html
    assert await said(ctx_) == []


async def test_without_an_answer_the_page_says_what_to_do(http: Http, ctx_: Context) -> None:
    status, html = await post(http, ctx_, answer="perhaps", comment="Hm")
    assert status == 400
    assert "Choose one of the three answers." in html
    assert "Hm" in html


async def test_a_tampered_link_is_unknown_and_an_old_one_is_closed(
    http: Http, ctx_: Context, clock: FakeClock
) -> None:
    assert (await http.get(link(ctx_) + "x")).status == 404
    clock.forward(days=11)
    page = await http.get(link(ctx_))
    assert page.status == 410
    assert "anna@nordfab.example" in await page.text()
    assert (await post(http, ctx_, answer="yes"))[0] == 410


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("da", "Er det løst, set med dine øjne?"),
        ("nl", "Is het voor u daarmee opgelost?"),
        ("en", "Is it settled for you?"),
    ],
)
async def test_the_page_speaks_the_contacts_language(
    http: Http, ctx_: Context, language: str, question: str
) -> None:
    async with ctx_.db.session() as session:
        letter = await session.get_one(Letter, 1)
        contact = await session.get_one(Contact, letter.contact_id)
        contact.language = language
        session.add(contact)
    html = await (await http.get(link(ctx_))).text()
    assert question in html
    assert f'<html lang="{language}">' in html
