"""Which of our members somebody in Teams is, if any, and the language to speak with them."""

from dataclasses import replace

import structlog

from bot.msteams import incoming
from bot.msteams.channel import TeamsChannel
from bot.msteams.incoming import Activity
from bot.msteams.origin import Asker
from handlers import identity, routes
from handlers.chat import ChatError, Person
from handlers.context import Context
from storage.models import Member

log = structlog.get_logger()


class Askers:
    """Finds who acts."""

    def __init__(self, ctx: Context, channel: TeamsChannel) -> None:
        self._ctx = ctx
        self._channel = channel

    async def find(self, activity: Activity, person: Person) -> Asker:
        """Finds the member by Entra object id; only else asks the roster for the addresses."""
        me = await routes.find_member(self._ctx, person)
        maybe: tuple[Member, ...] = ()
        if me is None:
            told = incoming.told(activity, self._channel.app_id, self._ctx.now())
            found = None
            if told is not None:
                try:
                    at = await self._channel.address(f"teams:{told.id}")
                    found = await self._channel.people.find(at, person.id)
                except ChatError as error:
                    log.warning("person not looked up", reason=error.reason)
            if found is not None and found.addresses:
                members = await identity.members_of(self._ctx, person, found.addresses)
                if identity.is_clear(person, members):
                    person = replace(person, email=members[0].email)
                    me = await routes.find_member(self._ctx, person)
                else:
                    maybe = members
                    person = replace(person, email=None if members else found.addresses[0])
        language = (me.language if me else None) or self._ctx.programme.language
        return Asker(person, language, known=me is not None, maybe=maybe)
