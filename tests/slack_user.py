"""People who press the buttons of the fake Slack: signed requests, and what they see."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import time
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession
from slack_sdk.signature import SignatureVerifier

from tests.fake_slack import BOT_USER, SIGNING_SECRET, TEAM, FakeSlack, direct


@dataclass
class SlackUser:
    """A person at the screen: types, clicks and fills in forms, as signed requests to our app."""

    slack: FakeSlack
    app_url: str
    id: str
    session: ClientSession

    async def post(self, body: str, content_type: str, **headers: str) -> tuple[int, Any]:
        """Sends a body signed as Slack signs; gives status and answer."""
        sent = {**sign(body), "Content-Type": content_type, **headers}
        url = f"{self.app_url}/slack/events"
        async with self.session.post(url, data=body.encode(), headers=sent) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text.startswith("{") else text

    def command_body(self, text: str, channel: str) -> str:
        return urlencode(
            {
                "command": "/nps",
                "text": text,
                "user_id": self.id,
                "user_name": self.id.lower(),
                "channel_id": channel,
                "channel_name": "x",
                "team_id": TEAM,
                "api_app_id": "A0",
                "trigger_id": self.trigger(),
                "response_url": self.response_url(),
            }
        )

    async def command(self, text: str, channel: str = "") -> tuple[int, Any]:
        """Types `/nps text`; in the direct messages with the bot where no channel is given."""
        body = self.command_body(text, channel or direct(self.id))
        return await self.post(body, "application/x-www-form-urlencoded")

    async def ask(self, text: str, channel: str = "") -> dict[str, Any]:
        """Types a command and gives the ephemeral reply."""
        before = len(self.slack.responses)
        status, _answer = await self.command(text, channel)
        assert status == 200
        replies: list[dict[str, Any]] = await self.slack.until(
            lambda: self.slack.responses[before:], f"reply to /nps {text}"
        )
        return {"channel": channel or direct(self.id), **replies[0]}

    async def ask_for_form(self, text: str, channel: str = "") -> dict[str, Any]:
        """Types a command that opens a form, and gives the view."""
        return await self._opens(lambda: self.command(text, channel), f"form of /nps {text}")

    async def click(self, message: dict[str, Any], label: str, **changes: Any) -> tuple[int, Any]:
        """Presses the button or menu entry with this label on a message, reply or view."""
        payload = {
            **self._payload("block_actions"),
            **self._container(message),
            "response_url": self.response_url(),
            "actions": [find_action(message["blocks"], label)],
            **changes,
        }
        return await self.interact(payload)

    async def click_for_form(self, message: dict[str, Any], label: str) -> dict[str, Any]:
        """Presses a button that opens a form, and gives the view."""
        return await self._opens(lambda: self.click(message, label), f"form of {label}")

    async def submit(self, view: dict[str, Any], **answers: Any) -> tuple[int, Any]:
        """Fills in a form by the names of its inputs and sends it; others stay as they are."""
        values = state_of(view["blocks"], answers)
        payload = {
            **self._payload("view_submission"),
            "view": {**view, "state": {"values": values}},
            "response_urls": [],
        }
        return await self.interact(payload)

    async def look_up(self, view: dict[str, Any], name: str, typed: str) -> list[dict[str, Any]]:
        """Types into a type-ahead and gives its options."""
        block = next(block for block in view["blocks"] if block.get("block_id") == name)
        payload = {
            **self._payload("block_suggestion"),
            "action_id": block["element"]["action_id"],
            "block_id": name,
            "value": typed,
            "view": view,
        }
        status, answer = await self.interact(payload)
        assert status == 200
        options: list[dict[str, Any]] = answer["options"]
        return options

    async def event(self, event: dict[str, Any], **headers: str) -> tuple[int, Any]:
        """Sends an event, such as a message or the opening of the home tab."""
        return await self.post(self.event_body(event), "application/json", **headers)

    def event_body(self, event: dict[str, Any]) -> str:
        return json.dumps(
            {
                "type": "event_callback",
                "team_id": TEAM,
                "api_app_id": "A0",
                "event_id": f"Ev{next(self.slack.numbers)}{self.id}",
                "event_time": int(time()),
                "event": event,
            }
        )

    async def say(self, text: str) -> tuple[int, Any]:
        """Writes to the bot in direct messages."""
        return await self.event(
            {
                "type": "message",
                "channel_type": "im",
                "user": self.id,
                "channel": direct(self.id),
                "text": text,
                "ts": "1.0",
            }
        )

    async def reply(self, message: dict[str, Any], text: str, **more: Any) -> tuple[int, Any]:
        """Answers a message of a channel in its thread."""
        return await self.event(
            {
                "type": "message",
                "channel_type": "channel",
                "user": self.id,
                "channel": message["channel"],
                "text": text,
                "thread_ts": message["ts"],
                "ts": f"2.{next(self.slack.numbers)}",
                **more,
            }
        )

    async def pick(self, message: dict[str, Any], shortcut: str) -> tuple[int, Any]:
        """Chooses a shortcut of ours in the menu of a message."""
        payload = {
            **self._payload("message_action"),
            "callback_id": shortcut,
            "channel": {"id": message["channel"], "name": "x"},
            "message": message,
            "response_url": self.response_url(),
        }
        return await self.interact(payload)

    async def mention(self, text: str, channel: str) -> tuple[int, Any]:
        """Calls the bot in a channel."""
        return await self.event(
            {
                "type": "app_mention",
                "user": self.id,
                "channel": channel,
                "text": f"<@{BOT_USER}> {text}",
                "ts": "1.0",
            }
        )

    async def open_home(self) -> dict[str, Any]:
        """Opens the home tab and gives it."""
        self.slack.homes.pop(self.id, None)
        await self.event(
            {"type": "app_home_opened", "user": self.id, "tab": "home", "channel": direct(self.id)}
        )
        home: dict[str, Any] = await self.slack.until(
            lambda: self.slack.homes.get(self.id), "home tab"
        )
        return home

    async def interact(self, payload: dict[str, Any]) -> tuple[int, Any]:
        body = urlencode({"payload": json.dumps(payload)})
        return await self.post(body, "application/x-www-form-urlencoded")

    def trigger(self) -> str:
        return f"trigger.{self.id}.{next(self.slack.numbers)}"

    def response_url(self) -> str:
        return f"{self.slack.root}/response/{self.id}-{next(self.slack.numbers)}"

    async def _opens(self, act: Callable[[], Any], what: str) -> dict[str, Any]:
        before = set(self.slack.views)
        status, _answer = await act()
        assert status == 200
        new: set[str] = await self.slack.until(lambda: set(self.slack.views) - before, what)
        return self.slack.views[new.pop()]

    def _payload(self, kind: str) -> dict[str, Any]:
        return {
            "type": kind,
            "team": {"id": TEAM},
            "api_app_id": "A0",
            "trigger_id": self.trigger(),
            "user": {"id": self.id, "name": self.id.lower(), "team_id": TEAM},
        }

    def _container(self, message: dict[str, Any]) -> dict[str, Any]:
        if message.get("type") in ("home", "modal"):
            return {"container": {"type": "view", "view_id": message["id"]}, "view": message}
        if "response_type" in message:
            container = {"type": "message", "message_ts": "1.1", "is_ephemeral": True}
            channel = message.get("channel") or direct(self.id)
        else:
            container = {"type": "message", "message_ts": message["ts"], "is_ephemeral": False}
            channel = message["channel"]
        if message.get("thread_ts"):
            container["thread_ts"] = message["thread_ts"]
        return {
            "container": {**container, "channel_id": channel},
            "channel": {"id": channel},
            "message": message,
        }


def sign(body: str, at: float | None = None, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """Gives the headers of a signed request."""
    stamp = str(int(time() if at is None else at))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature or ""}


def find_action(blocks: list[dict[str, Any]], label: str) -> dict[str, Any]:
    """Gives the action that pressing a label sends."""
    seen = []
    for block in blocks:
        for element in block.get("elements", []) if block["type"] == "actions" else []:
            base = {"action_id": element["action_id"], "type": element["type"], "action_ts": "1.0"}
            text = (element.get("text") or {}).get("text")
            if text == label:
                return {**base, "value": element.get("value"), "block_id": "b"}
            seen.append(text)
            for option in element.get("options", []):
                if option["text"]["text"] == label:
                    return {**base, "selected_option": option, "block_id": "b"}
                seen.append(option["text"]["text"])
    raise AssertionError(f"no button {label!r} among {seen}")


def state_of(blocks: list[dict[str, Any]], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Gives `view.state.values` of a form whose inputs were answered by name."""
    left = dict(answers)
    values: dict[str, Any] = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element, name = block["element"], block["block_id"]
        given = left.pop(name, None)
        values[name] = {element["action_id"]: _state(element, given)}
    assert not left, f"no such inputs: {sorted(left)}"
    return values


