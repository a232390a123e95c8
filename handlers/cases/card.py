"""Draws the card of a case in every state; a pure function over what was loaded."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers import wording
from handlers.cards import Button, Buttons, Card, Element, Facts, Link, Menu, Text, Tone
from handlers.cases.view import Answer, CaseView, first_name, short_name, undo_until
from handlers.texts import Texts
from storage.models import CaseState

OPEN = (CaseState.NEW, CaseState.TAKEN, CaseState.CONTACTED, CaseState.REOPENED)
WAITING = (CaseState.NEW, CaseState.REOPENED)
_WORST = 3  # 0-3 red, 4-6 orange


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


def alert_card(view: CaseView, answer: Answer, reader: Reader, now: datetime) -> Card:
    """Gives the card of one critic's answer with the state of its case."""
    t = reader.t
    body: list[Element] = []
    if answer.response.comment and reader.comments:
        body.append(Text(answer.response.comment, "quote"))
    if reader.reason == "conflict":
        body.append(Text(_why_hidden(view, answer, t), "note"))
    body.append(Facts(tuple(_facts(view, answer, reader, now))))
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
        case CaseState.SOLVED:
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
    by = first_name(view.last_by.name) if view.last_by else t("case.somebody")
    match case.state:
        case CaseState.NEW:
            late = case.take_by is not None and case.take_by < now
            words = t("case.status.late" if late else "case.status.new", time=time(case.take_by))
        case CaseState.TAKEN:
            words = t(
                "case.status.taken",
                name=taker,
                since=time(case.taken_at),
                time=time(case.contact_by),
            )
        case CaseState.CONTACTED:
            key = "case.status.reached" if case.reached else "case.status.tried"
            words = t(
                key, name=taker, who=first_name(answer.contact.name), time=time(case.contacted_at)
            )
        case CaseState.SOLVED:
            words = t("case.status.solved", name=by, time=time(case.solved_at))
        case CaseState.REOPENED:
            since = time(view.last.at if view.last else case.opened_at)
            words = t("case.status.reopened", name=by, since=since, time=time(case.contact_by))
        case _:
            words = t("case.status.not_a_critic", name=by)
    if case.state in OPEN and case.snoozed_until is not None and case.snoozed_until > now:
        words += " · " + t("case.status.snoozed", time=time(case.snoozed_until))
    return words


def _facts(view: CaseView, answer: Answer, reader: Reader, now: datetime) -> list[tuple[str, str]]:
    t, case = reader.t, view.case
    facts = [_wish(answer, t)]
    why = _why(answer, reader)
    if why:
        facts.append((t("alert.why"), why))
    if reader.main:
        facts += [
            each
            for each in (_stake(view, reader, now), _heard(view, answer, t))
            if each is not None
        ]
        if case.state in OPEN and view.helped is not None:
            facts.append((t("alert.helped"), _helped(view, t)))
    facts += _done(view, reader, now)
    return facts


def _wish(answer: Answer, t: Texts) -> tuple[str, str]:
    response, contact = answer.response, answer.contact
    phone = response.phone or contact.phone
    label = t(f"alert.wish.{response.contact_wish or 'unsaid'}")
    parts = (response.call_when, phone, contact.email)
    return label, " · ".join(part for part in parts if part) or t("alert.no_address")


def _why(answer: Answer, reader: Reader) -> str:
    t = reader.t
    reasons = [t(f"reasons.{key}") if known(t, key) else key for key in answer.response.reasons]
    parts = [", ".join(each[:1].lower() + each[1:] for each in reasons)]
    if answer.changed_from is not None:
        parts.append(t("alert.was_before", score=answer.changed_from))
    if answer.before is not None:
        month = wording.month(answer.before.answered_at.astimezone(reader.zone).date(), t)
        parts.append(t("alert.was_in", score=answer.before.score, month=month))
    return " · ".join(part for part in parts if part)


def known(t: Texts, reason: str) -> bool:
    """Tells whether a reason is one of those shipped, with a text of its own."""
    return f"reasons.{reason}" in t.keys()  # noqa: SIM118  (texts are no mapping)


def _stake(view: CaseView, reader: Reader, now: datetime) -> tuple[str, str] | None:
    account, t = view.account, reader.t
    parts = []
    if account.annual_value is not None:
        amount = wording.money(account.annual_value, account.currency, t)
        parts.append(t("alert.a_year", amount=amount))
    if account.tier:
        parts.append(t("alert.tier", tier=account.tier))
    if account.strategic:
        parts.append(t("alert.strategic"))
    if account.renewal_date is not None:
        today = now.astimezone(reader.zone).date()
        days = (account.renewal_date - today).days
        if days >= 0:
            day = wording.long_day(account.renewal_date, t, today)
            parts.append(t.count("alert.renews", days, day=day))
    return (t("alert.stake"), " · ".join(parts)) if parts else None


