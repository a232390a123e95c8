"""Posting to Slack: who can read a place, and what each refusal leads to."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from bot.config import Slack
from bot.links import Addresses
from bot.slack import limits
from bot.slack.channel import METADATA_EVENT, SlackChannel
from bot.slack.check import check
from bot.slack.manifest import SCOPES, manifest_data, reasons
from handlers import texts
from handlers.cards import Button, Buttons, Card, Chart, Point, Text
from handlers.chat import ChatError, Doubted, InDoubt, Message, MessageRef, TryLater, Unreachable
from handlers.places.words import why
from tests.conftest import SECRET
from tests.fake_slack import BOT_TOKEN, BOT_USER, FakeSlack, words

CARD = Card("Acme: 3 of 10", (Text("Third wrong invoice", "quote"),), "critical")
MESSAGE = Message(CARD, "alert:17", "en")
PUBLIC = Addresses("https://nps.nordfab.example", SECRET)


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    fake = FakeSlack()
    await fake.start()
    fake.user("U0ANNA", "anna@nordfab.example")
    fake.channel("C0NORD", ("U0ANNA",))
    yield fake
    await fake.stop()


@pytest.fixture
def channel(slack: FakeSlack) -> SlackChannel:
    return SlackChannel(BOT_TOKEN, PUBLIC, api_base_url=slack.base_url)


async def test_a_message_carries_our_id_and_unfolds_no_links(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    ref = await channel.send("slack:C0NORD", MESSAGE)
    sent = slack.messages[0]
    assert ref == MessageRef("slack:C0NORD", sent["ts"])
    assert sent["metadata"] == {"event_type": METADATA_EVENT, "event_payload": {"key": "alert:17"}}
    assert (sent["unfurl_links"], sent["unfurl_media"], sent["mrkdwn"]) == (False, False, False)


async def test_a_person_is_written_to_in_direct_messages(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    for _ in range(2):
        await channel.send("slack:U0ANNA", MESSAGE)
    assert len(slack.at("U0ANNA")) == 2
    assert len(slack.called("conversations.open")) == 1


async def test_a_reply_stands_in_the_thread_and_in_the_channel_when_asked(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    first = await channel.send("slack:C0NORD", MESSAGE)
    reply = Message(CARD, "alert:18", "en", reply_to=first, also_in_channel=True)
    second = await channel.send("slack:C0NORD", reply)
    assert second.thread == slack.messages[1]["thread_ts"] == first.id
    assert slack.messages[1]["reply_broadcast"] is True
    third = Message(CARD, "alert:19", "en", reply_to=second)
    assert (await channel.send("slack:C0NORD", third)).thread == first.id


async def test_who_a_message_is_for_is_called_by_name_once(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    ref = await channel.send("slack:C0NORD", replace(MESSAGE, mention="slack:U0ANNA"))
    (sent,) = slack.messages
    assert sent["blocks"][-1]["elements"] == [{"type": "mrkdwn", "text": "<@U0ANNA>"}]
    assert sent["text"].startswith("🔴 Acme: 3 of 10")
    assert sent["text"].endswith("<@U0ANNA>")
    # An edit calls nobody, and it takes the name away: what is said then is the card alone.
    await channel.update(ref, CARD, "en")
    assert "U0ANNA" not in str((sent["text"], sent["blocks"]))
    # Also where Slack refuses the blocks of the card.
    slack.fail("chat.postMessage", "invalid_blocks")
    await channel.send("slack:C0NORD", replace(MESSAGE, mention="slack:U0ANNA"))
    assert slack.messages[-1]["text"].endswith("<@U0ANNA>")
    most = Card("Long", tuple(Text(f"line {n}", "quote") for n in range(99)))
    await channel.send("slack:C0NORD", replace(MESSAGE, card=most, mention="slack:U0ANNA"))
    assert len(slack.messages[-1]["blocks"]) <= limits.MESSAGE_BLOCKS


async def test_a_message_is_edited_in_place(slack: FakeSlack, channel: SlackChannel) -> None:
    ref = await channel.send("slack:U0ANNA", MESSAGE)
    await channel.update(ref, Card("Acme: solved", (Text("Done"),), "good"), "en")
    assert "Acme: solved" in words(slack.messages[0])
    with pytest.raises(Unreachable):
        await channel.update(MessageRef("slack:U0ANNA", "9.9"), CARD, "en")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("not_in_channel", "/invite"),
        ("channel_not_found", "invite me"),
        ("is_archived", "/nps bind"),
        ("token_revoked", "bot_token"),
        ("invalid_auth", "bot_token"),
        ("account_inactive", "Install it again"),
        ("user_not_found", "Slack id"),
        ("restricted_action", "administrator"),
        ("missing_scope", "manifest"),
        ("something_new", "something_new. Run npsbot check"),
    ],
)
async def test_what_waiting_does_not_mend_says_what_to_do(
    slack: FakeSlack, channel: SlackChannel, error: str, advice: str
) -> None:
    slack.fail("chat.postMessage", error)
    with pytest.raises(Unreachable) as raised:
        await channel.send("slack:C0NORD", MESSAGE)
    assert advice in why(raised.value, texts.of("en"))
    assert raised.value.bounced == (error == "user_not_found")
    assert len(slack.called("chat.postMessage")) == 1


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        ({"status": 429, "retry_after": 7}, 7.0),
        ({"error": "ratelimited"}, 30.0),
        ({"status": 503}, 30.0),
        ({"status": 500}, 30.0),
        ({"error": "internal_error"}, 30.0),
    ],
)
async def test_what_waiting_mends_is_tried_later_and_not_by_itself(
    slack: FakeSlack, channel: SlackChannel, fault: dict[str, object], seconds: float
) -> None:
    slack.fail("chat.postMessage", **fault)  # type: ignore[arg-type]  # a row of the table above
    with pytest.raises(TryLater) as raised:
        await channel.send("slack:C0NORD", MESSAGE)
    assert raised.value.seconds == seconds
    assert not slack.messages


async def test_nobody_listening_is_tried_later(slack: FakeSlack) -> None:
    closed = SlackChannel(BOT_TOKEN, PUBLIC, api_base_url="http://127.0.0.1:9/api")
    with pytest.raises(TryLater):
        await closed.send("slack:C0NORD", MESSAGE)


async def test_a_lost_answer_is_settled_by_our_id_in_the_channel(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    slack.fail("chat.postMessage", drop=True, carried_out=True)
    ref = await channel.send("slack:C0NORD", MESSAGE)
    assert [message["ts"] for message in slack.messages] == [ref.id]


async def test_a_lost_answer_that_nothing_settles_is_in_doubt(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    slack.fail("chat.postMessage", drop=True)
    with pytest.raises(InDoubt):
        await channel.send("slack:C0NORD", MESSAGE)
    slack.fail("chat.postMessage", status=502)
    slack.fail("conversations.history", "missing_scope")
    with pytest.raises(InDoubt):
        await channel.send("slack:C0NORD", MESSAGE)
    assert len(slack.called("chat.postMessage")) == 2  # never sent again by itself


async def test_no_answer_in_time_is_in_doubt(slack: FakeSlack, channel: SlackChannel) -> None:
    channel.client.timeout = 1
    slack.fail("chat.postMessage", hang=True)
    with pytest.raises(InDoubt):
        await channel.send("slack:C0NORD", MESSAGE)


async def test_a_lost_answer_to_an_edit_is_tried_later(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    ref = await channel.send("slack:C0NORD", MESSAGE)
    slack.fail("chat.update", drop=True)
    with pytest.raises(TryLater):
        await channel.update(ref, CARD, "en")


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_too_long", "msg_blocks_too_long"])
async def test_a_card_that_slack_refuses_goes_once_more_as_short_text(
    slack: FakeSlack, channel: SlackChannel, error: str
) -> None:
    slack.fail("chat.postMessage", error)
    hostile = Card("Acme <!channel>", (Text("<@U1>"), Buttons((Button("x", "a", "1"),))))
    await channel.send("slack:C0NORD", Message(hostile, "alert:1", "en"))
    assert slack.messages[0]["blocks"] == []
    assert slack.messages[0]["text"] == "Acme &lt;!channel&gt;\n&lt;@U1&gt;"
    slack.fail("chat.postMessage", error, times=2)
    with pytest.raises(Unreachable):
        await channel.send("slack:C0NORD", MESSAGE)


async def test_a_chart_is_uploaded_where_slack_can_not_fetch_it(slack: FakeSlack) -> None:
    async def picture(chart: Chart) -> bytes:
        return b"png"

    local = Addresses("http://127.0.0.1:8400", SECRET)
    channel = SlackChannel(BOT_TOKEN, local, api_base_url=slack.base_url, picture=picture)
    chart = Chart("trend", (Point("Q1", 10.0),), "NPS rose")
    message = Message(Card("Acme", (chart,)), "alert:1", "en")
    await channel.send("slack:C0NORD", message)
    assert slack.messages[0]["blocks"][1]["slack_file"]["id"].startswith("F")
    assert slack.files
    slack.fail("files.getUploadURLExternal", "missing_scope")
    other = Message(Card("Acme", (Chart("trend", (Point("Q2", 1.0),), "fell"),)), "alert:2", "en")
    await channel.send("slack:C0NORD", other)
    assert "fell" in words(slack.messages[1])
    slack.fail("chat.postMessage", "invalid_blocks")
    await channel.send("slack:C0NORD", message)
    assert "NPS rose" in words(slack.messages[2])


@pytest.mark.parametrize(
    ("flags", "outside"),
    [
        ({}, False),
        ({"is_ext_shared": True}, True),
        ({"is_pending_ext_shared": True}, True),
        ({"pending_shared": ["T0ACME"]}, True),
        ({"is_shared": True}, True),
        ({"is_shared": True, "is_org_shared": True}, False),
    ],
)
async def test_who_can_read_a_channel(
    slack: FakeSlack, channel: SlackChannel, flags: dict[str, object], outside: bool
) -> None:
    slack.channel("C0X", ("U0ANNA",), **flags)
    assert await channel.outsiders("slack:C0X") is outside


@pytest.mark.parametrize(
    "flags",
    [{"is_restricted": True}, {"is_ultra_restricted": True}, {"is_stranger": True},
     {"team_id": "T0ACME"}],
)  # fmt: skip
async def test_one_guest_makes_a_channel_and_their_direct_messages_outside(
    slack: FakeSlack, channel: SlackChannel, flags: dict[str, Any]
) -> None:
    slack.user("U0GUEST", **flags)
    slack.channel("C0X", ("U0ANNA", "U0GUEST"))
    assert await channel.outsiders("slack:C0X")
    assert await channel.outsiders("slack:U0GUEST")
    assert not await channel.outsiders("slack:U0ANNA")


async def test_what_slack_does_not_tell_is_said_with_its_reason(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    with pytest.raises(Unreachable, match="channel_not_found"):
        await channel.outsiders("slack:C0UNKNOWN")
    with pytest.raises(Unreachable, match="user_not_found"):
        await channel.outsiders("slack:U0UNKNOWN")
    slack.fail("conversations.info", status=500)
    with pytest.raises(TryLater):
        await channel.outsiders("slack:C0NORD")
    assert not await channel.outsiders("slack:C0NORD")


async def test_readers_are_remembered_for_a_minute(slack: FakeSlack) -> None:
    at = 0.0
    channel = SlackChannel(BOT_TOKEN, PUBLIC, api_base_url=slack.base_url, now=lambda: at)
    await asyncio.gather(*(channel.outsiders("slack:C0NORD") for _ in range(2)))
    before = len(slack.called("conversations.info"))
    await channel.outsiders("slack:C0NORD")
    assert len(slack.called("conversations.info")) == before
    at = 61.0
    slack.channels["C0NORD"]["is_ext_shared"] = True
    assert await channel.outsiders("slack:C0NORD")


async def test_colleagues_of_the_same_organisation_are_no_outsiders(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    slack.user("U0GRID", team_id="T0SISTER", enterprise_user={"enterprise_id": "E0"})
    assert await channel.outsiders("slack:U0GRID")
    grid = SlackChannel(BOT_TOKEN, PUBLIC, api_base_url=slack.base_url)
    slack.enterprise_id = "E0"
    assert not await grid.outsiders("slack:U0GRID")


async def test_every_error_is_one_of_ours(slack: FakeSlack, channel: SlackChannel) -> None:
    slack.fail("conversations.open", drop=True)
    with pytest.raises(ChatError):
        await channel.send("slack:U0ANNA", MESSAGE)
    assert BOT_USER in slack.channels["C0NORD"]["members"]


async def test_the_check_names_token_scopes_and_way_in(slack: FakeSlack) -> None:
    slack.scopes = "chat:write,commands"
    settings = Slack(bot_token=BOT_TOKEN, signing_secret="s", api_base_url=slack.base_url)
    found = {what: (ok, advice) for what, ok, advice in await check(settings, "http://nps.example")}
    assert found["Slack clock"][0]
    assert "Slack needs https" in found["Slack way in"][1]
    assert found["Slack token"] == (True, "npsbot in Nordfab")
    assert "im:history" in found["Slack scopes"][1]
    slack.scopes = ",".join(SCOPES)
    *others, (_, reached, advice) = await check(settings, "https://127.0.0.1:1")
    assert all(ok for _what, ok, _advice in others)
    assert not reached
    assert "can't be reached" in advice
    wrong = Slack(bot_token="xoxb-wrong", api_base_url=slack.base_url)
    assert (await check(wrong, ""))[0][1] is False
    socket = Slack(bot_token=BOT_TOKEN, app_token="xapp-fake", mode="socket",
                   api_base_url=slack.base_url)  # fmt: skip
    assert all(ok for _what, ok, _advice in await check(socket, ""))


def test_the_manifest_has_one_address_for_everything_or_none_in_socket_mode() -> None:
    made = manifest_data("https://nps.nordfab.example/")
    address = "https://nps.nordfab.example/slack/events"
    assert made["features"]["slash_commands"][0]["url"] == address
    assert made["settings"]["interactivity"]["message_menu_options_url"] == address
    assert made["settings"]["event_subscriptions"]["request_url"] == address
    assert "slack/events" not in str(manifest_data("", "socket"))
    assert all(scope in reasons() for scope in SCOPES)


async def test_a_message_in_doubt_that_stands_is_edited_to_what_is_true_now(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    ref = await channel.send("slack:C0NORD", MESSAGE)
    doubted = Doubted(datetime.now(UTC), "It may stand twice.")
    now = replace(MESSAGE, card=Card("Anna has it"), doubted=doubted)
    assert await channel.send("slack:C0NORD", now) == ref
    (stands,) = slack.messages
    assert "Anna has it" in str(stands["blocks"])
    assert "twice" not in str(stands["blocks"])


async def test_a_message_in_doubt_that_stands_and_takes_no_edit_counts_as_sent(
    slack: FakeSlack, channel: SlackChannel
) -> None:
    ref = await channel.send("slack:C0NORD", MESSAGE)
    slack.fail("chat.update", "edit_window_closed")
    now = replace(MESSAGE, doubted=Doubted(datetime.now(UTC), "It may stand twice."))
    assert await channel.send("slack:C0NORD", now) == ref
    assert len(slack.called("chat.postMessage")) == 1
