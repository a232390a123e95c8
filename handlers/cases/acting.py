"""What all acts on a case share: rights, the one UPDATE that decides who was first, events."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from handlers import alerts, texts, wording
from handlers.calendars import Calendar
from handlers.cards import Card, Reply, Whisper, whisper
from handlers.cases import pacing, redraw, seeing, telling, times, undoing
from handlers.cases.card import alert_card, who_did
from handlers.cases.card_facts import Reader
from handlers.cases.view import CaseView, first_name, load, zone_of
from handlers.chat import Click, MessageRef, Remark, Submission
from handlers.context import Context, NotAllowed, Refused
from handlers.rights import reads_comments
from handlers.texts import Texts
from storage import alerts as outbox
from storage import cases, members
from storage.alerts import Added
from storage.db import Session
from storage.models import OPEN_STATES, Account, Case, CaseState, Member

# How often a lost race is looked at anew; each time somebody else was first.
_TRIES = 5
Done = TypeVar("Done")


@dataclass(frozen=True)
class Scene:
    """What an act is decided on: the case as it stands, who acts, and their working hours."""

    session: Session
    ctx: Context
    case: Case
    account: Account
    me: Member
    calendar: Calendar
    halved: bool
    now: datetime

    @property
    def t(self) -> Texts:
        """The texts of the person who acts."""
        return texts.of(self.me.language, self.ctx.programme.language)

    def contact_by(self) -> datetime:
        """When the customer must be contacted, counted from now."""
        return times.contact_by(self.now, self.halved, self.calendar, self.ctx.programme)


@dataclass(frozen=True)
class Plan:
    """What an act changes; `keep` is written to the timeline, `tell` are further alerts."""

    act: str
    values: Mapping[str, Any]
    note: str | None = None
    undoable: bool = True
    tell: tuple[dict[str, Any], ...] = ()
    contact_id: int | None = None  # which of the case's customers it is about


# Gives the plan, or None when the case's state does not allow the act any more.
Decide = Callable[[Scene], Awaitable[Plan | None]]


@dataclass(frozen=True)
class Outcome:
    """What became of an act: the case as it stands now, and whether the act was done."""

    view: CaseView
    done: bool
    jobs: list[Added] = field(default_factory=list)


# Gives the plan of what happens by itself, or None when the case's state does not allow it.
ByItself = Callable[[Session, Case, Account], Awaitable[Plan | None]]


class _Lost(Exception):
    """Somebody else changed the case first: nothing of this attempt is kept."""


async def carry_out(
    ctx: Context, event: Click | Submission | Remark, me: Member, case_id: int, decide: Decide
) -> Outcome:
    """Decides and does one act; raises Refused without the right to. Every card follows."""
    outcome = await _again_if_lost(
        case_id, lambda: _attempt(ctx, event.person.platform, me, case_id, decide)
    )
    for alert in outcome.jobs:
        await ctx.soon(alerts.job_of(alert), alert.due_at)
    return outcome


async def by_itself(
    ctx: Context, case_id: int, decide: ByItself, platform: str | None = None
) -> bool:
    """Does what no member asked for: the customer's word, or time; gives whether it was done.

    The timeline names nobody, it can't be undone, and every card follows.
    """

    async def attempt() -> list[Added] | None:
        async with ctx.db.session() as session:
            case = await session.get(Case, case_id, populate_existing=True)
            if case is None:
                return None
            account = await session.get_one(Account, case.account_id)
            plan = await decide(session, case, account)
            if plan is None:
                return None
            return await _keep(session, ctx, case, replace(plan, undoable=False), None, platform)

    jobs = await _again_if_lost(case_id, attempt)
    for alert in jobs or ():
        await ctx.soon(alerts.job_of(alert), alert.due_at)
    return jobs is not None


async def _again_if_lost(case_id: int, attempt: Callable[[], Awaitable[Done]]) -> Done:
    for _try in range(_TRIES):
        try:
            return await attempt()
        except (_Lost, cases.AnotherOpen):
            continue
    raise RuntimeError(f"case {case_id} changed {_TRIES} times while it was looked at")


async def _attempt(
    ctx: Context, platform: str, me: Member, case_id: int, decide: Decide
) -> Outcome:
    now = ctx.now()
    async with ctx.db.session() as session:
        scene = await look(session, ctx, me, case_id)
        plan = await decide(scene)
        if plan is None:
            # The clicked card is an old one: it is drawn anew with all others.
            row = redraw.row(case_id, f"stale:{now.timestamp():.3f}", now)
            jobs = await outbox.add_many(session, [row])
            return Outcome(await load(session, ctx, case_id), False, jobs)
        jobs = await _keep(session, ctx, scene.case, plan, me, platform)
        return Outcome(await load(session, ctx, case_id), True, jobs)


async def _keep(
    session: Session,
    ctx: Context,
    case: Case,
    plan: Plan,
    me: Member | None,
    platform: str | None,
) -> list[Added]:
    """Writes the change and its line in the timeline; gives the alerts that tell it."""
    now = ctx.now()
    before = undoing.kept(case, plan.values)
    if not await cases.change(session, case, {**plan.values, "remind_at": now}):
        raise _Lost
    await pacing.keep(session, ctx, case, plan.values, undone=plan.act == "undone")
    event = {
        "case_id": case.id,
        "at": now,
        "member_id": me.id if me else None,
        "platform": platform,
        "act": plan.act,
        "note": plan.note,
        "contact_id": plan.contact_id,
        "before": before if plan.undoable else {},
        "undone": False,
    }
    await cases.note_events(session, [event])
    version = case.version + 1
    rows = [redraw.row(case.id, f"v{version}", now), *plan.tell]
    if plan.undoable:
        # The Undo button goes when its minute is over.
        over = redraw.row(case.id, f"v{version}:undo", now)
        rows.append({**over, "due_at": now + timedelta(seconds=61)})
    return await outbox.add_many(session, rows)


async def look(session: Session, ctx: Context, me: Member, case_id: int) -> Scene:
    """Gives the case with who acts on it; raises Refused when it is none of theirs."""
    case = await session.get(Case, case_id, populate_existing=True)
    t = texts.of(me.language, ctx.programme.language)
    if case is None:
        raise Refused(t("routes.unknown_action"))
    account = await session.get_one(Account, case.account_id)
    emptied = case.state == CaseState.NOT_A_CRITIC and not await cases.contacts_of(session, case_id)
    if emptied:
        raise Refused(t("case.stale.moved"))
    if not seeing.may_see(me, account, case, ctx.programme):
        raise NotAllowed(await _not_yours(session, me, account, case, t), "case", case.id)
    owner = await members.by_id(session, case.owner_id)
    return Scene(
        session,
        ctx,
        case,
        account,
        me,
        times.calendar_of(owner or me, ctx.programme),
        await is_halved(session, case, account),
        ctx.now(),
    )


async def is_halved(session: Session, case: Case, account: Account) -> bool:
    """Tells whether the deadlines of a case are halved, by any of its contacts."""
    contacts = await cases.contacts_of(session, case.id)
    today = case.opened_at.date()
    return any(times.urgent(account, contact.role, today) for contact in contacts)


async def opened(ctx: Context, me: Member, case_id: int) -> CaseView:
    """Gives the case to look at; raises Refused when it is none of theirs."""
    async with ctx.db.reading() as session:
        await look(session, ctx, me, case_id)
        return await load(session, ctx, case_id)


async def told_stale(ctx: Context, click: Click, me: Member, view: CaseView) -> Reply:
    """Tells who clicked an old card what is true now, and has that card drawn anew."""

    async def decide(_scene: Scene) -> Plan | None:
        return None

    return await reply(ctx, click, me, await carry_out(ctx, click, me, view.case.id, decide))


async def reply(ctx: Context, event: Click | Submission, me: Member, outcome: Outcome) -> Reply:
    """Gives the card that replaces the clicked message, or what is true now to who came late."""
    if not outcome.done:
        return whisper(stale(outcome.view, me, ctx))
    return await card_here(ctx, event, me, outcome.view)


async def card_here(
    ctx: Context, event: Click | Submission, me: Member, view: CaseView
) -> Card | Whisper:
    """Gives the case's card as it belongs into the clicked message, where others may read it."""
    ref = event.message if isinstance(event, Click) else event.origin
    async with ctx.db.reading() as session:
        posted = await outbox.postings(session, telling.SUBJECT, view.case.id)
        found = next((each for each in posted if ref is not None and _same(each, ref)), None)
        member = await members.by_id(session, found.member_id) if found else None
    if found is not None and found.part != "note":
        return telling.card_of(ctx, view, found, member)
    t = texts.of(me.language, ctx.programme.language)
    reader = Reader(t, zone_of(me, ctx), "board", comments=reads_comments(me))
    others = ref is not None and ref.place != event.person.place
    answer = view.answer(None)
    card = alert_card(view, answer, reader, ctx.now())
    return Whisper(card) if others and answer.hidden else card


