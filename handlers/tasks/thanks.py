"""“Pass on the thanks”: a colleague reads what a customer valued, and from whom it comes."""

from typing import Any

from handlers import alerts, rights
from handlers.accounts.reader import first_name, reader_for
from handlers.alerts import Outgoing
from handlers.cards import Card, Form, FormErrors, Input, Reply, Text
from handlers.cases import places
from handlers.chat import Click, Message, Submission, row_id
from handlers.context import Context, Refused
from handlers.tasks.acting import card_of, to_see
from handlers.tasks.card import THANKS
from handlers.texts import of
from storage import members, tasks, versions
from storage.models import Alert, Member
from storage.tasks import Work

ALERT = "task_thanks"
_LONG = 500


async def form(ctx: Context, click: Click, me: Member) -> Reply:
    """Asks for whom the thanks are."""
    t = reader_for(ctx, me).t
    async with ctx.db.reading() as session:
        work = await to_see(ctx, session, me, row_id(click.value))
    if not _words(work):
        raise Refused(t("thanks.no_words"))
    inputs = (
        Input("members", "to", t("thanks.to")),
        Input("long_text", "note", t("thanks.note"), required=False, max_length=_LONG),
    )
    return Form(t("thanks.title"), inputs, THANKS, click.value, t("thanks.submit"))


async def passed(ctx: Context, event: Submission, me: Member) -> Reply:
    """Asks for the colleague's card; a second time to the same colleague changes nothing."""
    t = reader_for(ctx, me).t
    async with ctx.db.session() as session:
        work = await to_see(ctx, session, me, row_id(event.value))
        to = await members.by_id(session, row_id(event.text("to")))
        if to is None or to.left_at is not None:
            return FormErrors({"to": t("case.hand_over_form.unknown")})
        if to.id == me.id:
            return FormErrors({"to": t("thanks.not_yourself")})
        if not rights.reads_comments(to):
            return FormErrors({"to": t("thanks.no_admin")})
        if not _words(work):
            raise Refused(t("thanks.no_words"))
        detail: dict[str, Any] = {
            "by": me.id, "task": work.task.id, "note": event.text("note") or None,
            "partition": f"thanks:{to.id}",
        }  # fmt: skip
        asked = await alerts.add(
            session, key=f"thanks:{work.task.id}:{to.id}", what=ALERT, due_at=ctx.now(),
            member_id=to.id, account_id=work.account.id, response_id=work.task.response_id,
            detail=detail,
        )  # fmt: skip
        names = list(dict.fromkeys([*work.task.detail.get("thanked", ()), to.name]))
        await versions.change(
            session, work.task, {"detail": {**work.task.detail, "thanked": names}}
        )
    if asked.status == "pending":
        await ctx.soon(alerts.job_of(asked), None)
    return await card_of(ctx, me, work.task.id)


async def card(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """The colleague's card; None when the customer took the words back meanwhile."""
    async with ctx.db.reading() as session:
        work = await tasks.one(session, int(alert.detail["task"]))
        to = await members.by_id(session, alert.member_id)
        by = await members.by_id(session, alert.detail["by"])
    if work is None or to is None or to.left_at is not None or not _words(work):
        return None
    t = of(to.language, ctx.programme.language)
    name = work.contact.name if work.contact else work.account.name
    heading = t("thanks.card", name=name, account=work.account.name)
    body = [Text(_words(work), "quote")]
    if alert.detail.get("note"):
        body.append(Text(alert.detail["note"]))
    foot = t("thanks.foot", name=first_name(by.name) if by else ctx.programme.company)
    told = Card(heading, tuple(body), tone="good", foot=foot)
    direct = places.direct_places(to)
    return [Outgoing(Message(told, f"alert:{alert.id}", t.language), (direct,), direct)]


def _words(work: Work) -> str:
    comment = work.response.comment if work.response is not None else None
    return (comment or "").strip()
