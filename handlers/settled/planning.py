"""Plans the question whether it is settled, when a case is solved; or says why nobody is asked."""

from datetime import datetime, timedelta

from handlers.calendars import (
    Calendar,
    add_working_days,
    next_working_moment,
    sending_calendar,
)
from handlers.cases.acting import Scene
from handlers.settings import Programme
from handlers.waves.audience import channel_of, channels
from storage import case_view, letters
from storage.models import Account, Case, Contact, ContactStatus

AFTER_WORKING_DAYS = 3
ANSWER_WITHIN = timedelta(days=10)
_LOST = "lost"


async def solved(scene: Scene, outcome: str, reached: bool) -> str | None:
    """Plans a letter to each contact of the case; gives the reason where nobody is asked."""
    case, session = scene.case, scene.session
    if not reached:
        return "not_reached"
    if outcome == _LOST:
        return "lost"
    reason: str | None = None
    asked = False
    for joined in await case_view.joined(session, case.id):
        contact = joined.contact
        why = unfit(contact, scene.ctx.programme)
        if why is not None:
            reason = reason or why
            continue
        asked = True
        await letters.plan(
            session,
            {
                "key": f"settled:{case.id}:{contact.id}:{case.round}",
                "account_id": case.account_id,
                "contact_id": contact.id,
                "case_id": case.id,
                "round": case.round,
                "written_by": scene.me.id,
                "text": None,
                "channel": channel(contact, scene.ctx.programme),
                "send_at": send_at(scene.now, contact, scene.account, scene.ctx.programme),
            },
        )
    return None if asked else reason or "no_address"


def unfit(contact: Contact, programme: Programme) -> str | None:
    """Gives why a contact can't be asked, None where they can."""
    if contact.status != ContactStatus.ACTIVE:
        return str(contact.status)
    return None if channel(contact, programme) else "no_address"


def channel(contact: Contact, programme: Programme) -> str | None:
    """Gives the channel on which a contact is asked, as for invitations."""
    return channel_of(contact.email, contact.slack_id, contact.teams_id, channels(programme))


def send_at(now: datetime, contact: Contact, account: Account, programme: Programme) -> datetime:
    """Gives the third working day from now at an hour in which the contact may be written to."""
    calendar = calendar_of(contact, account, programme)
    return next_working_moment(add_working_days(now, AFTER_WORKING_DAYS, calendar), calendar)


def calendar_of(contact: Contact, account: Account, programme: Programme) -> Calendar:
    """Gives the days and hours in which a contact may be written to."""
    return sending_calendar(programme, contact.timezone, contact.country or account.country)


def in_force(case: Case, round_: int) -> bool:
    """Tells whether a letter is still about the case as it was solved."""
    return case.round == round_
