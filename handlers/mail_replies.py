"""What comes back by mail: bounces, absences, people who left, unsubscribes, and replies."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import structlog

from handlers.answering.page import unsubscribe
from handlers.context import Context
from handlers.settled import asking
from handlers.tasks.opening import responsible
from storage import letters, mail_replies, tasks
from storage.mail_replies import Sent
from storage.models import LetterStatus

log = structlog.get_logger()

What = Literal["bounce", "delayed", "away", "left", "unsubscribe", "reply", "automatic"]
# RFC 3463: these say that the address itself is no good; others that this one mail was not taken.
_DEAD = ("5.0", "5.1", "5.2.1", "5.4.4")


@dataclass(frozen=True)
class Returned:
    """A mail that came back, as far as it tells; its words are not kept.

    `keys` are those of our messages that it names (`invitation.7`), the nearest first; `about` is
    the address that a bounce is about, `sender` who wrote.
    """

    message_id: str
    what: What
    keys: tuple[str, ...] = ()
    sender: str | None = None
    about: str | None = None
    code: str | None = None
    until: date | None = None


# Passes a mail on to an address; raises TryLater or Unreachable.
Forward = Callable[[str], Awaitable[None]]


async def take(ctx: Context, mail: Returned, forward: Forward) -> What | None:
    """Does what a mail says, once; gives what it was, None for what is not about our messages.

    Raises TryLater where it could not be passed on now: the mail is taken again.
    """
    now = ctx.now()
    async with ctx.db.reading() as session:
        if await mail_replies.known(session, mail.message_id):
            return None
        sent = await mail_replies.sent_of(session, mail.keys)
    if sent is None or not _believed(mail, sent):
        log.info("mail is not about our messages", what=mail.what)
        return None
    match mail.what:
        case "bounce":
            await _bounced(ctx, sent, mail.code, now)
        case "away" if mail.until is not None:
            async with ctx.db.session() as session:
                await mail_replies.put_off(session, sent, mail.until)
        case "left":
            await _left(ctx, sent, now)
        case "unsubscribe":
            await unsubscribe(ctx, sent.contact.id)
        case "reply":
            owner = await _owner(ctx, sent)
            if owner is not None:
                await forward(owner)
    async with ctx.db.session() as session:
        await mail_replies.note(
            session, sent, mail.message_id, mail.what, now, mail.until, mail.code
        )
    log.info("mail taken", what=mail.what, contact=sent.contact.id)
    return mail.what


def _believed(mail: Returned, sent: Sent) -> bool:
    """A mail of ours may be passed on: only who it was for may answer, and only they can bounce."""
    address = (sent.contact.email or "").lower()
    told = (mail.about if mail.what in ("bounce", "delayed") else mail.sender) or ""
    if not address:
        return False
    if mail.what in ("away", "automatic", "reply"):  # also by an assistant, or a second address
        return told.lower().rpartition("@")[2] == address.rpartition("@")[2]
    return told.lower() == address


async def _bounced(ctx: Context, sent: Sent, code: str | None, now: datetime) -> None:
    is_dead = code is None or code.startswith(_DEAD)
    async with ctx.db.session() as session:
        months = ctx.programme.window_months
        await mail_replies.bounce(session, sent, code, is_dead, now, months)
        letter = sent.letter
        if letter is not None:
            reason = f"bounced {code}" if code else "bounced"
            await letters.bounced(session, letter.id, reason)
    if letter is not None and letter.case_id is not None:
        await asking.told(ctx, letter.id, LetterStatus.BOUNCED)


async def _left(ctx: Context, sent: Sent, now: datetime) -> None:
    """An offer to repair: a machine's word alone takes nobody out."""
    async with ctx.db.session() as session:
        owner = (await responsible(session, [sent.account]))[sent.account.id]
        if owner is not None:
            row = {
                "key": f"left:{sent.contact.id}:{sent.sent_on}",
                "what": "left",
                "account_id": sent.account.id,
                "contact_id": sent.contact.id,
                "owner_id": owner.id,
                "opened_at": now,
            }
            await tasks.add(session, [row])


async def _owner(ctx: Context, sent: Sent) -> str | None:
    async with ctx.db.reading() as session:
        owner = (await responsible(session, [sent.account]))[sent.account.id]
    return owner.email if owner is not None else None
