"""`/nps calls`: a few accounts a week that nobody has spoken to for long, with a line to open."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handlers import names, rights, wording
from handlers.accounts.card import SHOW
from handlers.accounts.reader import Reader, first_name, reader_for
from handlers.calendars import end_of_work
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Choice,
    Element,
    Form,
    FormErrors,
    Input,
    Reply,
    Text,
)
from handlers.cases import seeing, times
from handlers.chat import Click, Command, Submission, row_id
from handlers.context import Context, Job, Refused
from handlers.tasks import openers
from handlers.tasks.card import DONE, LOG, OPEN, title
from handlers.texts import Texts
from storage import accounts, calls, cases, members, tasks, touches, versions
from storage.db import Session
from storage.models import Account, CaseState, Contact, ContactRole, Member, TaskState
from storage.tasks import Work

_MARK = "calls_planned_on"
_LONG = 2000
_ROLES = (ContactRole.DECISION_MAKER, ContactRole.INFLUENCER, ContactRole.USER)
_LOGGED = ("call", "met", "wrote")


async def due(ctx: Context) -> list[Job]:
    """Plans everybody's calls once a week; what was not called before gives way to it."""
    now = ctx.now()
    monday = _monday(now, ctx)
    start = datetime.combine(monday, datetime.min.time(), ZoneInfo(ctx.programme.timezone))
    async with ctx.db.reading() as session:
        marked = await tasks.mark(session, _MARK)
    if marked is not None and marked >= start:
        return []
    async with ctx.db.session() as session:
        old = [
            each.id
            for each in await tasks.of_kind(session, ("call",))
            if each.state == TaskState.OPEN
        ]
        await tasks.drop(session, old, now)
        await _plan(session, ctx, None, monday)
        await tasks.set_mark(session, _MARK, start)
    return []


async def show(ctx: Context, command: Command, me: Member) -> Reply:
    """`/nps calls`: my calls of this week; `/nps calls acme` logs one with an account."""
    if command.text.strip():
        return await _log_form(ctx, me, command.text)
    return await _week(ctx, me)


async def press(ctx: Context, _click: Click, me: Member) -> Reply:
    """The calls of the week, in place of one of them."""
    return await _week(ctx, me)


async def log_form(ctx: Context, click: Click, me: Member) -> Reply:
    """The form that logs a contact with one account."""
    async with ctx.db.reading() as session:
        account = await accounts.by_id(session, row_id(click.value))
    if account is None:
        raise Refused(reader_for(ctx, me).t("account.gone"))
    return await _form_of(ctx, me, account)


async def logged(ctx: Context, event: Submission, me: Member) -> Reply:
    """Logs a contact with an account; its call of this week is done by it."""
    reader = reader_for(ctx, me)
    t = reader.t
    how, reached = event.text("how"), event.text("reached") == "yes"
    async with ctx.db.session() as session:
        account = await accounts.by_id(session, row_id(event.value))
        if account is None:
            raise Refused(t("account.gone"))
        _refuse_others(me, account, reader)
        if how not in _LOGGED:
            return FormErrors({"how": t("people.form.unknown_choice")})
        contact = await accounts.contact(session, row_id(event.text("contact")))
        if event.text("contact") and (contact is None or contact.account_id != account.id):
            return FormErrors({"contact": t("people.form.which")})
        now, note = ctx.now(), event.text("note") or None
        planned = await tasks.with_keys(session, [_key(account, _monday(now, ctx))])
        task = next((each for each in planned if each.state == TaskState.OPEN), None)
        await touches.log(
            session, account_id=account.id, contact_id=contact.id if contact else None,
            member_id=me.id, task_id=task.id if task else None, at=now, how=how,
            reached=reached, note=note,
        )  # fmt: skip
        if task is not None and reached:
            values = {
                "state": TaskState.DONE, "outcome": {"call": "talked"}.get(how, how),
                "note": note, "done_at": now, "done_by": me.id,
            }  # fmt: skip
            await versions.change(session, task, values)
    key = "calls.logged" if reached else "calls.logged_tried"
    return Card(t(key, account=account.name), audience="person", tone="good")


async def _log_form(ctx: Context, me: Member, typed: str) -> Reply:
    async with ctx.db.reading() as session:
        found = await names.find_account(ctx, session, me, typed)
    if not isinstance(found, Account):
        several = isinstance(found, names.Several)
        offered = [each.name for each in found]
        told = names.sentence(ctx, me, "account", typed, offered, several)
        if not found:
            raise Refused(told)
        row = tuple(Button(each.name, LOG, str(each.id), opens_form=True) for each in found)
        only_you = reader_for(ctx, me).t("account.only_you")
        return Card(told, (Buttons(row),), status=only_you)
    return await _form_of(ctx, me, found)


