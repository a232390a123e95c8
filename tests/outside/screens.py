"""Anna's screen in a Slack and a Teams that others wrote: she reads, presses, fills in and asks."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode
from uuid import uuid4

from aiohttp import ClientSession

from tests.fake_slack import TEAM as SLACK_TEAM
from tests.fake_slack import words as slack_words
from tests.fake_teams import words
from tests.outside.peers import peers, run
from tests.outside.playground import PERSONAL, TEAM, Playground, aad
from tests.slack_user import find_action as slack_action
from tests.slack_user import sign, state_of
from tests.teams_user import find_action, first_values

LOOKS = 1500  # of 0.1 s: these programs tell nobody when something changes
LOOKS_A_TIME = 80  # before a command is typed again
TIMES = 15
Shown = dict[str, Any]


class Screen(Protocol):
    """What Anna sees and does, whatever the platform."""

    async def sees(self, text: str) -> Shown:
        """Waits for a message with these words, as it stands now."""
        ...

    async def ask(self, text: str, expected: str) -> Shown:
        """Types a command, again until the reply has the expected words: work takes its time."""
        ...

    async def press(self, message: Shown, label: str) -> None:
        """Presses a button."""
        ...

    async def turns(self, message: Shown, label: str, text: str) -> Shown:
        """Presses a button of a reply; gives the reply as it stands then, with these words."""
        ...

    async def fill(self, message: Shown, label: str, *steps: Mapping[str, Any]) -> None:
        """Presses a button that opens a form, fills in each of its steps and sends it."""
        ...

    def picture(self, message: Shown, path: Path) -> None:
        """Draws a message as the platform's own program, or its renderer, shows it."""
        ...


async def found(
    look: Callable[[], Awaitable[Shown | None]], what: str, looks: int = LOOKS
) -> Shown:
    """Looks until something is there."""
    for _look in range(looks):
        seen = await look()
        if seen is not None:
            return seen
        await asyncio.sleep(0.1)
    raise AssertionError(f"no {what}")


@dataclass
class InSlack:
    """Anna in the emulator, which has no page for clicks: they are signed requests to our app."""

    emulator: str
    app: str
    user: str
    channel: str
    session: ClientSession
    replies: int = field(default=0, init=False)

    async def api(self, method: str, **args: Any) -> Shown:
        headers = {"Authorization": "Bearer xoxb-bot"}
        address = f"{self.emulator}api/{method}"
        async with self.session.post(address, json=args, headers=headers) as answer:
            told: Shown = await answer.json()
        assert told["ok"], (method, told)
        return told

    async def sees(self, text: str) -> Shown:
        async def look() -> Shown | None:
            told = await self.api("conversations.history", channel=self.channel)
            messages = [each for each in told["messages"] if text in slack_words(each)]
            return {**messages[0], "channel": self.channel} if messages else None

        return await found(look, f"{text!r} in Slack")

    async def ask(self, text: str, expected: str) -> Shown:
        for _time in range(TIMES):
            before = len(await self._responses())
            fields = {"command": "/nps", "text": text, "channel_id": self.channel}
            by = await self._by()
            await self._post({**fields, **by, "user_id": self.user, "user_name": "anna"})
            try:
                return await self._reply(before, expected, LOOKS_A_TIME)
            except AssertionError:
                continue
        raise AssertionError(f"no reply to /nps {text} with {expected!r}")

    async def press(self, message: Shown, label: str) -> None:
        container = {"type": "message", "channel_id": self.channel,
                     "message_ts": message.get("ts", "1.0"),
                     "is_ephemeral": "is_reply" in message}  # fmt: skip
        await self._interact(
            "block_actions", container=container, channel={"id": self.channel}, message=message,
            actions=[slack_action(message["blocks"], label)],
        )  # fmt: skip

    async def turns(self, message: Shown, label: str, text: str) -> Shown:
        before = len(await self._responses())
        await self.press(message, label)
        return await self._reply(before, text)

    async def fill(self, message: Shown, label: str, *steps: Mapping[str, Any]) -> None:
        view = await self._opened(message, label)
        for number, inputs in enumerate(steps, 1):
            state = {"values": state_of(view["blocks"], inputs)}
            sent = {**view, "id": view["view_id"], "state": state}
            told = await self._interact("view_submission", view=sent, response_urls=[])
            assert (told == "") == (number == len(steps)), told
            view = {**view, **(json.loads(told)["view"] if told else {})}

    def picture(self, message: Shown, path: Path) -> None:
        root = peers("slack/render/render.mjs")
        drawn = path.with_suffix(".json")
        drawn.write_text(json.dumps({"blocks": message["blocks"]}), "utf-8")
        run("node", root / "slack/render/render.mjs", drawn, path)

    async def _get(self, path: str) -> list[Shown]:
        async with self.session.get(f"{self.emulator}{path}") as answer:
            told: list[Shown] = await answer.json()
        return told

    async def _opened(self, message: Shown, label: str) -> Shown:
        """Presses until the form opens: what a press allows ends after three seconds."""
        before = {each["view_id"] for each in await self._get("_test/views")}

        async def look() -> Shown | None:
            views = [v for v in await self._get("_test/views") if v["view_id"] not in before]
            return views[0] if views else None

        for _time in range(TIMES):
            await self.press(message, label)
            try:
                return await found(look, f"form of {label!r}", LOOKS_A_TIME)
            except AssertionError:
                continue
        raise AssertionError(f"no form of {label!r}")

    async def _reply(self, before: int, text: str, looks: int = LOOKS) -> Shown:
        async def look() -> Shown | None:
            for each in (await self._responses())[before:]:
                if text in slack_words(each["body"]):
                    return {**each["body"], "channel": self.channel, "is_reply": True}
            return None

        return await found(look, f"a reply with {text!r}", looks)

    async def _responses(self) -> list[Shown]:
        return await self._get("_test/responses")

    async def _by(self) -> dict[str, str]:
        made = await self.api("views.generateTriggerId", user_id=self.user)
        self.replies += 1
        url = f"{self.emulator}_test/response_url/r{self.replies}"
        return {"trigger_id": made["trigger_id"], "response_url": url, "team_id": SLACK_TEAM}

    async def _interact(self, kind: str, **more: Any) -> str:
        user = {"id": self.user, "name": "anna", "team_id": SLACK_TEAM}
        by = await self._by()
        payload = {"type": kind, "user": user, "team": {"id": SLACK_TEAM}, **by, **more}
        return await self._post({"payload": json.dumps(payload)})

    async def _post(self, fields: dict[str, Any]) -> str:
        body = urlencode(fields)
        headers = {**sign(body), "Content-Type": "application/x-www-form-urlencoded"}
        address = f"{self.app}/slack/events"
        async with self.session.post(address, data=body.encode(), headers=headers) as answer:
            text = await answer.text()
            assert answer.status == 200, text
        return text


