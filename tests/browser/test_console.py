"""The console as a person uses it, in Chromium: places, buttons, menus, forms, commands, mails."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from handlers.cards import Button, Buttons, Card, Menu, Text
from storage import console as rows
from storage.db import Database
from storage.models import Member
from tests.bot.console_app import ANNA, Console, served
from tests.bot.mail_cards import EVERYTHING, HOSTILE

pytestmark = pytest.mark.asyncio(loop_scope="session")

CASE = Card(
    "Acme A/S: 3 of 10",
    (
        Text(HOSTILE, "quote"),
        Buttons(
            (
                Button("I called", "test.form", "7", opens_form=True),
                Button("Take it", "test.take", "7", "primary"),
                Menu("More", (Button("Escalate", "test.stale", "7", "danger", "Tell Lars?"),)),
            )
        ),
    ),
    tone="critical",
)


@pytest_asyncio.fixture(loop_scope="session")
async def console(db: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Console]:
    async with served(db, monkeypatch) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def page(console: Console, browser: Browser) -> AsyncIterator[Page]:
    page = await browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    # Nothing breaks, and nothing is against the page's own rules but the script in a mail.
    assert [each for each in complaints if "Blocked script execution" not in each] == []


async def opened(page: Page, console: Console, place: str = "console:nordics") -> None:
    await page.goto(f"http://127.0.0.1:{console.client.port}/")
    await page.locator(f'nav [data-place="{place}"]').click()


async def test_a_case_is_taken_with_one_click(console: Console, page: Page) -> None:
    await console.say(CASE)
    await opened(page, console)
    await expect(page.locator("blockquote")).to_have_text(HOSTILE)
    await page.get_by_role("button", name="Take it").click()
    await expect(page.locator(".card.attention h3")).to_have_text("Anna Berg took 7")


async def test_what_is_posted_elsewhere_appears_by_itself(console: Console, page: Page) -> None:
    await console.say(Card("first"))
    await opened(page, console)
    await expect(page.locator(".card")).to_have_count(1)
    await console.say(EVERYTHING)
    await expect(page.locator(".card")).to_have_count(2)
    # Pictures load when they come into sight.
    await page.locator(".card img").scroll_into_view_if_needed()
    await expect(page.locator(".card img")).to_have_js_property("complete", True, timeout=20_000)
    await console.say(Card("to the others"), "console:other")
    await expect(page.locator('nav [data-place="console:other"] .unread')).to_be_visible()


async def test_a_menu_asks_once_more_before_it_acts(console: Console, page: Page) -> None:
    await console.say(CASE)
    await opened(page, console)
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("button", name="Escalate").click()
    await expect(page.locator("dialog")).to_contain_text("Tell Lars?")
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.locator(".toast")).to_have_count(0)
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("button", name="Escalate").click()
    await page.get_by_role("button", name="Yes, go on").click()
    await expect(page.locator(".toast")).to_contain_text("Nothing was changed.")


async def test_a_form_shows_its_errors_at_the_field_and_replaces_the_card(
    console: Console, page: Page
) -> None:
    await console.say(CASE)
    await opened(page, console)
    await page.get_by_role("button", name="I called").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator('[data-field="said"] .error')).to_have_text("Please fill this in.")
    await page.get_by_label("Said").fill(" ")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator('[data-field="said"] .error')).to_have_text("Write what they said.")
    await page.get_by_label("Said").fill("a credit note")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("dialog")).to_be_hidden()
    await expect(page.locator(".card h3")).to_have_text("Saved a credit note")


async def test_a_command_is_answered_where_it_was_typed_for_the_asker_only(
    console: Console, page: Page
) -> None:
    await console.say(Card("first"))
    await opened(page, console)
    await page.get_by_label("Command").fill("/nps test acme")
    await page.keyboard.press("Enter")
    await expect(page.locator(".aside .card h3")).to_have_text("Anna Berg said acme")
    await expect(page.locator(".aside .only")).to_have_text("Only you see this")
    await page.locator('nav [data-place="console:fallback"]').click()
    await expect(page.locator(".aside")).to_have_count(0)


async def test_a_mail_opens_in_a_frame_without_rights(console: Console, page: Page) -> None:
    html = '<p>Hello</p><script>document.title="x"</script><a href="http://127.0.0.1:1/s/t">9</a>'
    raw = f"Subject: x\r\nContent-Type: text/html\r\n\r\n{html}\r\n".encode()
    async with console.db.session() as session:
        await rows.add_mail(session, "a@b", ANNA, "Hello Anna", raw, console.clock())
    await opened(page, console, "inbox")
    await page.get_by_role("button", name="Hello Anna").click()
    frame = page.frame_locator("#mail")
    await expect(frame.locator("p")).to_have_text("Hello")
    sandbox = await page.locator("#mail").get_attribute("sandbox")
    assert "allow-scripts" not in (sandbox or "")
    await expect(page).to_have_title("npsbot · Local console")


async def test_a_narrow_window_shows_the_places_on_demand(console: Console, page: Page) -> None:
    await page.set_viewport_size({"width": 375, "height": 700})
    await console.say(EVERYTHING)
    await page.goto(f"http://127.0.0.1:{console.client.port}/console")
    await expect(page.locator("aside")).to_be_hidden()
    await page.locator("#open-side").click()
    await page.locator('nav [data-place="console:nordics"]').click()
    await expect(page.locator("aside")).to_be_hidden()
    await expect(page.locator(".card")).to_be_visible()
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 375


async def test_the_page_speaks_the_language_of_who_acts(console: Console, page: Page) -> None:
    async with console.db.session() as session:
        session.add(Member(name="Bo Lind", email="bo@nordfab.example", language="da"))
    await page.goto(f"http://127.0.0.1:{console.client.port}/console")
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    await page.locator("#as").select_option("bo@nordfab.example")
    await expect(page.locator("html")).to_have_attribute("lang", "da")
    await expect(page.get_by_text("Optræd som")).to_be_visible()
    await expect(page.locator("#as")).to_have_value("bo@nordfab.example")
    await page.locator("#as").select_option(ANNA)
    await expect(page.locator("html")).to_have_attribute("lang", "en")
