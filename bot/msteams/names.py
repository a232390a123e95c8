"""What people call a Teams channel or group chat, told by requests or asked of Teams."""

import structlog

from bot.msteams import errors
from bot.msteams.connector import Address, Connector
from bot.msteams.incoming import items, part
from handlers.chat import Called
from storage import conversations
from storage.db import Database
from storage.models import Conversation

log = structlog.get_logger()

# Teams gives the first channel of a team no name (learn.microsoft.com, get-teams-context).
FIRST_CHANNEL = "General"


class Names:
    """Knows names of conversations; what Teams was asked for is stored."""

    def __init__(self, connector: Connector, db: Database, tenant: str) -> None:
        self._connector = connector
        self._db = db
        self._tenant = tenant

    async def of(self, conversation: str) -> Called | None:
        """Gives the name of a channel with its team, or of a group chat; None where it has none."""
        async with self._db.reading() as session:
            known = await conversations.by_id(session, conversation)
        if known is None:
            return None
        if known.kind != "channel":
            return Called(known.name) if known.name else None
        is_first = known.id == known.team
        if known.team and (not known.team_name or not (known.name or is_first)):
            await self._ask(known, known.team)
        name = known.name or (FIRST_CHANNEL if is_first else None)
        return Called(name, known.team_name) if name else None

    async def _ask(self, known: Conversation, team: str) -> None:
        """Fills the names in from Teams, and stores them."""
        at = Address(known.id, known.service_url, known.bot, self._tenant)
        try:
            told = await self._connector.team(at, team)
            channels = await self._connector.channels(at, team)
        except Exception as error:
            log.info("names not told", place=known.id, reason=str(errors.read(error)))
            return
        named = {part(each, "id"): part(each, "name") for each in items(channels, "conversations")}
        known.name = named.get(known.id) or known.name
        known.team_name = part(told, "name") or known.team_name
        async with self._db.session() as session:
            await conversations.name(session, known.id, known.name, known.team_name)
