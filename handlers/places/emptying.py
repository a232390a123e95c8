"""Asks for the cards of a place to be taken away: outsiders came to read it."""

from handlers import alerts
from handlers.chat import Place
from handlers.context import Context
from storage import places

WHAT = "place_moved"


async def ask(ctx: Context, place: Place) -> None:
    """Asks for the cards of a place to be taken from there; once a minute at most."""
    now = ctx.now()
    async with ctx.db.session() as session:
        if not await places.standing_in(session, place):
            return
        asked = await alerts.add(
            session,
            key=f"{WHAT}:{place}:{now:%Y-%m-%dT%H:%M}",
            what=WHAT,
            due_at=now,
            detail={"place": place, "partition": place},
        )
    await ctx.soon(alerts.job_of(asked), None)
