"""The main way through Teams, over HTTP with validated tokens and the whole bot behind it."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import col, select

from storage.models import CaseEvent, Conversation, Member, Posting
from tests.fake_teams import words
from tests.journeys.teams_workspace import (
    CHANNEL,
    CX_CHANNEL,
    TeamsWorkspace,
    teams_workspace,
)
from tests.teams_user import find_action, first_values, inputs_of, labels

COMMENT = "Third wrong invoice in a row <at>everyone</at> **x** [y](http://z)"


@pytest_asyncio.fixture
async def work(sqlite_url: str) -> AsyncIterator[TeamsWorkspace]:
    async with teams_workspace(sqlite_url) as started:
        yield started


@pytest_asyncio.fixture
async def on_both(either_url: str) -> AsyncIterator[TeamsWorkspace]:
    async with teams_workspace(either_url) as started:
        yield started


async def alert_of(work: TeamsWorkspace, place: str = CHANNEL, number: int = 0) -> dict[str, Any]:
    messages = await work.teams.until(
        lambda: len(work.teams.at(place)) > number and work.teams.at(place), f"alert in {place}"
    )
    message: dict[str, Any] = messages[number]
    return message


async def noted_where(work: TeamsWorkspace, message: dict[str, Any]) -> None:
    """Waits until the bot has stored where a message stands: nobody quotes it before it is read."""
    query = select(Posting.id).where(col(Posting.message_id) == message["id"])
    async with asyncio.timeout(10):
        while True:
            async with work.db.reading() as session:
                if (await session.exec(query)).first() is not None:
                    return
            await asyncio.sleep(0.02)


async def edited(work: TeamsWorkspace, message: dict[str, Any], text: str) -> None:
    await work.teams.until(lambda: text in words(message), f"{text!r} on the card")


def _edited_after(message: dict[str, Any], edits: int) -> bool:
    return int(message["edited"]) > edits


async def test_a_critic_reaches_the_owner_who_calls_and_solves(
    on_both: TeamsWorkspace,
) -> None:
    work = on_both
    await work.answer("jane", 3, comment=COMMENT, contact_wish="call", phone="+45 12 34 56 78")
    message = await alert_of(work)
    assert "Acme A/S: 3 of 10 from Jane Jensen, CFO, decision maker" in words(message)
    assert "Third wrong invoice in a row" in words(message)
    assert "invoice" not in message["summary"]
    assert message["channelData"]["npsbot"]["key"].startswith("alert:")
    assert message["thread"] is None

    await work.anna.press(message, "Take it")
    await edited(work, message, "Anna has it since 13:20")

    dialog = await work.anna.fetch(message, "I called or wrote")
    more = await work.anna.submit(dialog, reached="yes", next="promised", said="She is right")
    assert more is not None
    assert "She is right" in str(more["card"]["content"]), "what was typed is kept"
    done = await work.anna.submit(more, promise="invoice check", promise_by="2026-12-01")
    assert done is None, done
    await edited(work, message, "invoice check")

    dialog = await work.anna.fetch(message, "Solved")
    assert await work.anna.submit(dialog, outcome="saved", done="One named person") is None
    await work.teams.until(lambda: "Reopen" in labels(message), "Reopen on the solved card")
    await work.anna.press(message, "Reopen")
    await work.teams.until(lambda: "Take it" in labels(message) or "I called or wrote"
                           in labels(message), "an open card")  # fmt: skip
    async with work.db.reading() as session:
        events = (await session.exec(select(CaseEvent))).all()
    assert {event.platform for event in events if event.member_id} == {"teams"}


async def test_a_stale_click_says_what_is_true_to_the_person_alone(work: TeamsWorkspace) -> None:
    await work.answer("jane", 3)
    message = await alert_of(work)
    old = {**message, "attachments": message["attachments"]}
    await work.anna.press(message, "Take it")
    await edited(work, message, "Anna has it")
    await work.person("aad-mikkel").press(old, "Take it")
    reply = await alert_of(work, "aad-mikkel")
    assert "Anna" in words(reply)
    assert "Nothing was changed." in words(reply)


async def test_each_entry_of_the_menu_opens_its_dialog_and_changes_the_card(
    work: TeamsWorkspace,
) -> None:
    await work.answer("ole", 5)
    message = await alert_of(work)
    for label in ("Snooze reminders", "Hand over", "Not a real critic"):
        dialog = await work.anna.fetch(message, label)
        answers: dict[str, str] = {}
        if label == "Hand over":
            options = await work.anna.look_up(dialog, "to", "mikk")
            answers = {"to": options[0]["value"], "note": "You know him"}
        elif label == "Not a real critic":
            answers = {"reason": "He mixed up the scale"}
        edits = message["edited"]
        assert await work.anna.submit(dialog, **answers) is None
        await work.teams.until(partial(_edited_after, message, edits), f"card after {label}")


async def test_the_next_critic_of_the_account_is_a_reply_in_the_thread(
    work: TeamsWorkspace,
) -> None:
    await work.answer("jane", 3)
    first = await alert_of(work)
    await work.answer("ole", 2, comment="me too")
    second = await alert_of(work, number=1)
    assert second["thread"] == first["id"]
    await work.anna.press(second, "Take it")
    await edited(work, second, "Anna has it")


async def test_words_under_the_card_are_kept_as_a_note(work: TeamsWorkspace) -> None:
    await work.answer("jane", 3)
    message = await alert_of(work)
    thread = f"{CHANNEL};messageid={message['id']}"
    reply = await work.anna.ask("Jane is on holiday until Monday", thread)
    assert "Noted on the case of Acme" in words(reply)
    for question in ("acme", "cases", "nps acme people"):
        assert "Noted" not in words(await work.anna.ask(question, thread)), question
    async with work.db.reading() as session:
        notes = (await session.exec(select(CaseEvent.note))).all()
    assert "Jane is on holiday until Monday" in notes


async def test_a_picked_message_becomes_a_note_and_its_words_can_be_changed(
    work: TeamsWorkspace,
) -> None:
    await work.answer("jane", 3)
    message = await alert_of(work)
    await work.anna.ask("help")
    elsewhere = work.teams.chat("19:elsewhere@thread.v2", "groupChat", "aad-anna")
    picked = {"id": "171", "body": {"contentType": "html", "content": "<p>They &amp; we moved</p>"}}
    dialog = await work.anna.pick(picked, elsewhere)
    typed = first_values(dialog["card"]["content"])
    assert typed["text"] == "They & we moved"
    case = inputs_of(dialog["card"]["content"])["case"]["choices"][0]
    assert "Acme" in case["title"]
    told = await work.anna.keep(dialog, elsewhere, case=case["value"], text="They moved")
    assert "Noted on the case of Acme" in str(told)
    await edited(work, message, "They moved")
    own = await work.anna.pick({**picked, "id": message["id"]}, CHANNEL)
    assert not first_values(own["card"]["content"])["text"], "our own card: the words are to come"
    async with work.db.reading() as session:
        assert await session.get(Conversation, elsewhere) is None, "the bot is not there"


async def test_an_answer_that_quotes_the_card_is_a_note(work: TeamsWorkspace) -> None:
    work.teams.chats[CHANNEL]["removed"] = True
    work.teams.chats[CX_CHANNEL]["removed"] = True
    await work.anna.ask("help")
    await work.answer("jane", 3)
    message = (await work.teams.until(lambda: work.teams.at("aad-anna")[1:], "alert"))[0]
    await noted_where(work, message)
    quote = (
        '<blockquote itemscope itemtype="http://schema.skype.com/Reply" '
        f'itemid="{message["id"]}"><p>Acme 3 of 10</p></blockquote><p>She is away &amp; busy</p>'
    )
    html = [{"contentType": "text/html", "content": quote}]
    said = work.anna.activity("message", text="Acme 3 of 10\nShe is away & busy", attachments=html)
    await work.anna.send(said)
    await edited(work, message, "She is away & busy")
    assert "Acme 3 of 10 She" not in words(message)


async def test_a_channel_that_guests_read_gets_no_figure_the_owner_does(
    work: TeamsWorkspace,
) -> None:
    work.acme.anna.teams_id = "aad-anna"
    await work.make.save(work.acme.anna)
    guest = work.teams.user("aad-guest", "guest@other.example", "Guest", userRole="guest")
    work.teams.chats[CHANNEL]["people"].append(guest)
    await work.answer("jane", 3, comment=COMMENT)
    await work.teams.until(
        lambda: [m for m in work.teams.at("aad-anna") if "Acme A/S: 3 of 10" in words(m)], "alert"
    )
    assert not work.teams.at(CHANNEL)


async def test_a_guest_who_joins_the_team_reads_all_of_its_channels(work: TeamsWorkspace) -> None:
    work.acme.anna.teams_id = "aad-anna"
    await work.make.save(work.acme.anna)
    team = work.teams.chat("19:nordics@thread.tacv2", "channel")
    await work.answer("jane", 3, comment=COMMENT)
    message = await alert_of(work)
    edits = message["edited"]
    guest = work.teams.user("aad-guest", "guest@other.example", "Guest", userRole="guest")
    for channel in (CHANNEL, CX_CHANNEL, team):
        work.teams.chats[channel]["people"].append(guest)
    # Teams names the team alone, by the id of its first channel.
    joined = work.clara.activity("conversationUpdate", team, membersAdded=[{"id": "29:aad-guest"}])
    del joined["channelData"]["channel"]
    joined["channelData"]["eventType"] = "teamMemberAdded"
    await work.clara.send(joined)
    await work.teams.until(partial(_edited_after, message, edits), "the card emptied")
    assert "invoice" not in words(message)
    assert "Acme" not in words(message)
    await work.answer("ole", 2, comment="me too")
    await work.teams.until(
        lambda: [m for m in work.teams.at("aad-anna") if "me too" in words(m)], "alert to Anna"
    )
    assert not [m for m in work.teams.messages if m["chat"] == CHANNEL and "2 of 10" in words(m)]


async def test_a_shared_channel_is_read_by_outsiders(work: TeamsWorkspace) -> None:
    work.teams.chats[CHANNEL]["shared"] = True
    await work.anna.ask("acme", CHANNEL)  # what comes first may be that the channel is no place
    await work.teams.until(
        lambda: [m for m in work.teams.at("aad-anna") if "Acme A/S" in words(m)], "the reply"
    )
    sent = await work.teams.until(lambda: work.teams.at(CHANNEL), "a line in the channel")
    assert "Acme" not in words(sent[0])
    await work.answer("jane", 3)
    await work.teams.until(
        lambda: [m for m in work.teams.at("aad-anna") if "3 of 10" in words(m)], "alert to Anna"
    )
    assert not [m for m in work.teams.at(CHANNEL) if "3 of 10" in words(m)]


async def test_a_question_that_a_guest_reads_is_answered_once(work: TeamsWorkspace) -> None:
    guest = work.teams.user("aad-guest", "guest@other.example", "Guest", userRole="guest")
    group = work.teams.chat("19:group@thread.v2", "groupChat", "aad-anna", guest)
    reply = await work.anna.ask("acme", group)
    line = (await work.teams.until(lambda: work.teams.at(group), "a line in the group"))[0]
    assert "Acme A/S" in words(reply)
    assert "People" in labels(reply)
    assert "Show in channel" not in labels(reply)
    assert "I sent it to you in your own chat" in words(line)
    assert len(work.teams.messages) == 2


async def test_a_channel_without_the_app_loses_no_alert(work: TeamsWorkspace) -> None:
    work.teams.chats[CHANNEL]["removed"] = True
    await work.answer("jane", 3)
    message = await alert_of(work, CX_CHANNEL)
    assert "Acme A/S: 3 of 10" in words(message)


async def test_a_question_among_others_is_answered_in_the_own_chat(work: TeamsWorkspace) -> None:
    thread = f"{CHANNEL};messageid=1700"
    reply = await work.anna.ask("/nps acme", thread)
    assert "Acme A/S" in words(reply)
    line = (await work.teams.until(lambda: work.teams.at(CHANNEL)))[0]
    assert "I sent it to you in your own chat" in words(line)
    assert line["thread"] == "1700"
    await work.anna.press(reply, "Show in channel")
    shown = await alert_of(work, CHANNEL, 1)
    assert "Acme A/S" in words(shown)


async def test_a_button_for_a_channel_works_for_those_who_are_in_it(work: TeamsWorkspace) -> None:
    reply = await work.anna.ask("acme", CHANNEL)
    work.teams.chats[CHANNEL]["people"].remove("aad-anna")
    await work.anna.press(reply, "Show in channel")
    told = await alert_of(work, "aad-anna", 1)
    assert "channel" in words(told)
    assert len(work.teams.at(CHANNEL)) == 1, "the line of the question alone"


COMMANDS = {
    "nps acme": "Acme A/S",
    "/nps acme": "Acme A/S",
    "acmee": "Acme",
    "acme people": "Jane Jensen",
    "cases": "Acme A/S",
    "team nordics": "Nordics",
    "help": "/nps",
    "nps": "Acme A/S",
    "away until friday backup mikkel": "Mikkel",
    "wave new": "Only CX leads can do this",
}
LEADERS = {
    "all": "The whole programme",
    "wave list": "Autumn 2026",
    "wave show autumn 2026": "Autumn 2026",
}


async def test_every_command_is_answered_with_a_card(work: TeamsWorkspace) -> None:
    await work.answer("jane", 3)
    await alert_of(work)
    for typed, seen in COMMANDS.items():
        assert seen in words(await work.anna.ask(typed)), typed
    for typed, seen in LEADERS.items():
        assert seen in words(await work.clara.ask(typed)), typed


async def test_members_are_found_by_address_and_remembered(work: TeamsWorkspace) -> None:
    await work.anna.ask("nps")
    async with work.db.reading() as session:
        anna = await session.get(Member, work.acme.anna.id)
        chats = (await session.exec(select(Conversation.person))).all()
    assert anna is not None
    assert anna.teams_id == "aad-anna"
    assert "aad-anna" in chats


async def test_a_person_whose_addresses_fit_two_members_is_asked_once(
    work: TeamsWorkspace,
) -> None:
    for name in ("Ida", "Jon"):
        await work.make.member(name, email=f"{name}@nordfab.example".lower(), language="en",
                               team_id=work.acme.team.id)  # fmt: skip
    work.teams.user("aad-both", "ida@nordfab.example", "M", userPrincipalName=
                    "jon@nordfab.example")  # fmt: skip
    both = work.person("aad-both")
    question = await both.ask("acme")
    assert "Who are you here?" in words(question)
    chosen = next(label for label in labels(question) if "ida@" in label)
    await both.press(question, chosen)
    await edited(work, question, "Hello Ida")
    assert "Acme A/S" in words(await both.ask("acme"))


async def test_an_unknown_person_is_told_how_to_get_in_when_they_ask(work: TeamsWorkspace) -> None:
    work.teams.user("aad-new", "new@nordfab.example", "New")
    reply = await work.person("aad-new").ask("nps acme")
    assert "new@nordfab.example" in words(reply)
    assert "Acme" not in words(reply)


async def test_who_adds_the_app_is_welcomed_once(work: TeamsWorkspace) -> None:
    await work.anna.install()
    welcome = await alert_of(work, "aad-anna")
    assert "nps acme" in words(welcome)
    await work.anna.send(work.anna.activity("conversationUpdate", membersAdded=[{"id": "28:x"}]))
    await work.anna.ask("help")
    assert len(work.teams.at("aad-anna")) == 2


async def test_binding_a_channel_from_its_own_question(work: TeamsWorkspace) -> None:
    dialog = await work.clara.ask_for_form("bind", CX_CHANNEL)
    options = await work.clara.look_up(dialog, "member", "mikk")
    done = await work.clara.submit(dialog, member=options[0]["value"])
    assert done is not None
    assert "Mikkel" in words(done)
    account = await work.make.account("Beta", key="beta", owner_id=work.acme.mikkel.id)
    assert account.id


async def test_a_wave_goes_from_a_dialog_to_teams_and_mail(
    on_both: TeamsWorkspace,
) -> None:
    work = on_both
    other = await work.make.account("Nordhavn Parts", key="nordhavn", owner_id=work.acme.anna.id,
                                    team_id=work.acme.team.id, country="DK")  # fmt: skip
    await work.make.contact(other, "Bo Dam", email="bo@nordhavn.example", language="en")
    await work.make.contact(other, "Eva Lund", email="eva@nordhavn.example", teams_id="aad-eva",
                            language="en")  # fmt: skip
    work.teams.user("aad-eva", "eva@nordhavn.example", "Eva Lund", userRole="guest")

    dialog = await work.clara.ask_for_form("wave new")
    wrong = await work.clara.submit(
        dialog, name="Winter 2026", start="2026-11-20", start_time="13:20"
    )
    assert wrong is not None
    assert "Winter 2026" in str(wrong["card"]["content"])
    done = await work.clara.submit(
        wrong, name="Winter 2026", start="2026-11-24", start_time="13:20"
    )
    assert done is None, done and words(done)
    preview = work.teams.at("aad-clara")[0]
    await edited(work, preview, "Winter 2026")
    assert "1 in Teams" in words(preview)
    confirm = next(
        label
        for label in labels(preview)
        if find_action(preview, label)["npsbot"]["action"] == "wave_confirm"
    )
    await work.clara.press(preview, confirm)
    prompt = await alert_of(work, "aad-eva")
    assert "Nordfab" in words(prompt)
    eva = work.person("aad-eva")
    await eva.press(prompt, "2")
    await work.teams.until(lambda: prompt["edited"], "thanks to Eva")
    alert = await alert_of(work)
    assert "Nordhavn Parts: 2 of 10 from Eva Lund" in words(alert)
    more = await eva.fetch(prompt, "Tell us more")
    assert await eva.submit(more, comment="Late again") is None
    work.clock.forward(seconds=3)  # what is changed within a moment is one edit
    await edited(work, alert, "Late again")
    assert any("bo@nordhavn.example" in str(mail["To"]) for mail in work.mailbox.mails)


@pytest.mark.parametrize("event", ["channelDeleted", "teamArchived"])
async def test_a_channel_that_goes_is_told_to_cx(work: TeamsWorkspace, event: str) -> None:
    work.acme.clara.teams_id = "aad-clara"
    await work.make.save(work.acme.clara)
    gone = work.clara.activity("conversationUpdate", CHANNEL)
    gone["channelData"]["eventType"] = event
    await work.clara.send(gone)
    told = await work.teams.until(
        lambda: [m for m in work.teams.messages if CHANNEL in words(m)], "word of the lost channel"
    )
    assert "Anna" in words(told[0])
    async with work.db.reading() as session:
        query = select(Conversation.closed_at).where(col(Conversation.id) == CHANNEL)
        assert (await session.exec(query)).one() is not None