@dataclass
class InTeams:
    """Anna in the Agents Playground; it has no dialogs, so they are raw activities."""

    play: Playground

    async def sees(self, text: str) -> Shown:
        return await self._shown(TEAM, text)

    async def ask(self, text: str, expected: str) -> Shown:
        async def look() -> Shown | None:
            seen = [each for each in self.play.posted(PERSONAL) if expected in words(each)]
            return seen[-1] if seen else None

        for _time in range(TIMES):
            await self.play.say("anna", PERSONAL, f"nps {text}")
            try:
                return await found(look, expected, LOOKS_A_TIME)
            except AssertionError:
                continue
        raise AssertionError(f"no reply to nps {text} with {expected!r}")

    async def press(self, message: Shown, label: str) -> None:
        await self.play.submit("anna", message, find_action(message, label))

    async def turns(self, message: Shown, label: str, text: str) -> Shown:
        await self.press(message, label)
        return await self._shown(PERSONAL, text)

    async def fill(self, message: Shown, label: str, *steps: Mapping[str, Any]) -> None:
        opened = await self.dialog("task/fetch", message, find_action(message, label))
        for inputs in steps:
            content = opened["task"]["value"]["card"]["content"]
            given = {name: value for name, value in first_values(content).items() if value}
            given |= {
                name: ",".join(value) if isinstance(value, (list, tuple)) else value
                for name, value in inputs.items()
            }
            data = {**content["actions"][0]["data"], **given}
            opened = await self.dialog("task/submit", message, data)
        assert not opened, opened

    def picture(self, message: Shown, path: Path) -> None:
        root = peers("cards/render_card.mjs")
        drawn = path.with_suffix(".json")
        drawn.write_text(json.dumps(message["attachments"][0]["content"]), "utf-8")
        run("node", root / "cards/render_card.mjs", drawn, path)

    async def dialog(self, name: str, message: Shown, data: Any) -> Any:
        """Sends a raw task activity; gives what the bot answered."""
        before = len(self.play.recorded())
        raw = await self.play.activity(
            message["where"].partition(";")[0], type="invoke", name=name,
            value={"data": data, "context": {"theme": "default"}},
            replyToId=message["messageId"], channelId="msteams",
        )  # fmt: skip
        raw["from"] = {"id": "user-anna", "name": "Anna Berg", "aadObjectId": aad("anna")}
        raw["conversation"]["id"] = message["where"]
        raw["id"] = uuid4().hex
        await self.play.forward(raw)

        def answered() -> list[Shown]:
            new = self.play.recorded()[before:].split("\n---\n")
            told = [json.loads(each) for each in new if each.strip()]
            return [
                each
                for each in told
                if ((each.get("request") or {}).get("body") or {}).get("id") == raw["id"]
                and each.get("response")
            ]

        seen = await self.play.until(answered, f"an answer to {name}")
        assert seen[0]["response"]["statusCode"] == 200, seen[0]["response"]
        return seen[0]["response"].get("body")

    async def _shown(self, where: str, text: str) -> Shown:
        seen: list[Shown] = await self.play.until(
            lambda: [each for each in self.play.posted(where) if text in words(each)],
            f"{text!r} in {where}",
        )
        return seen[-1]
