"""Every error of Teams in each of our calls: the card reaches a person once, and CX reads why."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from bot.links import Addresses
from bot.msteams import errors
from bot.msteams.adapter import BotConnector
from bot.msteams.auth import BotAuth
from bot.msteams.channel import TeamsChannel
from bot.msteams.pace import Pace
from bot.sender import Sender
from handlers import texts
from handlers.cards import Card, Text
from handlers.chat import ChatError, InDoubt, Message, MessageRef, TryLater, Unreachable
from handlers.context import Context
from storage import conversations
from storage.db import Database
from storage.models import BoundPlace, Conversation
from tests.bot.msteams.teams_bot import settings_of
from tests.bot.troubles import ALWAYS, Crowd, Trouble, firm
from tests.conftest import SECRET
from tests.factories import Make
from tests.fake_teams import APP_ID, BOT, TENANT, FakeTeams, Fault, words
from tests.fakes import FakeClock, FakeEngine

T = texts.of("en")
TEAM, CX = "19:nordics@thread.tacv2", "aad-clara"
CARD = Card("Acme: 3 of 10", (Text("Third wrong invoice", "quote"),), "critical")
HERE, ANNA = "19:here@thread.tacv2", "aad-anna"

REFUSALS: dict[str, tuple[int, str, str]] = {
    **{word: (403, word, mend) for word, mend in errors.MEND.items()},
    **{str(status): (status, "Odd", mend) for status, mend in errors.STATUS.items()},
    "405": (405, "Odd", "other"),
}
BUSY: dict[str, dict[str, Any]] = {
    **{str(status): {"status": status} for status in errors.WAIT},
    "429 told": {"status": 429, "retry_after": "7"},
    "429 far": {"status": 429, "retry_after": "120"},
}
FAILED: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "507": {"status": 507},
    "page": {"status": 200, "body": "<html>proxy</html>"},
    "empty": {"status": 200, "body": "{}"},
    "list": {"status": 200, "body": "[1]"},
    "dropped": {"drop": True, "times": 2},  # a look is made again at once by the library below
    "silence": {"hang": True},
}


@pytest_asyncio.fixture
async def teams() -> AsyncIterator[FakeTeams]:
    fake = FakeTeams()
    await fake.start()
    yield fake
    await fake.stop()


@pytest_asyncio.fixture
async def make_channel(
    teams: FakeTeams, db: Database, clock: FakeClock
) -> AsyncIterator[Callable[..., TeamsChannel]]:
    made: list[TeamsChannel] = []

    async def no_sleep(seconds: float) -> None:
        pass

    def make(timeout: float = 15) -> TeamsChannel:
        auth = BotAuth(settings_of(teams))
        made.append(
            TeamsChannel(
                BotConnector(APP_ID, auth, timeout), auth, db,
                Addresses("https://nps.nordfab.example", SECRET), app_id=APP_ID, tenant=TENANT,
                clock=clock, pace=Pace(sleep=no_sleep), sleep=no_sleep,
            )
        )  # fmt: skip
        return made[-1]

    yield make
    for channel in made:
        await channel.close()


async def know(db: Database, teams: FakeTeams, clock: FakeClock, *rows: tuple[str, str]) -> None:
    """Notes conversations as requests from them would have done: (id, person or "")."""
    async with db.session() as session:
        for chat, person in rows:
            row = Conversation(
                id=chat, kind="personal" if person else "channel", service_url=teams.url, bot=BOT,
                tenant=TENANT, person=person or None, noted_at=clock(),
            )  # fmt: skip
            await conversations.note(session, row)


CALLS: dict[str, tuple[str, Callable[[TeamsChannel], Awaitable[Any]]]] = {
    "post": (
        f"POST conversations/{HERE}/activities",
        lambda c: c.send(f"teams:{HERE}", Message(CARD, "alert:1", "en")),
    ),
    "edit": (
        f"PUT conversations/{HERE}",
        lambda c: c.update(MessageRef(f"teams:{HERE}", "1"), CARD, "en"),
    ),
    "open": (
        "POST conversations",
        lambda c: c.send(f"teams-user:{ANNA}", Message(CARD, "a", "en")),
    ),
    "roster": (f"GET conversations/{HERE}/pagedmembers", lambda c: c.outsiders(f"teams:{HERE}")),
    "person": ("GET conversations/a:known", lambda c: c.outsiders("teams-user:aad-known")),
}


async def outcome(call: Callable[[], Awaitable[Any]]) -> tuple[type, str]:
    """Gives what a call raised, and the key of what CX reads."""
    try:
        await call()
    except ChatError as error:
        kinds = (TryLater, Unreachable, InDoubt)
        return next(kind for kind in kinds if isinstance(error, kind)), error.mend
    return type(None), ""


@pytest.mark.parametrize("name", CALLS)
async def test_every_error_of_every_call_says_what_to_do(
    teams: FakeTeams,
    db: Database,
    clock: FakeClock,
    make_channel: Callable[..., TeamsChannel],
    name: str,
) -> None:
    teams.chat(HERE, "channel", "aad-known")
    teams.user("aad-known", "known@nordfab.example", "Known")
    teams.user(ANNA, "anna@nordfab.example", "Anna")
    await know(db, teams, clock, (HERE, ""), ("a:known", "aad-known"))
    what, call = CALLS[name]
    faults: dict[str, dict[str, Any]] = {}
    expected: dict[str, tuple[type, str]] = {}
    for word, (status, code, mend) in REFUSALS.items():
        faults[word] = {"status": status, "code": code}
        expected[word] = (Unreachable, mend)
    for word, fault in BUSY.items():
        faults[word], expected[word] = fault, (TryLater, "later")
    for word, fault in FAILED.items():
        faults[word] = fault
        expected[word] = (InDoubt, "doubt") if name == "post" else (TryLater, "later")
    for word in ("413", *errors.SIZE_WORDS):
        faults[word] = {"status": 413, "code": "" if word == "413" else word}
        expected[word] = (Unreachable, "card")
        if name == "open":
            expected[word] = (Unreachable, "teams_install")
        elif name in ("roster", "person"):
            expected[word] = (TryLater, "later")
    if name == "edit":  # that it was carried out is all an edit asks
        for word in ("page", "empty", "list"):
            expected.pop(word)
    found = {}
    for word in expected:
        channel = make_channel(0.3 if faults[word].get("hang") else 15)
        teams.faults = [Fault(what, **{"times": ALWAYS, **faults[word]})]
        found[word] = await outcome(partial(call, channel))
    assert {each: got for each, got in found.items() if got != expected[each]} == {}


REFUSED = [
    Trouble("removed", {"status": 403, "code": "BotNotInConversationRoster", "times": ALWAYS},
            moves=True, advice="teams_install"),
    Trouble("gone", {"status": 404, "code": "ConversationNotFound", "times": ALWAYS},
            moves=True, advice="conversation_gone"),
    Trouble("token", {"status": 401, "times": ALWAYS}, moves=True, advice="teams_token"),
]  # fmt: skip
LATER = [
    Trouble("429", {"status": 429, "times": 2}),
    Trouble("429 far", {"status": 429, "retry_after": "120"}),
    Trouble("412", {"status": 412, "times": 5}),
    Trouble("busy", {"status": 429, "times": ALWAYS}, moves=True, advice="later"),
]
# Teams does not show a bot what stands: the card goes again and says that it may stand twice.
UNCLEAR = [
    Trouble("failed", {"status": 500}, noted=True),
    Trouble("failed stood", {"status": 500, "carried_out": True}, noted=True),
    Trouble("page", {"status": 200, "body": "<html>", "carried_out": True}, noted=True),
    Trouble("dropped", {"drop": True}, noted=True),
]
TOO_MUCH = [
    Trouble("large", {"status": 413, "code": "MessageSizeTooBig"}),
    Trouble("stays large", {"status": 413, "times": ALWAYS}, moves=True, advice="card"),
]


@pytest_asyncio.fixture
async def crowd(
    db: Database,
    ctx: Context,
    teams: FakeTeams,
    make_channel: Callable[..., TeamsChannel],
    clock: FakeClock,
    engine: FakeEngine,
) -> Crowd:
    channel = make_channel()
    sender = Sender({"teams": lambda: channel, "teams-user": lambda: channel})
    rules = replace(ctx.programme, fallback_place=None)
    ctx = replace(ctx, db=db, chat=sender, programme=rules)
    make = Make(db, clock)
    team = await make.team("Nordics")
    await make.member("Clara Lind", role="cx_lead", teams_id=CX, language="en")
    place = f"teams:{TEAM}"
    row = BoundPlace(platform="teams", place=place, team_id=team.id, bound_at=clock())
    await make.save(row)
    teams.user(CX, "clara@nordfab.example", "Clara Lind")
    teams.chat(TEAM, "channel", CX)
    await know(db, teams, clock, (TEAM, ""))
    return Crowd(db, ctx, clock, engine, make, team.id)


async def settle(
    crowd: Crowd, teams: FakeTeams, troubles: Sequence[Trouble]
) -> tuple[dict[str, str], dict[str, str]]:
    """Adds an owner and a channel for each trouble; gives their ids."""
    people, channels = {}, {}
    for number, each in enumerate(troubles):
        people[each.name] = f"aad-{number:03}"
        channels[each.name] = f"19:c{number:03}@thread.tacv2"
        teams.user(people[each.name], f"o{number}@nordfab.example", f"Owner {number}")
        teams.chat(channels[each.name], "channel", people[each.name])
    await know(crowd.db, teams, crowd.clock, *((chat, "") for chat in channels.values()))
    return people, channels


def cards(teams: FakeTeams, each: Trouble) -> list[dict[str, Any]]:
    title = f"{firm(each.name)}: 3 of 10"
    return [message for message in teams.messages if title in words(message)]


@pytest.mark.parametrize("call", ["POST conversations/{}/activities", "GET conversations/{}/paged"])
async def test_the_card_reaches_a_person_once_and_cx_reads_why(
    teams: FakeTeams, crowd: Crowd, call: str
) -> None:
    troubles = [*REFUSED, *LATER, *UNCLEAR, *TOO_MUCH]
    if not call.startswith("POST"):  # a look may be made again, and shows nothing to anybody
        troubles = [*REFUSED, *LATER, *(replace(each, noted=False) for each in UNCLEAR)]
    people, channels = await settle(crowd, teams, troubles)
    for each in troubles:
        teams.faults.append(Fault(call.format(channels[each.name]), **each.fault))
    await crowd.critics(troubles, people, {name: f"teams:{c}" for name, c in channels.items()})
    await crowd.bring()
    told = [words(message) for message in teams.at(CX)]
    wrong: dict[str, Any] = {}
    for each in troubles:
        here, found = channels[each.name], cards(teams, each)
        news = [text for text in told if here in text]
        places = [message["chat"] for message in found]
        noted = any(T("alert.perhaps_twice") in words(message) for message in found)
        right = (
            places == [TEAM if each.moves else here] * each.copies
            and noted == each.noted
            and len(news) == each.moves
            and (not each.moves or T(f"mend.{each.advice}") in news[0])
        )
        if not right:
            wrong[each.name] = (places, noted, news)
    assert wrong == {}
    assert await crowd.pending() == set()


async def test_a_chat_that_can_not_be_opened_is_told_to_cx_who_can_open_the_case(
    teams: FakeTeams, crowd: Crowd
) -> None:
    crowd.team_id = None
    troubles = [*REFUSED[1:], *LATER[:-1]]
    people, _channels = await settle(crowd, teams, troubles)
    stopped = {people[each.name] for each in REFUSED[1:]}
    for person in stopped:
        teams.users[person]["installed"] = False
    await crowd.critics(troubles, people, {})
    await crowd.bring()
    told = [words(message) for message in teams.at(CX)]
    for each in troubles:
        person = people[each.name]
        news = [text for text in told if f"Owner of {each.name}\n" in text]
        assert len(news) == (person in stopped), each.name
        assert len(cards(teams, each)) == (person not in stopped), each.name
        if news:
            assert T("mend.teams_install") in news[0]
    assert len(await crowd.pending()) == len(stopped)
    for person in stopped:
        teams.users[person]["installed"] = True
    await crowd.bring()
    assert all(len(cards(teams, each)) == 1 for each in troubles)


async def test_every_error_of_editing_is_mended_told_or_posted_again(
    teams: FakeTeams, crowd: Crowd
) -> None:
    gone = Trouble(
        "deleted", {"status": 404, "code": "ActivityNotFoundInConversation"}, moves=True,
        advice="message_gone",
    )  # fmt: skip
    troubles = [gone, *LATER[:-1], *(replace(each, noted=False) for each in UNCLEAR[:2])]
    people, channels = await settle(crowd, teams, troubles)
    await crowd.critics(troubles, people, {name: f"teams:{c}" for name, c in channels.items()})
    await crowd.bring()
    for each in troubles:
        teams.faults.append(Fault(f"PUT conversations/{channels[each.name]}", **each.fault))
        await crowd.take(each.name)
    await crowd.bring()
    told = [words(message) for message in teams.at(CX)]
    for each in troubles:
        news = [text for text in told if channels[each.name] in text]
        assert len(news) == each.moves, (each.name, news)
        assert "has it since" in words(cards(teams, each)[-1]), each.name
