"""Takes the cards of a case from who had the account before: they read none of its words there."""

from datetime import datetime
from typing import Any

from handlers import texts
from handlers.alerts import Outgoing
from handlers.cards import Card
from handlers.cases import places
from handlers.context import Context
from handlers.places.editing import take_away
from storage import members
from storage import places as storage
from storage.models import Alert, Case, Member

WHAT = "case_leaves"


def row(case_id: int, old: int, new: int | None, now: datetime) -> dict[str, Any]:
    """Gives the alert that takes a case's cards from the places of the old owner."""
    return {
        "key": f"{WHAT}:{case_id}:{old}:{now:%Y%m%dT%H%M%S}",
        "what": WHAT,
        "due_at": now,
        "case_id": case_id,
        "member_id": old,
        "detail": {"new": new, "partition": f"case:{case_id}"},
    }


async def build(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Empties what stands in the old owner's own places, and says who has the account now."""
    assert alert.case_id is not None
    async with ctx.db.reading() as session:
        case = await session.get_one(Case, alert.case_id)
        old = await members.by_id(session, alert.member_id)
        new = await members.by_id(session, alert.detail["new"])
        if old is None or case.owner_id == old.id:
            return None  # it came back meanwhile
        own = {each.place for each in await members.places(session, member_id=old.id)}
        own.update(places.direct_places(old))
        if new is not None:  # a place that both have stays as it is
            own -= {each.place for each in await members.places(session, member_id=new.id)}
        standing = await storage.of_case(session, case.id, own)
    await take_away(ctx, ((each, _gone(ctx, each.language, new)) for each in standing))
    return None


def _gone(ctx: Context, language: str, new: Member | None) -> Card:
    t = texts.of(language, ctx.programme.language)
    name = new.name if new else t("case.somebody")
    return Card(t("handover.moved", name=name), audience="person", foot=t("handover.moved_next"))
