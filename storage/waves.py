"""Waves: planned, found by name, steered from state to state, and counted."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import case, func, literal, true
from sqlmodel import col, delete, exists, select, update

from storage.db import Session
from storage.models import (
    Alert,
    Invitation,
    InvitationStatus,
    Posting,
    Reminder,
    Response,
    ResponseStatus,
    Survey,
    Wave,
    WaveState,
)
from storage.writing import changed_rows

_SHOWN_AFTER_THE_END = timedelta(hours=1)
RUNNING = (WaveState.SENDING, WaveState.PAUSED)
# An invitation that left us: it counts as tried, whatever became of it.
TRIED = (
    InvitationStatus.SENDING,
    InvitationStatus.SENT,
    InvitationStatus.DOUBT,
    InvitationStatus.FAILED,
    InvitationStatus.BOUNCED,
)


class Counts(NamedTuple):
    """How a wave stands; `sent` = accepted by the channel, `delivered` = and not bounced."""

    planned: int = 0
    sending: int = 0
    sent: int = 0
    delivered: int = 0
    doubt: int = 0
    failed: int = 0
    bounced: int = 0
    cancelled: int = 0
    skipped: int = 0
    answered: int = 0
    reminded: int = 0

    @property
    def to_send(self) -> int:
        """All that shall be or was sent."""
        return self.planned + self.sending + self.sent + self.doubt + self.failed

    @property
    def left(self) -> int:
        """What is still on its way out."""
        return self.planned + self.sending


async def by_id(session: Session, wave_id: int) -> Wave | None:
    """Gives a wave, or None."""
    return await session.get(Wave, wave_id)


async def by_name(session: Session, name: str) -> Wave | None:
    """Gives the wave of this name, compared without case."""
    query = select(Wave).where(func.lower(col(Wave.name)) == name.strip().lower())
    return (await session.exec(query)).first()


async def in_states(session: Session, states: Collection[str]) -> Sequence[Wave]:
    """Gives the real waves in these states, the newest first."""
    query = (
        select(Wave)
        .where(col(Wave.state).in_(states), col(Wave.is_test).is_(False))
        .order_by(col(Wave.id).desc())
    )
    return (await session.exec(query)).all()


async def latest(session: Session, limit: int) -> Sequence[Wave]:
    """Gives the newest waves, tests aside."""
    query = (
        select(Wave)
        .where(col(Wave.is_test).is_(False))
        .order_by(func.coalesce(col(Wave.starts_at), col(Wave.created_at)).desc())
        .limit(limit)
    )
    return (await session.exec(query)).all()


async def names(session: Session) -> Sequence[str]:
    """Gives the names of all waves, tests aside, the newest first."""
    query = select(Wave.name).where(col(Wave.is_test).is_(False)).order_by(col(Wave.id).desc())
    return (await session.exec(query)).all()


async def surveys(session: Session) -> Sequence[Survey]:
    """Gives all surveys by name."""
    return (await session.exec(select(Survey).order_by(col(Survey.name)))).all()


async def survey(session: Session, survey_id: int | None) -> Survey | None:
    """Gives a survey, or None."""
    return None if survey_id is None else await session.get(Survey, survey_id)


async def add(session: Session, wave: Wave) -> Wave:
    """Stores a new wave and gives it its id."""
    session.add(wave)
    await session.flush()
    return wave


async def move(
    session: Session, wave_id: int, come_from: Collection[str], to: str, **values: Any
) -> bool:
    """Changes the state of a wave by one UPDATE; False when it is in another state by now."""
    statement = (
        update(Wave)
        .where(col(Wave.id) == wave_id, col(Wave.state).in_(come_from))
        .values(state=to, **values)
    )
    return await changed_rows(session, statement) == 1


async def steer(session: Session, wave_id: int, come_from: Collection[str], to: str) -> bool:
    """Changes a state on a person's word; False when the wave is in another state by now.

    Whoever acts in the pause after the first messages has looked at them: it does not come again.
    """
    looked = case(
        (col(Wave.first_batch_until).is_not(None), true()), else_=col(Wave.first_batch_released)
    )
    return await move(
        session, wave_id, come_from, to, first_batch_released=looked, first_batch_until=None
    )


async def change(session: Session, wave_id: int, **values: Any) -> bool:
    """Changes a wave that is still a draft; False when it is none any more."""
    return await move(session, wave_id, (WaveState.DRAFT,), WaveState.DRAFT, **values)


async def discard(session: Session, wave_id: int) -> bool:
    """Deletes a draft; False when it is none any more."""
    if not await move(session, wave_id, (WaveState.DRAFT,), WaveState.DRAFT):
        return False
    await session.exec(delete(Alert).where(col(Alert.wave_id) == wave_id))
    await session.exec(delete(Wave).where(col(Wave.id) == wave_id))
    return True


async def counts(session: Session, wave_id: int) -> Counts:
    """Gives how a wave stands, from its invitations, reminders and confirmed replies."""
    mine = col(Invitation.wave_id) == wave_id
    by_state = dict(
        (
            await session.exec(
                select(Invitation.status, func.count()).where(mine).group_by(Invitation.status)
            )
        ).all()
    )
    answered = await session.exec(
        select(func.count())
        .select_from(Invitation)
        .join(Response, col(Response.invitation_id) == col(Invitation.id))
        .where(
            mine,
            col(Response.status) == ResponseStatus.CONFIRMED,
            col(Invitation.status).in_((*TRIED, InvitationStatus.CANCELLED)),
        )
    )
    reminded = await session.exec(
        select(func.count())
        .select_from(Reminder)
        .join(Invitation, col(Invitation.id) == col(Reminder.invitation_id))
        .where(mine, col(Reminder.status).in_((InvitationStatus.SENT, InvitationStatus.DOUBT)))
    )
    bounced, sent = by_state.get("bounced", 0), by_state.get("sent", 0)
    return Counts(
        planned=by_state.get("planned", 0),
        sending=by_state.get("sending", 0),
        sent=sent + bounced,
        delivered=sent,
        doubt=by_state.get("doubt", 0),
        failed=by_state.get("failed", 0),
        bounced=bounced,
        cancelled=by_state.get("cancelled", 0),
        skipped=by_state.get("skipped", 0),
        answered=answered.one(),
        reminded=reminded.one(),
    )


async def skipped(session: Session, wave_id: int) -> dict[str, int]:
    """Gives how many contacts of a wave were left out, by reason."""
    rows = await session.exec(
        select(Invitation.reason, func.count())
        .where(
            col(Invitation.wave_id) == wave_id,
            col(Invitation.status) == InvitationStatus.SKIPPED,
        )
        .group_by(Invitation.reason)
    )
    return {reason or "": n for reason, n in rows.all()}


async def cancel_planned(session: Session, wave_id: int, reason: str) -> int:
    """Cancels everything of a wave that has not gone out, reminders too; gives how many prompts."""
    mine = select(Invitation.id).where(col(Invitation.wave_id) == wave_id)
    await session.exec(
        update(Reminder)
        .where(
            col(Reminder.invitation_id).in_(mine),
            col(Reminder.status) == InvitationStatus.PLANNED,
        )
        .values(status=InvitationStatus.CANCELLED, reason=reason)
    )
    return await changed_rows(
        session,
        update(Invitation)
        .where(
            col(Invitation.wave_id) == wave_id,
            col(Invitation.status) == InvitationStatus.PLANNED,
        )
        .values(status=InvitationStatus.CANCELLED, reason=reason),
    )


async def to_start(session: Session, now: datetime) -> Sequence[Wave]:
    """Gives approved waves whose start has come."""
    query = select(Wave).where(col(Wave.state) == WaveState.APPROVED, col(Wave.starts_at) <= now)
    return (await session.exec(query)).all()


async def to_release(session: Session, now: datetime) -> Sequence[Wave]:
    """Gives waves whose pause after the first messages is over."""
    query = select(Wave).where(
        col(Wave.state) == WaveState.PAUSED, col(Wave.first_batch_until) <= now
    )
    return (await session.exec(query)).all()


async def to_close(session: Session, now: datetime) -> Sequence[Wave]:
    """Gives waves whose closing date has come; stopped ones too, if anybody was asked."""
    asked = exists(literal(1)).where(
        col(Invitation.wave_id) == col(Wave.id),
        col(Invitation.status).in_((InvitationStatus.SENT, InvitationStatus.DOUBT)),
    )
    query = select(Wave).where(
        col(Wave.state).in_((*RUNNING, WaveState.STOPPED)),
        col(Wave.closed_at).is_(None),
        col(Wave.closes_at) <= now,
        col(Wave.is_test).is_(False),
        (col(Wave.state) != WaveState.STOPPED) | asked,
    )
    return (await session.exec(query)).all()


async def close(session: Session, wave_id: int, to: str, now: datetime) -> bool:
    """Notes that a wave is closed; False when somebody did that already."""
    statement = (
        update(Wave)
        .where(col(Wave.id) == wave_id, col(Wave.closed_at).is_(None))
        .values(state=to, closed_at=now, first_batch_until=None)
    )
    return await changed_rows(session, statement) == 1


async def watched(session: Session, subject: str, now: datetime) -> Sequence[int]:
    """Gives the running waves of which a card stands somewhere, and those closed just now."""
    posted = exists(literal(1)).where(
        col(Posting.subject) == subject, col(Posting.subject_id) == col(Wave.id)
    )
    ended = now - _SHOWN_AFTER_THE_END
    query = select(Wave.id).where(
        col(Wave.state).in_(RUNNING) | (col(Wave.closed_at) >= ended), posted
    )
    return (await session.exec(query)).all()
