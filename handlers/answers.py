"""Records answers in groups: one transaction stores them, recounts accounts and opens cases."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from handlers import alerts
from handlers.answering.answer import Answer, AnswerError, Recorded, change_until
from handlers.answering.step import Step, lay_over
from handlers.cases import changing, opening, wishes
from handlers.cases.opening import Critic
from handlers.cases.wishes import Wish
from handlers.context import Context, Job
from storage import alerts as outbox
from storage import answers as current
from storage import recording, visits, wave_rollups
from storage.db import Session
from storage.models import Reply, ResponseStatus

__all__ = [
    "Answer",
    "AnswerError",
    "AnswerGroup",
    "Recorded",
    "change_until",
    "due",
    "record",
    "record_many",
]

KEEP_PROVISIONAL = timedelta(days=7)
KEEP_VISITS = timedelta(days=90)
_LARGEST_GROUP = 200
_GATHER = 0.8  # of the time the last group took
_GATHER_AT_MOST = 0.02  # seconds
_MANY = 8  # at once: answers come faster than they are stored
_RUSH_SECONDS = 1.0
# What the case's card shows of an answer.
_SHOWN = frozenset(
    {
        "reply", "score", "comment", "idea", "reasons", "role_answer", "contact_wish", "phone",
        "call_when", "to_manager", "quote_me",
    }
)  # fmt: skip
_DECIDES = frozenset({"status", "reply", "score", "comment", "to_manager"})

log = structlog.get_logger()
_Soon = tuple[Job, datetime]


async def record(ctx: Context, answer: Answer) -> Recorded:
    """Stores one answer; raises AnswerError."""
    (result,) = await record_many(ctx, [answer])
    if isinstance(result, AnswerError):
        raise result
    return result


async def record_many(ctx: Context, answers: Sequence[Answer]) -> list[Recorded | AnswerError]:
    """Stores a group of answers in one transaction, and gives the outcome of each in their order.

    A bad answer fails alone: a wrong one is told by its error, and where the database itself
    refuses the group each answer is tried by itself.
    """
    try:
        results, soon = await _record_group(ctx, answers)
    except Exception:
        if len(answers) == 1:
            raise
        log.warning("group of answers refused, storing one by one", answers=len(answers))
        return [await _record_alone(ctx, answer) for answer in answers]
    for job, at in soon:
        await ctx.soon(job, at)
    return results


async def due(ctx: Context) -> list[Job]:
    """Deletes provisional answers nobody confirmed in 7 days and visits older than 90 days.

    There is nothing to send for them, so it gives no jobs.
    """
    provisional, visited = ctx.now() - KEEP_PROVISIONAL, ctx.now() - KEEP_VISITS
    async with ctx.db.reading() as session:
        old = await recording.has_old_provisional(session, provisional)
        seen = await visits.has_old(session, visited)
    if old or seen:
        async with ctx.db.session() as session:
            await recording.delete_provisional(session, provisional)
            await visits.delete_old(session, visited)
    return []


class AnswerGroup:
    """Answers that arrive while one commit runs form the next one; each waits for its own."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._waiting: list[tuple[Answer, asyncio.Future[Recorded]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._last, self._took = 0, 0.0  # answers of the last group, and its seconds
        self._as_many = asyncio.Event()
        self._rush_until = 0.0

    def in_a_rush(self) -> bool:
        """Tells whether answers come faster than they are stored: other work should wait."""
        return self._now() < self._rush_until

    async def record(self, answer: Answer) -> Recorded:
        """Stores one answer together with those that came at the same time; raises AnswerError."""
        outcome: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
        self._waiting.append((answer, outcome))
        if len(self._waiting) >= self._last:
            self._as_many.set()
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await outcome

    async def _write(self) -> None:
        try:
            while self._waiting:
                if self.in_a_rush():
                    await self._gather()
                group = self._waiting[:_LARGEST_GROUP]
                del self._waiting[:_LARGEST_GROUP]
                started = self._now()
                await self._write_group(group)
                self._last, self._took = len(group), self._now() - started
                if len(group) >= _MANY:
                    self._rush_until = self._now() + _RUSH_SECONDS
        finally:
            self._writer = None

    async def _gather(self) -> None:
        """Waits a moment for as many as the last time.

        Whoever was answered just now comes back with the next step: one bigger group costs little
        more than a small one.
        """
        if len(self._waiting) >= self._last:
            return
        self._as_many.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_GATHER * self._took, _GATHER_AT_MOST)):
                await self._as_many.wait()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    async def _write_group(self, group: list[tuple[Answer, asyncio.Future[Recorded]]]) -> None:
        results: Sequence[Recorded | Exception]
        try:
            results = await record_many(self._ctx, [answer for answer, _outcome in group])
        except Exception as error:  # told to everybody who waits
            results = [error] * len(group)
        for (_answer, outcome), result in zip(group, results, strict=True):
            if outcome.cancelled():  # the client went away; its answer is stored all the same
                continue
            if isinstance(result, Exception):
                outcome.set_exception(result)
            else:
                outcome.set_result(result)


