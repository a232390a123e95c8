"""Takes cards from who had the account before, or has left: they read none of its words there."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from handlers import texts
from handlers.alerts import Outgoing
from handlers.cards import Card
from handlers.cases import places, seeing
from handlers.chat import Place
from handlers.context import Context
from handlers.places.editing import take_away
from storage import members
from storage import places as storage
from storage.db import Session
from storage.models import Account, Alert, Case, Member, Posting

WHAT, PLACE = "case_leaves", "place_leaves"


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


async def said_gone(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Empties what was said once of a case, where it stands for somebody who may not see what is
    hidden: reminders, with the card that a button in them brought, and what a customer said.
    """
    assert alert.case_id is not None
    async with ctx.db.reading() as session:
        case = await session.get_one(Case, alert.case_id)
        account = await session.get_one(Account, case.account_id)
        said = await storage.said_of(session, case.id)
        readers = await members.behind(session, [e.place.partition(":")[2] for e in said])
    above = {
        place
        for reader in readers
        if seeing.sees_hidden(reader, account)
        for place in places.direct_places(reader)
    }
    old = [e for e in said if e.place not in above and e.posted_at <= alert.due_at]
    await take_away(ctx, ((each, _passed_on(ctx, each)) for each in old))
    return None


async def place_rows(
    session: Session, gone: Member, own: Collection[Place], now: datetime
) -> list[dict[str, Any]]:
    """Gives the alerts that empty the places of who left: their own, and direct messages.

    A place in which others get alerts too keeps its cards. Each case has an alert of its own, so
    that no other edit of its cards is on its way at the same time.
    """
    rows = []
    for place in (*own, *places.direct_places(gone)):
        if await members.bound_to(session, place):
            continue
        standing = await storage.standing_in(session, place)
        for case_id in dict.fromkeys(_case_of(each) for each in standing):
            detail = {"place": place, "partition": f"case:{case_id}" if case_id else place}
            shared = {"what": PLACE, "due_at": now, "member_id": gone.id, "detail": detail}
            key = f"{PLACE}:{place}:{case_id}:{now:%Y%m%dT%H%M%S}"
            rows.append({**shared, "key": key, "case_id": case_id})
    return rows


async def empty_place(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Empties a case's cards in a place of who left, or all that is no card of a case."""
    async with ctx.db.reading() as session:
        standing = await storage.standing_in(session, str(alert.detail["place"]))
    mine = [each for each in standing if _case_of(each) == alert.case_id]
    await take_away(ctx, ((each, _passed_on(ctx, each)) for each in mine))
    return None


def _case_of(posting: Posting) -> int | None:
    return posting.subject_id if posting.subject == "case" else None


def _passed_on(ctx: Context, posting: Posting) -> Card:
    t = texts.of(posting.language, ctx.programme.language)
    key = "alert.passed_on" if posting.subject == "case" else "place.moved"
    return Card(t(key), audience="person")


def _gone(ctx: Context, language: str, new: Member | None) -> Card:
    t = texts.of(language, ctx.programme.language)
    name = new.name if new else t("case.somebody")
    return Card(t("handover.moved", name=name), audience="person", foot=t("handover.moved_next"))
