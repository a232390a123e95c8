"""What must be true of every case of a long programme: it is somebody's, and never left open."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from storage.models import OPEN_STATES, Alert, Case, CaseEvent, CaseState, Member
from tests.long.facts import Fact, holds

LONGEST = timedelta(days=14)
_SOON = timedelta(hours=1)
_CLOSE = ("solved", "settled", "not_a_critic")
_CONTACT = ("contacted", "promised", "sent", "customer_partly")
Span = tuple[datetime, datetime]


def of_cases(
    cases: Collection[Case],
    events: Collection[CaseEvent],
    alerts: Collection[Alert],
    members: dict[int, Member],
    posted: Collection[int],
    now: datetime,
) -> list[Fact]:
    """Every open case is with somebody and stands as a card (`posted` are the cases that do); none
    was ever open for long without a contact or CX; a customer's “no” is told and followed.
    """
    lost, stale, unheard, forgotten, spans, said_no, open_again = [], [], [], [], 0, 0, 0
    for case in cases:
        owner = members.get(case.taken_by or case.owner_id or 0)
        name = f"case {case.id} {case.state} of {owner and owner.email}"
        own = sorted((e for e in events if e.case_id == case.id), key=lambda event: event.id)
        answers = [e for e in alerts if e.case_id == case.id and e.what == "settled_answer"]
        for begin, end in spans_of(case, own, now):
            spans += 1
            if end - begin > LONGEST and not _in_time(own, begin):
                stale.append(f"{name}, {begin:%d %b} to {end:%d %b}")
        noes = [e.at for e in own if _is_no(e)]
        said_no += len(noes)
        unheard += [f"{name}, {at:%d %b}" for at in noes if not _is_told(answers, at, now)]
        if case.state not in OPEN_STATES:
            continue
        known = owner is not None and owner.left_at is None
        # What was contacted is with its owner, who said what comes next or is asked in the digest.
        followed = case.remind_at is not None or case.state == CaseState.CONTACTED
        if not known or case.id not in posted or not (followed or case.escalated_to == "cx"):
            lost.append(f"{name}, {case.remind_at}")
        if noes and noes[-1] >= spans_of(case, own, now)[-1][0]:
            open_again += 1
            if not (followed or case.escalated_to):
                forgotten.append(f"{name}, {noes[-1]:%d %b}")
    return [
        holds("open cases are with somebody", lost, len(cases)),
        holds("open for 14 days without a break, with a contact or CX", stale, spans),
        holds("a customer's no was told within an hour", unheard, said_no),
        holds("open after a customer's no: with a deadline, or told above", forgotten, open_again),
    ]


def spans_of(case: Case, events: Sequence[CaseEvent], now: datetime) -> list[Span]:
    """Gives from when to when a case was open without a break; what is open still is to `now`.

    Going back to whoever takes it is no break. Opened again it counts anew, and so does a “no”
    after a “partly”: the customer's word has a deadline of its own.
    """
    spans: list[Span] = []
    since: datetime | None = case.opened_at
    for event in events:
        if event.undone:
            continue
        reopens = event.act == "reopened" or (event.act == "customer_partly" and since is None)
        if since is not None and (event.act in _CLOSE or reopens):
            spans.append((since, event.at))
            since = None
        if reopens:
            since = event.at
    return [*spans, (since, now)] if since is not None else spans


def _in_time(events: Sequence[CaseEvent], begin: datetime) -> bool:
    """Tells whether in 14 days somebody called or wrote, or CX had the case.

    A day to call again and a promise are reminded of by themselves; absence, handing over and a
    snooze give no case more time than this.
    """
    acts = {e.act for e in events if not e.undone and begin <= e.at <= begin + LONGEST}
    return "told_cx" in acts or not acts.isdisjoint(_CONTACT)


def _is_no(event: CaseEvent) -> bool:
    """Tells whether the customer's own “no” opened the case again."""
    return event.act == "reopened" and event.member_id is None and not event.undone


def _is_told(answers: Sequence[Alert], at: datetime, now: datetime) -> bool:
    """Tells whether owner and lead were told within an hour, or will be."""
    for each in answers:
        sent = each.status == "sent" and each.sent_at is not None
        told_at = each.sent_at if sent else each.due_at
        if told_at is not None and at <= told_at <= at + _SOON and (sent or now <= at + _SOON):
            return True
    return False
