"""Every kind of request, signed as Slack signs, from the door to what Slack then shows."""

from urllib.parse import parse_qsl

import pytest

from handlers.chat import Click, Command, Lookup, Notice, Submission
from handlers.context import Context
from handlers.settings import Programme
from storage.db import Database
from tests.bot.slack_app import SURVEY, SlackApp, app, posted, register, running
from tests.conftest import SECRET
from tests.factories import Make
from tests.fake_slack import BOT_USER, words
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace

__all__ = ["app"]


async def test_a_command_is_answered_to_the_asker_alone(app: SlackApp) -> None:
    reply = await app.anna.ask("acme", "C0NORD")
    assert reply["response_type"] == "ephemeral"
    assert "Third wrong invoice" in words(reply)
    assert not app.slack.messages
    event = app.happened[0]
    assert isinstance(event, Command)
    assert (event.place, event.text) == ("slack:C0NORD", "acme")
    assert event.person.email == "anna@nordfab.example"


async def test_a_member_is_found_by_email_once_and_by_slack_id_ever_after(app: SlackApp) -> None:
    await app.anna.ask("acme")
    await app.anna.ask("acme")
    assert len(app.slack.called("users.info")) == 1


async def test_a_command_typed_in_the_direct_messages_has_the_persons_own_place(
    app: SlackApp,
) -> None:
    await app.anna.ask("acme")
    event = app.happened[0]
    assert isinstance(event, Command)
    assert event.place == event.person.place == "slack:U0ANNA"


async def test_a_direct_channel_with_somebody_else_is_not_the_askers_own(app: SlackApp) -> None:
    reply = await app.anna.ask("acme", "D0OTHER")
    assert "I sent it to you directly" in words(reply)
    assert "Third wrong invoice" in words(app.slack.at("U0ANNA")[0])


async def test_figures_asked_for_where_outsiders_read_go_to_the_asker(app: SlackApp) -> None:
    app.slack.channel("C0SHARED", ("U0ANNA",), is_ext_shared=True)
    reply = await app.anna.ask("acme", "C0SHARED")
    assert "I sent it to you directly" in words(reply)
    assert "Third wrong invoice" not in words(reply)
    assert "Third wrong invoice" in words(app.slack.at("U0ANNA")[0])


async def test_somebody_unknown_is_told_how_to_get_access(app: SlackApp) -> None:
    app.slack.user("U0EVE", "eve@nordfab.example")
    reply = await app.person("U0EVE").ask("acme", "C0NORD")
    assert "I don't know you yet" in words(reply)
    assert not app.happened


async def test_the_email_of_a_stranger_proves_nothing(app: SlackApp) -> None:
    app.slack.user("U0EVIL", "anna@nordfab.example", team_id="T0ELSEWHERE", is_stranger=True)
    reply = await app.person("U0EVIL").ask("acme", "C0NORD")
    assert "I don't know you yet" in words(reply)
    assert not app.happened


async def test_a_member_who_is_made_a_guest_gets_no_figures_any_more(app: SlackApp) -> None:
    await app.anna.ask("acme")  # she is known by her id from now on
    app.slack.user("U0ANNA", "anna@nordfab.example", is_restricted=True)
    changed = {"id": "U0ANNA", "is_restricted": True}
    await app.anna.event({"type": "user_change", "user": changed})
    del app.happened[:]
    reply = await app.anna.ask("acme")
    assert "I don't know you yet" in words(reply)
    assert not app.happened


async def test_a_refusal_is_a_sentence(app: SlackApp) -> None:
    assert words(await app.anna.ask("refuse")) == "Only on Mondays."


async def test_a_fault_is_a_sentence_with_its_number(app: SlackApp) -> None:
    message = await posted(app)
    await app.anna.click(message, "Fail")
    replies = await app.slack.until(lambda: app.slack.responses)
    assert "It is noted for the administrator as" in words(replies[0])


async def test_a_form_opens_from_a_command_and_its_card_answers_there(app: SlackApp) -> None:
    view = await app.anna.ask_for_form("wave new", "C0NORD")
    assert view["title"]["text"] == "I called"
    status, answer = await app.anna.submit(view, said="all fine now")
    assert (status, answer) == (200, "")
    replies = await app.slack.until(lambda: app.slack.responses)
    assert "solved" in words(replies[0])


async def test_a_click_replaces_the_message_for_everybody(app: SlackApp) -> None:
    message = await posted(app)
    await app.anna.click(message, "Take it")
    await app.slack.until(lambda: message.get("edited"))
    assert "Anna Berg has it" in words(message)
    event = app.happened[0]
    assert isinstance(event, Click)
    assert (event.action, event.value) == ("sample.take", "7")
    assert event.message is not None
    assert event.message.id == message["ts"]


