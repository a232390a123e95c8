"""What a case's card says about the customer's word: when they are asked, or why they are not."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers import wording
from handlers.cards import Button
from handlers.cases.view import Answer, CaseView
from handlers.texts import Texts
from storage.letters import Asked
from storage.models import Case, CaseState, Letter, LetterStatus


def lines(
    case: Case, asked: Sequence[Asked], t: Texts, zone: ZoneInfo, now: datetime, comments: bool
) -> list[tuple[str, str]]:
    """Gives the lines of the card: one a customer with their last word, and what they wrote."""
    label = t("settled.label")
    found: list[tuple[str, str]] = []
    for letters in _by_contact(asked).values():
        name = _first(letters[0].contact.name, t)
        words = [e.settled for e in letters if e.settled and _is_told(case, e.letter)]
        waits = next((e.letter for e in letters if not e.settled and _is_now(case, e.letter)), None)
        before = words if waits is not None else words[:-1]
        if waits is not None:
            line = _asked(waits, name, t, zone, now)
        elif words:
            line = t(f"settled.said.{words[-1].answer}", name=name)
        else:
            continue
        if before:
            line += " · " + t(f"settled.before.{before[-1].answer}")
        found.append((label, line))
        if waits is not None and waits.text and comments:
            found.append((t("settled.reads", name=name), waits.text))
        if words and words[-1].comment and comments:
            found.append((t("settled.words", name=name), words[-1].comment))
    if case.not_asked and case.state in (CaseState.SOLVED, CaseState.CLOSED_UNANSWERED):
        found.append((label, not_asked(case.not_asked, t)))
    return found


def _by_contact(asked: Sequence[Asked]) -> dict[int, list[Asked]]:
    """Gives the letters to each contact, the oldest first."""
    found: dict[int, list[Asked]] = {}
    for each in asked:
        found.setdefault(each.contact.id, []).append(each)
    return found


def _is_told(case: Case, letter: Letter) -> bool:
    """Tells whether an answer still matters: of this round, or the one that opened it."""
    return case.round in (letter.round, letter.round + 1)


def _is_now(case: Case, letter: Letter) -> bool:
    """Tells whether a letter is of this round, and may reach the customer or failed to."""
    return letter.round == case.round and letter.status != LetterStatus.CANCELLED


def _asked(letter: Letter, name: str, t: Texts, zone: ZoneInfo, now: datetime) -> str:
    """Gives where the question is: planned, out, or not delivered."""
    match letter.status:
        case LetterStatus.PLANNED | LetterStatus.SENDING:
            return t("settled.planned", name=name, day=_day(letter.send_at, t, zone, now))
        case LetterStatus.SENT | LetterStatus.DOUBT:
            at = letter.expires_at or now
            until = wording.long_day(at.astimezone(zone).date(), t, now.date())
            if at <= now:
                return t("settled.silent", name=name)
            key = "asked" if letter.status == LetterStatus.SENT else "doubt"
            return t(f"settled.{key}", name=name, day=until)
        case _:
            return t("settled.not_delivered", name=name)


def who(view: CaseView, answer: Answer, t: Texts) -> list[str]:
    """Gives the first names of whom the state is about: who is asked, or who said it."""
    case = view.case
    if not view.letters:
        return [_first(answer.contact.name, t)]
    asked = [e for e in view.letters if e.letter.round == case.round]
    match case.settled:
        case "yes":
            found = [e for e in asked if e.settled is not None and e.settled.answer == "yes"]
        case "partly" | "no":
            # The word opened a new round; who said it last decides.
            said = [(e.settled, e) for e in view.letters if e.settled is not None]
            words = [(s.answered_at, e) for s, e in said if s.answer == case.settled]
            words = words or [(s.answered_at, e) for s, e in said if s.answer != "yes"]
            found = [max(words, key=lambda each: each[0])[1]] if words else []
        case _:
            gone = (LetterStatus.SENT, LetterStatus.DOUBT)
            found = [e for e in asked if e.settled is None and e.letter.status in gone]
    return [_first(each.contact.name, t) for each in found] or [t("case.somebody")]


def _first(name: str, t: Texts) -> str:
    return (name.split() or [t("case.somebody")])[0]


def not_asked(reason: str, t: Texts) -> str:
    """Gives why the customer is not asked; `owner:…` holds the words of whoever stopped it."""
    kind, _colon, words = reason.partition(":")
    return t(f"settled.not_asked.{kind}", words=words)


def buttons(case: Case, asked: Sequence[Asked], t: Texts) -> list[Button]:
    """Gives what can be done about a question that has not gone out."""
    planned = any(
        each.letter.status == LetterStatus.PLANNED and each.letter.round == case.round
        for each in asked
    )
    if case.state not in (CaseState.SOLVED, CaseState.WAITING) or not planned:
        return []
    value = str(case.id)
    return [
        Button(t("settled.edit"), "settled_edit", value, opens_form=True),
        Button(t("settled.dont"), "settled_dont", value, opens_form=True),
    ]


def _day(at: datetime, t: Texts, zone: ZoneInfo, now: datetime) -> str:
    day = at.astimezone(zone).date()
    today = now.astimezone(zone).date()
    if 0 <= (day - today).days < 7:
        return t(f"settled.on.{day.weekday()}")
    return t("settled.on_day", day=wording.long_day(day, t, today))
