"""What a member may do here: the commands of their role, in their words."""

from collections.abc import Iterable

from handlers import rights, texts
from handlers.cards import Card, Facts, Text
from handlers.context import Context
from storage import members
from storage.models import Member

_TYPED = {"": "/nps", "account": "/nps acme"}
# For who sees all accounts, whatever their role.
_OF_ALL = {"help.teams", "help.segment", "help.product", "help.all"}


async def help_card(ctx: Context, me: Member, commands: Iterable[tuple[str, str]]) -> Card:
    """The answer to `/nps help`: `commands` are name and help key of those this member may use."""
    t = texts.of(me.language, ctx.programme.language)
    async with ctx.db.reading() as session:
        own = {team.id: team.name for team in await members.teams(session)}
    team = own.get(me.team_id or 0)
    sees_all = rights.may_see_all(me, ctx.programme)
    if sees_all:
        sees = t("help.sees_all")
    elif team:
        sees = t("help.sees_team", team=team)
    else:
        sees = t("help.sees_own")
    lines: dict[str, str] = {}
    for name, key in commands:
        # Two names of one command are one line.
        if key not in lines.values() and (sees_all or key not in _OF_ALL):
            lines[_TYPED.get(name, f"/nps {name}")] = key
    return Card(
        t("help.title"),
        (
            Text(t("help.you", name=me.name, role=t(f"help.role.{me.role}"), sees=sees)),
            Facts(tuple((typed, t(key)) for typed, key in lines.items())),
            Text(t("help.names"), "note"),
        ),
        audience="person",
    )


async def only_leaders(ctx: Context, me: Member) -> str:
    """Gives the sentence that refuses what is for leaders alone, with their names."""
    async with ctx.db.reading() as session:
        leaders = await members.with_role(session, *rights.LEADERS)
    t = texts.of(me.language, ctx.programme.language)
    return t("routes.not_allowed", names=", ".join(leader.name for leader in leaders) or "–")
