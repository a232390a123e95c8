"""Clicks and forms of tasks: open, done with an outcome, later, open again."""

from typing import Any

import structlog

from handlers import names, rights
from handlers.accounts.reader import Reader, first_name, reader_for
from handlers.calendars import nth_working_day
from handlers.cards import Card, Choice, Form, FormErrors, Input, Reply
from handlers.cases import times
from handlers.chat import Click, Submission, row_id
from handlers.context import Context, Refused
from handlers.tasks import outcomes
from handlers.tasks.card import DONE, status, task_card, title
from handlers.tasks.extras import extra_of
from storage import accounts, references, tasks, touches, versions
from storage.db import Session
from storage.models import NAMELESS, Member, Task, TaskState
from storage.tasks import Work

log = structlog.get_logger()

_LONG = 2000
_LATER_DAYS = 2


async def press_open(ctx: Context, click: Click, me: Member) -> Reply:
    """Open: shows the task's card in place of a list."""
    return await card_of(ctx, me, row_id(click.value))


async def press_later(ctx: Context, click: Click, me: Member) -> Reply:
    """Later: out of the digest for two working days; the deadline stays where it is."""
    reader = reader_for(ctx, me)
    calendar = times.calendar_of(me, ctx.programme)
    async with ctx.db.session() as session:
        work = await to_act(ctx, session, me, click.value)
        until = nth_working_day(reader.today, _LATER_DAYS, calendar)
        await change(session, work.task, {"later_until": until}, reader)
    return await card_of(ctx, me, work.task.id)


async def press_reopen(ctx: Context, click: Click, me: Member) -> Reply:
    """Opens a task again that was closed by mistake."""
    reader = reader_for(ctx, me)
    async with ctx.db.session() as session:
        work = await to_act(ctx, session, me, click.value, state=TaskState.DONE)
        if work.task.what not in outcomes.OF:
            raise Refused(reader.t("task.stale_now"))
        values = {
            "state": TaskState.OPEN, "outcome": None, "done_at": None, "done_by": None,
        }  # fmt: skip
        await change(session, work.task, values, reader)
        await touches.forget_task(session, work.task.id)
        noted = work.task.detail.get("forms", ())
        if noted and work.task.contact_id is not None:
            await references.take_back(session, work.task.contact_id, noted)
    return await card_of(ctx, me, work.task.id)


async def done_form(ctx: Context, click: Click, me: Member) -> Reply:
    """The form of “I talked to …”: what came of it."""
    reader = reader_for(ctx, me)
    async with ctx.db.reading() as session:
        work = await to_act(ctx, session, me, click.value)
        people = await accounts.contacts(session, [work.account.id])
    t = reader.t
    offered = outcomes.OF.get(work.task.what, ())
    inputs = [
        Input(
            "choice", "outcome", t("task.form.outcome"),
            options=tuple(Choice(each, t(f"task.outcome.{each}")) for each in offered),
        )
    ]  # fmt: skip
    if work.contact is None:
        inputs.append(
            Input(
                "choice", "contact", t("task.form.contact"), required=False,
                options=tuple(
                    Choice(str(each.id), each.name, each.title)
                    for each in people[:100]
                    if each.status not in NAMELESS
                ),
            )
        )  # fmt: skip
    inputs.append(Input("long_text", "note", t("task.form.note"), required=False, max_length=_LONG))
    if set(outcomes.WITH_CONSENT) & set(offered):
        inputs.append(
            Input(
                "choices", "forms", t("task.form.forms"), required=False,
                options=tuple(Choice(each, t(f"reference.form.{each}")) for each in outcomes.FORMS),
                hint=t("task.form.forms_hint"),
            )
        )  # fmt: skip
    heading = t("task.form.title")
    return Form(heading, tuple(inputs), DONE, str(work.task.id), t("task.form.submit"))


