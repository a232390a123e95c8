"""“You said, we did”: what was done for an account, what its contacts are told, and to whom."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func
from sqlmodel import col, delete, exists, select, update

from storage.db import Session
from storage.models import (
    DONE_STATES,
    Account,
    Case,
    CaseResponse,
    Contact,
    CurrentAnswer,
    Idea,
    IdeaState,
    Improvement,
    ImprovementState,
    InvitationLine,
    Letter,
    Member,
    Promise,
    PromiseState,
    Response,
    SharedReason,
    SharedReasonResponse,
    SharedState,
)

_DONE_FOR_GOOD = ("saved", "process_changed")


class Done(NamedTuple):
    """Something that was done for an account; `source` is promise, case, reason or idea, and
    `idea_words` where `what` are the words of the contact whose idea it was.
    """

    what: str
    at: datetime
    source: str


class Answered(NamedTuple):
    """A contact who answered, and the answer by which they are known to have done so."""

    contact: Contact
    response_id: int


class Told(NamedTuple):
    """A message to contacts with the account, who wrote it and the reason it is about."""

    improvement: Improvement
    account: Account
    writer: Member | None
    shared: SharedReason | None


async def done(session: Session, account_id: int, since: datetime) -> list[Done]:
    """Gives what was done for an account, the latest first; nothing that is kept from its owner."""
    promises = select(Promise.what, Promise.done_at).where(
        col(Promise.account_id) == account_id,
        col(Promise.state) == PromiseState.DONE,
        col(Promise.done_at) > since,
        col(Promise.hidden_from_owner).is_(False),
    )
    cases = select(Case.what_was_done, Case.solved_at).where(
        col(Case.account_id) == account_id,
        col(Case.state).in_(DONE_STATES),
        col(Case.outcome).in_(_DONE_FOR_GOOD),
        col(Case.solved_at) > since,
        col(Case.hidden_from_owner).is_(False),
    )
    reasons = (
        select(SharedReason.what_was_fixed, SharedReason.changed_at)
        .join(SharedReasonResponse, col(SharedReasonResponse.shared_reason_id) == SharedReason.id)
        .join(Response, col(Response.id) == col(SharedReasonResponse.response_id))
        .where(
            col(Response.account_id) == account_id,
            col(SharedReason.state) == SharedState.FIXED,
            col(SharedReason.changed_at) > since,
        )
        .distinct()
    )
    words = (
        select(Response.idea, Idea.changed_at, Idea.note)
        .join(Idea, col(Idea.response_id) == col(Response.id))
        .where(
            col(Idea.account_id) == account_id,
            col(Idea.state) == IdeaState.DONE,
            col(Idea.changed_at) > since,
            col(Response.to_manager).is_(False),
            ~exists().where(
                col(CaseResponse.response_id) == col(Response.id),
                col(CaseResponse.case_id) == col(Case.id),
                col(Case.hidden_from_owner).is_(True),
            ),
        )
    )
    found = [
        Done(note, at, "idea") if note else Done(idea, at, "idea_words")
        for idea, at, note in (await session.exec(words)).all()
        if idea and at is not None
    ]
    for source, query in (("promise", promises), ("case", cases), ("reason", reasons)):
        rows = (await session.exec(query)).all()
        found += [Done(what, at, source) for what, at in rows if what and at is not None]
    return sorted(found, key=lambda each: each.at, reverse=True)


async def newly_done(
    session: Session, owner_id: int, since: datetime, until: datetime
) -> list[tuple[Account, str]]:
    """Gives what was kept or confirmed in a span at the accounts of an owner, by account."""
    promises = (
        select(Account, Promise.what)
        .join(Promise, col(Promise.account_id) == col(Account.id))
        .where(
            col(Account.owner_id) == owner_id,
            col(Promise.state) == PromiseState.DONE,
            col(Promise.done_at) > since,
            col(Promise.done_at) <= until,
            col(Promise.hidden_from_owner).is_(False),
        )
    )
    cases = (
        select(Account, Case.what_was_done)
        .join(Case, col(Case.account_id) == col(Account.id))
        .where(
            col(Account.owner_id) == owner_id,
            col(Case.settled) == "yes",
            col(Case.settled_at) > since,
            col(Case.settled_at) <= until,
            col(Case.hidden_from_owner).is_(False),
        )
    )
    found = [*(await session.exec(promises)).all(), *(await session.exec(cases)).all()]
    told = [(account, what) for account, what in found if what]
    return sorted(told, key=lambda each: each[0].name)


async def line(session: Session, account_id: int) -> InvitationLine | None:
    """Gives the line that waits for the account's next wave, or None."""
    query = select(InvitationLine).where(
        col(InvitationLine.account_id) == account_id, col(InvitationLine.wave_id).is_(None)
    )
    return (await session.exec(query.order_by(col(InvitationLine.id).desc()).limit(1))).first()


