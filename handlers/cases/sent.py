"""“Sent?”: an hour after a draft its writer is asked, so that the case knows of the letter."""

from datetime import timedelta
from typing import Any

from handlers import texts
from handlers.alerts import Outgoing
from handlers.calendars import next_working_moment
from handlers.cards import Button, Buttons, Card, Reply
from handlers.cases import acting, naming, places, seeing, times
from handlers.cases.acting import Plan, Scene
from handlers.cases.taking import case_id
from handlers.cases.view import first_name, load
from handlers.chat import Click, Message
from handlers.context import Context
from storage import cases, members
from storage.models import OPEN_STATES, Alert, CaseState, Member

_AFTER = timedelta(hours=1)


def question(scene: Scene, response_id: int) -> dict[str, Any]:
    """Gives the row of the alert that asks the writer an hour later, in their working hours."""
    calendar = times.calendar_of(scene.me, scene.ctx.programme)
    return {
        "key": f"case:{scene.case.id}:draft:{scene.me.id}:{scene.now:%Y%m%dT%H}",
        "what": "case_draft_sent",
        "due_at": next_working_moment(scene.now + _AFTER, calendar),
        "case_id": scene.case.id,
        "member_id": scene.me.id,
        "account_id": scene.account.id,
        "detail": {
            "response": response_id,
            "since": scene.now.isoformat(),
            "partition": f"case:{scene.case.id}",
        },
    }


async def case_draft_sent(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """The question; None when the case tells already that somebody made contact."""
    assert alert.case_id is not None
    response_id = int(alert.detail["response"])
    async with ctx.db.reading() as session:
        # Hidden or released within the hour, the answer is in another case.
        found = await cases.of_responses(session, [response_id])
        case_id = found[response_id].id if response_id in found else alert.case_id
        view = await load(session, ctx, case_id)
        me = await members.by_id(session, alert.member_id)
        if me is None or not seeing.may_see(me, view.account, view.case, ctx.programme):
            return None
        contacted = view.case.contacted_at
        done = contacted is not None and contacted.isoformat() >= alert.detail["since"]
        if me.left_at is not None or done or view.case.state not in OPEN_STATES:
            return None
        route = await places.of_person(session, ctx, me)
    answer = view.answer(response_id)
    t = texts.of(me.language, ctx.programme.language)
    value = f"{view.case.id}:{answer.response.id}"
    row = (
        Button(t("case.sent"), "case.sent", value, "primary"),
        Button(t("case.not_sent"), "case.not_sent", value),
    )
    name = first_name(answer.contact.name)
    title = t("case.draft.sent", account=view.account.name, name=name)
    card = Card(title, (Buttons(row),), tone="attention", foot=t("case.draft.sent_why"))
    message = Message(card, f"alert:{alert.id}", t.language)
    return [Outgoing(message, route.steps, route.direct)]


async def yes(ctx: Context, click: Click, me: Member) -> Reply:
    """Yes, sent: the customer was written to; whether they were reached is asked later."""

    async def decide(scene: Scene) -> Plan | None:
        if not acting.is_open(scene.case):
            return None
        values = {
            **acting.taking(scene),
            "state": CaseState.CONTACTED,
            "contacted_at": scene.now,
        }
        who = await naming.contact_for(scene, click.value)
        return Plan("sent", values, contact_id=who)

    outcome = await acting.carry_out(ctx, click, me, case_id(click), decide)
    if not outcome.done:
        return await acting.reply(ctx, click, me, outcome)
    t = texts.of(me.language, ctx.programme.language)
    return Card(t("case.draft.noted", account=outcome.view.account.name), tone="good")


async def not_yet(ctx: Context, click: Click, me: Member) -> Reply:
    """Not yet: nothing changes; the deadline stays."""
    view = await acting.opened(ctx, me, case_id(click))
    t = texts.of(me.language, ctx.programme.language)
    return Card(t("case.draft.not_noted", account=view.account.name), tone="neutral")