async def _record_alone(ctx: Context, answer: Answer) -> Recorded | AnswerError:
    try:
        return (await record_many(ctx, [answer]))[0]
    except Exception:
        log.exception("answer not stored", invitation=answer.invitation_id)
        return AnswerError("form", "failed")


async def _record_group(
    ctx: Context, answers: Sequence[Answer]
) -> tuple[list[Recorded | AnswerError], list[_Soon]]:
    now = ctx.now()
    async with ctx.db.quick_session(first=True) as session:
        asked = await recording.asked(session, {answer.invitation_id for answer in answers})
        steps: dict[int, Step] = {}
        problems = [lay_over(answer, asked, steps, now, ctx.programme) for answer in answers]
        touched = [step for step in steps.values() if step.touched]
        ids = await recording.write(session, [step.row for step in touched])
        for step in touched:
            step.row["id"] = ids[step.asked.invitation_id]
        changed = [before for step in touched if (before := step.changed_from) is not None]
        await recording.note_changes(session, changed, now)
        counting = [step for step in touched if step.counts]
        soon = await _recount(session, ctx, counting, now)
        await _recount_waves(session, touched)
        soon += await _alert(session, ctx, touched, now)
    return [
        problem or _recorded(steps[answer.invitation_id])
        for answer, problem in zip(answers, problems, strict=True)
    ], soon


async def _recount(
    session: Session, ctx: Context, steps: Iterable[Step], now: datetime
) -> list[_Soon]:
    """Recounts the accounts; where a second contact may not recommend, the owner is asked why."""
    accounts: dict[str, set[int]] = {}
    refusing: dict[str, set[int]] = {}
    for step in steps:
        kind = current.counted_as(step.asked.kind)
        accounts.setdefault(kind, set()).add(step.asked.account_id)
        if step.row["reply"] == Reply.MAY_NOT_RECOMMEND:
            refusing.setdefault(kind, set()).add(step.asked.account_id)
    rows = []
    for kind in sorted(accounts):
        await current.recount(session, accounts[kind], kind, now, ctx.programme.window_months)
        for account_id, owner_id in (
            await recording.without_policy(session, refusing[kind], kind)
            if kind in refusing
            else ()
        ):
            rows.append(
                {
                    "key": f"policy:{account_id}",
                    "what": "policy_question",
                    "due_at": now,
                    "account_id": account_id,
                    "member_id": owner_id,
                }
            )
    return [(alerts.job_of(alert), alert.due_at) for alert in await outbox.add_many(session, rows)]


async def _recount_waves(session: Session, steps: Sequence[Step]) -> None:
    """Keeps the sums of closed waves true: an answer may come late, or be changed afterwards."""
    late = [step.asked for step in steps if step.asked.wave_counted]
    waves = {each.wave_id for each in late if each.wave_id is not None}
    await wave_rollups.recount(session, waves, {each.account_id for each in late})


async def _alert(
    session: Session, ctx: Context, steps: Sequence[Step], now: datetime
) -> list[_Soon]:
    """Opens or joins the cases of critics, moves their settle points, tells of later changes."""
    later = now + timedelta(seconds=ctx.programme.settle_seconds)
    critics: list[Critic] = []
    waiting: dict[datetime, list[int]] = {}
    told: list[int] = []
    asking: list[Wish] = []
    for step in steps:
        if step.asked.is_test:
            continue
        settle_at = now if step.settled else later
        response_id = int(step.row["id"])
        if step.critic and (step.asked.alert is None or step.changed & _DECIDES):
            critics.append(_critic(step, response_id, settle_at))
        if step.confirmed and not step.critic and step.row["contact_wish"] in wishes.WISHES:
            asking.append(Wish(response_id, step.asked.account_id, settle_at))
        if recording.pending(step.asked):
            waiting.setdefault(settle_at, []).append(response_id)
        elif step.asked.alert is not None and step.changed & _SHOWN:
            told.append(response_id)
    dues = await opening.open_cases(session, ctx, critics)
    for settle_at, response_ids in waiting.items():
        dues += await opening.settle(session, response_ids, settle_at)
    if told:
        dues += await changing.answer_changed(session, ctx, told)
    if asking:
        dues += await wishes.tell(session, asking)
    return [(each.job, each.due_at) for each in dues]


def _critic(step: Step, response_id: int, settle_at: datetime) -> Critic:
    row = step.row
    return Critic(
        response_id=response_id,
        account_id=step.asked.account_id,
        contact_id=step.asked.contact_id,
        kind=row["kind"],
        wave_id=step.asked.wave_id,
        to_manager=row["to_manager"],
        comment=row["comment"],
        answered_at=row["answered_at"],
        settle_at=settle_at,
        known=step.asked.response is not None,
    )


def _recorded(step: Step) -> Recorded:
    row = step.row
    return Recorded(
        invitation_id=step.asked.invitation_id,
        response_id=row["id"],
        status=ResponseStatus(row["status"]),
        reply=row["reply"],
        score=row["score"],
        answered_at=row["answered_at"],
        contact_wish=row["contact_wish"],
    )
