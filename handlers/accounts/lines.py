"""The sentences of an account's card, in the language and time zone of its reader."""

from handlers import wording
from handlers.accounts.people import Person, asked_moment
from handlers.accounts.reader import Reader, cut, first_name
from handlers.accounts.standing import Standing
from handlers.measures.counts import ROLES
from handlers.names import short
from handlers.texts import Texts
from storage.models import Case, CaseState, InvitationStatus, RecommendPolicy, Reply

SILENT = "–"
NO_SCORE = "×"
_NAMES_SHOWN = 6
_COMMENT_SHOWN = 160


def headline(standing: Standing, t: Texts) -> str:
    """Gives `Acme A/S · at risk: a decision maker is a critic`."""
    state, reason = standing.health
    return t(
        "account.title",
        name=standing.account.name,
        state=t(f"account.health.{state}"),
        reason=t(f"account.reason.{reason}"),
    )


def warning(standing: Standing, person: Person, reader: Reader) -> str:
    """Gives `Jane Jensen, CFO, 3 (was 8 in March) · Anna has it · contact by Wed 13:20`."""
    who = ", ".join(part for part in (name_of(person, reader.t), person.contact.title) if part)
    case = standing.case_about(person)
    parts = [
        f"{who}, {score_of(person, reader)}",
        case_line(case, standing, reader) if case else "",
    ]
    return " · ".join(part for part in parts if part)


def score_of(person: Person, reader: Reader) -> str:
    """Gives `3 (was 8 in March)`, or what was answered instead of a score."""
    if person.answer is None:
        return SILENT
    if person.score is None:
        return reader.t(f"account.reply.{person.answer.reply}")
    before = person.before
    if before is None or before.score is None or before.score == person.score:
        return str(person.score)
    was = reader.t("account.was", score=before.score, when=reader.month(before.answered_at))
    return f"{person.score} ({was})"


def case_line(case: Case, standing: Standing, reader: Reader) -> str:
    """Gives who has a case and what is due: `Anna has it · contact by Wed 13:20`."""
    t = reader.t
    holder = first_name(standing.names.get(case.taken_by or case.owner_id or 0, ""))
    may_be_nobodys = case.state in (CaseState.NEW, CaseState.REOPENED)
    nobody = "_nobody" if may_be_nobodys and not holder else ""
    due = {CaseState.NEW: case.take_by, CaseState.TAKEN: case.contact_by}.get(CaseState(case.state))
    status = t(
        f"account.case.{case.state}{nobody}",
        name=holder,
        day=reader.short_day(case.solved_at) if case.solved_at else "",
    )
    if due is None:
        return status
    late = "_late" if due < reader.now else ""
    return f"{status} · {t(f'account.case.due_{case.state}{late}', when=reader.moment(due))}"


def nps_line(standing: Standing, reader: Reader) -> str:
    """Gives the score, never alone: with who was heard, and its bounds while some are silent."""
    t, found = reader.t, standing.figures
    rated, others = found.rated or 0, _others(standing, t)
    if not rated:
        return t("account.no_score", n=found.answered, people=found.asked, others=others)
    people = found.asked - (found.may_not_recommend or 0) - (found.cannot_judge or 0)
    values = {
        "nps": wording.points(found.nps or 0.0),
        "n": rated,
        "people": people,
        "split": wording.split(found.promoters or 0, found.passives or 0, found.detractors or 0, t),
    }
    if people == rated or found.bounds is None:
        line = t.count(
            "account.nps_all", rated, **{key: each for key, each in values.items() if key != "n"}
        )
    else:
        low, high = (wording.points(bound) for bound in found.bounds)
        rest = t.count("account.rest", people - rated, word=_word(people - rated, t))
        line = t("account.nps", low=low, high=high, rest=rest, **values)
    return f"{line} · {others}" if others else line


def nobody_line(standing: Standing, reader: Reader, months: int) -> str:
    """Gives what to know of an account that nobody has been heard from."""
    t = reader.t
    can = sum(person.may_be_asked for person in standing.people)
    times = [each.last_asked_at for each in standing.people if each.last_asked_at is not None]
    values = {
        "name": short(standing.account.name),
        "can": t.count("account.can_be_asked", can),
        "when": reader.short_day(max(times)) if times else t("account.never"),
    }
    if not standing.answers:
        return t("account.nobody", **values)
    last = reader.short_day(standing.answers[-1][0].answered_at)
    return t("account.nobody_lately", months=months, answered=last, **values)


