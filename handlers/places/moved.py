"""A channel that outsiders came to read: its cards are emptied and posted directly."""

from collections.abc import Sequence
from dataclasses import replace

from handlers import alerts, texts
from handlers.alerts import Outgoing
from handlers.cards import Card
from handlers.cases import places as routes
from handlers.cases import telling
from handlers.cases.view import load
from handlers.chat import Place, Unreachable
from handlers.context import Context
from handlers.places.editing import take_away
from storage import alerts as outbox
from storage import members
from storage import places as storage
from storage.models import OPEN_STATES, Alert, Posting


async def build(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Empties every card of ours in the place, then posts those of open cases directly.

    Nothing happens where only our own people read by now.
    """
    place = str(alert.detail["place"])
    try:
        if not await ctx.chat.outsiders(place):
            return None
    except Unreachable:
        pass  # nobody tells who reads it: it counts as read by outsiders
    async with ctx.db.reading() as session:
        standing = await storage.standing_in(session, place)
    await take_away(ctx, ((each, _gone(ctx, each)) for each in standing))
    async with ctx.db.reading() as session:
        emptied = await storage.moved_from(session, place)
    return await _anew(ctx, alert, emptied, place)


async def anew(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Posts a card again that can't be edited any more: it was deleted, or its place is closed."""
    async with ctx.db.reading() as session:
        posting = await session.get_one(Posting, alert.detail["posting"])
    if posting.subject != telling.SUBJECT or posting.part not in ("card", "thread"):
        return None
    return await _anew(ctx, alert, [posting], None) or None


def _gone(ctx: Context, posting: Posting) -> Card:
    t = texts.of(posting.language, ctx.programme.language)
    return Card(t("place.moved"), audience="person", foot=t("place.moved_next"))


async def _anew(
    ctx: Context, alert: Alert, lost: Sequence[Posting], shared: Place | None
) -> list[Outgoing]:
    """Gives the cards of open cases that stand nowhere else.

    From a place that outsiders came to read they go to direct messages first.
    """
    out = []
    async with ctx.db.reading() as session:
        for posting in lost:
            posted = await outbox.postings(session, telling.SUBJECT, posting.subject_id)
            elsewhere = any(
                each.response_id == posting.response_id
                and each.part != "note"  # words below a card are no card
                and (each.reason == "conflict") == (posting.reason == "conflict")
                for each in posted
            )
            view = await load(session, ctx, posting.subject_id)
            if elsewhere or view.case.state not in OPEN_STATES:
                continue
            answer = view.answer(posting.response_id)
            if answer.hidden:
                route = await routes.of_lead(session, ctx, view.account, "conflict")
            else:
                route = await routes.of_case(session, ctx, view.case, view.account)
                if route.member is None:
                    lead = await members.lead_of(session, view.account.team_id)
                    route = await routes.of_member(session, ctx, lead, reason="no_owner")
            if shared is not None:
                steps = (route.direct, *(each for each in route.steps if shared not in each))
                route = replace(route, steps=tuple(each for each in steps if each))
            card = telling.posting_of_case(ctx, alert, view, answer, route)
            t = texts.of(card.message.language, ctx.programme.language)
            card = alerts.noted(card, t("alert.outsiders" if shared is not None else "alert.anew"))
            key = f"{card.message.key}:{posting.id}"
            out.append(replace(card, message=replace(card.message, key=key)))
    return out
