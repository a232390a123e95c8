"""Tells CX, and the people concerned, about places that take no alerts."""

from handlers import members as people
from handlers.alerts import Outgoing
from handlers.cards import Button, Buttons, Card, Element, Text
from handlers.cases import places
from handlers.chat import Message
from handlers.context import Context
from handlers.places.words import shown, to_do
from handlers.texts import of
from storage import members
from storage import places as storage
from storage.models import Alert, Team


async def undelivered(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """A place took nothing: the CX leads hear it, with the reason and what to do."""
    async with ctx.db.reading() as session:
        route = await places.of_cx(session, ctx)
        named = await storage.name_of(session, alert.detail["place"])
    t = of(route.member.language if route.member else None, ctx.programme.language)
    place, case_id = shown(alert.detail["place"], named), alert.detail.get("case")
    body: tuple[Element, ...] = ()
    if case_id is not None:
        body = (Buttons((Button(t("case.open"), "case.open", str(case_id)),)),)
    nobody = "case" in alert.detail
    card = Card(
        t("alert.undelivered.nobody" if nobody else "alert.undelivered.title", place=place),
        (
            Text(t("alert.undelivered.reason", reason=alert.detail["reason"])),
            Text(to_do(alert.detail["mend"], t)),
            Text(t("alert.undelivered.kept" if nobody else "alert.undelivered.next"), "note"),
            *body,
        ),
        tone="warning",
        audience="person",
    )
    message = Message(card, f"alert:{alert.id}", t.language)
    return [Outgoing(message, route.steps, direct=route.direct)]


async def place_lost(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """A bound place was closed or shared: its owner, else the lead, and the CX leads hear it."""
    async with ctx.db.reading() as session:
        member = await members.by_id(session, alert.member_id)
        team_id = alert.detail.get("team")
        team = await session.get(Team, team_id) if team_id is not None else None
        owner = member or await members.lead_of(session, team_id)
        cx = await places.of_cx(session, ctx)
    name = member.name if member else team.name if team else "–"
    place, kind = str(alert.detail["place"]), str(alert.detail["kind"])
    out = []
    for who, steps in (
        # An owner who is in no chat is no reason to leave CX without word.
        (owner, (places.direct_places(owner), *cx.steps) if owner else ()),
        (cx.member, cx.steps),
    ):
        if not steps:
            continue
        t = of(who.language if who else None, ctx.programme.language)
        card = people.lost_card(t, place, kind, name)
        key = f"alert:{alert.id}"
        direct = tuple(each for step in steps for each in step)
        out.append(Outgoing(Message(card, key, t.language), steps, direct=direct))
    return out
