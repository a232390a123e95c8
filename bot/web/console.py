"""The local console: a chat on a web page of this machine, with the same cards as every channel."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from importlib.resources import files
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from aiohttp import web

from bot.web import console_draw
from bot.web.console_view import PREFIX, SHARED, View, is_direct
from handlers import routes
from handlers.cards import Card, Form, FormErrors, Reply, Whisper, to_json
from handlers.chat import (
    Called,
    ChatError,
    Click,
    Command,
    Lookup,
    Message,
    MessageRef,
    Person,
    Place,
    Submission,
    Unreachable,
)
from handlers.context import Context
from storage import console, members
from storage.db import Database
from storage.models import Member

_STATIC = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "console.svg": "image/svg+xml",
}
_PAGE_RULES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
# A mail is somebody's HTML: no rights but to open its links in a new window.
_MAIL_RULES = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'"
)
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ConsoleChannel:
    """Messages as rows, so that what another process posts shows on the page too.

    Places are `console:NAME` for channels and `console:E-MAIL` for a person's direct messages.
    """

    def __init__(self, db: Database, now: Callable[[], datetime]) -> None:
        self._db = db
        self._now = now

    async def send(self, place: Place, message: Message) -> MessageRef:
        """Posts a message; raises Unreachable when the message it answers is not there."""
        async with self._db.quick_session() as session:
            thread = None
            if message.reply_to is not None:
                parent = await console.find(session, place, message.reply_to.id)
                if parent is None:
                    raise Unreachable("the message to answer is not in this place")
                thread = parent.reply_to or parent.id
            row = await console.add_message(
                session,
                place,
                message.key,
                to_json(message.card),
                message.language,
                thread,
                self._now(),
            )
        return MessageRef(place, str(row.id), str(thread) if thread else None)

    async def update(self, ref: MessageRef, card: Card, language: str) -> None:
        """Edits a message in place; raises Unreachable when it is not there."""
        async with self._db.session() as session:
            row = await console.find(session, ref.place, ref.id)
            if row is None:
                raise Unreachable("the message is not in this place")
            row.card, row.language, row.changed_at = to_json(card), language, self._now()
            session.add(row)

    async def outsiders(self, place: Place) -> bool:
        """Outsiders read places named `shared-…`, and direct messages of who is no member."""
        name = place.removeprefix(PREFIX)
        if name.startswith(SHARED):
            return True
        if not is_direct(place):
            return False
        async with self._db.reading() as session:
            member = await members.by_email(session, name)
        return member is None or member.left_at is not None

    async def called(self, place: Place) -> Called | None:
        """Gives the place as the console lists it."""
        return Called(place)


def add_routes(app: web.Application, ctx: Context) -> None:
    """Adds the console at `/console`; other machines and other pages are refused."""
    pages = _Pages(ctx)
    app.router.add_get("/", _own(pages.root))
    app.router.add_get("/console", _own(pages.page))
    app.router.add_get("/console/static/{name}", _own(pages.static))
    app.router.add_get("/console/state", _own(pages.state))
    app.router.add_get("/console/lookup", _own(pages.lookup))
    app.router.add_get("/console/mail/{id}", _own(pages.mail))
    app.router.add_post("/console/command", _own(pages.command))
    app.router.add_post("/console/click", _own(pages.click))
    app.router.add_post("/console/submit", _own(pages.submit))


def _own(handler: Handler) -> Handler:
    """Lets in only this machine's browser on this page: no other host name, no other origin."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        reason = _stranger(request)
        if reason is not None:
            raise web.HTTPForbidden(text=reason)
        return await handler(request)

    return guarded


def _stranger(request: web.Request) -> str | None:
    try:
        near = ip_address(request.remote or "").is_loopback
    except ValueError:
        near = False
    if not near:
        return "The console is for this machine only."
    try:
        name = urlsplit(f"//{request.host}").hostname
    except ValueError:
        name = None
    # A foreign name that points here (DNS rebinding) is not this page.
    if name not in _LOOPBACK_NAMES:
        return "Open the console as http://127.0.0.1 or http://localhost."
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        return "Another page may not use the console."
    if request.method != "GET" and (
        origin is None or site != "same-origin" or request.content_type != "application/json"
    ):
        return "Another page may not use the console."
    if site == "cross-site" and request.headers.get("Sec-Fetch-Mode") != "navigate":
        return "Another page may not use the console."
    return None


