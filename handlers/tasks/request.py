"""A colleague asks for a reference: the owner asks the customer and says what came of it."""

from typing import Any

from handlers import alerts
from handlers.accounts.reader import first_name, reader_for
from handlers.alerts import Outgoing, job_of
from handlers.cards import Card, Facts, Reply
from handlers.cases import places
from handlers.chat import Click, Message
from handlers.context import Context, Refused
from handlers.tasks import acting
from handlers.tasks.card import task_card
from handlers.tasks.extras import extra_of, use_of
from handlers.texts import of
from storage import members, tasks, touches
from storage.alerts import Added
from storage.db import Session
from storage.models import Alert, Member, ReferenceUse, Task, TaskState

ANSWERED = "reference_answer"


async def agree(ctx: Context, click: Click, me: Member) -> Reply:
    """The customer agreed: it counts as a use, and whoever asked is told."""
    return await _answer(ctx, click, me, "agreed")


async def refuse(ctx: Context, click: Click, me: Member) -> Reply:
    """Not now: it counts as no use, and whoever asked is told."""
    return await _answer(ctx, click, me, "refused")


async def card(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """The request for the owner; None when it was answered meanwhile."""
    async with ctx.db.reading() as session:
        work = await tasks.one(session, int(alert.detail["task"]))
        if work is None or work.task.state != TaskState.OPEN:
            return None
        owner = await members.by_id(session, work.task.owner_id)
        route = await places.of_member(session, ctx, owner, work.account.team_id)
        reads = owner or Member(email="", name="")
        reader = reader_for(ctx, reads)
        known = {owner.id: owner.name} if owner else {}
        shown = task_card(work, reader, known, await extra_of(session, work, reader, reads))
    message = Message(shown, f"alert:{alert.id}", reader.t.language)
    return [Outgoing(message, route.steps, route.direct)]


async def answer(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """What became of the request, for whoever asked."""
    async with ctx.db.reading() as session:
        use = await session.get(ReferenceUse, int(alert.detail["use"]))
        to = await members.by_id(session, alert.member_id)
        work = await tasks.one(session, int(alert.detail["task"]))
        by = await members.by_id(session, use.answered_by if use else None)
    if use is None or to is None or to.left_at is not None or work is None or by is None:
        return None
    t = of(to.language, ctx.programme.language)
    name = work.contact.name if work.contact else ""
    key = f"reference.answer.{use.state}"
    heading = t(key, name=name, account=work.account.name, by=first_name(by.name))
    body = (Facts(((t("reference.fact.form"), t(f"reference.form.{use.form}")),
                   (t("reference.fact.for_what"), use.for_what))),)  # fmt: skip
    told = Card(heading, body, tone="good" if use.state == "agreed" else "neutral")
    direct = places.direct_places(to)
    return [Outgoing(Message(told, f"alert:{alert.id}", t.language), (direct,), direct)]


async def end(session: Session, ctx: Context, me: Member, task: Task, state: str) -> Added:
    """Ends a request as agreed or refused; raises Refused when somebody else was first."""
    now = ctx.now()
    values: dict[str, Any] = {
        "state": TaskState.DONE, "outcome": state, "done_at": now, "done_by": me.id,
    }  # fmt: skip
    use = await session.get(ReferenceUse, use_of(task))
    if use is None:  # a task of another kind: no button of ours says so
        raise Refused(reader_for(ctx, me).t("task.stale_now"))
    await acting.change(session, task, values, reader_for(ctx, me))
    use.state, use.answered_by, use.answered_at = state, me.id, now
    session.add(use)
    return await alerts.add(
        session, key=f"reference_answer:{use.id}", what=ANSWERED, due_at=now,
        member_id=use.asked_by, account_id=task.account_id,
        detail={"use": use.id, "task": task.id, "partition": f"member:{use.asked_by}"},
    )  # fmt: skip


async def _answer(ctx: Context, click: Click, me: Member, state: str) -> Reply:
    now = ctx.now()
    async with ctx.db.session() as session:
        work = await acting.to_act(ctx, session, me, click.value)
        alert = await end(session, ctx, me, work.task, state)
        if state == "agreed":
            await touches.log(
                session, account_id=work.account.id, contact_id=work.task.contact_id,
                member_id=me.id, task_id=work.task.id, at=now,
            )  # fmt: skip
    await ctx.soon(job_of(alert), None)
    return await acting.card_of(ctx, me, work.task.id)
