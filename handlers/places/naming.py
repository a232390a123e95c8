"""What a place is called in a sentence: never by the platform's own id where people have a name."""

from handlers.chat import Place
from handlers.context import Context, Refused
from handlers.texts import Texts
from storage import members, places

_PLATFORMS = ("slack", "teams", "teams-user", "console")


def refuse_no_place(place: Place, t: Texts) -> None:
    """Raises Refused where what was typed is no place of a chat."""
    platform, _, target = place.partition(":")
    if platform not in _PLATFORMS or not target:
        raise Refused(t("bind.bad_place", place=place))


async def spoken(ctx: Context, place: Place, t: Texts) -> str:
    """Gives `Alerts (Nordics)` for a channel of a team, and whose direct messages it is."""
    platform, _, target = place.partition(":")
    async with ctx.db.reading() as session:
        owner = await members.by_platform_id(session, platform.removesuffix("-user"), target)
        kept = await places.name_of(session, place)
    if owner is not None:
        return t("place.own", name=owner.name)
    return kept or await name_of(ctx, place) or t("place.unnamed", id=target)


async def name_of(ctx: Context, place: Place) -> str | None:
    """Gives how the platform calls a place, with its team; None where nobody tells."""
    called = await ctx.chat.called(place)
    if called is None:
        return None
    return f"{called.name} ({called.team})" if called.team else called.name
