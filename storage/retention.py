"""Answers older than the time they are kept: finds them and moves them to rows of nobody."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, Text, and_, cast, exists, func, or_, select, update
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
    WaveState,
)

_TABLES = SQLModel.metadata.tables
_PROGRESS = "retention"
_TO_SEND = (InvitationStatus.PLANNED, InvitationStatus.SENDING)
_LETTER_TO_SEND = (LetterStatus.PLANNED, LetterStatus.SENDING)
_AT_ONCE = 500  # rows that one transaction empties


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


async def move_to_nobody(session: Session, contact: Contact, old: Old, until: datetime) -> Contact:
    """Moves old answers, with all that tells whose they were, to a new contact without a person.

    The account and the role stay, so figures do too. One row takes all that is due of a contact
    now; nothing joins it to the contact, who keeps what is newer.
    """
    nobody = Contact(
        account_id=contact.account_id, name="", role=contact.role, status=ContactStatus.ANONYMOUS
    )
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


async def old_notes(session: Session, until: datetime) -> dict[str, Sequence[int]]:
    """Gives rows with what was noted of customers before a time, whoever it names, by table.

    It gives a bounded number of them: empty these, and ask again.
    """
    task, touch, letter, wave = (_TABLES[name] for name in ("task", "touch", "letter", "wave"))
    ended = func.coalesce(task.c.done_at, task.c.opened_at) < until
    closed = func.coalesce(wave.c.closed_at, wave.c.closes_at, wave.c.created_at) < until
    # What was written in a case goes with the answers of the case.
    by_itself = and_(letter.c.case_id.is_(None), letter.c.status.not_in(_LETTER_TO_SEND))
    found: dict[str, Sequence[int]] = {}
    for name, old in {
        "touch": and_(touch.c.note.is_not(None), touch.c.at < until),
        "task": and_(task.c.note.is_not(None), task.c.state != TaskState.OPEN, ended),
        "letter": and_(letter.c.text.is_not(None), by_itself, letter.c.send_at < until),
        "wave": and_(
            wave.c.state.in_((WaveState.CLOSED, WaveState.STOPPED)),
            closed,
            cast(wave.c.audience, Text).like("%left_out_people%"),
        ),
    }.items():
        query = select(_TABLES[name].c.id).where(old).limit(_AT_ONCE)
        ids = (await session.execute(query)).scalars().all()
        if ids:
            found[name] = ids
    return found


async def empty(session: Session, found: Mapping[str, Sequence[int]]) -> None:
    """Empties what `old_notes` gave."""
    for name, field in (("touch", "note"), ("task", "note"), ("letter", "text")):
        table = _TABLES[name]
        if found.get(name):
            which = table.c.id.in_(found[name])
            await session.execute(update(table).where(which).values({field: None}))
    for wave in (
        await session.execute(select(Wave).where(col(Wave.id).in_(found.get("wave", ()))))
    ).scalars():
        # Whom the wave left out by e-mail; the accounts it left out stay.
        wave.audience = {
            name: value for name, value in wave.audience.items() if name != "left_out_people"
        }
        session.add(wave)


async def _move_letters(
    session: Session, contact_id: int, nobody_id: int, cases: Select[int], until: datetime
) -> Sequence[int]:
    """Moves letters about these cases and old ones; their keys name the contact too."""
    letter = _TABLES["letter"]
    query = select(letter.c.id, letter.c.key).where(
        letter.c.contact_id == contact_id,
        letter.c.status.not_in(_LETTER_TO_SEND),
        or_(letter.c.case_id.in_(cases), letter.c.send_at < until),
    )
    moved = (await session.execute(query)).all()
    for letter_id, key in moved:
        what, about, _contact, *rest = key.split(":")
        await session.execute(
            update(letter)
            .where(letter.c.id == letter_id)
            .values(contact_id=nobody_id, key=":".join([what, about, str(nobody_id), *rest]))
        )
    return [letter_id for letter_id, _key in moved]


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
