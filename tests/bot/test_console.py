"""The local console over HTTP: its messages, its acts, and who is refused."""

from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
import pytest_asyncio

from bot.links import Addresses
from bot.mail.adapter import MailChannel
from bot.web.console import ConsoleChannel
from bot.web.console_smtp import ConsoleSmtp
from handlers import texts
from handlers.cards import Card
from handlers.chat import Message, OutsidersCanRead, Unreachable
from storage import members
from storage.db import Database
from tests.bot.console_app import ANNA, Console, served
from tests.bot.mail_cards import ACCOUNT, EVERYTHING, HOSTILE, SURVEY, TOKEN
from tests.conftest import SECRET


@pytest_asyncio.fixture
async def console(db: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Console]:
    async with served(db, monkeypatch) as running:
        yield running


def drawn(state: dict[str, Any]) -> str:
    return "".join(item["html"] for item in state["items"])


async def test_the_page_allows_nothing_but_its_own_files(console: Console) -> None:
    first = await console.client.get("/", allow_redirects=False)
    assert (first.status, first.headers["Location"]) == (302, "/console")
    page = await console.client.get("/console")
    assert page.status == 200
    rules = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in rules
    assert "unsafe" not in rules
    html = await page.text()
    assert "style=" not in html
    assert "onclick" not in html
    assert "Anna Berg" in html
    for name in ("console.css", "console.js", "console.svg"):
        assert (await console.client.get(f"/console/static/{name}")).status == 200
    assert (await console.client.get("/console/static/console.py")).status == 404


async def test_the_consoles_own_words_are_in_the_language_of_who_acts(console: Console) -> None:
    t = texts.of("da")
    async with console.db.session() as session:
        anna = await members.by_email(session, ANNA)
        assert anna is not None
        anna.language = "da"
        session.add(anna)
    page = await (await console.client.get("/console", params={"as": ANNA})).text()
    assert 'lang="da"' in page
    assert t("console.act_as") in page
    state = await console.state("console:nobody")
    assert state["language"] == "da"
    assert state["empty"] == t("console.empty_place")
    assert 'lang="en"' in await (await console.client.get("/console")).text()


async def test_times_are_those_of_who_acts_as_on_the_cards(console: Console) -> None:
    first = await console.say(Card("first"))
    await console.say(Card("second"))
    await console.say(Card("reply"), reply_to=first)
    before = await console.state()
    async with console.db.session() as session:
        anna = await members.by_email(session, ANNA)
        assert anna is not None
        anna.timezone = "Asia/Tokyo"
        session.add(anna)
    state = await console.state()
    assert drawn(before).count("13:20") == 4
    assert drawn(state).count("21:20") == 4
    assert "13:20" not in drawn(state)
    # What the page has drawn for somebody elsewhere is drawn anew.
    old, new = ({item["id"]: item["stamp"] for item in each["items"]} for each in (before, state))
    assert all(new[id] != old[id] for id in new if id[0] != "d")
    assert "13:20" in drawn(await console.state(**{"as": "nobody@nordfab.example"}))


async def test_a_posted_card_shows_with_all_its_elements_as_plain_text(console: Console) -> None:
    await console.say(EVERYTHING)
    html = drawn(await console.state())
    assert "<script" not in html
    assert "style=" not in html
    for words in (HOSTILE, f"{ACCOUNT}: 3 of 10", f"Owner of {ACCOUNT}", "212 of 334"):
        assert words in unescape(html)
    assert 'data-action="case.take" data-value="7"' in html
    assert 'data-confirm="Tell Lars?"' in html
    assert 'src="/p/' in html
    assert 'class="card critical"' in html


async def test_nothing_is_sent_twice_while_nothing_changed(console: Console) -> None:
    await console.say(EVERYTHING)
    state = await console.state()
    again = await console.client.get("/console/state", params={"version": state["version"]})
    assert again.status == 204
    console.clock.forward(minutes=1)
    await console.say(SURVEY)
    assert (await console.state(version=state["version"]))["version"] != state["version"]


async def test_what_another_process_posts_shows_too(console: Console) -> None:
    other = ConsoleChannel(Database(str(console.db.url)), console.clock)
    await other.send("console:nordics", Message(Card("from afar"), "alert:2", "en"))
    assert "from afar" in drawn(await console.state())
    await other._db.close()


async def test_replies_stand_in_the_thread_and_are_announced_below_later_messages(
    console: Console,
) -> None:
    first = await console.say(Card("first"))
    reply = await console.say(Card("reply"), reply_to=first)
    assert reply.thread == first.id
    assert len((await console.state())["items"]) == 2  # the day, and the message with its thread
    await console.say(Card("second"))
    deeper = await console.say(Card("deeper"), reply_to=reply)
    assert deeper.thread == first.id
    state = await console.state()
    assert [item["id"][0] for item in state["items"]] == ["d", "m", "m", "p"]
    assert "2 replies" in state["items"][1]["html"]
    assert f'data-goto="m{deeper.id}"' in state["items"][3]["html"]


