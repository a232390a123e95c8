"""The one way out: picks the channel by the place, and keeps customer figures from outsiders."""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

import structlog

from handlers.cards import Card
from handlers.chat import Called, Chat, Message, MessageRef, OutsidersCanRead, Place, Unreachable
from handlers.context import Context

log = structlog.get_logger()


@runtime_checkable
class Closing(Protocol):
    """An adapter that keeps connections."""

    async def close(self) -> None:
        """Closes them; the adapter is not used again."""
        ...


@runtime_checkable
class Meeting(Protocol):
    """An adapter that finds members who never wrote to the bot."""

    async def meet(self, ctx: Context) -> None:
        """Remembers the platform's id of every member it finds."""
        ...


class Sender:
    """The Chat of handlers; `channels` makes an adapter by a place's first word."""

    def __init__(self, channels: Mapping[str, Callable[[], Chat]]) -> None:
        self._make = channels
        self._made: dict[str, Chat] = {}

    async def send(self, place: Place, message: Message) -> MessageRef:
        """Posts a message; raises OutsidersCanRead before an internal card leaves."""
        channel = self.channel_of(place)
        await self._guard(channel, place, message.card)
        return await channel.send(place, message)

    async def update(self, ref: MessageRef, card: Card, language: str) -> None:
        """Edits a message in place, under the same guard: a place may have been shared since."""
        channel = self.channel_of(ref.place)
        await self._guard(channel, ref.place, card)
        await channel.update(ref, card, language)

    async def outsiders(self, place: Place) -> bool:
        """Tells whether people from outside can read this place."""
        return await self.channel_of(place).outsiders(place)

    async def called(self, place: Place) -> Called | None:
        """Gives what people call a place; None where nobody tells."""
        try:
            return await self.channel_of(place).called(place)
        except Unreachable:  # that platform is not set up any more
            return None

    def channel_of(self, place: Place) -> Chat:
        """Gives the adapter of a place's platform; raises Unreachable where that is not set up."""
        prefix = place.partition(":")[0]
        if prefix not in self._make:
            section = prefix.removesuffix("-user")
            raise Unreachable(f"{section} is not set up here", mend="not_set_up")
        if prefix not in self._made:
            self._made[prefix] = self._make[prefix]()
        return self._made[prefix]

    async def meet(self, ctx: Context) -> None:
        """Lets every platform spoken to look for members who never wrote."""
        for channel in dict.fromkeys(self._made.values()):
            if isinstance(channel, Meeting):
                try:
                    await channel.meet(ctx)
                except Exception:
                    log.exception("members not looked for", channel=type(channel).__name__)

    async def close(self) -> None:
        """Closes the connections of every adapter that keeps some."""
        for channel in dict.fromkeys(self._made.values()):
            if isinstance(channel, Closing):
                await channel.close()

    async def _guard(self, channel: Chat, place: Place, card: Card) -> None:
        if card.audience == "internal" and await channel.outsiders(place):
            raise OutsidersCanRead("people from outside can read it")
