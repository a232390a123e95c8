"""What a platform tells about places: who reads them now, and whether they are still there."""

from handlers import members as people
from handlers.cards import Reply
from handlers.chat import ChatError, Notice
from handlers.context import Context
from handlers.places import emptying
from storage import places
from storage.models import Member


async def shared(ctx: Context, notice: Notice, me: Member | None) -> Reply:
    """Outsiders can read the place: its cards are taken away, and who is concerned is told."""
    await emptying.ask(ctx, notice.place)
    return await people.place_lost(ctx, notice, me)


async def readers_changed(ctx: Context, notice: Notice, me: Member | None) -> Reply:
    """Somebody joined or left: a guest among them makes the place one that outsiders read."""
    async with ctx.db.reading() as session:
        if not await places.concerns(session, notice.place):
            return None
    try:
        outsiders = await ctx.chat.outsiders(notice.place)
    except ChatError:
        return None  # asked again when something is posted there
    if not outsiders:
        return None
    return await shared(ctx, Notice("place_shared", notice.place), me)