async def last_used(session: Session, account_id: int) -> InvitationLine | None:
    """Gives the line that a wave said last, or None."""
    query = select(InvitationLine).where(
        col(InvitationLine.account_id) == account_id, col(InvitationLine.wave_id).is_not(None)
    )
    return (await session.exec(query.order_by(col(InvitationLine.id).desc()).limit(1))).first()


async def set_line(
    session: Session, account_id: int, text: str, member_id: int, now: datetime
) -> None:
    """Writes the line for the next wave; an empty one is taken away."""
    waiting = delete(InvitationLine).where(
        col(InvitationLine.account_id) == account_id, col(InvitationLine.wave_id).is_(None)
    )
    await session.execute(waiting)
    if text:
        session.add(
            InvitationLine(
                account_id=account_id, text=text, written_by=member_id, written_at=now
            )
        )  # fmt: skip


async def line_for(session: Session, account_id: int, wave_id: int) -> str | None:
    """Gives the line that a wave's invitations of an account say, and keeps it for this wave.

    A line that is changed while a wave runs is for the next one: all contacts read the same.
    """
    said = select(InvitationLine.text).where(
        col(InvitationLine.account_id) == account_id, col(InvitationLine.wave_id) == wave_id
    )
    newest = said.order_by(col(InvitationLine.id).desc()).limit(1)
    found = (await session.exec(newest)).first()
    if found is not None:
        return found
    if await line(session, account_id) is None:
        return None
    await session.execute(
        update(InvitationLine)
        .where(col(InvitationLine.account_id) == account_id, col(InvitationLine.wave_id).is_(None))
        .values(wave_id=wave_id)
        .execution_options(synchronize_session=False)
    )
    return (await session.exec(newest)).first()


async def answered(session: Session, account_id: int) -> list[Answered]:
    """Gives the contacts of an account whose answer counts now, by name."""
    query = (
        select(Contact, func.max(CurrentAnswer.response_id))
        .join(CurrentAnswer, col(CurrentAnswer.contact_id) == col(Contact.id))
        .where(col(Contact.account_id) == account_id)
        .group_by(col(Contact.id))
        .order_by(col(Contact.name), col(Contact.id))
    )
    return [Answered(*row) for row in (await session.exec(query)).all()]


async def named(session: Session, account_id: int, shared_id: int) -> list[Answered]:
    """Gives the contacts of an account who named a shared reason, by name."""
    query = (
        select(Contact, func.max(Response.id))
        .join(Response, col(Response.contact_id) == col(Contact.id))
        .join(SharedReasonResponse, col(SharedReasonResponse.response_id) == col(Response.id))
        .where(
            col(Contact.account_id) == account_id,
            col(SharedReasonResponse.shared_reason_id) == shared_id,
        )
        .group_by(col(Contact.id))
        .order_by(col(Contact.name), col(Contact.id))
    )
    return [Answered(*row) for row in (await session.exec(query)).all()]


async def told(session: Session, improvement_id: int) -> Told | None:
    """Gives a message with what belongs to it, or None."""
    found = await _told(session, [improvement_id])
    return found[0] if found else None


async def sent(session: Session, account_id: int, limit: int) -> list[Told]:
    """Gives the messages that went to contacts of an account, the latest first."""
    query = (
        select(Improvement.id)
        .where(
            col(Improvement.account_id) == account_id,
            col(Improvement.state) == ImprovementState.SENT,
        )
        .order_by(col(Improvement.id).desc())
        .limit(limit)
    )
    return await _told(session, (await session.exec(query)).all())


async def letters(session: Session, improvement_id: int) -> Sequence[Letter]:
    """Gives the letters of a message."""
    query = select(Letter).where(col(Letter.improvement_id) == improvement_id)
    return (await session.exec(query.order_by(col(Letter.id)))).all()


async def _told(session: Session, ids: Collection[int]) -> list[Told]:
    query = (
        select(Improvement, Account, Member, SharedReason)
        .join(Account, col(Account.id) == col(Improvement.account_id))
        .outerjoin(Member, col(Member.id) == col(Improvement.written_by))
        .outerjoin(SharedReason, col(SharedReason.id) == col(Improvement.shared_reason_id))
        .where(col(Improvement.id).in_(ids))
        .order_by(col(Improvement.id).desc())
        .execution_options(populate_existing=True)
    )
    return [Told(*row) for row in (await session.exec(query)).all()]
