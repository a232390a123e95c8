"""Who opens a survey page: people, and the scanners that follow every link of a mail."""

from handlers.context import Context
from storage import visits
from storage.models import ResponseStatus


async def note(
    ctx: Context,
    invitation_id: int,
    client: str,
    *,
    head: bool = False,
    trap: bool = False,
    score: str | None = None,
) -> None:
    """Writes a request to the visit log; `client` is a hash of address and agent, nothing else."""
    async with ctx.db.session() as session:
        await visits.note(
            session, invitation_id, client, ctx.now(), head=head, trap=trap, score=score
        )


async def status_of_unsent(ctx: Context, invitation_id: int, client: str) -> ResponseStatus:
    """Gives the status of what a client chose but did not send: suspect from a scanner."""
    async with ctx.db.reading() as session:
        visit = await visits.find(session, invitation_id, client, ctx.now())
    return ResponseStatus.SUSPECT if visits.is_scanner(visit) else ResponseStatus.PROVISIONAL
