"""The survey page as a real HTTP server on the story of Acme, for tests."""

import asyncio
import re
from dataclasses import dataclass, field
from html import unescape

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient
from sqlmodel import SQLModel, select

from bot.web import survey_page
from handlers import links
from handlers.answers import AnswerGroup
from handlers.context import Context
from tests.factories import Acme

PERSON = "Mozilla/5.0 (a person's browser)"


def make_app(ctx: Context, left: asyncio.Event | None = None) -> web.Application:
    """Gives the application with the page alone; `left` is set when a page told that it
    was left.
    """
    app = web.Application(client_max_size=1024 * 1024)
    survey_page.add_routes(app, ctx, AnswerGroup(ctx))

    async def tell(request: web.Request, response: web.StreamResponse) -> None:
        if left is not None and response.status == 204 and request.method == "POST":
            left.set()

    app.on_response_prepare.append(tell)
    return app


@dataclass
class Site:
    """A browser without scripts on the page, and a look into the database behind it."""

    ctx: Context
    acme: Acme
    http: TestClient[web.Request, web.Application]
    left: asyncio.Event = field(default_factory=asyncio.Event)

    def link(self, who: str = "jane") -> str:
        return f"/s/{links.survey_token(self.ctx.secret, self.acme.invitations[who].id)}"

    def form(self, who: str = "jane") -> str:
        return links.form_token(self.ctx.secret, self.acme.invitations[who].id)

    def stop_link(self, who: str = "jane") -> str:
        return f"/u/{links.unsubscribe_token(self.ctx.secret, self.acme.contacts[who].id)}"

    async def get(self, path: str, agent: str = PERSON, **headers: str) -> ClientResponse:
        return await self.http.get(
            path, headers={"User-Agent": agent, **headers}, allow_redirects=False
        )

    async def post(
        self,
        fields: dict[str, str | list[str]],
        who: str = "jane",
        path: str = "",
        agent: str = PERSON,
    ) -> ClientResponse:
        pairs = [
            (name, value)
            for name, values in fields.items()
            for value in ([values] if isinstance(values, str) else values)
        ]
        return await self.http.post(
            self.link(who) + path, data=pairs, headers={"User-Agent": agent}, allow_redirects=False
        )

    async def send(self, who: str = "jane", **fields: str | list[str]) -> ClientResponse:
        """Posts from a page that was shown."""
        return await self.post({"form": self.form(who), **fields}, who)

    async def all(self, model: type["SQLModel"]) -> list["SQLModel"]:
        async with self.ctx.db.reading() as session:
            return list((await session.exec(select(model))).all())


def text_of(html: str) -> str:
    """Gives what a person reads of a page."""
    body = html.split("<body>")[1]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))
