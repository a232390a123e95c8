"""The way out to Microsoft Teams: posts and edits cards, and tells who can read a place."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import structlog

from bot.links import Addresses
from bot.msteams import errors, limits
from bot.msteams.adaptive import Mention, attachment, draw_card, draw_parts, notice, short_text
from bot.msteams.auth import TeamsAuth
from bot.msteams.connector import Address, Connector
from bot.msteams.incoming import base
from bot.msteams.names import Names
from bot.msteams.pace import LONGEST_WAIT_SECONDS, Pace
from bot.msteams.people import People, TeamsPerson
from handlers import identity
from handlers.alerts import with_note
from handlers.cards import Card
from handlers.chat import (
    Called,
    ChatError,
    InDoubt,
    Message,
    MessageRef,
    Person,
    Place,
    TryLater,
    Unreachable,
)
from handlers.context import Context
from storage import conversations
from storage.db import Database
from storage.models import Conversation

log = structlog.get_logger()

ATTEMPTS = 4
REPLY = "reply:"  # begins the key of an answer to somebody: it comes whole, not cut
USER = "teams-user"
SMALLER = (1, 2, 4)  # after 413 the card is drawn to a half and a quarter of its size
Result = TypeVar("Result")


class TeamsChannel:
    """Teams as a Chat, for places `teams:CONVERSATION` and `teams-user:ENTRA_ID` (direct)."""

    def __init__(
        self,
        connector: Connector,
        auth: TeamsAuth,
        db: Database,
        addresses: Addresses,
        *,
        app_id: str,
        tenant: str,
        clock: Callable[[], datetime],
        pace: Pace | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.connector = connector
        self.auth = auth
        self.db = db
        self.addresses = addresses
        self.app_id = app_id
        self.tenant = tenant
        self.people = People(connector, tenant)
        self._names = Names(connector, db, tenant)
        self._clock = clock
        self._pace = pace or Pace(sleep=sleep)
        self._sleep = sleep

    async def send(self, place: Place, message: Message) -> MessageRef:
        """Posts a message; raises TryLater, Unreachable or InDoubt."""
        at, threads = await self._address(place)
        if message.doubted is not None:  # Teams does not show a bot what stands
            message = replace(message, card=with_note(message.card, message.doubted.note))
        thread: str | None = None
        if message.reply_to is not None and threads:
            thread = message.reply_to.thread or message.reply_to.id
            at = at.thread(thread)
        mention = await self._mention(at, message.mention)
        more = {"channelData": {"npsbot": {"key": message.key}}}

        async def post(drawn: dict[str, Any]) -> str:
            posted = await self.connector.post(at, {**drawn, **more})
            if not posted:
                raise InDoubt("Teams' answer could not be read")
            return posted

        if message.key.startswith(REPLY):
            parts = draw_parts(message.card, self.addresses, message.language)
            if len(parts) > 1:
                return MessageRef(
                    place, await self._in_parts(at, message.card, parts, post), thread
                )
        message_id = await self._drawn(at, message.card, message.language, mention, post)
        return MessageRef(place, message_id, thread)

    async def update(self, ref: MessageRef, card: Card, language: str) -> None:
        """Edits a message in place; a lost answer is no doubt here, an edit may be done twice."""
        at, threads = await self._address(ref.place)
        if ref.thread is not None and threads:
            at = at.thread(ref.thread)

        async def edit(drawn: dict[str, Any]) -> None:
            await self.connector.edit(at, ref.id, drawn)

        try:
            await self._drawn(at, card, language, None, edit)
        except InDoubt as doubt:
            raise TryLater(doubt.reason) from doubt

    async def outsiders(self, place: Place) -> bool:
        """Tells whether people from outside can read this place.

        Raises TryLater or Unreachable where Teams does not tell, or there is no way to a person.
        """
        platform, _, target = place.partition(":")
        if platform == USER:
            found = await self.person(target)
            return found is None or found.outside
        async with self.db.reading() as session:
            known = await conversations.by_id(session, target)
        if known is not None and known.shared:
            return True
        at, _threads = await self._address(place)
        return await self.people.outsiders(at)

    async def called(self, place: Place) -> Called | None:
        """Gives what people call a channel, with its team, or a group chat."""
        platform, _, target = place.partition(":")
        return None if platform == USER else await self._names.of(base(target))

    async def meet(self, ctx: Context, conversation: str | None = None) -> None:
        """Remembers which members are in the teams and group chats that have the bot, or in one."""
        if not await identity.is_somebody_unknown(ctx, "teams"):
            return
        async with self.db.reading() as session:
            only = await conversations.by_id(session, conversation) if conversation else None
            rows = [only] if only else await conversations.with_others(session)
        found: dict[str, identity.Found] = {}
        for row in rows:
            at = Address(row.id, row.service_url, row.bot, self.tenant)
            for each in await self.people.everybody(at):
                found[each.id] = (Person("teams", each.id, name=each.name), each.addresses)
        await identity.meet(ctx, list(found.values()))

    async def person(self, person: str) -> TeamsPerson | None:
        """Gives somebody as the roster of their personal chat tells; None where it does not."""
        at, _threads = await self._address(f"{USER}:{person}")
        return await self.people.find(at, person)

    async def address(self, place: Place) -> Address:
        """Gives how to speak in a place; raises TryLater or Unreachable."""
        at, _threads = await self._address(place)
        return at

    async def wait(self, seconds: float) -> None:
        """Waits as long as Teams asked to."""
        await self._sleep(seconds)

    async def close(self) -> None:
        """Closes all connections."""
        await self.connector.close()
        await self.auth.close()

    async def _address(self, place: Place) -> tuple[Address, bool]:
        """Gives the conversation of a place, and whether it has threads."""
        platform, _, target = place.partition(":")
        async with self.db.reading() as session:
            if platform == USER:
                known = await conversations.of_person(session, target)
            else:
                known = await conversations.by_id(session, base(target))
            near = known or await conversations.latest(session)
        if near is None:
            raise Unreachable("Teams has not spoken with the bot yet", mend="teams_first")
        at = Address(near.id, near.service_url, near.bot, self.tenant)
        if known is not None:
            return at, known.kind == "channel"
        if platform == USER:
            return await self._open_chat(at, near, target), False
        # A channel of a team that has the app takes messages before anybody spoke there.
        return replace(at, conversation=base(target)), True

    async def _open_chat(self, near: Address, known: Conversation, person: str) -> Address:
        async def create() -> str:
            opened = await self.connector.open_chat(near, self.people.account(person))
            if not opened:
                raise TryLater("Teams' answer could not be read")
            return opened

        try:
            chat = await self._call(f"person:{person}", create)
        except InDoubt as doubt:  # opening twice is harmless
            raise TryLater(doubt.reason) from doubt
        except errors.Refusal as refusal:
            raise Unreachable(
                f"Teams opens no chat with this person ({refusal})", True, "teams_install"
            ) from refusal
        opened = Conversation(
            id=chat, kind="personal", service_url=known.service_url, bot=known.bot,
            tenant=self.tenant, person=person, noted_at=self._clock(),
        )  # fmt: skip
        async with self.db.session() as session:
            await conversations.note(session, opened)
        return replace(near, conversation=chat)

    async def _mention(self, at: Address, called: Place | None) -> Mention | None:
        if called is None or not called.startswith(f"{USER}:"):
            return None
        person = called.partition(":")[2]
        try:
            found = await self.people.find(replace(at, conversation=base(at.conversation)), person)
        except ChatError:  # a name is not worth waiting for
            return None
        return Mention(found.name, person) if found is not None and found.name else None

    async def _in_parts(
        self,
        at: Address,
        card: Card,
        parts: Sequence[dict[str, Any]],
        post: Callable[[dict[str, Any]], Awaitable[str]],
    ) -> str:
        """Posts an answer whole, in several messages; gives the id of the last."""
        posted = ""
        for content in parts:
            drawn = _activity(card, content)
            try:
                posted = await self._call(base(at.conversation), partial(post, drawn))
            except errors.Refusal as error:
                raise Unreachable(f"Teams refuses this card ({error})", mend="card") from error
        return posted

    async def _drawn(
        self,
        at: Address,
        card: Card,
        language: str,
        mention: Mention | None,
        call: Callable[[dict[str, Any]], Awaitable[Result]],
    ) -> Result:
        """Sends a card; one that is refused for its size goes smaller, else as short text."""
        refusal: errors.Refusal | None = None
        for part in SMALLER:
            if refusal is not None and not refusal.too_large:
                break
            content = draw_card(
                card, self.addresses, language, mention, most=limits.CARD_BYTES // part
            )
            drawn = _activity(card, content)
            try:
                return await self._call(base(at.conversation), partial(call, drawn))
            except errors.Refusal as error:
                log.warning("card refused", reason=str(error), part=part)
                refusal = error
        words = {"type": "message", "textFormat": "plain", "text": short_text(card)}
        try:
            return await self._call(base(at.conversation), partial(call, words))
        except errors.Refusal as error:
            raise Unreachable(f"Teams refuses this card ({error})", mend="card") from error

    async def _call(self, conversation: str, call: Callable[[], Awaitable[Result]]) -> Result:
        """Makes a call within Teams' limits; what Teams puts off is tried again with jitter."""
        for attempt in range(1, ATTEMPTS + 1):
            await self._pace.take(conversation)
            try:
                return await call()
            except Exception as error:
                found = errors.read(error)
                if not isinstance(found, errors.Throttled) or attempt == ATTEMPTS:
                    raise found from error
                wait = found.seconds if found.told else found.seconds * 2.0 ** (attempt - 2)
                if wait > LONGEST_WAIT_SECONDS:
                    raise TryLater(found.reason, wait) from error
                # Never before the time told; a crowd that was sent away spreads out.
                await self._sleep(wait + random.uniform(0, 0.5 + wait / 4))
        raise AssertionError("the last attempt gives or raises")


def _activity(card: Card, content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "summary": notice(card), "attachments": [attachment(content)]}
