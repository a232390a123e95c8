"""`/nps bind list`: what is bound where, whether it works, and how to let go of it."""

from handlers import texts
from handlers.accounts.reader import cut
from handlers.cards import Button, Buttons, Card, Element, Reply, Text, Tone
from handlers.chat import Click, Command, Place, row_id
from handlers.context import Context, NotAllowed, Refused
from handlers.places.naming import spoken
from handlers.places.words import told
from handlers.rights import LEADERS
from handlers.surveys import reason_label
from handlers.texts import Texts
from storage import places, sharing
from storage.db import Session
from storage.models import Act, Member, MemberRole
from storage.places import Bound

UNBIND, TAKE_AWAY = "place_unbind", "reason_unbind"
_SHOWN = 15
_TYPED = 60


async def show(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps bind list [words]`: the places one may change; CX leads and administrators see all."""
    return await _list(ctx, me, event.text)


async def unbind(ctx: Context, click: Click, me: Member) -> Reply:
    """Lets go of a place: alerts go to the next one."""
    t = texts.of(me.language, ctx.programme.language)
    async with ctx.db.session() as session:
        found = {each.row.id: each for each in await places.all_bound(session)}
        bound = found.get(row_id(click.value))
        if bound is None:
            raise Refused(t("bind.gone"))
        if not _may(me, bound):
            raise NotAllowed(t("bind.not_allowed"), "place", bound.row.id)
        await places.unbind(session, bound.row.id)
    ctx.note(Act.BOUND, "place", bound.row.id)
    return await _list(ctx, me)


async def take_away(ctx: Context, click: Click, me: Member) -> Reply:
    """Takes a reason from the member or function who owns it: its cards go to CX."""
    t = texts.of(me.language, ctx.programme.language)
    if me.role not in LEADERS:
        raise NotAllowed(t("bind.not_allowed"), "reason")
    set_at, _, reason = click.value.partition(" ")
    async with ctx.db.session() as session:
        if not await sharing.take_away(session, reason, set_at):
            raise Refused(t("bind.gone"))
    ctx.note(Act.BOUND, "reason")
    return await _list(ctx, me)


async def bound_here(session: Session, place: Place, t: Texts) -> tuple[Text, ...]:
    """Gives what a place is bound for now, for the form that binds it."""
    found = await places.bound_here(session, place)
    if not found:
        return ()
    names = ", ".join(for_whom(each, t) for each in found)
    return (Text(t("bind.now", names=names), "note"),)


async def _list(ctx: Context, me: Member, typed: str = "") -> Card:
    t = texts.of(me.language, ctx.programme.language)
    async with ctx.db.reading() as session:
        mine = [each for each in await places.all_bound(session) if _may(me, each)]
        owners = await sharing.all_owners(session) if me.role in LEADERS and not typed else []
    found = [each for each in mine if _fits(each, typed, t)]
    none = t("bind.list.none_fits", typed=cut(typed, _TYPED)) if mine else t("bind.list.none")
    body: list[Element] = [] if found or owners else [Text(none)]
    for each in found[:_SHOWN]:
        row = each.row
        body.append(
            Text(t("bind.list.line", who=for_whom(each, t), place=await spoken(ctx, row.place, t)))
        )
        if each.troubled:
            body.append(Text(told(row.problem or "", row.mend or "other", t), "note"))
        sure = t("bind.list.sure", who=for_whom(each, t))
        body.append(Buttons((Button(t("bind.list.unbind"), UNBIND, str(row.id), confirm=sure),)))
    if len(found) > _SHOWN:
        body.append(Text(t("bind.list.more", n=len(found) - _SHOWN), "note"))
    for owner, who in owners:
        reason = reason_label(owner.reason, t)
        body.append(Text(t("bind.list.owner", reason=reason, who=who)))
        value = f"{owner.set_at.isoformat()} {owner.reason}"
        sure = t("bind.list.sure_owner", reason=reason, who=who)
        body.append(Buttons((Button(t("bind.list.unbind"), TAKE_AWAY, value, confirm=sure),)))
    body.append(Text(t("bind.list.next"), "note"))
    tone: Tone = "attention" if any(each.troubled for each in found) else "neutral"
    return Card(t("bind.list.title"), tuple(body), tone, audience="person")


def for_whom(bound: Bound, t: Texts) -> str:
    """Gives whose alerts come to a place, or which reason or board is there."""
    row = bound.row
    if bound.team is not None:
        return t("bind.list.team", name=bound.team.name)
    if bound.member is not None:
        return bound.member.name
    if row.reason is not None:
        return t("bind.list.reason", name=reason_label(row.reason, t))
    return t(f"bind.list.board.{row.board}")


def _fits(bound: Bound, typed: str, t: Texts) -> bool:
    row = bound.row
    known = f"{for_whom(bound, t)} {row.name or ''} {row.place}".casefold()
    return all(word in known for word in typed.casefold().split())


def _may(me: Member, bound: Bound) -> bool:
    if me.role in LEADERS:
        return True
    row, member = bound.row, bound.member
    if me.role == MemberRole.TEAM_LEAD and me.team_id is not None:
        team_id = member.team_id if member is not None else row.team_id
        if team_id == me.team_id:
            return True
    return row.member_id == me.id
