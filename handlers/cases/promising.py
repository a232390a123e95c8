"""Promising something to a customer: the fields of the form, what is promised already, the rows."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from handlers import rights, wording
from handlers.calendars import start_of_working_day
from handlers.cards import Choice, Element, Form, Input, Text
from handlers.cases import times
from handlers.cases.acting import Scene
from handlers.cases.view import zone_of
from handlers.chat import Submission, row_id
from handlers.context import Context
from handlers.texts import Texts
from storage import case_view, members, promises
from storage.db import Session
from storage.models import Member, Promise
from storage.promises import Promised

ANYWAY = "anyway"  # who saves has seen what is promised already
SUBJECT = "promise"
SHOWN = 8
_LINE = 300


@dataclass(frozen=True)
class Draft:
    """A promise as it was typed; `deliverer` is who keeps it."""

    what: str
    due_on: date
    deliverer: Member
    lasting: bool
    contact_id: int | None = None  # to whom; else to the first of the case


def inputs(t: Texts, event: Submission | None = None) -> tuple[Input, ...]:
    """Gives the fields of a promise, filled in with what was typed before."""

    def typed(name: str) -> str | None:
        return (event.text(name) or None) if event else None

    return (
        Input(
            "text",
            "promise",
            t("case.contact_form.promise"),
            value=typed("promise"),
            max_length=_LINE,
        ),
        Input(
            "date",
            "promise_by",
            t("case.contact_form.promise_by"),
            value=typed("promise_by"),
        ),
        Input(
            "members",
            "deliverer",
            t("promise.deliverer"),
            required=False,
            value=typed("deliverer"),
            hint=t("promise.deliverer_hint"),
        ),
        Input(
            "choice",
            "lasting",
            t("promise.lasting"),
            required=False,
            value=typed("lasting") or "once",
            options=(
                Choice("once", t("promise.once")),
                Choice("always", t("promise.always")),
            ),
        ),
    )


async def deliverer_of(session: Session, event: Submission, me: Member) -> Member | None:
    """Gives who is to deliver: who was chosen, else who promises; None for somebody unknown."""
    chosen = event.text("deliverer")
    if not chosen:
        return me
    found = await members.by_id(session, row_id(chosen))
    return found if found is not None and found.left_at is None else None


async def warning(ctx: Context, me: Member, deliverer: Member, t: Texts) -> tuple[Element, ...]:
    """Gives what the deliverer's function has promised already; () where that is nothing."""
    async with ctx.db.reading() as session:
        found = await promises.open_of_function(session, deliverer)
    if not found:
        return ()
    today = ctx.now().astimezone(zone_of(me, ctx)).date()
    late = sum(each.promise.due_on < today for each in found)
    title = t.count("promise.already", len(found), who=deliverer.function or deliverer.name)
    if late:
        title += " " + t.count("promise.of_them_late", late)
    lines = [line(each, me, ctx, t) for each in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(t("account.more", n=len(found) - SHOWN))
    return (Text(title, "strong"), *(Text(each) for each in lines), Text(t("promise.few"), "note"))


def line(found: Promised, me: Member, ctx: Context, t: Texts) -> str:
    """Gives `Acme A/S: invoice check by 1 December · overdue · Mikkel Skov`."""
    promise = found.promise
    today = ctx.now().astimezone(zone_of(me, ctx)).date()
    sees = rights.may_see_account(me, found.account, ctx.programme)
    account = found.account.name if sees else t("promise.another_account")
    what = promise.what if sees else t("promise.something")
    day = wording.long_day(promise.due_on, t, today)
    parts = [t("promise.line", account=account, what=what, day=day)]
    if promise.due_on < today:
        parts.append(t("promise.overdue"))
    if promise.lasting:
        parts.append(t("promise.always"))
    if found.deliverer is not None:
        parts.append(found.deliverer.name)
    return " · ".join(parts)


def again(
    form: Form, event: Submission, deliverer: Member, shown: tuple[Element, ...], t: Texts
) -> Form:
    """Gives the form once more, with all that was typed and what is promised already above it."""
    chosen = (Choice(str(deliverer.id), deliverer.name),)
    inputs_ = tuple(
        replace(each, options=chosen) if each.name == "deliverer" else each
        for each in filled(form, event).inputs
    )
    value = f"{form.value}:{ANYWAY}"
    return Form(form.title, inputs_, form.action, value, t("promise.anyway"), intro=shown)


def filled(form: Form, event: Submission) -> Form:
    """Gives a form with all that was typed already."""
    typed = tuple(replace(each, value=event.text(each.name) or each.value) for each in form.inputs)
    return replace(form, inputs=typed)


async def promise(scene: Scene, draft: Draft) -> tuple[dict[str, Any], ...]:
    """Stores the promise with the step that makes it; gives the alert for who delivers it."""
    calendar = times.calendar_of(draft.deliverer, scene.ctx.programme)
    remind_at = start_of_working_day(draft.due_on, calendar)
    contacts = await case_view.joined(scene.session, scene.case.id)
    first = contacts[0].contact.id if contacts else None
    made = await promises.add(
        scene.session,
        Promise(
            case_id=scene.case.id,
            account_id=scene.account.id,
            contact_id=draft.contact_id or first,
            what=draft.what,
            due_on=draft.due_on,
            lasting=draft.lasting,
            made_by=scene.me.id,
            made_at=scene.now,
            deliverer_id=draft.deliverer.id,
            function=draft.deliverer.function,
            remind_at=max(remind_at, scene.now),
            hidden_from_owner=scene.case.hidden_from_owner,
        ),
    )
    if draft.deliverer.id == scene.me.id:
        return ()
    return (
        {
            "key": f"promise:{made.id}:card",
            "what": "promise_card",
            "due_at": scene.now,
            "case_id": scene.case.id,
            "member_id": draft.deliverer.id,
            "account_id": scene.account.id,
            "detail": {"promise": made.id, "partition": f"case:{scene.case.id}"},
        },
    )
