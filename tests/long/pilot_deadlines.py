"""What should have been said about deadlines, counted from when people took and called."""

from collections import Counter, defaultdict
from datetime import datetime

from storage.models import Case
from tests.fakes import Posted
from tests.long.facts import Fact, equal, holds, told
from tests.long.portfolio import CX, LEAD, NEVER_REACTS, email
from tests.long.story import Story, local
from tests.long.weeks import (
    DAY_BEGINS,
    ZONE,
    after_days_of_work,
    after_hours_of_work,
    is_work,
    next_work,
)

TAKE_HOURS, CONTACT_DAYS = 4, 2


def of_deadlines(story: Story) -> list[Fact]:
    """Reminder, lead, CX: each once, at its time, as long as it is true, and not afterwards."""
    expected: dict[tuple[int, str, str], datetime] = {}
    for case in story.cases.values():
        expected |= _steps(story, case)
    found: dict[tuple[int, str, str], list[tuple[datetime, Posted]]] = defaultdict(list)
    for alert in story.of("case_reminder", "case_escalation"):
        about = str(alert.detail["about"])
        if about in ("take", "contact"):
            assert alert.case_id is not None
            to = str(alert.detail["to"])
            found[alert.case_id, about, to] += story.posted(alert)
    said = {key: posted for key, posted in found.items() if posted}
    missing = [f"{key}: at {local(at)}" for key, at in expected.items() if key not in said]
    extra = [f"{key}: {local(posted[0][0])}" for key, posted in said.items() if key not in expected]
    twice = [str(key) for key, posted in said.items() if len(posted) > 1]
    late = [
        f"{key}: {local(said[key][0][0])}, not {local(at)}"
        for key, at in expected.items()
        if key in said and not _in_time(story, key[2], said[key][0][0], at)
    ]
    counts = Counter(to for _case, _about, to in said)
    places = {each[0][1].place for (_case, _about, to), each in said.items() if to != "owner"}
    leads = {f"console:{email(LEAD)}", f"console:{email(CX)}"}
    touched = sum(
        case.taken_at is not None and story.owner(case) == NEVER_REACTS
        for case in story.cases.values()
    )
    taken = sum(case.taken_at is not None for case in story.cases.values())
    return [
        told("cases, taken, solved", f"{len(story.cases)}, {taken}, {_in_state(story, 'solved')}"),
        told("reminders, to the lead, to CX", [counts[to] for to in ("owner", "lead", "cx")]),
        equal(f"cases of {NEVER_REACTS} that somebody took", touched, 0),
        holds("each step that was due was said", missing, len(expected)),
        holds("no step was said that was not due", extra, len(said)),
        holds("each step once", twice, len(said)),
        holds("each step at its time", late, len(expected)),
        equal("escalations elsewhere than to lead and CX", sorted(places - leads), []),
    ]


def _in_time(story: Story, to: str, at: datetime, due: datetime) -> bool:
    """Tells whether a step was said in time: to the lead and CX in working hours, so that what the
    clock finds after these waits for the next.
    """
    found = story.weeks.awake(due) + story.tick
    return story.in_time(at, due) or (to != "owner" and at == next_work(found) != found)


def of_mornings(story: Story) -> list[Fact]:
    """A card that came outside working hours is mentioned at the start of work, if still new."""
    said = {
        alert.key: story.posted(alert)
        for alert in story.of("case_reminder")
        if alert.detail["about"] == "morning"
    }
    wrong, expected = [], 0
    for alert in story.of("critic"):
        posted = story.posted(alert)
        assert alert.response_id is not None
        joined = story.case_of[alert.response_id]
        case = story.cases[joined.case_id]
        if not posted or is_work(posted[0][0]) or posted[0][1].ref.thread is not None:
            continue
        morning = next_work(posted[0][0])
        still_new = case.taken_at is None or case.taken_at > story.weeks.awake(morning)
        expected += still_new
        words = said.get(f"case:{case.id}:morning:{alert.response_id}", [])
        times = [local(at) for at, _posted in words]
        if len(words) != still_new or not all(story.in_time(at, morning) for at, _posted in words):
            wrong.append(f"case {case.id}: {times}, not {local(morning)} x {int(still_new)}")
    return [holds("mention in the morning after a card at night", wrong, expected)]


def of_promises(story: Story) -> list[Fact]:
    """Who promised something is reminded of it on the day, once."""
    promised = [case for case in story.cases.values() if case.promise_by is not None]
    wrong = []
    for case in promised:
        assert case.promise_by is not None
        due = datetime.combine(case.promise_by, DAY_BEGINS, ZONE)
        times = [
            at
            for alert in story.of("promise_reminder")
            if alert.case_id == case.id and alert.detail["about"] == "day"
            for at, _posted in story.posted(alert)
        ]
        if due <= story.weeks.clock() and not (len(times) == 1 and story.in_time(times[0], due)):
            wrong.append(f"case {case.id}: {[local(at) for at in times]}, not {local(due)}")
    return [holds("reminded of a promise on its day", wrong, len(promised))]


def _steps(story: Story, case: Case) -> dict[tuple[int, str, str], datetime]:
    """Gives the steps of a case that fell due while they were true."""
    end = story.weeks.clock()
    halved = _is_halved(story, case)
    steps: dict[tuple[int, str, str], datetime] = {}
    if case.take_by is not None:
        hours = TAKE_HOURS / (2 if halved else 1)
        at = case.take_by.astimezone(ZONE)
        for to in ("owner", "lead", "cx"):
            # A lead who has the case because its owner must not see it was reminded already.
            theirs = to == "lead" and case.hidden_from_owner
            untaken = case.taken_at is None or case.taken_at > story.weeks.awake(at)
            if at <= end and untaken and not theirs:
                steps[case.id, "take", to] = at
            at = after_hours_of_work(at, hours)
    if case.contact_by is not None and case.taken_at is not None:
        days = CONTACT_DAYS // (2 if halved else 1)
        at = case.contact_by.astimezone(ZONE)
        for to in ("owner", "lead", "cx"):
            due = max(at, case.taken_at)
            called = case.contacted_at
            theirs = to == "lead" and case.hidden_from_owner
            waiting = called is None or called > story.weeks.awake(due)
            if due <= end and waiting and not theirs:
                steps[case.id, "contact", to] = due
            at = after_days_of_work(at, days)
    return steps


def _is_halved(story: Story, case: Case) -> bool:
    people = [
        story.contacts[story.responses[response_id].contact_id].role
        for response_id, row in story.case_of.items()
        if row.case_id == case.id
    ]
    return "decision_maker" in people or story.accounts[case.account_id].tier == "A"


def _in_state(story: Story, state: str) -> int:
    return sum(case.state == state for case in story.cases.values())
