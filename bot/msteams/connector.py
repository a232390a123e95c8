"""What the way out needs of Teams' Bot Connector; the adapter carries it out."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Address:
    """A conversation to speak in, as a validated request told it."""

    conversation: str  # in a channel's thread: with `;messageid=`
    service_url: str
    bot: str
    tenant: str | None = None

    def thread(self, root: str) -> "Address":
        """Gives the address of the replies to a message of a channel."""
        base = self.conversation.partition(";")[0]
        return Address(f"{base};messageid={root}", self.service_url, self.bot, self.tenant)


class Connector(Protocol):
    """Calls to the Bot Connector; each raises errors.Answered, ChatError or a network error."""

    async def post(self, at: Address, activity: dict[str, Any]) -> str:
        """Posts an activity and gives its id, "" where the answer names none."""
        ...

    async def edit(self, at: Address, activity_id: str, activity: dict[str, Any]) -> None:
        """Replaces an activity."""
        ...

    async def open_chat(self, near: Address, person: str) -> str:
        """Gives the id of the personal chat with somebody (Entra or Teams id), "" = not told."""
        ...

    async def member(self, at: Address, person: str) -> dict[str, Any]:
        """Gives what the roster of a conversation tells of one person."""
        ...

    async def members(self, at: Address, page: str | None) -> dict[str, Any]:
        """Gives a page of the roster: `members` and perhaps `continuationToken`."""
        ...

    async def team(self, at: Address, team: str) -> dict[str, Any]:
        """Gives a team's `name`."""
        ...

    async def channels(self, at: Address, team: str) -> dict[str, Any]:
        """Gives the channels of a team: `conversations`, each with `id` and `name`."""
        ...

    async def close(self) -> None:
        """Closes connections."""
        ...