class _Pages:
    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.view = View(ctx)

    async def root(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/console")

    async def page(self, request: web.Request) -> web.StreamResponse:
        view = View(self.ctx, await self._member(request.query))
        return _html(await view.page(), _PAGE_RULES)

    async def static(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in _STATIC:
            raise web.HTTPNotFound
        content = files("bot.web").joinpath("static", name).read_bytes()
        return web.Response(
            body=content,
            content_type=_STATIC[name],
            headers={"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"},
        )

    async def state(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        async with self.ctx.db.reading() as session:
            version = await console.version(session)
        if query.get("version") == version:
            return web.Response(status=204)
        place = query.get("place", "")
        view = View(self.ctx, await self._member(query))
        return _json(await view.state(query.get("as", ""), place, query.get("typed", "")))

    async def lookup(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        kind: Literal["members", "accounts"] = (
            "members" if query.get("kind") == "members" else "accounts"
        )
        event = Lookup(_person(query), kind, query.get("typed", ""))
        return _json([to_json(choice) for choice in await routes.lookup(self.ctx, event)])

    async def mail(self, request: web.Request) -> web.StreamResponse:
        html = await self.view.mail(request.match_info["id"])
        if html is None:
            raise web.HTTPNotFound(text="This mail is not here.")
        return _html(html, _MAIL_RULES)

    async def command(self, request: web.Request) -> web.StreamResponse:
        data = await _data(request)
        words = str(data.get("text", "")).strip()
        for start in ("/nps", "nps"):
            if words == start or words.startswith(f"{start} "):
                words = words.removeprefix(start).strip()
                break
        person = _person(data)
        event = Command(person, str(data.get("place") or person.place), words)
        return await self._answer(await routes.command(self.ctx, event), data, None)

    async def click(self, request: web.Request) -> web.StreamResponse:
        data = await _data(request)
        ref = await self._message(data)
        event = Click(
            _person(data), _place(data), str(data.get("action")), str(data.get("value")), ref
        )
        return await self._answer(await routes.click(self.ctx, event), data, ref)

    async def submit(self, request: web.Request) -> web.StreamResponse:
        data = await _data(request)
        ref = await self._message(data)
        given = data.get("inputs")
        inputs = {
            str(name): tuple(map(str, value)) if isinstance(value, list) else str(value)
            for name, value in (given if isinstance(given, dict) else {}).items()
        }
        event = Submission(
            _person(data),
            _place(data),
            str(data.get("action")),
            str(data.get("value")),
            inputs,
            ref,
        )
        return await self._answer(await routes.submission(self.ctx, event), data, ref)

    async def _message(self, data: Mapping[str, Any]) -> MessageRef | None:
        """Gives the stored message that was clicked; a reply for the asker alone is not stored."""
        async with self.ctx.db.reading() as session:
            row = await console.find(session, _place(data), str(data.get("message") or ""))
        if row is None:
            return None
        return MessageRef(row.place, str(row.id), str(row.reply_to) if row.reply_to else None)

    async def _answer(
        self, reply: Reply, data: Mapping[str, Any], ref: MessageRef | None
    ) -> web.Response:
        me = await self._member(data)
        language = (me.language if me else None) or self.ctx.programme.language
        match reply:
            case Card() if ref is not None:
                try:
                    await self.ctx.chat.update(ref, reply, language)
                except ChatError as error:
                    return _json({"kind": "whisper", "words": error.reason})
                return _json({"kind": "changed"})
            case Card():
                return _json({"kind": "card", "html": self.view.card(reply, language)})
            case Form():
                html = console_draw.draw(reply, self.view.addresses, language)
                return _json({"kind": "form", "html": html})
            case FormErrors():
                return _json({"kind": "errors", "errors": dict(reply.errors)})
            case Whisper(card) if card.body:
                return _json({"kind": "aside", "html": self.view.card(card, language)})
            case Whisper(card):
                return _json({"kind": "whisper", "words": card.title})
            case None:
                return _json({"kind": "none"})

    async def _member(self, data: Mapping[str, Any]) -> Member | None:
        async with self.ctx.db.reading() as session:
            return await members.by_email(session, str(data.get("as", "")))


def _person(data: Mapping[str, Any]) -> Person:
    email = str(data.get("as", "")).strip().lower()
    return Person("console", email, email=email)


def _place(data: Mapping[str, Any]) -> Place:
    return str(data.get("place") or _person(data).place)


async def _data(request: web.Request) -> dict[str, Any]:
    try:
        data = await request.json()
    except (ValueError, LookupError, RecursionError):  # no JSON, letters of no known kind
        data = None
    if not isinstance(data, dict):
        raise web.HTTPBadRequest(text="A JSON object is expected.")
    return data


def _json(data: object) -> web.Response:
    return web.json_response(data, headers={"Cache-Control": "no-store"})


def _html(html: str, rules: str) -> web.Response:
    return web.Response(
        text=html,
        content_type="text/html",
        headers={
            "Content-Security-Policy": rules,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )
