"""Claims of single prompts and reminders, their outcomes, and what is due to be sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, literal, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, exists, select, update

from storage import improvements, wave_rollups
from storage.db import Session
from storage.models import (
    Account,
    Contact,
    ContactStatus,
    Invitation,
    InvitationStatus,
    Member,
    Reminder,
    Response,
    ResponseStatus,
    Survey,
    Wave,
    WaveChannel,
    WaveState,
)
from storage.waves import TRIED
from storage.writing import changed_rows, insert_new

Sendable = type[Invitation] | type[Reminder]


@dataclass(frozen=True)
class Claimed:
    """One prompt that this run alone may send, with all that its message needs."""

    invitation: Invitation
    contact: Contact
    account: Account
    owner: Member | None
    survey: Survey | None
    reminder: Reminder | None = None
    done_since: str | None = None  # what was done since last time, as the account's people read it

    @property
    def row(self) -> Invitation | Reminder:
        """The row that carries the state of this message."""
        return self.reminder or self.invitation


class Halt(NamedTuple):
    """Why a batch must not send now: the wave is not sending, or its first messages are out."""

    first_batch_done: bool


async def begin_batch(
    session: Session, wave_id: int, channel: str, number: int, run: str
) -> Wave | None:
    """Notes that this batch runs; what an earlier execution of it left in `sending` is in doubt.

    The next batch gets a new number from here on, so a batch that fails is not the last one.
    """
    row = await session.get(WaveChannel, (wave_id, channel))
    if row is None:
        await insert_new(
            session, WaveChannel, [{"wave_id": wave_id, "channel": channel, "next_batch": 0}]
        )
    await session.exec(
        update(WaveChannel)
        .where(
            col(WaveChannel.wave_id) == wave_id,
            col(WaveChannel.channel) == channel,
            col(WaveChannel.next_batch) <= number,
        )
        .values(next_batch=number + 1)
    )
    workflow = run.partition("#")[0]
    for model in (Invitation, Reminder):
        await session.exec(
            update(model)
            .where(
                col(model.status) == InvitationStatus.SENDING,
                col(model.claimed_by).startswith(f"{workflow}#", autoescape=True),
                col(model.claimed_by) != run,
            )
            .values(status=InvitationStatus.DOUBT)
        )
    return await session.get(Wave, wave_id)


async def due_ids(
    session: Session, model: Sendable, wave_id: int, channel: str, now: datetime, limit: int
) -> Sequence[int]:
    """Gives the planned prompts or reminders of a wave whose time has come, the earliest first."""
    query = (
        select(model.id)
        .where(*_due(model, channel, now))
        .order_by(col(model.send_at), col(model.id))
        .limit(limit)
    )
    if model is Reminder:
        query = query.join(Invitation, col(Invitation.id) == col(Reminder.invitation_id))
    return (await session.exec(query.where(col(Invitation.wave_id) == wave_id))).all()


async def claim(
    session: Session, model: Sendable, row_id: int, run: str, now: datetime
) -> Claimed | Halt | None:
    """Takes one prompt for sending by one UPDATE; None when somebody else has it or it may not go.

    The wave's row is locked first: a pause or stop holds from its commit on, and two channels
    together keep to the number of first messages.
    """
    invitation, reminder = await _rows(session, model, row_id)
    if invitation.wave_id is None:
        return None
    query = select(Wave).where(col(Wave.id) == invitation.wave_id).with_for_update()
    wave = (await session.exec(query)).one()
    if wave.state != WaveState.SENDING:
        return Halt(first_batch_done=False)
    if await _first_batch_is_out(session, wave):
        return Halt(first_batch_done=True)
    claimed = await changed_rows(
        session,
        update(model)
        .where(col(model.id) == row_id, col(model.status) == InvitationStatus.PLANNED)
        .values(status=InvitationStatus.SENDING, claimed_by=run, claimed_at=now),
    )
    if claimed != 1:
        return None
    contact = await session.get_one(Contact, invitation.contact_id)
    left_out = _no_longer(model, contact, invitation, now)
    if left_out is not None:
        status, reason = left_out
        row = reminder or invitation
        row.status, row.reason, row.claimed_by, row.claimed_at = status, reason, None, None
        session.add(row)
        return None
    account = await session.get_one(Account, invitation.account_id)
    owner = await session.get(Member, account.owner_id) if account.owner_id else None
    survey = await session.get(Survey, invitation.survey_id) if invitation.survey_id else None
    done_since = await improvements.line_for(session, account.id, wave.id)
    return Claimed(invitation, contact, account, owner, survey, reminder, done_since)


async def record(session: Session, claimed: Claimed, run: str, **values: Any) -> bool:
    """Notes what became of a claimed prompt; False when it is no longer this run's.

    It lifts a doubt: the row of a run that was thought dead is still its own.
    """
    model: Sendable = Reminder if claimed.reminder else Invitation
    statement = (
        update(model)
        .where(
            col(model.id) == claimed.row.id,
            col(model.claimed_by) == run,
            col(model.status).in_((InvitationStatus.SENDING, InvitationStatus.DOUBT)),
        )
        .values(**values)
    )
    if await changed_rows(session, statement) != 1:
        return False
    if claimed.reminder is None and claimed.invitation.wave_id is not None:
        # A doubt may be lifted after the wave was closed and counted.
        waves, accounts = [claimed.invitation.wave_id], [claimed.invitation.account_id]
        await wave_rollups.recount(session, waves, accounts)
    return True


async def mark_bouncing(session: Session, contact_id: int) -> None:
    """Notes that a contact's address is refused; who left or unsubscribed stays so."""
    await session.exec(
        update(Contact)
        .where(col(Contact.id) == contact_id, col(Contact.status) == ContactStatus.ACTIVE)
        .values(status=ContactStatus.BOUNCING)
    )


