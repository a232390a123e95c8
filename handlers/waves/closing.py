"""Closes waves at their closing date and tells everybody concerned what came of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from handlers import alerts, calendars, rights, viewing
from handlers.alerts import Outgoing
from handlers.cards import Card, Element, Facts, Table, Text
from handlers.chat import Message
from handlers.context import Context, Job
from handlers.figures import measure_groups
from handlers.measures.measure import Measure, Scope
from handlers.scopes import NPS_KINDS, Rest, as_told, folded, together
from handlers.speed_lines import joined_lines
from handlers.texts import Texts
from handlers.waves import recipients
from handlers.waves.cards import answered_words, closing_day, share
from handlers.wording import end, percent, points, split
from storage import groups as kept_by_leads
from storage import members, wave_results, waves
from storage.alerts import Added
from storage.models import Alert, Member, MemberRole, Team, Wave, WaveState
from storage.wave_results import AccountResult

log = structlog.get_logger()

ALERT = "wave_result"
_LONG_LIST = 30


async def due(ctx: Context) -> list[Job]:
    """Closes the waves whose closing date has come; gives the jobs of their result cards."""
    async with ctx.db.reading() as session:
        ended = await waves.to_close(session, ctx.now())
    return [job for wave in ended for job in await close(ctx, wave)]


async def close(ctx: Context, wave: Wave) -> list[Job]:
    """Closes one wave: what has not gone out is cancelled, and result cards are asked for.

    The cards come at the start of work; a stopped wave stays stopped, but gets its result, too.
    """
    now = ctx.now()
    to = WaveState.STOPPED if wave.state == WaveState.STOPPED else WaveState.CLOSED
    asked: list[Added] = []
    async with ctx.db.session() as session:
        if not await waves.close(session, wave.id, to, now):
            return []
        await waves.cancel_planned(session, wave.id, "closed")
        reached = await wave_results.reached(session, wave.id)
        leaders = await members.with_role(session, MemberRole.CX_LEAD)
        owners = [await members.by_id(session, owner_id) for owner_id in reached.owner_ids]
        people: list[Member] = [owner for owner in owners if owner and owner.left_at is None]
        mine = {leader.id for leader in leaders}
        for person in (*leaders, *(each for each in people if each.id not in mine)):
            asked.append(
                await alerts.add(
                    session,
                    key=f"wave:{wave.id}:result:{person.id}",
                    what=ALERT,
                    due_at=_start_of_work(ctx, person),
                    wave_id=wave.id,
                    member_id=person.id,
                    detail={"partition": f"member:{person.id}"},
                )
            )
        for team_id in reached.team_ids:
            asked.append(
                await alerts.add(
                    session,
                    key=f"wave:{wave.id}:result:team{team_id}",
                    what=ALERT,
                    due_at=_start_of_work(ctx, None),
                    wave_id=wave.id,
                    detail={"team_id": team_id, "partition": f"team:{team_id}"},
                )
            )
    log.info("wave closed", wave=wave.id, results=len(asked))
    return [alerts.job_of(alert) for alert in asked if alert.due_at <= now]


async def build(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Builds the alert `wave_result` for a CX lead, an account manager or a team."""
    async with ctx.db.reading() as session:
        wave = await waves.by_id(session, alert.wave_id) if alert.wave_id else None
        me = await members.by_id(session, alert.member_id)
        all_teams = await members.teams(session)
    if wave is None:
        return None
    t = recipients.texts_of(ctx, me)
    team_id = alert.detail.get("team_id")
    direct: tuple[str, ...] = ()
    if me is not None:
        steps, direct = await recipients.of_member(ctx, me), recipients.direct(ctx, me)
        leads = me.role in rights.LEADERS
        card = (
            await whole_card(ctx, wave, all_teams, t, me)
            if leads
            else await own_card(ctx, wave, me, t)
        )
    else:
        team = next((each for each in all_teams if each.id == team_id), None)
        if team is None:
            return None
        steps, card = await recipients.of_team(ctx, team.id), await team_card(ctx, wave, team, t)
    if not steps:
        return None
    return [Outgoing(Message(card, f"alert:{alert.id}", t.language), steps, direct)]


async def whole_card(
    ctx: Context, wave: Wave, teams: Sequence[Team], t: Texts, me: Member | None = None
) -> Card:
    """Gives the result for CX leads: the whole wave, each team of four and more, and the rest.

    What is kept from `me` is left out.
    """
    async with ctx.db.reading() as session:
        counted = await waves.counts(session, wave.id)
        reached = await wave_results.reached(session, wave.id)
        kept = await viewing.kept_answers(session, me) if me else set()
        asked = [team for team in teams if team.id in reached.team_ids]
        rest = await folded(ctx, session, asked, reached.of_no_team)
    own = [team for team in asked if team not in rest.teams]
    names = [*(team.name for team in own), *([t("wave.result.smaller")] if rest.teams else [])]
    groups = (Scope("all"), *(Scope("team", team.name) for team in own))
    whole, *by_team = await _measure(ctx, groups, wave, kept, rest)
    if whole and not own and len(asked) < len(teams):
        # A wave to a small team alone: the whole is that team.
        whole = as_told(ctx, together(rest), whole)
    withheld = whole is not None and whole.withheld
    heard = (t("wave.result.heard"), answered_words(counted, t))
    body: list[Element] = [Facts(_facts(whole, t) if whole else (heard,))]
    body += [Text(t("wave.result.small_team"), "note")] if withheld else []
    rows = [
        (name, _heard(found, t), _score(found, t))
        for name, found in zip(names, by_team, strict=True)
        if found is not None
    ]
    if rows:
        columns = tuple(t(f"wave.column.{name}") for name in ("team", "heard", "nps"))
        body.append(Table(columns, tuple(rows), numeric=(2,)))
        body += joined_lines([team.name for team in rest.joined], t)
    left = counted.bounced + counted.failed
    for key, n in (("bounced", left), ("doubt", counted.doubt), ("cancelled", counted.cancelled)):
        if n:
            body.append(Text(t.count(f"wave.result.{key}", n), "note"))
    return _result(ctx, wave, whole, body, t)


