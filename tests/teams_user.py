"""People who write and press buttons in the fake Teams, with signed requests, and what they see."""

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession

from tests.fake_teams import BOT, TENANT, FakeTeams, content_of, parts, token


@dataclass
class TeamsUser:
    """Somebody in Teams; every request is signed as Teams signs it."""

    teams: FakeTeams
    url: str
    aad: str
    session: ClientSession

    async def send(self, activity: dict[str, Any], expected: int = 200) -> Any:
        """Sends an activity; gives the JSON of the answer, None for an empty one."""
        headers = {"Authorization": f"Bearer {token(self.teams.url)}"}
        address = f"{self.url}/api/messages"
        async with self.session.post(address, json=activity, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == expected, (answer.status, text)
            return json.loads(text) if text else None

    def activity(self, kind: str, chat: str | None = None, **more: Any) -> dict[str, Any]:
        """Gives an activity in a chat (`19:…;messageid=…` for a thread), else the personal one."""
        chat = chat or self.teams.personal(self.aad)
        known = self.teams.chats[chat.partition(";")[0]]
        scope = known["kind"]
        conversation: dict[str, Any] = {"id": chat, "conversationType": scope, "tenantId": TENANT}
        data: dict[str, Any] = {"tenant": {"id": TENANT}}
        if scope != "personal":
            conversation["isGroup"] = True
        if scope == "channel":
            data["team"] = {"id": known.get("team", chat.partition(";")[0])}
            data["channel"] = {"id": chat.partition(";")[0]}
            if known.get("shared"):
                data["channel"]["type"] = "shared"
        user = self.teams.users[self.aad]
        return {
            "type": kind,
            "id": f"f:{next(self.teams.numbers)}",
            "timestamp": "2026-11-24T12:20:00.000Z",
            "channelId": "msteams",
            "serviceUrl": self.teams.url,
            "from": {"id": user["id"], "name": user["name"], "aadObjectId": self.aad},
            "recipient": {"id": BOT, "name": "npsbot"},
            "conversation": conversation,
            "channelData": data,
            **more,
        }

    async def say(self, text: str, chat: str | None = None) -> None:
        """Writes to the bot; outside of the personal chat after its mention."""
        more: dict[str, Any] = {"text": text, "textFormat": "plain"}
        if chat is not None:
            more["text"] = f"<at>npsbot</at>&nbsp;{text}"
            mentioned = {"id": BOT, "name": "npsbot"}
            more["entities"] = [
                {"type": "mention", "mentioned": mentioned, "text": "<at>npsbot</at>"}
            ]
        await self.send(self.activity("message", chat, **more))

    async def ask(self, text: str, chat: str | None = None) -> dict[str, Any]:
        """Writes to the bot and gives the message it sends to the person."""
        before = len(self.teams.at(self.aad))
        await self.say(text, chat)
        shown: list[dict[str, Any]] = await self.teams.until(
            lambda: self.teams.at(self.aad)[before:], f"reply to {text!r}"
        )
        return shown[0]

    async def press(self, message: dict[str, Any], label: str) -> None:
        """Presses a button that sends a message."""
        data = find_action(message, label)
        assert "msteams" not in data, f"{label!r} opens a dialog"
        await self.send(self._from(message, "message", value=data))

    async def fetch(self, message: dict[str, Any], label: str) -> dict[str, Any]:
        """Presses a button that opens a dialog; gives what the dialog shows."""
        data = find_action(message, label)
        assert data.get("msteams", {}).get("type") == "task/fetch", f"{label!r} opens no dialog"
        return await self._task(message, "task/fetch", data)

    async def ask_for_form(self, text: str, chat: str | None = None) -> dict[str, Any]:
        """Writes a command whose answer is a form behind a button, and opens it."""
        message = await self.ask(text, chat)
        return await self.fetch(message, only_label(message))

    async def submit(self, dialog: dict[str, Any], **inputs: Any) -> dict[str, Any] | None:
        """Sends a dialog in; gives what it shows next, None when it closes."""
        content = dialog["card"]["content"]
        typed = first_values(content)
        unknown = set(inputs) - set(typed)
        assert not unknown, f"no such inputs: {sorted(unknown)} among {sorted(typed)}"
        given = {
            name: ",".join(value) if isinstance(value, (list, tuple)) else str(value)
            for name, value in {**typed, **inputs}.items()
            if value not in (None, "")
        }
        data = {**content["actions"][0]["data"], **given}
        answer = await self.send(
            self._from(dialog["opened_by"], "invoke", name="task/submit", value={"data": data})
        )
        return shown_by(answer, dialog["opened_by"])

    async def look_up(self, dialog: dict[str, Any], name: str, typed: str) -> list[dict[str, str]]:
        """Types into a field that searches; gives what it offers."""
        field_ = inputs_of(dialog["card"]["content"])[name]
        value = {"queryText": typed, "dataset": field_["choices.data"]["dataset"],
                 "queryOptions": {"skip": 0, "top": 15}}  # fmt: skip
        answer = await self.send(
            self._from(dialog["opened_by"], "invoke", name="application/search", value=value)
        )
        found: list[dict[str, str]] = answer["value"]["results"]
        return found

    async def pick(self, message: dict[str, Any], chat: str) -> dict[str, Any]:
        """Uses the app's action in the menu of a message; gives what the dialog shows."""
        value = {"commandId": "case_note", "messagePayload": message}
        answer = await self.send(
            self.activity("invoke", chat, name="composeExtension/fetchTask", value=value)
        )
        shown = shown_by(answer, {})
        assert shown is not None
        return shown

    async def keep(self, dialog: dict[str, Any], chat: str, **typed: str) -> Any:
        """Sends in the dialog of that action; gives the answer."""
        data = {**dialog["card"]["content"]["actions"][0]["data"], **typed}
        value = {"commandId": "case_note", "data": data}
        return await self.send(
            self.activity("invoke", chat, name="composeExtension/submitAction", value=value)
        )

    async def install(self, action: str = "add", chat: str | None = None) -> None:
        """Adds or removes the app."""
        await self.send(self.activity("installationUpdate", chat, action=action))

    async def _task(self, message: dict[str, Any], name: str, data: Any) -> dict[str, Any]:
        value = {"data": data, "context": {"theme": "default"}}
        answer = await self.send(self._from(message, "invoke", name=name, value=value))
        shown = shown_by(answer, message)
        assert shown is not None
        return shown

    def _from(self, message: dict[str, Any], kind: str, **more: Any) -> dict[str, Any]:
        chat = message["chat"]
        if not chat.startswith("a:") and self.teams.chats[chat]["kind"] == "channel":
            chat += f";messageid={message['thread'] or message['id']}"
        return self.activity(kind, chat, replyToId=message["id"], **more)


def shown_by(answer: Any, opened_by: dict[str, Any]) -> dict[str, Any] | None:
    """Gives what an answer to task/fetch or task/submit shows."""
    if answer is None:
        return None
    task = answer["task"]
    value = task["value"]
    if task["type"] == "message":
        return {"message": value, "opened_by": opened_by}
    assert task["type"] == "continue"
    assert value["title"]
    return {**value, "opened_by": opened_by}


def labels(shown: dict[str, Any]) -> list[str]:
    """Gives the labels of all that sends something."""
    return [p["title"] for p in parts(content_of(shown)) if p.get("type") == "Action.Submit"]


def only_label(shown: dict[str, Any]) -> str:
    found = labels(shown)
    assert len(found) == 1, found
    return found[0]


def find_action(shown: dict[str, Any], label: str) -> dict[str, Any]:
    """Gives what pressing a label sends; a scale's number is found by its number."""
    for part in parts(content_of(shown)):
        if part.get("type") != "Action.Submit":
            continue
        title = str(part.get("title"))
        if title == label or title.startswith(f"{label}: "):
            data: dict[str, Any] = part["data"]
            return data
    raise AssertionError(f"no button {label!r} among {labels(shown)}")


def inputs_of(content: Any) -> dict[str, dict[str, Any]]:
    """Gives the fields of a form by name."""
    return {p["id"]: p for p in parts(content) if str(p.get("type", "")).startswith("Input.")}


def first_values(content: Any) -> dict[str, Any]:
    """Gives what stands in the fields."""
    return {name: each.get("value") for name, each in inputs_of(content).items()}
