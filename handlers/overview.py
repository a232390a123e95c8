"""The answer to `/nps` alone and the home tab: my accounts, or the programme for who leads it."""

from collections.abc import Sequence
from dataclasses import replace

from handlers import speed, speed_lines, texts, today, wording
from handlers.account_teams import group_of
from handlers.accounts import lines
from handlers.accounts.card import SHOW
from handlers.accounts.reader import Reader, reader_for
from handlers.accounts.standing import Standing, standings_of
from handlers.calendars import last_day
from handlers.cards import Button, Buttons, Card, Element, Facts, Reply, Table, Text
from handlers.chat import Command, Notice
from handlers.context import Context
from handlers.group_card import SHOW_GROUP, cases_line, coverage, critics_lines, score_lines
from handlers.learning import ideas
from handlers.measures.measure import Scope
from handlers.places import health
from handlers.recovery import recovery_lines
from handlers.rights import LEADERS
from storage import accounts, members, waves
from storage.models import Account, Member, MemberRole, Team, Wave, WaveState
from storage.scopes import Part

_LISTED = 15
_BUTTONS = 5
_STATES = ("at_risk", "watch", "unknown", "safe")


async def show(ctx: Context, _command: Command, me: Member) -> Reply:
    """`/nps`: my accounts; CX leads and administrators see the programme."""
    return await overview(ctx, me)


async def home(ctx: Context, notice: Notice, me: Member | None) -> Reply:
    """The home tab: the same overview; somebody unknown is told how to get access."""
    if me is None:
        t = texts.of(ctx.programme.language)
        return Card(t("overview.stranger"), audience="person")
    return await overview(ctx, me)


async def overview(ctx: Context, me: Member) -> Card:
    """Gives the overview that fits a member's role."""
    if me.role in LEADERS:
        return await _programme(ctx, me)
    async with ctx.db.reading() as session:
        found, team = await _accounts_of(ctx, me)
        standings = await standings_of(ctx, session, me, found, now_only=True) if found else []
        reader = reader_for(ctx, me)
        day = await today.elements(session, ctx, me, reader, standings)
        own = await speed.of_oneself(ctx, session, me)
        new = await ideas.home_lines(session, me, reader)
    lead_sees = ctx.programme.measure_members == "lead"
    told = speed_lines.own_lines(own, reader.t, lead_sees=lead_sees)
    card = accounts_card(standings, team, reader, me, day)
    return replace(card, body=(*card.body, *new, *told))


def accounts_card(
    standings: Sequence[Standing],
    team: Team | None,
    reader: Reader,
    me: Member,
    day: Sequence[Element],
) -> Card:
    """What the day brings, then the accounts of a member or of a team, those in need first.

    No score over all of them: over one member's accounts it would be a score of that person.
    """
    t = reader.t
    is_of_team = team is not None and me.role == MemberRole.TEAM_LEAD
    title = t("overview.of_team", name=team.name) if is_of_team and team else t("overview.mine")
    if not standings and not day:
        return Card(title, (Text(t("overview.none")),), audience="person")
    if not standings:
        return Card(title, tuple(day), status=t("account.only_you"), foot=_at(reader))
    ordered = sorted(standings, key=_need)
    body: list[Element] = [Text(_sum(standings, reader))]
    body += day or [Text(t("overview.nothing_due"), "note")]
    columns = ("account", "state", "nps", "heard", "cases", "renews")
    body.append(
        Table(
            tuple(t(f"overview.column.{column}") for column in columns),
            tuple(_row(each, reader) for each in ordered[:_LISTED]),
            numeric=(2, 3, 4),
        )
    )
    if len(ordered) > _LISTED:
        body.append(Text(t.count("overview.more", len(ordered) - _LISTED), "note"))
    buttons = [Button(each.account.name, SHOW, str(each.account.id)) for each in ordered[:_BUTTONS]]
    if team is not None:
        label = t("overview.team_figures", name=team.name)
        buttons.append(Button(label, SHOW_GROUP, f"team:{team.name}"))
    body.append(Buttons(tuple(buttons)))
    return Card(title, tuple(body), status=t("account.only_you"), foot=_at(reader))


