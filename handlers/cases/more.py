"""The forms behind More: snooze, hand over, escalate, not a real critic."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from handlers.calendars import next_working_moment, nth_working_day, start_of_working_day
from handlers.cards import Choice, Form, FormErrors, Input, Reply, Text
from handlers.cases import acting, redraw, seeing
from handlers.cases.acting import Plan, Scene
from handlers.cases.taking import case_id
from handlers.chat import Click, Submission, row_id
from handlers.context import Context, Refused
from handlers.texts import of
from storage import members
from storage.models import CaseState, Member

UNTIL = ("hours", "tomorrow", "monday")
_SNOOZE = timedelta(hours=2)
_LONG = 1000


async def snooze_form(ctx: Context, click: Click, me: Member) -> Reply:
    """The form of “Snooze reminders”."""
    t = of(me.language, ctx.programme.language)
    options = tuple(Choice(key, t(f"case.snooze_form.{key}")) for key in UNTIL)
    until = Input(
        "choice", "until", t("case.snooze_form.until"), value="tomorrow", options=options,
        hint=t("case.snooze_form.hint"),
    )  # fmt: skip
    return await _form(ctx, click, me, "snooze", (until,))


async def snoozed(ctx: Context, event: Submission, me: Member) -> Reply:
    """Hides reminders for a while; the deadline stays where it is."""
    until = event.text("until")
    if until not in UNTIL:
        t = of(me.language, ctx.programme.language)
        return FormErrors({"until": t("case.snooze_form.need")})

    async def decide(scene: Scene) -> Plan | None:
        if not acting.is_open(scene.case):
            return None
        awake = _until(scene, until)
        values = {"snoozed_until": awake, **acting.taking_by_owner(scene)}
        # The card says until when: by then it must say something else.
        over = redraw.row(scene.case.id, f"awake:{awake.timestamp():.0f}", awake)
        return Plan("snoozed", values, until, tell=(over,))

    outcome = await acting.carry_out(ctx, event, me, row_id(event.value), decide)
    return await acting.reply(ctx, event, me, outcome)


async def hand_over_form(ctx: Context, click: Click, me: Member) -> Reply:
    """The form of “Hand over”."""
    t = of(me.language, ctx.programme.language)
    inputs = (
        Input("members", "to", t("case.hand_over_form.to")),
        Input("long_text", "note", t("case.hand_over_form.note"), required=False, max_length=_LONG),
    )
    return await _form(ctx, click, me, "hand_over", inputs)


async def handed_over(ctx: Context, event: Submission, me: Member) -> Reply:
    """Gives the case to a colleague, who gets it as a card with the note."""
    t = of(me.language, ctx.programme.language)
    typed = event.text("to")
    async with ctx.db.reading() as session:
        to = await members.by_id(session, row_id(typed))
    if to is None:
        return FormErrors({"to": t("case.hand_over_form.unknown")})
    if to.left_at is not None:
        return FormErrors({"to": t("case.hand_over_form.left", name=to.name)})

    async def decide(scene: Scene) -> Plan | None:
        case = scene.case
        if not acting.is_open(case):
            return None
        if case.owner_id == to.id:
            raise _AlreadyThere
        if case.hidden_from_owner and not seeing.sees_hidden(to, scene.account):
            raise Refused(scene.t("case.hand_over_form.conflict", name=to.name))
        values: dict[str, Any] = {"owner_id": to.id, "snoozed_until": None}
        if case.state != CaseState.NEW:
            values["taken_by"] = to.id
        tell = {
            "key": f"case:{case.id}:handed:{to.id}:{case.version}",
            "what": "case_handed",
            "due_at": scene.now,
            "case_id": case.id,
            "member_id": to.id,
            "account_id": scene.account.id,
            "detail": {"partition": f"case:{case.id}", "by": me.id},
        }
        return Plan("handed_over", values, event.text("note") or None, tell=(tell,))

    try:
        outcome = await acting.carry_out(ctx, event, me, row_id(event.value), decide)
    except _AlreadyThere:
        return FormErrors({"to": t("case.hand_over_form.already", name=to.name)})
    return await acting.reply(ctx, event, me, outcome)


class _AlreadyThere(Exception):
    """The case is with the colleague who was chosen."""


async def escalate_form(ctx: Context, click: Click, me: Member) -> Reply:
    """The form of “Escalate”: who gets the case, and why if one wants to say it."""
    t = of(me.language, ctx.programme.language)
    reason = Input(
        "long_text", "reason", t("case.escalate_form.reason"), required=False, max_length=_LONG,
        hint=t("case.escalate_form.hint"),
    )  # fmt: skip
    form = await _form(ctx, click, me, "escalate", (reason,))
    if not isinstance(form, Form):
        return form
    return replace(
        form, intro=(Text(t("case.escalate_form.who")),), submit_label=t("case.escalate")
    )


async def escalated(ctx: Context, event: Submission, me: Member) -> Reply:
    """Gives the case to the lead as a card of their own; the lead's own act tells CX."""

    async def decide(scene: Scene) -> Plan | None:
        case = scene.case
        if not acting.is_open(case):
            return None
        lead = await members.lead_of(scene.session, scene.account.team_id)
        to = "cx" if lead is None or lead.id == me.id else "lead"
        if case.escalated_to in (to, "cx"):
            name = lead.name if lead is not None and to == "lead" else "CX"
            raise Refused(scene.t("case.escalate_form.already", name=name))
        tell = {
            "key": f"case:{case.id}:escalated:{to}:{case.version}",
            "what": "case_escalation",
            "due_at": scene.now,
            "case_id": case.id,
            "member_id": me.id,
            "account_id": scene.account.id,
            "detail": {"to": to, "asked": True, "partition": f"case:{case.id}"},
        }
        values = {"escalated_to": to, **acting.taking_by_owner(scene)}
        return Plan("escalated", values, event.text("reason") or None, tell=(tell,))

    outcome = await acting.carry_out(ctx, event, me, row_id(event.value), decide)
    return await acting.reply(ctx, event, me, outcome)