async def postpone(
    session: Session, wave_id: int, channel: str, now: datetime, until: datetime
) -> None:
    """Moves everything of a wave that is due on a channel: the channel asked for quiet."""
    mine = select(Invitation.id).where(col(Invitation.wave_id) == wave_id)
    for model, key in ((Invitation, col(Invitation.id)), (Reminder, col(Reminder.invitation_id))):
        await session.exec(
            update(model).where(*_due(model, channel, now), key.in_(mine)).values(send_at=until)
        )


async def plan_reminder(
    session: Session, invitation_id: int, channel: str, send_at: datetime, number: int = 1
) -> None:
    """Notes when an invitation is repeated; a reminder that exists stays as it is."""
    row = {
        "invitation_id": invitation_id,
        "number": number,
        "channel": channel,
        "status": InvitationStatus.PLANNED,
        "send_at": send_at,
    }
    await insert_new(session, Reminder, [row])


async def drop_needless_reminders(session: Session, wave_id: int, now: datetime) -> None:
    """Cancels the due reminders of a wave whose contacts have answered."""
    heard = (
        select(Response.invitation_id)
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .where(
            col(Invitation.wave_id) == wave_id,
            col(Response.status) == ResponseStatus.CONFIRMED,
        )
    )
    await session.exec(
        update(Reminder)
        .where(
            col(Reminder.status) == InvitationStatus.PLANNED,
            col(Reminder.send_at) <= now,
            col(Reminder.invitation_id).in_(heard),
        )
        .values(status=InvitationStatus.CANCELLED, reason="answered")
    )


async def due_batches(
    session: Session, channels: Collection[str], now: datetime
) -> Sequence[tuple[int, str, int]]:
    """Gives (wave, channel, number of its next batch) wherever something is due now."""
    of_reminder = aliased(Invitation)
    found: list[tuple[int, str, int]] = []
    for channel in channels:
        prompt = exists(literal(1)).where(
            *_due(Invitation, channel, now), col(Invitation.wave_id) == col(Wave.id)
        )
        reminder = exists(literal(1)).where(
            *_due(Reminder, channel, now),
            col(Reminder.invitation_id) == col(of_reminder.id),
            col(of_reminder.wave_id) == col(Wave.id),
        )
        query = (
            select(Wave.id, func.coalesce(col(WaveChannel.next_batch), 0))
            .outerjoin(
                WaveChannel,
                and_(col(WaveChannel.wave_id) == col(Wave.id), col(WaveChannel.channel) == channel),
            )
            .where(col(Wave.state) == WaveState.SENDING, or_(prompt, reminder))
            .order_by(col(Wave.id))
        )
        found += [(wave_id, channel, n) for wave_id, n in (await session.exec(query)).all()]
    return found


def _due(model: Sendable, channel: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(model.status) == InvitationStatus.PLANNED,
        col(model.channel) == channel,
        col(model.send_at) <= now,
    )


async def _rows(
    session: Session, model: Sendable, row_id: int
) -> tuple[Invitation, Reminder | None]:
    if model is Invitation:
        return await session.get_one(Invitation, row_id), None
    reminder = await session.get_one(Reminder, row_id)
    return await session.get_one(Invitation, reminder.invitation_id), reminder


async def _first_batch_is_out(session: Session, wave: Wave) -> bool:
    if wave.first_batch <= 0 or wave.first_batch_released:
        return False
    query = (
        select(func.count())
        .select_from(Invitation)
        .where(col(Invitation.wave_id) == wave.id, col(Invitation.status).in_(TRIED))
    )
    return (await session.exec(query)).one() >= wave.first_batch


def _no_longer(
    model: Sendable, contact: Contact, invitation: Invitation, now: datetime
) -> tuple[InvitationStatus, str] | None:
    """What happened between planning and sending that keeps this message back."""
    if contact.status != ContactStatus.ACTIVE:
        kept = InvitationStatus.SKIPPED if model is Invitation else InvitationStatus.CANCELLED
        return kept, contact.status
    if invitation.expires_at is not None and invitation.expires_at <= now:
        return InvitationStatus.CANCELLED, "closed"
    return None
