"""Answers older than the time they are kept: finds them and moves them to rows of nobody."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlmodel import SQLModel, col

from storage.answers import lock_accounts
from storage.db import Session
from storage.models import (
    NAMELESS,
    OPEN_STATES,
    AppSetting,
    Case,
    CaseResponse,
    CaseState,
    Contact,
    ContactStatus,
    CurrentAnswer,
    Invitation,
    InvitationStatus,
    LetterStatus,
    Posting,
    Promise,
    PromiseState,
    Response,
    TaskState,
    Wave,
)

_TABLES = SQLModel.metadata.tables
_PROGRESS = "retention"
_TO_SEND = (InvitationStatus.PLANNED, InvitationStatus.SENDING)
_LETTER_TO_SEND = (LetterStatus.PLANNED, LetterStatus.SENDING)


class Times(NamedTuple):
    """Older than `until` is due; what a case or promise ended since `ended` waits; it is `now`."""

    until: datetime
    ended: datetime
    now: datetime


class Old(NamedTuple):
    """What a contact was asked and answered too long ago to stay with the name."""

    invitation_ids: tuple[int, ...]
    response_ids: tuple[int, ...]


async def progress(session: Session) -> str | None:
    """Gives how far the look has come, as it was noted."""
    row = await session.get(AppSetting, _PROGRESS)
    return row.value if row else None


async def note_progress(session: Session, value: str) -> None:
    """Notes how far the look has come."""
    await session.merge(AppSetting(key=_PROGRESS, value=value))


async def named_after(session: Session, contact_id: int, limit: int) -> list[int]:
    """Gives the next contacts that stand for a person, by id."""
    query = (
        select(col(Contact.id))
        .where(col(Contact.id) > contact_id, col(Contact.status).not_in(NAMELESS))
        .order_by(col(Contact.id))
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def due(session: Session, contact_ids: Collection[int], times: Times) -> dict[int, Old]:
    """Gives what is due of these contacts; those who left come also if nothing more is.

    What belongs to an open case or promise, or can still be answered, is not due.
    """
    age = func.coalesce(
        col(Response.answered_at), col(Invitation.sent_at), col(Invitation.claimed_at),
        col(Invitation.send_at), col(Wave.closed_at), col(Wave.closes_at), col(Wave.created_at),
    )  # fmt: skip
    expires = col(Invitation.expires_at)
    query = (
        select(col(Invitation.contact_id), col(Invitation.id), col(Response.id))
        .outerjoin(Response, col(Response.invitation_id) == col(Invitation.id))
        .outerjoin(Wave, col(Wave.id) == col(Invitation.wave_id))
        .where(
            col(Invitation.contact_id).in_(contact_ids),
            col(Invitation.status).not_in(_TO_SEND),
            age < times.until,
            or_(expires.is_(None), expires <= times.now),
            ~_is_held(times.ended),
        )
        .order_by(col(Invitation.id))
    )
    found: dict[int, list[tuple[int, int | None]]] = {}
    for contact_id, invitation_id, response_id in (await session.execute(query)).all():
        found.setdefault(contact_id, []).append((invitation_id, response_id))
    left = select(col(Contact.id)).where(
        col(Contact.id).in_(contact_ids),
        col(Contact.status) == ContactStatus.INACTIVE,
        col(Contact.asked_before).is_(True),
    )
    for contact_id in (await session.execute(left)).scalars():
        if contact_id not in found and await is_all(session, contact_id, (), times.until):
            found[contact_id] = []
    return {
        contact_id: Old(
            tuple(invitation for invitation, _response in rows),
            tuple(response for _invitation, response in rows if response is not None),
        )
        for contact_id, rows in sorted(found.items())
    }


async def is_all(
    session: Session, contact_id: int, invitation_ids: Collection[int], until: datetime
) -> bool:
    """Tells whether nothing but these invitations, and nothing since a time, is of a contact."""
    task, touch, letter, reply, reference, promise = (
        _TABLES[name] for name in ("task", "touch", "letter", "mail_reply", "reference", "promise")
    )
    others = (
        and_(
            col(Invitation.contact_id) == contact_id,
            col(Invitation.id).not_in(invitation_ids),
        ),
        and_(
            task.c.contact_id == contact_id,
            or_(task.c.state == TaskState.OPEN, task.c.opened_at >= until),
        ),
        and_(touch.c.contact_id == contact_id, touch.c.at >= until),
        and_(letter.c.contact_id == contact_id, letter.c.send_at >= until),
        and_(reply.c.contact_id == contact_id, reply.c.at >= until),
        and_(reference.c.contact_id == contact_id, reference.c.agreed_at >= until),
        and_(promise.c.contact_id == contact_id, promise.c.made_at >= until),
    )
    for other in others:
        if (await session.execute(select(exists().where(other)))).scalar():
            return False
    return True


async def cases_of(session: Session, response_ids: Collection[int]) -> tuple[int, ...]:
    """Gives the cases to which these responses belong."""
    query = select(col(CaseResponse.case_id)).where(col(CaseResponse.response_id).in_(response_ids))
    return tuple(sorted(set((await session.execute(query)).scalars())))


async def kinds_counted(session: Session, contact: Contact) -> list[str]:
    """Gives the kinds of which the stored current answers hold one of this contact."""
    query = select(col(CurrentAnswer.kind)).where(
        col(CurrentAnswer.account_id) == contact.account_id,
        col(CurrentAnswer.contact_id) == contact.id,
    )
    return list((await session.execute(query)).scalars())


async def is_elsewhere(session: Session, contact: Contact) -> bool:
    """Tells whether the person of a contact stands in another row, too, by their Teams id."""
    query = select(
        exists().where(col(Contact.teams_id) == contact.teams_id, col(Contact.id) != contact.id)
    )
    return bool((await session.execute(query)).scalar())


async def move_to_nobody(
    session: Session, contact: Contact, old: Old, until: datetime, window: timedelta
) -> Contact:
    """Moves old answers, with all that tells whose they were, to a contact without a person.

    The account and the role stay, so figures do too. One row takes all that is due of a contact
    now; nothing joins it to the contact, who keeps what is newer.
    """
    nobody = await _free_nobody(session, contact, old, window)
    if nobody is None:
        nobody = Contact(account_id=contact.account_id, name="", role=contact.role)
        nobody.status = ContactStatus.ANONYMOUS
        session.add(nobody)
    contact.asked_before = True
    session.add(contact)
    await session.flush()
    joined = _TABLES["case_response"]
    cases = select(joined.c.case_id).where(joined.c.response_id.in_(old.response_ids))
    letters = await _move_letters(session, contact.id, nobody.id, cases, until)
    task, touch, reply, event, promise, settled = (
        _TABLES[name]
        for name in ("task", "touch", "mail_reply", "case_event", "promise", "settled")
    )
    ended = func.coalesce(task.c.done_at, task.c.opened_at) < until
    moved: Mapping[str, ColumnElement[bool]] = {
        "invitation": col(Invitation.id).in_(old.invitation_ids),
        "response": col(Response.id).in_(old.response_ids),
        "task": or_(
            task.c.response_id.in_(old.response_ids), and_(task.c.state != TaskState.OPEN, ended)
        ),
        "touch": touch.c.at < until,
        "mail_reply": or_(
            reply.c.at < until,
            reply.c.invitation_id.in_(old.invitation_ids),
            reply.c.letter_id.in_(letters),
        ),
        "case_event": event.c.case_id.in_(cases),
        "promise": promise.c.case_id.in_(cases),
        "settled": settled.c.letter_id.in_(letters),
    }
    for name, which in moved.items():
        table = _TABLES[name]
        theirs = table.c.contact_id == contact.id
        await session.execute(update(table).where(theirs, which).values(contact_id=nobody.id))
    reference = _TABLES["reference"]
    await session.execute(
        update(reference)
        .where(reference.c.contact_id == contact.id, reference.c.response_id.in_(old.response_ids))
        .values(response_id=None)
    )
    return nobody


async def locked(session: Session, contact_ids: Collection[int]) -> dict[int, Contact]:
    """Gives those of the contacts that stand for a person still, with their accounts locked."""
    chosen = col(Contact.id).in_(contact_ids)
    of_accounts = select(col(Contact.account_id)).where(chosen).distinct()
    await lock_accounts(session, (await session.execute(of_accounts)).scalars().all())
    query = select(Contact).where(chosen, col(Contact.status).not_in(NAMELESS))
    fresh = query.execution_options(populate_existing=True)
    return {contact.id: contact for contact in (await session.execute(fresh)).scalars()}


async def posted(session: Session, subject: str, ids: Collection[int]) -> tuple[int, ...]:
    """Gives those of the subjects that have a posted card."""
    query = select(col(Posting.subject_id)).where(
        col(Posting.subject) == subject, col(Posting.subject_id).in_(ids)
    )
    return tuple(sorted(set((await session.execute(query)).scalars())))


async def _free_nobody(
    session: Session, contact: Contact, old: Old, window: timedelta
) -> Contact | None:
    """Gives a row without a person that no figure can count together with these answers, or None.

    Without using rows again their number would grow with every wave for ever.
    """
    asked = func.coalesce(
        col(Invitation.sent_at), col(Invitation.claimed_at), col(Invitation.send_at)
    )
    moved = (
        select(func.min(asked), func.min(col(Response.answered_at)))
        .select_from(Invitation)
        .outerjoin(Response, col(Response.invitation_id) == col(Invitation.id))
        .where(col(Invitation.id).in_(old.invitation_ids))
    )
    times = [at for at in (await session.execute(moved)).one() if at is not None]
    waves = select(col(Invitation.wave_id)).where(
        col(Invitation.id).in_(old.invitation_ids), col(Invitation.wave_id).is_not(None)
    )
    near = [col(Invitation.wave_id).in_((await session.execute(waves)).scalars().all())]
    taken = [exists().where(col(Invitation.contact_id) == col(Contact.id), or_(*near))]
    if times:
        since = min(times) - window
        near.append(asked >= since)
        taken = [
            exists().where(col(Invitation.contact_id) == col(Contact.id), or_(*near)),
            exists().where(
                col(Response.contact_id) == col(Contact.id), col(Response.answered_at) >= since
            ),
        ]
    query = (
        select(Contact)
        .where(
            col(Contact.account_id) == contact.account_id,
            col(Contact.role).is_not_distinct_from(contact.role),
            col(Contact.status) == ContactStatus.ANONYMOUS,
            ~or_(*taken),
        )
        .order_by(col(Contact.id))
        .limit(1)
    )
    return (await session.execute(query)).scalars().first()


async def _move_letters(
    session: Session, contact_id: int, nobody_id: int, cases: Select[int], until: datetime
) -> Sequence[int]:
    """Moves letters about these cases and old ones; their keys told the contact too."""
    letter = _TABLES["letter"]
    query = select(letter.c.id).where(
        letter.c.contact_id == contact_id,
        letter.c.status.not_in(_LETTER_TO_SEND),
        or_(letter.c.case_id.in_(cases), letter.c.send_at < until),
    )
    moved = (await session.execute(query)).scalars().all()
    for letter_id in moved:
        await session.execute(
            update(letter)
            .where(letter.c.id == letter_id)
            .values(contact_id=nobody_id, key=f"aged:{letter_id}")
        )
    return moved


def _is_held(ended: datetime) -> ColumnElement[bool]:
    """Whether the response of a row belongs to a case or promise that is open, or was lately."""
    promised = exists().where(
        col(Promise.case_id) == col(Case.id),
        or_(
            col(Promise.state).in_((PromiseState.OPEN, PromiseState.REFUSED)),
            col(Promise.done_at) >= ended,
        ),
    )
    return exists().where(
        col(CaseResponse.response_id) == col(Response.id),
        col(Case.id) == col(CaseResponse.case_id),
        or_(
            col(Case.state).in_((*OPEN_STATES, CaseState.WAITING)),
            col(Case.solved_at) >= ended,
            promised,
        ),
    )
