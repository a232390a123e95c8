"""Where the bot may speak first in Microsoft Teams: conversations it was told of."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.models.columns import UtcDateTime


class Conversation(SQLModel, table=True):
    """A Teams conversation as the last validated request told it; enough to post into it.

    `person` is the Entra object id of the other side of a personal chat, `team` the id of the team
    a channel belongs to, `bot` the bot's own id there. `name` and `team_name` are what people call
    them; the first channel of a team has no name of its own. A closed one was left or deleted.
    """

    id: str = Field(primary_key=True)
    kind: str  # personal, group, channel
    service_url: str
    bot: str
    tenant: str | None = None
    person: str | None = Field(default=None, index=True)
    team: str | None = Field(default=None, index=True)
    name: str | None = None
    team_name: str | None = None
    shared: bool = False
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    noted_at: datetime = Field(sa_type=UtcDateTime)
