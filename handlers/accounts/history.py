"""What happened at an account, as one timeline, and the reasons its people named."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from handlers import wording
from handlers.accounts import lines
from handlers.accounts.card import back_button, part_button, trend_of
from handlers.accounts.people import Person, asked_moment
from handlers.accounts.reader import Reader, cut, first_name
from handlers.accounts.standing import Standing
from handlers.cards import Button, Buttons, Card, Element, Facts, Table, Text
from handlers.names import short
from handlers.texts import Texts
from storage.models import CaseState, Reply, Response

_SHOWN = 30
_COMMENT_SHOWN = 100
_CASES_OPENED = 5
OPEN_CASE = "case.open"


class Entry(NamedTuple):
    """Something that happened."""

    at: datetime
    what: str


def history_card(standing: Standing, reader: Reader) -> Card:
    """The answer to `/nps acme history`: the trend and the timeline, latest first."""
    t = reader.t
    entries = sorted(_entries(standing, reader), key=lambda entry: entry.at, reverse=True)
    chart = trend_of(standing, reader)
    body: list[Element] = [] if chart is None else [chart]
    if entries:
        body.append(
            Facts(tuple((reader.short_day(each.at), each.what) for each in entries[:_SHOWN]))
        )
    else:
        body.append(Text(t("account.history.nothing")))
    if len(entries) > _SHOWN:
        body.append(Text(t("account.history.older", n=len(entries) - _SHOWN), "note"))
    named = any(response.reasons for response, _wave in standing.answers)
    parts = ("reasons", "done") if named else ("done",)
    row = (part_button(standing, part, t) for part in parts)
    body.append(Buttons((*row, back_button(standing, t))))
    title = t("account.history.title", name=standing.account.name)
    return Card(title, tuple(body), status=t("account.only_you"))


def reasons_card(standing: Standing, reader: Reader) -> Card:
    """The answer to `/nps acme reasons`: what people named with the answer that counts now."""
    t = reader.t
    named: Counter[str] = Counter()
    groups: dict[str, Counter[str]] = {}
    for person in standing.people:
        for reason in _reasons(person):
            named[reason] += 1
            groups.setdefault(reason, Counter())[_group(person)] += 1
    rows = tuple(
        (_reason(reason, t), str(count), _split(groups[reason], t))
        for reason, count in sorted(named.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    body: list[Element] = []
    if rows:
        columns = (
            t("account.reasons.reason"),
            t("account.reasons.named"),
            t("account.reasons.of_them"),
        )
        body.append(Table(columns, rows, numeric=(1,)))
    else:
        body.append(Text(t("account.reasons.none", name=short(standing.account.name))))
    body += [Text(line, "quote") for line in lines.comments(standing, reader, 5)]
    body.append(Buttons((back_button(standing, t),)))
    title = t("account.reasons.title", name=standing.account.name)
    return Card(title, tuple(body), status=t("account.only_you"))


def cases_card(standing: Standing, reader: Reader) -> Card:
    """The cases of one account, open ones first."""
    t = reader.t
    ordered = sorted(standing.cases, key=lambda case: case not in standing.open_cases)
    facts = []
    buttons = []
    for case in ordered[:_SHOWN]:
        about = [
            lines.name_of(each, t)
            for each in standing.people
            if (own := standing.case_about(each)) is not None and own.id == case.id
        ]
        said = [", ".join(about), lines.case_line(case, standing, reader), case.promised or ""]
        facts.append((reader.short_day(case.opened_at), " · ".join(filter(None, said))))
        if case in standing.open_cases:
            label = ", ".join(about) or reader.short_day(case.opened_at)
            buttons.append(Button(t("account.case.open", who=label), OPEN_CASE, str(case.id)))
    body: list[Element] = []
    if not standing.open_cases:
        body.append(Text(t("account.case.none", name=short(standing.account.name))))
    if facts:
        body.append(Facts(tuple(facts)))
    body.append(Buttons((*buttons[:_CASES_OPENED], back_button(standing, t))))
    title = t("account.case.title", name=standing.account.name)
    return Card(title, tuple(body), status=t("account.only_you"))


def _entries(standing: Standing, reader: Reader) -> Iterator[Entry]:
    yield from _askings(standing, reader)
    names = {each.contact.id: lines.name_of(each, reader.t) for each in standing.people}
    before: dict[int, Response] = {}
    for response, _wave in standing.answers:
        name = names.get(response.contact_id, reader.t("account.erased"))
        yield Entry(
            response.answered_at, _answer(name, response, before.get(response.contact_id), reader)
        )
        before[response.contact_id] = response
    yield from _case_entries(standing, reader.t)


def _askings(standing: Standing, reader: Reader) -> Iterator[Entry]:
    """One entry a wave and day, not one a person."""
    groups: dict[tuple[str, object], list[datetime]] = {}
    for invitation in standing.invitations:
        at = asked_moment(invitation)
        if at is not None:
            unnamed = reader.t("account.history.no_wave")
            wave = standing.waves.get(invitation.wave_id or 0, unnamed)
            groups.setdefault((wave, reader.day(at)), []).append(at)
    for (wave, _day), times in groups.items():
        yield Entry(min(times), reader.t.count("account.history.asked", len(times), wave=wave))


def _answer(name: str, response: Response, before: Response | None, reader: Reader) -> str:
    if response.reply != Reply.SCORE or response.score is None:
        return f"{name}: {reader.t(f'account.reply.{response.reply}')}"
    said = f"{name}: {response.score}"
    if before is not None and before.score is not None and before.score != response.score:
        when = reader.month(before.answered_at)
        said += f" ({reader.t('account.was', score=before.score, when=when)})"
    if response.comment and reader.comments:
        said += f" “{cut(response.comment, _COMMENT_SHOWN)}”"
    return said


def _case_entries(standing: Standing, t: Texts) -> Iterator[Entry]:
    for case in standing.cases:
        who = first_name(standing.names.get(case.taken_by or case.owner_id or 0, "")) or "–"
        yield Entry(case.opened_at, t("account.history.opened"))
        if case.taken_at is not None:
            yield Entry(case.taken_at, t("account.history.taken", name=who))
        if case.contacted_at is not None:
            yield Entry(case.contacted_at, t("account.history.contacted", name=who))
        if case.solved_at is not None:
            closed = "not_a_critic" if case.state == CaseState.NOT_A_CRITIC else "solved"
            said = [t(f"account.history.{closed}"), case.what_was_done or ""]
            if case.promised:
                said.append(t("account.history.promised", what=case.promised))
            yield Entry(case.solved_at, " · ".join(filter(None, said)))


def _reasons(person: Person) -> list[str]:
    return [] if person.answer is None else list(dict.fromkeys(person.answer.reasons))


def _reason(key: str, t: Texts) -> str:
    # A programme's own reasons have no text of ours: their key is what there is.
    keys = t.keys()
    return t(f"reasons.{key}") if f"reasons.{key}" in keys else key


def _group(person: Person) -> str:
    if person.score is None:
        return ""
    if person.score >= 9:
        return "promoters"
    return "passives" if person.score >= 7 else "critics"


def _split(groups: Counter[str], t: Texts) -> str:
    return wording.split(groups["promoters"], groups["passives"], groups["critics"], t)
