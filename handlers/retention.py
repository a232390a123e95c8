"""Takes the name off answers that are older than `[privacy] keep_months`.

The score, the reasons and the account stay, in a row without a person, so figures stay as they
were; words go as when a person is erased. The person may stay a contact with newer answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from handlers import alerts
from handlers.cases import telling
from handlers.context import Context, Job, Refused
from handlers.days import kept_since
from handlers.learning import idea_channel, shared_card
from handlers.privacy import Touched, drawn_again, forget
from storage import alerts as outbox
from storage import answers, audit, conversations, forgetting, members, personal, retention
from storage.alerts import Added
from storage.audit import Noted
from storage.db import Session
from storage.models import Act, Contact, ContactStatus
from storage.retention import Old, Times

log = structlog.get_logger()

# What a case or promise holds back goes this long after it ended: the customer may still say no.
AFTER_CASE = timedelta(days=31)
_LOOKED_AT = 500  # contacts that one query looks at
_LOOKS = 10  # such queries in a tick of the clock
_TOGETHER = 2  # contacts changed in one transaction: nobody waits long for the write lock
_TAKEN = 40  # contacts changed in a tick, which other looks wait for
# Cards edited in a tick: the platforms allow about fifty edits a minute, and new ones go first.
_CARDS = 2
_LONGEST_MONTH = 31
# Stages of the day's look after the last contact.
_NOTES, _DONE = "notes", "done"


@dataclass(frozen=True)
class Taken:
    """How much lost its name: contacts, their answers, and questions nobody answered."""

    contacts: int = 0
    answers: int = 0
    unanswered: int = 0

    def plus(self, other: "Taken") -> "Taken":
        """Gives both together."""
        return Taken(
            self.contacts + other.contacts,
            self.answers + other.answers,
            self.unanswered + other.unanswered,
        )


async def due(ctx: Context) -> list[Job]:
    """Looks through all contacts once a day, a part at each tick; cut anywhere, it goes on."""
    until = kept_since(ctx)
    if until is None:
        return []
    today = ctx.now().astimezone(UTC).date().isoformat()
    async with ctx.db.reading() as session:
        day, _, stage = (await retention.progress(session) or "").partition(" ")
    if day != today:
        stage = "0"
    if stage == _DONE:
        return []
    jobs: list[Job] = []
    if stage == _NOTES:
        stage = _NOTES if await _empty_notes(ctx, until) else _DONE
    else:
        stage, jobs = await _go_on(ctx, until, int(stage))
    async with ctx.db.quick_session() as session:
        await retention.note_progress(session, f"{today} {stage}")
    return jobs


async def retain(ctx: Context, dry_run: bool) -> Taken:
    """Does at once what the clock does once a day, or with `dry_run` counts it.

    Raises Refused without `keep_months`.
    """
    until = kept_since(ctx)
    if until is None:
        raise Refused("Fill in [privacy] keep_months first: without it no answer loses its name.")
    taken, last = Taken(), 0
    while True:
        ids, found = await _found_after(ctx, until, last)
        if not ids:
            break
        last = ids[-1]
        if dry_run:
            taken = taken.plus(_counted(found.values()))
            continue
        for some in answers.parts(list(found), _TOGETHER):
            taken = taken.plus((await _take(ctx, some, until, "operator"))[0])
    while not dry_run and await _empty_notes(ctx, until):
        pass
    if not dry_run:
        _log(taken)
    return taken


async def _go_on(ctx: Context, until: datetime, last: int) -> tuple[str, list[Job]]:
    """Does a part of the look from the contact `last` on; gives how far it came."""
    jobs: list[Job] = []
    taken = Taken()
    for _look in range(_LOOKS):
        ids, found = await _found_after(ctx, until, last)
        if not ids:
            _log(taken)
            return _NOTES, jobs
        for some in answers.parts(list(found), _TOGETHER):
            if taken.contacts >= _TAKEN or len(jobs) >= _CARDS:
                _log(taken)
                return str(last), jobs
            lost, cards = await _take(ctx, some, until)
            taken = taken.plus(lost)
            jobs += [alerts.job_of(card) for card in cards]
            last = some[-1]
        last = ids[-1]
    _log(taken)
    return str(last), jobs


async def _found_after(
    ctx: Context, until: datetime, last: int
) -> tuple[Sequence[int], Mapping[int, Old]]:
    """Gives the next contacts, and what is due of them."""
    async with ctx.db.reading() as session:
        ids = await retention.named_after(session, last, _LOOKED_AT)
        return ids, await retention.due(session, ids, _times(ctx, until)) if ids else {}


async def _empty_notes(ctx: Context, until: datetime) -> bool:
    """Empties a part of the old notes about customers; True while there may be more."""
    async with ctx.db.reading() as session:
        found = await forgetting.old_notes(session, until)
    if found:
        async with ctx.db.session() as session:
            await forgetting.empty(session, found)
    return bool(found)


async def _take(
    ctx: Context, contact_ids: Sequence[int], until: datetime, actor: str = "clock"
) -> tuple[Taken, list[Added]]:
    """Takes the name off what is due of these contacts; gives the cards to be drawn again."""
    rows: list[dict[str, Any]] = []
    async with ctx.db.session() as session:
        # Asked again behind the lock: another process may have done it meanwhile.
        people = await retention.locked(session, contact_ids)
        found = await retention.due(session, list(people), _times(ctx, until))
        for contact_id, old in found.items():
            rows += await _take_one(session, ctx, people[contact_id], old, until)
        taken = _counted(found.values())
        if found:
            counts = {"contacts": taken.contacts, "answers": taken.answers}
            noted = [Noted(Act.ANONYMISED, "answers", None, counts)]
            await audit.add(session, noted, ctx.now(), actor=actor)
        cards = await outbox.add_many(session, rows)
    return taken, cards


async def _take_one(
    session: Session, ctx: Context, contact: Contact, old: Old, until: datetime
) -> list[dict[str, Any]]:
    """Gives the alerts of the cards to be drawn again."""
    kinds = await retention.kinds_counted(session, contact)
    nobody = contact
    left = contact.status == ContactStatus.INACTIVE
    if left and await retention.is_all(session, contact.id, old.invitation_ids, until):
        await _forget_chat(session, contact)
    else:
        window = timedelta(days=_LONGEST_MONTH * ctx.programme.window_months)
        nobody = await retention.move_to_nobody(session, contact, old, until, window)
    found = await personal.traces(session, [nobody])
    words = {*found.words, *filter(None, [contact.phone])}
    # A row without a person may hold older answers of others, which lost their words before.
    found = replace(
        found,
        invitation_ids=old.invitation_ids,
        response_ids=old.response_ids,
        case_ids=await retention.cases_of(session, old.response_ids),
        emails=(contact.email,) if contact.email else (),
        names=(contact.name,) if contact.name.strip() else (),
        words=tuple(words),
        until=until,
    )
    session.expunge_all()
    touched = await forget(session, found, ContactStatus.ANONYMOUS)
    for kind in kinds:
        months = ctx.programme.window_months
        await answers.recount(session, [contact.account_id], kind, ctx.now(), months)
    stood = Touched(
        touched.messages,
        await retention.posted(session, telling.SUBJECT, touched.cases),
        await retention.posted(session, idea_channel.SUBJECT, touched.ideas),
        await retention.posted(session, shared_card.SUBJECT, touched.shared_reasons),
        touched.accounts,
        touched.responses,
    )
    return drawn_again(ctx, stood, f"aged:{nobody.id}:{until:%Y-%m-%d}")


async def _forget_chat(session: Session, contact: Contact) -> None:
    """Forgets the Teams chat with a person of whom nothing else is known."""
    if contact.teams_id is None or await retention.is_elsewhere(session, contact):
        return
    if contact.email is None or await members.by_email(session, contact.email) is None:
        await conversations.forget_people(session, [contact.teams_id])


def _log(taken: Taken) -> None:
    if taken.contacts:
        log.info("names taken off", contacts=taken.contacts, answers=taken.answers)


def _times(ctx: Context, until: datetime) -> Times:
    return Times(until, ctx.now() - AFTER_CASE, ctx.now())


def _counted(found: Iterable[Old]) -> Taken:
    taken = Taken()
    for old in found:
        heard = len(old.response_ids)
        taken = taken.plus(Taken(1, heard, len(old.invitation_ids) - heard))
    return taken
