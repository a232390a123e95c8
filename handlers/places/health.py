"""How the places are: which take no alerts, in a line for those who can do something about it."""

from handlers.cards import Text
from handlers.context import Context
from handlers.places.binding import for_whom
from handlers.places.naming import spoken
from handlers.places.words import to_do
from handlers.rights import LEADERS
from handlers.texts import Texts
from storage import places
from storage.db import Session
from storage.models import Member

_SHOWN = 3


async def lines(session: Session, ctx: Context, me: Member, t: Texts) -> tuple[Text, ...]:
    """Gives what CX must know of places that take nothing; nothing for others or when all work."""
    if me.role not in LEADERS:
        return ()
    found = await places.troubled(session)
    if not found:
        return ()
    said = [
        Text(
            t(
                "bind.health.line",
                place=await spoken(ctx, each.row.place, t),
                who=for_whom(each, t),
                todo=to_do(each.row.mend or "other", t),
            ),
            "note",
        )
        for each in found[:_SHOWN]
    ]
    return (Text(t.count("bind.health", len(found)), "strong"), *said)