async def test_an_edited_message_says_so_and_a_missing_one_is_refused(console: Console) -> None:
    ref = await console.say(Card("before"))
    console.clock.forward(minutes=4)
    await console.chat.update(ref, Card("after"), "en")
    html = drawn(await console.state())
    assert "after" in html
    assert "before" not in html
    assert "changed 13:24" in html
    for wrong in (replace(ref, id="99"), replace(ref, place="console:x"), replace(ref, id="x")):
        with pytest.raises(Unreachable):
            await console.chat.update(wrong, Card("x"), "en")
    with pytest.raises(Unreachable):
        await console.say(Card("x"), reply_to=replace(ref, id="99"))


async def test_a_command_is_answered_to_the_asker_alone(console: Console) -> None:
    for text in ("/nps test acme", "nps test acme", "test acme"):
        reply = await console.post("command", text=text)
        assert reply["kind"] == "card"
        assert "Anna Berg said acme" in reply["html"]
    assert (await console.state())["items"] == []


async def test_a_click_replaces_the_clicked_message(console: Console) -> None:
    ref = await console.say(Card("open"))
    reply = await console.post("click", action="test.take", value="7", message=ref.id)
    assert reply == {"kind": "changed"}
    html = drawn(await console.state())
    assert "Anna Berg took 7" in html
    assert "open" not in html


async def test_a_click_on_what_only_the_asker_sees_gives_the_new_card_back(
    console: Console,
) -> None:
    reply = await console.post("click", action="test.take", value="7")
    assert reply["kind"] == "card"
    assert "Anna Berg took 7" in reply["html"]


async def test_whispers_are_told_aside(console: Console) -> None:
    ref = await console.say(Card("open"))
    reply = await console.post("click", action="test.stale", value="7", message=ref.id)
    assert reply == {
        "kind": "whisper",
        "words": "Mikkel took this at 13:22. Nothing was changed.",
    }
    reply = await console.post("click", action="test.draft", value="7", message=ref.id)
    assert reply["kind"] == "aside"
    assert "Dear Jane" in reply["html"]
    reply = await console.post("click", action="test.nothing", value="7", message=ref.id)
    assert reply == {"kind": "none"}
    assert "open" in drawn(await console.state())


async def test_a_form_opens_keeps_its_errors_and_replaces_the_message_it_came_from(
    console: Console,
) -> None:
    ref = await console.say(Card("open"))
    opened = await console.post("click", action="test.form", value="7", message=ref.id)
    assert opened["kind"] == "form"
    assert 'data-action="test.form" data-value="7"' in opened["html"]
    sent = {"action": "test.form", "value": "7", "message": ref.id}
    refused = await console.post("submit", **sent, inputs={"said": " "})
    assert refused == {"kind": "errors", "errors": {"said": "Write what they said."}}
    done = await console.post("submit", **sent, inputs={"said": "<i>hello", "why": ["a", "b"]})
    assert done == {"kind": "changed"}
    assert "Saved &lt;i&gt;hello a,b" in drawn(await console.state())


async def test_a_command_may_open_a_form(console: Console) -> None:
    assert (await console.post("command", text="test form"))["kind"] == "form"


async def test_a_contact_answers_in_their_direct_messages(console: Console) -> None:
    place = "console:jane@acme.example"
    ref = await console.say(SURVEY, place)
    html = drawn(await console.state(place))
    assert f'data-value="{TOKEN}:10"' in html
    reply = await console.post(
        "click",
        **{"as": "jane@acme.example", "place": place},
        action="test.answer",
        value=f"{TOKEN}:9",
        message=ref.id,
    )
    assert reply == {"kind": "changed"}
    assert "Thank you, 9 is saved" in drawn(await console.state(place))


async def test_names_are_completed(console: Console) -> None:
    response = await console.client.get(
        "/console/lookup", params={"as": ANNA, "kind": "members", "typed": "an"}
    )
    assert await response.json() == [
        {"type": "choice", "value": "3", "label": "Anna <b>", "hint": "an"}
    ]


async def test_outsiders_read_shared_places_and_direct_messages_of_contacts(
    console: Console,
) -> None:
    for place in ("console:shared-acme", "console:jane@acme.example"):
        assert await console.chat.outsiders(place)
        with pytest.raises(OutsidersCanRead):
            await console.say(EVERYTHING, place)
    assert not await console.chat.outsiders(f"console:{ANNA}")
    assert not await console.chat.outsiders("console:nordics")


async def test_an_internal_card_does_not_replace_a_message_that_outsiders_read(
    console: Console,
) -> None:
    ref = await console.say(Card("harmless", audience="person"), "console:shared-acme")
    reply = await console.post(
        "click", place="console:shared-acme", action="test.take", value="7", message=ref.id
    )
    assert reply["kind"] == "whisper"
    state = await console.state("console:shared-acme")
    assert "harmless" in drawn(state)
    assert state["shared"] is True


