"""Who is behind a Teams id, and who can read a conversation: the roster, remembered for a while."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

import structlog

from bot.msteams import errors
from bot.msteams.connector import Address, Connector
from bot.msteams.incoming import items, part
from handlers.chat import ChatError, TryLater, Unreachable

log = structlog.get_logger()

KEEP_SECONDS = 600.0
KEEP_READERS_SECONDS = 60.0
KEEP_AT_MOST = 5000
# A roster of more pages (of up to 500) can't be vouched for.
MOST_PAGES = 10
UNREADABLE = "Teams' answer could not be read"
GUEST_NAME = "#ext#"  # in the sign-in name of every guest


@dataclass(frozen=True)
class TeamsPerson:
    """What matters of a Teams user. `outside` = a guest, anonymous, or of another organisation."""

    id: str
    name: str | None
    addresses: tuple[str, ...]
    outside: bool


class People:
    """Looks people up in rosters."""

    def __init__(
        self, connector: Connector, tenant: str, now: Callable[[], float] = monotonic
    ) -> None:
        self._connector = connector
        self._tenant = tenant
        self._now = now
        self._known: dict[str, tuple[float, TeamsPerson]] = {}
        self._readers: dict[str, tuple[float, bool]] = {}
        self._changes = 0
        self._accounts: dict[str, str] = {}

    def note(self, person: str, account: str) -> None:
        """Keeps Teams' own id of a person (by Entra id), as a request or a roster told it."""
        if len(self._accounts) >= KEEP_AT_MOST:
            self._accounts.clear()
        self._accounts[person] = account

    def account(self, person: str) -> str:
        """Gives the id to open a chat with: Teams' own where it is known, else the Entra id."""
        return self._accounts.get(person, person)

    async def find(self, at: Address, person: str) -> TeamsPerson | None:
        """Gives a person as a conversation's roster tells, None where it knows none.

        Raises TryLater when the roster can't be read now, Unreachable when it may not be.
        """
        kept = self._known.get(person)
        if kept is not None and kept[0] > self._now():
            return kept[1]
        found = await self.present(at, person)
        if found is not None:
            if len(self._known) >= KEEP_AT_MOST:
                self._known.clear()
            self._known[person] = (self._now() + KEEP_SECONDS, found)
        return found

    async def present(self, at: Address, person: str) -> TeamsPerson | None:
        """Gives a person who is in this conversation now, else None.

        Raises TryLater when the roster can't be read now, Unreachable when it may not be.
        """
        try:
            return self._known_person(await self._connector.member(at, person))
        except Exception as error:
            reason = _asked(error)
            if isinstance(reason, TryLater):
                raise reason from error
        # Not every service finds people by their Entra id: the whole roster is read.
        try:
            async for found in self._roster(at):
                if found.id == person:
                    return found
        except Exception as error:
            raise _asked(error) from error
        log.info("person not in the roster", place=at.conversation, person=person)
        return None

    async def everybody(self, at: Address) -> list[TeamsPerson]:
        """Gives our own people in a conversation; none where its roster can't be read now."""
        try:
            return [person async for person in self._roster(at) if not person.outside]
        except Exception as error:
            log.info("roster not read", place=at.conversation, reason=str(errors.read(error)))
            return []

    async def outsiders(self, at: Address) -> bool:
        """Tells whether people from outside can read a conversation.

        Raises TryLater or Unreachable where Teams does not tell; the next look may succeed.
        """
        kept = self._readers.get(at.conversation)
        if kept is not None and kept[0] > self._now():
            return kept[1]
        changes = self._changes
        try:
            found = await self._look(at)
        except Exception as error:
            raise _asked(error) from error
        if changes == self._changes:  # else somebody may have come since the roster was read
            self._readers[at.conversation] = (self._now() + KEEP_READERS_SECONDS, found)
        return found

    def forget_readers(self, conversation: str) -> None:
        """Drops what is remembered of a conversation that changed."""
        self._changes += 1
        self._readers.pop(conversation, None)

    async def _look(self, at: Address) -> bool:
        seen = 0
        async for person in self._roster(at):
            seen += 1
            if person.outside:
                return True
        if seen == 0:  # the bot itself is in every conversation
            raise TryLater(UNREADABLE)
        return False

    async def _roster(self, at: Address) -> AsyncIterator[TeamsPerson]:
        """Gives everybody in a conversation; raises Unreachable for one that is too large."""
        page: str | None = None
        for _page in range(MOST_PAGES):
            roster = await self._connector.members(at, page)
            for each in items(roster, "members"):
                yield self._read(each)
            page = part(roster, "continuationToken") or None
            if page is None:
                return
        raise Unreachable("too many people to know all readers", mend="too_large")

    def _known_person(self, told: Any) -> TeamsPerson:
        found = self._read(told)
        if not found.id:
            raise TryLater(UNREADABLE)
        return found

    def _read(self, told: Any) -> TeamsPerson:
        role = part(told, "userRole").lower()
        tenant = part(told, "tenantId")
        upn = part(told, "userPrincipalName").lower()
        outside = (
            role in ("guest", "anonymous")
            or (bool(tenant) and tenant != self._tenant)
            or GUEST_NAME in upn
        )
        addresses = [part(told, "email").lower(), upn]
        account = part(told, "id")
        person = part(told, "aadObjectId") or part(told, "objectId") or account
        if account:
            self.note(person, account)
        return TeamsPerson(
            id=person,
            name=part(told, "name") or None,
            # Another organisation writes its people's addresses: they prove nothing here.
            addresses=()
            if outside
            else tuple(dict.fromkeys(each for each in addresses if "@" in each)),
            outside=outside,
        )


def _asked(error: Exception) -> ChatError:
    """Gives what an error of a look at the roster means: looking twice is harmless."""
    found = errors.read(error)
    return found if isinstance(found, (TryLater, Unreachable)) else TryLater(str(found))
