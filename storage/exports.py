"""Reads the rows of an export, in an order that does not change between two exports."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import and_, case, false, func, null, select, true
from sqlalchemy.orm import aliased
from sqlmodel import col

from storage.accounts import SeenBy, seen
from storage.db import Session
from storage.models import (
    Account,
    BoundPlace,
    Contact,
    Invitation,
    InvitationStatus,
    Member,
    Response,
    Team,
    Wave,
)

ASKED = (InvitationStatus.SENT, InvitationStatus.DOUBT)


class View(NamedTuple):
    """What of it somebody may have: these accounts, without these answers, with the words or not.

    By default all of it, as the operator gets it.
    """

    seen_by: SeenBy | None = None
    without: Collection[int] = ()
    words: bool = True


EVERYTHING = View()


class Export(NamedTuple):
    """The names of the columns and the rows with a value for each."""

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]


async def members(session: Session, view: View = EVERYTHING) -> Export:
    """Gives members with their team and places (a list); for who sees a team, those of the team."""
    bound = await session.execute(
        select(col(BoundPlace.member_id), col(BoundPlace.place))
        .where(col(BoundPlace.member_id).is_not(None))
        .order_by(col(BoundPlace.platform))
    )
    places: dict[int, list[str]] = {}
    for member_id, place in bound.all():
        if member_id is not None:
            places.setdefault(member_id, []).append(place)
    query = select(Member, col(Team.name)).outerjoin(Team, col(Team.id) == col(Member.team_id))
    if view.seen_by is not None:
        own, team_id = view.seen_by.owner_id, view.seen_by.team_id
        mine = false() if team_id is None else col(Member.team_id) == team_id
        query = query.where((col(Member.id) == own) | mine)
    plain = ("email", "name", "role", "function", "slack_id", "teams_id", "timezone", "language")
    rows = [
        (*(getattr(member, name) for name in plain), team, places.get(member.id, []))
        for member, team in (await session.execute(query)).all()
    ]
    return _in_order((*plain, "team", "place"), rows, keys=1)


async def accounts(session: Session, view: View = EVERYTHING) -> Export:
    """Gives accounts with the keys of parent, owner and team."""
    parent = aliased(Account)
    plain = (
        "key", "name", "aliases", "segment", "region", "tier", "annual_value", "currency",
        "strategic", "renewal_date", "recommend_policy", "country",
    )  # fmt: skip
    query = (
        select(
            *(getattr(Account, name) for name in plain),
            col(parent.key),
            col(Member.email),
            col(Team.name),
        )
        .outerjoin(parent, col(parent.id) == col(Account.parent_id))
        .outerjoin(Member, col(Member.id) == col(Account.owner_id))
        .outerjoin(Team, col(Team.id) == col(Account.team_id))
        .where(seen(view.seen_by))
    )
    names = ("account_key", *plain[1:], "parent_key", "owner_email", "team")
    return _in_order(names, [tuple(row) for row in (await session.execute(query)).all()], keys=1)


async def contacts(session: Session, view: View = EVERYTHING) -> Export:
    """Gives contacts but erased ones, who have no e-mail to know them by."""
    plain = (
        "email", "name", "phone", "title", "department", "role", "takes_part_in_buying",
        "experiences_service", "judges", "language", "timezone", "status", "country", "slack_id",
        "teams_id",
    )  # fmt: skip
    query = (
        select(col(Account.key), *(getattr(Contact, name) for name in plain))
        .join(Account, col(Account.id) == col(Contact.account_id))
        .where(col(Contact.email).is_not(None), seen(view.seen_by))
    )
    rows = [tuple(row) for row in (await session.execute(query)).all()]
    return _in_order(("account_key", *plain), rows, keys=2)


async def responses(session: Session, view: View = EVERYTHING) -> Export:
    """Gives answers and invitations that went out unanswered, no tests, no erased people.

    A refused or bounced invitation was not asked; one in doubt was, when its sending began.
    """
    invited_at = case(
        (
            col(Invitation.status).in_(ASKED),
            func.coalesce(col(Invitation.sent_at), col(Invitation.claimed_at)),
        ),
        else_=None,
    )
    answer = (
        "answered_at", "score", "comment", "reasons", "language", "product", "touchpoint", "idea",
        "reply", "status",
    )  # fmt: skip
    told = answer if view.words else tuple(set(answer) - {"comment", "idea"})
    query = (
        select(
            col(Account.key),
            col(Contact.email),
            col(Invitation.kind),
            col(Wave.name),
            invited_at.label("invited_at"),
            col(Invitation.value),
            *(getattr(Response, name) if name in told else null() for name in answer),
        )
        .select_from(Invitation)
        .join(Contact, col(Contact.id) == col(Invitation.contact_id))
        .join(Account, col(Account.id) == col(Invitation.account_id))
        .outerjoin(Wave, col(Wave.id) == col(Invitation.wave_id))
        .outerjoin(
            Response,
            and_(
                col(Response.invitation_id) == col(Invitation.id),
                col(Response.id).not_in(view.without) if view.without else true(),
            ),
        )
        .where(
            col(Invitation.is_test).is_(False),
            col(Contact.email).is_not(None),
            seen(view.seen_by),
            invited_at.is_not(None) | col(Response.id).is_not(None),
        )
    )
    asked = ("account_key", "email", "survey_kind", "wave", "invited_at", "value_at_invite")
    rows = [tuple(row) for row in (await session.execute(query)).all()]
    return _in_order((*asked, *answer), rows, keys=7)


def _in_order(names: tuple[str, ...], rows: list[tuple[Any, ...]], *, keys: int) -> Export:
    """Sorts by the first columns here: each database orders texts in its own way."""
    rows.sort(key=lambda row: [(value is None, str(value)) for value in row[:keys]])
    return Export(names, rows)
