"""The card of all teams beside each other: by name, to learn from each other, never a ranking."""

from collections.abc import Mapping, Sequence

from handlers import wording
from handlers.accounts.reader import Reader
from handlers.cards import Button, Buttons, Card, Element, Table, Text
from handlers.group_card import SHOW_GROUP
from handlers.measures.measure import Measure
from handlers.measures.score import Interval
from handlers.measures.team_table import Compared, TeamScore, compare, visible_gap
from handlers.speed_lines import joined_lines
from handlers.texts import Texts

_BUTTONS = 20
_NOTHING = "–"


def teams_card(teams: Sequence[Measure], reader: Reader, joined: Sequence[str] = ()) -> Card:
    """The teams in the order given; a score is adjusted for few answers where there are several.

    `joined` names the larger teams that are told with the smaller ones.
    """
    t = reader.t
    if not teams:
        return Card(t("team.no_team"), status=t("account.only_you"))
    scored = {at: _score(each) for at, each in enumerate(teams) if _has_score(each)}
    found = compare(list(scored.values()))
    compared = {} if found is None else dict(zip(scored, found, strict=True))
    rows = tuple(_row(at, each, compared, t) for at, each in enumerate(teams))
    columns = ("team", "heard", "score", "range", "beside")
    headings = tuple(t(f"team.compare.column.{column}") for column in columns)
    body: list[Element] = [Table(headings, rows, numeric=(2,))]
    if compared:
        n, gap = visible_gap([score.n_eff for score in scored.values()])
        body.append(Text(t("team.compare.adjusted"), "note"))
        body.append(Text(t.count("team.compare.gap", n, gap=gap), "note"))
    else:
        body.append(Text(t("team.compare.nothing"), "note"))
    body += joined_lines(joined, t)
    named = [each.scope.key for each in teams if each.scope.key is not None]
    buttons = tuple(Button(name, SHOW_GROUP, f"team:{name}") for name in named[:_BUTTONS])
    body += [Buttons(buttons)] if buttons else []
    return Card(t("team.compare.title"), tuple(body), status=t("account.only_you"))


def _has_score(found: Measure) -> bool:
    return not found.withheld and found.nps is not None and found.quality != "too_few"


def _score(found: Measure) -> TeamScore:
    promoters, passives, detractors = found.promoters, found.passives, found.detractors
    assert promoters is not None
    assert passives is not None
    assert detractors is not None
    assert found.n_eff is not None
    return TeamScore(promoters, passives, detractors, found.n_eff)


def _row(at: int, found: Measure, compared: Mapping[int, Compared], t: Texts) -> tuple[str, ...]:
    name = t("speed.smaller") if found.scope.key is None else found.scope.key
    heard = t("overview.of", heard=found.answered, asked=found.asked)
    if found.withheld:
        return name, heard, _NOTHING, _NOTHING, t("speed.too_few_people")
    if not _has_score(found):
        return name, heard, _NOTHING, _NOTHING, t("team.too_few")
    beside = compared.get(at)
    if beside is None:
        assert found.nps is not None
        assert found.interval is not None
        return name, heard, wording.points(found.nps), _range(found.interval, t), _NOTHING
    # Few answers are told with their range and compared with nobody.
    told = "rough" if found.quality == "rough" else beside.difference
    score = wording.points(beside.score)
    return name, heard, score, _range(beside.interval, t), t(f"team.compare.{told}")


def _range(interval: Interval, t: Texts) -> str:
    low, high = (wording.end(each) for each in interval)
    return t("team.compare.range", low=low, high=high)