async def test_an_internal_reply_in_a_shared_place_goes_to_the_asker(console: Console) -> None:
    reply = await console.post("command", place="console:shared-acme", text="test acme")
    assert reply["kind"] == "whisper"
    assert "Anna Berg said acme" in drawn(await console.state(f"console:{ANNA}"))


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8400", "Origin": "http://evil.example:8400"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
    ],
)
async def test_other_pages_are_refused(console: Console, headers: dict[str, str]) -> None:
    ref = await console.say(Card("open"))
    data = {"as": ANNA, "place": "console:nordics", "action": "test.take", "value": "7"}
    for path in ("click", "command", "submit"):
        response = await console.send(path, {**data, "message": ref.id}, **headers)
        assert response.status == 403, path
    assert "open" in drawn(await console.state())


async def test_a_post_without_origin_is_refused(console: Console) -> None:
    response = await console.client.post("/console/command", json={"as": ANNA, "text": "test"})
    assert response.status == 403


@pytest.mark.parametrize("path", ["", "/state", "/mail/1", "/lookup", "/static/console.js"])
async def test_a_foreign_name_for_this_machine_is_refused(console: Console, path: str) -> None:
    for name in ("evil.example", "[::", "127.0.0.1.evil.example"):
        response = await console.client.get(f"/console{path}", headers={"Host": name})
        assert response.status == 403


async def test_broken_data_is_told_plainly(console: Console) -> None:
    origin = f"http://127.0.0.1:{console.client.port}"
    kind = "application/json"
    for body, told in ((b"{", kind), (b"[]", kind), (b"\xff", kind), (b'"x"', kind),
                       (b"[" * 100_000, kind), (b"{}", f"{kind}; charset=utf-999")):  # fmt: skip
        headers = {"Origin": origin, "Content-Type": told}
        response = await console.client.post("/console/click", data=body, headers=headers)
        assert response.status == 400
    reply = await console.post("click", action="no.such", value="1", message="99999999999999")
    assert reply["kind"] == "whisper"
    assert (await console.post("command", **{"as": "who@x.example"}, text="test"))[
        "kind"
    ] == "whisper"


async def test_mails_arrive_in_the_inbox_and_are_shown_without_any_right(
    console: Console,
) -> None:
    sink = ConsoleSmtp(console.db, console.clock, "127.0.0.1", 0)
    await sink.start()
    channel = MailChannel(
        host="127.0.0.1", port=sink.port, starttls=False, username=None, password=None,
        from_address="survey@nordfab.example",
        addresses=Addresses("http://127.0.0.1:8400", SECRET), now=console.clock,
    )  # fmt: skip
    subject = f"{ACCOUNT}: Ét spørgsmål {HOSTILE}"
    await channel.send("mail:Jane@acme.example", Message(SURVEY, "invitation:1", "en", subject))
    await channel.send(f"mail:{ANNA}", Message(EVERYTHING, "alert:1", "en"))
    await channel.close()
    await sink.stop()
    state = await console.state("inbox")
    assert len(state["items"]) == 2
    assert "<script" not in drawn(state)
    assert subject in unescape(drawn(state))
    assert len((await console.state("inbox", typed="ét sp"))["items"]) <= 1
    assert len((await console.state("inbox", typed="jane@"))["items"]) == 1
    only_hers = await console.state("inbox", **{"as": "jane@acme.example"})
    assert len(only_hers["items"]) == 1
    shown = await console.client.get("/console/mail/2")
    rules = shown.headers["Content-Security-Policy"]
    assert rules.startswith("sandbox allow-popups")
    assert "allow-scripts" not in rules
    assert "default-src 'none'" in rules
    html = await shown.text()
    assert "<script" not in html
    assert 'src="data:image/png;base64,' in html
    assert "cid:" not in html
    assert (
        f"http://127.0.0.1:8400/s/{TOKEN}?score=9"
        in await (await console.client.get("/console/mail/1")).text()
    )
    for wrong in ("99", "9" * 30, "x"):
        assert (await console.client.get(f"/console/mail/{wrong}")).status == 404
    assert "Jane" not in (await console.state())["nav"]


async def test_a_mail_of_text_alone_is_shown_as_text(console: Console) -> None:
    from storage import console as rows

    async with console.db.session() as session:
        await rows.add_mail(
            session, "a@b", "c@d", "x", b"Subject: x\r\n\r\n<b>1 < 2</b>\r\n", console.clock()
        )
    shown = await (await console.client.get("/console/mail/1")).text()
    assert "&lt;b&gt;1 &lt; 2&lt;/b&gt;" in shown


async def test_places_are_listed_before_anything_is_posted(console: Console) -> None:
    nav = (await console.state())["nav"]
    assert 'data-place="console:fallback"' in nav
    assert f'data-place="console:{ANNA}"' in nav
    assert 'data-place="inbox"' in nav
