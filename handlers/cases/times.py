"""Deadlines of cases, counted in the working hours of the person who is responsible."""

from datetime import date, datetime, timedelta

from handlers.calendars import Calendar, add_working_days, add_working_hours, working_calendar
from handlers.settings import Programme
from storage.cases import Person, Stake
from storage.models import Account, ContactRole, Member

_RENEWAL_DAYS = 90


def calendar_of(member: Member | Person | None, programme: Programme) -> Calendar:
    """Gives the working hours of a member; the programme's where nobody is responsible."""
    if member is None:
        return working_calendar(programme)
    return working_calendar(programme, member.timezone, member.country)


def urgent(account: Account | Stake, role: str | None, today: date) -> bool:
    """Tells whether times are halved: decision maker, strategic, tier A, renewal in 90 days.

    `role` is the contact's.
    """
    if role == ContactRole.DECISION_MAKER or account.strategic:
        return True
    if (account.tier or "").strip().upper() == "A":
        return True
    renewal = account.renewal_date
    return renewal is not None and timedelta(0) <= renewal - today <= timedelta(days=_RENEWAL_DAYS)


def take_by(start: datetime, halved: bool, calendar: Calendar, programme: Programme) -> datetime:
    """Gives when a critic's case must be taken: 4 working hours after the answer, or half."""
    hours = programme.critic_take_hours / (2 if halved else 1)
    return add_working_hours(start, hours, calendar)


def contact_by(start: datetime, halved: bool, calendar: Calendar, programme: Programme) -> datetime:
    """Gives when the customer must be contacted: 2 working days after the answer, or half."""
    days = programme.critic_contact_days
    if not halved:
        return add_working_days(start, days, calendar)
    at = add_working_days(start, days // 2, calendar)
    return add_working_hours(at, day_hours(calendar) / 2, calendar) if days % 2 else at


def day_hours(calendar: Calendar) -> float:
    """Gives the length of a working day in hours."""
    first, last = calendar.hours
    day = date(2000, 1, 3)
    span = datetime.combine(day, last) - datetime.combine(day, first)
    return span / timedelta(hours=1)
