"""How soon cases are taken up, as lines and tables of a card; n stands beside every figure."""

from collections.abc import Sequence

from handlers import wording
from handlers.cards import Element, Facts, Table, Text
from handlers.measures.recovery import Share, share
from handlers.measures.speed import Speed, Step
from handlers.speed import TeamSpeed
from handlers.texts import Texts
from storage.models import Member

_NOTHING = "–"


def group_lines(found: Speed, t: Texts) -> list[Element]:
    """The speed of a group of people; nothing before the first case is due."""
    lines = _steps(found, t)
    if not lines:
        return []
    return [Text(t("speed.title"), "heading"), Facts(tuple(lines))]


def teams_lines(teams: Sequence[TeamSpeed], t: Texts) -> list[Element]:
    """All teams by name, the smaller ones as one; no order from best to worst.

    Nothing before the first case is due: a table of dashes tells nobody anything.
    """
    rows: list[tuple[str, ...]] = []
    for each in teams:
        name = t("speed.smaller") if each.name is None else each.name
        if each.speed is None:
            rows.append((name, *[t("speed.too_few_people")] * 3))
            continue
        said = each.said
        heard = share(said.yes, said.yes + said.partly + said.no) if said else None
        rows.append((name, *_cells(each.speed, t), _of(heard, t)))
    if all(each.speed is None or _is_blank(row) for each, row in zip(teams, rows, strict=True)):
        return []
    columns = ("team", "taken", "contacted", "settled")
    body: list[Element] = [
        Text(t("speed.title"), "heading"),
        Table(tuple(t(f"speed.column.{column}") for column in columns), tuple(rows)),
        Text(t("speed.in_time_note"), "note"),
    ]
    return body + joined_lines([name for each in teams for name in each.joined], t)


def joined_lines(names: Sequence[str], t: Texts) -> list[Element]:
    """Says which larger teams are told with the smaller ones, and why."""
    return [Text(t("speed.joined", names=", ".join(names)), "note")] if names else []


def people_lines(people: Sequence[tuple[Member, Speed]], t: Texts) -> list[Element]:
    """The members of a lead's team by name."""
    if not any(found.cases for _member, found in people):
        return []
    rows = tuple((member.name, *_cells(found, t)) for member, found in people if found.cases)
    columns = ("member", "taken", "contacted")
    return [
        Text(t("speed.people"), "heading"),
        Table(tuple(t(f"speed.column.{column}") for column in columns), rows),
        Text(t("speed.people_note"), "note"),
    ]


def own_lines(found: Speed | None, t: Texts, *, lead_sees: bool) -> list[Element]:
    """One's own speed, and who else sees it."""
    lines = _steps(found, t) if found is not None else []
    if not lines:
        return []
    note = t("speed.own_and_lead" if lead_sees else "speed.own_alone")
    return [Text(t("speed.own"), "heading"), Facts(tuple(lines)), Text(note, "note")]


def _steps(found: Speed, t: Texts) -> list[tuple[str, str]]:
    steps = (("taken", found.taken), ("contacted", found.contacted))
    return [(t(f"speed.{name}"), _step(step, t)) for name, step in steps if step.in_time]


def _step(step: Step, t: Texts) -> str:
    assert step.in_time is not None
    in_time = t("speed.in_time", hits=step.in_time.hits, of=step.in_time.n)
    if step.median_hours is None:
        return in_time
    half = t("speed.half", hours=wording.decimal(step.median_hours, t))
    return f"{in_time} · {half}"


def _cells(found: Speed, t: Texts) -> tuple[str, str]:
    return _cell(found.taken, t), _cell(found.contacted, t)


def _cell(step: Step, t: Texts) -> str:
    told = _of(step.in_time, t)
    if step.median_hours is None:
        return told
    return f"{told} · {t('speed.hours', hours=wording.decimal(step.median_hours, t))}"


def _is_blank(row: tuple[str, ...]) -> bool:
    return set(row[1:]) == {_NOTHING}


def _of(found: Share | None, t: Texts) -> str:
    if found is None:
        return _NOTHING
    return t("overview.of", heard=found.hits, asked=found.n)
