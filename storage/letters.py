"""Letters to contacts: planned, claimed one at a time, and what was answered."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func
from sqlalchemy import select as select_rows
from sqlmodel import col, or_, select, update

from storage.db import Session
from storage.models import (
    DONE_STATES,
    Account,
    Case,
    CaseResponse,
    Contact,
    Letter,
    LetterStatus,
    Member,
    Response,
    Settled,
)
from storage.scopes import Part, in_part
from storage.writing import changed_rows

# Longer than any sending takes: whoever holds it is gone.
_SENDING_AT_MOST = timedelta(minutes=15)
_NOT_GONE = (LetterStatus.PLANNED, LetterStatus.CANCELLED, LetterStatus.SKIPPED)
ASKED = (LetterStatus.SENT, LetterStatus.DOUBT)


class Opened(NamedTuple):
    """A letter with all that its message and its page say; `writer` signs it."""

    letter: Letter
    case: Case
    account: Account
    contact: Contact
    writer: Member | None
    settled: Settled | None


class Addressed(NamedTuple):
    """A letter of any kind and whom it is for."""

    letter: Letter
    contact: Contact


class Asked(NamedTuple):
    """A letter of a case, whom it asks, and what they answered."""

    letter: Letter
    contact: Contact
    settled: Settled | None


async def plan(session: Session, row: Mapping[str, Any]) -> None:
    """Plans a letter; one of the same key that has not gone out is planned anew."""
    found = (await session.exec(select(Letter).where(col(Letter.key) == row["key"]))).first()
    if found is None:
        session.add(Letter(**row))
        return
    if found.status in _NOT_GONE:
        for name, value in {"status": LetterStatus.PLANNED, "reason": None, **row}.items():
            setattr(found, name, value)
        session.add(found)


async def cancel(session: Session, case_id: int, reason: str, round_: int | None = None) -> None:
    """Cancels what a case still has planned (in one of its rounds)."""
    statement = update(Letter).where(
        col(Letter.case_id) == case_id, col(Letter.status) == LetterStatus.PLANNED
    )
    if round_ is not None:
        statement = statement.where(col(Letter.round) == round_)
    await session.execute(statement.values(status=LetterStatus.CANCELLED, reason=reason))


async def due(session: Session, now: datetime, limit: int = 200) -> Sequence[Letter]:
    """Gives the letters to send now."""
    query = (
        select(Letter)
        .where(col(Letter.status) == LetterStatus.PLANNED, col(Letter.send_at) <= now)
        .order_by(col(Letter.send_at), col(Letter.id))
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def lost(session: Session, now: datetime) -> Sequence[Letter]:
    """Gives the letters whose sender died while they were on their way."""
    query = select(Letter).where(
        col(Letter.status) == LetterStatus.SENDING,
        col(Letter.claimed_at) <= now - _SENDING_AT_MOST,
    )
    return (await session.exec(query)).all()


async def over(session: Session, now: datetime) -> Sequence[Letter]:
    """Gives the letters whose time to answer is over, as long as their case does not know it."""
    query = select(Letter).where(
        col(Letter.status).in_(ASKED),
        col(Letter.closed).is_(False),
        col(Letter.expires_at) <= now,
    )
    return (await session.exec(query.order_by(col(Letter.id)).limit(200))).all()


async def close(session: Session, letter_id: int) -> None:
    """Notes that the case knows that the time to answer this letter is over."""
    letter = await session.get_one(Letter, letter_id)
    letter.closed = True
    session.add(letter)


async def claim(session: Session, letter_id: int, run: str, now: datetime) -> bool:
    """Takes one planned letter for this execution; False when somebody has or had it."""
    statement = (
        update(Letter)
        .where(col(Letter.id) == letter_id, col(Letter.status) == LetterStatus.PLANNED)
        .values(status=LetterStatus.SENDING, claimed_by=run, claimed_at=now)
    )
    return await changed_rows(session, statement) == 1


async def record(session: Session, letter_id: int, run: str, values: Mapping[str, Any]) -> bool:
    """Records what became of a letter that this execution claimed."""
    statement = (
        update(Letter)
        .where(col(Letter.id) == letter_id, col(Letter.claimed_by) == run)
        .values(**values)
    )
    return await changed_rows(session, statement) == 1


async def addressed(session: Session, letter_id: int) -> Addressed | None:
    """Gives a letter with its contact, None if there is none."""
    query = (
        select(Letter, Contact)
        .join(Contact, col(Contact.id) == col(Letter.contact_id))
        .where(col(Letter.id) == letter_id)
        .execution_options(populate_existing=True)
    )
    row = (await session.exec(query)).first()
    return None if row is None else Addressed(*row)


async def opened(session: Session, letter_id: int) -> Opened | None:
    """Gives a letter about a case with what belongs to it, None if there is none."""
    query = (
        select_rows(Letter, Case, Account, Contact, Member, Settled)
        .join(Case, col(Case.id) == col(Letter.case_id))
        .join(Account, col(Account.id) == col(Letter.account_id))
        .join(Contact, col(Contact.id) == col(Letter.contact_id))
        .outerjoin(Member, col(Member.id) == col(Letter.written_by))
        .outerjoin(Settled, col(Settled.letter_id) == col(Letter.id))
        .where(col(Letter.id) == letter_id)
    )
    fresh = {"populate_existing": True}
    row = (await session.execute(query, execution_options=fresh)).first()
    return None if row is None else Opened(*row)


async def of_case(session: Session, case_id: int) -> list[Asked]:
    """Gives the letters of a case with what was answered, the oldest first."""
    query = (
        select_rows(Letter, Contact, Settled)
        .join(Contact, col(Contact.id) == col(Letter.contact_id))
        .outerjoin(Settled, col(Settled.letter_id) == col(Letter.id))
        .where(col(Letter.case_id) == case_id)
        .order_by(col(Letter.id))
    )
    fresh = {"populate_existing": True}
    rows = (await session.execute(query, execution_options=fresh)).all()
    return [Asked(*row) for row in rows]


class Outcomes(NamedTuple):
    """What customers said when asked: how many letters went out, and the answers to them."""

    asked: int
    yes: int
    partly: int
    no: int


async def outcomes(
    session: Session, since: datetime, until: datetime, part: Part, without: Collection[int] = ()
) -> Outcomes:
    """Counts the questions that went out in a span to accounts of a part, and their answers.

    Cases `without` are kept from whoever asks.
    """
    answers = [func.count().filter(col(Settled.answer) == each) for each in ("yes", "partly", "no")]
    query = (
        select_rows(func.count(), *answers)
        .select_from(Letter)
        .outerjoin(Settled, col(Settled.letter_id) == col(Letter.id))
        .where(
            col(Letter.what) == "settled",
            or_(col(Letter.status).in_(ASKED), col(Settled.id).is_not(None)),
            col(Letter.sent_at) > since,
            col(Letter.sent_at) <= until,
            col(Letter.case_id).not_in(without),
            in_part(part, col(Letter.account_id)),
        )
    )
    return Outcomes._make((await session.execute(query)).one())


async def settled_for(session: Session, account_ids: Collection[int]) -> set[int]:
    """Gives the responses of accounts whose contacts said themselves that it is settled."""
    query = (
        select(CaseResponse.response_id)
        .join(Case, col(Case.id) == col(CaseResponse.case_id))
        .join(Settled, col(Settled.case_id) == col(Case.id))
        .join(Response, col(Response.id) == col(CaseResponse.response_id))
        .where(
            col(Case.account_id).in_(account_ids),
            col(Settled.answer) == "yes",
            col(Settled.contact_id) == col(Response.contact_id),
            # A worse word since then is not settled by it.
            col(Settled.answered_at) >= col(Response.answered_at),
            col(Case.state).in_(DONE_STATES),
        )
    )
    return set((await session.exec(query)).all())


async def bounced(session: Session, letter_id: int, reason: str) -> None:
    """Notes that a letter which had gone out came back."""
    await session.execute(
        update(Letter)
        .where(col(Letter.id) == letter_id, col(Letter.status).in_(ASKED))
        .values(status=LetterStatus.BOUNCED, reason=reason)
    )
