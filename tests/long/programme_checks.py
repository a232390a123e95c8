"""Where every case of a long programme is, and what each member got."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from sqlmodel import col, select

from storage.db import Session
from storage.models import (
    Account,
    Alert,
    Case,
    CaseEvent,
    Member,
    Posting,
    Response,
    Wave,
)
from tests.fakes import Posted
from tests.long import programme_cases
from tests.long.facts import Fact, equal, holds, told
from tests.long.programme_people import Customers, email, has_place, manager
from tests.long.weeks import ZONE, Weeks

# What comes to a member about their own work beside the digest and their cases.
OWN = {
    "wave_result", "wave_progress", "cases_handed", "policy_question", "contact_wish",
    "promise_card", "promise_reminder", "promise_changed", "thanks", "settled_answer",
}  # fmt: skip


async def member(session: Session, address: str) -> Member:
    """Gives a colleague's row."""
    return (await session.exec(select(Member).where(col(Member.email) == address))).one()


async def all_of(weeks: Weeks, customers: Customers, ids: dict[str, int]) -> list[Fact]:
    """Gives the counts of the programme and holds its rules."""
    async with weeks.ctx.db.reading() as session:
        rows = Rows(
            list(await session.exec(select(Case))),
            {each.id: each for each in await session.exec(select(Member))},
            {each.id: each for each in await session.exec(select(Account))},
            list(await session.exec(select(Alert))),
            list(await session.exec(select(CaseEvent))),
            list(await session.exec(select(Posting))),
            list(await session.exec(select(Wave))),
            list(await session.exec(select(Response))),
        )
    return [
        told("waves, closed", f"{len(rows.waves)}, {sum(w.state == 'closed' for w in rows.waves)}"),
        told("answers", len(rows.responses)),
        told("customers asked whether it is settled said", dict(Counter(customers.said))),
        *_of_cases(weeks, rows),
        *_of_messages(weeks, rows, ids),
    ]


class Rows:
    """All rows at the end."""

    def __init__(
        self,
        cases: list[Case],
        members: dict[int, Member],
        accounts: dict[int, Account],
        alerts: list[Alert],
        events: list[CaseEvent],
        postings: list[Posting],
        waves: list[Wave],
        responses: list[Response],
    ) -> None:
        self.cases, self.members, self.accounts, self.alerts = cases, members, accounts, alerts
        self.events, self.postings, self.waves, self.responses = events, postings, waves, responses


def _of_cases(weeks: Weeks, rows: Rows) -> list[Fact]:
    """Every case ended, or is with somebody who can act, was told, and is looked at again."""
    critics = {
        each.id
        for each in rows.responses
        if each.status == "confirmed" and each.score is not None and each.score <= 6
    }
    posted = {each.subject_id for each in rows.postings if each.subject == "case"}
    states = Counter(str(case.state) for case in rows.cases)
    told_of = {each.response_id for each in rows.alerts if each.what == "critic"}
    cards: dict[tuple[int, str], list[datetime]] = {}
    for each in sorted(rows.postings, key=lambda posting: posting.posted_at):
        if each.subject == "case" and each.part == "card" and not each.moved:
            cards.setdefault((each.subject_id, each.place), []).append(each.posted_at)
    soon = sum(
        later - earlier < timedelta(hours=1)
        for posted_at in cards.values()
        for earlier, later in pairwise(posted_at)
    )
    acts = Counter(each.act for each in rows.events)
    left = sum(
        each.status in ("pending", "sending")
        for each in rows.alerts
        if each.due_at < weeks.clock() - timedelta(hours=1)
    )
    return [
        told("critics, cases", f"{len(critics)}, {len(rows.cases)}"),
        told("cases by state", dict(states.most_common())),
        told("what happened in them", dict(acts.most_common(14))),
        equal("critics without an alert", len(critics - told_of), 0),
        *programme_cases.of_cases(
            rows.cases, rows.events, rows.alerts, rows.members, posted, weeks.clock()
        ),
        equal("cases with two cards in one place", sum(len(at) > 1 for at in cards.values()), 0),
        equal("cards of a case twice in a place within an hour", soon, 0),
        equal("alerts left over for an hour", left, 0),
    ]


