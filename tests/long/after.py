"""What must be true of a wave, its answers and its alerts, however often the server died."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import func
from sqlmodel import col, select

from handlers.context import Context
from storage.db import Session
from storage.models import (
    Account,
    Alert,
    AlertStatus,
    Invitation,
    InvitationStatus,
    Posting,
    Response,
    ResponseStatus,
)
from tests.long import relay
from tests.long.contacts import Contacts
from tests.long.facts import Fact, at_most, equal, told
from tests.long.slack import Slack

_UNFINISHED = (InvitationStatus.PLANNED, InvitationStatus.SENDING)
_LAST_CRITIC = 6


async def unfinished(ctx: Context, wave_id: int) -> int:
    """Gives how many contacts of a wave still wait; 1 where it is not planned yet."""
    async with ctx.db.reading() as session:
        mine = col(Invitation.wave_id) == wave_id
        every = (await session.exec(select(func.count()).where(mine))).one()
        left = await session.exec(
            select(func.count()).where(mine, col(Invitation.status).in_(_UNFINISHED))
        )
        return left.one() if every else 1


async def alerts_left(ctx: Context) -> int:
    """Gives how many alerts that are due are not posted yet."""
    async with ctx.db.reading() as session:
        waiting = await session.exec(
            select(func.count()).where(
                col(Alert.status).in_((AlertStatus.PENDING, AlertStatus.SENDING)),
                col(Alert.due_at) <= ctx.now(),
            )
        )
        return waiting.one()


async def all_accounts(session: Session) -> Sequence[Account]:
    """Gives every account."""
    return (await session.exec(select(Account))).all()


async def of_wave(ctx: Context, wave_id: int, contacts: int, kills: int, log: Path) -> list[Fact]:
    """Every contact is sent, in doubt or failed with a reason, and none is at the relay twice."""
    async with ctx.db.reading() as session:
        mine = col(Invitation.wave_id) == wave_id
        rows = (await session.exec(select(Invitation).where(mine))).all()
    by_status: dict[str, list[Invitation]] = {}
    for row in rows:
        by_status.setdefault(row.status, []).append(row)
    sent, doubt, failed = (by_status.get(name, []) for name in ("sent", "doubt", "failed"))
    taken = {
        int(message_id.split(".")[1]): times for message_id, times in relay.accepted(log).items()
    }
    arrived = sum(row.id in taken for row in doubt)
    return [
        equal("contacts with an invitation", len(rows), contacts),
        told("sent", len(sent)),
        at_most("in doubt (one a kill)", len(doubt), kills),
        told("of these at the relay", arrived),
        told("failed", len(failed)),
        equal("failed without a reason", sum(not row.reason for row in failed), 0),
        equal("in any other state", len(rows) - len(sent) - len(doubt) - len(failed), 0),
        equal("accepted twice by the relay", sum(times > 1 for times in taken.values()), 0),
        equal("sent, but not at the relay", sum(row.id not in taken for row in sent), 0),
        equal("failed, but at the relay", sum(row.id in taken for row in failed), 0),
    ]


async def of_answers(ctx: Context, people: Contacts) -> list[Fact]:
    """What the page confirmed is stored, once, with its score and words."""
    async with ctx.db.reading() as session:
        rows = (await session.exec(select(Response))).all()
    stored = {row.invitation_id: row for row in rows}
    lost = [
        invitation
        for invitation, score in people.stored.items()
        if invitation not in stored
        or stored[invitation].score != score
        or stored[invitation].status != ResponseStatus.CONFIRMED
        or stored[invitation].comment != f"what I think of it, {invitation}"
    ]
    return [
        told("answers the page confirmed", len(people.stored)),
        told("posts cut by a kill, and posted again", people.cut),
        equal("answers refused", len(people.refused), 0),
        equal("answers lost", len(lost), 0),
        equal("answers nobody gave", len(stored.keys() - people.stored.keys()), 0),
    ]


async def of_alerts(ctx: Context, slack: Slack) -> list[Fact]:
    """Every critic's alert stands at the platform, and we know where."""
    async with ctx.db.reading() as session:
        critics = set(
            (
                await session.exec(
                    select(Response.id).where(
                        col(Response.status) == ResponseStatus.CONFIRMED,
                        col(Response.score) <= _LAST_CRITIC,
                    )
                )
            ).all()
        )
        alerts = {
            row.response_id: row
            for row in (await session.exec(select(Alert).where(col(Alert.what) == "critic"))).all()
        }
        postings: dict[int | None, set[str]] = {}
        for posting in (await session.exec(select(Posting))).all():
            postings.setdefault(posting.response_id, set()).add(posting.message_id)
    times = slack.times
    unsent = [each for each in critics if each not in alerts or alerts[each].status != "sent"]
    missing = [each for each in critics if each in alerts and not times[f"alert:{alerts[each].id}"]]
    unknown = [each for each in critics if not postings.get(each, set()) & slack.posted.keys()]
    twice = sum(times[f"alert:{alert.id}"] > 1 for alert in alerts.values())
    return [
        told("critics", len(critics)),
        equal("critics whose alert is not done", len(unsent), 0),
        equal("alerts missing at the platform", len(missing), 0),
        equal("alerts without the place they stand in", len(unknown), 0),
        told("alerts posted twice (twice beats never)", twice),
    ]
