"""Loads all that the card of a case shows, for the pure drawing in card.py."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.context import Context
from handlers.measures.window import span_until
from storage import case_view, groups, history, letters, measures, promises
from storage.answers import counted_as, kinds_counted
from storage.case_view import Before
from storage.db import Session
from storage.history import Recorded
from storage.letters import Asked
from storage.measures import Counted
from storage.models import (
    DONE_STATES,
    Account,
    Case,
    CaseEvent,
    Contact,
    Member,
    Response,
    Team,
    Wave,
)
from storage.promises import Promised
from storage.scopes import Part

# Acts whose words stand on the card: what was done is told by the state, these are not.
NOTED = ("note", "handed_over", "escalated")
# A customer was called or written to.
CONTACTS = ("contacted", "promised", "sent")
# Acts after which another member has the case.
_PASSED = ("handed_over", "owner_changed", "away", "back", "left", "released", "about_owner")
_NAMED = (*NOTED, *CONTACTS, "solved", "reopened", "not_a_critic")


@dataclass(frozen=True)
class Answer:
    """One critic's answer, with what they said the time before and before they changed it."""

    response: Response
    contact: Contact
    hidden: bool
    before: Before | None
    changed_from: int | None


@dataclass(frozen=True)
class Heard:
    """Who was asked and what counts now; `critics` are short names."""

    asked: int
    rated: int
    promoters: int
    passives: int
    detractors: int
    critics: tuple[str, ...]


@dataclass(frozen=True)
class Helped:
    """A like case elsewhere and what helped there; `reason` is the shared one."""

    reason: str
    account: str
    what: str
    who: str | None
    confirmed: bool = False  # the customer says that it is settled


@dataclass(frozen=True)
class CaseView:
    """A case as it stands now; `owner` is responsible, `account_owner` the owner of record."""

    case: Case
    account: Account
    owner: Member | None
    account_owner: Member | None
    taker: Member | None
    team: Team | None
    wave: Wave | None
    answers: tuple[Answer, ...]
    heard: Heard  # without what is kept from the owner
    heard_by_lead: Heard
    helped: Helped | None
    last: CaseEvent | None
    solver: Member | None = None
    by_customer: bool = False  # the customer's own word reopened it
    events: tuple[CaseEvent, ...] = ()  # the latest first
    promises: tuple[Promised, ...] = ()  # the first made first
    people: Mapping[int, Member] = field(default_factory=dict)  # who did what the card names
    letters: tuple[Asked, ...] = ()  # what the customer is or was asked, and said

    def latest(self, acts: Collection[str], n: int = 1) -> list[CaseEvent]:
        """Gives the last events of these acts."""
        return [e for e in self.events if e.act in acts and not e.undone][:n]

    def of_contact(self, contact_id: int | None) -> Answer | None:
        """Gives the answer of one of the case's customers, None for anybody else."""
        return next((each for each in self.answers if each.contact.id == contact_id), None)

    @property
    def contact_step(self) -> CaseEvent | None:
        """The last call or letter that the case's state tells of, whoever has the case now."""
        return next(iter(self.latest(CONTACTS)), None)

    def last_of(self, act: str) -> CaseEvent | None:
        """Gives the last time that something was done and not taken back."""
        return next((e for e in self.events if e.act == act and not e.undone), None)

    def handed_to(self, event: CaseEvent) -> Member | None:
        """Gives who got a case that was handed over; None where nothing tells it any more."""
        if event.undone:
            return None
        passed = [e for e in self.events if e.act in _PASSED and not e.undone]
        later = [each for each in passed if each.id > event.id]
        # Whoever passed it on next had it from here.
        member_id = later[-1].before.get("owner_id") if later else self.case.owner_id
        return self.people.get(member_id or 0)

    def contacted(self) -> Answer:
        """Gives whom a call or letter went to last."""
        last = self.contact_step
        return self.spoken_with(last) if last is not None else self.answer(None)

    def spoken_with(self, event: CaseEvent) -> Answer:
        """Gives whom an act was about."""
        return self.of_contact(event.contact_id) or self.answer(None)

    def answer(self, response_id: int | None) -> Answer:
        """Gives the answer of a response, else the case's first."""
        found = (each for each in self.answers if each.response.id == response_id)
        return next(found, self.answers[0])


