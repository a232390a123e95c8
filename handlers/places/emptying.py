"""Asks for the cards of a place to be taken away, or posted anew where they are lost."""

from collections.abc import Sequence

from handlers import alerts
from handlers.chat import ChatError, Place
from handlers.context import Context
from storage import places
from storage.models import Alert, Posting

WHAT = "place_moved"
ANEW = "card_anew"
# The card stands, it only can't be changed: another one beside it would confuse.
_STANDS = ("no_edit", "card")


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


async def ask_anew(ctx: Context, lost: Sequence[tuple[Posting, ChatError]], about: Alert) -> None:
    """Asks for cards that can't be edited any more to be posted again; CX hears why."""
    gone = [posting for posting, error in lost if error.mend not in _STANDS]
    now = ctx.now()
    async with ctx.db.session() as session:
        asked = []
        for posting in gone:
            await places.mark_moved(session, posting.id)
            asked.append(
                await alerts.add(
                    session,
                    key=f"{ANEW}:{posting.id}",
                    what=ANEW,
                    due_at=now,
                    case_id=about.case_id,
                    detail={"posting": posting.id, "partition": f"case:{about.case_id}"},
                )
            )
    for each in asked:
        await ctx.soon(alerts.job_of(each), None)
    await alerts.tell_cx(ctx, [(posting.place, error) for posting, error in lost], about)
