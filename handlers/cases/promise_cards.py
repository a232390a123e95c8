"""The deliverer's card of a promise, its buttons Done and Can't, and what who promised hears."""

from datetime import datetime
from typing import Any

from handlers import alerts, rights, texts, wording
from handlers.alerts import Outgoing
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Facts,
    Form,
    FormErrors,
    Input,
    Reply,
    Tone,
    beside,
)
from handlers.cases import places, redraw, seeing
from handlers.cases.promising import SUBJECT
from handlers.cases.view import first_name, zone_of
from handlers.chat import (
    Click,
    Message,
    Submission,
    row_id,
)
from handlers.context import Context, Refused
from handlers.places.editing import edit_all
from handlers.texts import Texts
from storage import alerts as outbox
from storage import cases, members, promises, versions
from storage.db import Session
from storage.models import Alert, Case, Member, PromiseState
from storage.promises import Promised

_LONG = 1000


async def promise_card(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """The promise as a card for who delivers it; the same words remind them on its day."""
    async with ctx.db.reading() as session:
        found = await promises.by_id(session, _id_of(alert))
        if found is None or found.promise.state != PromiseState.OPEN:
            return None
        to = await members.by_id(session, alert.member_id)
        route = await places.of_person(session, ctx, to)
        t = texts.of(to.language if to else None, ctx.programme.language)
        card = await card_of(session, ctx, found, to, t, alert.detail.get("about"))
    return [
        Outgoing(
            Message(card, f"alert:{alert.id}", t.language),
            route.steps,
            direct=route.direct,
            subject=SUBJECT,
            subject_id=found.promise.id,
            part=str(alert.detail.get("about", "card")),
            member_id=to.id if to else None,
            reasons=route.reasons,
            mentions=places.mentions(route, ctx.now(), ctx),
        )
    ]


async def promise_changed(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Edits the deliverer's cards to what is true now; who promised hears what became of it."""
    out: list[Outgoing] = []
    async with ctx.db.reading() as session:
        found = await promises.by_id(session, _id_of(alert))
        if found is None:
            return None
        posted = await outbox.postings(session, SUBJECT, found.promise.id)
        cards = []
        for each in posted:
            reader = await members.by_id(session, each.member_id)
            t = texts.of(each.language, ctx.programme.language)
            cards.append(await card_of(session, ctx, found, reader, t))
        maker = await members.by_id(session, found.promise.made_by)
        ended = found.promise.state in (PromiseState.REFUSED, PromiseState.DONE)
        if ended and maker is not None and found.promise.done_by != maker.id:
            out.append(await _told(session, ctx, alert, found, maker))
    (await edit_all(ctx, zip(posted, cards, strict=True))).check()
    return out


async def card_of(
    session: Session,
    ctx: Context,
    found: Promised,
    reader: Member | None,
    t: Texts,
    about: str | None = None,
) -> Card:
    """Gives the card of a promise as it stands; `about` is what a reminder is about."""
    promise, today = found.promise, ctx.now().astimezone(zone_of(reader, ctx)).date()
    contact = await promises.contact_of(session, promise)
    maker = await members.by_id(session, promise.made_by)
    who = contact.name if contact else found.account.name
    day = wording.long_day(promise.due_on, t, today)
    lasting = t("promise.always" if promise.lasting else "promise.once")
    facts = [(t("promise.to"), who), (t("promise.by"), f"{day} · {lasting}")]
    if promise.refused_reason:
        facts.append((t("promise.reason"), promise.refused_reason))
    body: list[Facts | Buttons] = [Facts(tuple(facts))]
    if promise.state == PromiseState.OPEN:
        body.append(Buttons(buttons(promise.id, t)))
    late = promise.state == PromiseState.OPEN and promise.due_on < today
    status = t(f"promise.state.{'overdue' if late else promise.state}")
    name = first_name(maker.name) if maker else t("case.somebody")
    key = about if about in ("day", "late") else "title"
    return Card(
        t(f"promise.{key}", account=found.account.name, what=promise.what),
        tuple(body),
        tone=_tone(promise.state, late),
        status=status,
        foot=t("promise.foot", name=name),
    )


def buttons(promise_id: int, t: Texts) -> tuple[Button, ...]:
    """Gives what a deliverer can say about a promise."""
    value = str(promise_id)
    return (
        Button(t("promise.done"), "promise.done", value, "primary"),
        Button(t("promise.cant"), "promise.cant", value, opens_form=True),
    )


async def done(ctx: Context, click: Click, me: Member) -> Reply:
    """Done: the promise is kept; the case says so."""
    now = ctx.now()
    values = {"state": PromiseState.DONE, "done_at": now, "done_by": me.id, "remind_at": None}
    return await _end(ctx, row_id(click.value), me, click.person.platform, values, "promise_done")


async def cant_form(ctx: Context, click: Click, me: Member) -> Reply:
    """The form of “Can't”: who promised has to know why."""
    async with ctx.db.reading() as session:
        found = await _mine(session, ctx, me, row_id(click.value))
    t = texts.of(me.language, ctx.programme.language)
    if found.promise.state != PromiseState.OPEN:
        raise Refused(t("promise.stale", state=t(f"promise.state.{found.promise.state}")))
    reason = Input("long_text", "reason", t("promise.why"), max_length=_LONG)
    title = t("promise.cant_title")
    return Form(title, (reason,), "promise.cant", str(found.promise.id), t("case.save"))


async def cant(ctx: Context, event: Submission, me: Member) -> Reply:
    """Can't: the promise goes back to who made it, with the reason."""
    reason = event.text("reason")
    if not reason:
        t = texts.of(me.language, ctx.programme.language)
        return FormErrors({"reason": t("promise.need_why")})
    values = {
        "state": PromiseState.REFUSED,
        "refused_reason": reason,
        "done_by": me.id,
        "done_at": ctx.now(),
        "remind_at": None,
    }
    platform = event.person.platform
    return await _end(ctx, row_id(event.value), me, platform, values, "promise_refused", reason)


async def _end(
    ctx: Context,
    promise_id: int,
    me: Member,
    platform: str,
    values: dict[str, Any],
    act: str,
    note: str | None = None,
) -> Reply:
    now = ctx.now()
    t = texts.of(me.language, ctx.programme.language)
    async with ctx.db.session() as session:
        found = await _mine(session, ctx, me, promise_id)
        promise = found.promise
        is_open = promise.state == PromiseState.OPEN
        if not is_open or not await versions.change(session, promise, values):
            raise Refused(t("promise.stale", state=t(f"promise.state.{promise.state}")))
        event: dict[str, Any] = {
            "case_id": promise.case_id,
            "at": now,
            "member_id": me.id,
            "platform": platform,
            "act": act,
            "note": f"{promise.what}: {note}" if note else promise.what,
            "before": {},
            "undone": False,
        }
        rows = [changed_row(promise_id, promise.case_id, act, now)]
        if promise.case_id is not None:
            await cases.note_events(session, [event])
            await promises.name_latest(session, promise.case_id)
            rows.append(redraw.row(promise.case_id, f"{act}:{promise_id}", now))
        jobs = await outbox.add_many(session, rows)
        after = await promises.by_id(session, promise_id)
        assert after is not None
        card = await card_of(session, ctx, after, me, t)
    for each in jobs:
        await ctx.soon(alerts.job_of(each), each.due_at)
    return card


def changed_row(promise_id: int, case_id: int | None, why: str, now: datetime) -> dict[str, Any]:
    """Gives the row of an alert that edits the cards of a promise."""
    return {
        "key": f"promise:{promise_id}:{why}",
        "what": "promise_changed",
        "due_at": now,
        "case_id": case_id,
        "detail": {"promise": promise_id, "partition": f"promise:{promise_id}"},
    }


async def _told(
    session: Session, ctx: Context, alert: Alert, found: Promised, maker: Member
) -> Outgoing:
    t = texts.of(maker.language, ctx.programme.language)
    promise = found.promise
    by = await members.by_id(session, promise.done_by)
    route = await places.of_person(session, ctx, maker)
    contact = await promises.contact_of(session, promise)
    row = []
    if promise.case_id is not None:
        case = await session.get_one(Case, promise.case_id)
        if case.owner_id is not None:
            row.append(beside(Button(t("case.open"), "case.open", str(case.id), "primary")))
    refused = promise.state == PromiseState.REFUSED
    facts = ((t("promise.reason"), promise.refused_reason or "–"),) if refused else ()
    key = "refused" if refused else "delivered"
    card = Card(
        t(
            f"promise.{key}",
            name=by.name if by else t("case.somebody"),
            account=found.account.name,
            what=promise.what,
        ),
        (*((Facts(facts),) if facts else ()), *((Buttons(tuple(row)),) if row else ())),
        tone="warning" if refused else "good",
        foot=t(f"promise.{key}_foot", who=contact.name if contact else found.account.name),
    )
    message = Message(card, f"alert:{alert.id}", t.language)
    mentions = places.mentions(route, ctx.now(), ctx)
    return Outgoing(message, route.steps, route.direct, mentions=mentions)


async def _mine(session: Session, ctx: Context, me: Member, promise_id: int) -> Promised:
    """Gives a promise that a member may act on; raises Refused for any other."""
    found = await promises.by_id(session, promise_id)
    t = texts.of(me.language, ctx.programme.language)
    if found is None or found.promise.state == PromiseState.DROPPED:
        raise Refused(t("promise.gone"))
    if not may_act(me, found, ctx):
        name = found.deliverer.name if found.deliverer else "CX"
        raise Refused(t("promise.not_yours", name=name))
    return found


def may_act(me: Member, found: Promised, ctx: Context) -> bool:
    """Tells whether a promise is a member's: who delivers or made it, or works on the account."""
    promise = found.promise
    if me.id in (promise.deliverer_id, promise.made_by):
        return True
    if promise.hidden_from_owner and not seeing.sees_hidden(me, found.account):
        return False
    return rights.may_see_account(me, found.account, ctx.programme)


def _tone(state: str, late: bool) -> Tone:
    if late:
        return "warning"
    tones: dict[str, Tone] = {PromiseState.OPEN: "attention", PromiseState.DONE: "good"}
    return tones.get(state, "neutral")


def _id_of(alert: Alert) -> int:
    return int(alert.detail["promise"])
