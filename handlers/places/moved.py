"""A channel that outsiders came to read: its cards are emptied and posted directly."""

from dataclasses import replace

import structlog

from handlers import alerts, texts
from handlers.alerts import Outgoing
from handlers.cards import Card
from handlers.cases import places as routes
from handlers.cases import telling
from handlers.cases.view import load
from handlers.chat import ChatError, OutsidersCanRead, Place, Unreachable
from handlers.context import Context
from storage import alerts as outbox
from storage import members
from storage import places as storage
from storage.models import OPEN_STATES, Alert, Posting

log = structlog.get_logger()


async def build(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Empties every card of ours in the place, then posts those of open cases directly.

    Nothing happens where only our own people read by now.
    """
    place = str(alert.detail["place"])
    if not await ctx.chat.outsiders(place):
        return None
    async with ctx.db.reading() as session:
        standing = await storage.standing_in(session, place)
    waiting: ChatError | None = None
    for posting in standing:
        try:
            await ctx.chat.update(telling.ref_of(posting), _gone(ctx, posting), posting.language)
        except (Unreachable, OutsidersCanRead) as error:
            log.warning("card not taken away", posting=posting.id, reason=error.reason)
        except ChatError as error:
            waiting = error
            continue
        async with ctx.db.session() as session:
            await storage.mark_moved(session, posting.id)
    if waiting is not None:
        raise waiting  # what was emptied already is not looked at again
    return await _anew(ctx, alert, place)


def _gone(ctx: Context, posting: Posting) -> Card:
    t = texts.of(posting.language, ctx.programme.language)
    return Card(t("place.moved"), audience="person", foot=t("place.moved_next"))


async def _anew(ctx: Context, alert: Alert, place: Place) -> list[Outgoing]:
    """Gives the cards of open cases that stand nowhere else, for direct messages."""
    out = []
    async with ctx.db.reading() as session:
        for posting in await storage.moved_from(session, place):
            posted = await outbox.postings(session, telling.SUBJECT, posting.subject_id)
            elsewhere = any(
                each.response_id == posting.response_id
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
            steps = (route.direct, *(each for each in route.steps if place not in each))
            direct = replace(route, steps=tuple(each for each in steps if each))
            card = telling.posting_of_case(ctx, alert, view, answer, direct)
            t = texts.of(card.message.language, ctx.programme.language)
            card = alerts.noted(card, t("alert.outsiders"))
            key = f"{card.message.key}:{posting.id}"
            out.append(replace(card, message=replace(card.message, key=key)))
    return out
