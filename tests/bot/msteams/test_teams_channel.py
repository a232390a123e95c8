"""Posting to Teams: speaking first, who can read a place, and what each refusal leads to."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from bot.config import Teams
from bot.msteams.auth import CLOUDS, PUBLIC_CLOUD, cloud_of
from bot.msteams.check import check
from bot.msteams.pace import Pace
from handlers.cards import Button, Buttons, Card, Text
from handlers.chat import (
    InDoubt,
    Message,
    MessageRef,
    OutsidersCanRead,
    TryLater,
    Unreachable,
)
from handlers.context import Context
from tests.bot.msteams.teams_bot import CHANNEL, GROUP, TeamsBot, running
from tests.factories import Make
from tests.fake_teams import Fault, content_of, words
from tests.teams_user import find_action

BUTTONS = Buttons((Button("Take it", "case.take", "7"),))
CARD = Card("Acme: 3 of 10", (Text("Third wrong invoice", "quote"), BUTTONS), "critical")
MESSAGE = Message(CARD, "alert:17", "en")
PLACE = f"teams:{CHANNEL}"
ANNA = "teams-user:aad-anna"


@pytest_asyncio.fixture
async def bot(ctx: Context, make: Make) -> AsyncIterator[TeamsBot]:
    """The bot is in the channel, and has not met Anna."""
    async with running(ctx, make) as started:
        event = started.anna.activity("conversationUpdate", CHANNEL)
        await started.anna.send(event)
        await started.quiet()
        yield started


async def test_a_message_is_a_post_of_its_own_and_carries_our_id(bot: TeamsBot) -> None:
    ref = await bot.channel.send(PLACE, MESSAGE)
    sent = bot.teams.messages[0]
    assert ref == MessageRef(PLACE, sent["id"])
    assert sent["channelData"]["npsbot"]["key"] == "alert:17"
    assert sent["thread"] is None
    assert "invoice" not in sent["summary"]
    assert bot.teams.tokens_given == 1


async def test_a_reply_stands_in_the_thread_and_is_edited_there(bot: TeamsBot) -> None:
    first = await bot.channel.send(PLACE, MESSAGE)
    second = await bot.channel.send(PLACE, replace(MESSAGE, reply_to=first))
    third = await bot.channel.send(PLACE, replace(MESSAGE, reply_to=second))
    assert [m["thread"] for m in bot.teams.messages] == [None, first.id, first.id]
    await bot.channel.update(third, replace(CARD, title="Solved"), "en")
    assert "Solved" in words(bot.teams.messages[2])


async def test_a_person_never_met_is_written_to_and_the_chat_is_kept(bot: TeamsBot) -> None:
    for _ in range(2):
        ref = await bot.channel.send(ANNA, MESSAGE)
    assert len(bot.teams.at("aad-anna")) == 2
    assert bot.teams.calls.count(("POST", "conversations")) == 1
    await bot.channel.update(ref, replace(CARD, title="Solved"), "en")
    assert "Solved" in words(bot.teams.at("aad-anna")[1])


async def test_a_person_without_the_app_can_not_be_reached(bot: TeamsBot) -> None:
    bot.teams.user("aad-out", "out@nordfab.example", "Out", installed=False)
    with pytest.raises(Unreachable) as raised:
        await bot.channel.send("teams-user:aad-out", MESSAGE)
    assert raised.value.mend == "teams_install"


async def test_before_teams_spoke_there_is_no_address(ctx: Context, make: Make) -> None:
    async with running(ctx, make) as fresh:
        for place in (PLACE, ANNA):
            with pytest.raises(Unreachable) as raised:
                await fresh.channel.send(place, MESSAGE)
            assert raised.value.mend == "teams_first"
        with pytest.raises(Unreachable):
            await fresh.channel.outsiders(PLACE)


async def test_who_is_called_by_name_is_mentioned(bot: TeamsBot) -> None:
    await bot.channel.send(PLACE, replace(MESSAGE, mention=ANNA))
    (content,) = content_of(bot.teams.messages[0])
    assert content["msteams"]["entities"][0]["mentioned"] == {"id": "aad-anna", "name": "Anna Berg"}
    await bot.channel.send(PLACE, replace(MESSAGE, mention="teams-user:nobody"))
    assert "entities" not in str(bot.teams.messages[1])


@pytest.mark.parametrize("status", [412, 429, 502, 503, 504])
async def test_what_teams_puts_off_is_tried_again_with_jitter(bot: TeamsBot, status: int) -> None:
    bot.teams.faults.append(Fault("activities", status, times=2))
    await bot.channel.send(PLACE, MESSAGE)
    assert len(bot.teams.messages) == 1
    assert len(bot.waits) == 2
    assert bot.waits[0] >= 1.0
    assert bot.waits[1] >= 2.0
    assert any(wait != round(wait) for wait in bot.waits)


async def test_the_wait_that_teams_asks_for_is_kept(bot: TeamsBot) -> None:
    bot.teams.faults.append(Fault("activities", 429, retry_after="3"))
    await bot.channel.send(PLACE, MESSAGE)
    assert 3.0 <= bot.waits[0] < 5.0
    bot.teams.faults.append(Fault("activities", 429, retry_after="120"))
    with pytest.raises(TryLater) as later:
        await bot.channel.send(PLACE, MESSAGE)
    assert later.value.seconds == 120
    bot.teams.faults.append(Fault("activities", 429, times=4))
    with pytest.raises(TryLater):
        await bot.channel.send(PLACE, MESSAGE)


async def test_a_card_that_is_too_large_goes_smaller_and_then_as_words(bot: TeamsBot) -> None:
    long = replace(CARD, body=(*(Text(f"line {n} " + "x" * 300) for n in range(60)), BUTTONS))
    ref = await bot.channel.send(PLACE, replace(MESSAGE, card=long))
    whole = len(str(bot.teams.messages[0]))
    bot.teams.most_bytes = 15_000
    await bot.channel.send(PLACE, replace(MESSAGE, card=long))
    smaller = bot.teams.messages[1]
    assert len(str(smaller)) < whole
    assert find_action(smaller, "Take it")["npsbot"]["value"] == "7"
    assert "line 0" in words(smaller)
    bot.teams.most_bytes = 5_000
    await bot.channel.update(ref, long, "en")
    assert bot.teams.messages[0]["textFormat"] == "plain"
    assert "line 0" in bot.teams.messages[0]["text"]
    bot.teams.most_bytes = 10
    with pytest.raises(Unreachable, match="refuses this card"):
        await bot.channel.send(PLACE, MESSAGE)


async def test_a_long_answer_comes_whole_in_several_messages(bot: TeamsBot) -> None:
    body = tuple(Text(f"line {n} " + "x" * 300) for n in range(200))
    await bot.channel.send(ANNA, Message(Card("All", body), "reply:aad-anna:1", "en"))
    told = "\n".join(words(message) for message in bot.teams.at("aad-anna"))
    assert len(bot.teams.at("aad-anna")) > 1
    assert all(f"line {n} " in told for n in range(200))


async def test_a_card_that_teams_does_not_read_goes_as_words(bot: TeamsBot) -> None:
    bot.teams.faults.append(Fault("activities", 400, "BadArgument"))
    await bot.channel.send(PLACE, MESSAGE)
    assert bot.teams.messages[0]["text"].startswith("🔴 Acme: 3 of 10")


async def test_a_lost_answer_is_a_doubt_and_an_edit_is_tried_again(bot: TeamsBot) -> None:
    ref = await bot.channel.send(PLACE, MESSAGE)
    bot.teams.faults.append(Fault("POST", drop=True, carried_out=True))
    with pytest.raises(InDoubt):
        await bot.channel.send(PLACE, MESSAGE)
    assert len(bot.teams.messages) == 2, "it went out, once"
    bot.teams.faults.append(Fault("PUT", drop=True, times=9))
    with pytest.raises(TryLater):
        await bot.channel.update(ref, CARD, "en")


async def test_nothing_listens_there(bot: TeamsBot) -> None:
    await bot.teams.stop()
    with pytest.raises(TryLater):
        await bot.channel.send(PLACE, MESSAGE)


async def test_an_internal_card_is_kept_from_outsiders(bot: TeamsBot) -> None:
    await bot.ctx.chat.send(PLACE, MESSAGE)
    await bot.ctx.chat.send(ANNA, MESSAGE)
    guest = bot.teams.user("aad-guest", "g@other.example", "G", userRole="guest")
    bot.teams.chat("19:guests@thread.v2", "groupChat", "aad-anna", guest)
    bot.teams.user("aad-far", "f@other.example", "F", tenantId="another")
    bot.teams.chat("19:far@thread.v2", "groupChat", "aad-anna", "aad-far")
    bot.teams.chat("19:empty@thread.v2", "groupChat")
    for place in ("teams:19:guests@thread.v2", "teams:19:far@thread.v2", "teams-user:aad-guest",
                  "teams-user:aad-far"):  # fmt: skip
        with pytest.raises(OutsidersCanRead):
            await bot.ctx.chat.send(place, MESSAGE)
    # Who reads is not told: nothing is posted, and the reason is the true one.
    with pytest.raises(TryLater, match="could not be read"):
        await bot.ctx.chat.send("teams:19:empty@thread.v2", MESSAGE)
    with pytest.raises(Unreachable, match="ConversationNotFound"):
        await bot.ctx.chat.send("teams:19:unknown", MESSAGE)
    harmless = replace(MESSAGE, card=replace(CARD, audience="person"))
    await bot.ctx.chat.send("teams-user:aad-guest", harmless)


async def test_who_joins_is_seen_at_once(bot: TeamsBot) -> None:
    assert not await bot.channel.outsiders(PLACE)
    guest = bot.teams.user("aad-guest", "g@other.example", "G", userRole="guest")
    bot.teams.chats[CHANNEL]["people"].append(guest)
    joined = [{"id": "29:aad-guest"}]
    await bot.anna.send(bot.anna.activity("conversationUpdate", CHANNEL, membersAdded=joined))
    await bot.quiet()
    assert await bot.channel.outsiders(PLACE)


async def test_a_roster_that_was_read_before_somebody_joined_is_not_remembered(
    bot: TeamsBot,
) -> None:
    people, at = bot.channel.people, await bot.channel.address(PLACE)
    looking = asyncio.create_task(people.outsiders(at))
    await bot.teams.roster_asked.wait()
    people.forget_readers(CHANNEL)
    await looking
    guest = bot.teams.user("aad-guest", "g@other.example", "G", userRole="guest")
    bot.teams.chats[CHANNEL]["people"].append(guest)
    assert await bot.channel.outsiders(PLACE)


async def test_a_roster_that_can_not_be_read_now_makes_nobody_an_outsider_for_good(
    bot: TeamsBot,
) -> None:
    bot.teams.faults.append(Fault("pagedmembers", 500))
    with pytest.raises(TryLater):
        await bot.channel.outsiders(PLACE)
    assert not await bot.channel.outsiders(PLACE)
    bot.teams.faults.append(Fault("members/", 429))
    with pytest.raises(TryLater):
        await bot.channel.outsiders(ANNA)
    assert not await bot.channel.outsiders(ANNA)


async def test_a_group_chat_has_no_threads(bot: TeamsBot) -> None:
    await bot.anna.say("nps", GROUP)
    await bot.quiet()
    before = len(bot.teams.at(GROUP))
    first = await bot.channel.send(f"teams:{GROUP}", MESSAGE)
    second = await bot.channel.send(f"teams:{GROUP}", replace(MESSAGE, reply_to=first))
    assert [m["thread"] for m in bot.teams.at(GROUP)[before:]] == [None, None]
    assert second.thread is None


async def test_the_pace_keeps_to_teams_limits_in_a_conversation() -> None:
    at, waits = [0.0], list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    pace = Pace(lambda: at[0], sleep)
    for _ in range(7):
        await pace.take("a")
    assert not waits, "seven in a second"
    await pace.take("a")
    assert waits == [1.0]
    await pace.take("b")
    assert waits == [1.0], "each conversation has its own"
    taken = 8
    with pytest.raises(TryLater) as later:
        for _ in range(100):
            await pace.take("a")
            taken += 1
    assert later.value.seconds > 5
    at[0] = 40.0
    for _ in range(7):
        await pace.take("a")


def test_each_cloud_has_its_own_name() -> None:
    assert cloud_of("https://login.botframework.com/v1/.well-known/x") == PUBLIC_CLOUD
    assert cloud_of("https://login.botframework.azure.us/v1/x") == CLOUDS[".azure.us"]


async def test_check_says_what_to_do(bot: TeamsBot) -> None:
    async def told(settings: Teams, url: str) -> dict[str, tuple[bool, str]]:
        found = await check(settings, bot.channel, url)
        return {what: (ok, advice) for what, ok, advice in found}

    good = await told(bot.settings, "http://127.0.0.1:8400")
    assert [ok for ok, _ in good.values()] == [True, True, True, False, True]
    assert "Teams needs https" in good["Teams way in"][1]
    bad = bot.settings.model_copy(
        update={"app_password": "wrong", "openid_metadata_url": f"{bot.teams.url}nothing"}
    )
    found = await told(bad, "https://127.0.0.1:1")
    assert not found["Teams keys"][0]
    assert "app_password" in found["Teams token"][1]
    assert "can't be reached" in found["Teams way in"][1]
    bot.teams.faults.append(Fault("pagedmembers", 403, "BotNotInConversationRoster"))
    found = await told(bot.settings, "https://127.0.0.1:1")
    assert "Add the app" in found["Teams conversations"][1]
