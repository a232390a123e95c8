"""A local server that plays Slack's Web API."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from time import time
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from slack_sdk.models.blocks import Block

BOT_TOKEN = "xoxb-fake"
APP_TOKEN = "xapp-fake"
SIGNING_SECRET = "signing secret of the tests"
TEAM = "T0HOME"
BOT_USER = "U0BOT"
WAIT_SECONDS = 15.0

JSON_FIELDS = ("blocks", "view", "metadata", "attachments", "files")


@dataclass
class Fault:
    """What goes wrong with the next `times` calls of a method."""

    method: str
    error: str | None = None
    status: int = 200
    retry_after: int | None = None
    times: int = 1
    hang: bool = False  # never answers
    drop: bool = False  # reads the call, may carry it out, and hangs up
    carried_out: bool = False  # the call has its effect before it fails
    where: str | None = None  # only in this channel, or about this person
    body: str | None = None  # what is answered in place of JSON
    content_type: str = "text/html"

    def hits(self, call: "Call") -> bool:
        about = [call.args.get(name) for name in ("channel", "users", "user", "user_id")]
        return (
            self.method == call.method
            and self.times > 0
            and (self.where is None or self.where in about)
        )


@dataclass
class Call:
    """One call of the Web API, with decoded arguments."""

    method: str
    args: dict[str, Any]


@dataclass
class FakeSlack:
    """Its state is what a workspace would show; `calls` holds everything that was asked."""

    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    ephemerals: list[dict[str, Any]] = field(default_factory=list)
    responses: list[dict[str, Any]] = field(default_factory=list)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    homes: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: list[bytes] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    scopes: str = ""
    enterprise_id: str | None = None
    gone_replies: bool = False  # response_url answers nobody any more
    used_triggers: set[str] = field(default_factory=set)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    acks: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.numbers = count(1)
        self._changed = asyncio.Condition()
        self._server: TestServer | None = None
        self._stopping = asyncio.Event()

    async def start(self) -> str:
        """Starts the server; gives the base address of the Web API."""
        app = web.Application(client_max_size=2**22)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/response/{id}", self._response_url)
        app.router.add_post("/upload/{id}", self._upload)
        app.router.add_get("/socket", self._socket)
        self._server = TestServer(app)
        await self._server.start_server()
        return self.base_url

    @property
    def base_url(self) -> str:
        return f"{self.root}/api/"

    @property
    def root(self) -> str:
        assert self._server is not None
        return str(self._server.make_url("")).rstrip("/")

    async def stop(self) -> None:
        self._stopping.set()
        for socket in self.sockets:
            await socket.close()
        if self._server is not None:
            await self._server.close()

    def user(self, user_id: str, email: str | None = None, name: str = "", **flags: Any) -> None:
        """Adds a person; `is_stranger`, `is_restricted` or `team_id` make them foreign."""
        profile = {"email": email, "real_name": name or user_id}
        self.users[user_id] = {
            "id": user_id,
            "team_id": TEAM,
            "name": user_id.lower(),
            "real_name": name or user_id,
            "profile": profile,
            **flags,
        }

    def channel(self, channel_id: str, members: tuple[str, ...] = (), **flags: Any) -> None:
        """Adds a channel that the bot is in; `is_ext_shared=True` makes it a shared one."""
        self.channels[channel_id] = {"id": channel_id, "members": [BOT_USER, *members], **flags}

    def fail(self, method: str, error: str | None = None, **values: Any) -> None:
        """Makes the next call of a method fail."""
        self.faults.append(Fault(method, error, **values))

    async def until(self, found: Callable[[], Any], what: str = "") -> Any:
        """Waits until `found()` is true after one of the calls, and gives it."""
        async with self._changed:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    while not (result := found()):
                        await self._changed.wait()
            except TimeoutError:
                seen = [
                    *(call.method for call in self.calls[-12:]),
                    *map(words, self.responses[-2:]),
                ]
                raise AssertionError(
                    f"waited in vain for {what or found}; last calls {seen}"
                ) from None
        return result

    def at(self, channel: str) -> list[dict[str, Any]]:
        """The messages of a channel or of a person's direct messages, oldest first."""
        wanted = direct(channel) if channel.startswith("U") else channel
        return [message for message in self.messages if message["channel"] == wanted]

    def called(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await _arguments(request)
        call = Call(method, args)
        fault = next((f for f in self.faults if f.hits(call)), None)
        if fault is not None:
            fault.times -= 1
            return await self._failed(fault, call, request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in (BOT_TOKEN, APP_TOKEN):
            return await self._answer(call, {"ok": False, "error": "invalid_auth"})
        return await self._answer(call, self._do(call))

    async def _answer(
        self,
        call: Call,
        data: dict[str, Any],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> web.Response:
        await self._note(lambda: self.calls.append(call))
        granted = {"x-oauth-scopes": self.scopes, **(headers or {})}
        return web.json_response(data, status=status, headers=granted)

    async def _note(self, change: Callable[[], Any]) -> None:
        async with self._changed:
            change()
            self._changed.notify_all()

    async def _failed(self, fault: Fault, call: Call, request: web.Request) -> web.StreamResponse:
        if fault.carried_out:
            self._do(call)
        if fault.hang:
            await self._note(lambda: self.calls.append(call))
            await self._stopping.wait()
        if fault.drop or fault.hang:
            await self._note(lambda: self.calls.append(call))
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if fault.body is not None:
            await self._note(lambda: self.calls.append(call))
            return web.Response(
                status=fault.status, text=fault.body, content_type=fault.content_type
            )
        retry = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
        if fault.error is None and fault.status >= 500:
            await self._note(lambda: self.calls.append(call))
            return web.Response(
                status=fault.status, text="<html>oops</html>", content_type="text/html"
            )
        error = fault.error or "ratelimited"
        return await self._answer(call, {"ok": False, "error": error}, fault.status, retry)

    def _do(self, call: Call) -> dict[str, Any]:
        handler = getattr(self, "_" + call.method.replace(".", "_"), None)
        if handler is None:
            return {"ok": False, "error": "unknown_method"}
        done: dict[str, Any] = handler(call.args)
        return {"ok": True, **done} if "error" not in done else {"ok": False, **done}

    def _auth_test(self, args: dict[str, Any]) -> dict[str, Any]:
        return {
            "team_id": TEAM,
            "enterprise_id": self.enterprise_id,
            "team": "Nordfab",
            "user": "npsbot",
            "user_id": BOT_USER,
            "bot_id": "B0BOT",
            "url": "https://nordfab.slack.example/",
        }

    def _chat_postMessage(self, args: dict[str, Any]) -> dict[str, Any]:
        problem = self._problem(args)
        if problem:
            return {"error": problem}
        ts = f"{int(time())}.{next(self.numbers):06d}"
        message = {"ts": ts, "user": BOT_USER, "bot_id": "B0BOT", **args}
        self.messages.append(message)
        return {"channel": args["channel"], "ts": ts, "message": message}

    def _chat_update(self, args: dict[str, Any]) -> dict[str, Any]:
        problem = self._problem(args)
        if problem:
            return {"error": problem}
        for message in self.messages:
            if message["ts"] == args["ts"] and message["channel"] == args["channel"]:
                message.update(args)
                message["edited"] = message.get("edited", 0) + 1
                return {"channel": args["channel"], "ts": args["ts"], "text": args["text"]}
        return {"error": "message_not_found"}

    def _chat_postEphemeral(self, args: dict[str, Any]) -> dict[str, Any]:
        problem = self._problem(args)
        if problem:
            return {"error": problem}
        self.ephemerals.append(args)
        return {"message_ts": "1.1"}

    def _problem(self, args: dict[str, Any]) -> str | None:
        channel = args.get("channel", "")
        if channel.startswith("D"):
            known = channel[1:] in {user[1:] for user in self.users}
        else:
            known = channel in self.channels
        if not known:
            return "channel_not_found"
        info = self.channels.get(channel, {})
        if info.get("is_archived"):
            return "is_archived"
        if info and BOT_USER not in info["members"]:
            return "not_in_channel"
        return wrong_blocks(args.get("blocks") or [])

    def _conversations_open(self, args: dict[str, Any]) -> dict[str, Any]:
        user = args["users"]
        if user not in self.users:
            return {"error": "user_not_found"}
        return {"channel": {"id": direct(user)}}

    def _conversations_info(self, args: dict[str, Any]) -> dict[str, Any]:
        channel = self.channels.get(args["channel"])
        return {"channel": channel} if channel else {"error": "channel_not_found"}

    def _conversations_members(self, args: dict[str, Any]) -> dict[str, Any]:
        channel = self.channels.get(args["channel"])
        if channel is None:
            return {"error": "channel_not_found"}
        start, size = int(args.get("cursor") or 0), int(args.get("limit") or 100)
        members = channel["members"]
        more = str(start + size) if start + size < len(members) else ""
        return {
            "members": members[start : start + size],
            "response_metadata": {"next_cursor": more},
        }

    def _conversations_history(self, args: dict[str, Any]) -> dict[str, Any]:
        """What stands in the channel itself: replies only where they were shown there too."""
        found = [
            each
            for each in reversed(self.messages)
            if each["channel"] == args["channel"]
            and (not each.get("thread_ts") or str(each.get("reply_broadcast")) in ("1", "True"))
        ]
        return {"messages": found}

    def _conversations_replies(self, args: dict[str, Any]) -> dict[str, Any]:
        return {
            "messages": [
                each
                for each in self.messages
                if each["channel"] == args["channel"]
                and args["ts"] in (each["ts"], each.get("thread_ts"))
            ]
        }

    def _users_info(self, args: dict[str, Any]) -> dict[str, Any]:
        if args["user"] == BOT_USER:
            return {"user": {"id": BOT_USER, "team_id": TEAM, "is_bot": True, "profile": {}}}
        user = self.users.get(args["user"])
        return {"user": user} if user else {"error": "user_not_found"}

    def _users_lookupByEmail(self, args: dict[str, Any]) -> dict[str, Any]:
        for user in self.users.values():
            if user["profile"]["email"] == args["email"]:
                return {"user": user}
        return {"error": "users_not_found"}

    def _views_open(self, args: dict[str, Any]) -> dict[str, Any]:
        if args["trigger_id"] in self.used_triggers:
            return {"error": "exchanged_trigger_id"}
        problem = wrong_view(args["view"])
        if problem:
            return {"error": problem}
        self.used_triggers.add(args["trigger_id"])
        return {"view": self.open_view(args["view"])}

    _views_push = _views_open

    def _views_update(self, args: dict[str, Any]) -> dict[str, Any]:
        if args["view_id"] not in self.views:
            return {"error": "not_found"}
        problem = wrong_view(args["view"])
        if problem:
            return {"error": problem}
        self.views[args["view_id"]] = {**args["view"], "id": args["view_id"]}
        return {"view": self.views[args["view_id"]]}

    def _views_publish(self, args: dict[str, Any]) -> dict[str, Any]:
        problem = wrong_view(args["view"])
        if problem:
            return {"error": problem}
        self.homes[args["user_id"]] = {**args["view"], "id": f"VHOME{args['user_id']}"}
        return {"view": self.homes[args["user_id"]]}

    def open_view(self, view: dict[str, Any]) -> dict[str, Any]:
        """Keeps a view as opened and gives it with its id."""
        kept = {**view, "id": f"V{next(self.numbers)}"}
        self.views[kept["id"]] = kept
        return kept

    def _files_getUploadURLExternal(self, args: dict[str, Any]) -> dict[str, Any]:
        number = next(self.numbers)
        return {"upload_url": f"{self.root}/upload/F{number}", "file_id": f"F{number}"}

    def _files_completeUploadExternal(self, args: dict[str, Any]) -> dict[str, Any]:
        return {"files": [{"id": file["id"]} for file in args["files"]]}

    async def _upload(self, request: web.Request) -> web.Response:
        content = await request.read()
        await self._note(lambda: self.files.append(content))
        return web.Response(text="OK")

    async def _response_url(self, request: web.Request) -> web.Response:
        if self.gone_replies:
            return web.Response(status=404, text="used_url")
        data = {"id": request.match_info["id"], **await request.json()}
        problem = wrong_blocks(data.get("blocks") or [])
        if problem:
            return web.Response(status=400, text=problem)
        await self._note(lambda: self.responses.append(data))
        return web.Response(text="ok")

    def _apps_connections_open(self, args: dict[str, Any]) -> dict[str, Any]:
        return {"url": f"{self.root.replace('http', 'ws')}/socket"}

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await self._note(lambda: self.sockets.append(socket))
        await socket.send_json({"type": "hello"})
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                data = message.json()
                await self._note(partial(self.acks.update, {data["envelope_id"]: data}))
        return socket


def direct(user: str) -> str:
    """Gives the id of the direct channel between the bot and a person."""
    return "D" + user[1:]


def wrong_blocks(blocks: list[dict[str, Any]], most: int = 50) -> str | None:
    """Judges blocks by the SDK's own models."""
    if len(blocks) > most:
        return "invalid_blocks"
    for block in blocks:
        parsed = Block.parse(block)
        if parsed is None:
            return "invalid_blocks"
        parsed.to_dict()  # raises where a documented limit is broken: the test shall see which
    return None


def wrong_view(view: dict[str, Any]) -> str | None:
    inputs = any(block["type"] == "input" for block in view["blocks"])
    if view["type"] == "modal" and inputs and not view.get("submit"):
        return "invalid_arguments"
    return wrong_blocks(view["blocks"], 100)


async def _arguments(request: web.Request) -> dict[str, Any]:
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        args.update(await request.json())
    else:
        args.update({key: str(value) for key, value in (await request.post()).items()})
    for key in JSON_FIELDS:
        if isinstance(args.get(key), str):
            args[key] = json.loads(args[key])
    return {key: value for key, value in args.items() if value is not None}


def words(message: dict[str, Any]) -> str:
    """Gives all words that a message or view shows, for reading in tests."""
    found: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            text = part.get("text")
            if isinstance(text, str):
                found.append(text)
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for item in part:
                walk(item)

    walk(message.get("blocks") or [])
    return "\n".join(found) if found else str(message.get("text", ""))