def _heard(view: CaseView, answer: Answer, t: Texts) -> tuple[str, str] | None:
    heard = view.heard_by_lead if answer.hidden else view.heard
    if not heard.rated:
        return None
    parts = [
        t.count(f"alert.{name}", n)
        for name, n in (
            ("promoters", heard.promoters),
            ("passives", heard.passives),
            ("critics", heard.detractors),
        )
        if n
    ]
    if heard.detractors and heard.critics:
        parts[-1] += f" ({', '.join(heard.critics)})"
    return t("alert.heard"), t(
        "alert.heard_of", rated=heard.rated, asked=heard.asked, parts=", ".join(parts)
    )


def _helped(view: CaseView, t: Texts) -> str:
    helped = view.helped
    assert helped is not None
    reason = t(f"reasons.{helped.reason}") if known(t, helped.reason) else helped.reason
    line = t("alert.helped_at", reason=reason, account=helped.account, what=helped.what)
    return f"{line} ({helped.who})" if helped.who else line


def _done(view: CaseView, reader: Reader, now: datetime) -> list[tuple[str, str]]:
    """What was said, promised and done so far; at the end with outcome and cause."""
    t, case = reader.t, view.case
    today = now.astimezone(reader.zone).date()
    lines: list[tuple[str, str | None]] = [(t("case.said"), view.said if reader.comments else None)]
    if case.promised:
        by = wording.long_day(case.promise_by, t, today) if case.promise_by else None
        promise = t("case.promise_by", what=case.promised, day=by) if by else case.promised
        lines.append((t("case.promised"), promise))
    if case.state in OPEN and case.call_again_on is not None:
        lines.append((t("case.call_again"), wording.long_day(case.call_again_on, t, today)))
    if case.state == CaseState.SOLVED:
        outcome = t(f"case.outcome.{case.outcome}") if case.outcome else None
        cause = case.root_cause
        if cause and known(t, cause):
            cause = t(f"reasons.{cause}")
        lines += [
            (t("case.outcome_label"), outcome),
            (t("case.done_label"), case.what_was_done),
            (t("case.cause_label"), cause),
            (t("case.helped_label"), case.what_helped),
        ]
    if case.state == CaseState.NOT_A_CRITIC:
        lines.append((t("case.not_critic_label"), case.not_critic_reason))
    return [(label, text) for label, text in lines if text]


def _buttons(
    view: CaseView, answer: Answer, reader: Reader, now: datetime
) -> tuple[Button | Menu | Link, ...]:
    t, case = reader.t, view.case
    value = str(case.id)
    row: list[Button | Menu | Link] = []
    if case.state in OPEN:
        row.append(Button(t("case.contact"), "case.contact", value, "primary", opens_form=True))
        if case.state == CaseState.NEW:
            row.append(Button(t("case.take"), "case.take", value))
        write = t("case.write", name=first_name(answer.contact.name))
        row.append(Button(write, "case.write", f"{value}:{answer.response.id}"))
        if answer.hidden and view.account_owner is not None:
            release = t("case.release", name=first_name(view.account_owner.name))
            row.append(
                Button(
                    release,
                    "case.release",
                    f"{value}:{answer.response.id}",
                    confirm=t("case.release_sure", name=first_name(view.account_owner.name)),
                )
            )
        row.append(Menu(t("case.more"), _more(view, reader, value)))
    else:
        row.append(Button(t("case.reopen"), "case.reopen", value, confirm=t("case.reopen_sure")))
    if view.last is not None and undo_until(view.last) > now:
        row.append(Button(t("case.undo"), "case.undo", f"{value}:{view.last.id}"))
    return tuple(row)


def _more(view: CaseView, reader: Reader, value: str) -> tuple[Button, ...]:
    t, owner = reader.t, view.account_owner
    about: tuple[Button, ...] = ()
    if reader.reason in ("lead", "cx") and owner is not None and not view.case.about_owner:
        name = first_name(owner.name)
        sure = t("conflict.sure", name=name)
        about = (Button(t("conflict.about", name=name), "case.about_owner", value, confirm=sure),)
    return (
        Button(t("case.solve"), "case.solve", value, opens_form=True),
        Button(t("case.snooze"), "case.snooze", value, opens_form=True),
        Button(t("case.hand_over"), "case.hand_over", value, opens_form=True),
        Button(t("case.escalate"), "case.escalate", value, confirm=t("case.escalate_sure")),
        Button(t("case.not_critic"), "case.not_critic", value, opens_form=True),
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