async def done(ctx: Context, event: Submission, me: Member) -> Reply:
    """Closes a task with its outcome, and logs that the customer was spoken to."""
    reader = reader_for(ctx, me)
    async with ctx.db.session() as session:
        work = await to_act(ctx, session, me, event.value)
        errors = await _errors(session, event, work, reader)
        if errors:
            return FormErrors(errors)
        outcome, note = event.text("outcome"), event.text("note") or None
        contact_id = row_id(event.text("contact")) or (work.contact.id if work.contact else None)
        now = ctx.now()
        if outcome == outcomes.TRIED:
            until = nth_working_day(reader.today, 1, times.calendar_of(me, ctx.programme))
            values: dict[str, Any] = {"later_until": until, "note": note}
        else:
            values = {
                "state": TaskState.DONE, "outcome": outcome, "note": note, "done_at": now,
                "done_by": me.id,
            }  # fmt: skip
        if outcome in outcomes.WITH_CONSENT and contact_id is not None:
            known = await references.of_contact(session, contact_id)
            before = known.forms if known is not None and known.withdrawn_at is None else []
            new = [each for each in event.chosen("forms") if each not in before]
            values["detail"] = {**work.task.detail, "forms": new}
        await change(session, work.task, values, reader)
        if outcome not in outcomes.NOT_SPOKEN:
            await touches.log(
                session, account_id=work.account.id, contact_id=contact_id, member_id=me.id,
                task_id=work.task.id, at=now, how=outcomes.HOW.get(outcome, "call"),
                reached=outcome != outcomes.TRIED, note=note,
            )  # fmt: skip
        if outcome in outcomes.WITH_CONSENT and contact_id is not None:
            await references.agree(
                session, contact_id, work.account.id, work.task.response_id,
                event.chosen("forms"), note, me.id, now,
            )  # fmt: skip
    log.info("task done", task=work.task.id, outcome=outcome, member=me.id)
    return await card_of(ctx, me, work.task.id)


async def card_of(ctx: Context, me: Member, task_id: int) -> Card:
    """Gives the card of a task; raises Refused for who may not see the account."""
    reader = reader_for(ctx, me)
    async with ctx.db.reading() as session:
        work = await to_see(ctx, session, me, task_id)
        known = await accounts.member_names(session, _ids(work))
        # The card may stand where the owner reads: what a lead alone may know is not drawn in.
        reads = me if work.task.owner_id == me.id else Member(email="", name="")
        extra = await extra_of(session, work, reader, reads)
    return task_card(work, reader, known, extra)


async def to_see(ctx: Context, session: Session, me: Member, task_id: int) -> Work:
    """Gives a task of a button; raises Refused when it is gone or not for this member."""
    work = await tasks.one(session, task_id)
    if work is None:
        raise Refused(reader_for(ctx, me).t("task.gone"))
    if work.task.owner_id != me.id:
        await names.refuse_if_hidden(ctx, session, me, work.account)
    return work


async def to_act(
    ctx: Context, session: Session, me: Member, value: str, state: str = TaskState.OPEN
) -> Work:
    """Gives a task a member may act on; raises Refused with what is true now."""
    reader = reader_for(ctx, me)
    work = await to_see(ctx, session, me, row_id(value))
    if work.task.owner_id != me.id and not rights.may_change_account(me, work.account):
        raise Refused(reader.t("task.not_yours", account=work.account.name))
    if work.task.state != state:
        known = await accounts.member_names(session, _ids(work))
        raise Refused(reader.t("task.stale", status=_now(work, reader, known)))
    return work


def _now(work: Work, reader: Reader, known: dict[int, str]) -> str:
    return status(work, reader, known) or title(work, reader)


def _ids(work: Work) -> set[int]:
    return {each for each in (work.task.owner_id, work.task.done_by) if each is not None}


async def change(session: Session, task: Task, values: dict[str, Any], reader: Reader) -> None:
    """Changes a task as it was read; raises Refused when somebody else was first."""
    if not await versions.change(session, task, values):
        raise Refused(reader.t("task.stale_now"))


async def _errors(
    session: Session, event: Submission, work: Work, reader: Reader
) -> dict[str, str]:
    t = reader.t
    outcome = event.text("outcome")
    if outcome not in outcomes.OF.get(work.task.what, ()):
        return {"outcome": t("people.form.unknown_choice")}
    if outcome in outcomes.WITH_CONSENT:
        chosen = event.chosen("forms")
        if not chosen or not set(chosen) <= set(outcomes.FORMS):
            name = first_name(work.contact.name) if work.contact else work.account.name
            return {"forms": t("task.form.forms_needed", name=name)}
    if event.text("contact"):
        contact = await accounts.contact(session, row_id(event.text("contact")))
        if contact is None or contact.account_id != work.account.id:
            return {"contact": t("people.form.which")}
    return {}
