"""Who there is at an account: role and department, heard or silent, asked when and when next."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers import wording
from handlers.accounts import lines
from handlers.accounts.card import back_button
from handlers.accounts.people import Person, asked_moment
from handlers.accounts.reader import Reader
from handlers.accounts.roles import likely_first
from handlers.accounts.standing import Standing
from handlers.cards import Button, Buttons, Card, Element, Facts, Table, Text
from handlers.measures.counts import ROLES
from handlers.names import short
from handlers.settings import Programme
from handlers.texts import Texts
from storage.models import (
    NAMELESS,
    Account,
    Contact,
    ContactStatus,
    InvitationStatus,
    RecommendPolicy,
)

REPAIR, ADD = "contact_repair", "contact_add"
SIGNS, UNKNOWN = "people_signs", "people_unknown"
_CANDIDATES = 4


def people_card(
    standing: Standing, reader: Reader, programme: Programme, *, may_repair: bool
) -> Card:
    """The answer to `/nps acme people`; who may repair gets the button to it."""
    t = reader.t
    listed = [each for each in standing.people if _is_listed(each)]
    name = short(standing.account.name)
    body: list[Element] = []
    if not any(each.is_decision_maker and _is_there(each) for each in listed):
        body.append(Text(t("people.no_decision_maker", name=name), "strong"))
        if may_repair and listed:
            people = [each.contact for each in listed]
            body.append(Buttons(who_signs(standing.account, people, t)))
    body.append(Facts(_coverage(standing, t("people.nobody_asked"), reader)))
    if listed:
        columns = ("name", "role", "department", "answer", "asked", "next")
        body.append(
            Table(
                tuple(t(f"people.column.{column}") for column in columns),
                tuple(_row(each, standing, reader, programme) for each in listed),
            )
        )
    else:
        body.append(Text(t("people.none", name=name)))
    buttons = [back_button(standing, t)]
    if may_repair and listed:
        repair = Button(t("people.repair"), REPAIR, str(standing.account.id), opens_form=True)
        buttons.insert(0, repair)
    if may_repair:
        add = Button(t("people.add.button"), ADD, str(standing.account.id), opens_form=True)
        buttons.insert(-1, add)
    body.append(Buttons(tuple(buttons)))
    return Card(
        t("people.title", name=standing.account.name),
        tuple(body),
        status=t("account.only_you"),
        foot=lines.legend(standing, t) or None,
    )


def who_signs(account: Account, people: Sequence[Contact], t: Texts) -> tuple[Button, ...]:
    """Gives a button each for those whose title sounds like it, for others, and for not knowing."""
    named = [
        Button(
            ", ".join(part for part in (each.name, each.title) if part),
            SIGNS,
            f"{account.id}:{each.id}",
        )
        for each in likely_first(people)[:_CANDIDATES]
    ]
    somebody = Button(t("people.signs.else"), ADD, str(account.id), opens_form=True)
    return (*named, somebody, Button(t("people.signs.unknown"), UNKNOWN, str(account.id)))


def next_ask(standing: Standing, person: Person, programme: Programme) -> datetime | None:
    """When the rest rule lets a person be asked for a relationship survey again; None = at once."""
    sent = [
        (each, at)
        for each in standing.invitations
        if each.contact_id == person.contact.id
        and each.status in (InvitationStatus.SENT, InvitationStatus.DOUBT)
        and (at := asked_moment(each)) is not None
    ]
    rests = [
        at
        + timedelta(
            days=programme.rest_days_relationship
            if each.kind in ("relationship", "similar")
            else programme.rest_days
        )
        for each, at in sent
    ]
    return max(rests, default=None)


def _coverage(standing: Standing, nobody: str, reader: Reader) -> tuple[tuple[str, str], ...]:
    t = reader.t
    facts = []
    for role in ROLES:
        of_role = [each for each in standing.people if each.role == role and _is_listed(each)]
        asked = [each for each in of_role if each.was_asked]
        if not of_role:
            continue
        heard = sum(each.answer is not None for each in asked)
        told = t("people.heard", heard=heard, asked=len(asked)) if asked else nobody
        unasked = len(of_role) - len(asked)
        if asked and unasked:
            told = f"{told} · {t.count('people.unasked', unasked)}"
        facts.append((t(f"account.role.{role}"), told))
    return tuple(facts)


def _row(
    person: Person, standing: Standing, reader: Reader, programme: Programme
) -> tuple[str, ...]:
    t = reader.t
    return (
        lines.name_of(person, t),
        t(f"people.role.{person.role}"),
        person.contact.department or "",
        _answer(person, reader),
        reader.short_day(person.last_asked_at) if person.last_asked_at else t("account.never"),
        _next(person, standing, reader, programme),
    )


def _answer(person: Person, reader: Reader) -> str:
    if person.answer is None:
        return lines.SILENT if person.was_asked else reader.t("people.not_asked")
    score = lines.score_of(person, reader)
    return f"{score} · {reader.short_day(person.answer.answered_at)}"


def _next(person: Person, standing: Standing, reader: Reader, programme: Programme) -> str:
    t = reader.t
    if person.contact.status != ContactStatus.ACTIVE:
        return t(f"people.status.{person.contact.status}")
    if standing.account.recommend_policy == RecommendPolicy.FORBIDDEN:
        return t("people.not_allowed")
    after = next_ask(standing, person, programme)
    if after is None or after <= reader.now:
        return t("people.now")
    return t("people.from", day=wording.long_day(reader.day(after), t, reader.today))


def _is_there(person: Person) -> bool:
    # Who wants no more questions signs all the same.
    return person.contact.status not in (ContactStatus.INACTIVE, *NAMELESS)


def _is_listed(person: Person) -> bool:
    # A row without a person counts, but there is nothing to show or repair.
    return person.contact.status not in NAMELESS
