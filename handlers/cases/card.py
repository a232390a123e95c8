"""Draws the card of a case in every state; a pure function over what was loaded."""

from dataclasses import replace
from datetime import datetime

from handlers import wording
from handlers.cards import Button, Buttons, Card, Element, Facts, Link, Menu, Text, Tone
from handlers.cases.card_facts import Reader, facts_of
from handlers.cases.view import Answer, CaseView, first_name, short_name, undo_until
from handlers.settled import words as settled
from handlers.texts import Texts
from storage.models import OPEN_STATES, CaseState

ASSIGN = "account_assign"  # gives an account without an owner to a member
_WORST = 3  # 0-3 red, 4-6 orange
_TIMED = (CaseState.NEW, CaseState.TAKEN, CaseState.REOPENED)  # a deadline runs


def alert_card(view: CaseView, answer: Answer, reader: Reader, now: datetime) -> Card:
    """Gives the card of one critic's answer with the state of its case."""
    t = reader.t
    if reader.reason == "conflict" and not answer.hidden:
        reader = replace(reader, reason="lead")  # it was released meanwhile
    body: list[Element] = []
    if reader.reason in ("lead", "cx") and _is_late(view, now):
        key, owner = ("lead", view.owner.name) if view.owner else ("lead_nobody", "")
        line = t(f"case.reminder.{key}", account=view.account.name, owner=owner)
        body.append(Text(line, "strong"))
    if answer.response.comment and reader.comments:
        body.append(Text(answer.response.comment, "quote"))
    if answer.hidden:
        body.append(Text(_why_hidden(view, answer, t), "note"))
    body.append(Facts(tuple(facts_of(view, answer, reader, now))))
    body.append(Buttons(_buttons(view, answer, reader, now)))
    return Card(
        title=title(view, answer, t),
        body=tuple(body),
        tone=tone(view, answer),
        status=status(view, answer, reader, now),
        foot=_foot(view, answer, reader, now),
        push=_push(view, answer, reader, now),
    )


def title(view: CaseView, answer: Answer, t: Texts) -> str:
    """Gives `Acme A/S: 3 of 10 from Jane Jensen, CFO, decision maker`."""
    contact = answer.contact
    role = t(f"case.role.{contact.role}") if contact.role else None
    who = ", ".join(part for part in (contact.name, contact.title, role) if part)
    score = answer.response.score
    if score is None:
        reply = t(f"case.reply.{answer.response.reply}")
        return t("alert.title_reply", account=view.account.name, reply=reply, who=who)
    if answer.changed_from is not None and score > 6:
        return t(
            "alert.title_changed",
            account=view.account.name,
            before=answer.changed_from,
            score=score,
            who=who,
        )
    return t("alert.title", account=view.account.name, score=score, who=who)


def tone(view: CaseView, answer: Answer) -> Tone:
    """Gives the colour: red 0-3 or reopened, orange 4-6, amber while taken, green solved."""
    match view.case.state:
        case CaseState.NEW:
            score = answer.response.score
            return "critical" if score is not None and score <= _WORST else "warning"
        case CaseState.REOPENED:
            return "critical"
        case CaseState.SOLVED | CaseState.WAITING | CaseState.CLOSED_UNANSWERED:
            return "good"
        case CaseState.NOT_A_CRITIC:
            return "neutral"
        case _:
            return "attention"


def status(view: CaseView, answer: Answer, reader: Reader, now: datetime) -> str:
    """Gives the words beside the title: who has it since when, and by when what happens next."""
    case, t = view.case, reader.t

    def time(at: datetime | None) -> str:
        return wording.moment(at, now, reader.zone, t) if at is not None else "–"

    taker = first_name(view.taker.name) if view.taker else t("case.somebody")
    solver = first_name(view.solver.name) if view.solver else t("case.somebody")
    names = settled.who(view, answer, t)
    who, many = ", ".join(names), "_many" if len(names) > 1 else ""
    late = "_late" if _is_late(view, now) else ""
    match case.state:
        case CaseState.NEW:
            words = t("case.status.late" if late else "case.status.new", time=time(case.take_by))
        case CaseState.TAKEN:
            words = t(
                f"case.status.taken{late}",
                name=taker,
                since=time(case.taken_at),
                time=time(case.contact_by),
            )
        case CaseState.CONTACTED:
            step = view.contact_step
            key = "case.status.reached" if case.reached else "case.status.tried"
            if step is not None and step.act == "sent":
                key = "case.status.wrote"
            called_since = step is not None and step.at > (case.settled_at or step.at)
            if case.settled == "partly" and not called_since:
                key = "case.status.partly"
            else:
                who = first_name(view.contacted().contact.name)
            caller = view.people.get(step.member_id or 0) if step else None
            name = first_name(caller.name) if caller else taker
            words = t(key, name=name, who=who, time=time(case.contacted_at))
        case CaseState.SOLVED | CaseState.WAITING:
            key = "confirmed" if case.settled == "yes" else str(case.state)
            key += many if case.state == CaseState.WAITING else ""
            words = t(f"case.status.{key}", name=solver, who=who, time=time(case.solved_at))
        case CaseState.CLOSED_UNANSWERED:
            words = t(f"case.status.closed_unanswered{many}", who=who)
        case CaseState.REOPENED if view.by_customer:
            words = t(f"case.status.not_settled{late}", who=who, time=time(case.contact_by))
        case CaseState.REOPENED:
            by, since = who_did(view, "reopened", t)
            words = t(
                f"case.status.reopened{late}",
                name=by,
                since=time(since),
                time=time(case.contact_by),
            )
        case _:
            words = t("case.status.not_a_critic", name=who_did(view, "not_a_critic", t)[0])
    if late and case.escalated_to is not None:
        words += " · " + t(f"case.status.told_{case.escalated_to}")
    if case.state in OPEN_STATES and case.snoozed_until is not None and case.snoozed_until > now:
        words += " · " + t("case.status.snoozed", time=time(case.snoozed_until))
    return words


