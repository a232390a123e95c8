"""What comes from Teams: every bad token and body is refused rightly, every good one understood."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from time import time
from typing import Any

import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from sqlmodel import select

from bot.msteams import incoming
from handlers import routes
from handlers.cards import Card
from handlers.chat import Command, Message, Notice, Person, Submission
from handlers.context import Context
from storage import conversations
from storage.models import Conversation
from tests.bot.msteams.teams_bot import CHANNEL, GROUP, TeamsBot, running
from tests.bot.slack_app import CASE, FORM, SURVEY, register
from tests.factories import Make
from tests.fake_teams import (
    APP_ID,
    APP_PASSWORD,
    BOT,
    ISSUER,
    SIGNING_KEY,
    TENANT,
    Fault,
    token,
    words,
)
from tests.teams_user import find_action, only_label

OTHER_KEY = generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    happened: list[object] = []
    register(monkeypatch, happened)
    return happened


@pytest_asyncio.fixture
async def bot(ctx: Context, make: Make, happened: list[object]) -> AsyncIterator[TeamsBot]:
    async with running(ctx, make) as started:
        yield started


async def post(
    bot: TeamsBot, body: Any, bearer: str | None, raw: bytes | None = None
) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer is not None else {}
    data: Any = {"data": raw} if raw is not None else {"json": body}
    async with bot.session.post(f"{bot.url}/api/messages", headers=headers, **data) as answer:
        return answer.status, await answer.text()


async def stored(bot: TeamsBot) -> list[str]:
    async with bot.ctx.db.reading() as session:
        return list((await session.exec(select(Conversation.id))).all())


def bad_tokens(url: str) -> dict[str, str | None]:
    now = int(time())
    hmac = {"iss": ISSUER, "aud": APP_ID, "serviceurl": url, "exp": now + 600}
    unsigned = jwt.encode(hmac, "", algorithm="none", headers={"kid": "k1"})
    return {
        "none": None,
        "empty": "",
        "garbage": "xx",
        "three garbage parts": "a.b.c",
        "wrong audience": token(url, aud="other"),
        "no audience": token(url, aud=None),
        "wrong issuer": token(url, iss="https://evil.example"),
        "no issuer": token(url, iss=None),
        "expired": token(url, exp=now - 900, nbf=now - 2000, iat=now - 2000),
        "no end": token(url, exp=None),
        "not yet": token(url, nbf=now + 900),
        "other key, same id": token(url, OTHER_KEY),
        "unknown key": token(url, kid="zz"),
        "HS256 with the secret": jwt.encode(hmac, APP_PASSWORD * 2, headers={"kid": "k1"}),
        "no signature": unsigned,
    }


async def test_every_bad_token_is_401_and_nothing_happens(
    bot: TeamsBot, happened: list[object]
) -> None:
    activity = bot.anna.activity("message", text="acme")
    for name, bearer in bad_tokens(bot.teams.url).items():
        status, _text = await post(bot, activity, bearer)
        assert status == 401, name
    assert not happened
    assert await stored(bot) == []


async def test_a_good_token_for_something_else_is_403(
    bot: TeamsBot, happened: list[object]
) -> None:
    url = bot.teams.url
    activity = bot.anna.activity("message", text="acme")
    bot.teams.keys.append(("weak", SIGNING_KEY, ["directline"]))
    elsewhere = {**activity, "serviceUrl": "https://evil.example/"}
    foreign = {**activity, "conversation": {**activity["conversation"], "tenantId": "other"}}
    cases = {
        "another service address": (elsewhere, token(url)),
        "a token without service address": (activity, token(url, serviceurl=None)),
        "another organisation": (foreign, token(url)),
        "another channel": ({**activity, "channelId": "directline"}, token(url)),
        "a key of another channel": (activity, token(url, kid="weak")),
    }
    for name, (body, bearer) in cases.items():
        status, _text = await post(bot, body, bearer)
        assert status == 403, name
    assert not happened
    assert await stored(bot) == []


async def test_what_is_meant_for_another_bot_is_403_and_kept_nowhere(
    bot: TeamsBot, happened: list[object]
) -> None:
    good = token(bot.teams.url)
    activity = bot.anna.activity("message", GROUP, text="nps acme")
    other = {**activity, "recipient": {"id": "28:99999999-2222-3333-4444-555555555555"}}
    assert (await post(bot, other, good))[0] == 403
    await bot.quiet()
    assert not happened
    assert await stored(bot) == []
    ours = {**bot.anna.activity("message", text="nps"), "recipient": {"id": BOT.upper()}}
    assert (await post(bot, ours, good))[0] == 200


async def test_bodies_that_are_no_activities_are_400(bot: TeamsBot) -> None:
    good = token(bot.teams.url)
    for raw in (b"", b"{", b"[1]", b'"x"', b"null", b"\xff\xfe", b"[" * 100_000, b"{}"):
        status, _text = await post(bot, None, good, raw)
        assert status == 400, raw[:20]
    for wrong in (
        {"timestamp": "nonsense"},
        {"type": None},
        {"type": 5},
        {"type": ""},
        {"conversation": "x"},
        {"from": [1]},
        {"entities": "a"},
    ):
        status, _text = await post(bot, {**bot.anna.activity("message"), **wrong}, good)
        assert status == 400, wrong


async def test_odd_activities_are_answered_200_and_do_nothing(
    bot: TeamsBot, happened: list[object]
) -> None:
    good = token(bot.teams.url)
    for kind in ("messageReaction", "typing", "event", "messageDelete", "endOfConversation", "new"):
        assert await post(bot, bot.anna.activity(kind), good) == (200, "")
    values: list[Any] = [None, [], "x", {"data": 7}, {"npsbot": {"action": 1}}]
    for value in [*values, {"npsbot": {"form": "x"}}]:
        for name in ("task/fetch", "task/submit", "adaptiveCard/action", "application/search",
                     "composeExtension/query", "tab/fetch", "new/thing"):  # fmt: skip
            body = bot.anna.activity("invoke", name=name, value=value)
            assert (await post(bot, body, good))[0] == 200, (name, value)
    bare = {"type": "message", "channelId": "msteams"}
    odd: list[dict[str, Any]] = [{}, {"from": {}}, {"text": 5}, {"value": 5}]
    for more in [*odd, {"from": {"id": BOT}, "text": "acme"}]:
        assert (await post(bot, {**bare, **more}, good))[0] == 200, more
    await bot.anna.say("nps")
    await bot.quiet()
    assert len(happened) == 1


async def test_keys_are_fetched_once_and_without_stopping_the_others(bot: TeamsBot) -> None:
    bot.teams.gate = asyncio.Event()
    asked = [asyncio.create_task(bot.anna.say("nps")) for _ in range(3)]
    await asyncio.sleep(0)
    # The keys are not there yet, and the event loop goes on: others are answered.
    assert (await post(bot, {}, None))[0] == 401
    bot.teams.gate.set()
    await asyncio.gather(*asked)
    assert bot.teams.key_fetches == 1


async def test_without_keys_nobody_is_let_in_and_teams_tries_again(bot: TeamsBot) -> None:
    activity, good = bot.anna.activity("message"), token(bot.teams.url)
    await bot.teams.stop()
    assert (await post(bot, activity, good))[0] == 503


async def test_the_words_behind_the_mention_are_the_command(
    bot: TeamsBot, happened: list[object]
) -> None:
    thread = f"{CHANNEL};messageid=17"
    for text in ("nps acme", "/nps acme", "acme", " NPS:  acme ", "acme&nbsp;"):
        for chat in (None, thread, GROUP):
            await bot.anna.say(text, chat)
    await bot.quiet()
    assert len(happened) == 15
    events = [event for event in happened if isinstance(event, Command)]
    assert {event.text for event in events} == {"acme"}
    assert {event.place for event in events} == {
        "teams-user:aad-anna", f"teams:{CHANNEL}", f"teams:{GROUP}"
    }  # fmt: skip


def mention(who: str, name: str, text: str) -> dict[str, Any]:
    return {"type": "mention", "mentioned": {"id": who, "name": name}, "text": text}


US = mention(BOT, "npsbot", "<at>npsbot</at>")
LARS = mention("29:lars", "Lars Holt", "<at>Lars Holt</at>")
MENTIONED: list[tuple[str, list[dict[str, Any]], str]] = [
    ('<at id="0">npsbot</at> acme', [US], "acme"),
    ("<AT itemid='1' class=x>npsbot</AT>&nbsp;nps acme", [US], "acme"),
    ("@npsbot acme", [mention(BOT, "npsbot", "@npsbot")], "acme"),
    ("<at>nps bot</at> acme", [mention(BOT, "nps bot", "")], "acme"),
    ("<at>npsbot</at> acme <at>Lars Holt</at>", [US, LARS], "acme"),
    ('<at>npsbot</at> nps acme <at id="2">Lars Holt</at> people', [US, LARS], "acme people"),
    ("<at>Lars Holt</at> <at>npsbot</at> acme", [US, LARS], "acme"),
    ("<at>npsbot</at> a < b", [US], "a < b"),
    ("<at>npsbot</at> <at>npsbot</at> acme", [US, US], "acme"),
]


@pytest.mark.parametrize(("text", "entities", "meant"), MENTIONED)
async def test_no_mention_is_part_of_a_name(
    bot: TeamsBot, happened: list[object], text: str, entities: list[dict[str, Any]], meant: str
) -> None:
    await bot.anna.send(bot.anna.activity("message", GROUP, text=text, entities=entities))
    await bot.quiet()
    (event,) = happened
    assert isinstance(event, Command)
    assert event.text == meant


async def test_the_colleague_who_stands_in_may_be_mentioned(bot: TeamsBot) -> None:
    text = "<at>npsbot</at> away until friday backup <at>Lars Holt</at>"
    activity = bot.anna.activity("message", GROUP, text=text, entities=[US, LARS])
    assert incoming.command_text(activity) == "away until friday backup Lars Holt"
    assert incoming.typed_text(activity) == "away until friday backup Lars Holt"


async def test_what_is_not_said_to_the_bot_is_not_answered(
    bot: TeamsBot, happened: list[object]
) -> None:
    for chat in (CHANNEL, GROUP):
        await bot.anna.send(bot.anna.activity("message", chat, text="lunch?"))
    await bot.anna.send(bot.anna.activity("message", text=""))
    await bot.anna.say("nps")
    await bot.quiet()
    assert len(happened) == 1


async def test_a_message_delivered_twice_is_carried_out_once(
    bot: TeamsBot, happened: list[object]
) -> None:
    activity = bot.anna.activity("message", text="nps acme")
    await bot.anna.send(activity)
    await bot.anna.send(activity)
    await bot.anna.say("nps")
    await bot.quiet()
    assert len(happened) == 2
    assert len(bot.teams.at("aad-anna")) <= 2


async def test_a_click_replaces_its_message(bot: TeamsBot, happened: list[object]) -> None:
    message = await bot.anna.ask("acme")
    await bot.anna.press(message, "Take it")
    await bot.teams.until(lambda: "Anna Berg has it" in words(message))
    assert len(bot.teams.at("aad-anna")) == 1


async def test_a_word_for_one_person_leaves_the_message_alone(bot: TeamsBot) -> None:
    message = await bot.anna.ask("acme")
    await bot.anna.press(message, "Why")
    told = (await bot.teams.until(lambda: bot.teams.at("aad-anna")[1:]))[0]
    assert "Mikkel took this at 13:22" in words(told)
    assert message["edited"] == 0


async def test_a_fault_of_ours_is_said_with_its_number(bot: TeamsBot) -> None:
    message = await bot.anna.ask("acme")
    await bot.anna.press(message, "Fail")
    told = (await bot.teams.until(lambda: bot.teams.at("aad-anna")[1:]))[0]
    assert "noted for the administrator" in words(told)


async def test_a_form_opens_keeps_what_was_typed_and_shows_errors_at_the_field(
    bot: TeamsBot, happened: list[object]
) -> None:
    message = await bot.anna.ask("acme")
    dialog = await bot.anna.fetch(message, "I called")
    assert dialog["title"] == FORM.title
    wrong = await bot.anna.submit(dialog, said="short")
    assert wrong is not None
    shown = str(wrong["card"]["content"])
    assert "Write a little more." in shown
    assert "And this." in shown, "an error that belongs to no field is shown too"
    assert "'short'" in shown
    done = await bot.anna.submit(wrong, said="long enough")
    assert done is None
    await bot.teams.until(lambda: "solved" in words(message), "the card replaced")
    sent = [event for event in happened if isinstance(event, Submission)]
    assert sent[-1].origin is not None
    assert sent[-1].origin.id == message["id"]


async def test_a_word_after_a_form_is_shown_in_the_dialog(bot: TeamsBot) -> None:
    message = await bot.anna.ask("acme")
    dialog = await bot.anna.fetch(message, "I called")
    told = await bot.anna.submit(dialog, said="fail")
    assert told is not None
    assert "Mikkel was faster." in words(told)
    assert message["edited"] == 0


async def test_a_forged_dialog_changes_no_message(bot: TeamsBot, happened: list[object]) -> None:
    message = await bot.anna.ask("acme")
    dialog = await bot.anna.fetch(message, "I called")
    data = dialog["card"]["content"]["actions"][0]["data"]
    signed = data["npsbot"]["origin"]["state"]
    for forged in ("x" + signed[1:], signed[:-1] + "é", "ü" + signed[1:], signed[:-1] + "\ud800"):
        data["npsbot"]["origin"] = {"state": forged}
        shown = await bot.anna.submit(dialog, said="long enough")
        assert shown is not None
        assert "solved" in words(shown), "the answer is not lost"
        assert message["edited"] == 0


async def test_a_command_with_a_form_brings_a_button_that_opens_it(bot: TeamsBot) -> None:
    message = await bot.anna.ask("wave new", CHANNEL)
    dialog = await bot.anna.fetch(message, only_label(message))
    assert dialog["title"] == FORM.title


DIRECT = "POST conversations/a:aad-anna/activities"


@pytest.mark.parametrize(
    "fault", [Fault(DIRECT, 429, retry_after="60"), Fault(DIRECT, 500), Fault(DIRECT, drop=True)]
)
async def test_an_answer_that_teams_puts_off_is_to_be_asked_for_again(
    bot: TeamsBot, fault: Fault
) -> None:
    for chat in (GROUP, None):
        bot.teams.faults.append(replace(fault))
        await bot.anna.say("nps acme", chat)
        await bot.quiet()
        (line,) = bot.teams.at(chat or "aad-anna")
        assert "busy" in words(line)
        assert "Add the app" not in words(line)


async def test_an_answer_comes_as_soon_as_teams_takes_it(bot: TeamsBot) -> None:
    bot.teams.faults.append(Fault(DIRECT, 429, retry_after="7"))
    await bot.anna.say("nps acme", GROUP)
    await bot.quiet()
    assert bot.waits == [7.0]
    assert CASE.title in words(bot.teams.at("aad-anna")[0])
    assert "I sent it to you" in words(bot.teams.at(GROUP)[0])


async def test_who_has_not_the_app_is_told_to_add_it(bot: TeamsBot) -> None:
    bot.teams.faults.append(Fault(DIRECT, 403, "ConversationBlockedByUser"))
    await bot.anna.say("nps acme", GROUP)
    await bot.quiet()
    assert "Add the app" in words(bot.teams.at(GROUP)[0])


async def test_names_are_looked_up_as_they_are_typed(bot: TeamsBot, happened: list[object]) -> None:
    message = await bot.anna.ask("acme")
    dialog = await bot.anna.fetch(message, "I called")
    found = await bot.anna.look_up(dialog, "who", "mikk")
    assert found[0]["value"] == "4"
    assert "Mikkel Skov" in found[0]["title"]


async def test_an_action_that_answers_at_once_gives_the_card_back(bot: TeamsBot) -> None:
    message = await bot.anna.ask("acme")
    action = {"type": "Action.Execute", "verb": "x", "data": find_action(message, "Take it")}
    body = bot.anna.activity(
        "invoke", name="adaptiveCard/action", value={"action": action}, replyToId=message["id"]
    )
    answer = await bot.anna.send(body)
    assert answer["statusCode"] == 200
    assert answer["type"] == "application/vnd.microsoft.card.adaptive"
    assert "Anna Berg has it" in str(answer["value"])


async def test_a_contact_answers_without_being_a_member(
    bot: TeamsBot, happened: list[object]
) -> None:
    bot.teams.user("aad-jane", "jane@acme.example", "Jane", userRole="guest")
    await bot.anna.say("nps")  # from now on the bot knows how to reach Teams
    await bot.quiet()
    await bot.ctx.chat.send("teams-user:aad-jane", Message(SURVEY, "invitation:7", "en"))
    prompt = bot.teams.at("aad-jane")[0]
    await bot.person("aad-jane").press(prompt, "3")
    await bot.teams.until(lambda: "Thank you, 3 is saved." in words(prompt))


async def test_words_of_a_contact_are_not_commands(bot: TeamsBot, happened: list[object]) -> None:
    bot.teams.user("aad-jane", "jane@acme.example", "Jane", userRole="guest")
    await bot.person("aad-jane").say("thank you")
    await bot.person("aad-jane").say("nps acme")
    told = (await bot.teams.until(lambda: bot.teams.at("aad-jane")))[0]
    assert "CASE" not in words(told)
    assert CASE.title not in words(told)
    assert not happened
    assert len(bot.teams.at("aad-jane")) == 1


async def test_a_guest_with_the_address_of_a_member_is_nobody(bot: TeamsBot) -> None:
    bot.teams.user("aad-evil", "anna@nordfab.example", "Anna", tenantId="another")
    reply = await bot.person("aad-evil").ask("nps acme")
    assert CASE.title not in words(reply)
    sign_in = "anna_nordfab.example#EXT#@other.example"
    bot.teams.user("aad-ext", "anna@nordfab.example", "Anna", userPrincipalName=sign_in)
    reply = await bot.person("aad-ext").ask("nps acme")
    assert CASE.title not in words(reply)


@pytest.mark.parametrize(
    "said",
    [{"userRole": "guest"}, {"userPrincipalName": "anna_nordfab.example#EXT#@other.example"},
     {"tenantId": "another"}],
)  # fmt: skip
async def test_a_member_who_is_made_a_guest_gets_no_figures_any_more(
    bot: TeamsBot, make: Make, happened: list[object], said: dict[str, str]
) -> None:
    bot.member.teams_id = "aad-anna"
    await make.save(bot.member)
    bot.teams.users["aad-anna"].update(said)
    assert CASE.title not in words(await bot.anna.ask("nps acme"))
    await bot.anna.say("nps acme", CHANNEL)
    await bot.quiet()
    assert not happened
    assert not any(CASE.title in words(each) for each in bot.teams.messages)


async def test_a_member_is_served_while_teams_does_not_say_who_they_are(
    bot: TeamsBot, make: Make
) -> None:
    bot.member.teams_id = "aad-anna"
    await make.save(bot.member)
    bot.teams.faults.append(Fault("members/", hang=True))
    assert CASE.title in words(await bot.anna.ask("nps acme"))


async def test_events_of_places_are_passed_on(bot: TeamsBot, happened: list[object]) -> None:
    anna, place = bot.anna, f"teams:{CHANNEL}"

    async def event(name: str) -> None:
        body = anna.activity("conversationUpdate", CHANNEL)
        body["channelData"]["eventType"] = name
        await anna.send(body)

    await anna.send(anna.activity("conversationUpdate", CHANNEL, membersAdded=[{"id": BOT}]))
    await bot.quiet()
    assert Notice("installed", place) in happened
    await event("channelShared")
    await bot.quiet()
    assert Notice("place_shared", place) in happened
    assert await bot.channel.outsiders(place)
    await event("channelDeleted")
    await bot.quiet()
    assert Notice("place_closed", place) in happened
    count = len(happened)
    for quiet in ("channelRenamed", "teamRenamed", "channelCreated", "teamUnarchived"):
        await event(quiet)
    await anna.install()
    await bot.quiet()
    await anna.install("remove")
    removed = f"teams:{bot.teams.personal('aad-anna')}"
    await bot.quiet()
    gone = [each for each in happened if isinstance(each, Notice) and each.kind == "removed"]
    assert [(each.place, each.person and each.person.id) for each in gone] == [
        (removed, "aad-anna")
    ]
    later = [each for each in happened[count:] if isinstance(each, Notice)]
    assert {each.kind for each in later} <= {"installed", "removed", "place_closed"}
    async with bot.ctx.db.reading() as session:
        assert await conversations.of_person(session, "aad-anna") is None


async def test_a_new_version_of_the_app_removes_nothing(
    bot: TeamsBot, happened: list[object]
) -> None:
    await bot.anna.install()
    await bot.anna.say("nps", CHANNEL)
    await bot.quiet()
    welcomed = len(bot.teams.at("aad-anna"))
    for chat in (None, CHANNEL):
        for action in ("remove-upgrade", "add-upgrade"):
            await bot.anna.install(action, chat)
            await bot.quiet()
    told = {each.kind for each in happened if isinstance(each, Notice)}
    assert told == {"installed"}
    assert len(bot.teams.at("aad-anna")) == welcomed
    async with bot.ctx.db.reading() as session:
        assert await conversations.of_person(session, "aad-anna") is not None
        assert (await conversations.of_team(session, CHANNEL))[0].closed_at is None


async def test_only_conversations_that_are_the_bots_are_kept(bot: TeamsBot) -> None:
    anna = bot.anna
    from_bot = anna.activity("message", text="x", recipient={"id": "29:somebody"})
    from_bot["from"] = {"id": BOT}
    query = anna.activity("invoke", GROUP, name="composeExtension/query", value={})
    nowhere = anna.activity("message", text="nps")
    del nowhere["serviceUrl"]
    for activity in (from_bot, query, anna.activity("messageReaction", GROUP), nowhere):
        await anna.send(activity)
    assert await stored(bot) == []
    await anna.say("nps", f"{CHANNEL};messageid=4")
    assert await stored(bot) == [CHANNEL]
    async with bot.ctx.db.reading() as session:
        kept = await conversations.by_id(session, CHANNEL)
    assert kept is not None
    assert (kept.kind, kept.service_url, kept.bot, kept.tenant, kept.person) == (
        "channel", bot.teams.url, BOT, TENANT, None
    )  # fmt: skip


async def test_a_command_from_a_place_whose_readers_are_unknown_shows_no_figures(
    bot: TeamsBot,
) -> None:
    anna = Person("teams", "aad-anna", email="anna@nordfab.example")
    reply = await routes.command(bot.ctx, Command(anna, "teams:19:unknown", "acme"))
    assert not isinstance(reply, Card)
