"""Requests that Slack did not sign, sends again, or that say nothing to us."""

import json
from collections.abc import Callable
from time import time
from urllib.parse import urlencode

import pytest

from tests.bot.slack_app import SlackApp, app, posted
from tests.slack_user import sign, state_of

__all__ = ["app"]


def _changed(body: str) -> tuple[str, dict[str, str]]:
    return body + "&x=1", sign(body)


ATTACKS: dict[str, Callable[[str], tuple[str, dict[str, str]]]] = {
    "no signature": lambda body: (body, {}),
    "another secret": lambda body: (body, sign(body, secret="another")),
    "stale": lambda body: (body, sign(body, at=time() - 600)),
    "from the future": lambda body: (body, sign(body, at=time() + 600)),
    "changed after signing": _changed,
    "no time": lambda body: (body, {**sign(body), "X-Slack-Request-Timestamp": "soon"}),
    "no time there is": lambda body: (body, {**sign(body), "X-Slack-Request-Timestamp": "9" * 400}),
    "no text": lambda body: (body, {**sign(body), "X-Slack-Signature": "v0=ü"}),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_request_that_slack_did_not_sign_does_nothing(app: SlackApp, attack: str) -> None:
    body, headers = ATTACKS[attack](app.anna.command_body("acme", "C0NORD"))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    url = f"{app.url}/slack/events"
    async with app.session.post(url, data=body.encode(), headers={**headers, **kind}) as answer:
        assert answer.status == 401
    assert not app.happened
    assert not app.slack.calls


async def test_a_replayed_request_is_carried_out_once(app: SlackApp) -> None:
    body = app.anna.command_body("acme", "C0NORD")
    headers = {**sign(body), "Content-Type": "application/x-www-form-urlencoded"}
    for _ in range(3):
        url = f"{app.url}/slack/events"
        async with app.session.post(url, data=body.encode(), headers=headers) as answer:
            assert answer.status == 200
    await app.slack.until(lambda: app.slack.responses)
    assert len(app.happened) == 1


async def test_a_form_that_slack_repeats_is_kept_once_and_answered_the_same(
    app: SlackApp,
) -> None:
    view = await app.anna.click_for_form(await posted(app), "I called")
    app.happened.clear()
    for said, times in (("short", 3), ("Jane is glad again", 1)):
        values = state_of(view["blocks"], {"said": said})
        answers = []
        for number in range(3):
            # A repetition is the same view with the same hash, whatever else it carries.
            payload = {
                "type": "view_submission",
                "team": {"id": "T1"},
                "user": {"id": "U0ANNA", "name": "anna"},
                "trigger_id": f"again-{said}-{number}",
                "view": {**view, "hash": "156.aa", "state": {"values": values}},
                "response_urls": [],
            }
            answers.append(await app.anna.interact(payload))
        assert answers[0] == answers[1] == answers[2]
        # What was refused stored nothing: the person may send the same again.
        assert len(app.happened) == times
        app.happened.clear()


async def test_an_event_that_slack_repeats_is_carried_out_once(app: SlackApp) -> None:
    event = {"type": "message", "channel_type": "im", "user": "U0ANNA", "channel": "D0ANNA",
             "text": "nps acme", "ts": "1.0"}  # fmt: skip
    body = app.anna.event_body(event)
    for number in range(3):
        # Slack signs each attempt anew.
        headers = {**sign(body, at=time() - number), "X-Slack-Retry-Num": str(number)}
        status, _answer = await app.anna.post(body, "application/json", **headers)
        assert status == 200
    await app.slack.until(lambda: app.slack.messages)
    assert len(app.happened) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("{", "application/json"),
        ("[]", "application/json"),
        ('"x"', "application/json"),
        ("payload=%7Bnot", "application/x-www-form-urlencoded"),
        ("payload=%5B%5D", "application/x-www-form-urlencoded"),
        ("[" * 100_000, "application/json"),
        ('{"type": "block_actions", "actions": []}', "application/json"),
        ('{"type": "event_callback", "event": 7}', "application/json"),
    ],
)
async def test_a_signed_body_that_can_not_be_read_is_a_bad_request(
    app: SlackApp, body: str, kind: str
) -> None:
    status, _answer = await app.anna.post(body, kind)
    assert status == 400


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"type": "message_action", "callback_id": "x", "user": {"id": "U0ANNA"}},
        {"type": "block_actions"},
        {"type": "block_actions", "user": {"id": "U0ANNA"}, "actions": [{"action_id": "link#3"}]},
        {"type": "view_submission", "user": {"id": "U0ANNA"}, "view": {"callback_id": "form"}},
        {"type": "view_submission", "view": {"callback_id": "form", "private_metadata": "[]"}},
        {"type": "block_suggestion", "user": {"id": "U0ANNA"}, "action_id": "who", "value": "x"},
        {"type": "view_closed", "view": {"callback_id": "form"}},
        {"type": "something new"},
    ],
)
async def test_what_is_not_for_us_is_ignored_without_a_fault(
    app: SlackApp, payload: dict[str, object]
) -> None:
    body = urlencode({"payload": json.dumps(payload)})
    status, _answer = await app.anna.post(body, "application/x-www-form-urlencoded")
    assert status in (200, 400)  # 400: bolt can't read a submission without its view's state
    assert not app.happened


async def test_slack_may_verify_the_address(app: SlackApp) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c0ffee"})
    assert (await app.anna.post(body, "application/json"))[1] in ("c0ffee", {"challenge": "c0ffee"})


async def test_the_bot_does_not_answer_itself_or_an_edit(app: SlackApp) -> None:
    for extra in ({"bot_id": "B0BOT"}, {"subtype": "message_changed"}):
        await app.anna.event({"type": "message", "channel_type": "im", "user": "U0ANNA",
                              "channel": "D0ANNA", "text": "nps", "ts": "1", **extra})  # fmt: skip
    await app.adapter.stop()
    assert not app.happened
