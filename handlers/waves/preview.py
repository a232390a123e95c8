"""The preview of a wave: how many are asked, who is left out and why, and what to expect of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from handlers.cards import Button, Buttons, Card, Element, Facts, Table, Text
from handlers.context import Context
from handlers.measures.score import score_interval
from handlers.surveys import NPS_KINDS
from handlers.texts import Texts
from handlers.waves.audience import NEARLY_RESTED, SKIP_REASONS, Judged, SkipReason, assess
from handlers.waves.cards import closing_day
from handlers.waves.groups import FIRST_NAMES, Group, assess_groups, first_names
from handlers.waves.planning import first_moment, sending_days, sending_hours
from handlers.waves.recipients import texts_of, zone
from handlers.wording import long_day, moment, money, percent
from storage import audiences
from storage.audiences import UNKNOWN_ROLE, Past
from storage.models import ContactRole, Member, Wave, WaveState

# Without a past of at least so many prompts we assume this rate and these shares, and say so.
_ENOUGH_PAST = 50
_ASSUMED_RATE = 0.30
_ASSUMED_PROMOTERS, _ASSUMED_CRITICS = 0.45, 0.20
# People of one account answer alike: the likeness assumed where it can't be estimated.
_LIKENESS = 0.15
_PAST_YEARS = 2
_LONG_LIST = 60


@dataclass(frozen=True)
class Expected:
    """How many answers to expect, at which rate, and half the width of the score's interval."""

    answers: int
    rate: float
    half: float | None
    assumed: bool


async def preview_card(ctx: Context, wave: Wave, me: Member) -> Card:
    """Gives the card that decides whether a wave goes out; draws nothing into the wave itself."""
    start = max(ctx.now(), wave.starts_at or ctx.now())
    groups = await assess_groups(ctx, wave, start)
    names = await first_names(ctx, wave, start, groups)
    since = ctx.now() - timedelta(days=365 * _PAST_YEARS)
    async with ctx.db.reading() as session:
        past = await audiences.past(session, [wave.kind], since)
    return _card(ctx, wave, groups, names, past, start, me)


async def left_out_card(ctx: Context, wave: Wave, me: Member) -> Card:
    """Gives everybody who is left out, by reason, as many as a message holds."""
    t = texts_of(ctx, me)
    judged = await assess(ctx, wave, max(ctx.now(), wave.starts_at or ctx.now()))
    out = [each for each in judged if each.reason is not None]
    order = {reason: place for place, reason in enumerate(SKIP_REASONS)}
    out.sort(key=lambda each: (order[each.reason or "rested"], each.who.account_name))
    rows = [
        (each.who.name, each.who.account_name, _why(each, t, start=ctx.now().date()))
        for each in out[:_LONG_LIST]
    ]
    columns = (t("wave.column.person"), t("wave.column.account"), t("wave.column.why"))
    body: list[Element] = [Table(columns, tuple(rows))]
    if len(out) > _LONG_LIST:
        body.append(Text(t("wave.and_more", n=len(out) - _LONG_LIST), "note"))
    title = t.count("wave.left_out_title", len(out), name=wave.name)
    return Card(title, tuple(body) if rows else ())


def expect(groups: Sequence[Group], past: Past, kind: str) -> Expected:
    """Gives what to expect of asking these people, from how people answered before."""
    asked = _asked(groups)
    enough = past.asked >= _ENOUGH_PAST
    rate = past.heard / past.asked if enough else _ASSUMED_RATE
    answers = round(_people(asked) * rate)
    half = None
    if answers and kind in NPS_KINDS:
        promoters, critics = _ASSUMED_PROMOTERS, _ASSUMED_CRITICS
        if enough and past.rated:
            promoters, critics = past.promoters / past.rated, past.detractors / past.rated
        accounts = _accounts(asked)
        together = max(1.0, answers / max(1, min(accounts, answers)))
        n = answers / (1 + (together - 1) * _LIKENESS)
        low, high = score_interval(promoters * n, critics * n, n).points()
        half = (high - low) / 2
    return Expected(answers, rate, half, assumed=not enough)