async def test_a_click_on_an_ephemeral_reply_replaces_that_reply(app: SlackApp) -> None:
    reply = await app.anna.ask("acme", "C0NORD")
    await app.anna.click(reply, "Take it")
    replies = await app.slack.until(lambda: app.slack.responses[1:])
    assert replies[0]["replace_original"] is True
    assert "Anna Berg has it" in words(replies[0])


async def test_a_stale_click_says_what_is_true_and_changes_nothing(app: SlackApp) -> None:
    message = await posted(app)
    await app.anna.click(message, "Why")
    replies = await app.slack.until(lambda: app.slack.responses)
    assert words(replies[0]) == "Mikkel took this at 13:22. Nothing was changed."
    assert (replies[0]["replace_original"], replies[0]["response_type"]) == (False, "ephemeral")
    assert "edited" not in message


async def test_a_form_replaces_the_message_whose_button_opened_it(app: SlackApp) -> None:
    message = await posted(app)
    view = await app.anna.click_for_form(message, "I called")
    await app.anna.submit(view, said="Jane is glad <&>", who="4")
    await app.slack.until(lambda: message.get("edited"))
    assert "solved" in words(message)
    event = app.happened[-1]
    assert isinstance(event, Submission)
    assert event.inputs == {"said": "Jane is glad <&>", "who": "4"}
    assert event.origin is not None
    assert event.origin.id == message["ts"]


async def test_errors_stand_at_their_fields_and_the_form_stays_open(app: SlackApp) -> None:
    view = await app.anna.click_for_form(await posted(app), "I called")
    status, answer = await app.anna.submit(view, said="short")
    assert status == 200
    assert answer == {
        "response_action": "errors",
        "errors": {"said": "Write a little more. And this."},
    }


async def test_a_whisper_after_a_form_reaches_the_person_and_leaves_the_message(
    app: SlackApp,
) -> None:
    message = await posted(app)
    view = await app.anna.click_for_form(message, "I called")
    await app.anna.submit(view, said="fail")
    replies = await app.slack.until(lambda: app.slack.responses)
    assert words(replies[0]) == "Mikkel was faster."
    assert "edited" not in message


async def test_a_form_that_slack_opens_too_late_is_asked_for_again(app: SlackApp) -> None:
    app.slack.fail("views.open", "expired_trigger_id")
    message = await posted(app)
    await app.anna.click(message, "I called")
    replies = await app.slack.until(lambda: app.slack.responses)
    assert "press the button again" in words(replies[0])


async def test_type_ahead_is_answered_at_once(app: SlackApp) -> None:
    view = await app.anna.click_for_form(await posted(app), "I called")
    options = await app.anna.look_up(view, "who", "mik")
    assert options[0]["value"] == "4"
    event = app.happened[-1]
    assert isinstance(event, Lookup)
    assert (event.kind, event.typed) == ("members", "mik")


async def test_a_direct_message_is_answered_in_the_direct_messages(app: SlackApp) -> None:
    await app.anna.say("nps A&amp;B &lt;x&gt; <https://acme.example|acme.example>")
    messages = await app.slack.until(lambda: app.slack.at("U0ANNA"))
    assert "Third wrong invoice" in words(messages[0])
    event = app.happened[0]
    assert isinstance(event, Command)
    assert event.text == "A&B <x> acme.example"


async def test_a_mention_is_answered_to_the_asker_alone(app: SlackApp) -> None:
    await app.anna.mention("nps acme", "C0NORD")
    ephemerals = await app.slack.until(lambda: app.slack.ephemerals)
    assert ephemerals[0]["user"] == "U0ANNA"
    assert "Third wrong invoice" in words(ephemerals[0])


async def test_a_mention_in_a_channel_without_the_bot_is_answered_directly(app: SlackApp) -> None:
    app.slack.channel("C0AWAY", ("U0ANNA",))
    app.slack.channels["C0AWAY"]["members"].remove(BOT_USER)
    await app.anna.mention("nps acme", "C0AWAY")
    messages = await app.slack.until(lambda: app.slack.at("U0ANNA"))
    assert "Third wrong invoice" in words(messages[0])


async def test_typed_words_get_a_button_for_a_form(app: SlackApp) -> None:
    await app.anna.say("nps wave new")
    message = (await app.slack.until(lambda: app.slack.at("U0ANNA")))[0]
    view = await app.anna.click_for_form(message, "Open the form")
    assert view["title"]["text"] == "I called"


async def test_a_contact_answers_in_direct_messages_without_being_a_member(app: SlackApp) -> None:
    app.slack.user("U0JANE", "jane@acme.example", team_id="T0ACME", is_stranger=True)
    message = await posted(app, "slack:U0JANE", SURVEY)
    await app.person("U0JANE").click(message, "3")
    await app.slack.until(lambda: message.get("edited"))
    assert "Thank you, 3 is saved." in words(message)
    event = app.happened[0]
    assert isinstance(event, Click)
    assert event.value == "token:3"


