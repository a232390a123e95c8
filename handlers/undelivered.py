"""Tells CX, and the people concerned, about places that take no alerts."""

from handlers.alerts import Outgoing
from handlers.cards import Button, Buttons, Card, Element, Text, beside
from handlers.cases import places
from handlers.chat import Message
from handlers.context import Context
from handlers.places.binding import for_whom
from handlers.places.naming import spoken
from handlers.places.words import to_do
from handlers.rights import LEADERS
from handlers.texts import of
from storage import members
from storage import places as storage
from storage.models import Account, Alert, MemberRole, Team


async def undelivered(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """A place took nothing: the CX leads hear it, with the reason and what to do."""
    async with ctx.db.reading() as session:
        route = await places.of_cx(session, ctx)
    t = of(route.member.language if route.member else None, ctx.programme.language)
    place, case_id = await spoken(ctx, alert.detail["place"], t), alert.detail.get("case")
    body: tuple[Element, ...] = ()
    if case_id is not None:
        body = (Buttons((beside(Button(t("case.open"), "case.open", str(case_id))),)),)
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


async def no_reader(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """What is kept from an owner waits, for nobody may read it: administrators can name a lead."""
    assert alert.account_id is not None
    async with ctx.db.reading() as session:
        account = await session.get_one(Account, alert.account_id)
        team = await session.get(Team, account.team_id) if account.team_id else None
        admins = await members.with_role(session, MemberRole.ADMIN)
    found = [each for each in admins if each.id not in account.kept_from]
    direct = tuple(place for each in found for place in places.direct_places(each))
    if not direct:
        return None
    t = of(found[0].language, ctx.programme.language)
    card = Card(
        t("alert.no_reader.title", account=account.name),
        (
            Text(t("alert.no_reader.next", team=team.name if team else "–")),
            Text(t("alert.undelivered.kept"), "note"),
        ),
        tone="warning",
    )
    return [Outgoing(Message(card, f"alert:{alert.id}", t.language), (direct,), direct=direct)]


async def place_lost(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """A bound place was closed or shared: its owner, else the lead, and the CX leads hear it."""
    place, kind = str(alert.detail["place"]), str(alert.detail["kind"])
    async with ctx.db.reading() as session:
        bound = next(
            (
                each
                for each in await storage.bound_here(session, place)
                if each.row.id == alert.detail["bound"]
            ),
            None,
        )
        if bound is None:
            return None  # another place was bound meanwhile
        owner = bound.member or await members.lead_of(session, bound.row.team_id)
        cx = await places.of_cx(session, ctx)
    out = []
    for who, steps in (
        # An owner who is in no chat is no reason to leave CX without word.
        (owner, (places.direct_places(owner), *cx.steps) if owner else ()),
        (cx.member, cx.steps),
    ):
        if not steps:
            continue
        t = of(who.language if who else None, ctx.programme.language)
        why = t("bind.shared" if kind == "place_shared" else "bind.closed")
        card = Card(
            t("bind.unusable", place=await spoken(ctx, place, t), name=for_whom(bound, t)),
            (Text(why), Text(t("bind.next"), "note")),
            tone="warning",
            audience="person",
        )
        key = f"alert:{alert.id}"
        direct = tuple(each for step in steps for each in step)
        out.append(Outgoing(Message(card, key, t.language), steps, direct=direct))
    return out


async def app_lost(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """The app is gone from a platform, or from one person's chat: CX and administrators hear it."""
    platform, kind = str(alert.detail["platform"]), str(alert.detail["kind"])
    async with ctx.db.reading() as session:
        member = await members.by_id(session, alert.member_id)
        leaders = await members.with_role(session, *LEADERS)
        cx = await places.of_cx(session, ctx)
    direct = tuple(place for leader in leaders for place in places.direct_places(leader))
    t = of(cx.member.language if cx.member else None, ctx.programme.language)
    name = t(f"bind.platform.{platform}")
    if member is not None:
        title = t("bind.removed_by", name=member.name, platform=name)
        body: tuple[Text, ...] = (Text(t("bind.removed_next"), "note"),)
    else:
        title = t(f"bind.app_{kind}", platform=name)
        body = (Text(to_do(f"{platform}_{kind}", t)), Text(t("bind.app_next"), "note"))
    card = Card(title, body, tone="critical" if member is None else "warning", audience="person")
    steps = (direct, *cx.steps[-1:])
    return [Outgoing(Message(card, f"alert:{alert.id}", t.language), steps, direct=direct)]
