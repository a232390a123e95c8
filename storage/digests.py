"""What happened at an account manager's accounts since the last digest."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import exists, func, union
from sqlmodel import col, or_, select, update

from storage.db import Session
from storage.models import (
    OPEN_STATES,
    Account,
    Case,
    CaseResponse,
    Contact,
    CurrentAnswer,
    DigestRhythm,
    Invitation,
    Member,
    MemberRole,
    Promise,
    PromiseState,
    Reply,
    Response,
    ResponseStatus,
    Task,
    TaskState,
)

_QUIET = timedelta(days=4)  # a contacted case without a next step is brought up again


class Praise(NamedTuple):
    """A promoter's answer."""

    account: str
    contact: str
    score: int
    comment: str | None
    quote_me: bool = False  # they let us quote them by name


async def readers(session: Session) -> Sequence[Member]:
    """Gives the members who want a digest: who own an account, have tasks, lead, or stand in."""
    owners = select(Account.owner_id).where(col(Account.owner_id).is_not(None))
    workers = select(Task.owner_id).where(
        col(Task.owner_id).is_not(None), col(Task.state) == TaskState.OPEN
    )
    backups = select(Member.backup_id).where(
        col(Member.backup_id).is_not(None), col(Member.away_until).is_not(None)
    )
    query = (
        select(Member)
        .where(
            or_(
                col(Member.id).in_(union(owners, workers, backups)),
                col(Member.role).in_((MemberRole.TEAM_LEAD, MemberRole.CX_LEAD)),
            ),
            col(Member.left_at).is_(None),
            col(Member.digest) != DigestRhythm.OFF,
        )
        .order_by(col(Member.id))
    )
    return (await session.exec(query)).all()


async def mark(session: Session, member_ids: Collection[int], day: date) -> None:
    """Notes the day of these members' last digest."""
    await session.execute(
        update(Member).where(col(Member.id).in_(member_ids)).values(last_digest_on=day)
    )


async def choose(
    session: Session, member_id: int, rhythm: DigestRhythm, since: date | None
) -> None:
    """Notes how often a member wants the digest; `since` begins it anew from that day."""
    values: dict[str, Any] = {"digest": rhythm}
    if since is not None:
        values["last_digest_on"] = since
    await session.execute(update(Member).where(col(Member.id) == member_id).values(**values))


async def answered(session: Session, team_id: int | None, since: datetime, until: datetime) -> int:
    """Gives how many people answered in a span, at a team's accounts or at all."""
    query = (
        select(func.count(func.distinct(col(Response.contact_id))))
        .join(Account, col(Account.id) == col(Response.account_id))
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .where(
            col(Response.status) == ResponseStatus.CONFIRMED,
            col(Response.answered_at) > since,
            col(Response.answered_at) <= until,
            col(Response.imported).is_(False),
            col(Invitation.is_test).is_(False),
        )
    )
    if team_id is not None:
        query = query.where(col(Account.team_id) == team_id)
    return int((await session.exec(query)).one())


async def promoters(
    session: Session, owner_ids: Collection[int], since: datetime, until: datetime
) -> list[Praise]:
    """Gives promoters' answers in a span at members' accounts, the latest first.

    What was kept from the owner while it was a critic's stays kept.
    """
    hidden = exists().where(
        col(CaseResponse.response_id) == col(Response.id),
        col(CaseResponse.case_id) == col(Case.id),
        col(Case.hidden_from_owner).is_(True),
    )
    query = (
        select(Account.name, Contact.name, Response)
        .join(Contact, col(Contact.id) == col(Response.contact_id))
        .join(Account, col(Account.id) == col(Response.account_id))
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .where(
            col(Account.owner_id).in_(owner_ids),
            col(Response.status) == ResponseStatus.CONFIRMED,
            col(Response.score) >= 9,
            col(Response.kind).in_(("relationship", "transactional", "product", "similar")),
            col(Response.answered_at) > since,
            col(Response.answered_at) <= until,
            col(Response.imported).is_(False),
            col(Response.to_manager).is_(False),
            ~hidden,
            col(Invitation.is_test).is_(False),
        )
        .order_by(col(Response.answered_at).desc(), col(Response.id))
    )
    rows = (await session.exec(query)).all()
    return [
        Praise(account, name, found.score or 0, found.comment, found.quote_me)
        for account, name, found in rows
    ]


async def unfinished(session: Session, owner_id: int, since: datetime, until: datetime) -> int:
    """Gives how many people at a member's accounts began to answer in a span and did not finish."""
    query = (
        select(func.count())
        .select_from(Response)
        .join(Account, col(Account.id) == col(Response.account_id))
        .where(
            col(Account.owner_id) == owner_id,
            col(Response.status) == ResponseStatus.PROVISIONAL,
            col(Response.last_input_at) > since,
            col(Response.last_input_at) <= until,
        )
    )
    return int((await session.exec(query)).one())


async def due_by(session: Session, owner_id: int, end: datetime, day: date) -> list[int]:
    """Gives the open cases of a member with a deadline or call on this day or before, and those
    that lie still.
    """
    query = (
        select(Case.id)
        .where(
            col(Case.owner_id) == owner_id,
            col(Case.state).in_(OPEN_STATES),
            or_(
                (col(Case.state) == "new") & (col(Case.take_by) < end),
                col(Case.state).in_(("taken", "reopened")) & (col(Case.contact_by) < end),
                (col(Case.state) == "contacted") & (col(Case.call_again_on) <= day),
                # Called days ago, and nothing is planned or promised.
                (col(Case.state) == "contacted")
                & col(Case.call_again_on).is_(None)
                & (col(Case.contacted_at) < end - _QUIET)
                & ~exists().where(
                    col(Promise.case_id) == col(Case.id),
                    col(Promise.state) == PromiseState.OPEN,
                ),
            ),
        )
        .order_by(col(Case.id))
    )
    return list((await session.exec(query)).all())


async def refusing(session: Session, account_id: int) -> list[str]:
    """Gives the names of an account's contacts whose latest reply is “I may not recommend”."""
    query = (
        select(Contact.name)
        .join(CurrentAnswer, col(CurrentAnswer.contact_id) == col(Contact.id))
        .where(
            col(CurrentAnswer.account_id) == account_id,
            col(CurrentAnswer.reply) == Reply.MAY_NOT_RECOMMEND,
        )
        .order_by(col(Contact.name))
        .distinct()
    )
    return list((await session.exec(query)).all())
