"""Opens or joins the cases of critics, within the transaction that records their answers."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from handlers import alerts
from handlers.accounts import shown
from handlers.cases import apart, redraw, times
from handlers.context import Context, Job
from storage import alerts as outbox
from storage import cases
from storage.alerts import Added
from storage.cases import CaseKey, Ground, Opened, Person
from storage.db import Session
from storage.models import (
    Alert,
    AlertStatus,
    CaseState,
    ContactRole,
    Member,
)

Someone = TypeVar("Someone", Member, Person)


@dataclass(frozen=True)
class Critic:
    """A confirmed score of 0 to 6 with what decides who gets to see it; due at the settle point."""

    response_id: int
    account_id: int
    contact_id: int
    kind: str
    wave_id: int | None
    to_manager: bool
    comment: str | None
    answered_at: datetime
    settle_at: datetime
    known: bool = True  # it was stored before this group: it may belong to a case already

    def key(self, hidden: Collection[int]) -> CaseKey:
        """Of what one case is open at a time; `hidden` responses are kept from the owner."""
        return self.account_id, self.kind, self.wave_id, self.response_id in hidden


@dataclass(frozen=True)
class Due:
    """An alert that waits: after the commit the engine is asked for `job` at `due_at`."""

    alert_id: int
    due_at: datetime
    job: Job


async def open_cases(session: Session, ctx: Context, critics: Sequence[Critic]) -> list[Due]:
    """Opens or joins a case for each critic and asks for its alert; a second call changes nothing.

    The number of statements is the same for one critic and for a thousand.
    """
    if not critics:
        return []
    ground = await cases.ground(
        session,
        {critic.contact_id for critic in critics},
        [critic.response_id for critic in critics if critic.known],
    )
    new = [critic for critic in critics if critic.response_id not in ground.joined]
    hidden = {
        critic.response_id
        for critic in critics
        if in_conflict(critic, owner_of(ground, critic.account_id))
    }
    now = ctx.now()
    openers = _openers(new, ground, hidden)
    fresh = await cases.open_new(
        session, [_opened(ctx, ground, key, opener) for key, opener in openers.items()]
    )
    opened: dict[CaseKey, Opened] = {**ground.cases, **fresh}
    if opened.keys() < openers.keys():  # somebody opened one meanwhile
        opened |= await cases.open_of(session, {critic.account_id for critic in new})
    await cases.join(
        session,
        [
            {
                "response_id": critic.response_id,
                "case_id": opened[critic.key(hidden)].id,
                "joined_at": now,
            }
            for critic in new
        ],
    )
    await _note_joining(session, ctx, ground, new, opened, hidden)
    case_ids = {critic.response_id: opened[critic.key(hidden)].id for critic in new}
    case_ids |= {response_id: case.id for response_id, case in ground.joined.items()}
    # For an answer that is in its case already: "show it to the manager" comes last.
    hidden_late = await apart.hide(session, ctx, hidden & ground.joined.keys())
    case_ids |= hidden_late
    rows = await outbox.add_many(
        session,
        [
            {
                "key": f"response:{critic.response_id}",
                "what": "critic",
                "due_at": critic.settle_at,
                "case_id": case_ids[critic.response_id],
                "response_id": critic.response_id,
                "account_id": critic.account_id,
                "wave_id": critic.wave_id,
                "detail": {"partition": ground.accounts[critic.account_id].place or "fallback"},
            }
            for critic in critics
        ],
    )
    told = [
        redraw.kept(case_ids[critic.response_id], critic.response_id, critic.account_id, now)
        for alert, critic in zip(rows, critics, strict=True)
        # The owner has the card already: it is taken from them, and the lead gets one.
        if critic.response_id in hidden_late
        and alert.status in (AlertStatus.SENT, AlertStatus.SENDING)
    ]
    above = await _above(session, set(hidden_late.values()))
    left = {ground.joined[each].id for each in hidden_late} - set(hidden_late.values())
    edits = [redraw.row(case_id, f"left:{now.timestamp():.3f}", now) for case_id in left]
    gone = [
        shown.gone_row(each.account_id, f"kept:{each.response_id}", now, [each.response_id])
        for each in critics
        if each.response_id in hidden_late
    ]
    once = [
        redraw.said_gone(case_id, now) for case_id in {ground.joined[e].id for e in hidden_late}
    ]
    cards = [row for pair in told for row in pair if row["response_id"] not in above]
    late = await outbox.add_many(session, [*cards, *edits, *gone, *once])
    for alert, critic in zip(rows, critics, strict=True):
        # Changed to 9 and back to 3 before anybody was told: it is a critic's answer again.
        if alert.status == AlertStatus.CANCELLED:
            case_id = case_ids[critic.response_id]
            await outbox.revive(session, alert.id, case_id, critic.settle_at)
    return [due_of(alert) for alert in (*rows, *late)]


async def _above(session: Session, case_ids: Collection[int]) -> set[int | None]:
    """Gives the answers of which a lead has a card already."""
    return {
        each.response_id
        for case_id in case_ids
        for each in await outbox.postings(session, "case", case_id)
        if each.part != "note" and each.reason in ("conflict", "lead") and each.response_id
    }


async def settle(session: Session, response_ids: Collection[int], at: datetime) -> list[Due]:
    """Moves the alerts of these responses, while they wait, to the settle point `at`."""
    return [due_of(alert) for alert in await outbox.move(session, response_ids, at)]


def owner_of(ground: Ground, account_id: int) -> Person | None:
    """Gives the account's owner of record, whether or not they are there."""
    owner_id = ground.accounts[account_id].owner_id
    return None if owner_id is None else ground.members.get(owner_id)