async def _form_of(ctx: Context, me: Member, account: Account) -> Form:
    reader = reader_for(ctx, me)
    t = reader.t
    _refuse_others(me, account, reader)
    async with ctx.db.reading() as session:
        people = await calls.people(session, [account.id])
        open_cases = await _open_cases(session, ctx, me, [account.id], t)
    who = tuple(Choice(str(each.id), each.name, each.title) for each in people[:100])
    hows = tuple(Choice(each, t(f"calls.how.{each}")) for each in _LOGGED)
    inputs = (
        Input("choice", "how", t("calls.form.how"), options=hows, value="call"),
        Input("choice", "contact", t("task.form.contact"), required=False, options=who),
        Input("yes_no", "reached", t("calls.form.reached"), value="yes"),
        Input("long_text", "note", t("task.form.note"), required=False, max_length=_LONG),
    )
    heading = t("calls.form.title")
    intro = tuple(Text(words) for words, _button in open_cases.values())
    return Form(heading, inputs, LOG, str(account.id), t("task.form.submit"), intro)


async def _week(ctx: Context, me: Member) -> Card:
    async with ctx.db.session() as session:
        await _plan(session, ctx, [me.id], _monday(ctx.now(), ctx))
        await _replace_who_left(session, me)
    return await _list(ctx, me)


async def _replace_who_left(session: Session, me: Member) -> None:
    """Names somebody else of the account to call."""
    open_ones = await tasks.open_of(session, [me.id], ("call",))
    left = [each for each in open_ones if each.contact is None and each.task.contact_id is not None]
    people = await _people(session, [each.account.id for each in left])
    for each in left:
        whom = _whom(people.get(each.account.id, []))
        values = {"contact_id": whom.id if whom else None}
        await versions.change(session, each.task, values)


async def _list(ctx: Context, me: Member) -> Card:
    reader = reader_for(ctx, me)
    t, monday = reader.t, _monday(ctx.now(), ctx)
    async with ctx.db.reading() as session:
        found = await tasks.open_of(session, [me.id], ("call",))
        ids = [work.account.id for work in found]
        lines = await openers.lines(session, me, [work.account for work in found], reader)
        last = await touches.last_of(session, ids)
        own = await accounts.owned_by(session, me.id)
        planned = await tasks.with_keys(session, [_key(each, monday) for each in own])
        open_cases = await _open_cases(session, ctx, me, ids, t)
    done = sum(each.state == TaskState.DONE for each in planned)
    body: list[Element] = []
    for work in found:
        case = open_cases.get(work.account.id)
        body += _entry(work, lines.get(work.account.id), last.get(work.account.id), case, reader)
    if not found:
        body.append(Text(t("calls.all_done") if done else t("calls.none")))
    status = t("calls.progress", done=done, planned=done + len(found)) if planned else None
    note = t("calls.foot", a_week=ctx.programme.calls_a_week)
    return Card(t("calls.title"), tuple(body), status=status, foot=note)


async def _open_cases(
    session: Session, ctx: Context, me: Member, account_ids: Sequence[int], t: Texts
) -> dict[int, tuple[str, Button]]:
    """Gives by account the open case that the reader may see: who has it, and the way to it."""
    found = await cases.open_with_accounts(session, account_ids)
    told: dict[int, tuple[str, Button]] = {}
    for case, account in found:
        if not seeing.may_see(me, account, case, ctx.programme):
            continue
        holder = await members.by_id(session, case.taken_by or case.owner_id)
        words = t("calls.case_nobody")
        if holder is not None:
            key = "case_new" if case.state == CaseState.NEW else "case"
            words = t(f"calls.{key}", name=first_name(holder.name))
        told.setdefault(account.id, (words, Button(t("case.open"), "case.open", str(case.id))))
    return told