def ask_later_on(groups: Sequence[Group], on: date) -> tuple[int, date] | None:
    """Gives how many rested contacts are free within a week, and from which day all of them are."""
    near = [
        (group.people, free_on)
        for group in groups
        if (free_on := group.judged.free_on) is not None and free_on - on <= NEARLY_RESTED
    ]
    if not near:
        return None
    return sum(people for people, _day in near), max(day for _people, day in near)


def _asked(groups: Sequence[Group]) -> list[Group]:
    return [group for group in groups if group.judged.reason is None]


def _people(groups: Sequence[Group]) -> int:
    return sum(group.people for group in groups)


def _accounts(groups: Sequence[Group]) -> int:
    return len({group.judged.who.account_id for group in groups})


def _card(
    ctx: Context,
    wave: Wave,
    groups: Sequence[Group],
    names: Mapping[SkipReason, Sequence[str]],
    past: Past,
    start: datetime,
    me: Member,
) -> Card:
    t, here = texts_of(ctx, me), zone(ctx, me)
    asked = _asked(groups)
    body: list[Element] = [Facts(_facts(ctx, wave, groups, past, start, t, here))]
    body += _left_out(groups, names, t)
    body += _no_decision_maker(groups, asked, t)
    later = ask_later_on(groups, start.astimezone(ZoneInfo(ctx.programme.timezone)).date())
    if later is not None:
        body.append(Text(t.count("wave.nearly_rested", later[0], day=long_day(later[1], t))))
    if not ctx.programme.privacy.complete:
        body.append(Text(t("wave.privacy_missing", keys=missing_privacy(ctx)), "strong"))
    if wave.state == WaveState.DRAFT:
        body.append(Buttons(_buttons(ctx, wave, groups, start, later, t, here)))
    people = t.count("wave.of_people", _people(groups))
    title = t.count("wave.preview_title", _people(asked), name=wave.name, people=people)
    return Card(
        title,
        tuple(body),
        tone="neutral" if asked else "warning",
        status=t(f"wave.state.{wave.state}"),
        foot=t(f"wave.kind.{wave.kind}"),
    )


def missing_privacy(ctx: Context) -> str:
    """Gives the keys of `[privacy]` that must be filled in before a wave may start."""
    privacy = ctx.programme.privacy
    wanted = {
        "controller": privacy.controller,
        "contact": privacy.contact,
        "keep_months": privacy.keep_months,
    }
    return ", ".join(key for key, value in wanted.items() if not value)


def _facts(
    ctx: Context,
    wave: Wave,
    groups: Sequence[Group],
    past: Past,
    start: datetime,
    t: Texts,
    here: ZoneInfo,
) -> tuple[tuple[str, str], ...]:
    now = ctx.now()
    asked = _asked(groups)
    first, last = sending_hours(wave, ctx.programme)
    days = ", ".join(t(f"wave.day.{day}") for day in sending_days(wave, ctx.programme))
    when = t("wave.hours", days=days, first=f"{first:%H:%M}", last=f"{last:%H:%M}")
    reminder = (
        t.count("wave.after_days", wave.reminder_after_days)
        if wave.reminder_after_days
        else t("wave.no_reminder")
    )
    by_channel: Counter[str] = Counter()
    for group in asked:
        by_channel[group.judged.channel or ""] += group.people
    channels = ", ".join(
        t(f"wave.channel.{name}", n=n) for name, n in sorted(by_channel.items()) if name
    )
    starts = moment(first_moment(wave, start, ctx.programme), now, here, t)
    facts = [
        (t("wave.fact.starts"), starts),
        (t("wave.fact.closes"), closing_day(wave, here, t, now)),
        (t("wave.fact.hours"), when),
        (t("wave.fact.reminder"), reminder),
    ]
    if asked:
        facts += [
            (t("wave.fact.channels"), channels),
            (t("wave.fact.roles"), _roles(asked, t)),
            (t("wave.fact.revenue"), _revenue(groups, asked, t)),
            (t("wave.fact.expected"), _expected(expect(groups, past, wave.kind), t)),
        ]
    return tuple(facts)


def _roles(asked: Sequence[Group], t: Texts) -> str:
    counted: Counter[str] = Counter()
    for group in asked:
        counted[group.judged.who.role or UNKNOWN_ROLE] += group.people
    return ", ".join(
        t.count(f"wave.role.{role}", counted[role])
        for role in (*ContactRole, UNKNOWN_ROLE)
        if counted[role]
    )


