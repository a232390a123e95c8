"""Sends the question whether it is settled: each letter once; a doubt is shown, never repeated."""

from datetime import datetime, timedelta
from typing import Any

import structlog

from handlers import links, surveys
from handlers.cards import Button, Buttons, Card, Element, Link, Text
from handlers.cases import acting
from handlers.cases.acting import Plan
from handlers.cases.view import first_name
from handlers.chat import ChatError, InDoubt, Message, Place, Sender, TryLater, Unreachable
from handlers.context import Context, Job
from handlers.settled import planning
from handlers.texts import Texts
from handlers.waves.audience import channels
from storage import letters
from storage.db import Session
from storage.letters import ASKED, Opened
from storage.models import (
    Account,
    Case,
    CaseState,
    ContactStatus,
    LetterStatus,
)

log = structlog.get_logger()

ANSWERS = ("yes", "partly", "no")
_SHORTEST_WAIT_SECONDS = 60.0
_PATIENCE = 20  # after so many refusals the address or the channel does not work


async def due(ctx: Context) -> list[Job]:
    """Gives the letters to send now; a lost one is in doubt, an unanswered one closes its case."""
    now = ctx.now()
    async with ctx.db.reading() as session:
        waiting = await letters.due(session, now)
        lost = await letters.lost(session, now)
        over = await letters.over(session, now)
    for letter in lost:
        await _recorded(ctx, letter.id, letter.claimed_by or "", _asked(now, LetterStatus.DOUBT))
    for letter in over:
        await acting.by_itself(ctx, letter.case_id, _closing(letter.round))
        async with ctx.db.session() as session:
            await letters.close(session, letter.id)
    return [_job(letter.id, letter.attempts) for letter in waiting]


async def send(ctx: Context, letter_id: int, attempt: int) -> None:
    """Sends one letter: the engine's job `letter`."""
    now = ctx.now()
    await ctx.pace("mail")
    async with ctx.db.session() as session:
        claimed = await letters.claim(session, letter_id, ctx.run, now)
        opened = await letters.opened(session, letter_id)
    if opened is None:
        return
    if not claimed:
        by = opened.letter.claimed_by or ""
        mine = by.startswith(f"{_job(letter_id, attempt).id}#") and by != ctx.run
        if opened.letter.status == LetterStatus.SENDING and mine:
            # An earlier execution of this job died over it: it may have gone out.
            await _recorded(ctx, letter_id, by, _asked(now, LetterStatus.DOUBT))
        return
    await _recorded(ctx, letter_id, ctx.run, await _send(ctx, opened))


async def _send(ctx: Context, opened: Opened) -> dict[str, Any]:
    now, letter, contact = ctx.now(), opened.letter, opened.contact
    if opened.case.state not in _SOLVED or not planning.in_force(opened.case, letter.round):
        return {"status": LetterStatus.CANCELLED, "reason": "reopened"}
    why = planning.unfit(contact, ctx.programme)
    if why is not None:
        return {"status": LetterStatus.SKIPPED, "reason": why}
    place = _place(opened)
    try:
        if place is None:
            raise Unreachable("no address any more")
        await ctx.chat.send(place, message(ctx, opened))
    except TryLater as error:
        if letter.attempts >= _PATIENCE:
            return {"status": LetterStatus.FAILED, "reason": error.reason}
        wait = timedelta(seconds=max(_SHORTEST_WAIT_SECONDS, error.seconds))
        return _again(opened, now + wait, letter.channel, error.reason)
    except InDoubt as error:
        return {**_asked(now, LetterStatus.DOUBT), "reason": error.reason}
    except Unreachable as error:
        if letter.channel != "mail" and contact.email and "mail" in channels(ctx.programme):
            return _again(opened, now, "mail", error.reason)
        status = LetterStatus.BOUNCED if error.bounced else LetterStatus.FAILED
        return {"status": status, "reason": error.reason}
    except ChatError as error:
        return {"status": LetterStatus.FAILED, "reason": error.reason}
    except Exception:
        # It may have gone out before the fault: a second letter is worse than a missing one.
        log.exception("letter failed", letter=letter.id)
        return {**_asked(now, LetterStatus.DOUBT), "reason": "a fault, see the log"}
    return _asked(now, LetterStatus.SENT)


