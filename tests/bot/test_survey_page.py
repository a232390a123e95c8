"""The survey page over real HTTP: what is shown, stored and refused."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient, TestServer

from handlers import links
from handlers.context import Context
from handlers.settings import Programme
from handlers.surveys import prompt_message
from storage.db import Database
from storage.models import Account, Alert, Case, Contact, Response, ResponseChange, Survey
from tests.bot.survey_site import Site, make_app, text_of
from tests.conftest import SECRET
from tests.factories import Make, acme_story
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace

HOSTILE = '<!channel> *x* <script>alert(1)</script> =HYPERLINK("x")'


@pytest.fixture
async def site(
    db: Database, chat: FakeChat, clock: FakeClock, engine: FakeEngine, programme: Programme
) -> AsyncIterator[Site]:
    ctx = Context(programme, db, chat, clock, engine.soon, no_pace, SECRET)
    acme = await acme_story(Make(db, clock))
    async with TestClient(TestServer(make_app(ctx))) as http:
        yield Site(ctx, acme, http)


async def responses(site: Site) -> list[Response]:
    return cast(list[Response], await site.all(Response))


async def test_reading_shows_the_clicked_score_and_records_nothing(site: Site) -> None:
    page = await site.get(site.link() + "?score=3")
    html = await page.text()
    assert page.status == 200
    assert 'value="3" checked' in html
    assert "Send 3" in text_of(html)
    assert "How likely are you to recommend Nordfab to a friend or colleague?" in html
    assert not await responses(site)
    for name, part in {
        "Content-Security-Policy": "frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }.items():
        assert part in page.headers[name]
    assert "unsafe" not in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("score", ["-1", "11", "3.5", "ten", "", " ", "٣", "0x1", "99999999999"])
async def test_a_score_that_is_none_is_refused_at_its_field(site: Site, score: str) -> None:
    page = await site.send(score=score, comment=HOSTILE)
    html = await page.text()
    assert page.status == 400
    assert 'id="score-error"' in html
    assert "Please choose a number from 0 to 10." in html
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html  # nothing that was written is lost
    assert not await responses(site)


async def test_a_post_without_any_score_is_refused(site: Site) -> None:
    page = await site.send(comment="Hello")
    assert page.status == 400
    assert "Please choose a number first" in await page.text()


async def test_zero_is_stored_and_alerts(site: Site) -> None:
    page = await site.send(score="0")
    assert (page.status, page.headers["Location"]) == (303, f"{site.link()}?step=2")
    (stored,) = await responses(site)
    assert (stored.score, stored.status) == (0, "confirmed")
    assert len(await site.all(Alert)) == 1
    shown = await (await site.get(page.headers["Location"])).text()
    assert "Thank you, 0 is saved. You can stop here, or tell us more." in text_of(shown)


async def test_who_wants_a_call_without_a_number_is_told_what_happens_then(site: Site) -> None:
    second = await site.send("peter", score="3", step="2", comment="Slow")
    page = text_of(await (await site.get(second.headers["Location"])).text())
    assert "Without a number Anna writes to you first." in page
    last = await site.send("peter", step="3", contact_wish="call")
    end = text_of(await (await site.get(last.headers["Location"])).text())
    assert "Anna writes to you by" in end


async def test_three_screens_store_every_step(site: Site, clock: FakeClock) -> None:
    first = await site.send(score="3", step="1")
    second = await site.send(
        step="2", asks="reasons", comment="Third wrong invoice", reasons=["invoicing", "price"],
        role_answer="A named person", idea="Fewer forms",
    )  # fmt: skip
    assert second.headers["Location"].endswith("?step=3")
    wish = text_of(await (await site.get(second.headers["Location"])).text())
    assert "May Anna get in touch?" in wish
    assert "Show this to Anna's manager, not to Anna" in wish
    assert "You may leave this empty: Anna has a number of yours." in wish
    last = await site.send(
        step="3", asks="to_manager", contact_wish="call", phone="+45 12 34 56 78",
        when="Wed morning",
    )  # fmt: skip
    assert last.headers["Location"].endswith("?step=end")
    end = text_of(await (await site.get(last.headers["Location"])).text())
    assert "Anna calls you by 26 November. You said: Wed morning." in end
    assert "Change my answer until 29 November" in end
    (stored,) = await responses(site)
    assert first.status == second.status == last.status == 303
    assert (stored.score, stored.comment, stored.idea) == (3, "Third wrong invoice", "Fewer forms")
    assert (stored.reasons, stored.role_answer) == (["invoicing", "price"], "A named person")
    assert (stored.contact_wish, stored.phone, stored.call_when) == (
        "call", "+45 12 34 56 78", "Wed morning",
    )  # fmt: skip
    assert (stored.to_manager, stored.finished_at) == (False, clock())
    (alert,) = cast(list[Alert], await site.all(Alert))
    assert alert.due_at == clock()


async def test_all_screens_fit_in_one_post(site: Site) -> None:
    page = await site.send(
        score="2", comment="c", reasons=["price", "quality"], idea="i", contact_wish="write",
        to_manager="yes",
    )  # fmt: skip
    assert page.headers["Location"].endswith("?step=end")
    (stored,) = await responses(site)
    assert (stored.score, stored.reasons, stored.to_manager) == (2, ["price", "quality"], True)
    end = text_of(await (await site.get(page.headers["Location"])).text())
    assert "Anna's manager writes to you by 26 November; Anna does not see your answer." in end


async def test_promoters_are_asked_whether_we_may_quote_them(site: Site) -> None:
    page = await site.send(score="10", comment="Great planners")
    assert "What do you value most?" in await (await site.get(site.link() + "?step=2")).text()
    third = await (await site.get(page.headers["Location"])).text()
    assert 'name="quote_me"' in third
    assert 'name="to_manager"' not in third
    await site.send(step="3", asks="quote_me", contact_wish="none", quote_me="yes")
    (stored,) = await responses(site)
    assert stored.quote_me
    assert not await site.all(Case)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ("may_not_recommend", "we noted that you may not recommend suppliers"),
        ("cannot_judge", "we noted that you can't judge this"),
    ],
)
async def test_other_answers_are_offered_satisfaction_instead(
    site: Site, reply: str, told: str
) -> None:
    page = await site.send(score=reply)
    shown = text_of(await (await site.get(page.headers["Location"])).text())
    assert told in shown
    assert "how satisfied are you with Nordfab?" in shown
    assert (await site.send(step="2", satisfaction="9")).status == 400
    assert (await site.send(step="2", satisfaction="4")).status == 303
    (stored,) = await responses(site)
    assert (stored.reply, stored.score, stored.satisfaction) == (reply, None, 4)


async def test_a_comment_of_a_megabyte_is_too_much(site: Site) -> None:
    body = f"form={site.form()}&score=3&comment={'x' * 1024 * 1024}".encode()
    page = await site.http.post(
        site.link(),
        data=BytesIO(body),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert page.status == 413
    assert "64 kB" in await page.text()
    assert not await responses(site)


async def test_a_body_of_unknown_size_is_stopped_as_well(site: Site) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"comment=" + b"x" * 10_000 + b"&"

    page = await site.http.post(
        site.link(),
        data=chunks(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert page.status == 413


async def test_a_long_comment_is_told_at_its_field_and_kept_in_it(site: Site) -> None:
    page = await site.send(score="3", comment="y" * 10_001)
    html = await page.text()
    assert page.status == 400
    assert 'id="comment-error"' in html
    assert "y" * 10_001 in html
    assert 'name="score" value="3"' in html
    assert (await site.send(score="3", comment="y" * 10_000)).status == 303


@pytest.mark.parametrize(
    "token", ["nonsense", "MQ.tampered", "MQ", "%00", "..", "é", links.form_token(SECRET, 1),
              links.survey_token("another secret, thirty-two characters", 1),
              links.survey_token(SECRET, 999_999)],
)  # fmt: skip
async def test_unknown_links_are_told_kindly(site: Site, token: str) -> None:
    for method in ("GET", "POST"):
        page = await site.http.request(
            method, f"/s/{token}", data={"score": "3"} if method == "POST" else None,
            headers={"Accept-Language": "da-DK,da;q=0.9"},
        )  # fmt: skip
        assert page.status == 404
        if token != "..":
            html = await page.text()
            assert "Linket virker ikke" in html
            assert "privacy@nordfab.example" in html
    assert not await responses(site)


@pytest.mark.parametrize("path", ["/s", "/s/", "/u/", "{link}/", "{link}/more", "{stop}/x"])
async def test_a_link_that_a_mail_program_broke_is_told_kindly_too(site: Site, path: str) -> None:
    page = await site.get(
        path.format(link=site.link(), stop=site.stop_link()), **{"Accept-Language": "nl"}
    )
    assert page.status == 404
    assert "Deze link werkt niet" in await page.text()


async def test_a_look_at_the_head_of_a_page_is_no_mistake(site: Site) -> None:
    for path in (site.stop_link(), f"{site.link()}/privacy", f"{site.link()}/not-you"):
        assert (await site.http.head(path)).status == 200
    async with site.ctx.db.reading() as session:
        contact = await session.get_one(Contact, site.acme.contacts["jane"].id)
    assert contact.status == "active"


async def test_a_form_of_another_invitation_stores_nothing(site: Site) -> None:
    page = await site.post({"form": site.form("ole"), "score": "3"})
    assert page.status == 200
    assert not await responses(site)


async def test_a_post_without_the_form_field_shows_the_page_as_sent(site: Site) -> None:
    page = await site.post({"score": "7", "comment": HOSTILE, "reasons": ["price"]})
    html = await page.text()
    assert page.status == 200
    assert "Send 7" in text_of(html)
    assert "your answer is saved only then" in html
    assert "&lt;!channel&gt;" in html
    assert 'name="reasons" value="price"' in html
    assert not await responses(site)


async def test_a_second_post_changes_the_one_row(site: Site) -> None:
    await site.send(score="3")
    await site.send(score="3")
    await site.send(score="8")
    (stored,) = await responses(site)
    (change,) = cast(list[ResponseChange], await site.all(ResponseChange))
    assert (stored.score, change.score) == (8, 3)
    assert len(await site.all(Case)) == len(await site.all(Alert)) == 1


async def test_two_posts_at_once_are_one_answer(site: Site) -> None:
    pages = await asyncio.gather(
        site.send(score="3", comment="first"), site.send(score="3", idea="second")
    )
    assert [page.status for page in pages] == [303, 303]
    (stored,) = await responses(site)
    assert (stored.score, stored.comment, stored.idea) == (3, "first", "second")
    assert len(await site.all(Case)) == len(await site.all(Alert)) == 1


async def test_an_answer_can_be_changed_for_five_days(site: Site, clock: FakeClock) -> None:
    await site.send(score="3")
    clock.forward(days=5)
    again = await (await site.get(site.link())).text()
    assert 'value="3" checked' in again
    assert (await site.send(score="4")).status == 303
    clock.forward(days=1)
    locked = await site.get(site.link())
    assert locked.status == 200
    assert "Your answer 4 was saved on 24 November." in text_of(await locked.text())
    late = await site.send(score="9")
    assert late.status == 410
    assert "anna@nordfab.example" in await late.text()
    assert [stored.score for stored in await responses(site)] == [4]


async def test_an_expired_link_is_told_kindly(site: Site, clock: FakeClock) -> None:
    clock.forward(days=30)
    for page in (await site.get(site.link()), await site.send(score="3")):
        assert page.status == 410
        html = await page.text()
        assert "This survey is closed" in html
        assert 'href="mailto:anna@nordfab.example"' in html
    assert not await responses(site)


async def test_every_surface_names_the_same_last_day(site: Site, clock: FakeClock) -> None:
    """A wave that ends at midnight can be answered on the day before, and says so."""
    midnight = datetime(2026, 12, 3, tzinfo=ZoneInfo("Europe/Copenhagen"))
    ole = site.acme.invitations["ole"]
    ole.expires_at = midnight.astimezone(UTC)
    async with site.ctx.db.session() as session:
        session.add(ole)
    survey = Survey(name="relationship", kind="relationship")
    contact, account = site.acme.contacts["ole"], site.acme.account
    prompt = prompt_message(site.ctx, ole, contact, account, site.acme.anna, survey)
    assert "You can answer until 2 December." in str(prompt.card)
    clock.at = midnight.astimezone(UTC)
    page = await site.get(site.link("ole"))
    assert page.status == 410
    assert "until 2 December" in await page.text()


@pytest.mark.parametrize(
    ("language", "question", "button", "saved", "why"),
    [
        ("da", "Hvor sandsynligt er det, at du vil anbefale Nordfab til en ven eller kollega?",
         "Send 3", "Tak, 3 er gemt. Du kan stoppe her eller fortælle mere.",
         "Hvad burde have været bedre, og hvad havde du forventet?"),
        ("nl", "Hoe waarschijnlijk is het dat u Nordfab zou aanbevelen aan een vriend of collega?",
         "Verstuur 3", "Bedankt, uw 3 is opgeslagen. U kunt hier stoppen of meer vertellen.",
         "Wat had beter gemoeten, en wat had u verwacht?"),
    ],
)  # fmt: skip
async def test_the_page_speaks_the_contacts_language(
    site: Site, language: str, question: str, button: str, saved: str, why: str
) -> None:
    async with site.ctx.db.session() as session:
        jane = await session.get_one(Contact, site.acme.contacts["jane"].id)
        jane.language = language
        session.add(jane)
    first = await (await site.get(site.link() + "?score=3")).text()
    assert f'<html lang="{language}">' in first
    assert question in text_of(first)
    assert button in text_of(first)
    second = await (await site.get((await site.send(score="3")).headers["Location"])).text()
    assert saved in text_of(second)
    assert why in text_of(second)
    (stored,) = await responses(site)
    assert stored.language == language


async def test_hostile_texts_are_plain_text(site: Site) -> None:
    async with site.ctx.db.session() as session:
        account = await session.get_one(Account, site.acme.account.id)
        account.name = "A&B <x>"
        session.add(account)
    await site.send(score="3", comment=HOSTILE)
    html = await (await site.get(site.link() + "?step=2")).text()
    assert HOSTILE in text_of(html.replace("</textarea>", ""))
    assert "<script>alert" not in html
    privacy = await (await site.get(site.link() + "/privacy")).text()
    assert "A&amp;B &lt;x&gt;" in privacy
    assert [stored.comment for stored in await responses(site)] == [HOSTILE]


async def test_privacy_and_not_you_say_what_a_contact_must_know(site: Site) -> None:
    privacy = text_of(await (await site.get(site.link() + "/privacy")).text())
    for part in ("Nordfab A/S", "privacy@nordfab.example", "24 months", "Anna Berg", "Acme A/S"):
        assert part in privacy
    not_you = text_of(await (await site.get(site.link() + "/not-you")).text())
    assert "Not Jane Jensen?" in not_you


async def test_leaving_the_page_settles_the_alert(site: Site, clock: FakeClock) -> None:
    await site.send(score="3")
    clock.forward(seconds=4)
    assert (await site.send(left="1")).status == 204
    (alert,) = cast(list[Alert], await site.all(Alert))
    assert alert.due_at == clock()


async def test_a_contact_stops_being_asked_by_one_click(site: Site) -> None:
    asked = await (await site.get(site.stop_link())).text()
    assert "Shall we stop asking you?" in asked
    jane = site.acme.contacts["jane"].id
    async with site.ctx.db.reading() as session:
        assert (await session.get_one(Contact, jane)).status == "active"
    for _ in range(2):
        page = await site.http.post(
            site.stop_link(), data={"List-Unsubscribe": "One-Click"}, allow_redirects=False
        )
        assert page.status == 200
        assert "We won&#39;t ask you again" in await page.text()
    async with site.ctx.db.reading() as session:
        assert (await session.get_one(Contact, jane)).status == "unsubscribed"
    for method in ("GET", "POST"):
        assert (await site.http.request(method, "/u/MQ.forged")).status == 404


@pytest.mark.parametrize("body", [b"", b"a", b"--x\r\nbroken", b"--x\r\n\xff: y\r\n\r\n", b"--x"])
async def test_a_broken_multipart_body_is_no_error_of_ours(site: Site, body: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    page = await site.http.post(site.link(), data=body, headers=headers)
    assert page.status == 200
    assert not await responses(site)


async def test_a_form_sent_as_multipart_is_read_too(site: Site) -> None:
    from aiohttp import FormData

    form = FormData(default_to_multipart=True)
    for name, value in (("form", site.form()), ("score", "6"), ("comment", "æøå")):
        form.add_field(name, value)
    page = await site.http.post(site.link(), data=form, allow_redirects=False)
    assert page.status == 303
    assert [(each.score, each.comment) for each in await responses(site)] == [(6, "æøå")]


@pytest.mark.parametrize("body", [b"\xff\xfe=%ff&score=%zz", b"&&&&", b"score", b"\x00"])
async def test_a_broken_body_is_never_an_error_of_ours(site: Site, body: bytes) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/x"):
        page = await site.http.post(site.link(), data=body, headers={"Content-Type": kind})
        assert page.status in (200, 400)


async def test_the_pages_own_files_are_kept_by_the_browser(site: Site) -> None:
    html = await (await site.get(site.link())).text()
    for name in ("survey.css", "survey.js", "icon.svg"):
        assert f"/survey/{name}?v=" in html
        file = await site.get(f"/survey/{name}")
        assert file.status == 200
        assert "immutable" in file.headers["Cache-Control"]


async def test_a_trial_says_so(site: Site, clock: FakeClock) -> None:
    trial = await Make(site.ctx.db, clock).invitation(
        site.acme.contacts["jane"], is_test=True, expires_at=clock() + timedelta(days=1)
    )
    page = await site.get(f"/s/{links.survey_token(SECRET, trial.id)}")
    assert "Trial: this answer is stored and counted nowhere." in await page.text()