def _revenue(groups: Sequence[Group], asked: Sequence[Group], t: Texts) -> str:
    """`4,200,000 of 4,800,000 EUR a year at 60 of 68 accounts`, each currency for itself."""
    every, covered = _values(groups), _values(asked)
    parts = [
        t("wave.revenue", part=money(covered.get(unit, 0.0), None, t), whole=money(sum_, unit, t))
        for unit, sum_ in sorted(every.items())
    ]
    return " · ".join((*parts, t("wave.accounts", n=_accounts(asked), of=_accounts(groups))))


def _values(groups: Sequence[Group]) -> dict[str, float]:
    of_account = {
        who.account_id: (who.currency or "", who.value)
        for who in (group.judged.who for group in groups)
        if who.value is not None
    }
    sums: dict[str, float] = defaultdict(float)
    for unit, value in of_account.values():
        sums[unit] += value or 0.0
    return sums


def _expected(expected: Expected, t: Texts) -> str:
    rate = percent(100 * expected.rate, t)
    key = "wave.expected_assumed" if expected.assumed else "wave.expected"
    words = t.count(key, expected.answers, rate=rate)
    if expected.half is None:
        return words
    width = t("wave.half_width", points=ceil(expected.half))
    return f"{words} · {width}"


def _left_out(
    groups: Sequence[Group], names: Mapping[SkipReason, Sequence[str]], t: Texts
) -> list[Element]:
    by_reason: Counter[str] = Counter()
    for group in groups:
        if group.judged.reason is not None:
            by_reason[group.judged.reason] += group.people
    if not by_reason:
        return [Text(t("wave.nobody_left_out"))]
    rows = []
    for reason in SKIP_REASONS:
        if by_reason[reason]:
            more = "" if by_reason[reason] <= FIRST_NAMES else " …"
            who = ", ".join(names.get(reason, ())) + more
            rows.append((t(f"wave.skip.{reason}"), str(by_reason[reason]), who))
    columns = (t("wave.column.why"), t("wave.column.count"), t("wave.column.who"))
    return [
        Text(t.count("wave.left_out", by_reason.total()), "strong"),
        Table(columns, tuple(rows), numeric=(1,)),
    ]


def _no_decision_maker(groups: Sequence[Group], asked: Sequence[Group], t: Texts) -> list[Element]:
    everybody = (group.judged.who for group in groups)
    known = {who.account_id for who in everybody if who.role == ContactRole.DECISION_MAKER}
    without = {
        who.account_id: who.account_name
        for who in (group.judged.who for group in asked)
        if who.account_id not in known
    }
    if not without:
        return []
    names = sorted(without.values())
    shown = ", ".join(names[:FIRST_NAMES]) + (" …" if len(names) > FIRST_NAMES else "")
    return [Text(t.count("wave.no_decision_maker", len(names), names=shown, first=names[0]))]


def _buttons(
    ctx: Context,
    wave: Wave,
    groups: Sequence[Group],
    start: datetime,
    later: tuple[int, date] | None,
    t: Texts,
    here: ZoneInfo,
) -> tuple[Button, ...]:
    value = str(wave.id)
    buttons: list[Button] = []
    asked = _asked(groups)
    if asked and ctx.programme.privacy.complete:
        when = moment(first_moment(wave, start, ctx.programme), ctx.now(), here, t)
        label = t("wave.button.confirm", when=when)
        buttons.append(Button(label, "wave_confirm", value, "primary"))
    buttons.append(Button(t("wave.button.change"), "wave_form", value, opens_form=True))
    if len(asked) < len(groups):
        buttons.append(Button(t("wave.button.left_out"), "wave_left_out", value))
    if later is not None:
        label = t("wave.button.later", day=long_day(later[1], t))
        buttons.append(Button(label, "wave_later", f"{value}:{later[1].isoformat()}"))
    discard = Button(
        t("wave.button.discard"), "wave_discard", value, "danger", confirm=t("wave.confirm.discard")
    )
    return (*buttons, discard)


def _why(each: Judged, t: Texts, start: date) -> str:
    words = t(f"wave.skip.{each.reason}")
    if each.free_on is None:
        return words
    return t("wave.free_on", why=words, day=long_day(each.free_on, t, start))
