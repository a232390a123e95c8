"""What a platform tells about places: who reads them now, and whether they are still there."""

from typing import Any

from handlers import alerts
from handlers.alerts import platform_of
from handlers.cards import Reply
from handlers.chat import ChatError, Notice
from handlers.context import Context
from handlers.places import emptying
from handlers.places.naming import name_of
from storage import alerts as outbox
from storage import members, places
from storage.models import Member

APP_LOST = "app_lost"
# Why a place takes nothing, by what the platform told.
_MEND = {"place_closed": "closed", "place_shared": "outsiders"}


async def lost(ctx: Context, notice: Notice, _me: Member | None) -> Reply:
    """A bound place was closed or shared: its owner and CX are told, once a day."""
    now = ctx.now()
    async with ctx.db.session() as session:
        mend = _MEND[notice.kind]
        await places.note_problem(session, notice.place, notice.kind, mend, now)
        rows = [
            {
                "key": f"place_lost:{bound.id}:{notice.kind}:{now:%Y-%m-%d}",
                "what": "place_lost",
                "due_at": now,
                "member_id": bound.member_id,
                "detail": {
                    "place": notice.place,
                    "kind": notice.kind,
                    "bound": bound.id,
                    "team": bound.team_id,
                    "partition": "cx",
                },
            }
            for bound in await members.bound_to(session, notice.place)
        ]
        found = await outbox.add_many(session, rows)
    for each in found:
        await ctx.soon(alerts.job_of(each), None)
    return None


async def shared(ctx: Context, notice: Notice, me: Member | None) -> Reply:
    """Outsiders can read the place: its cards are taken away, and who is concerned is told."""
    await emptying.ask(ctx, notice.place)
    return await lost(ctx, notice, me)


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
        await _works(ctx, notice)
        return None
    return await shared(ctx, Notice("place_shared", notice.place), me)


async def opened(ctx: Context, notice: Notice, me: Member | None) -> Reply:
    """A place is there again, or the bot was added to it: it may be used as before."""
    return await readers_changed(ctx, notice, me)


async def renamed(ctx: Context, notice: Notice, _me: Member | None) -> Reply:
    """A place has another name: lists show it, nobody is disturbed."""
    name = notice.name or await name_of(ctx, notice.place)
    if name:
        async with ctx.db.session() as session:
            await places.rename(session, notice.place, name)
    return None


async def app_lost(ctx: Context, notice: Notice, _me: Member | None) -> Reply:
    """The app was taken from a platform, or its token: CX is told on the other platforms.

    Where one person removed it from their own chat, CX hears who can't be written to any more.
    """
    now = ctx.now()
    platform = platform_of(notice.place)
    person = notice.person
    async with ctx.db.session() as session:
        who = None
        if person is not None:
            who = await members.by_platform_id(session, person.platform, person.id)
            if who is None:
                return None  # a customer's contact, or nobody we know
        else:
            mend = f"{platform}_{notice.kind}"
            await places.note_platform(session, platform, notice.kind, mend, now)
        about = f"{platform}:{who.id}" if who else platform
        detail: dict[str, Any] = {"platform": platform, "kind": notice.kind, "partition": "cx"}
        row = {
            # A removed app tells of its token too: one word a day is enough.
            "key": f"{APP_LOST}:{about}:{now:%Y-%m-%d}",
            "what": APP_LOST,
            "due_at": now,
            "member_id": who.id if who else None,
            "detail": detail,
        }
        found = await outbox.add_many(session, [row])
    for each in found:
        await ctx.soon(alerts.job_of(each), None)
    return None


async def _works(ctx: Context, notice: Notice) -> None:
    async with ctx.db.session() as session:
        await places.note_mended(session, notice.place, notice.name)
