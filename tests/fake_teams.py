"""A local server that plays Teams' Bot Connector, Microsoft's keys and its token endpoint."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from time import time
from typing import Any

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

APP_ID = "11111111-2222-3333-4444-555555555555"
APP_PASSWORD = "the secret of the bot"
TENANT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
BOT = f"28:{APP_ID}"
ISSUER = "https://api.botframework.com"
ACCESS_TOKEN = "a token of the bot"
KEY_ID = "k1"
WAIT_SECONDS = 15.0
MOST_BYTES = 28 * 1024
SIGNING_KEY = generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Fault:
    """What goes wrong with the next `times` calls whose method and path contain these words."""

    what: str
    status: int = 429
    code: str = ""
    retry_after: str | None = None
    times: int = 1
    carried_out: bool = False  # the call has its effect before it fails
    drop: bool = False  # reads the call and hangs up
    hang: bool = False  # never answers
    body: str | None = None  # what is answered in place of JSON


@dataclass
class FakeTeams:
    """Its state is what Teams would show; `calls` holds every call of the connector."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    chats: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    key_fetches: int = 0
    tokens_given: int = 0
    most_bytes: int = MOST_BYTES
    names: dict[str, str] = field(default_factory=dict)  # of teams and channels

    def __post_init__(self) -> None:
        self.numbers = count(1)
        self._changed = asyncio.Condition()
        self._server: TestServer | None = None
        self._stopping = asyncio.Event()
        self.gate: asyncio.Event | None = None  # while set and not open, keys are not given
        self.roster_asked = asyncio.Event()
        self.keys = [(KEY_ID, SIGNING_KEY, ["msteams"])]

    async def start(self) -> str:
        """Starts the server; gives its base address, which is the service address too."""
        app = web.Application(client_max_size=2**22)
        app.router.add_get("/openid", self._openid)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        app.router.add_route("*", "/v3/{path:.*}", self._connector)
        self._server = TestServer(app)
        await self._server.start_server()
        return self.url

    async def stop(self) -> None:
        self._stopping.set()
        assert self._server is not None
        await self._server.close()

    @property
    def url(self) -> str:
        assert self._server is not None
        return str(self._server.make_url("/"))

    def user(self, aad: str, email: str, name: str, **more: Any) -> str:
        """Adds a person; `installed=False` = Teams opens no chat with them."""
        self.users[aad] = {
            "id": f"29:{aad}", "aadObjectId": aad, "name": name, "email": email,
            "userPrincipalName": email, "tenantId": TENANT, "userRole": "user",
            "installed": True, **more,
        }  # fmt: skip
        return aad

    def chat(self, chat_id: str, kind: str, *people: str, **more: Any) -> str:
        """Adds a channel (`19:…@thread.tacv2`) or group chat."""
        self.chats[chat_id] = {"kind": kind, "people": list(people), **more}
        return chat_id

    def personal(self, aad: str) -> str:
        """Gives the id of the personal chat with somebody; it exists after this."""
        chat_id = f"a:{aad}"
        self.chats.setdefault(chat_id, {"kind": "personal", "people": [aad]})
        return chat_id

    def at(self, place: str) -> list[dict[str, Any]]:
        """Gives the messages in a chat: its id, or a person's Entra id for their own."""
        wanted = f"a:{place}" if place in self.users else place
        return [each for each in self.messages if each["chat"] == wanted]

    async def until(self, told: Callable[[], Any], what: str = "a change in Teams") -> Any:
        """Waits until something holds, and gives it."""
        async with self._changed:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._changed.wait_for(told)
            except TimeoutError:
                shown = [(each["chat"], words(each)[:120]) for each in self.messages]
                raise AssertionError(f"no {what}; {shown}") from None
        return told()

    async def _openid(self, request: web.Request) -> web.Response:
        return web.json_response({"issuer": ISSUER, "jwks_uri": f"{self.url}keys"})

    async def _keys(self, request: web.Request) -> web.Response:
        self.key_fetches += 1
        if self.gate is not None:
            await self.gate.wait()
        keys = []
        for key_id, key, endorsements in self.keys:
            jwk = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
            keys.append({**jwk, "kid": key_id, "endorsements": endorsements})
        return web.json_response({"keys": keys})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        right = {"client_id": APP_ID, "client_secret": APP_PASSWORD, "scope": f"{ISSUER}/.default"}
        if any(form.get(name) != value for name, value in right.items()):
            return web.json_response({"error": "invalid_client"}, status=401)
        self.tokens_given += 1
        return web.json_response({"access_token": ACCESS_TOKEN, "expires_in": 3600})

    async def _connector(self, request: web.Request) -> web.Response:
        path, raw = request.match_info["path"], await request.read()
        self.calls.append((request.method, path))
        if request.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}":
            return refused(401, "Unauthorized")
        body = json.loads(raw) if raw else {}
        fault = next((f for f in self.faults if f.what in f"{request.method} {path}"), None)
        if fault is not None:
            fault.times -= 1
            if fault.times == 0:
                self.faults.remove(fault)
            if fault.carried_out:
                await self._carry_out(request.method, path, body)
            if fault.drop:
                assert request.transport is not None
                request.transport.close()
            if fault.hang:
                await self._stopping.wait()
            if fault.body is not None:
                return web.Response(status=fault.status, text=fault.body)
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            return refused(fault.status, fault.code, headers)
        if len(raw) > self.most_bytes:
            return refused(413, "MessageSizeTooBig")
        return await self._carry_out(request.method, path, body)

    async def _carry_out(self, method: str, path: str, body: dict[str, Any]) -> web.Response:
        match [method, *path.split("/")]:
            case ["POST", "conversations"]:
                return self._create(body)
            case ["POST", "conversations", chat, "activities"]:
                return await self._post(chat, body)
            case ["PUT", "conversations", chat, "activities", message_id]:
                return await self._edit(chat, message_id, body)
            case ["GET", "conversations", chat, "members", person]:
                found = self._people(chat).get(person)
                return web.json_response(found) if found else refused(404, "NotFound")
            case ["GET", "conversations", chat, "pagedmembers"]:
                if chat not in self.chats:
                    return refused(404, "ConversationNotFound")
                self.roster_asked.set()
                return web.json_response({"members": list(self._people(chat).values())})
            case ["GET", "teams", team] if team in self.names:
                return web.json_response({"id": team, "name": self.names[team]})
            case ["GET", "teams", team, "conversations"]:
                channels = [
                    {"id": chat, "name": self.names.get(chat)}
                    for chat, known in self.chats.items()
                    if known.get("team") == team
                ]
                return web.json_response({"conversations": channels})
        return refused(404, "NotFound")

    def _people(self, chat: str) -> dict[str, dict[str, Any]]:
        people = self.chats.get(chat.partition(";")[0], {}).get("people", ())
        return {aad: self.users[aad] for aad in people}

    def _create(self, body: dict[str, Any]) -> web.Response:
        aad = body["members"][0]["id"].removeprefix("29:")
        # Microsoft's library writes tenantID; Teams reads it whatever the case.
        tenant = {name.lower(): value for name, value in body.items()}.get("tenantid")
        if tenant != TENANT or body["bot"]["id"] != BOT:
            return refused(400, "BadSyntax")
        if not self.users.get(aad, {}).get("installed"):
            return refused(403, "BotNotInConversationRoster")
        return web.json_response({"id": self.personal(aad)}, status=201)

    async def _post(self, conversation: str, body: dict[str, Any]) -> web.Response:
        chat, _, root = conversation.partition(";messageid=")
        if chat not in self.chats:
            return refused(404, "ConversationNotFound")
        if self.chats[chat].get("removed"):
            return refused(403, "BotNotInConversationRoster")
        assert "replyToId" not in body, "posted as a reply to a made-up activity"
        message_id = str(1_700_000_000_000 + next(self.numbers))
        message = {**body, "id": message_id, "chat": chat, "thread": root or None, "edited": 0}
        self.messages.append(message)
        await self.tell()
        return web.json_response({"id": message_id}, status=201)

    async def _edit(self, conversation: str, message_id: str, body: dict[str, Any]) -> web.Response:
        chat = conversation.partition(";")[0]
        found = next((m for m in self.at(chat) if m["id"] == message_id), None)
        if found is None:
            return refused(404, "ActivityNotFoundInConversation")
        for name in ("attachments", "text", "summary"):
            found.pop(name, None)
        kept = ("chat", "thread", "id", "edited")
        found.update({k: v for k, v in body.items() if k not in kept}, edited=found["edited"] + 1)
        await self.tell()
        return web.json_response({"id": message_id})

    async def tell(self) -> None:
        """Wakes those who wait for a change."""
        async with self._changed:
            self._changed.notify_all()


