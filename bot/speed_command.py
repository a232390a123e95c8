"""`npsbot measure --speed`: how soon cases are taken up, on the command line."""

import json
from dataclasses import asdict

from bot.measure_command import in_lines
from handlers import audit, speed, viewing
from handlers.context import Context, NotAllowed
from handlers.measures.measure import Scope
from handlers.measures.recovery import Share, share
from handlers.measures.speed import to_json
from handlers.recovery import recovery_of
from handlers.scopes import NotMeasurable, find, is_told
from handlers.speed import TeamSpeed
from storage.audit import Noted
from storage.letters import Outcomes
from storage.models import Act, Member
from storage.recovery import Again


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
    try:
        found = await (_of_member(ctx, member, me) if member else _of_group(ctx, scope, me))
    except NotAllowed as refused:
        await audit.keep(ctx, [audit.refusal(refused, "speed")], me=me)
        raise
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
        won = await recovery_of(session, ctx, part.part, kept.answers, kept.cases)
        teams = await speed.by_team(ctx, session, kept) if scope.type == "all" else []
    told = {**head, **to_json(found), **_settled(won.said), **_recovered(won.again)}
    return {**told, "teams": [_team(each) for each in teams]} if scope.type == "all" else told


def _team(each: TeamSpeed) -> dict[str, object]:
    """A team under its name; all smaller ones together have none."""
    head: dict[str, object] = {"team": each.name, "members": each.members}
    if each.joined:
        head["joined"] = list(each.joined)
    if each.speed is None or each.said is None:
        return {**head, "withheld": "small_team"}
    return {**head, **to_json(each.speed), **_settled(each.said)}


def _settled(said: Outcomes) -> dict[str, object]:
    """Customers who say it is settled, of those who answered and of all who were asked."""
    heard = said.yes + said.partly + said.no
    return {
        "settled": _share(share(said.yes, heard)),
        "settled_of_asked": _share(share(said.yes, said.asked)),
    }


def _recovered(again: Again) -> dict[str, object]:
    """Critics who are none any more, of those who answered again and of all critics before."""
    return {
        "recovered": _share(share(again.better, again.again)),
        "recovered_of_critics": _share(share(again.better, again.critics)),
    }


def _share(found: Share | None) -> dict[str, object] | None:
    return None if found is None else asdict(found)