def _is_late(view: CaseView, now: datetime) -> bool:
    """Tells whether the deadline that runs in this state has passed."""
    case = view.case
    deadline = case.take_by if case.state == CaseState.NEW else case.contact_by
    return case.state in _TIMED and deadline is not None and deadline <= now


def who_did(view: CaseView, act: str, t: Texts) -> tuple[str, datetime]:
    """Gives the first name of who brought the case into its state, and when."""
    event = view.last_of(act)
    by = view.people.get(event.member_id or 0) if event else None
    return first_name(by.name) if by else t(
        "case.somebody"
    ), event.at if event else view.case.opened_at


def _buttons(
    view: CaseView, answer: Answer, reader: Reader, now: datetime
) -> tuple[Button | Menu | Link, ...]:
    t, case = reader.t, view.case
    value = str(case.id)
    about = f"{value}:{answer.response.id}"
    row: list[Button | Menu | Link] = []
    if case.state in OPEN_STATES:
        row.append(Button(t("case.contact"), "case.contact", about, "primary", opens_form=True))
        if case.state == CaseState.NEW:
            row.append(Button(t("case.take"), "case.take", value))
        write = t("case.write", name=first_name(answer.contact.name))
        row.append(Button(write, "case.write", about))
        row += _release(view, answer, about, t)
        if view.account_owner is None or view.account_owner.left_at is not None:
            assign = Button(
                t("account.assign.button"), ASSIGN, str(view.account.id), opens_form=True
            )
            row.append(assign)
        row.append(Menu(t("case.more"), _more(view, reader, value, about)))
    else:
        row.append(Button(t("case.reopen"), "case.reopen", value, confirm=t("case.reopen_sure")))
        row += _release(view, answer, about, t)
        row += settled.buttons(case, view.letters, t)
        row.append(Button(t("case.note"), "case.note", value, opens_form=True))
        row.append(Button(t("case.timeline"), "case.timeline", value))
    if view.last is not None and undo_until(view.last) > now:
        row.append(Button(t("case.undo"), "case.undo", f"{value}:{view.last.id}"))
    return tuple(row)


def _release(view: CaseView, answer: Answer, about: str, t: Texts) -> tuple[Button, ...]:
    """Gives the lead's way to show a hidden answer to the owner."""
    if not answer.hidden or view.account_owner is None:
        return ()
    name = first_name(view.account_owner.name)
    sure = t("case.release_sure", name=name)
    return (Button(t("case.release", name=name), "case.release", about, confirm=sure),)


def _more(view: CaseView, reader: Reader, value: str, answered: str) -> tuple[Button, ...]:
    t, owner = reader.t, view.account_owner
    about: tuple[Button, ...] = ()
    if reader.reason in ("lead", "cx") and owner is not None and not view.case.about_owner:
        name = first_name(owner.name)
        sure = t("conflict.sure", name=name)
        about = (Button(t("conflict.about", name=name), "about_owner", value, confirm=sure),)
    return (
        Button(t("case.solve"), "case.solve", answered, opens_form=True),
        Button(t("case.snooze"), "case.snooze", value, opens_form=True),
        Button(t("case.hand_over"), "case.hand_over", value, opens_form=True),
        Button(t("case.escalate"), "case.escalate", value, opens_form=True),
        Button(t("case.not_critic"), "case.not_critic", value, opens_form=True),
        Button(t("case.note"), "case.note", value, opens_form=True),
        Button(t("case.timeline"), "case.timeline", value),
        *about,
    )


def _foot(view: CaseView, answer: Answer, reader: Reader, now: datetime) -> str:
    t = reader.t
    owner = view.account_owner.name if view.account_owner else "–"
    parts = [
        t(
            f"alert.reason.{reader.reason}",
            account=short_name(view.account),
            owner=owner,
            team=view.team.name if view.team else "–",
        )
    ]
    if not reader.main:
        parts = [t("alert.reason.thread", account=short_name(view.account))]
    if view.wave is not None:
        parts.append(view.wave.name)
    at = wording.moment(answer.response.answered_at, now, reader.zone, t)
    parts.append(t("alert.answered", time=at))
    return " · ".join(parts)


def _push(view: CaseView, answer: Answer, reader: Reader, now: datetime) -> str | None:
    if view.case.state != CaseState.NEW or view.case.take_by is None:
        return None
    contact = answer.contact
    who = f"{contact.name} ({contact.title})" if contact.title else contact.name
    time = wording.moment(view.case.take_by, now, reader.zone, reader.t)
    return reader.t(
        "alert.push",
        account=view.account.name,
        score=answer.response.score,
        who=who,
        time=time,
    )


def _why_hidden(view: CaseView, answer: Answer, t: Texts) -> str:
    owner = first_name(view.account_owner.name) if view.account_owner else t("case.somebody")
    who = first_name(answer.contact.name)
    if view.case.about_owner:
        return t("conflict.hidden", owner=owner)
    key = "alert.hidden.asked" if answer.response.to_manager else "alert.hidden.named"
    return t(key, who=who, owner=owner)
