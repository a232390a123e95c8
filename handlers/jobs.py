"""The tables of work that time starts: who carries out a job, and who looks for what is due."""

from collections.abc import Awaitable, Callable
from typing import Any

from handlers import (
    alerts,
    answers,
    audit,
    deadlines,
    delivery,
    departing,
    digests,
    identity,
    letters,
    recovery,
    retention,
    undelivered,
)
from handlers.accounts import shown
from handlers.alerts import Builder
from handlers.cases import (
    handing,
    lapsing,
    leaving,
    policy,
    promise_cards,
    promises,
    redraw,
    reminding,
    sent,
    telling,
    wishes,
)
from handlers.context import Context, Job
from handlers.learning import boards, fixing, idea_channel, same_reason, shared_card
from handlers.places import emptying, moved, notices
from handlers.settled import answering, asking
from handlers.tasks import calls, offers, references, renewals, request, thanks
from handlers.tasks import opening as task_opening
from handlers.waves import approving, closing, counting, progress, sending

# What an alert says, by its `what`.
BUILDERS: dict[str, Builder] = {
    approving.ALERT: approving.build,
    closing.ALERT: closing.build,
    progress.ALERT: progress.build,
    "critic": telling.critic,
    "case_changed": telling.case_changed,
    "case_reminder": reminding.case_reminder,
    "case_escalation": reminding.case_escalation,
    "case_handed": reminding.case_handed,
    "cases_handed": handing.cases_handed,
    leaving.WHAT: leaving.build,
    redraw.SAID_GONE: leaving.said_gone,
    leaving.PLACE: leaving.empty_place,
    "case_lapsed": lapsing.case_lapsed,
    "case_draft_sent": sent.case_draft_sent,
    "promise_card": promise_cards.promise_card,
    "promise_reminder": promise_cards.promise_card,
    "promise_changed": promise_cards.promise_changed,
    "contact_wish": wishes.card,
    "digest": digests.digest,
    "policy_question": policy.question,
    thanks.ALERT: thanks.card,
    references.REQUEST: request.card,
    request.ANSWERED: request.answer,
    departing.NOTICED: departing.offer,
    "undelivered": undelivered.undelivered,
    "place_lost": undelivered.place_lost,
    "no_reader": undelivered.no_reader,
    notices.APP_LOST: undelivered.app_lost,
    answering.WHAT: answering.told,
    identity.CLAIMED: identity.claimed,
    identity.SEVERAL: identity.several,
    emptying.WHAT: moved.build,
    emptying.ANEW: moved.anew,
    shown.WHAT: shown.gone,
    same_reason.ALERT: shared_card.told,
    same_reason.CHANGED: shared_card.changed,
    fixing.ALERT: fixing.told,
    idea_channel.NEW: idea_channel.posted,
    boards.ALERT: boards.posted,
    idea_channel.CHANGED: idea_channel.changed,
}


async def deliver_alert(ctx: Context, alert_id: int, attempt: int) -> None:
    """Brings one alert to its places."""
    await delivery.deliver(ctx, BUILDERS, alert_id, attempt)


# Job name -> handler(ctx, *args); args are ids.
JOBS: dict[str, Callable[..., Awaitable[Any]]] = {
    "alert": deliver_alert,
    "batch": sending.send_batch,
    "progress": progress.refresh,
    "letter": letters.send,
}

# Settles its own rows due now and gives the jobs to run.
Look = Callable[[Context], Awaitable[list[Job]]]

# Asked by the clock at each tick.
DUE: tuple[Look, ...] = (
    handing.due,
    deadlines.due,
    promises.due,
    task_opening.due,
    calls.due,
    offers.due,
    renewals.due,
    digests.due,
    asking.due,
    letters.due,
    same_reason.due,
    idea_channel.due,
    boards.due,
    recovery.due,
    alerts.due,
    answers.due,
    sending.due,
    progress.due,
    closing.due,
    counting.due,
    audit.due,
    retention.due,
)


async def find_due(ctx: Context) -> list[Job]:
    """Gives all jobs that are due now; asking twice gives the same ids, so nothing runs twice."""
    return [job for look in DUE for job in await look(ctx)]