def responsible(
    owner: Someone | None, backup: Someone | None, lead: Someone | None, now: datetime
) -> Someone | None:
    """Gives who has to act: the owner, else a backup who is there, else the lead.

    An absent owner without any of these keeps it: that is still somebody.
    """
    if owner is None or owner.left_at is not None:
        return lead
    if not is_away(owner, now):
        return owner
    there = backup is not None and backup.left_at is None and not is_away(backup, now)
    return backup if there else lead or owner


def is_away(member: Member | Person, now: datetime) -> bool:
    """Tells whether a member is absent now."""
    if member.away_until is None or member.away_until <= now:
        return False
    return member.away_from is None or member.away_from <= now


def in_conflict(critic: Critic, owner: Person | None) -> bool:
    """Tells whether the owner must not see this: the contact wants it so, or names the owner."""
    return critic.to_manager or (owner is not None and names(critic.comment, owner.name))


def names(comment: str | None, name: str) -> bool:
    """Tells whether a comment holds a person's first or last name as a whole word, or as
    Scandinavian writes whose something is: `Annas`.
    """
    words = set(re.findall(r"[^\W\d_]+", (comment or "").casefold()))
    parts = [part for part in re.findall(r"[^\W\d_]+", name.casefold()) if len(part) > 1]
    return any(part in words or f"{part}s" in words for part in (*parts[:1], *parts[-1:]))


def _openers(
    critics: Sequence[Critic], ground: Ground, hidden: Collection[int]
) -> dict[CaseKey, list[Critic]]:
    openers: dict[CaseKey, list[Critic]] = {}
    for critic in critics:
        key = critic.key(hidden)
        if key not in ground.cases:
            openers.setdefault(key, []).append(critic)
    return openers


def _opened(
    ctx: Context, ground: Ground, key: CaseKey, critics: Sequence[Critic]
) -> dict[str, Any]:
    account_id, kind, wave_id, kept = key
    who = _whose(ctx, ground, account_id, kept)
    deadlines = [_deadlines(ctx, ground, critic, who) for critic in critics]
    return {
        "what": "critic",
        "account_id": account_id,
        "kind": kind,
        "wave_id": wave_id,
        "state": CaseState.NEW,
        "version": 1,
        "owner_id": who.id if who else None,
        "opened_at": ctx.now(),
        "take_by": min(take for take, _contact in deadlines),
        "contact_by": min(contact for _take, contact in deadlines),
        "remind_at": min(take for take, _contact in deadlines),
        "hidden_from_owner": kept,
    }


def _whose(ctx: Context, ground: Ground, account_id: int, hidden: bool) -> Person | None:
    """Gives with whom a case is: who may not see it can't work on it, so that is the lead's."""
    account = ground.accounts[account_id]
    lead = ground.leads.get(account.team_id) if account.team_id is not None else None
    if hidden:
        return lead if lead is not None and lead.id not in account.kept_from else None
    owner = owner_of(ground, account_id)
    backup = ground.members.get(owner.backup_id) if owner and owner.backup_id else None
    return responsible(owner, backup, lead, ctx.now())


def _deadlines(
    ctx: Context, ground: Ground, critic: Critic, who: Person | None
) -> tuple[datetime, datetime]:
    calendar = times.calendar_of(who, ctx.programme)
    today = critic.answered_at.astimezone(calendar.zone).date()
    account, role = ground.accounts[critic.account_id], ground.roles[critic.contact_id]
    halved = times.urgent(account, role, today)
    start = critic.answered_at
    return (
        times.take_by(start, halved, calendar, ctx.programme),
        times.contact_by(start, halved, calendar, ctx.programme),
    )


async def _note_joining(
    session: Session,
    ctx: Context,
    ground: Ground,
    critics: Sequence[Critic],
    opened: Mapping[CaseKey, Opened],
    hidden: Collection[int],
) -> None:
    """Writes the timeline, and gives an open case the deadline of a decision maker who joins it."""
    events: list[dict[str, Any]] = []
    changes: dict[int, dict[str, Any]] = {}
    for critic in critics:
        key = critic.key(hidden)
        case = ground.cases.get(key)
        events.append(
            {
                "case_id": opened[key].id,
                "at": ctx.now(),
                "act": "joined" if case is not None else "opened",
                "note": str(critic.response_id),
                "before": {},
                "undone": False,
            }
        )
        if case is not None and ground.roles[critic.contact_id] == ContactRole.DECISION_MAKER:
            who = _whose(ctx, ground, critic.account_id, critic.response_id in hidden)
            change = changes.setdefault(case.id, _unchanged(case))
            apart.hurry(change, _deadlines(ctx, ground, critic, who))
    await cases.note_events(session, events)
    await cases.change_many(session, list(changes.values()))


def _unchanged(case: Opened) -> dict[str, Any]:
    return {
        "id": case.id,
        "state": case.state,
        "take_by": case.take_by,
        "contact_by": case.contact_by,
        "contacted_at": case.contacted_at,
        "remind_at": case.take_by,
        "version": case.version + 1,
    }


def due_of(alert: Alert | Added) -> Due:
    """Gives the work that an alert asks for."""
    return Due(alert.id, alert.due_at, alerts.job_of(alert))
