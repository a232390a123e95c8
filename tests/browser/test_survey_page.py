"""The survey page in a real browser: phone and desktop, keyboard alone, without scripts."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, BrowserContext, Page, expect

from handlers.context import Context
from handlers.settings import Programme
from storage.db import Database
from storage.models import Alert, Contact, Response
from tests.bot.survey_site import Site, make_app
from tests.conftest import SECRET
from tests.factories import Make, acme_story
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def site(
    db: Database,
    chat: FakeChat,
    clock: FakeClock,
    engine: FakeEngine,
    programme: Programme,
) -> AsyncIterator[Site]:
    ctx = Context(programme, db, chat, clock, engine.soon, no_pace, SECRET)
    acme = await acme_story(Make(db, clock))
    left = asyncio.Event()
    async with TestClient(TestServer(make_app(ctx, left))) as http:
        yield Site(ctx, acme, http, left)


def address(site: Site, score: str = "") -> str:
    return str(site.http.make_url(site.link())) + (f"?score={score}" if score else "")


async def responses(site: Site) -> list[Response]:
    return cast(list[Response], await site.all(Response))


async def phone(browser: Browser, *, scripts: bool = True) -> BrowserContext:
    return await browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, java_script_enabled=scripts
    )


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("language", ["en", "da", "nl"])
async def test_a_critic_answers_on_a_phone(site: Site, browser: Browser, language: str) -> None:
    async with site.ctx.db.session() as session:
        jane = await session.get_one(Contact, site.acme.contacts["jane"].id)
        jane.language = language
        session.add(jane)
    context = await phone(browser)
    page = await context.new_page()
    errors: list[str] = []
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(address(site, "3"))
    verb = "Verstuur" if language == "nl" else "Send"
    await expect(page.get_by_role("button")).to_have_accessible_name(f"{verb} 3")
    await page.locator("label[for=score-2]").click()
    await expect(page.get_by_role("button")).to_have_accessible_name(f"{verb} 2")
    assert await fits(page)
    await page.get_by_role("button").click()
    await page.locator("#comment").fill("Third wrong invoice")
    await page.locator("label[for=reasons-8]").click()
    assert await fits(page)
    await page.get_by_role("button").click()
    await expect(page.locator("#phone")).to_be_hidden()
    await page.locator("label[for=contact_wish-0]").click()
    await page.locator("#phone").fill("12 34")
    await page.locator("#to_manager").check()
    assert await fits(page)
    await page.get_by_role("button").click()
    await expect(page.locator(".promise")).to_contain_text("26")
    (stored,) = await responses(site)
    assert (stored.score, stored.comment, stored.reasons) == (
        2,
        "Third wrong invoice",
        ["invoicing"],
    )
    assert (stored.contact_wish, stored.phone, stored.to_manager) == ("call", "12 34", True)
    assert errors == []


async def test_the_page_works_without_scripts(site: Site, browser: Browser) -> None:
    context = await phone(browser, scripts=False)
    page = await context.new_page()
    await page.goto(address(site, "9"))
    await expect(page.get_by_role("button")).to_have_accessible_name("Send 9")
    await page.locator("label[for=score-7]").click()
    # The number of the link would be a lie on the button now.
    await expect(page.get_by_role("button")).to_have_accessible_name("Send my answer")
    await page.get_by_role("button").click()
    await page.locator("#comment").fill("Faster replies")
    await page.get_by_role("button").click()
    await page.locator("label[for=contact_wish-2]").click()
    await page.get_by_role("button").click()
    await expect(page.locator("h1")).to_contain_text("Thank you")
    (stored,) = await responses(site)
    assert (stored.score, stored.comment, stored.contact_wish) == (7, "Faster replies", "none")


async def test_the_keyboard_alone_is_enough(site: Site, browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    await page.goto(address(site))
    await page.keyboard.press("Tab")
    for _ in range(4):
        await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("button")).to_have_accessible_name("Send 4")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**?step=2")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Typed")
    for _ in range(15):
        await page.keyboard.press("Tab")
    await expect(page.locator("button")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**?step=3")
    (stored,) = await responses(site)
    assert (stored.score, stored.comment) == (4, "Typed")


async def test_an_error_is_announced_and_leads_to_its_field(site: Site, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(address(site))
    await page.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_contain_text("Please choose a number first")
    assert await page.locator("fieldset").first.get_attribute("aria-invalid") == "true"
    assert not await responses(site)


async def test_what_a_person_chose_and_did_not_send_is_kept_provisionally(
    site: Site, browser: Browser
) -> None:
    page = await browser.new_page()
    await page.clock.install()
    await page.goto(address(site, "3"))
    async with page.expect_response("**/provisional") as told:
        await page.clock.run_for(6000)
        assert not await responses(site)  # visible for long, but nobody was seen
        await page.mouse.move(40, 40)
        await page.mouse.move(60, 60)
    assert (await told.value).status == 204
    (stored,) = await responses(site)
    assert (stored.score, stored.status) == (3, "provisional")
    assert not await site.all(Alert)
    await page.get_by_role("button").click()
    await page.wait_for_url("**?step=2")
    (stored,) = await responses(site)
    assert (stored.score, stored.status) == (3, "confirmed")


async def test_leaving_a_saved_page_settles_the_alert(
    site: Site, browser: Browser, clock: FakeClock
) -> None:
    page = await browser.new_page()
    await page.goto(address(site, "3"))
    await page.get_by_role("button").click()
    await page.wait_for_url("**?step=2")
    clock.forward(seconds=5)
    await page.goto("about:blank")
    await asyncio.wait_for(site.left.wait(), 30)
    (alert,) = cast(list[Alert], await site.all(Alert))
    assert alert.due_at == clock()


async def test_it_reads_at_320_pixels_and_in_forced_colours(site: Site, browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 320, "height": 640})
    await site.send(score="3")
    for step in ("1", "2", "3", "end"):
        await page.goto(f"{address(site)}?step={step}")
        assert await fits(page)
    await page.emulate_media(forced_colors="active", color_scheme="dark")
    await page.goto(address(site, "3"))
    await expect(page.locator("#score-3")).to_be_checked()
