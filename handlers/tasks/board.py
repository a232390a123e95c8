"""`/nps tasks`, and the lines about tasks in the digest and on the home tab."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers import wording
from handlers.accounts.reader import Reader, reader_for
from handlers.cards import Button, Buttons, Card, Element, Reply, Text
from handlers.cases import opening
from handlers.chat import Click, Command
from handlers.context import Context
from handlers.tasks.card import CALLS, LIST, OPEN, name_of, status, title
from handlers.tasks.outcomes import IN_CALLS
from storage import members, tasks
from storage.db import Session
from storage.models import Member
from storage.tasks import Work, is_later

SHOWN = 8
_IN_DIGEST = 3
_SOON = timedelta(days=1)


async def show(ctx: Context, _command: Command, me: Member) -> Reply:
    """`/nps tasks`: what I have to do for customers beside cases, the most urgent first."""
    return await _list(ctx, me)


async def press(ctx: Context, _click: Click, me: Member) -> Reply:
    """All my tasks, in place of one of them."""
    return await _list(ctx, me)


async def _list(ctx: Context, me: Member) -> Card:
    reader = reader_for(ctx, me)
    async with ctx.db.reading() as session:
        found = await mine(session, ctx, me)
    t = reader.t
    body: list[Element] = []
    for work in found[:SHOWN]:
        body += _entry(work, reader, me)
    if not found:
        body.append(Text(t("task.none")))
    if len(found) > SHOWN:
        body.append(Text(t("task.more", n=len(found) - SHOWN), "note"))
    return Card(t("task.mine"), tuple(body), status=t("account.only_you"))


async def mine(session: Session, ctx: Context, me: Member) -> list[Work]:
    """Gives a member's open tasks, those of absent colleagues they stand in for among them.

    The calls of the week have a list of their own.
    """
    ids = {me.id}
    for colleague in await members.backed_by(session, me.id):
        if opening.is_away(colleague, ctx.now()):
            ids.add(colleague.id)
    found = await tasks.open_of(session, ids)
    return [work for work in found if work.task.what not in IN_CALLS]


async def digest_lines(
    session: Session,
    ctx: Context,
    me: Member,
    span: tuple[datetime, datetime],
    reader: Reader,
    days: int = 1,
) -> list[Element]:
    """Gives what is new since the last digest or due within these days: nothing comes again."""
    now, t = ctx.now(), reader.t
    since, until = span
    found = [
        work
        for work in await mine(session, ctx, me)
        if not is_later(work.task, reader.today)
        and (since < work.task.opened_at <= until or _is_soon(work, now, days))
    ]
    body = await _calls(session, me, since, reader)
    if not found:
        return body
    body.append(Text(t("task.heading"), "heading"))
    body += told(found[:_IN_DIGEST], reader)
    if len(found) > _IN_DIGEST:
        body.append(Text(t("task.more", n=len(found) - _IN_DIGEST), "note"))
    body.append(Buttons((Button(t("task.button.all"), LIST, "mine"),)))
    return body


async def _calls(session: Session, me: Member, since: datetime, reader: Reader) -> list[Element]:
    """The calls of the week, in its first digest."""
    monday = reader.today - timedelta(days=reader.today.weekday())
    if reader.day(since) >= monday:
        return []
    new = await tasks.open_of(session, [me.id], IN_CALLS)
    if not new:
        return []
    t = reader.t
    lines = [Text(title(work, reader)) for work in new]
    button = Buttons((Button(t("calls.title"), CALLS, "mine"),))
    return [Text(t("calls.title"), "heading"), *lines, button]


def _is_soon(work: Work, now: datetime, days: int) -> bool:
    return work.task.due_at is not None and work.task.due_at <= now + days * _SOON


def told(found: Sequence[Work], reader: Reader) -> list[Element]:
    """Gives a line a task: what it is about and by when it is to be done."""
    return [
        Text(" · ".join(part for part in (title(work, reader), status(work, reader, {})) if part))
        for work in found
    ]


def _entry(work: Work, reader: Reader, me: Member) -> list[Element]:
    t = reader.t
    parts = [status(work, reader, {}), *wording.stake(work.account, reader.t, reader.today)]
    if work.task.owner_id != me.id:
        parts.append(t("task.stand_in"))
    if is_later(work.task, reader.today):
        parts.append(t("task.put_off"))
    label = t(f"task.button.open_{'contact' if work.contact else 'account'}", name=name_of(work))
    note = " · ".join(part for part in parts if part)
    body: list[Element] = [Text(title(work, reader), "strong")]
    if note:
        body.append(Text(note, "note"))
    body.append(Buttons((Button(label, OPEN, str(work.task.id)),)))
    return body
