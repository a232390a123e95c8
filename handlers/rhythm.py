"""`/nps digest`: how often a member gets the digest, by their own choice."""

from handlers import texts
from handlers.cards import Button, Buttons, Card, Reply, Text
from handlers.chat import Click, Command
from handlers.context import Context, Refused
from handlers.days import today
from storage import digests
from storage.models import DigestRhythm, Member

CHOOSE = "digest_choose"
_WORDS = {
    DigestRhythm.DAILY: ("daily", "dagligt", "dagelijks"),
    DigestRhythm.WEEKLY: ("weekly", "ugentligt", "wekelijks"),
    DigestRhythm.OFF: ("off", "fra", "uit"),
}


async def show(ctx: Context, command: Command, me: Member) -> Reply:
    """`/nps digest weekly` chooses; without a word it says what is chosen, with buttons."""
    typed = command.text.strip().casefold()
    if not typed:
        return _card(ctx, me, DigestRhythm(me.digest))
    chosen = next((each for each, words in _WORDS.items() if typed in words), None)
    if chosen is None:
        t = texts.of(me.language, ctx.programme.language)
        raise Refused(t("digest.unknown", typed=typed[:40]))
    return await _choose(ctx, me, chosen)


async def press(ctx: Context, click: Click, me: Member) -> Reply:
    """Chooses by a button."""
    chosen = next((each for each in DigestRhythm if each == click.value), None)
    if chosen is None:
        t = texts.of(me.language, ctx.programme.language)
        raise Refused(t("routes.unknown_action"))
    return await _choose(ctx, me, chosen)


async def _choose(ctx: Context, me: Member, chosen: DigestRhythm) -> Card:
    async with ctx.db.session() as session:
        # What happened while it was off is not told afterwards: it begins today.
        since = today(ctx, me) if me.digest == DigestRhythm.OFF else None
        await digests.choose(session, me.id, chosen, since)
    return _card(ctx, me, chosen)


def _card(ctx: Context, me: Member, chosen: DigestRhythm) -> Card:
    t = texts.of(me.language, ctx.programme.language)
    buttons = tuple(
        Button(t(f"digest.choice.{each}"), CHOOSE, each.value)
        for each in DigestRhythm
        if each != chosen
    )
    return Card(
        t(f"digest.chosen.{chosen}"),
        (Text(t("digest.holds"), "note"), Buttons(buttons)),
        audience="person",
    )
