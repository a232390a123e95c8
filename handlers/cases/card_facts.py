"""The lines of a case's card: the wish, why, what is at stake, what was done so far."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from handlers import wording
from handlers.accounts.reader import cut
from handlers.cases.view import NOTED, Answer, CaseView, first_name
from handlers.settled import words as settled
from handlers.texts import Texts
from storage.models import (
    DONE_STATES,
    OPEN_STATES,
    CaseState,
    Contact,
    PromiseState,
    Response,
)
from storage.promises import Promised

_NOTES = 2
_NOTE_SHOWN = 200


@dataclass(frozen=True)
class Reader:
    """Who reads the card, and why there: in whose words and time it is written.

    `reason` is one of owner, backup, no_owner, team, fallback, conflict, lead, cx, handed, board.
    `main` is the case's own card; another is a card in its thread.
    """

    t: Texts
    zone: ZoneInfo
    reason: str = "owner"
    main: bool = True
    comments: bool = True


def facts_of(
    view: CaseView, answer: Answer, reader: Reader, now: datetime
) -> list[tuple[str, str]]:
    """Gives label and value of each line; a card in a thread leaves out what stands above it."""
    t, case = reader.t, view.case
    facts = [wish_line(answer.response, answer.contact, t)]
    why = _why(answer, reader, now)
    if why:
        facts.append((t("alert.why" if answer.response.reasons else "alert.before"), why))
    if reader.main:
        facts += [
            each
            for each in (_stake(view, reader, now), _heard(view, answer, t))
            if each is not None
        ]
        if case.state in OPEN_STATES and view.helped is not None:
            facts.append((t("alert.helped"), _helped(view, t)))
    facts += _done(view, answer, reader, now)
    facts += settled.lines(view.case, view.letters, t, reader.zone, now, reader.comments)
    return facts + _notes(view, reader, now)


def wish_line(response: Response, contact: Contact, t: Texts) -> tuple[str, str]:
    """Gives `Wants a call`, and when and how the contact is reached."""
    phone, no_phone = response.phone or contact.phone, None
    if response.contact_wish == "call" and phone is None and contact.email:
        no_phone = t("alert.no_phone")
    label = t(f"alert.wish.{response.contact_wish or 'unsaid'}")
    parts = (response.call_when, phone, no_phone, contact.email)
    return label, " · ".join(part for part in parts if part) or t("alert.no_address")


def _why(answer: Answer, reader: Reader, now: datetime) -> str:
    t = reader.t
    reasons = [t(f"reasons.{key}") if known(t, key) else key for key in answer.response.reasons]
    parts = [", ".join(each[:1].lower() + each[1:] for each in reasons)]
    if answer.changed_from is not None:
        parts.append(t("alert.was_before", score=answer.changed_from))
    if answer.before is not None:
        then, today = (at.astimezone(reader.zone).date() for at in (answer.before.answered_at, now))
        month = wording.month(then, t, today)
        parts.append(t("alert.was_in", score=answer.before.score, month=month))
    return " · ".join(part for part in parts if part)


def known(t: Texts, reason: str) -> bool:
    """Tells whether a reason is one of those shipped, with a text of its own."""
    return f"reasons.{reason}" in t


def _stake(view: CaseView, reader: Reader, now: datetime) -> tuple[str, str] | None:
    today = now.astimezone(reader.zone).date()
    parts = wording.stake(view.account, reader.t, today)
    return (reader.t("alert.stake"), " · ".join(parts)) if parts else None


def _heard(view: CaseView, answer: Answer, t: Texts) -> tuple[str, str] | None:
    heard = view.heard_by_lead if answer.hidden else view.heard
    if not heard.rated:
        return None
    parts = wording.split(heard.promoters, heard.passives, heard.detractors, t)
    if heard.detractors and heard.critics:
        parts += f" ({', '.join(heard.critics)})"
    return t("alert.heard"), t("alert.heard_of", rated=heard.rated, asked=heard.asked, parts=parts)


def _helped(view: CaseView, t: Texts) -> str:
    helped = view.helped
    assert helped is not None
    reason = t(f"reasons.{helped.reason}") if known(t, helped.reason) else helped.reason
    line = t("alert.helped_at", reason=reason, account=helped.account, what=helped.what)
    by = [helped.who, t("alert.helped_confirmed") if helped.confirmed else None]
    told = "; ".join(each for each in by if each)
    return f"{line} ({told})" if told else line


def _done(view: CaseView, answer: Answer, reader: Reader, now: datetime) -> list[tuple[str, str]]:
    """What was said, promised and done so far; at the end with outcome and cause."""
    t, case = reader.t, view.case
    today = now.astimezone(reader.zone).date()
    lines: list[tuple[str, str | None]] = [
        (t("case.with"), _holder(view)),
        _said(view, answer, reader),
    ]
    lines += [
        (t("case.promised"), _to(view, answer, each) + _promise(each, t, today))
        for each in view.promises
    ]
    if case.state in OPEN_STATES and case.call_again_on is not None:
        lines.append((t("case.call_again"), wording.long_day(case.call_again_on, t, today)))
    if case.state in DONE_STATES:
        outcome = t(f"case.outcome.{case.outcome}") if case.outcome else None
        cause = case.root_cause
        if cause and known(t, cause):
            cause = t(f"reasons.{cause}")
        expected = case.broken_expectation
        if expected and case.expectation_suggested:
            expected = t("case.suggested", text=expected)
        lines += [
            (t("case.outcome_label"), outcome),
            (t("case.done_label"), case.what_was_done),
            (t("case.cause_label"), cause),
            (t("case.expected_label"), expected),
            (t("case.helped_label"), case.what_helped),
        ]
    if case.state == CaseState.NOT_A_CRITIC:
        lines.append((t("case.not_critic_label"), case.not_critic_reason))
    return [(label, text) for label, text in lines if text]


def _holder(view: CaseView) -> str | None:
    """Gives who has an open case that is not with the account's owner, where no state says it."""
    case, owner = view.case, view.owner
    if owner is None or view.account_owner is None or owner.id == view.account_owner.id:
        return None
    said = case.state == CaseState.TAKEN and case.taken_by == owner.id
    shown = case.state in OPEN_STATES and not said and not case.hidden_from_owner
    return owner.name if shown else None