async def _accounts_of(ctx: Context, me: Member) -> tuple[Sequence[Account], Team | None]:
    async with ctx.db.reading() as session:
        team = {each.id: each for each in await members.teams(session)}.get(me.team_id or 0)
        own = await accounts.owned_by(session, me.id)
        if team is not None and (me.role == MemberRole.TEAM_LEAD or not own):
            of_team = await accounts.of_team(session, team.id)
            known = {each.id for each in of_team}
            return [*of_team, *(each for each in own if each.id not in known)], team
        return own, team


async def _programme(ctx: Context, me: Member) -> Card:
    reader = reader_for(ctx, me)
    t = reader.t
    group = await group_of(ctx, me, Scope("all"), Part(), t("team.all"))
    async with ctx.db.reading() as session:
        running = [
            (wave, await waves.counts(session, wave.id))
            for wave in await waves.in_states(session, waves.RUNNING)
            if not wave.is_test
        ]
        day = await today.elements(session, ctx, me, reader)
        troubled = await health.lines(session, ctx, me, t)
    body: list[Element] = [
        *troubled,
        *critics_lines(group, t),
        *score_lines(group.figures, t),
        *day,
    ]
    told = tuple((wave.name, _wave(wave, counts, reader)) for wave, counts in running)
    facts = [
        (t("team.heard"), coverage(group.figures, t)),
        (t("team.cases.label"), cases_line(group.cases, t)),
    ]
    if group.recovery is not None:
        facts += recovery_lines(group.recovery, t)
    body.append(Facts(tuple(each for each in facts if each[1])))
    if told:
        body += [Text(t("overview.waves"), "heading"), Facts(told)]
    else:
        body.append(Text(t("overview.no_waves"), "note"))
    body.append(Buttons((Button(t("overview.all_figures"), SHOW_GROUP, "all"),)))
    title = t("overview.programme", company=ctx.programme.company)
    return Card(title, tuple(body), status=t("account.only_you"), foot=_at(reader))


def _wave(wave: Wave, counts: waves.Counts, reader: Reader) -> str:
    t = reader.t
    values = {"answered": counts.answered, "sent": counts.delivered + counts.doubt}
    if wave.state == WaveState.PAUSED:
        return t("overview.wave_paused", **values)
    if wave.closes_at is None:
        return t("overview.wave_open", **values)
    day = wording.long_day(last_day(wave.closes_at, reader.zone), t, reader.today)
    return t("overview.wave", day=day, **values)


def _need(standing: Standing) -> tuple[int, float, str]:
    state = _STATES.index(standing.health.state)
    return state, -(standing.account.annual_value or 0.0), standing.account.name


def _sum(standings: Sequence[Standing], reader: Reader) -> str:
    t = reader.t
    cases = sum(len(each.open_cases) for each in standings)
    return " · ".join(
        (
            t.count("overview.sum", len(standings)),
            t(
                "overview.heard",
                heard=sum(each.figures.answered for each in standings),
                asked=sum(each.figures.asked for each in standings),
            ),
            t.count("overview.open", cases) if cases else t("overview.no_cases"),
        )
    )


def _row(standing: Standing, reader: Reader) -> tuple[str, ...]:
    t, found = reader.t, standing.figures
    renewal = standing.account.renewal_date
    return (
        standing.account.name,
        t(f"account.health.{standing.health.state}"),
        lines.SILENT if found.nps is None else wording.points(found.nps),
        t("overview.of", heard=found.answered, asked=found.asked),
        str(len(standing.open_cases)) if standing.open_cases else lines.SILENT,
        wording.long_day(renewal, t, reader.today) if renewal else lines.SILENT,
    )


def _at(reader: Reader) -> str:
    day = wording.long_day(reader.today, reader.t)
    when = f"{day} {wording.clock(reader.now, reader.zone, reader.t)}"
    return reader.t("overview.at", when=when)
