"""“Brief for the call”: what to know of an account, and what to ask, on one page."""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from handlers import wording
from handlers.accounts import lines
from handlers.accounts.card import back_button, part_button, warnings
from handlers.accounts.people import Person
from handlers.accounts.reader import Reader, cut, first_name
from handlers.accounts.standing import Standing, sees_hidden
from handlers.cards import Button, Buttons, Card, Element, Facts, Text
from handlers.surveys import reason_label
from handlers.tasks import openers
from handlers.tasks.card import LOG
from handlers.texts import Texts
from storage import calls, touches
from storage.db import Session
from storage.models import NAMELESS, ContactStatus, Member, Promise

_PEOPLE = 3
_PROMISES = 3
_REASONS = 3
_IDEAS = 2
_ASKED = 3
_LINE = 160
_GONE = (ContactStatus.INACTIVE, *NAMELESS)


class Before(NamedTuple):
    """What is known beside the account's standing: a line to open with, promises, last contact."""

    opener: str | None
    promised: tuple[Promise, ...]
    last: datetime | None


async def before(session: Session, me: Member, standing: Standing, reader: Reader) -> Before:
    """Gives what to know before a call; what is kept from the reader is not there."""
    account = standing.account
    opener = await openers.lines(session, me, [account], reader)
    found = await calls.promises(session, [account.id])
    may = sees_hidden(me, account)
    last = await touches.last_of(session, [account.id], hidden=may)
    shown = tuple(each for each in found if may or not each.hidden_from_owner)
    return Before(opener.get(account.id), shown, last.get(account.id))


def brief_card(standing: Standing, known: Before, reader: Reader, *, may_log: bool) -> Card:
    """The answer to `/nps acme brief`: who to call, how to begin, what is open, what to ask."""
    t = reader.t
    state, reason = standing.health
    health = t(f"account.health.{state}"), t(f"account.reason.{reason}")
    body: list[Element] = [Text(t("brief.state", state=health[0], reason=health[1]), "strong")]
    body += [Text(line) for line in warnings(standing, reader)]
    if known.opener:
        body += [Text(t("brief.opener"), "heading"), Text(known.opener)]
    body += [Text(t("brief.know"), "heading"), Facts(tuple(_facts(standing, known, reader)))]
    body += [Text(line, "quote") for line in lines.comments(standing, reader, _PEOPLE)]
    asked = _to_ask(standing, t)
    if asked:
        body.append(Text(t("brief.ask"), "heading"))
        body += [Text(line) for line in asked[:_ASKED]]
    row = [part_button(standing, "history", t), part_button(standing, "reasons", t)]
    if may_log:
        label = t("case.contact")
        log = Button(label, LOG, str(standing.account.id), style="primary", opens_form=True)
        row.insert(0, log)
    body.append(Buttons((*row, back_button(standing, t))))
    title = t("brief.title", name=standing.account.name)
    return Card(title, tuple(body), status=t("account.only_you"))


def _facts(standing: Standing, known: Before, reader: Reader) -> list[tuple[str, str]]:
    t = reader.t
    facts = [(t("brief.who"), "\n".join(_reach(each, t) for each in _whom(standing)))]
    facts.append((t("brief.last"), _last(known.last, reader)))
    promised = [_promise(each, reader) for each in known.promised[:_PROMISES]]
    if len(known.promised) > _PROMISES:
        promised.append(t("account.more", n=len(known.promised) - _PROMISES))
    facts.append((t("brief.promised"), "\n".join(promised)))
    if standing.figures.rated:
        facts.append((t("brief.score"), lines.nps_line(standing, reader)))
    facts.append((t("account.silent"), lines.silent(standing, reader)))
    named = Counter(
        reason for each in standing.people if each.answer for reason in set(each.answer.reasons)
    )
    reasons = [
        f"{reason_label(key, t)} ({n})"
        for key, n in sorted(named.items(), key=lambda pair: (-pair[1], pair[0]))[:_REASONS]
    ]
    facts.append((t("brief.reasons"), ", ".join(reasons)))
    if reader.comments:
        facts.append((t("brief.ideas"), "\n".join(_ideas(standing, t))))
    facts.append((t("brief.money"), lines.money_line(standing, reader, promised=False)))
    return [(label, value) for label, value in facts if value]


def _whom(standing: Standing) -> list[Person]:
    """Who signs, else who has influence, else whoever there is."""
    there = [each for each in standing.people if each.contact.status not in _GONE]
    for role in ("decision_maker", "influencer", "user", "unknown"):
        found = [each for each in there if each.role == role]
        if found:
            return found[:_PEOPLE]
    return []


def _reach(person: Person, t: Texts) -> str:
    contact = person.contact
    role = t(f"case.role.{contact.role}") if contact.role else None
    who = ", ".join(part for part in (lines.name_of(person, t), contact.title, role) if part)
    return " · ".join(part for part in (who, contact.phone, contact.email) if part)


def _last(at: datetime | None, reader: Reader) -> str:
    if at is None:
        return reader.t("calls.never")
    return f"{reader.short_day(at)} ({reader.age(at)})"


def _promise(promise: Promise, reader: Reader) -> str:
    t = reader.t
    day = wording.long_day(promise.due_on, t, reader.today)
    late = promise.due_on < reader.today
    key = "brief.promise_late" if late else "brief.promise"
    return t(key, what=cut(promise.what, _LINE), day=day)


def _ideas(standing: Standing, t: Texts) -> list[str]:
    said = [
        (each.answer.answered_at, each.answer.idea, each)
        for each in standing.people
        if each.answer is not None and each.answer.idea
    ]
    said.sort(key=lambda entry: entry[0], reverse=True)
    return [
        f"“{cut(idea, _LINE)}” {first_name(lines.name_of(each, t))}"
        for _at, idea, each in said[:_IDEAS]
    ]


def _to_ask(standing: Standing, t: Texts) -> list[str]:
    """What only this account can tell: who signs, what the silent think, whether it is settled."""
    asked = []
    signing = [each for each in standing.people if each.is_decision_maker]
    if not signing:
        asked.append(t("brief.ask_signs"))
    for each in signing:
        name = lines.name_of(each, t)
        if each.is_critic and standing.case_about(each) is not None:
            asked.append(t("brief.ask_settled", name=name))
        elif each.is_silent:
            asked.append(t("brief.ask_silent", name=name))
    glad = [each for each in standing.people if (each.score or 0) >= 9 and each.contact.email]
    if standing.health.state == "safe" and glad:
        names = wording.one_of([lines.name_of(each, t) for each in glad[:2]], t)
        asked.append(t("brief.ask_reference", names=names))
    return asked
