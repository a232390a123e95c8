"""Which member a person of Microsoft Teams is, by the addresses their organisation gives them."""

from collections.abc import Sequence

from handlers.chat import Person
from handlers.context import Context
from storage import members
from storage.models import Member


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
    """Takes a person's word for which of the members with their addresses they are."""
    found = {member.id: member for member in await members_of(ctx, person, addresses)}
    member = found.get(member_id)
    if member is None:
        return None
    async with ctx.db.session() as session:
        await members.link_platform_id(
            session, await session.get_one(Member, member.id), person.platform, person.id
        )
    return member
