"""Which member a person of Microsoft Teams is, by the addresses their organisation gives them."""

from collections.abc import Sequence

from handlers import alerts, texts, wording
from handlers.alerts import Outgoing
from handlers.cards import Card, Text
from handlers.cases import places
from handlers.chat import Message, Person
from handlers.context import Context, Refused
from handlers.texts import Texts
from storage import alerts as outbox
from storage import members
from storage.db import Session
from storage.models import Alert, Member, MemberRole

CLAIMED = "identity_claimed"


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