def stale(view: CaseView, me: Member, ctx: Context) -> str:
    """Gives what is true now: `Mikkel took this at 13:22. Nothing was changed.`"""
    case = view.case
    t = texts.of(me.language, ctx.programme.language)

    def time(at: datetime | None) -> str:
        return wording.moment(at or case.opened_at, ctx.now(), zone_of(me, ctx), t)

    taker = first_name(view.taker.name) if view.taker else t("case.somebody")
    match case.state:
        case CaseState.TAKEN:
            key = "taken_by_me" if case.taken_by == me.id else "taken"
            return t(f"case.stale.{key}", name=taker, time=time(case.taken_at))
        case CaseState.CONTACTED:
            return t("case.stale.contacted", name=taker, time=time(case.contacted_at))
        case CaseState.SOLVED | CaseState.WAITING:
            solver = first_name(view.solver.name) if view.solver else t("case.somebody")
            return t("case.stale.solved", name=solver, time=time(case.solved_at))
        case CaseState.CLOSED_UNANSWERED:
            return t("case.stale.closed_unanswered")
        case CaseState.REOPENED if view.by_customer:
            return t("case.stale.not_settled")
        case CaseState.REOPENED | CaseState.NOT_A_CRITIC:
            by, since = who_did(view, str(case.state), t)
            return t(f"case.stale.{case.state}", name=by, time=time(since))
        case _:
            return t("case.stale.new")


