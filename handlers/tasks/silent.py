"""`/nps silent`: decision makers who were asked and said nothing, and “I'll call”."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from handlers import rights, wording
from handlers.accounts.reader import Reader, first_name, reader_for
from handlers.accounts.standing import KIND, sees_hidden
from handlers.calendars import add_working_days
from handlers.cards import Button, Buttons, Card, Element, Reply, Text
from handlers.cases import times
from handlers.chat import Click, Command, row_id
from handlers.context import Context, Refused
from handlers.measures.window import span_until
from handlers.tasks.card import CALL_SILENT, DONE, status
from storage import accounts, calls, hiding, tasks
from storage.answers import kinds_counted
from storage.calls import Silent
from storage.db import Session
from storage.models import Member, Task, TaskState
from storage.tasks import Work

_SHOWN = 8
# Before that an answer may well be on its way; it is also when reminders begin.
_PATIENCE = timedelta(days=3)
_RENEWS_SOON = 120
_CALL_WITHIN = 5


async def show(ctx: Context, _command: Command, me: Member) -> Reply:
    """The silent ones of the accounts I may see: those that renew soon first, then by value."""
    return await _list(ctx, me)


async def call(ctx: Context, click: Click, me: Member) -> Reply:
    """I'll call: a task of mine, due in five working days; who was first has it."""
    reader = reader_for(ctx, me)
    async with ctx.db.session() as session:
        found = await _silent(session, ctx, me)
        each = next((one for one in found if one.invitation_id == row_id(click.value)), None)
        if each is None:
            raise Refused(reader.t("silent.answered"))
        if not rights.may_change_account(me, each.account):
            raise Refused(reader.t("task.not_yours", account=each.account.name))
        calendar = times.calendar_of(me, ctx.programme)
        row = {
            "key": _key(each),
            "what": "silent",
            "account_id": each.account.id,
            "contact_id": each.contact.id,
            "owner_id": me.id,
            "opened_at": ctx.now(),
            "due_at": add_working_days(ctx.now(), _CALL_WITHIN, calendar),
        }
        await tasks.add(session, [row])
    return await _list(ctx, me)


async def _silent(session: Session, ctx: Context, me: Member) -> list[Silent]:
    now, kinds = ctx.now(), kinds_counted(KIND)
    zone = ZoneInfo(ctx.programme.timezone)
    span = span_until(now.astimezone(zone).date(), ctx.programme.window_months, zone)
    seen = rights.seen_by(me, ctx.programme)
    asked = await calls.asked_decision_makers(session, seen, kinds, span.start, now - _PATIENCE)
    ids = [each.contact.id for each in asked]
    hidden = await hiding.hidden_responses(session, {each.account.id for each in asked})
    kept = {each.contact.id for each in asked if not sees_hidden(me, each.account)}
    heard = {
        each.contact_id
        for each in await calls.answered_since(session, ids, kinds, span.start)
        # An answer that is kept from the reader does not exist for them.
        if not ((each.to_manager or each.id in hidden) and each.contact_id in kept)
    }
    today = now.astimezone(zone).date()

    def order(each: Silent) -> tuple[bool, float, str, int]:
        renewal = each.account.renewal_date
        soon = renewal is not None and 0 <= (renewal - today).days <= _RENEWS_SOON
        return not soon, -(each.account.annual_value or 0.0), each.account.name, each.contact.id

    return sorted((each for each in asked if each.contact.id not in heard), key=order)


async def _list(ctx: Context, me: Member) -> Card:
    reader = reader_for(ctx, me)
    t = reader.t
    async with ctx.db.reading() as session:
        found = await _silent(session, ctx, me)
        called = {each.key: each for each in await tasks.with_keys(session, list(map(_key, found)))}
        # Whoever is called already stands last, so that all the others come up.
        found.sort(key=lambda each: _key(each) in called)
        shown = found[:_SHOWN]
        members = {each.owner_id for each in called.values()} | {
            each.done_by for each in called.values()
        }
        known = await accounts.member_names(session, {each for each in members if each is not None})
    body: list[Element] = []
    for each in shown:
        body += _entry(each, called.get(_key(each)), reader, known, me)
    if not found:
        body.append(Text(t("silent.none")))
    if len(found) > _SHOWN:
        body.append(Text(t("task.more", n=len(found) - _SHOWN), "note"))
    heading = t.count("silent.title", len(found)) if found else t("silent.title_none")
    return Card(heading, tuple(body), status=t("account.only_you"))


def _entry(
    each: Silent, task: Task | None, reader: Reader, known: dict[int, str], me: Member
) -> list[Element]:
    t, account, contact = reader.t, each.account, each.contact
    who = ", ".join(part for part in (contact.name, contact.title) if part)
    parts = [
        t("account.asked", day=reader.short_day(each.asked_at)),
        *wording.stake(account, t, reader.today),
    ]
    reach = " · ".join(part for part in (contact.phone, contact.email) if part)
    body: list[Element] = [
        Text(f"{account.name}: {who}", "strong"),
        Text(" · ".join(part for part in parts if part), "note"),
    ]
    if reach:
        body.append(Text(reach, "note"))
    if task is not None and task.state == TaskState.OPEN:
        name = first_name(known.get(task.owner_id or 0, ""))
        words = status(Work(task, account, contact, None), reader, known) or ""
        body.append(Text(t("silent.calls", name=name, when=words), "note"))
        if task.owner_id == me.id:
            label = t("task.button.done", name=first_name(contact.name))
            body.append(Buttons((Button(label, DONE, str(task.id), opens_form=True),)))
    elif task is not None and task.state == TaskState.DONE:
        words = status(Work(task, account, contact, None), reader, known) or ""
        body.append(Text(f"{words} · {t(f'task.outcome.{task.outcome}')}", "note"))
    elif rights.may_change_account(me, account):
        button = Button(t("silent.call"), CALL_SILENT, str(each.invitation_id), style="primary")
        body.append(Buttons((button,)))
    return body


def _key(each: Silent) -> str:
    return f"silent:{each.invitation_id}"
