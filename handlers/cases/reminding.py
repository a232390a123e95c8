"""Reminders, escalations and cases handed over: said only while they are still true."""

from handlers import alerts, texts, wording
from handlers.alerts import Outgoing
from handlers.cards import Button, Buttons, Card
from handlers.cases import places, redraw, standing
from handlers.cases.card import alert_card
from handlers.cases.card_facts import Reader
from handlers.cases.places import Route
from handlers.cases.telling import SUBJECT, posting_of_case
from handlers.cases.view import Answer, CaseView, first_name, load, zone_of
from handlers.chat import Message
from handlers.context import Context
from handlers.places.editing import ref_of
from handlers.texts import Texts
from storage import alerts as outbox
from storage import cases, members
from storage.alerts import Added
from storage.db import Session
from storage.models import (
    OPEN_STATES,
    Alert,
    Case,
    CaseState,
    Member,
    Posting,
    PromiseState,
)


async def case_reminder(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Reminds who is responsible, in the thread of the case's card; silent once it was done."""
    assert alert.case_id is not None
    about = _about(alert)
    async with ctx.db.reading() as session:
        view = await load(session, ctx, alert.case_id)
        if not holds(view.case, about) or (about == "quiet" and _promised(view)):
            return None
        hidden = view.case.hidden_from_owner
        route = await _route(ctx, view, session, hidden)
        posted = await outbox.postings(session, SUBJECT, view.case.id, "card")
    # Only under cards of the one who is reminded: a case may have passed to another member.
    theirs = (None, route.member.id if route.member else None)
    own = [e for e in posted if _of_side(e, hidden) and e.member_id in theirs]
    refs = {each.place: ref_of(each) for each in own}
    t = texts.of(route.member.language if route.member else None, ctx.programme.language)
    card = reminder_card(ctx, view, about, t, route)
    steps = ((tuple(refs),) if refs else ()) + route.steps
    return [
        Outgoing(
            Message(card, f"alert:{alert.id}", t.language),
            steps,
            direct=route.direct,
            threads=refs,
            mentions=places.mentions(route, ctx.now(), ctx),
        )
    ]


async def case_escalation(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Gives the lead, or CX, the case as a card of their own; a word below it if they have it."""
    assert alert.case_id is not None
    asked = bool(alert.detail.get("asked"))
    async with ctx.db.session() as session:
        view = await load(session, ctx, alert.case_id)
        still = view.case.state in OPEN_STATES if asked else holds(view.case, _about(alert))
        if not still:
            return None
        answer, account = view.answer(None), view.account
        shut_out = account.kept_from if answer.hidden else frozenset[int | None]()
        lead = await members.lead_of(session, account.team_id)
        if lead is not None and lead.id in {account.owner_id, *shut_out}:
            lead = None  # there is nobody between the owner and CX
        step = str(alert.detail["to"])
        to = step if asked else _step_of(view.case, lead, step)
        if to is None:
            return None
        later = [] if asked else await _note_told(session, ctx, view, alert, to)
        by = await members.by_id(session, alert.member_id)
        route = (
            await places.of_lead(session, ctx, account)
            if to == "lead" and lead is not None
            else await places.of_cx(session, ctx, without=shut_out)
        )
        stands = await standing.of_route(session, alert, view, answer, route)
    for each in later:
        await ctx.soon(alerts.job_of(each), each.due_at)
    t = texts.of(route.member.language if route.member else None, ctx.programme.language)
    note = None  # that nobody acted says the card itself
    if by is not None:
        note = t(f"case.escalated.{to}", name=first_name(by.name))
    elif _about(alert) == "lapsed":
        note = standing.went_back(view, view.answer(None), t)
    route = places.kept(route) if answer.hidden else route
    reason = "conflict" if answer.hidden and to == "lead" else to
    reader = Reader(t, zone_of(route.member, ctx), reason)
    card = alert_card(view, answer, reader, ctx.now())
    card = alerts.with_note(card, note) if note else card
    out = Outgoing(
        Message(card, f"alert:{alert.id}", t.language),
        route.steps,
        direct=route.direct,
        subject=SUBJECT,
        subject_id=view.case.id,
        response_id=answer.response.id,
        member_id=route.member.id if route.member else None,
        reasons=dict.fromkeys(route.reasons, reason),
        mentions=places.mentions(route, ctx.now(), ctx),
    )
    word = standing.word_of(ctx, view, answer, alert, t, route, to, by)
    return [standing.below(out, stands, word)]


def _step_of(case: Case, lead: Member | None, to: str) -> str | None:
    """Gives who is told of a missed deadline: without a lead CX is, once; None where the lead has
    the case and was reminded, or CX has heard instead of the lead.
    """
    if lead is None:
        return "cx" if to == "lead" or case.escalated_to != "cx" else None
    return None if to == "lead" and lead.id == case.owner_id else to


async def _note_told(
    session: Session, ctx: Context, view: CaseView, alert: Alert, to: str
) -> list[Added]:
    """Notes who was told of a missed deadline: in the timeline once, and on the cards."""
    now = ctx.now()
    await cases.note_escalation(session, view.case, to)
    line = {"act": f"told_{to}", "note": str(alert.id)}
    noted = any((each.act, each.note) == tuple(line.values()) for each in view.events)
    told = _about(alert) != "lapsed" or to == "cx"  # that it went back tells of the lead
    if not noted and told:
        event = {"case_id": view.case.id, "at": now, "before": {}, "undone": False, **line}
        await cases.note_events(session, [event])
    return await outbox.add_many(session, [redraw.row(view.case.id, f"told:{alert.id}", now)])


async def case_handed(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Gives the case's card to the colleague it was handed to."""
    assert alert.case_id is not None
    async with ctx.db.reading() as session:
        view = await load(session, ctx, alert.case_id)
        to = await members.by_id(session, alert.member_id)
        if view.case.state not in OPEN_STATES or to is None or view.case.owner_id != to.id:
            return None
        hidden = view.case.hidden_from_owner
        route = await places.of_person(session, ctx, to, "conflict" if hidden else "handed")
        note = await cases.last_note(session, view.case.id, "handed_over")
    answer = view.answer(None)
    route = places.kept(route) if answer.hidden else route
    out = posting_of_case(ctx, alert, view, answer, route)
    return [alerts.noted(out, note) if note else out]


def holds(case: Case, about: str) -> bool:
    """Tells whether what an alert was going to say is still true."""
    match about:
        case "take" | "morning" | "lapsed":
            return case.state == CaseState.NEW
        case "contact":
            waiting = (CaseState.TAKEN, CaseState.REOPENED)
            return case.state in waiting and case.contacted_at is None
        case "again":
            return case.state == CaseState.CONTACTED and case.call_again_on is not None
        case "quiet":
            return case.state == CaseState.CONTACTED and case.call_again_on is None
        case _:
            raise ValueError(f"no reminder is about {about}")


def reminder_card(ctx: Context, view: CaseView, about: str, t: Texts, route: Route) -> Card:
    """Gives a reminder: one sentence and the buttons with which it is done."""
    case, now = view.case, ctx.now()
    zone = zone_of(route.member, ctx)
    answer = _asked_about(view, about)
    value = f"{case.id}:{answer.response.id}"
    deadline = case.take_by if about in ("take", "morning", "lapsed") else case.contact_by
    time = wording.moment(deadline, now, zone, t) if deadline else "–"
    late = about == "take" and deadline is not None and deadline <= now
    title = t(
        f"case.reminder.{'take_late' if late else about}",
        account=view.account.name,
        who=answer.contact.name,
        time=time,
    )
    row = [Button(t("case.contact"), "case.contact", value, "primary", opens_form=True)]
    if case.state == CaseState.NEW:
        row.append(Button(t("case.take"), "case.take", str(case.id)))
    if about == "quiet":
        row.append(Button(t("case.solve"), "case.solve", value, opens_form=True))
    return Card(title, (Buttons(tuple(row)),), tone="warning" if late else "attention")


def _promised(view: CaseView) -> bool:
    """Tells whether a promise is still to be kept: it is reminded of by itself."""
    return any(each.promise.state == PromiseState.OPEN for each in view.promises)


def _asked_about(view: CaseView, about: str) -> Answer:
    """Gives whom a reminder names: to be called again is who was called before."""
    return view.contacted() if about in ("again", "quiet") else view.answer(None)


def _about(alert: Alert) -> str:
    return str(alert.detail["about"])


def _of_side(posting: Posting, hidden: bool) -> bool:
    """Tells whether a reminder belongs under this card: never the owner's while it is hidden."""
    if posting.reason in ("lead", "cx"):
        return False
    return (posting.reason == "conflict") == hidden


async def _route(ctx: Context, view: CaseView, session: Session, hidden: bool) -> Route:
    if hidden:
        return await places.of_lead(session, ctx, view.account, "conflict")
    return await places.of_case(session, ctx, view.case, view.account)
