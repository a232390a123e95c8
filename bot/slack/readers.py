"""Who can read a Slack channel: whether people from outside are there, or may come."""

from collections.abc import Callable
from time import monotonic
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.errors import ABOUT_PERSON, error_word, part
from bot.slack.people import People

log = structlog.get_logger()

KEEP_SECONDS = 60.0
PAGE = 200
# Looking at everybody costs a call a person; a larger channel can't be vouched for.
MOST_MEMBERS = 400


class Readers:
    """Remembers for a minute; an event that a channel was shared drops it at once."""

    def __init__(
        self, client: AsyncWebClient, people: People, now: Callable[[], float] = monotonic
    ) -> None:
        self._client = client
        self._people = people
        self._now = now
        self._known: dict[str, tuple[float, bool]] = {}

    async def outsiders(self, channel: str) -> bool:
        """Tells whether people from outside can read a channel or group.

        Raises one of FAILURES where Slack does not tell; the next look may succeed.
        """
        kept = self._known.get(channel)
        if kept is not None and kept[0] > self._now():
            return kept[1]
        found = await self._look(channel)
        self._known[channel] = (self._now() + KEEP_SECONDS, found)
        return found

    def forget(self, channel: str) -> None:
        """Drops what is remembered of a channel that changed."""
        self._known.pop(channel, None)

    async def _look(self, channel: str) -> bool:
        answer = await self._client.conversations_info(channel=channel)
        info: dict[str, Any] = part(answer, "channel")
        if _shared(info):
            return True
        members: list[str] = []
        cursor: str | None = None
        while True:
            page = await self._client.conversations_members(
                channel=channel, limit=PAGE, cursor=cursor
            )
            members += part(page, "members")
            if len(members) > MOST_MEMBERS:
                log.warning("channel too large to know its readers", channel=channel)
                return True
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
        for member in members:
            try:
                person = await self._people.ask(member)
            except SlackApiError as error:
                if error_word(error) in ABOUT_PERSON:
                    return True  # somebody Slack does not show to us
                raise
            if person.outside and not person.bot:
                return True
        return False


def _shared(info: dict[str, Any]) -> bool:
    if any(info.get(key) for key in ("is_ext_shared", "is_pending_ext_shared", "pending_shared",
                                     "pending_connected_team_ids")):  # fmt: skip
        return True
    # Shared between workspaces of one organisation only: still ourselves.
    return bool(info.get("is_shared")) and not info.get("is_org_shared")
