"""The audience of a wave in groups of people who are judged alike, for a preview of many."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ScalarSelect,
    Select,
    SQLColumnExpression,
    case,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased
from sqlmodel import col

from storage.audiences import ASKED_OR_PLANNED, Candidate, Filters, conditions
from storage.db import Session
from storage.models import Account, Contact, Invitation, Team
from storage.models.columns import UtcDateTime
from storage.trials import TRIAL_ACCOUNT_KEY

_EVERYBODY = 2**31 - 1


class People(NamedTuple):
    """People of one account who differ in nothing that decides; `who` is the first of them.

    Its `last_asked` is the nearest of the given steps before it. `alone` is set where a person may
    not be counted with others: one who is left out by name, or a contact of several accounts.
    """

    who: Candidate
    people: int
    alone: bool


async def groups(
    session: Session,
    filters: Filters,
    wave_id: int | None,
    steps: Sequence[datetime],
    by_name: Collection[str] = (),
) -> list[People]:
    """Gives everybody the filters name in groups, in the order of their first contacts.

    `steps` are the moments, oldest first, between which it makes no difference when somebody was
    asked last; what was before the first does not count. Invitations of the wave `wave_id` do not
    count either (None: it has none). E-mails `by_name` stand alone.
    """
    found = _grouped(filters, wave_id, steps, by_name, session.get_bind().dialect.name).subquery()
    query = (
        select(
            found,
            func.coalesce(found.c.country, col(Account.country)),
            col(Account.key), col(Account.name), col(Account.recommend_policy),
            col(Account.owner_id), col(Account.team_id), col(Account.segment),
            col(Account.annual_value), col(Account.currency), col(Account.renewal_date),
        )
        .join(Account, col(Account.id) == found.c.account_id)
        .order_by(found.c.first)
    )  # fmt: skip
    return [_people(tuple(row), steps) for row in (await session.execute(query)).all()]


def _grouped(
    filters: Filters,
    wave_id: int | None,
    steps: Sequence[datetime],
    by_name: Collection[str],
    dialect: str,
) -> Select[Any]:
    # With a limit SQLite makes these rows once; else it looks the moments up at every comparison.
    each = _each(filters, wave_id, steps, by_name).limit(_EVERYBODY).subquery()
    latest = func.max if dialect == "sqlite" else func.greatest
    later = latest(each.c.own, each.c.due, each.c.twin)
    step = case(
        *((later >= at, place + 1) for place, at in reversed(list(enumerate(steps)))), else_=0
    ).label("step")
    # One that stands alone is a group by its id.
    alike = (
        each.c.account_id, each.c.status, each.c.role, each.c.has_email, each.c.has_slack,
        each.c.has_teams, each.c.country, step, each.c.alone,
    )  # fmt: skip
    return select(
        *alike,
        func.min(each.c.id).label("first"),
        func.min(each.c.email).label("email"),
        func.count().label("people"),
    ).group_by(*alike)


def _each(
    filters: Filters, wave_id: int | None, steps: Sequence[datetime], by_name: Collection[str]
) -> Select[Any]:
    """Each contact with the three moments that may be the last: sent, about to be, as somebody
    else's contact.
    """
    long_ago = literal(steps[0] - timedelta(days=1), UtcDateTime())
    twin = aliased(Contact)
    email = col(Contact.email)
    own = col(Invitation.contact_id) == col(Contact.id)
    several = select(col(twin.email)).where(col(twin.email).is_not(None))
    several = several.group_by(col(twin.email)).having(func.count() > 1)
    is_several = email.in_(several)
    sent_at = col(Invitation.sent_at)
    timed = _latest(sent_at, wave_id).where(own, sent_at >= steps[0])
    # Two look-ups, each by the index of a contact's rest: a time of sending, and none yet.
    due_at = func.coalesce(col(Invitation.claimed_at), col(Invitation.send_at))
    due = _latest(due_at, wave_id).where(own, sent_at.is_(None))
    elsewhere = (
        _latest(func.coalesce(sent_at, due_at), wave_id)
        .join(twin, col(twin.id) == col(Invitation.contact_id))
        .where(col(twin.email) == email, col(twin.id) != col(Contact.id))
    )
    return (
        select(
            col(Contact.id),
            col(Contact.account_id),
            col(Contact.status),
            col(Contact.role),
            email,
            email.is_not(None).label("has_email"),
            col(Contact.slack_id).is_not(None).label("has_slack"),
            col(Contact.teams_id).is_not(None).label("has_teams"),
            col(Contact.country),
            case((or_(is_several, email.in_(by_name)), col(Contact.id))).label("alone"),
            func.coalesce(_of_contact(timed), long_ago).label("own"),
            func.coalesce(_of_contact(due), long_ago).label("due"),
            func.coalesce(case((is_several, _of_contact(elsewhere))), long_ago).label("twin"),
        )
        .join(Account, col(Account.id) == col(Contact.account_id))
        .outerjoin(Team, col(Team.id) == col(Account.team_id))
        .where(col(Account.key) != TRIAL_ACCOUNT_KEY, *conditions(filters))
    )


def _latest(at: SQLColumnExpression[Any], wave_id: int | None) -> Select[Any]:
    query = select(func.max(at)).where(
        col(Invitation.status).in_(ASKED_OR_PLANNED), col(Invitation.is_test).is_(False)
    )
    if wave_id is None:
        return query
    return query.where(or_(col(Invitation.wave_id).is_(None), col(Invitation.wave_id) != wave_id))


def _of_contact(query: Select[Any]) -> ScalarSelect[Any]:
    return query.correlate(Contact).scalar_subquery()


def _people(row: tuple[Any, ...], steps: Sequence[datetime]) -> People:
    account_id, status, role, has_email, has_slack, has_teams, _country, step, alone = row[:9]
    first, email, people, country, key, name, policy, owner_id, team_id = row[9:18]
    segment, value, currency, renewal_date = row[18:]
    who = Candidate(
        contact_id=first,
        account_id=account_id,
        name="",
        email=email if has_email else None,
        slack_id="-" if has_slack else None,
        teams_id="-" if has_teams else None,
        status=status,
        role=role,
        timezone=None,
        country=country,
        account_key=key,
        account_name=name,
        policy=policy,
        owner_id=owner_id,
        team_id=team_id,
        segment=segment,
        value=value,
        currency=currency,
        renewal_date=renewal_date,
        last_asked=steps[step - 1] if step else None,
    )
    return People(who, people, alone is not None)