def refused(status: int, code: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"error": {"code": code}}, status=status, headers=headers)


def token(
    service_url: str, key: RSAPrivateKey = SIGNING_KEY, kid: str = KEY_ID, **claims: Any
) -> str:
    """Gives a bearer token as Teams signs it; `claims` replace, None takes away."""
    now = int(time())
    made = {
        "iss": ISSUER, "aud": APP_ID, "serviceurl": service_url,
        "iat": now, "nbf": now - 5, "exp": now + 600, **claims,
    }  # fmt: skip
    kept = {name: value for name, value in made.items() if value is not None}
    return jwt.encode(kept, key, algorithm="RS256", headers={"kid": kid})


def content_of(shown: dict[str, Any]) -> Any:
    """Gives the card of a message or dialog."""
    if "card" in shown:
        return shown["card"]["content"]
    return [each["content"] for each in shown.get("attachments") or []]


def parts(content: Any) -> list[dict[str, Any]]:
    """Gives all objects in a card, also those folded away."""
    found: list[dict[str, Any]] = []
    if isinstance(content, dict):
        found.append(content)
        for value in content.values():
            found += parts(value)
    elif isinstance(content, list):
        for each in content:
            found += parts(each)
    return found


def words(shown: dict[str, Any]) -> str:
    """Gives all words that a message or dialog shows, for reading in tests."""
    if "message" in shown:
        return str(shown["message"])
    found = []
    for part in parts(content_of(shown)):
        if not str(part.get("type", "")).startswith(("Action.", "Input.")):
            found += [part[k] for k in ("text", "title", "value") if isinstance(part.get(k), str)]
    return "\n".join([*found, shown.get("text") or ""])
