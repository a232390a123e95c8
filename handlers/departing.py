"""`/nps left anna`: a member leaves, reads nothing any more, and somebody takes over."""

from dataclasses import replace

from handlers import alerts, names, texts
from handlers.alerts import Outgoing
from handlers.cards import Button, Buttons, Card, Element, Form, FormErrors, Input, Reply, Text
from handlers.cases import handing, leaving, places
from handlers.cases.handing import Moved
from handlers.chat import Click, Command, Message, Notice, Submission, row_id
from handlers.context import Context, NotAllowed, Refused
from handlers.rights import LEADERS
from handlers.texts import Texts
from storage import accounts, members, owning
from storage import alerts as outbox
from storage.db import Session
from storage.models import Alert, Member

LEFT, NOTICED = "member_left", "member_left"


async def command(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps left anna`: asks who takes the accounts, and says what passes on."""
    t = texts.of(me.language, ctx.programme.language)
    if not event.text.strip():
        raise Refused(t("left.how"))
    typed = event.text.strip()
    async with ctx.db.reading() as session:
        found = await names.find_member(session, typed)
        if isinstance(found, Member):
            return await _form(session, found, me, t)
    return names.choose_member(
        ctx, me, typed, found, lambda each: Button(each.name, LEFT, str(each.id), opens_form=True)
    )


async def form(ctx: Context, click: Click, me: Member) -> Reply:
    """The same form, from the card that says that somebody left a platform."""
    t = texts.of(me.language, ctx.programme.language)
    _refuse_others(me, t)
    async with ctx.db.reading() as session:
        gone = await members.by_id(session, row_id(click.value))
        if gone is None:
            raise Refused(t("routes.unknown_action"))
        return await _form(session, gone, me, t)


async def left(ctx: Context, event: Submission, me: Member) -> Reply:
    """Notes that a member left, and gives all that is open to who takes over."""
    t = texts.of(me.language, ctx.programme.language)
    _refuse_others(me, t)
    async with ctx.db.session() as session:
        gone = await members.by_id(session, row_id(event.value))
        if gone is None:
            raise Refused(t("routes.unknown_action"))
        _refuse_gone(gone, me, t)
        to = await members.by_id(session, row_id(event.text("to")))
        work = await owning.work_of(session, gone.id)
        if event.text("to") and (to is None or to.left_at is not None or to.id == gone.id):
            return FormErrors({"to": t("left.who")})
        if to is None and any(work):
            return FormErrors({"to": t("left.need")})
        own = [each.place for each in await members.places(session, member_id=gone.id)]
        await members.leave(session, gone.id, ctx.now())
        moved = []
        for account in await accounts.owned_by(session, gone.id):
            account.owner_id = to.id if to else None
            session.add(account)
            moved.append(Moved(account.id, gone.id, account.owner_id))
        await session.flush()
        told = await handing.owners_changed(session, ctx, moved)
        told += await handing.left(session, ctx, gone, to, me)
        emptied = await leaving.place_rows(session, gone, own, ctx.now())
        told += await outbox.add_many(session, emptied)
    for each in told:
        await ctx.soon(alerts.job_of(each), each.due_at)
    body: list[Element] = [Text(t("left.reads_nothing", name=gone.name))]
    if to is not None and any(work):
        body.insert(0, Text(t("left.passed", work=_told(work, t), name=to.name)))
    return Card(t("left.done", name=gone.name), tuple(body), audience="person")


async def noticed(ctx: Context, notice: Notice, me: Member | None) -> Reply:
    """A platform says that a member's account is gone: CX is offered to note that they left."""
    if me is None:
        return None
    now = ctx.now()
    row = {
        "key": f"{NOTICED}:{me.id}:{now:%Y-%m}",
        "what": NOTICED,
        "due_at": now,
        "member_id": me.id,
        "detail": {"platform": notice.place.partition(":")[0], "partition": "cx"},
    }
    async with ctx.db.session() as session:
        told = await outbox.add_many(session, [row])
    for each in told:
        await ctx.soon(alerts.job_of(each), None)
    return None


async def offer(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Offers the CX leads to note that a member left; nothing is changed by itself."""
    async with ctx.db.reading() as session:
        gone = await members.by_id(session, alert.member_id)
        if gone is None or gone.left_at is not None:
            return None
        route = await places.of_cx(session, ctx)
        work = await owning.work_of(session, gone.id)
        t = texts.of(route.member.language if route.member else None, ctx.programme.language)
    platform = t(f"left.platform.{alert.detail['platform']}")
    label = t("left.button", name=gone.name)
    card = Card(
        t("left.noticed", name=gone.name, platform=platform),
        (
            Text(t("left.holds", name=gone.name, work=_told(work, t))),
            Text(t("left.if_moved"), "note"),
            Buttons((Button(label, LEFT, str(gone.id), opens_form=True),)),
        ),
        tone="attention",
        audience="person",
    )
    return [Outgoing(Message(card, f"alert:{alert.id}", t.language), route.steps, route.direct)]


async def _form(session: Session, gone: Member, me: Member, t: Texts) -> Form:
    _refuse_gone(gone, me, t)
    work = await owning.work_of(session, gone.id)
    to = Input("members", "to", t("left.to"), required=any(work), hint=t("left.to_hint"))
    holds = t("left.holds", name=gone.name, work=_told(work, t))
    intro = (Text(holds), Text(t("left.will"), "note"))
    return replace(Form(t("left.title"), (to,), LEFT, str(gone.id), t("left.submit")), intro=intro)


def _told(work: owning.Work, t: Texts) -> str:
    parts = [t.count(f"left.work.{name}", n) for name, n in work._asdict().items() if n]
    return ", ".join(parts) or t("left.work.nothing")


def _refuse_others(me: Member, t: Texts) -> None:
    if me.role not in LEADERS:
        raise NotAllowed(t("left.leaders_only"), "command", None)


def _refuse_gone(gone: Member, me: Member, t: Texts) -> None:
    if gone.left_at is not None:
        raise Refused(t("left.already", name=gone.name))
    if gone.id == me.id:
        raise Refused(t("left.self"))
