"""Sends letters to contacts outside waves: each once; a doubt is shown, never repeated."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from handlers.chat import ChatError, InDoubt, Message, Place, TryLater, Unreachable
from handlers.context import Context, Job
from handlers.learning import letter as you_said
from handlers.settled import asking, planning
from handlers.waves.audience import channels
from storage import letters
from storage.letters import Addressed
from storage.models import Contact, Letter, LetterStatus

log = structlog.get_logger()

_SHORTEST_WAIT_SECONDS = 60.0
_PATIENCE = 20  # after so many refusals the address or the channel does not work


class _Kind(Protocol):
    """What is particular to a kind of letter."""

    @property
    def ANSWER_WITHIN(self) -> timedelta | None:
        """How long an answer is waited for; None = there is nothing to answer."""

    async def written(self, ctx: Context, letter_id: int) -> Message | None:
        """Gives the message, None when it shall not go any more."""

    async def told(self, ctx: Context, letter_id: int, status: str) -> None:
        """Lets who is concerned know what became of a letter."""


_KINDS: Mapping[str, _Kind] = {asking.WHAT: asking, you_said.WHAT: you_said}


async def due(ctx: Context) -> list[Job]:
    """Gives the letters to send now; one whose sender died is in doubt."""
    now = ctx.now()
    async with ctx.db.reading() as session:
        waiting = await letters.due(session, now)
        lost = await letters.lost(session, now)
    for letter in lost:
        gone = _gone(letter, now, LetterStatus.DOUBT)
        await _recorded(ctx, letter, letter.claimed_by or "", gone)
    return [job(letter.id, letter.attempts) for letter in waiting]


async def send(ctx: Context, letter_id: int, attempt: int) -> None:
    """Sends one letter: the engine's job `letter`."""
    now = ctx.now()
    await ctx.pace("mail")
    async with ctx.db.session() as session:
        claimed = await letters.claim(session, letter_id, ctx.run, now)
        found = await letters.addressed(session, letter_id)
    if found is None:
        return
    letter = found.letter
    if not claimed:
        by = letter.claimed_by or ""
        mine = by.startswith(f"{job(letter_id, attempt).id}#") and by != ctx.run
        if letter.status == LetterStatus.SENDING and mine:
            # An earlier execution of this job died over it: it may have gone out.
            await _recorded(ctx, letter, by, _gone(letter, now, LetterStatus.DOUBT))
        return
    await _recorded(ctx, letter, ctx.run, await _send(ctx, found))


async def _send(ctx: Context, found: Addressed) -> dict[str, Any]:
    now, letter, contact = ctx.now(), found.letter, found.contact
    message = await _KINDS[letter.what].written(ctx, letter.id)
    if message is None:
        return {"status": LetterStatus.CANCELLED, "reason": "withdrawn"}
    why = planning.unfit(contact, ctx.programme)
    if why is not None:
        return {"status": LetterStatus.SKIPPED, "reason": why}
    place = _place(contact, letter.channel)
    try:
        if place is None:
            raise Unreachable("no address any more")
        await ctx.chat.send(place, message)
    except TryLater as error:
        if letter.attempts >= _PATIENCE:
            return {"status": LetterStatus.FAILED, "reason": error.reason}
        wait = timedelta(seconds=max(_SHORTEST_WAIT_SECONDS, error.seconds))
        return _again(letter, now + wait, letter.channel, error.reason)
    except InDoubt as error:
        return {**_gone(letter, now, LetterStatus.DOUBT), "reason": error.reason}
    except Unreachable as error:
        if letter.channel != "mail" and contact.email and "mail" in channels(ctx.programme):
            return _again(letter, now, "mail", error.reason)
        status = LetterStatus.BOUNCED if error.bounced else LetterStatus.FAILED
        return {"status": status, "reason": error.reason}
    except ChatError as error:
        return {"status": LetterStatus.FAILED, "reason": error.reason}
    except Exception:
        # It may have gone out before the fault: a second letter is worse than a missing one.
        log.exception("letter failed", letter=letter.id)
        return {**_gone(letter, now, LetterStatus.DOUBT), "reason": "a fault, see the log"}
    return _gone(letter, now, LetterStatus.SENT)


def job(letter_id: int, attempt: int) -> Job:
    """Gives the engine's job of a letter; every new attempt has its own number."""
    return Job("letter", (letter_id, attempt), "letters")


def _place(contact: Contact, channel: str) -> Place | None:
    if channel == "teams":
        return f"teams-user:{contact.teams_id}" if contact.teams_id else None
    address = contact.slack_id if channel == "slack" else contact.email
    return f"{channel}:{address}" if address else None


def _again(letter: Letter, at: datetime, channel: str, reason: str) -> dict[str, Any]:
    return {
        "status": LetterStatus.PLANNED,
        "send_at": at,
        "channel": channel,
        "reason": reason,
        "attempts": letter.attempts + 1,
        "claimed_by": None,
        "claimed_at": None,
    }


def _gone(letter: Letter, now: datetime, status: LetterStatus) -> dict[str, Any]:
    within = _KINDS[letter.what].ANSWER_WITHIN
    expires = None if within is None else now + within
    return {"status": status, "reason": None, "sent_at": now, "expires_at": expires}


async def _recorded(ctx: Context, letter: Letter, run: str, values: dict[str, Any]) -> None:
    """Records what became of a letter, and lets those concerned know it."""
    async with ctx.db.session() as session:
        if not await letters.record(session, letter.id, run, values):
            return
    if values["status"] == LetterStatus.PLANNED:
        await ctx.soon(job(letter.id, int(values["attempts"])), values["send_at"])
    elif values["status"] != LetterStatus.CANCELLED:
        await _KINDS[letter.what].told(ctx, letter.id, str(values["status"]))
