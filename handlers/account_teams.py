"""The figures of a group of accounts: a team, a segment, the whole programme."""

from collections.abc import Sequence
from dataclasses import replace

from handlers import names, rights, speed, speed_lines, viewing
from handlers.accounts.commands import show
from handlers.accounts.reader import reader_for
from handlers.accounts.standing import KIND
from handlers.cards import Button, Buttons, Card, Element, Reply
from handlers.chat import Click, Command
from handlers.context import Context, NotAllowed
from handlers.figures import measure_scope, measure_teams
from handlers.group_card import READ, SHOW_GROUP, TEAMS, Group, group_card, product_card
from handlers.measures.measure import Scope
from handlers.recovery import recovery_of
from handlers.teams_card import teams_card
from handlers.texts import Texts
from handlers.trends import wave_trend
from storage import accounts, groups, history, members
from storage.models import Act, Member, SurveyKind, Team
from storage.scopes import Part


async def show_team(ctx: Context, command: Command, me: Member) -> Reply:
    """`/nps team nordics`; without a name the member's own team."""
    t = reader_for(ctx, me).t
    async with ctx.db.reading() as session:
        if command.text:
            found = await names.find_team(session, command.text)
        else:
            own = [team for team in await members.teams(session) if team.id == me.team_id]
            found = own[0] if own else list(await members.teams(session))
    if not isinstance(found, Team):
        return _choose(ctx, me, "team", command.text, [(each.name, each.name) for each in found])
    if not rights.may_see_team(me, found.id, ctx.programme):
        raise NotAllowed(t("team.not_yours", name=found.name), "team", found.id)
    return await _card(ctx, me, Scope("team", found.name), Part(team_id=found.id), found.name)


async def show_teams(ctx: Context, command: Command, me: Member) -> Reply:
    """`/nps teams`: all teams beside each other; with a name it is that team's card."""
    if command.text:
        return await show_team(ctx, command, me)
    reader = reader_for(ctx, me)
    _refuse_unless_all(ctx, me, reader.t)
    async with ctx.db.reading() as session:
        kept = await viewing.kept_answers(session, me)
    ctx.note(Act.VIEWED, "programme")
    found, rest = await measure_teams(ctx, KIND, kept)
    return teams_card(found, reader, [team.name for team in rest.joined])


async def show_segment(ctx: Context, command: Command, me: Member) -> Reply:
    """`/nps segment industry`: only for who sees all accounts."""
    t = reader_for(ctx, me).t
    _refuse_unless_all(ctx, me, t)
    async with ctx.db.reading() as session:
        if command.text:
            found = await names.find_segment(session, command.text)
        else:
            found = await accounts.segments(session)
    if not isinstance(found, str):
        return _choose(ctx, me, "segment", command.text, [(each, each) for each in found])
    return await _card(ctx, me, Scope("segment", found), Part(segment=found), found)


async def show_product(ctx: Context, command: Command, me: Member) -> Reply:
    """`/nps product pumps`: what was answered about a product; only for who sees all accounts."""
    reader = reader_for(ctx, me)
    _refuse_unless_all(ctx, me, reader.t)
    kind = SurveyKind.PRODUCT
    async with ctx.db.reading() as session:
        kept = await viewing.kept_answers(session, me)
        if command.text:
            found = await names.find_product(session, (kind,), command.text)
        else:
            found = await history.products(session, (kind,))
    if not isinstance(found, str):
        return _choose(ctx, me, "product", command.text, [(each, each) for each in found])
    figures = await measure_scope(ctx, Scope("product", found), kind, without=kept)
    ctx.note(Act.VIEWED, "product")
    return product_card(figures, reader)


async def show_all(ctx: Context, command: Command, me: Member) -> Reply:
    """`/nps all`: the whole programme; with more words it is an account that is called so."""
    if command.text:
        whole = Command(command.person, command.place, f"all {command.text}")
        return await show(ctx, whole, me)
    t = reader_for(ctx, me).t
    _refuse_unless_all(ctx, me, t)
    return await _card(ctx, me, Scope("all"), Part(), t("team.all"))


async def press(ctx: Context, click: Click, me: Member) -> Reply:
    """A button to the figures of a group: `all`, `teams`, `team:Nordics`, `segment:Industry`."""
    kind, _, name = click.value.partition(":")
    handler = _BUTTONS.get(kind, show_all)
    return await handler(ctx, Command(click.person, click.place, name), me)


_BUTTONS = {
    "team": show_team,
    TEAMS: show_teams,
    "segment": show_segment,
    "product": show_product,
}


async def group_of(ctx: Context, me: Member, scope: Scope, part: Part, name: str) -> Group:
    """Gives what a member may see of a group."""
    async with ctx.db.reading() as session:
        kept = await viewing.kept_answers(session, me)
        hidden_cases = await viewing.kept_cases(session, me)
    # Measured first: it brings what counts now up to date.
    figures = await measure_scope(ctx, scope, KIND, without=kept)
    trend = await wave_trend(ctx, scope, KIND, without=kept)
    async with ctx.db.reading() as session:
        deciding, critics = await groups.deciding_critics(
            session, part, KIND, ctx.now(), READ, kept
        )
        cases = await groups.open_cases(session, part, ctx.now(), hidden_cases)
        won = await recovery_of(session, ctx, part, kept, hidden_cases)
    if figures.withheld:
        return Group(name, figures, 0, [], cases, trend)
    return Group(name, figures, deciding, critics, cases, trend, won)


async def _card(ctx: Context, me: Member, scope: Scope, part: Part, name: str) -> Card:
    reader = reader_for(ctx, me)
    group = await group_of(ctx, me, scope, part, name)
    group = replace(group, speed=await _speed(ctx, me, scope, part, group, reader.t))
    card = group_card(group, reader)
    ctx.note(Act.VIEWED, "programme" if scope.type == "all" else scope.type, part.team_id)
    return card


async def _speed(
    ctx: Context, me: Member, scope: Scope, part: Part, group: Group, t: Texts
) -> list[Element]:
    """How soon cases are taken up, of teams: a segment's are those of several."""
    if scope.type not in ("team", "all"):
        return []
    async with ctx.db.reading() as session:
        kept = await speed.kept_from(session, me)
        if scope.type == "all":
            return speed_lines.teams_lines(await speed.by_team(ctx, session, kept), t)
        told: list[Element] = []
        if not group.figures.withheld:
            told += speed_lines.group_lines(await speed.of_part(ctx, session, part, kept), t)
        if part.team_id == me.team_id:
            told += speed_lines.people_lines(await speed.of_own_team(ctx, session, me), t)
        return told


def _choose(
    ctx: Context, me: Member, kind: str, typed: str, offered: Sequence[tuple[str, str]]
) -> Card:
    t = reader_for(ctx, me).t
    if not typed:
        title = t(f"team.which_{kind}" if offered else f"team.no_{kind}")
    else:
        labels = [label for label, _value in offered]
        title = names.sentence(ctx, me, kind, typed, labels, several=False)
    buttons = tuple(Button(label, SHOW_GROUP, f"{kind}:{value}") for label, value in offered)
    body = (Buttons(buttons),) if buttons else ()
    return Card(title, body, status=t("account.only_you"), foot=t("account.name.what_else"))


def _refuse_unless_all(ctx: Context, me: Member, t: Texts) -> None:
    if not rights.may_see_all(me, ctx.programme):
        raise NotAllowed(t("team.not_all"))
