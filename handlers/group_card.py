"""The card of a group of accounts: its score, how far it can be trusted, what matters beside."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers import wording
from handlers.accounts.card import SHOW
from handlers.accounts.reader import Reader
from handlers.cards import Button, Buttons, Card, Chart, Element, Facts, Point, Table, Text
from handlers.measures.counts import ROLES
from handlers.measures.measure import Measure, Weighted
from handlers.measures.score import Interval
from handlers.measures.trend import TrendPoint
from handlers.recovery import Recovery, recovery_lines
from handlers.texts import Texts
from storage.groups import DecidingCritic, OpenCases

SHOW_GROUP = "group_show"
TEAMS = "teams"  # the value of the button to all teams beside each other
_CRITICS = 8
READ = 100  # critics read of a group: enough for the lines and for the accounts of the buttons
_BUTTONS = 5
_KISH = 5  # from so many accounts of equal weight on, a score weighted by revenue says something
_N_EFF = 5


@dataclass(frozen=True)
class Group:
    """All that the card of a group tells, as one member may see it.

    `critics` are the first of the `deciding` decision makers who are critics; `speed` tells how
    soon its cases are taken up.
    """

    name: str
    figures: Measure
    deciding: int
    critics: Sequence[DecidingCritic]
    cases: OpenCases
    trend: Sequence[TrendPoint]
    recovery: Recovery | None = None  # None where it would tell of few people
    speed: Sequence[Element] = ()


def group_card(group: Group, reader: Reader) -> Card:
    """The card of a group: its score with how far it can be trusted, then what stands beside it."""
    t, found = reader.t, group.figures
    body: list[Element] = []
    if found.withheld:
        body.append(Text(t("team.withheld", name=group.name, **_counted(found)), "strong"))
    else:
        body += critics_lines(group, t)
        body += score_lines(found, t)
        body += _roles(found, t)
    body.append(Facts(_beside(group, t)))
    body += group.speed
    chart = _chart(group, t)
    if chart is not None:
        body.append(chart)
    buttons = tuple(_account_button(critic) for critic in _accounts(group.critics))
    if found.scope.type == "all":
        buttons += (Button(t("team.compare.open"), SHOW_GROUP, TEAMS),)
    if buttons:
        body.append(Buttons(buttons))
    return Card(
        group.name,
        tuple(body),
        status=t("account.only_you"),
        foot=_window(found, reader) or None,
    )


def product_card(found: Measure, reader: Reader) -> Card:
    """The card of a product: only who answered about it counts, so nothing says who was heard."""
    t = reader.t
    body = (*score_lines(found, t), *_roles(found, t), Text(t("team.product_note"), "note"))
    return Card(
        found.scope.key or "",
        body,
        status=t("account.only_you"),
        foot=_window(found, reader) or None,
    )


def score_lines(found: Measure, t: Texts) -> list[Element]:
    """The score of a group in words: quality, likely range, who was heard, other weights."""
    counts = t.count(
        "team.product_counts" if found.scope.type == "product" else "team.counts",
        found.accounts or 0,
        split=_split(found, t),
        **_counted(found),
    )
    if found.quality in (None, "too_few") or found.nps is None or found.interval is None:
        return [Text(t("team.too_few"), "strong"), Text(counts)]
    line = t(
        "team.score",
        nps=wording.points(found.nps),
        between=between(found.interval, t),
        quality=t(f"team.quality.{found.quality}"),
    )
    body: list[Element] = [Text(line, "strong"), Text(counts)]
    if found.quality == "rough":
        body.append(Text(t("team.rough"), "note"))
    if _is_told(found.account_balanced):
        body.append(Text(_weighted(found.account_balanced, t("team.balanced"), t)))
    body += _by_value(found, t)
    return body


def between(interval: Interval, t: Texts) -> str:
    """Gives `likely between 17 and 59`."""
    low, high = (wording.end(each) for each in interval)
    return t("team.between", low=low, high=high)


def coverage(found: Measure, t: Texts) -> str:
    """Gives the shares of accounts, decision makers and revenue that were heard."""
    if found.coverage is None:
        return ""
    shares = (
        ("accounts", found.coverage.accounts),
        ("decision_makers", found.coverage.decision_makers),
        ("revenue", found.coverage.revenue),
    )
    return " · ".join(
        t(f"team.coverage.{name}", share=wording.percent(share, t))
        for name, share in shares
        if share is not None
    )


def cases_line(cases: OpenCases, t: Texts) -> str:
    """Gives `4 open, 1 not taken, 2 overdue`."""
    parts = [t.count("team.cases.open", cases.open)]
    parts += [t("team.cases.untaken", n=cases.untaken)] if cases.untaken else []
    parts += [t("team.cases.overdue", n=cases.overdue)] if cases.overdue else []
    return ", ".join(parts)


def _counted(found: Measure) -> dict[str, int]:
    return {"answered": found.answered, "asked": found.asked}


def _split(found: Measure, t: Texts) -> str:
    return wording.split(found.promoters or 0, found.passives or 0, found.detractors or 0, t) or t(
        "team.no_scores"
    )


def _is_told(score: Weighted | None) -> bool:
    return score is not None and score.n_eff >= _N_EFF


def _weighted(score: Weighted | None, how: str, t: Texts) -> str:
    assert score is not None
    nps = wording.points(score.nps)
    return t("team.weighted", nps=nps, how=how, between=between(score.interval, t))


def _by_value(found: Measure, t: Texts) -> list[Element]:
    by_value = found.value_weighted
    if by_value is None:
        return []
    if by_value.kish_accounts < _KISH or not _is_told(by_value):
        return [Text(t("team.few_decide"), "note")]
    line = _weighted(by_value, t("team.by_value"), t)
    largest = t(
        "team.largest",
        share=wording.percent(by_value.largest_share, t),
        without="–"
        if by_value.without_largest is None
        else wording.points(by_value.without_largest),
    )
    return [Text(f"{line} · {largest}")]


def _roles(found: Measure, t: Texts) -> list[Element]:
    rows = tuple(
        (
            t(f"account.role.{role}"),
            t("overview.of", heard=figures.answered, asked=figures.asked),
            str(figures.promoters),
            str(figures.passives),
            str(figures.detractors),
        )
        for role in ROLES
        if (figures := found.by_role[role]).asked
    )
    columns = ("role", "heard", "promoters", "passives", "critics")
    headings = tuple(t(f"team.column.{column}") for column in columns)
    return [Table(headings, rows, numeric=(2, 3, 4))] if rows else []


def critics_lines(group: Group, t: Texts) -> list[Element]:
    """Gives the decision makers who are critics, with their accounts."""
    if not group.critics:
        return []
    told = tuple(
        (each.account, ", ".join(filter(None, (each.contact, each.title, str(each.score)))))
        for each in group.critics[:_CRITICS]
    )
    body: list[Element] = [
        Text(t.count("team.deciding", group.deciding), "strong"),
        Facts(told),
    ]
    if group.deciding > _CRITICS:
        body.append(Text(t("account.more", n=group.deciding - _CRITICS), "note"))
    return body


def _accounts(critics: Sequence[DecidingCritic]) -> list[DecidingCritic]:
    by_account = {critic.account_id: critic for critic in reversed(critics)}
    return [critic for critic in critics if by_account[critic.account_id] is critic][:_BUTTONS]


def _account_button(critic: DecidingCritic) -> Button:
    return Button(critic.account, SHOW, str(critic.account_id))


def _beside(group: Group, t: Texts) -> tuple[tuple[str, str], ...]:
    facts = [(t("team.heard"), coverage(group.figures, t))]
    facts.append((t("team.cases.label"), cases_line(group.cases, t)))
    if group.recovery is not None:
        facts += recovery_lines(group.recovery, t)
    return tuple((label, value) for label, value in facts if value)


def _chart(group: Group, t: Texts) -> Chart | None:
    points = tuple(_point(each) for each in group.trend)
    if sum(point.value is not None for point in points) < 2:
        return None
    told = "; ".join(
        t.count(
            "account.trend_point", point.n or 0, label=point.label, nps=wording.points(point.value)
        )
        if point.value is not None
        else f"{point.label}: {t('team.too_few')}"
        for point in points
    )
    return Chart("trend", points, t("account.trend", name=group.name, points=told))


def _point(each: TrendPoint) -> Point:
    # A wave with too few answers for a score is a gap.
    if each.nps is None or each.quality in (None, "too_few"):
        return Point(each.label, None, n=each.n)
    return Point(each.label, each.nps, each.low, each.high, each.n)


def _window(found: Measure, reader: Reader) -> str:
    if found.window.start is None:
        return ""
    day = wording.long_day(found.window.start, reader.t, reader.today)
    return reader.t("account.since", day=day)