def _of_messages(weeks: Weeks, rows: Rows, ids: dict[str, int]) -> list[Fact]:
    """A member gets one digest a day at most, and else what concerns their own cases."""
    by_key = {f"alert:{each.id}": each for each in rows.alerts}
    with_case = _with_case(rows)
    wrong: list[str] = []
    digests: Counter[tuple[str, str]] = Counter()
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    both = zip(weeks.chat.times, weeks.chat.posted, strict=True)
    total = 0
    for at, posted in both:
        name = _whose(posted, ids)
        if name is None:
            continue
        total += 1
        alert = by_key.get(":".join(posted.message.key.split(":")[:2]))
        what = alert.what if alert is not None else "reply"
        kinds[name][what] += 1
        if what == "digest":
            digests[name, f"{at.astimezone(ZONE):%Y-%m-%d}"] += 1
        elif alert is not None and alert.case_id is not None:
            if ids[name] not in with_case[alert.case_id] and ids[name] != alert.member_id:
                wrong.append(f"{name} {at:%d %b}: {what} of case {alert.case_id}")
        elif what not in OWN and what != "reply":
            wrong.append(f"{name} {at:%d %b}: {what}")
    above = Counter(
        (_role(posted), by_key[key].what)
        for posted in weeks.chat.posted
        if _role(posted) and (key := ":".join(posted.message.key.split(":")[:2])) in by_key
    )
    weeks_long = len({f"{at.astimezone(ZONE):%G-%V}" for at in weeks.chat.times})
    a_week = sorted(sum(each.values()) / weeks_long for each in kinds.values())
    sorts = sum(kinds.values(), Counter[str]())
    busiest = max(kinds, key=lambda name: sum(kinds[name].values()))
    return [
        told("messages to account managers' places", total),
        told("by kind", dict(sorts.most_common(12))),
        told("a week to one, median", median(a_week)),
        told(f"a week to the busiest ({busiest})", a_week[-1]),
        told("to the five leads", _kinds(above, "lead")),
        told("to the two CX leads", _kinds(above, "cx")),
        equal("two digests on a day", sum(n > 1 for n in digests.values()), 0),
        holds("nothing but the digest and their own work", wrong, total),
    ]


def _role(posted: Posted) -> str | None:
    """Gives whether a direct message is a lead's or a CX lead's."""
    place = posted.place.removeprefix("console:")
    return next((role for role in ("lead", "cx") if place.startswith(role)), None)


def _kinds(above: Counter[tuple[str | None, str]], role: str) -> dict[str, int]:
    return {what: n for (to, what), n in above.most_common() if to == role}


def _with_case(rows: Rows) -> dict[int, set[int | None]]:
    """Gives, by case, everybody it was with, and who stands in for them."""
    found: dict[int, set[int | None]] = defaultdict(set)
    for case in rows.cases:
        found[case.id] |= {case.owner_id, case.taken_by, rows.accounts[case.account_id].owner_id}
    for event in rows.events:
        found[event.case_id] |= {event.member_id, event.before.get("owner_id")}
    for everybody in found.values():
        for each in list(everybody):
            member = rows.members.get(each) if each else None
            if member is not None and member.backup_id:
                everybody.add(member.backup_id)
    return found


def _whose(posted: Posted, ids: dict[str, int]) -> str | None:
    """Gives the account manager whose own place or direct message this is."""
    place = posted.place.removeprefix("console:")
    for n in range(40):
        name = manager(n)
        if name in ids and place in (email(name), f"{name}-accounts"):
            return name if has_place(n) or place == email(name) else None
    return None