async def test_what_a_contact_writes_is_not_taken_for_a_command(app: SlackApp) -> None:
    app.slack.user("U0JANE", "jane@acme.example", team_id="T0ACME", is_stranger=True)
    status, _answer = await app.person("U0JANE").say("Thanks, all good")
    assert status == 200
    await app.slack.until(lambda: app.slack.called("users.info"))
    await app.adapter.stop()
    assert not app.slack.messages


async def test_the_home_tab_is_drawn_when_it_is_opened(app: SlackApp) -> None:
    home = await app.anna.open_home()
    assert home["type"] == "home"
    assert "Third wrong invoice" in words(home)


async def test_a_button_of_the_home_tab_leads_to_a_page(app: SlackApp) -> None:
    home = await app.anna.open_home()
    page = await app.anna.click_for_form(home, "Take it")
    assert "Anna Berg has it" in words(page)
    await app.anna.click(page, "Why")
    await app.slack.until(lambda: app.slack.at("U0ANNA") or app.slack.responses)
    form = await app.anna.click_for_form(home, "I called")
    _status, answer = await app.anna.submit(form, said="fine")
    assert answer["response_action"] == "update"
    assert "solved" in words(answer["view"])


@pytest.mark.parametrize(
    ("event", "kind", "place"),
    [
        ({"type": "channel_shared", "channel": "C0NORD"}, "place_shared", "slack:C0NORD"),
        ({"type": "channel_archive", "channel": "C0NORD"}, "place_closed", "slack:C0NORD"),
        ({"type": "group_left", "channel": "C0NORD"}, "place_closed", "slack:C0NORD"),
        (
            {"type": "member_left_channel", "channel": "C0NORD", "user": BOT_USER},
            "place_closed",
            "slack:C0NORD",
        ),
        (
            {"type": "member_joined_channel", "channel": "C0NORD", "user": BOT_USER},
            "installed",
            "slack:C0NORD",
        ),
        ({"type": "app_uninstalled"}, "removed", "slack:T0HOME"),
        ({"type": "tokens_revoked", "tokens": {"bot": ["U0BOT"]}}, "revoked", "slack:T0HOME"),
    ],
)
async def test_what_happens_to_places_and_app_is_noticed(
    app: SlackApp, event: dict[str, object], kind: str, place: str
) -> None:
    status, _answer = await app.anna.event(event)
    assert status == 200
    await app.adapter.stop()
    assert app.happened == [Notice(kind, place)]  # type: ignore[arg-type]  # the table's own words


async def test_a_channel_that_is_shared_gets_no_figures_from_that_moment(app: SlackApp) -> None:
    assert not await app.ctx.chat.outsiders("slack:C0NORD")
    app.slack.channels["C0NORD"]["is_ext_shared"] = True
    await app.anna.event({"type": "channel_shared", "channel": "C0NORD"})
    assert await app.ctx.chat.outsiders("slack:C0NORD")
    message = {**await posted(app, "slack:U0ANNA"), "channel": "C0NORD"}
    await app.anna.click(message, "Take it")
    replies = await app.slack.until(lambda: app.slack.responses)
    assert "I sent it to you directly" in words(replies[0])


async def test_a_reply_url_that_is_used_up_is_replaced_by_an_ephemeral_message(
    app: SlackApp,
) -> None:
    message = await posted(app)
    for used_up in ("api/gone", "nowhere"):
        app.slack.ephemerals.clear()
        await app.anna.click(message, "Why", response_url=f"{app.slack.root}/{used_up}")
        ephemerals = await app.slack.until(lambda: app.slack.ephemerals)
        assert ephemerals[0]["user"] == "U0ANNA"


async def test_a_command_typed_over_the_socket_is_answered(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[object] = []
    register(monkeypatch, happened)
    clock = FakeClock()
    ctx = Context(Programme(), db, FakeChat(), clock, FakeEngine().soon, no_pace, SECRET)
    async with running(ctx, Make(db, clock), happened, "socket") as app:
        socket = (await app.slack.until(lambda: app.slack.sockets))[0]
        body = app.anna.command_body("acme", "C0NORD")
        payload = dict(parse_qsl(body))
        payload["response_url"] = app.anna.response_url()
        envelope = {"type": "slash_commands", "envelope_id": "e1", "payload": payload}
        await socket.send_json({**envelope, "accepts_response_payload": True})
        await app.slack.until(lambda: "e1" in app.slack.acks)
        replies = await app.slack.until(lambda: app.slack.responses)
        assert "Third wrong invoice" in words(replies[0])
        async with app.session.post(f"{app.url}/slack/events", data=b"") as answer:
            assert answer.status == 404
