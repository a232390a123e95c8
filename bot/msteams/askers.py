"""Which of our members somebody in Teams is, if any, and the language to speak with them."""

import asyncio
from dataclasses import replace

import structlog

from bot.msteams import incoming
from bot.msteams.channel import TeamsChannel
from bot.msteams.incoming import Activity
from bot.msteams.origin import Asker
from bot.msteams.people import TeamsPerson
from handlers import identity, routes
from handlers.chat import ChatError, Person
from handlers.context import Context
from storage.models import Member

log = structlog.get_logger()

# A member does not wait longer for Teams to say who they are: a dialog is answered in 5 seconds.
SOON_SECONDS = 1.0


class Askers:
    """Finds who acts."""

    def __init__(self, ctx: Context, channel: TeamsChannel) -> None:
        self._ctx = ctx
        self._channel = channel

    async def find(self, activity: Activity, person: Person) -> Asker:
        """Finds the member by Entra object id or by the addresses that the roster tells.

        Whom the roster calls a guest is no member, whoever they once were.
        """
        me = await routes.find_member(self._ctx, person)
        found = await self._who(activity, person, SOON_SECONDS if me is not None else None)
        maybe: tuple[Member, ...] = ()
        if found is not None and found.outside:
            me, person = None, replace(person, outside=True)
        elif me is None and found is not None and found.addresses:
            members = await identity.members_of(self._ctx, person, found.addresses)
            if identity.is_clear(person, members):
                person = replace(person, email=members[0].email)
                me = await routes.find_member(self._ctx, person)
            else:
                maybe = members
                person = replace(person, email=None if members else found.addresses[0])
        language = (me.language if me else None) or self._ctx.programme.language
        return Asker(person, language, known=me is not None, maybe=maybe)

    async def _who(
        self, activity: Activity, person: Person, within: float | None
    ) -> TeamsPerson | None:
        told = incoming.told(activity, self._channel.app_id, self._ctx.now())
        # A message extension may be used where the bot is not: a member's own chat tells as well.
        place = f"teams:{told.id}" if told is not None else person.place
        if told is None and within is None:
            return None
        try:
            async with asyncio.timeout(within):
                at = await self._channel.address(place)
                return await self._channel.people.find(at, person.id)
        except TimeoutError:
            log.info("person not looked up in time", person=person.id)
        except ChatError as error:
            log.warning("person not looked up", reason=error.reason)
        return None
