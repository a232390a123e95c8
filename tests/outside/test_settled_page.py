"""The page that asks the customer whether it is settled, before the same outside judges.

Each look is at 320 px, by keyboard, without scripts, dark and in forced colours too.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.web import settled_page, survey_page
from handlers import links
from handlers.answers import AnswerGroup
from handlers.context import Context
from handlers.settings import Programme
from storage.db import Database
from storage.models import Case, CaseState, Contact, Letter
from tests.conftest import SECRET
from tests.factories import Make, acme_story
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace
from tests.outside.peers import peers, run

pytestmark = pytest.mark.outside
Http = TestClient[web.Request, web.Application]


@pytest.fixture
async def asked(
    db: Database, chat: FakeChat, clock: FakeClock, engine: FakeEngine, programme: Programme
) -> Context:
    ctx = Context(programme, db, chat, clock, engine.soon, no_pace, SECRET)
    make = Make(db, clock)
    acme = await acme_story(make)
    case = await make.save(
        Case(
            account_id=acme.account.id, kind="relationship", wave_id=acme.wave.id,
            state=CaseState.WAITING, owner_id=acme.anna.id, opened_at=clock(), reached=True,
            what_was_done="One named person checks each invoice",
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
async def http(asked: Context) -> AsyncIterator[Http]:
    app = web.Application()
    settled_page.add_routes(app, asked)
    survey_page.add_routes(app, asked, AnswerGroup(asked))  # the style is the survey page's
    async with TestClient(TestServer(app)) as client:
        yield client


def link() -> str:
    return f"/c/{links.letter_token(SECRET, 1)}"


async def judged(http: Http, path: str, shots: Path) -> None:
    checker = peers("web/node_modules") / "web" / "page_check.mjs"
    said = await asyncio.to_thread(run, "node", checker, str(http.make_url(path)), shots)
    assert "no findings" in said


async def speak(ctx: Context, language: str) -> None:
    async with ctx.db.session() as session:
        jane = await session.get_one(Contact, 1)
        jane.language = language
        session.add(jane)


@pytest.mark.parametrize("language", ["en", "da", "nl"])
async def test_the_question_has_no_findings(
    http: Http, asked: Context, tmp_path: Path, language: str
) -> None:
    await speak(asked, language)
    await judged(http, link(), tmp_path)
    await judged(http, f"{link()}?answer=no", tmp_path)


async def test_what_follows_the_answer_has_no_findings(
    http: Http, asked: Context, tmp_path: Path
) -> None:
    form = {"form": links.letter_form_token(SECRET, 1), "answer": "partly"}
    async with http.post(link(), data=form, allow_redirects=False) as answer:
        assert answer.status == 303
        await judged(http, answer.headers["Location"], tmp_path)