def _entry(
    work: Work,
    line: str | None,
    last: datetime | None,
    case: tuple[str, Button] | None,
    reader: Reader,
) -> list[Element]:
    t = reader.t
    spoken = (
        t("calls.never") if last is None
        else t("calls.last", day=reader.short_day(last), n=(reader.today - reader.day(last)).days)
    )  # fmt: skip
    contact = work.contact
    reach = " · ".join(part for part in (contact.phone, contact.email) if part) if contact else ""
    stake = wording.stake(work.account, reader.t, reader.today)
    note = " · ".join(part for part in (spoken, *stake) if part)
    name = first_name(contact.name) if contact else work.account.name
    body: list[Element] = [Text(title(work, reader), "strong"), Text(note, "note")]
    if line:
        body.append(Text(line))
    if reach:
        body.append(Text(reach, "note"))
    value = str(work.task.id)
    row = [
        Button(t("task.button.done", name=name), DONE, value, opens_form=True),
        Button(t("account.button.brief"), SHOW, f"{work.account.id}:brief"),
        Button(t("calls.open"), OPEN, value),
    ]
    if case is not None:
        words, button = case
        body.append(Text(words, "strong"))
        row.append(button)
    return [*body, Buttons(tuple(row))]


async def _plan(
    session: Session, ctx: Context, owner_ids: Sequence[int] | None, monday: date
) -> None:
    """Plans the week's calls of owners who have none yet; all owners without `owner_ids`."""
    programme = ctx.programme
    found = await calls.callable_accounts(session, owner_ids)
    keys = [_key(account, monday) for account in found]
    busy = {each.owner_id for each in await tasks.with_keys(session, keys)}
    found = [account for account in found if account.owner_id not in busy]
    last = await touches.last_of(session, [account.id for account in found])
    today = ctx.now().astimezone(ZoneInfo(programme.timezone)).date()
    by_owner: dict[int, list[tuple[float, Account]]] = {}
    for account in found:
        over = days_over(account, last.get(account.id), today, programme.calls_days)
        if over >= 0 and account.owner_id is not None:
            weight = (over + 1) * max(account.annual_value or 0.0, 1.0)
            by_owner.setdefault(account.owner_id, []).append((-weight, account))
    chosen = [
        account
        for of_owner in by_owner.values()
        for _weight, account in sorted(of_owner, key=lambda pair: (pair[0], pair[1].id))[
            : programme.calls_a_week
        ]
    ]
    people = await _people(session, [account.id for account in chosen])
    rows = []
    for account in chosen:
        owner = await members.by_id(session, account.owner_id)
        whom = _whom(people.get(account.id, []))
        rows.append(_row(account, owner, whom, monday, ctx))
    await tasks.add(session, rows)


def days_over(
    account: Account, last: datetime | None, today: date, limits: Sequence[tuple[str, int]]
) -> int:
    """Gives by how many days the time since the last contact is over the tier's; C for no tier.

    An account that nobody ever spoke to is over by the longest of these times, whatever its tier.
    """
    by_tier = dict(limits)
    allowed = by_tier.get((account.tier or "").strip().upper()) or by_tier.get("C", 120)
    if last is None:
        return max(by_tier.values(), default=allowed)
    return (today - last.date()).days - allowed


def _row(
    account: Account, owner: Member | None, whom: Contact | None, monday: date, ctx: Context
) -> dict[str, Any]:
    calendar = times.calendar_of(owner, ctx.programme)
    friday = datetime.combine(monday + timedelta(days=4), datetime.min.time(), calendar.zone)
    return {
        "key": _key(account, monday),
        "what": "call",
        "account_id": account.id,
        "contact_id": whom.id if whom else None,
        "owner_id": account.owner_id,
        "opened_at": ctx.now(),
        "due_at": end_of_work(friday, calendar),
    }


async def _people(session: Session, account_ids: Sequence[int]) -> dict[int, list[Contact]]:
    people: dict[int, list[Contact]] = {}
    for contact in await calls.people(session, account_ids):
        people.setdefault(contact.account_id, []).append(contact)
    return people


def _whom(people: Sequence[Contact]) -> Contact | None:
    """Who is called: whoever signs, else who has influence, else anybody; with a phone first."""
    ranked = sorted(
        people,
        key=lambda each: (
            _ROLES.index(ContactRole(each.role)) if each.role else len(_ROLES),
            each.phone is None,
            each.name,
        ),
    )
    return ranked[0] if ranked else None


def _refuse_others(me: Member, account: Account, reader: Reader) -> None:
    if not rights.may_change_account(me, account):
        raise Refused(reader.t("task.not_yours", account=account.name))


def _key(account: Account, monday: date) -> str:
    return f"call:{account.id}:{monday.isoformat()}"


def _monday(now: datetime, ctx: Context) -> date:
    today = now.astimezone(ZoneInfo(ctx.programme.timezone)).date()
    return today - timedelta(days=today.weekday())