def is_open(case: Case) -> bool:
    """Tells whether there is still something to do."""
    return case.state in OPEN_STATES


def taking(scene: Scene) -> dict[str, Any]:
    """Gives what changes when an act of the responsible person takes a case that nobody has."""
    case = scene.case
    if case.state != CaseState.NEW:
        return {}
    return {"state": CaseState.TAKEN, "taken_by": scene.me.id, "taken_at": scene.now}


def taking_by_owner(scene: Scene) -> dict[str, Any]:
    """Gives the same, but only when the owner acts: a colleague's look takes nothing."""
    return taking(scene) if scene.case.owner_id == scene.me.id else {}


def asked_anew(case: Case) -> dict[str, Any]:
    """Gives what a reopening changes: the customer's word is that of the round before."""
    gone = dict.fromkeys(("settled", "settled_at", "not_asked", "escalated_to"))
    return {"round": case.round + 1, **gone}


def _same(posting: Any, ref: MessageRef) -> bool:
    return bool(posting.place == ref.place and posting.message_id == ref.id)


async def _not_yours(session: Session, me: Member, account: Account, case: Case, t: Texts) -> str:
    if case.hidden_from_owner and not seeing.sees_hidden(me, account):
        lead = await seeing.lead_for_hidden(session, account)
        return t("case.stale.hidden", lead=lead.name if lead else "CX")
    owner = await members.by_id(session, account.owner_id)
    return t("case.stale.not_yours", account=account.name, owner=owner.name if owner else "CX")
