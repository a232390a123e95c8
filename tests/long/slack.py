"""Plays the few methods of Slack's Web API that alerts need, and keeps what was posted."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from aiohttp import web

from tests.benchmarks import programme

_ANSWER = {
    "ok": True,
    "channel": {"id": "C1", "is_ext_shared": False},
    "team_id": "T1",
    "user": {"id": "U1", "team_id": "T1", "is_bot": True},
    "members": ["U1"],
}


class Slack:
    """`posted` holds each message by its time stamp: our key, and where it stands."""

    def __init__(self) -> None:
        self.posted: dict[str, tuple[str, str]] = {}
        self._numbers = count(1)

    @property
    def times(self) -> Counter[str]:
        """How often each of our keys was posted to any channel."""
        return Counter(key for key, _channel in self.posted.values())

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Listens until the block ends; gives the port."""
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._call)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        port = programme.free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield port
        await runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        ts = f"1700000000.{next(self._numbers):06}"
        if request.match_info["method"] == "chat.postMessage":
            body = await self._body(request)
            metadata = body["metadata"]
            if isinstance(metadata, str):
                metadata = json.loads(metadata)
            self.posted[ts] = (str(metadata["event_payload"]["key"]), str(body["channel"]))
        return web.json_response({**_ANSWER, "ts": ts})

    async def _body(self, request: web.Request) -> dict[str, Any]:
        if request.content_type == "application/json":
            body: dict[str, Any] = await request.json()
            return body
        return dict(await request.post())
