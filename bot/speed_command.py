"""`npsbot measure --speed`: how soon cases are taken up, on the command line."""

import json

from bot.measure_command import in_lines
from handlers import audit, speed, viewing
from handlers.context import Context
from handlers.measures.measure import Scope
from handlers.measures.speed import Speed, to_json
from handlers.scopes import NotMeasurable, find, is_told
from handlers.speed import TeamSpeed
from storage.audit import Noted
from storage.models import Act, Member


async def figures(
    ctx: Context, scope: Scope, member: str | None, as_json: bool, email: str | None
) -> str:
    """Gives the speed of a team, of everybody with all teams, or of one member.

    `email` is who asks. Raises Refused for an unknown member or team, NotAllowed for what is not
    theirs to see.
    """
    if scope.type not in ("team", "all"):
        raise NotMeasurable("speed is measured of teams: --team NAME, --all or --member EMAIL")
    me = await viewing.member_of(ctx, email) if email else None
    found = await (_of_member(ctx, member, me) if member else _of_group(ctx, scope, me))
    if me is not None:
        subject = "member" if member else "team" if scope.type == "team" else "programme"
        await audit.keep(ctx, [Noted(Act.VIEWED, subject, None, {"action": "speed"})], me=me)
    return json.dumps(found, indent=2) if as_json else in_lines(found)


async def _of_member(ctx: Context, member: str, me: Member | None) -> dict[str, object]:
    whom = await viewing.member_of(ctx, member)
    async with ctx.db.reading() as session:
        found = await speed.of_member(ctx, session, me, whom)
    return {"scope": {"type": "member", "key": whom.email}, **to_json(found)}


async def _of_group(ctx: Context, scope: Scope, me: Member | None) -> dict[str, object]:
    async with ctx.db.reading() as session:
        if me is not None:
            await viewing.shown(ctx, session, me, scope)
        part = await find(session, scope)
        kept = await speed.kept_from(session, me)
        head: dict[str, object] = {"scope": {"type": scope.type, "key": part.scope.key}}
        if not is_told(ctx, part):
            return {**head, "withheld": "small_team"}
        found = await speed.of_part(ctx, session, part.part, kept)
        teams = await speed.by_team(ctx, session, kept) if scope.type == "all" else []
    told = {**head, **to_json(found)}
    return {**told, "teams": [_team(each) for each in teams]} if scope.type == "all" else told


def _team(each: TeamSpeed) -> dict[str, object]:
    """A team under its name; all smaller ones together have none."""
    head: dict[str, object] = {"team": each.name, "members": each.members}
    found: Speed | None = each.speed
    return {**head, "withheld": "small_team"} if found is None else {**head, **to_json(found)}
