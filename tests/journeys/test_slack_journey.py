"""The main way through Slack, over signed HTTP with the whole bot behind it."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest_asyncio

from handlers import links
from tests.conftest import SECRET
from tests.fake_slack import words
from tests.journeys.slack_workspace import Workspace, workspace

COMMENT = "Third wrong invoice in a row <!channel> *x*"


@pytest_asyncio.fixture
async def work(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Workspace]:
    async with workspace(tmp_path) as started:
        yield started


async def answer(work: Workspace, who: str, score: int, **more: str) -> None:
    """A contact opens the personal link, presses the button, and tells more."""
    token = links.survey_token(SECRET, work.acme.invitations[who].id)
    page = f"{work.url}/s/{token}"
    form = links.form_token(SECRET, work.acme.invitations[who].id)
    fields = {"form": form, "score": str(score), **more}
    async with work.session.post(page, data=fields, allow_redirects=False) as done:
        assert done.status == 303, await done.text()


async def alert_of(work: Workspace, place: str = "C0ANNA", number: int = 0) -> dict[str, Any]:
    messages = await work.slack.until(
        lambda: len(work.slack.at(place)) > number and work.slack.at(place), f"alert in {place}"
    )
    message: dict[str, Any] = messages[number]
    return message


async def edited(work: Workspace, message: dict[str, Any], text: str) -> None:
    await work.slack.until(lambda: text in words(message), f"{text!r} on the card")


def _edited_after(message: dict[str, Any], edits: int) -> bool:
    return int(message.get("edited", 0)) > edits


async def test_a_critic_reaches_the_owner_who_calls_and_solves(work: Workspace) -> None:
    await answer(work, "jane", 3, comment=COMMENT, contact_wish="call", phone="+45 12 34 56 78")
    message = await alert_of(work)
    assert words(message).startswith("🔴 Acme A/S: 3 of 10 from Jane Jensen, CFO, decision maker")
    assert COMMENT in words(message)
    assert "invoice" not in message["text"]
    assert message["metadata"]["event_payload"]["key"].startswith("alert:")

    await work.anna.click(message, "Take it")
    await edited(work, message, "Anna has it since 13:20")
    assert words(message).startswith("🟡")

    form = await work.anna.click_for_form(message, "I called or wrote")
    _status, more = await work.anna.submit(
        form, reached="yes", next="promised", said="She is right"
    )
    assert more["response_action"] == "update"
    _status, done = await work.anna.submit(
        {**form, **more["view"]}, promise="invoice check", promise_by="2026-12-01"
    )
    assert done == ""
    await edited(work, message, "invoice check")

    form = await work.anna.click_for_form(message, "Solved")
    _status, done = await work.anna.submit(form, outcome="saved", done="One named person")
    assert done == ""
    await edited(work, message, "🟢")
    await work.anna.click(message, "Reopen")
    await edited(work, message, "🔴")


async def test_a_stale_click_says_what_is_true(work: Workspace) -> None:
    await answer(work, "jane", 3)
    message = await alert_of(work)
    old = {**message}
    await work.anna.click(message, "Take it")
    await edited(work, message, "Anna has it")
    await work.person("U0MIKKEL").click(old, "Take it")
    replies = await work.slack.until(lambda: work.slack.responses)
    assert "Anna" in words(replies[0])
    assert "Nothing was changed." in words(replies[0])


async def test_each_entry_of_the_menu_opens_its_form_and_changes_the_card(
    work: Workspace,
) -> None:
    await answer(work, "ole", 5)
    message = await alert_of(work)
    assert words(message).startswith("🟠")
    for label in ("Snooze reminders", "Hand over", "Not a real critic"):
        form = await work.anna.click_for_form(message, label)
        answers: dict[str, str] = {}
        if label == "Hand over":
            options = await work.anna.look_up(form, "to", "mikk")
            answers = {"to": options[0]["value"], "note": "You know him"}
        elif label == "Not a real critic":
            answers = {"reason": "He mixed up the scale"}
        edits = message.get("edited", 0)
        _status, done = await work.anna.submit(form, **answers)
        assert done == ""
        await work.slack.until(partial(_edited_after, message, edits), f"card after {label}")


async def test_a_reply_in_the_thread_and_a_picked_message_become_notes(work: Workspace) -> None:
    await answer(work, "ole", 5)
    message = await alert_of(work)
    await work.anna.reply(message, "Their CFO is &lt;away&gt;")
    await edited(work, message, "Their CFO is <away>")
    assert "Noted on the case of Acme A/S." in words(work.slack.ephemerals[-1])
    for more in ({"bot_id": "B1"}, {"subtype": "message_changed"}, {"thread_ts": "5.5"}):
        await work.anna.reply(message, "chatter", **more)
    picked = {"channel": "C0ANNA", "ts": "7.7", "text": "They moved", "user": "U0MIKKEL"}
    before = set(work.slack.views)
    await work.anna.pick(picked, "case_note")
    (view,) = await work.slack.until(lambda: set(work.slack.views) - before, "form of the note")
    drawn = work.slack.views[view]
    await work.anna.submit(drawn, case="1")
    await edited(work, message, "They moved")
    assert "chatter" not in words(message)


async def test_the_next_critic_of_the_account_is_a_card_in_the_thread(work: Workspace) -> None:
    await answer(work, "jane", 3)
    first = await alert_of(work)
    await answer(work, "ole", 2, comment="me too")
    second = await alert_of(work, number=1)
    assert second["thread_ts"] == first["ts"]
    assert second["reply_broadcast"] in (True, "1")


async def test_a_channel_that_outsiders_read_gets_no_figure_the_owner_does(
    work: Workspace,
) -> None:
    work.slack.channels["C0ANNA"]["is_ext_shared"] = True
    await answer(work, "jane", 3, comment=COMMENT)
    message = await alert_of(work, "U0ANNA")
    assert "Acme A/S: 3 of 10" in words(message)
    assert not work.slack.at("C0ANNA")
    reply = await work.anna.ask("acme", "C0ANNA")
    assert "people from outside can read this channel" in words(reply)


async def test_a_closed_channel_loses_no_alert(work: Workspace) -> None:
    work.slack.channels["C0ANNA"]["is_archived"] = True
    await answer(work, "jane", 3)
    message = await alert_of(work, "C0CX")
    assert "Acme A/S: 3 of 10" in words(message)


COMMANDS = {
    "acme": "Acme A/S",
    "acmee": "Acme",
    "acme people": "Jane Jensen",
    "cases": "Acme A/S",
    "team nordics": "Nordics",
    "help": "/nps",
    "": "Acme A/S",
    "away until friday backup mikkel": "Mikkel",
    "wave new": "Only CX leads can do this",
}
LEADERS = {
    "all": "The whole programme",
    "wave list": "Autumn 2026",
    "wave show autumn 2026": "Autumn 2026",
}


async def test_every_command_is_answered_with_a_card(work: Workspace) -> None:
    await answer(work, "jane", 3)
    await alert_of(work)
    for typed, seen in COMMANDS.items():
        assert seen in words(await work.anna.ask(typed, "C0ANNA")), typed
    for typed, seen in LEADERS.items():
        assert seen in words(await work.clara.ask(typed)), typed
    assert "Acme A/S" in words(await work.anna.open_home())


async def test_a_wave_goes_from_a_form_in_chat_to_slack_and_mail(work: Workspace) -> None:
    other = await work.make.account("Nordhavn Parts", key="nordhavn", owner_id=work.acme.anna.id,
                                    team_id=work.acme.team.id, country="DK")  # fmt: skip
    await work.make.contact(other, "Bo Dam", email="bo@nordhavn.example", language="en")
    await work.make.contact(other, "Eva Lund", email="eva@nordhavn.example", slack_id="U0EVA",
                            language="en")  # fmt: skip
    work.slack.user("U0EVA", "eva@nordhavn.example", "Eva Lund", team_id="T0HAVN", is_stranger=True)

    form = await work.clara.ask_for_form("wave new")
    _status, done = await work.clara.submit(
        form, name="Winter 2026", start="2026-11-24", start_time="13:20"
    )
    assert done == "", done
    preview = (await work.slack.until(lambda: work.slack.responses, "preview"))[0]
    assert "Winter 2026" in words(preview)
    confirm = next(
        element["text"]["text"]
        for block in preview["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"].startswith("wave_confirm")
    )
    await work.clara.click(preview, confirm)
    await work.slack.until(lambda: work.slack.at("U0EVA"), "the prompt in Slack")
    prompt = work.slack.at("U0EVA")[0]
    assert "Nordfab" in words(prompt)

    await work.person("U0EVA").click(prompt, "2")
    await work.slack.until(lambda: prompt.get("edited"), "thanks to Eva")
    alert = await alert_of(work)
    assert "Nordhavn Parts: 2 of 10 from Eva Lund" in words(alert)
    more = await work.person("U0EVA").click_for_form(prompt, "Tell us more")
    _status, done = await work.person("U0EVA").submit(more, comment="Late again")
    assert done == ""
    work.clock.forward(seconds=3)  # what is changed within a moment is one edit
    await edited(work, alert, "Late again")
    # The mail went out before the card said that everybody was asked.
    assert any("bo@nordhavn.example" in str(mail["To"]) for mail in work.mailbox.mails)