def _said(view: CaseView, answer: Answer, reader: Reader) -> tuple[str, str | None]:
    """What was said when the customer was reached, under the name of who said it."""
    t = reader.t
    said = view.latest(("contacted", "promised"))
    who = view.spoken_with(said[0]) if said else None
    if who is None or not reader.comments:
        return t("case.said"), None
    if who.contact.id == answer.contact.id:
        return t("case.said"), said[0].note
    return t("case.said_by", name=first_name(who.contact.name)), said[0].note


def _to(view: CaseView, answer: Answer, found: Promised) -> str:
    """Gives `Ole: ` where the promise was made to another customer of the case than the card's."""
    promised_to = view.of_contact(found.promise.contact_id)
    if promised_to is None or promised_to.contact.id == answer.contact.id:
        return ""
    return f"{first_name(promised_to.contact.name)}: "


def _promise(found: Promised, t: Texts, today: date) -> str:
    """Gives `invoice check by 1 December · Mikkel · from now on`, or what became of it."""
    promise = found.promise
    day = wording.long_day(promise.due_on, t, today)
    parts = [t("case.promise_by", what=promise.what, day=day)]
    if found.deliverer is not None and found.deliverer.id != promise.made_by:
        parts.append(first_name(found.deliverer.name))
    if promise.lasting:
        parts.append(t("promise.always"))
    if promise.state == PromiseState.REFUSED:
        parts.append(t("promise.cant_because", reason=promise.refused_reason))
    elif promise.state != PromiseState.OPEN:
        parts.append(t(f"promise.state.{promise.state}"))
    elif promise.due_on < today:
        parts.append(t("promise.overdue"))
    return " · ".join(parts)


def _notes(view: CaseView, reader: Reader, now: datetime) -> list[tuple[str, str]]:
    """The last two words of ours, the later one last; the timeline has them all, whole.

    Who handed the case over, or asked for help, stands among them: the state says neither.
    """
    if not reader.comments:
        return []
    t = reader.t
    lines = []
    for event in reversed(view.latest(NOTED, _NOTES)):
        by = view.people.get(event.member_id or 0)
        name = first_name(by.name) if by else t("case.somebody")
        who = name
        to = view.handed_to(event) if event.act == "handed_over" else None
        if to is not None:
            who = t("case.handed_to", name=name, to=first_name(to.name))
        elif event.act != "note":
            who = t(f"case.act.{event.act}", name=name)
        line = f"{who}, {wording.moment(event.at, now, reader.zone, t)}"
        lines.append(
            (t("note.label"), f"{line}: {cut(event.note, _NOTE_SHOWN)}" if event.note else line)
        )
    return lines
