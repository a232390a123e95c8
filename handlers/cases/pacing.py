"""Keeps when a case was first taken and first contacted, in the owner's working hours."""

from collections.abc import Mapping
from typing import Any

from handlers.calendars import working_hours
from handlers.cases import times
from handlers.context import Context
from storage import members, pace
from storage.db import Session
from storage.models import Case, CasePace

_STEPS = (("taken_at", "take_by", "take_hours"), ("contacted_at", "contact_by", "contact_hours"))


async def keep(
    session: Session, ctx: Context, case: Case, values: Mapping[str, Any], *, undone: bool
) -> None:
    """Keeps the first time of each step with the deadline that held; an undone one is forgotten.

    `case` is as it was before these values were set.
    """
    if not any(at in values for at, _by, _hours in _STEPS):
        return
    kept = await pace.of_case(session, case.id) or CasePace(case_id=case.id)
    changed = False
    for at, by, hours in _STEPS:
        first, now = getattr(kept, at), values.get(at)
        if undone and at in values and now is None and first == getattr(case, at):
            setattr(kept, at, None)
            setattr(kept, hours, None)
            changed = True
        elif not undone and first is None and now is not None:
            owner = await members.by_id(session, case.owner_id)
            calendar = times.calendar_of(owner, ctx.programme)
            setattr(kept, at, now)
            setattr(kept, hours, working_hours(case.opened_at, now, calendar))
            changed = True
        if changed and getattr(kept, by) is None:
            # Going back and opening again set new deadlines: what counts is the first.
            setattr(kept, by, getattr(case, by))
    if changed:
        session.add(kept)
