"""The card of one account: what is wrong first, then figures, people, money and words."""

from collections.abc import Iterable

from handlers import wording
from handlers.accounts import lines
from handlers.accounts.reader import Reader
from handlers.accounts.standing import Standing
from handlers.cards import Button, Buttons, Card, Chart, Element, Facts, Point, Text, Tone
from handlers.measures.health import State
from handlers.texts import Texts
from storage.models import Member, Reply, Response

SHOW = "account_show"
SHOW_IN_CHANNEL = "account_show_in_channel"
_TONES: dict[State, Tone] = {
    "at_risk": "critical",
    "watch": "attention",
    "unknown": "neutral",
    "safe": "good",
}
_COMMENTS = 3
_TEASER = 22  # of a comment's letters: all of it stands in the brief and the history
_WARNINGS = 4
_WAVES = 8


def account_card(
    standing: Standing,
    reader: Reader,
    months: int,
    *,
    in_channel: bool = False,
    shown_by: Member | None = None,
) -> Card:
    """The answer to `/nps acme`; `in_channel` offers to show it, `shown_by` is who did."""
    t, found = reader.t, standing.figures
    body: list[Element] = [Text(line, "strong") for line in warnings(standing, reader)]
    if found.answered:
        body.append(Text(lines.nps_line(standing, reader)))
    else:
        body.append(Text(lines.nobody_line(standing, reader, months)))
    facts = list(lines.roles(standing, t))
    if silent := lines.silent(standing, reader):
        facts.append((t("account.silent"), silent))
    if facts:
        body.append(Facts(tuple(facts)))
    body.append(Text(lines.money_line(standing, reader) or t("account.no_money"), "note"))
    body += _chart(standing, reader)
    if said := lines.comments(standing, reader, _COMMENTS, _TEASER):
        body.append(Text(" · ".join(said), "quote"))
    if shown_by is None:
        body.append(Buttons(_buttons(standing, t, in_channel)))
    foot = [
        lines.legend(standing, t),
        _since(standing, reader),
        t("account.shown_by", name=shown_by.name) if shown_by else "",
        # Always said, so that it tells nobody whether there is such an answer.
        t("account.shown_without") if shown_by else "",
    ]
    return Card(
        lines.headline(standing, t),
        tuple(body),
        tone=_TONES[standing.health.state],
        status=None if shown_by else t("account.only_you"),
        foot=" · ".join(part for part in foot if part),
    )


def trend_of(standing: Standing, reader: Reader) -> Chart | None:
    """The score by wave (by quarter where there is no wave), None for fewer than two of them."""
    t = reader.t
    waves: dict[str, dict[int, Response]] = {}
    for response, wave_id in standing.answers:
        if response.reply == Reply.SCORE and response.score is not None:
            label = standing.waves.get(wave_id or 0) or _quarter(response, reader)
            waves.setdefault(label, {})[response.contact_id] = response
    points = tuple(_point(label, latest.values()) for label, latest in waves.items())[-_WAVES:]
    if len(points) < 2:
        return None
    told = "; ".join(
        t.count("account.trend_point", point.n or 0, label=point.label, nps=_points(point.value))
        for point in points
    )
    return Chart("trend", points, t("account.trend", name=standing.account.name, points=told))


def back_button(standing: Standing, t: Texts) -> Button:
    """The way back from a part to the account's card."""
    label = t("account.button.back", name=standing.account.name)
    return Button(label, SHOW, str(standing.account.id))


def part_button(standing: Standing, part: str, t: Texts) -> Button:
    """The way from the account's card to a part of it."""
    return Button(t(f"account.button.{part}"), SHOW, f"{standing.account.id}:{part}")


def warnings(standing: Standing, reader: Reader) -> list[str]:
    """Decision makers who are critics first, then whoever else has an open case."""
    signing = [each for each in standing.people if each.is_decision_maker and each.is_critic]
    told = {case.id for each in signing if (case := standing.case_about(each)) is not None}
    for case in standing.open_cases:
        about = [
            each
            for each in standing.people
            if (own := standing.case_about(each)) is not None and own.id == case.id
        ]
        if case.id not in told and about:
            signing.append(about[0])
    return [lines.warning(standing, each, reader) for each in signing[:_WARNINGS]]


def _buttons(standing: Standing, t: Texts, in_channel: bool) -> tuple[Button, ...]:
    parts = ["brief", "people", "history", *(["cases"] if standing.cases else [])]
    buttons = [part_button(standing, name, t) for name in parts]
    if in_channel:
        label = t("routes.show_in_channel")
        buttons.append(Button(label, SHOW_IN_CHANNEL, str(standing.account.id)))
    return tuple(buttons)


def _chart(standing: Standing, reader: Reader) -> list[Element]:
    chart = trend_of(standing, reader)
    return [] if chart is None else [chart]


def _quarter(response: Response, reader: Reader) -> str:
    day = reader.day(response.answered_at)
    return reader.t("account.quarter", quarter=(day.month + 2) // 3, year=day.year)


def _point(label: str, responses: Iterable[Response]) -> Point:
    scores = [response.score for response in responses if response.score is not None]
    promoters = sum(score >= 9 for score in scores)
    critics = sum(score <= 6 for score in scores)
    return Point(label, (promoters - critics) / len(scores) * 100, n=len(scores))


def _points(value: float | None) -> str:
    return lines.SILENT if value is None else wording.points(value)


def _since(standing: Standing, reader: Reader) -> str:
    start = standing.figures.window.start
    if start is None:
        return ""
    return reader.t("account.since", day=wording.long_day(start, reader.t, reader.today))