def message(ctx: Context, opened: Opened) -> Message:
    """Gives the letter as its channel can show it: buttons in chat, links to our page in a mail."""
    letter, contact, writer = opened.letter, opened.contact, opened.writer
    t = surveys.texts_of(contact, ctx.programme)
    token = links.letter_token(ctx.secret, letter.id)
    company = ctx.programme.company
    who = first_name(writer.name) if writer else company
    body: list[Element] = [
        Text(t("settled.greeting", name=first_name(contact.name))),
        Text(t("settled.noted", name=who)),
        Text(words(opened), "quote"),
        Text(t("settled.question"), "strong"),
        Buttons(_choices(token, letter.channel, t)),
        Text(t("settled.why", company=company), "note"),
    ]
    unsubscribe = links.unsubscribe_token(ctx.secret, contact.id)
    if letter.channel == "mail":
        stop = Link(t("survey.stop"), token_path=f"/u/{unsubscribe}")
        body.append(Buttons((stop,)))
    subject = t("settled.subject", company=company)
    return Message(
        Card(subject, tuple(body), audience="person"),
        key=f"letter:{letter.id}",
        language=t.language,
        subject=subject,
        unsubscribe=unsubscribe,
        sender=Sender(writer.name, writer.email) if writer else Sender(company, None),
    )


def words(opened: Opened) -> str:
    """Gives what the customer is told was done."""
    return opened.letter.text or opened.case.what_was_done or "–"


def _choices(token: str, channel: str, t: Texts) -> tuple[Button | Link, ...]:
    if channel == "mail":
        return tuple(
            Link(t(f"settled.answer.{each}"), token_path=f"/c/{token}?answer={each}")
            for each in ANSWERS
        )
    return tuple(
        Button(t(f"settled.answer.{each}"), "settled", f"{token}:{each}") for each in ANSWERS
    )


def _place(opened: Opened) -> Place | None:
    contact, channel = opened.contact, opened.letter.channel
    if channel == "teams":
        return f"teams-user:{contact.teams_id}" if contact.teams_id else None
    address = contact.slack_id if channel == "slack" else contact.email
    return f"{channel}:{address}" if address else None


def _again(opened: Opened, at: datetime, channel: str, reason: str) -> dict[str, Any]:
    return {
        "status": LetterStatus.PLANNED,
        "send_at": at,
        "channel": channel,
        "reason": reason,
        "attempts": opened.letter.attempts + 1,
        "claimed_by": None,
        "claimed_at": None,
    }


def _asked(now: datetime, status: LetterStatus) -> dict[str, Any]:
    expires = now + planning.ANSWER_WITHIN
    return {"status": status, "reason": None, "sent_at": now, "expires_at": expires}


def _job(letter_id: int, attempt: int) -> Job:
    return Job("letter", (letter_id, attempt), "letters")


async def _recorded(ctx: Context, letter_id: int, run: str, values: dict[str, Any]) -> None:
    """Records what became of a letter, and lets the case's cards say it."""
    async with ctx.db.session() as session:
        if not await letters.record(session, letter_id, run, values):
            return
        opened = await letters.opened(session, letter_id)
    if opened is None:
        return
    if values["status"] == LetterStatus.PLANNED:
        await ctx.soon(_job(letter_id, int(values["attempts"])), values["send_at"])
        return
    if values["status"] == LetterStatus.CANCELLED:
        return
    await acting.by_itself(ctx, opened.case.id, _told(opened, str(values["status"])))


def _told(opened: Opened, status: str) -> acting.ByItself:
    """The case waits for the customer once a letter went out; else it says why none did."""

    async def decide(_session: Session, case: Case, _account: Account) -> Plan | None:
        if case.state not in _SOLVED or not planning.in_force(case, opened.letter.round):
            return None
        if status in ASKED:
            return Plan("asked", {"state": CaseState.WAITING}, contact_id=opened.contact.id)
        if case.state == CaseState.WAITING:
            return Plan("not_asked", {}, contact_id=opened.contact.id)
        gone = opened.contact.status != ContactStatus.ACTIVE
        why = {"not_asked": opened.contact.status if gone else "undelivered"}
        return Plan("not_asked", why, contact_id=opened.contact.id)

    return decide


def _closing(round_: int) -> acting.ByItself:
    async def decide(session: Session, case: Case, _account: Account) -> Plan | None:
        if case.state != CaseState.WAITING or not planning.in_force(case, round_):
            return None
        asked = [each for each in await letters.of_case(session, case.id)
                 if each.letter.round == round_]  # fmt: skip
        if any(each.letter.status in (LetterStatus.PLANNED, LetterStatus.SENDING)
               for each in asked):  # fmt: skip
            return None
        yes = [e.contact.id for e in asked if e.settled is not None and e.settled.answer == "yes"]
        if yes:
            values = {"state": CaseState.SOLVED, "settled": "yes"}
            return Plan("settled", values, contact_id=yes[0])
        values = {"state": CaseState.CLOSED_UNANSWERED, "settled": "unanswered"}
        silent = [each.contact.id for each in asked if each.letter.status in ASKED]
        return Plan("unanswered", values, contact_id=silent[0] if silent else None)

    return decide


_SOLVED = (CaseState.SOLVED, CaseState.WAITING)
