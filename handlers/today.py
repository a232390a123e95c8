"""What a member has to do, for the overview: what is overdue first, then by kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers import viewing
from handlers.accounts import lines
from handlers.accounts.reader import Reader, cut
from handlers.accounts.standing import Standing, standings_of
from handlers.cards import Button, Buttons, Element, Facts, Text
from handlers.cases import board, seeing
from handlers.context import Context
from handlers.rights import LEADERS
from handlers.tasks import board as task_board
from handlers.tasks.card import CALLS, LIST, OPEN, title
from handlers.tasks.outcomes import IN_CALLS
from handlers.wording import long_day
from storage import cases, promises, tasks
from storage.db import Session
from storage.models import Account, Case, Member, MemberRole
from storage.promises import Promised
from storage.tasks import Work, is_later

_SHOWN = 5
_FEW = 3
_LONG = 80


@dataclass(frozen=True)
class _Day:
    """All that is with a member now; `late` cases may be a colleague's where the reader leads."""

    late: list[tuple[Case, Account]]
    due: list[tuple[Case, Account]]
    work: list[Work]
    promised: list[Promised]
    calls: list[Work]


async def elements(
    session: Session, ctx: Context, me: Member, reader: Reader, known: Sequence[Standing] = ()
) -> list[Element]:
    """Gives the lines and buttons of a member's day; [] where nothing is to be done."""
    day = await _day(session, ctx, me, reader)
    standings = {each.account.id: each for each in known}
    shown = [*day.late[:_SHOWN], *day.due[:_SHOWN]]
    missing = {account.id: account for _case, account in shown if account.id not in standings}
    if missing:
        more = await standings_of(ctx, session, me, list(missing.values()), now_only=True)
        standings |= {each.account.id: each for each in more}
    t = reader.t
    body = _late(day, standings, reader)
    body += _cases("overview.due", day.due, standings, reader)
    in_time = [work for work in day.work if not _is_late(work, reader.now)]
    if in_time:
        body.append(Text(t("task.heading"), "heading"))
        body += task_board.told(in_time[:_FEW], reader)
        opened = [_way_into(work, reader) for work in in_time[:_FEW]]
        every = Button(t.count("task.button.count", len(day.work)), LIST, "mine")
        body.append(Buttons((*opened, every)))
    waiting = [each for each in day.promised if each.promise.due_on >= reader.today]
    if waiting:
        body.append(Text(t("overview.promises"), "heading"))
        body.append(Facts(tuple(_promised(each, reader) for each in waiting[:_FEW])))
        body += _opened(waiting[:_FEW], reader)
    if day.calls:
        body.append(Text(t("calls.title"), "heading"))
        body += [Text(title(work, reader)) for work in day.calls[:_SHOWN]]
        body.append(Buttons((Button(t("overview.calls"), CALLS, "mine"),)))
    return body


async def _day(session: Session, ctx: Context, me: Member, reader: Reader) -> _Day:
    mine, late = [], []
    kept = await viewing.kept_cases(session, me)
    for case, account in await cases.open_with_accounts(session):
        if case.id in kept or not seeing.may_see(me, account, case, ctx.programme):
            continue
        own = me.id in (case.owner_id, case.taken_by)
        leads = me.role in LEADERS or (
            me.role == MemberRole.TEAM_LEAD and account.team_id == me.team_id
        )
        if board.overdue(case, ctx) and (own or leads):
            late.append((case, account))
        elif own:
            mine.append((case, account))
    work = [
        each
        for each in await task_board.mine(session, ctx, me)
        if not is_later(each.task, reader.today)
    ]
    return _Day(
        sorted(late, key=lambda pair: _deadline(pair[0])),
        sorted(mine, key=lambda pair: _deadline(pair[0])),
        work,
        await promises.open_of_member(session, me.id),
        await tasks.open_of(session, [me.id], IN_CALLS),
    )


def _late(day: _Day, standings: dict[int, Standing], reader: Reader) -> list[Element]:
    """What should have been done by now, of every kind."""
    t = reader.t
    late = [work for work in day.work if _is_late(work, reader.now)]
    promised = [each for each in day.promised if each.promise.due_on < reader.today]
    if not day.late and not late and not promised:
        return []
    body = _cases("overview.late", day.late, standings, reader)
    if not body:
        body = [Text(t("overview.late"), "heading")]
    body += task_board.told(late[:_FEW], reader)
    if promised:
        body.append(Facts(tuple(_promised(each, reader) for each in promised[:_FEW])))
    row = [_way_into(work, reader) for work in late[:_FEW]]
    if row:
        body.append(Buttons(tuple(row)))
    return body + _opened(promised[:_FEW], reader)


def _cases(
    heading: str,
    found: Sequence[tuple[Case, Account]],
    standings: dict[int, Standing],
    reader: Reader,
) -> list[Element]:
    if not found:
        return []
    t = reader.t
    shown = found[:_SHOWN]
    facts = tuple(
        (account.name, lines.case_line(case, standings[account.id], reader))
        for case, account in shown
    )
    body: list[Element] = [Text(t(heading), "heading"), Facts(facts)]
    buttons = tuple(
        Button(t("account.case.open", who=account.name), "case.open", str(case.id))
        for case, account in shown
    )
    body.append(Buttons(buttons))
    if len(found) > _SHOWN:
        body.append(Text(t("case.board.more", n=len(found) - _SHOWN), "note"))
    return body


def _promised(each: Promised, reader: Reader) -> tuple[str, str]:
    promise = each.promise
    day = long_day(promise.due_on, reader.t, reader.today)
    key = "brief.promise_late" if promise.due_on < reader.today else "brief.promise"
    return each.account.name, reader.t(key, what=cut(promise.what, _LONG), day=day)


def _opened(found: Sequence[Promised], reader: Reader) -> list[Element]:
    """The way from promises into their cases."""
    buttons = tuple(
        Button(
            reader.t("account.case.open", who=each.account.name),
            "case.open",
            str(each.promise.case_id),
        )
        for each in {each.promise.case_id: each for each in found}.values()
        if each.promise.case_id is not None
    )
    return [Buttons(buttons)] if buttons else []


def _way_into(work: Work, reader: Reader) -> Button:
    who = work.contact.name if work.contact else work.account.name
    return Button(reader.t("account.case.open", who=who), OPEN, str(work.task.id))


def _is_late(work: Work, now: datetime) -> bool:
    return work.task.due_at is not None and work.task.due_at < now


def _deadline(case: Case) -> tuple[bool, datetime, int]:
    """The first due first; a case without a time comes last."""
    due = case.take_by if case.state == "new" else case.contact_by
    return due is None, due or case.opened_at, case.id
