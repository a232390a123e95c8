"""The mailbox where bounces and automatic replies arrive: a Maildir folder, or IMAP."""

import asyncio
import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from bot.mail import replies
from bot.mail.adapter import MailChannel
from bot.mail.message import one_line
from bot.sections import Mail
from handlers import texts
from handlers.chat import ChatError, TryLater
from handlers.context import Context
from handlers.mail_replies import take

log = structlog.get_logger()

MOST_BYTES = 2_000_000  # a longer one is read to here: what it is stands in its first parts
AT_ONCE = 50  # a look takes so many; the next look the rest
TIMEOUT_SECONDS = 20
TROUBLE = (OSError, imaplib.IMAP4.error)


class Box(Protocol):
    """A mailbox; both calls block and run in a thread."""

    def new(self) -> list[tuple[str, bytes]]:
        """Gives unread mails, by a name that `done` takes."""
        ...

    def done(self, name: str) -> None:
        """Marks a mail as read; it stays in the mailbox."""
        ...


class Maildir:
    """A Maildir folder: unread mails lie in `new`, read ones in `cur` with the flag S."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new(self) -> list[tuple[str, bytes]]:
        """Gives the mails of `new`; one that vanishes meanwhile was taken by somebody else."""
        found = []
        for path in sorted((self._folder / "new").iterdir())[:AT_ONCE]:
            try:
                with path.open("rb") as file:
                    found.append((path.name, file.read(MOST_BYTES)))
            except FileNotFoundError:
                continue
        return found

    def done(self, name: str) -> None:
        """Moves a mail to `cur`."""
        try:
            (self._folder / "new" / name).rename(self._folder / "cur" / f"{name}:2,S")
        except FileNotFoundError:
            log.info("mail was taken meanwhile")


class Imap:
    """The inbox of an account; one connection a call, TLS unless it is switched off."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail

    def new(self) -> list[tuple[str, bytes]]:
        """Gives the unseen mails, which stay unseen."""
        found = []
        with self._inbox() as server:
            _kind, answer = server.uid("SEARCH", "UNSEEN")
            names = (answer[0] or b"").split()[:AT_ONCE]
            for name in names:
                _kind, parts = server.uid("FETCH", name.decode(), f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
                raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
                if raw is not None:
                    found.append((name.decode(), raw))
        return found

    def done(self, name: str) -> None:
        """Marks a mail as seen."""
        with self._inbox() as server:
            server.uid("STORE", name, "+FLAGS", "(\\Seen)")

    @contextmanager
    def _inbox(self) -> Iterator[imaplib.IMAP4]:
        with self._connected() as server:
            server.login(self._mail.imap_username or "", self._mail.imap_password or "")
            server.select("INBOX")
            yield server

    def _connected(self) -> imaplib.IMAP4:
        host, port = self._mail.imap_host or "", self._mail.imap_port
        if not self._mail.imap_tls:
            return imaplib.IMAP4(host, port, timeout=TIMEOUT_SECONDS)
        # The library's own way does not look at the certificate, and would tell anybody the
        # password.
        trusted = ssl.create_default_context()
        return imaplib.IMAP4_SSL(host, port, ssl_context=trusted, timeout=TIMEOUT_SECONDS)


def box_of(mail: Mail) -> Box:
    """Gives the mailbox that the settings name: a Maildir folder, else IMAP."""
    return Maildir(Path(mail.inbox)) if mail.inbox else Imap(mail)


class Inbox:
    """Takes what arrived, again and again; a mail is marked as read once it was taken."""

    def __init__(self, ctx: Context, box: Box, channel: MailChannel) -> None:
        self._ctx = ctx
        self._box = box
        self._channel = channel
        self._looking = asyncio.Lock()

    async def look(self) -> int:
        """Takes all new mails; gives how many were about our messages."""
        if self._looking.locked():
            return 0
        async with self._looking:
            try:
                found = await asyncio.to_thread(self._box.new)
            except TROUBLE as error:
                log.error("mailbox not read", reason=type(error).__name__)
                return 0
            return sum([await self._take(name, raw) for name, raw in found])

    async def _take(self, name: str, raw: bytes) -> bool:
        taken = False
        try:
            address, secret = self._channel.from_address, self._ctx.secret
            returned = await asyncio.to_thread(replies.read, raw, address, secret, self._today())
            if returned is not None:
                forward = partial(self._forward, raw)
                taken = await take(self._ctx, returned, forward) is not None
        except TryLater as error:
            log.warning("mail waits", reason=error.reason)
            return False
        except ChatError as error:
            log.error("mail not passed on", reason=error.reason)
        except Exception:
            # One mail that nobody can read must not keep the others waiting.
            log.exception("mail not taken")
        try:
            await asyncio.to_thread(self._box.done, name)
        except TROUBLE as error:
            log.error("mail not marked as read", reason=type(error).__name__)
        return taken

    def _today(self) -> date:
        return self._ctx.now().date()

    async def _forward(self, raw: bytes, address: str) -> None:
        """Passes a person's reply on to a colleague, whole and unchanged; nothing of it is kept."""
        t = texts.of(self._ctx.programme.language)
        mail = EmailMessage(policy=SMTP)
        mail["Subject"] = one_line(t("mail_reply.subject"))
        mail["From"] = self._channel.from_address
        mail["To"] = address
        mail["Date"] = self._ctx.now()
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(t("mail_reply.text"))
        mail.add_attachment(
            raw, maintype="application", subtype="octet-stream", filename="reply.eml"
        )
        await self._channel.pass_on(address, mail.as_bytes())
