"""Who is behind a Slack id, and whether they are one of us: users.info, remembered for a while."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.errors import part

# All that a call to Slack can fail with.
FAILURES = (SlackApiError, SlackClientError, aiohttp.ClientError, TimeoutError, OSError)
KEEP_SECONDS = 600.0
KEEP_AT_MOST = 5000
AT_ONCE = 5  # users.info is a tier 4 method: 100 a minute, in bursts


@dataclass(frozen=True)
class SlackPerson:
    """What matters of a Slack user. `outside` = a guest, or of another workspace."""

    id: str
    email: str | None
    name: str | None
    outside: bool
    bot: bool = False


class People:
    """Looks people up, and remembers them for ten minutes."""

    def __init__(self, client: AsyncWebClient, now: Callable[[], float] = monotonic) -> None:
        self._client = client
        self._now = now
        self._known: dict[str, tuple[float, SlackPerson]] = {}
        self._home: tuple[str, str | None] | None = None
        self.bot_user_id = ""
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def find(self, user_id: str) -> SlackPerson | None:
        """Gives a person, or None where Slack does not tell."""
        try:
            return await self.ask(user_id)
        except FAILURES:
            return None

    async def ask(self, user_id: str) -> SlackPerson:
        """Gives a person; raises one of FAILURES where Slack does not tell."""
        kept = self._known.get(user_id)
        if kept is not None and kept[0] > self._now():
            return kept[1]
        async with self._at_once:
            home = await self.home()
            answer = await self._client.users_info(user=user_id)
        person = _read(part(answer, "user"), user_id, home)
        if len(self._known) >= KEEP_AT_MOST:
            self._known.clear()
        self._known[user_id] = (self._now() + KEEP_SECONDS, person)
        return person

    async def home(self) -> tuple[str, str | None]:
        """Gives the ids of our own workspace and, on Enterprise Grid, of our organisation."""
        if self._home is None:
            answer = await self._client.auth_test()
            self._home = (str(part(answer, "team_id")), answer.get("enterprise_id"))
            self.bot_user_id = str(answer.get("user_id") or "")
        return self._home

    def forget(self, user_id: str) -> None:
        """Drops what is remembered of a person who changed."""
        self._known.pop(user_id, None)


def _read(user: dict[str, Any], user_id: str, home: tuple[str, str | None]) -> SlackPerson:
    team, enterprise = home
    profile = user.get("profile") or {}
    grid = user.get("enterprise_user") or {}
    elsewhere = bool(user.get("team_id")) and user["team_id"] != team
    if elsewhere and enterprise and grid.get("enterprise_id") == enterprise:
        elsewhere = False
    guest = any(user.get(key) for key in ("is_stranger", "is_restricted", "is_ultra_restricted"))
    outside = elsewhere or guest or bool(user.get("deleted"))
    return SlackPerson(
        id=user_id,
        # Another workspace's administrator writes its people's addresses: they prove nothing here.
        email=None if outside else profile.get("email"),
        name=profile.get("real_name") or user.get("real_name") or user.get("name"),
        outside=outside,
        bot=bool(user.get("is_bot")),
    )
