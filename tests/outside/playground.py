"""Microsoft's Agents Playground, which plays Teams with a page of its own; it signs nothing."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

from bot.msteams.auth import Caller
from tests.outside.peers import peers

WAIT_SECONDS = 120.0  # on a machine that is busy with other things
BOT = "00000000-0000-0000-0000-00000000000011"
TENANT = "00000000-0000-0000-0000-0000000000001"
PERSONAL, GROUP, TEAM = "personal-chat-id", "group-chat-id", "team-id"
PEOPLE = {
    "anna": "Anna Berg", "lars": "Lars Holt", "mikkel": "Mikkel Skov", "clara": "Clara Lind",
    "sofie": "Sofie Dahl", "eva": "Eva Lund",
}  # fmt: skip


class NoAuth:
    """Lets everybody in: only here, for a Teams that signs nothing."""

    async def caller(self, header: str | None) -> Caller:
        return Caller()

    def allow(self, caller: Caller, activity: Mapping[str, Any]) -> None:
        return None

    async def token(self) -> str | None:
        return None

    async def close(self) -> None:
        return None


def aad(name: str) -> str:
    """Gives somebody's Entra object id."""
    return f"00000000-0000-0000-0000-00000000002{list(PEOPLE).index(name)}"


def _person(name: str, indent: str) -> str:
    first, last = PEOPLE[name].split()
    lines = (
        f"id: user-{name}", f"name: {PEOPLE[name]}",
        f"userPrincipleName: {name}@nordfab.example", f"aadObjectId: {aad(name)}",
        f"givenName: {first}", f"surname: {last}", f"email: {name}@nordfab.example",
    )  # fmt: skip
    return f"\n{indent}".join(lines)


def _config() -> str:
    first, *others = PEOPLE
    users = "\n".join(f"  - {_person(name, '    ')}" for name in others)
    return f"""version: "0.1.1"
tenantId: {TENANT}
bot:
  id: {BOT}
  name: npsbot
currentUser:
  {_person(first, "  ")}
users:
{users}
personalChat:
  id: {PERSONAL}
groupChat:
  id: {GROUP}
  name: Group Chat
team:
  id: {TEAM}
  name: Nordics
  aadGroupId: 00000000-0000-0000-0000-000000000031
  channels:
    - id: channel-announcements-id
      name: Announcements
"""


