"""Who lets us use their name, and what it was used for."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, true
from sqlmodel import col, or_, select

from storage.accounts import SeenBy
from storage.db import Session
from storage.models import (
    Account,
    Contact,
    ContactStatus,
    CurrentAnswer,
    Reference,
    ReferenceUse,
    Response,
    ResponseStatus,
    Task,
    TaskState,
)

_PROMOTER = 9
_CRITIC = 6
COUNTED = ("asked", "agreed")


class Offer(NamedTuple):
    """A contact with consent: said to a member, or ticked with the answer that counts now."""

    contact: Contact
    account: Account
    reference: Reference | None
    response: Response | None


async def agree(
    session: Session,
    contact_id: int,
    account_id: int,
    response_id: int | None,
    forms: Sequence[str],
    note: str | None,
    member_id: int | None,
    now: datetime,
) -> Reference:
    """Notes for what a contact lets us use their name; what they allowed before stays."""
    found = await of_contact(session, contact_id)
    if found is None:
        found = Reference(contact_id=contact_id, account_id=account_id, agreed_at=now)
    before = [] if found.withdrawn_at is not None else found.forms
    found.forms = [*before, *(each for each in forms if each not in before)]
    found.response_id = response_id or found.response_id
    found.note, found.agreed_by, found.agreed_at = note or found.note, member_id, now
    found.withdrawn_at = None
    session.add(found)
    await session.flush()
    return found


async def take_back(session: Session, contact_id: int, forms: Collection[str]) -> None:
    """Takes back what was noted by mistake; what the contact ticked themselves stays."""
    found = await of_contact(session, contact_id)
    if found is not None:
        found.forms = [each for each in found.forms if each not in forms]
        session.add(found)


async def of_contact(session: Session, contact_id: int) -> Reference | None:
    """Gives what a contact allowed, withdrawn or not; others wait until this is settled."""
    query = select(Reference).where(col(Reference.contact_id) == contact_id).with_for_update()
    return (await session.exec(query)).first()


async def offered(
    session: Session, seen_by: SeenBy | None, contact_id: int | None = None
) -> list[Offer]:
    """Gives the active contacts with consent who are no critics now, by account and name."""
    seen: ColumnElement[bool] = true()
    if seen_by is not None:
        own_accounts = col(Account.owner_id) == seen_by.owner_id
        of_team = col(Account.team_id) == seen_by.team_id
        seen = own_accounts if seen_by.team_id is None else or_(own_accounts, of_team)
    people = (
        select(Contact, Account, Reference)
        .join(Account, col(Account.id) == col(Contact.account_id))
        .outerjoin(Reference, col(Reference.contact_id) == col(Contact.id))
        .where(col(Contact.status) == ContactStatus.ACTIVE, seen)
        .order_by(col(Account.name), col(Contact.name), col(Contact.id))
    )
    if contact_id is not None:
        people = people.where(col(Contact.id) == contact_id)
    ticked = (
        select(CurrentAnswer.contact_id)
        .join(Response, col(Response.id) == col(CurrentAnswer.response_id))
        .where(col(Response.quote_me).is_(True))
    )
    people = people.where(
        or_(col(Reference.id).is_not(None), col(Contact.id).in_(ticked))
    ).execution_options(populate_existing=True)
    rows = [(row[0], row[1], row[2]) for row in (await session.exec(people)).all()]
    ids = [contact.id for contact, _account, _reference in rows]
    answers: dict[int, list[Response]] = {}
    current = (
        select(Response)
        .join(CurrentAnswer, col(CurrentAnswer.response_id) == col(Response.id))
        .where(
            col(Response.contact_id).in_(ids),
            col(Response.status) == ResponseStatus.CONFIRMED,
            col(Response.to_manager).is_(False),
        )
        .order_by(col(Response.answered_at).desc())
    )
    for response in (await session.exec(current)).all():
        answers.setdefault(response.contact_id, []).append(response)
    found = []
    for contact, account, reference in rows:
        own = answers.get(contact.id, [])
        if any(each.score is not None and each.score <= _CRITIC for each in own):
            continue
        best = next((each for each in own if (each.score or 0) >= _PROMOTER), None)
        told = reference is not None and reference.withdrawn_at is None and bool(reference.forms)
        ticked_now = best is not None and best.quote_me and not _withdrawn_since(reference, best)
        if told or ticked_now:
            found.append(Offer(contact, account, reference, best))
    return found


def _withdrawn_since(reference: Reference | None, response: Response) -> bool:
    """A consent taken back holds until a later answer gives it again."""
    withdrawn = reference.withdrawn_at if reference is not None else None
    return withdrawn is not None and response.answered_at <= withdrawn


async def waiting(session: Session, contact_id: int) -> Sequence[Task]:
    """Gives the open tasks to ask a contact for a reference."""
    query = select(Task).where(
        col(Task.contact_id) == contact_id,
        col(Task.what) == "reference",
        col(Task.state) == TaskState.OPEN,
    )
    return (await session.exec(query.order_by(col(Task.id)))).all()


async def uses(
    session: Session, reference_ids: Collection[int], since: datetime
) -> Sequence[ReferenceUse]:
    """Gives the requests that count since a time, the oldest first; a refused one is none."""
    query = (
        select(ReferenceUse)
        .where(
            col(ReferenceUse.reference_id).in_(reference_ids),
            col(ReferenceUse.state).in_(COUNTED),
            col(ReferenceUse.asked_at) > since,
        )
        .order_by(col(ReferenceUse.asked_at), col(ReferenceUse.id))
    )
    return (await session.exec(query)).all()
