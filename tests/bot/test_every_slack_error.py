"""Every error of Slack in each of our calls: the card reaches a person once, and CX reads why."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import col, select

from bot.links import Addresses
from bot.sender import Sender
from bot.slack import errors
from bot.slack.channel import SlackChannel
from handlers import texts
from handlers.cards import Card, Chart, Point, Text
from handlers.chat import (
    ChatError,
    InDoubt,
    Message,
    MessageRef,
    OutsidersCanRead,
    TryLater,
    Unreachable,
)
from handlers.context import Context
from storage.db import Database
from storage.models import Alert, BoundPlace
from tests.bot.slack_app import running
from tests.bot.troubles import ALWAYS, Crowd, Trouble, firm
from tests.conftest import SECRET
from tests.factories import Make
from tests.fake_slack import BOT_TOKEN, FakeSlack, Fault, words
from tests.fakes import FakeClock, FakeEngine

TEAM, CX = "C0NORD", "U0CLARA"
PUBLIC = Addresses("https://nps.nordfab.example", SECRET)
T = texts.of("en")

NONSENSE: dict[str, dict[str, Any]] = {
    "page": {"body": "<html>proxy</html>"},
    "words": {"body": "upstream", "content_type": "text/plain"},
    "list": {"body": "[1, 2]", "content_type": "application/json"},
    "broken": {"body": '{"ok": tr', "content_type": "application/json"},
    "empty": {"body": '{"ok": true}', "content_type": "application/json"},
}
LOST: dict[str, dict[str, Any]] = {
    **{f"nonsense {name}": fault for name, fault in NONSENSE.items()},
    "dropped": {"drop": True, "times": 2},  # a look is made again at once by the library below
    "silence": {"hang": True},
}
BUSY: dict[str, dict[str, Any]] = {
    **{word: {"error": word} for word in errors.WAIT},
    "429 told": {"status": 429, "retry_after": 7},
    "429 untold": {"status": 429},
    "503": {"status": 503},
}
FAILED: dict[str, dict[str, Any]] = {
    **{word: {"error": word} for word in errors.DOUBT},
    **{str(status): {"status": status} for status in (500, 502, 504)},
}
MEND = {**errors.MEND, "something_new": "other"}
CARD = Card("Acme: 3 of 10", (Text("Third wrong invoice", "quote"),), "critical")
LOCAL, PERSON = "slack:C0HERE", "slack:U0ANNA"

# One error of each kind, in whole: which error is of which kind, the first test says of all.
REFUSED = [
    Trouble(word, {"error": word, "times": ALWAYS}, moves=True, advice=MEND[word])
    for word in ("not_in_channel", "is_archived", "token_revoked", "something_new")
]
LATER = [
    Trouble("429", {"status": 429, "retry_after": 7}),
    Trouble("stays busy", {"error": "ratelimited", "times": ALWAYS}, moves=True, advice="later"),
]
UNCLEAR = [
    Trouble("failed", {"error": "internal_error"}),
    Trouble("nonsense", {"body": "<html>proxy</html>"}),
    Trouble("dropped", {"drop": True}),
    Trouble("stays silent", {"drop": True, "times": ALWAYS}, moves=True, advice="doubt"),
]
# The same, where the message stood all the same.
STOOD = [
    replace(each, name=f"{each.name} stood", fault={**each.fault, "carried_out": True})
    for each in UNCLEAR[:-1]
]
TOO_MUCH = [
    Trouble("large", {"error": "msg_too_long"}),
    Trouble("stays large", {"error": "invalid_blocks", "times": ALWAYS}, moves=True, advice="card"),
]


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    fake = FakeSlack()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
def channel(slack: FakeSlack) -> SlackChannel:
    return SlackChannel(BOT_TOKEN, PUBLIC, api_base_url=slack.base_url)


@pytest_asyncio.fixture
async def crowd(
    db: Database, ctx: Context, channel: SlackChannel, slack: FakeSlack, clock: FakeClock,
    engine: FakeEngine,
) -> Crowd:  # fmt: skip
    rules = replace(ctx.programme, fallback_place=None)
    ctx = replace(ctx, db=db, chat=Sender({"slack": lambda: channel}), programme=rules)
    make = Make(db, clock)
    team = await make.team("Nordics")
    await make.member("Clara Lind", role="cx_lead", slack_id=CX, language="en")
    place = f"slack:{TEAM}"
    row = BoundPlace(platform="slack", place=place, team_id=team.id, bound_at=clock())
    await make.save(row)
    slack.user(CX)
    slack.channel(TEAM, (CX,))
    return Crowd(db, ctx, clock, engine, make, team.id)


def settle(slack: FakeSlack, troubles: Sequence[Trouble]) -> tuple[dict[str, str], dict[str, str]]:
    """Adds an owner and a channel for each trouble; gives their ids."""
    people, channels = {}, {}
    for number, each in enumerate(troubles):
        people[each.name], channels[each.name] = f"U1{number:03}", f"C1{number:03}"
        slack.user(people[each.name])
        slack.channel(channels[each.name], (people[each.name],))
    return people, channels


def cards(slack: FakeSlack, each: Trouble) -> list[dict[str, Any]]:
    title = f"{firm(each.name)}: 3 of 10"
    return [message for message in slack.messages if title in words(message)]


def problems(
    slack: FakeSlack, troubles: Sequence[Trouble], channels: dict[str, str]
) -> dict[str, list[Any]]:
    """Gives what is not as it must be, by trouble."""
    told = [words(message) for message in slack.at(CX)]
    wrong: dict[str, list[Any]] = {}
    for each in troubles:
        here = channels[each.name]
        found = cards(slack, each)
        news = [text for text in told if here in text]
        expected = [TEAM if each.moves else here] * each.copies
        if [message["channel"] for message in found] != expected:
            wrong.setdefault(each.name, []).append([message["channel"] for message in found])
        if each.noted != any(T("alert.perhaps_twice") in words(m) for m in found):
            wrong.setdefault(each.name, []).append("the doubt is told wrongly")
        if len(news) != each.moves:
            wrong.setdefault(each.name, []).append(news)
        if each.moves and news and T(f"mend.{each.advice}") not in news[0]:
            wrong.setdefault(each.name, []).append(news)
    return wrong


async def outcome(call: Callable[[], Awaitable[Any]]) -> tuple[type, str]:
    """Gives what a call raised, and the key of what CX reads."""
    try:
        await call()
    except ChatError as error:
        kinds = (TryLater, Unreachable, InDoubt, OutsidersCanRead)
        return next(kind for kind in kinds if isinstance(error, kind)), error.mend
    return type(None), ""


CALLS: dict[str, Callable[[SlackChannel], Awaitable[Any]]] = {
    "chat.postMessage": lambda c: c.send(LOCAL, Message(CARD, "alert:1", "en")),
    "chat.update": lambda c: c.update(MessageRef(LOCAL, "1.1"), CARD, "en"),
    "conversations.open": lambda c: c.send(PERSON, Message(CARD, "alert:1", "en")),
    "conversations.info": lambda c: c.outsiders(LOCAL),
    "conversations.members": lambda c: c.outsiders(LOCAL),
    "users.info": lambda c: c.outsiders(PERSON),
    "auth.test": lambda c: c.outsiders(PERSON),
}
ONE_POSTS = ("chat.postMessage",)


@pytest.mark.parametrize("method", CALLS)
async def test_every_error_of_every_call_says_what_to_do(slack: FakeSlack, method: str) -> None:
    slack.channel("C0HERE", ("U0ANNA",))
    slack.user("U0ANNA")
    posts = method in ONE_POSTS
    expected: dict[str, tuple[type, str]] = {}
    faults: dict[str, dict[str, Any]] = {}
    for word, mend in MEND.items():
        faults[word], expected[word] = {"error": word}, (Unreachable, mend)
    for name, fault in BUSY.items():
        faults[name], expected[name] = fault, (TryLater, "later")
    for name, fault in {**FAILED, **LOST}.items():
        in_doubt = posts and name in LOST  # an edit or a look may be made twice
        faults[name] = fault
        expected[name] = (InDoubt, "doubt") if in_doubt else (TryLater, "later")
    for word in errors.TOO_MUCH:
        faults[word], expected[word] = {"error": word, "times": 2}, (Unreachable, "card")
        if not method.startswith("chat."):
            faults[word], expected[word] = {"error": word}, (TryLater, "later")
    if method == "chat.update":
        expected.pop("nonsense empty")  # that it was carried out is all an edit asks
    found = {}
    for name in expected:
        fresh = SlackChannel(BOT_TOKEN, PUBLIC, api_base_url=slack.base_url)
        if faults[name].get("hang"):
            fresh.client.timeout = 0.3  # type: ignore[assignment]  # whole seconds only in hints
        slack.faults = [Fault(method, **faults[name])]
        found[name] = await outcome(partial(CALLS[method], fresh))
    assert {name: got for name, got in found.items() if got != expected[name]} == {}


async def test_every_error_of_posting(slack: FakeSlack, crowd: Crowd) -> None:
    troubles = [*REFUSED, *LATER, *UNCLEAR, *STOOD, *TOO_MUCH]
    people, channels = settle(slack, troubles)
    for each in troubles:
        slack.fail("chat.postMessage", where=channels[each.name], **each.fault)
    places = {name: f"slack:{here}" for name, here in channels.items()}
    await crowd.critics(troubles, people, places)
    await crowd.bring()
    assert problems(slack, troubles, channels) == {}
    assert await crowd.pending() == set()


async def test_a_message_in_doubt_that_nothing_settles_goes_again_and_says_so(
    slack: FakeSlack, crowd: Crowd
) -> None:
    troubles = [replace(each, noted=True) for each in (*UNCLEAR[:-1], *STOOD)]
    people, channels = settle(slack, troubles)
    for each in troubles:
        slack.fail("chat.postMessage", where=channels[each.name], **each.fault)
        slack.fail("conversations.history", "missing_scope", times=2, where=channels[each.name])
    await crowd.critics(troubles, people, {name: f"slack:{c}" for name, c in channels.items()})
    await crowd.bring()
    assert problems(slack, troubles, channels) == {}


@pytest.mark.parametrize("method", ["conversations.info", "conversations.members", "users.info"])
async def test_where_nobody_tells_who_reads_the_card_goes_elsewhere(
    slack: FakeSlack, crowd: Crowd, method: str
) -> None:
    silence = replace(UNCLEAR[-1], advice="later")  # a look may be made again
    troubles = [*REFUSED, *LATER, *UNCLEAR[:-1], silence]
    people, channels = settle(slack, troubles)
    for each in troubles:
        where = people[each.name] if method == "users.info" else channels[each.name]
        slack.fail(method, where=where, **each.fault)
    await crowd.critics(troubles, people, {name: f"slack:{c}" for name, c in channels.items()})
    await crowd.bring()
    assert problems(slack, troubles, channels) == {}


async def test_every_error_of_opening_direct_messages(slack: FakeSlack, crowd: Crowd) -> None:
    crowd.team_id = None
    troubles = [*REFUSED, *LATER[:-1], *UNCLEAR[:-1]]
    people, _channels = settle(slack, troubles)
    for each in troubles:
        slack.fail("conversations.open", where=people[each.name], **each.fault)
    await crowd.critics(troubles, people, {})
    await crowd.bring()
    told = list(slack.at(CX))
    for each in troubles:
        here = [] if each.moves else ["D" + people[each.name][1:]]
        assert [message["channel"] for message in cards(slack, each)] == here, each.name
        news = [message for message in told if f"Owner of {each.name}\n" in words(message)]
        assert len(news) == each.moves, each.name
        if each.moves:
            # Nobody has it: CX reads why, and can open the case from there.
            assert T(f"mend.{each.advice}") in words(news[0]), each.name
            assert "case.open" in str(news[0]["blocks"]), each.name
    assert len(await crowd.pending()) == len(REFUSED)
    slack.faults.clear()
    await crowd.bring()
    assert all(len(cards(slack, each)) == 1 for each in troubles)


async def test_every_error_of_editing_is_mended_told_or_posted_again(
    slack: FakeSlack, crowd: Crowd
) -> None:
    gone = [
        Trouble(word, {"error": word, "times": ALWAYS}, moves=True, advice=MEND[word])
        for word in ("message_not_found", "is_archived", "edit_window_closed")
    ]
    troubles = [*gone, LATER[0], *UNCLEAR[:-1], TOO_MUCH[0]]
    people, channels = settle(slack, troubles)
    await crowd.critics(troubles, people, {name: f"slack:{c}" for name, c in channels.items()})
    await crowd.bring()
    for each in troubles:
        slack.fail("chat.update", where=channels[each.name], **each.fault)
        if each.name == "is_archived":
            slack.channels[channels[each.name]]["is_archived"] = True
        await crowd.take(each.name)
    await crowd.bring()
    told = [words(message) for message in slack.at(CX)]
    for each in troubles:
        here = channels[each.name]
        shown = {message["channel"]: words(message) for message in cards(slack, each)}
        news = [text for text in told if here in text]
        assert len(news) == each.moves, (each.name, news)
        if each.moves:
            assert T(f"mend.{each.advice}") in news[0], each.name
        if each.name == "edit_window_closed":
            assert "has it since" not in shown[here]  # it stands as it was, and CX knows
        else:
            at = TEAM if each.name == "is_archived" else here
            assert "has it since" in shown[at], each.name
    assert await crowd.pending() == set()


async def test_a_picture_that_can_not_be_uploaded_is_left_out_and_cx_reads_why(
    slack: FakeSlack, crowd: Crowd
) -> None:
    async def picture(chart: Chart) -> bytes:
        return b"png"

    local = Addresses("http://127.0.0.1:8400", SECRET)
    slack.channel("C0HERE")
    calls = ("files.getUploadURLExternal", "files.completeUploadExternal")
    faults = {**{word: {"error": word} for word in MEND}, **BUSY, **FAILED, **LOST}
    for number, (name, fault) in enumerate(faults.items()):
        for method in calls:
            channel = SlackChannel(BOT_TOKEN, local, api_base_url=slack.base_url, picture=picture)
            if fault.get("hang"):
                channel.client.timeout = 0.3  # type: ignore[assignment]  # whole seconds only in hints
            told: list[tuple[str, str]] = []

            async def tell(
                place: str, error: ChatError, told: list[tuple[str, str]] = told
            ) -> None:
                told.append((place, error.mend))

            channel.told = tell
            slack.faults = [Fault(method, **fault)]
            chart = Chart("trend", (Point("Q1", 1.0),), f"chart {number}")
            ref = await channel.send(LOCAL, Message(Card("Acme", (chart,)), "alert:1", "en"))
            shown = next(message for message in slack.messages if message["ts"] == ref.id)
            assert f"chart {number}" in words(shown), (method, name)
            assert told == ([("slack", MEND[name])] if name in MEND else []), (method, name)


@pytest.mark.parametrize("name", ["not_in_channel", "token_revoked", "ratelimited", "page"])
async def test_a_reply_that_can_not_be_shown_in_place_comes_directly(
    ctx: Context, db: Database, clock: FakeClock, name: str
) -> None:
    make = Make(db, clock)
    await make.member("Clara Lind", role="cx_lead", slack_id=CX, language="en")
    ctx = replace(ctx, db=db)
    fault: dict[str, Any] = NONSENSE.get(name, {"error": name})
    async with running(ctx, make, []) as app:
        app.slack.user(CX)
        for method in ("chat.postEphemeral", "views.open"):
            app.slack.fail(method, times=ALWAYS, **fault)
        app.slack.gone_replies = True
        await app.anna.command("help", "C0NORD")
        shown = await app.slack.until(lambda: app.slack.at("U0ANNA"), "the reply directly")
        assert "/nps" in words(shown[0])
        await app.adapter.stop()
        async with db.reading() as session:
            rows = (await session.exec(select(Alert).where(col(Alert.what) == "undelivered"))).all()
        expected = [("slack", MEND[name])] if name in MEND else []
        assert [(row.detail["place"], row.detail["mend"]) for row in rows] == expected
        await app.anna.command("bind", "C0NORD")
        await app.slack.until(lambda: len(app.slack.at("U0ANNA")) > 1, "a word about the form")