async def load(session: Session, ctx: Context, case_id: int) -> CaseView:
    """Gives the view of a case; raises if there is none (ids come from our own rows)."""
    found = await case_view.around(session, case_id)
    joined = await case_view.joined(session, case_id)
    answers = tuple(
        Answer(each.response, each.contact, each.hidden, each.before, each.changed_from)
        for each in joined
    )
    events = await case_view.events(session, case_id)
    named = {each.member_id for each in events if each.act in _NAMED}
    if any(each.act == "handed_over" for each in events):
        named |= {found.case.owner_id, *(each.before.get("owner_id") for each in events)}
    kept = {each.id for each in await groups.kept_responses(session, found.account.id)}
    heard = heard_by_lead = await _heard(session, ctx, found.case, frozenset())
    if kept:
        heard = await _heard(session, ctx, found.case, kept)
    return CaseView(
        found.case,
        found.account,
        found.owner,
        found.account_owner,
        found.taker,
        found.team,
        found.wave,
        answers,
        heard,
        heard_by_lead,
        await _helped(session, found.case, answers),
        last_step(events),
        found.solver,
        _reopened_by_customer(events),
        tuple(events),
        tuple(await _promises(session, case_id, events)),
        await case_view.people(session, {each for each in named if each is not None}),
        tuple(await letters.of_case(session, case_id)) if _has_letters(found.case) else (),
    )


def talks_with(events: Sequence[CaseEvent], contact_id: int) -> list[CaseEvent]:
    """Gives the calls and letters to one customer, the latest first."""
    done = (each for each in events if each.act in CONTACTS and not each.undone)
    return [each for each in done if each.contact_id == contact_id]


def _has_letters(case: Case) -> bool:
    # Before a case was solved nobody was written to: no statement on the way of an alert.
    return case.state in DONE_STATES or case.settled is not None or case.round > 1


async def _promises(
    session: Session, case_id: int, events: Sequence[CaseEvent]
) -> Sequence[Promised]:
    # Most cases have none: their timeline tells without a statement.
    made = any(event.act == "promised" for event in events)
    return await promises.of_case(session, case_id) if made else ()


def last_step(events: Sequence[CaseEvent]) -> CaseEvent | None:
    """Gives the step that Undo would take back: nothing that happened by itself came after it."""
    for event in events:
        if event.member_id is None and event.act not in ("opened", "joined"):
            return None
        if event.before and not event.undone:
            return event
    return None


def _reopened_by_customer(events: Sequence[CaseEvent]) -> bool:
    found = next((event for event in events if event.act == "reopened" and not event.undone), None)
    return found is not None and found.member_id is None


async def _heard(session: Session, ctx: Context, case: Case, kept: Collection[int]) -> Heard:
    kind = counted_as(case.kind)
    zone = ZoneInfo(ctx.programme.timezone)
    span = span_until(ctx.now().astimezone(zone).date(), ctx.programme.window_months, zone)
    counts: Sequence[Counted | Recorded]
    if kept:
        # What counts now knows nothing of who asks: it is counted anew without what is kept.
        counts = await history.recorded(
            session, kinds_counted(kind), span=span, account_ids=[case.account_id], without=kept
        )
    else:
        part = Part(account_ids=(case.account_id,))
        counts = await measures.current_counts(session, part, kind, kinds_counted(kind), span)
    promoters, passives, detractors = (
        sum(getattr(each, name) for each in counts)
        for name in ("promoters", "passives", "detractors")
    )
    critics = await case_view.critics_of(session, case.account_id, kind)
    return Heard(
        sum(each.asked for each in counts),
        promoters + passives + detractors,
        promoters,
        passives,
        detractors,
        short_names([name for response_id, name in critics if response_id not in kept]),
    )


async def _helped(session: Session, case: Case, answers: tuple[Answer, ...]) -> Helped | None:
    reasons = [reason for answer in answers for reason in answer.response.reasons]
    found = await case_view.solved_like(session, case, reasons)
    if found is None or found.case.what_helped is None:
        return None
    shared = next(reason for reason in reasons if reason in found.reasons)
    who = first_name(found.solver.name) if found.solver else None
    return Helped(
        shared, found.account.name, found.case.what_helped, who, found.case.settled == "yes"
    )


def first_name(name: str) -> str:
    """Gives the first word of a name, "" for an erased one."""
    return name.split()[0] if name.split() else ""


def short_names(names: Sequence[str]) -> tuple[str, ...]:
    """Gives the first names, whole ones where several have the same."""
    times = Counter(map(first_name, names))
    return tuple(name if times[first_name(name)] > 1 else first_name(name) for name in names)


def zone_of(member: Member | None, ctx: Context) -> ZoneInfo:
    """Gives the time zone in which a reader's times are written."""
    name = member.timezone if member and member.timezone else ctx.programme.timezone
    return ZoneInfo(name)


def short_name(account: Account) -> str:
    """Gives `Acme` for `Acme A/S`: the alias that begins the name, else the whole name."""
    begun = [alias for alias in account.aliases if alias and account.name.startswith(alias)]
    return min(begun, key=len, default=account.name)


def undo_until(event: CaseEvent, seconds: int = 60) -> datetime:
    """Gives until when what somebody did can be taken back."""
    return datetime.fromtimestamp(event.at.timestamp() + seconds, event.at.tzinfo)