async def not_critic_form(ctx: Context, click: Click, me: Member) -> Reply:
    """The form of “Not a real critic”."""
    t = of(me.language, ctx.programme.language)
    reason = Input(
        "long_text", "reason", t("case.not_critic_form.reason"), max_length=_LONG,
        hint=t("case.not_critic_form.hint"),
    )  # fmt: skip
    return await _form(ctx, click, me, "not_critic", (reason,))


async def not_a_critic(ctx: Context, event: Submission, me: Member) -> Reply:
    """Closes a case that is none, with the reason; the answer itself still counts."""
    reason = event.text("reason")
    if not reason:
        t = of(me.language, ctx.programme.language)
        return FormErrors({"reason": t("case.not_critic_form.need")})

    async def decide(scene: Scene) -> Plan | None:
        if not acting.is_open(scene.case):
            return None
        values = {
            "state": CaseState.NOT_A_CRITIC,
            "not_critic_reason": reason,
            "taken_by": scene.case.taken_by or me.id,
        }
        return Plan("not_a_critic", values, reason)

    outcome = await acting.carry_out(ctx, event, me, row_id(event.value), decide)
    return await acting.reply(ctx, event, me, outcome)


async def _form(
    ctx: Context, click: Click, me: Member, name: str, inputs: tuple[Input, ...]
) -> Reply:
    t = of(me.language, ctx.programme.language)
    view = await acting.opened(ctx, me, case_id(click))
    if not acting.is_open(view.case):
        return await acting.told_stale(ctx, click, me, view)
    title = t(f"case.{name}_form.title")
    return Form(title, inputs, f"case.{name}", str(view.case.id), t("case.save"))


def _until(scene: Scene, until: str) -> datetime:
    """Gives when reminders come again: working time, in the working hours of who has the case."""
    calendar, now = scene.calendar, scene.now
    if until == "hours":
        return next_working_moment(now + _SNOOZE, calendar)
    today = now.astimezone(calendar.zone).date()
    if until == "tomorrow":
        return start_of_working_day(nth_working_day(today, 1, calendar), calendar)
    monday = today + timedelta(days=7 - today.weekday())
    return next_working_moment(start_of_working_day(monday, calendar), calendar)