@dataclass
class Playground:
    """What its page shows, and what a person does there."""

    base: str
    session: ClientSession
    folder: Path
    stream: ClientWebSocketResponse
    events: list[dict[str, Any]] = field(default_factory=list)

    async def read(self) -> None:
        async for message in self.stream:
            told = json.loads(message.data)
            self.events += told if isinstance(told, list) else [told]

    async def until(self, told: Callable[[], Any], what: str) -> Any:
        """Waits until something holds, and gives it."""
        loop = asyncio.get_running_loop()
        end = loop.time() + WAIT_SECONDS
        while not told():
            assert loop.time() < end, f"no {what}: {json.dumps(self.events)[-3000:]}"
            await asyncio.sleep(0.02)
        return told()

    def posted(self, conversation: str, words: str = "") -> list[dict[str, Any]]:
        """Gives the bot's messages in a conversation, as they stand now, that show these words."""
        found: dict[str, dict[str, Any]] = {}
        for event in self.events:
            message = event.get("message") or {}
            shown = event.get("action") in ("createMessage", "updateMessage")
            if not shown or (message.get("from") or {}).get("id") not in (BOT, f"28:{BOT}"):
                continue
            known = found.setdefault(message["messageId"], {})
            where = str(event.get("actionConversationId") or known.get("where"))
            if where == TEAM:  # a post of the channel is addressed as the thread it begins
                where = f"{TEAM};messageid={message['messageId']}"
            known.update(message, where=where)
        return [
            message
            for message in found.values()
            if str(message["where"]).startswith(conversation)
            and words in json.dumps(message, ensure_ascii=False)
        ]

    async def call(self, method: str, path: str, **more: Any) -> Any:
        async with self.session.request(method, self.base + path, **more) as answer:
            text = await answer.text()
            assert answer.status < 400, (path, answer.status, text)
            return json.loads(text) if text[:1] in "{[" and text else text

    async def say(self, who: str, conversation: str, text: str) -> None:
        """Writes to the bot; outside of the personal chat after its mention.

        The page's own path sends everything as Anna; others write as raw activities.
        """
        if who != "anna":
            called = {"type": "mention", "mentioned": {"id": BOT}, "text": "<at>npsbot</at>"}
            raw = await self.activity(
                conversation, type="message", text=f"<at>npsbot</at> {text}", entities=[called],
                channelId="msteams",
            )  # fmt: skip
            raw["from"] = {"id": f"user-{who}", "name": PEOPLE[who], "aadObjectId": aad(who)}
            await self.forward(raw)
            return
        body: dict[str, Any] = {"from": {"id": f"user-{who}"}, "text": text, "textFormat": "plain"}
        if conversation != PERSONAL:
            mention = "<at>npsbot</at>"
            body |= {"text": f"{mention} {text}", "textFormat": "xml"}
            body["mentions"] = [{"mentioned": {"id": BOT}, "text": mention}]
        await self.call(
            "POST", f"/_conversation/v1/conversations/{conversation}/messages", json=body
        )

    async def submit(self, who: str, message: dict[str, Any], data: Any) -> None:
        """Presses a button that sends a message."""
        body = {"conversation": {"id": message["where"]}, "replyToId": message["messageId"],
                "from": {"id": f"user-{who}"}, "value": data}  # fmt: skip
        await self.call("POST", "/_conversation/v1/submit", json=body)

    async def activity(self, conversation: str, **more: Any) -> dict[str, Any]:
        """Gives an activity as the Playground writes it, changed into another."""
        made: dict[str, Any] = await self.call(
            "GET", "/_internal/v1/customActivities/template",
            params={"conversationId": conversation, "type": "install"},
        )  # fmt: skip
        made.pop("action", None)
        return {**made, **more}

    async def forward(self, activity: dict[str, Any]) -> None:
        """Lets the Playground send any activity to the bot."""
        await self.call("POST", "/_internal/v1/customActivities", json=activity)

    def recorded(self) -> str:
        """Gives all requests and answers, both ways."""
        path = self.folder / "events.log"
        return path.read_text("utf-8") if path.exists() else ""


def free_port() -> int:
    """Gives a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def playground(bot_url: str, folder: Path) -> AsyncIterator[Playground]:
    """Starts the Playground for a bot, and ends it by its own handle."""
    root = peers("teams/node_modules", "teams/loopback.cjs") / "teams"
    port = free_port()
    config = folder / "m365agentsplayground.yml"
    config.write_text(_config(), "utf-8")
    environment = {
        **os.environ,
        "TEAMSAPPTESTER_BROWSER": "none",
        "M365_AGENTS_PLAYGROUND_LOGFILE": str(folder / "playground.log"),
        "M365_AGENTS_PLAYGROUND_CONFIG_PATH": str(config),
        "M365_AGENTS_PLAYGROUND_RECORDING_FILE": str(folder / "events.log"),
        "M365_AGENTS_PLAYGROUND_ENABLE_EVENTS_RECORDING": "true",
        "NODE_OPTIONS": f"--require {root / 'loopback.cjs'}",
    }
    process = await asyncio.create_subprocess_exec(
        "node", str(root / "node_modules/.bin/agentsplayground"), "start",
        "-e", f"{bot_url}/api/messages", "-p", str(port), "-c", "msteams",
        "--enable-events-recording", "--disable-telemetry",
        cwd=folder, env=environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    try:
        async with ClientSession() as session:
            await _ready(session, base)
            stream = await session.ws_connect(f"{base}/_ws_conversation/v1/conversations/stream")
            play = Playground(base, session, folder, stream)
            reading = asyncio.create_task(play.read())
            yield play
            await stream.close()
            await reading
    finally:
        process.terminate()
        await process.wait()


async def _ready(session: ClientSession, base: str) -> None:
    end = asyncio.get_running_loop().time() + WAIT_SECONDS
    while True:
        try:
            async with session.get(f"{base}/_debug/ping") as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        assert asyncio.get_running_loop().time() < end, "the Playground did not start"
        await asyncio.sleep(0.1)