def _state(element: dict[str, Any], given: Any) -> dict[str, Any]:
    kind = element["type"]
    match kind:
        case "static_select" | "radio_buttons" | "external_select":
            chosen = element.get("initial_option")
            if given is not None:
                chosen = {"value": str(given), "text": {"type": "plain_text", "text": str(given)}}
                if kind != "external_select":
                    fitting = [o for o in element["options"] if o["value"] == str(given)]
                    offered = [o["value"] for o in element["options"]]
                    assert fitting, f"{given!r} is not offered: {offered}"
            return {"type": kind, "selected_option": chosen}
        case "checkboxes" | "multi_static_select":
            chosen = element.get("initial_options") or []
            if given is not None:
                chosen = [option for option in element["options"] if option["value"] in given]
            return {"type": kind, "selected_options": chosen}
        case "multi_external_select":
            chosen = element.get("initial_options") or []
            if given is not None:
                chosen = [{"value": str(value)} for value in given]
            return {"type": kind, "selected_options": chosen}
        case "datepicker":
            return {"type": kind, "selected_date": given or element.get("initial_date")}
        case "timepicker":
            return {"type": kind, "selected_time": given or element.get("initial_time")}
        case _:
            return {
                "type": kind,
                "value": given if given is not None else element.get("initial_value"),
            }
