"""Which member a person of Microsoft Teams is, by the addresses their organisation gives them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from handlers import alerts, texts, wording
from handlers.alerts import Outgoing
from handlers.cards import Button, Buttons, Card, Text
from handlers.cases import places
from handlers.chat import Message, Person, row_id
from handlers.context import Context, Refused
from handlers.texts import Texts
from storage import alerts as outbox
from storage import members
from storage.db import Session
from storage.models import Alert, AlertStatus, Member, MemberRole

CLAIMED = "identity_claimed"
SEVERAL = "identity_several"
I_AM = "teams_i_am"  # its value is the member that somebody says to be
Found = tuple[Person, tuple[str, ...]]  # somebody in a roster, with the addresses it tells


async def members_of(ctx: Context, person: Person, addresses: Sequence[str]) -> tuple[Member, ...]:
    """Gives the members with these addresses; one whose id is another's is for confirmation."""
    found: dict[int, Member] = {}
    async with ctx.db.reading() as session:
        for address in addresses:
            member = await members.by_email(session, address)
            if member is not None and member.left_at is None:
                found[member.id] = member
    return tuple(found.values())


def is_clear(person: Person, found: Sequence[Member]) -> bool:
    """Tells whether there is one member, who is not known under another id already."""
    return len(found) == 1 and found[0].teams_id in (None, person.id)


async def confirm(
    ctx: Context, person: Person, addresses: Sequence[str], member_id: int
) -> Member | None:
    """Takes a person's word for which of the members with their addresses they are.

    A member who is known under another id stays so: the holder and the CX leads are told, and it
    raises Refused with who can change it.
    """
    found = {member.id: member for member in await members_of(ctx, person, addresses)}
    member = found.get(member_id)
    if member is None:
        return None
    async with ctx.db.session() as session:
        if await members.link_if_free(session, member.id, person.platform, person.id):
            return member
        row = {
            "key": f"{CLAIMED}:{member.id}:{person.platform}:{person.id}:{ctx.now():%Y-%m-%d}",
            "what": CLAIMED,
            "due_at": ctx.now(),
            "member_id": member.id,
            "detail": {"partition": "cx"},
        }
        told = await outbox.add_many(session, [row])
        t = texts.of(member.language, ctx.programme.language)
        who = await _who_changes(session, t)
    for each in told:
        await ctx.soon(alerts.job_of(each), None)
    raise Refused(t("teams.known_otherwise", name=member.name, who=who))


async def is_somebody_unknown(ctx: Context, platform: Literal["slack", "teams"]) -> bool:
    """Tells whether a member is not known on a platform yet."""
    async with ctx.db.reading() as session:
        return bool(await members.without_id(session, platform))


async def meet(ctx: Context, found: Sequence[Found]) -> None:
    """Remembers the members among people of a roster: they can be written to before they write.

    Known ids come first, then addresses; whoever several members fit is asked, once.
    """
    async with ctx.db.reading() as session:
        everybody = await members.everybody(session)
    known = {member.teams_id for member in everybody}
    by_address = {member.email: member for member in everybody}
    clear: dict[int, list[Person]] = defaultdict(list)
    several = []
    for person, addresses in found:
        fits = {by_address[each].id: by_address[each] for each in addresses if each in by_address}
        if not fits or person.id in known:
            continue
        if is_clear(person, list(fits.values())):
            clear[next(iter(fits))].append(person)
        elif len(fits) > 1:
            several.append((person, sorted(fits)))
    now = ctx.now()
    rows = [
        {
            "key": f"{SEVERAL}:{person.id}",
            "what": SEVERAL,
            "due_at": now,
            "detail": {"person": person.id, "members": ids, "partition": person.place},
        }
        for person, ids in several
    ]
    if not clear and not rows:
        return
    async with ctx.db.session() as session:
        for member_id, people in clear.items():
            if len(people) == 1:
                await members.link_if_free(session, member_id, people[0].platform, people[0].id)
        asked = await outbox.add_many(session, rows)
    for each in asked:
        if each.status == AlertStatus.PENDING:
            await ctx.soon(alerts.job_of(each), None)


def question(t: Texts, found: Sequence[Member]) -> Card:
    """Gives the question which member somebody is."""
    buttons = tuple(
        Button(f"{member.name} ({member.email})", I_AM, str(member.id)) for member in found
    )
    return Card(t("teams.who"), (Text(t("teams.who_why")), Buttons(buttons)), audience="person")


async def several(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Asks somebody in a roster which member they are; CX where they can't be asked."""
    person = Person("teams", str(alert.detail["person"]))
    async with ctx.db.reading() as session:
        if await members.by_platform_id(session, person.platform, person.id) is not None:
            return None
        found = [await members.by_id(session, row_id(str(n))) for n in alert.detail["members"]]
        cx = await places.of_cx(session, ctx)
    maybe = [member for member in found if member is not None and member.left_at is None]
    if not maybe:
        return None
    t = texts.of(maybe[0].language, ctx.programme.language)
    to_cx = texts.of(cx.member.language if cx.member else None, ctx.programme.language)
    names = wording.one_of([member.name for member in maybe], to_cx)
    told = Card(
        to_cx("teams.several", names=names),
        (Text(to_cx("teams.several_next", id=person.id)),),
        "attention",
        "person",
    )
    asking = question(t, maybe)
    message = Message(asking, f"alert:{alert.id}", t.language)
    return [
        Outgoing(
            message,
            ((person.place,), *cx.steps),
            (person.place,),
            draw=lambda place: asking if place == person.place else told,
        )
    ]


async def claimed(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Tells the holder of an account, and the CX leads, that somebody says to be the holder."""
    async with ctx.db.reading() as session:
        holder = await members.by_id(session, alert.member_id)
        if holder is None or holder.left_at is not None:
            return None
        own, cx = await places.of_person(session, ctx, holder), await places.of_cx(session, ctx)
        out = []
        for route, key in ((own, "claimed_you"), (cx, "claimed")):
            language = route.member.language if route.member else None
            t = texts.of(language, ctx.programme.language)
            who = await _who_changes(session, t)
            body = (Text(t(f"teams.{key}_next", who=who, name=holder.name)),)
            card = Card(t(f"teams.{key}", name=holder.name), body, "attention", "person")
            message = Message(card, f"alert:{alert.id}:{key}", t.language)
            out.append(Outgoing(message, route.steps, route.direct))
    return out


async def _who_changes(session: Session, t: Texts) -> str:
    found = await members.with_role(session, MemberRole.CX_LEAD, MemberRole.ADMIN)
    return wording.one_of([each.name for each in found], t) or t("teams.your_cx")