async def team_card(ctx: Context, wave: Wave, team: Team, t: Texts) -> Card:
    """Gives the result for a team; a small team sees its accounts, not a score of its own."""
    async with ctx.db.reading() as session:
        kept = {each.id for each in await kept_by_leads.kept_responses(session)}
    # Owners read their team's place, too.
    (whole,) = await _measure(ctx, (Scope("team", team.name),), wave, kept)
    async with ctx.db.reading() as session:
        rows = await wave_results.by_account(session, wave.id, team_id=team.id)
    body: list[Element] = [Facts(_facts(whole, t))] if whole else []
    if whole is not None and whole.withheld:
        body.append(Text(t("wave.result.small_team"), "note"))
    else:
        body += _accounts(rows, t)
    # Always said, so that it tells nobody whether there is such an answer.
    body.append(Text(t("wave.result.not_counted"), "note"))
    return _result(ctx, wave, whole, body, t, of=team.name)


async def own_card(ctx: Context, wave: Wave, me: Member, t: Texts) -> Card:
    """Gives the result for an account manager: their accounts, never a score of the person."""
    async with ctx.db.reading() as session:
        rows = await wave_results.by_account(session, wave.id, owner_id=me.id)
    asked, heard = sum(row.asked for row in rows), sum(row.heard for row in rows)
    title = t("wave.result.own_title", name=wave.name)
    body = [Text(t.count("wave.result.own", len(rows), heard=heard, asked=asked))]
    return Card(
        title,
        (
            *body,
            *_accounts(rows, t),
            Text(t("wave.result.not_counted"), "note"),
            Text(t("wave.result.thanks")),
        ),
        tone="good",
        foot=t("wave.result.foot", name=wave.name),
    )


def _result(
    ctx: Context,
    wave: Wave,
    whole: Measure | None,
    body: Sequence[Element],
    t: Texts,
    of: str | None = None,
) -> Card:
    zone = ZoneInfo(ctx.programme.timezone)
    name = f"{wave.name} · {of}" if of else wave.name
    if whole is not None and whole.nps is not None and whole.quality != "too_few":
        title = t("wave.result.title_nps", name=name, nps=points(whole.nps))
    else:
        title = t("wave.result.title", name=name)
    closed = t("wave.result.closed", day=closing_day(wave, zone, t, ctx.now()))
    return Card(title, tuple(body), tone="good", status=closed, foot=t(f"wave.kind.{wave.kind}"))


def _facts(whole: Measure, t: Texts) -> tuple[tuple[str, str], ...]:
    facts = [(t("wave.result.heard"), _heard(whole, t))]
    if whole.nps is None:
        return tuple(facts)
    answers = split(whole.promoters or 0, whole.passives or 0, whole.detractors or 0, t)
    facts.append((t("wave.result.split"), answers or "–"))
    if whole.interval is not None and whole.quality != "too_few":
        low, high = end(whole.interval.low), end(whole.interval.high)
        score = t("wave.result.nps", nps=_score(whole, t), low=low, high=high)
        facts.append((t("wave.column.nps"), score))
    facts.append((t("wave.result.quality"), t(f"wave.quality.{whole.quality or 'too_few'}")))
    coverage = whole.coverage
    if coverage is not None and coverage.decision_makers is not None:
        share_ = percent(coverage.decision_makers, t)
        facts.append((t("wave.result.decision_makers"), share_))
    return tuple(facts)


def _accounts(rows: Sequence[AccountResult], t: Texts) -> list[Element]:
    if not rows:
        return []
    columns = tuple(t(f"wave.column.{name}") for name in ("account", "heard", "split"))
    shown = [
        (
            row.name,
            t("wave.of", part=row.heard, whole=row.asked),
            split(row.promoters, row.passives, row.critics, t) or "–",
        )
        for row in rows[:_LONG_LIST]
    ]
    body: list[Element] = [Table(columns, tuple(shown))]
    if len(rows) > _LONG_LIST:
        body.append(Text(t("wave.and_more", n=len(rows) - _LONG_LIST), "note"))
    return body


def _heard(whole: Measure, t: Texts) -> str:
    words = t("wave.of", part=whole.answered, whole=whole.asked)
    return f"{words} ({share(whole.answered, whole.asked, t)})" if whole.asked else words


def _score(whole: Measure, t: Texts) -> str:
    if whole.withheld:
        return t("wave.withheld")
    return "–" if whole.nps is None or whole.quality == "too_few" else points(whole.nps)


async def _measure(
    ctx: Context,
    groups: Sequence[Scope],
    wave: Wave,
    without: Collection[int] = (),
    rest: Rest | None = None,
) -> Sequence[Measure | None]:
    if wave.kind not in NPS_KINDS:
        return [None for _group in [*groups, *(rest.teams[:1] if rest else ())]]
    return await measure_groups(ctx, groups, wave.kind, wave.name, without, rest)


def _start_of_work(ctx: Context, person: Member | None) -> datetime:
    calendar = calendars.working_calendar(
        ctx.programme,
        person.timezone if person else None,
        person.country if person else None,
    )
    return calendars.next_working_moment(ctx.now(), calendar)