def roles(standing: Standing, t: Texts) -> tuple[tuple[str, str], ...]:
    """Gives each role with the scores of those asked: `Influencers  7, –`."""
    lines = []
    for role in ROLES:
        asked = [each for each in standing.people if each.role == role and each.was_asked]
        if asked:
            marks = sorted(asked, key=_mark_order)
            lines.append((t(f"account.role.{role}"), ", ".join(_mark(each) for each in marks)))
    return tuple(lines)


def legend(standing: Standing, t: Texts) -> str:
    """Explains the marks that stand for no score, if there are any."""
    asked = [each for each in standing.people if each.was_asked]
    parts = [t("account.legend.silent")] if any(each.is_silent for each in asked) else []
    if any(each.answer is not None and each.score is None for each in asked):
        parts.append(t("account.legend.no_score"))
    return " · ".join(parts)


def silent(standing: Standing, reader: Reader) -> str:
    """Gives who is silent, when they were asked and when they are reminded, a line a group."""
    groups: dict[str, list[Person]] = {}
    for person in standing.people:
        if person.is_silent:
            groups.setdefault(_asked_line(person, reader), []).append(person)
    lines = []
    for when, people in groups.items():
        names = [_with_department(person, reader.t) for person in people[:_NAMES_SHOWN]]
        if len(people) > _NAMES_SHOWN:
            names.append(reader.t("account.more", n=len(people) - _NAMES_SHOWN))
        lines.append(" · ".join(part for part in (", ".join(names), when) if part))
    return "\n".join(lines)


def money_line(standing: Standing, reader: Reader, *, promised: bool = True) -> str:
    """Gives value, tier, renewal and what was promised; "" where nothing is on file."""
    t, account = reader.t, standing.account
    parts = wording.stake(account, t, reader.today)
    if account.renewal_date is not None and account.renewal_date < reader.today:
        day = wording.long_day(account.renewal_date, t, reader.today)
        parts.append(t("account.renewed", day=day))
    latest = next((case.promised for case in standing.cases if case.promised), None)
    if promised and latest:
        parts.append(t("account.promised", what=cut(latest, _COMMENT_SHOWN)))
    if account.recommend_policy == RecommendPolicy.FORBIDDEN:
        parts.append(t("account.forbidden"))
    return " · ".join(parts)


def comments(
    standing: Standing, reader: Reader, most: int, letters: int = _COMMENT_SHOWN
) -> list[str]:
    """Gives the latest comments that count now, cut: `“Third wrong…” Jane, 3, today`."""
    said = [
        (each.answer.answered_at, each, each.answer.comment)
        for each in standing.people
        if each.answer is not None and each.answer.comment
    ]
    if not reader.comments:
        return []
    said.sort(key=lambda entry: entry[0], reverse=True)
    return [
        ", ".join(
            part
            for part in (
                f"“{cut(comment, letters)}” {first_name(name_of(person, reader.t))}",
                "" if person.score is None else str(person.score),
                reader.age(at),
            )
            if part
        )
        for at, person, comment in said[:most]
    ]


def name_of(person: Person, t: Texts) -> str:
    """Gives a contact's name; an erased person has none."""
    return person.contact.name if person.contact.email else t("account.erased")


def _others(standing: Standing, t: Texts) -> str:
    found = standing.figures
    groups = (
        (Reply.MAY_NOT_RECOMMEND, found.may_not_recommend or 0),
        (Reply.CANNOT_JUDGE, found.cannot_judge or 0),
    )
    return ", ".join(t.count(f"account.other.{reply.value}", n) for reply, n in groups if n)


def _word(n: int, t: Texts) -> str:
    words = t("account.numbers").split(",")
    return words[n] if n < len(words) else str(n)


def _mark(person: Person) -> str:
    if person.answer is None:
        return SILENT
    return NO_SCORE if person.score is None else str(person.score)


def _mark_order(person: Person) -> tuple[int, int]:
    if person.answer is None:
        return (2, 0)
    return (1, 0) if person.score is None else (0, person.score)


def _asked_line(person: Person, reader: Reader) -> str:
    at = asked_moment(person.asked) if person.asked is not None else None
    parts = [] if at is None else [reader.t("account.asked", day=reader.short_day(at))]
    reminder = person.reminder
    if reminder is not None and reminder.sent_at is not None:
        parts.append(reader.t("account.reminded", day=reader.short_day(reminder.sent_at)))
    elif reminder is not None and reminder.status == InvitationStatus.PLANNED:
        parts.append(reader.t("account.reminder", day=reader.soon(reminder.send_at)))
    return " · ".join(parts)


def _with_department(person: Person, t: Texts) -> str:
    department = person.contact.department or ""
    if department[1:2].islower():
        department = department[:1].lower() + department[1:]
    name = name_of(person, t)
    return f"{name} ({department})" if department else name
