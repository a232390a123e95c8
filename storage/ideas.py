"""Ideas of contacts: found in their answers, listed, changed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, exists, func
from sqlalchemy import select as select_rows
from sqlmodel import col, or_, select

from storage.db import Session
from storage.models import (
    Account,
    Contact,
    Idea,
    IdeaState,
    Invitation,
    Member,
    Posting,
    Response,
    ResponseStatus,
)
from storage.writing import insert_new


class Had(NamedTuple):
    """An idea with whose it is and who changed it last."""

    idea: Idea
    response: Response
    account: Account
    contact: Contact
    by: Member | None

    @property
    def words(self) -> str:
        """The idea itself."""
        return (self.response.idea or "").strip()


async def new_ones(session: Session, since: datetime, limit: int) -> Sequence[Response]:
    """Gives the answers since a time with an idea that is on no board yet, the oldest first."""
    query = (
        select(Response)
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .where(
            col(Response.answered_at) > since,
            col(Response.status) == ResponseStatus.CONFIRMED,
            func.trim(col(Response.idea)) != "",
            col(Response.imported).is_(False),
            col(Invitation.is_test).is_(False),
            ~exists().where(col(Idea.response_id) == col(Response.id)),
        )
        .order_by(col(Response.answered_at), col(Response.id))
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def add(session: Session, responses: Sequence[Response], now: datetime) -> None:
    """Puts the ideas of answers on the board; those that are there already stay as they are."""
    rows: list[dict[str, Any]] = [
        {
            "response_id": each.id, "account_id": each.account_id, "state": IdeaState.NEW,
            "version": 1, "announced": False, "opened_at": now,
        }
        for each in responses
    ]  # fmt: skip
    await insert_new(session, Idea, rows)


async def unannounced(session: Session, limit: int = 200) -> Sequence[Idea]:
    """Gives the ideas to be shown in the product channel: new ones, and what was hidden there."""
    about = (col(Posting.subject) == "idea", col(Posting.subject_id) == col(Idea.id))
    stood = exists().where(*about, col(Posting.moved).is_(False))
    query = select(Idea).where(
        col(Idea.announced).is_(False), or_(col(Idea.state) == IdeaState.NEW, stood)
    )
    return (await session.exec(query.order_by(col(Idea.id)).limit(limit))).all()


async def announced(session: Session, response_ids: Collection[int]) -> Sequence[Idea]:
    """Gives those of these responses' ideas that the product channel was asked to show."""
    if not response_ids:
        return ()
    query = select(Idea).where(
        col(Idea.announced).is_(True), col(Idea.response_id).in_(response_ids)
    )
    return (await session.exec(query.order_by(col(Idea.id)))).all()


async def one(session: Session, idea_id: int) -> Had | None:
    """Gives an idea, or None; one whose words are gone is none any more."""
    row = (await session.execute(_had().where(col(Idea.id) == idea_id))).first()
    return None if row is None else Had._make(row)


async def newest(session: Session, limit: int = 500) -> list[Had]:
    """Gives the ideas on the board, the newest first."""
    query = _had().order_by(col(Idea.id).desc()).limit(limit)
    return [Had._make(row) for row in (await session.execute(query)).all()]


async def count_new(session: Session, owner_id: int, without: Collection[int]) -> int:
    """Counts the new ideas at the accounts of an owner; responses `without` are kept from them."""
    query = (
        select(func.count())
        .select_from(Idea)
        .join(Response, col(Response.id) == col(Idea.response_id))
        .join(Account, col(Account.id) == col(Idea.account_id))
        .where(
            col(Account.owner_id) == owner_id,
            col(Idea.state) == IdeaState.NEW,
            col(Idea.response_id).not_in(without),
            func.trim(col(Response.idea)) != "",
        )
    )
    return (await session.exec(query)).one()


def _had() -> Select[Idea, Response, Account, Contact, Member]:
    return (
        select_rows(Idea, Response, Account, Contact, Member)
        .join(Response, col(Response.id) == col(Idea.response_id))
        .join(Account, col(Account.id) == col(Idea.account_id))
        .join(Contact, col(Contact.id) == col(Response.contact_id))
        .outerjoin(Member, col(Member.id) == col(Idea.changed_by))
        .where(func.trim(col(Response.idea)) != "")
        .execution_options(populate_existing=True)
    )
