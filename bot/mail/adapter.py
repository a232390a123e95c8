"""The mail channel: sends cards by SMTP over one connection that is kept while a batch runs."""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import aiosmtplib
import structlog
from aiosmtplib import SMTPException, SMTPResponseException

from bot.links import Addresses
from bot.mail.message import compose, message_id
from handlers.cards import Card
from handlers.chat import (
    Called,
    ChatError,
    InDoubt,
    Message,
    MessageRef,
    Place,
    TryLater,
    Unreachable,
)
from storage import members
from storage.db import Database

log = structlog.get_logger()

IDLE_SECONDS = 20.0  # a relay may hang up after this much silence, so we do first
TIMEOUT_SECONDS = 60.0
MAILS_PER_CONNECTION = 100  # relays end longer ones
SETTINGS_WRONG_SECONDS = 600.0  # a person must mend the settings first
# RFC 3463: 5.7.x refuses us or the content by policy and says nothing against the address.
_POLICY = re.compile(r"5\.7\.\d")


class MailChannel:
    """Sends to places `mail:ADDRESS`. A mail that went out can't be changed any more."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        starttls: bool,
        username: str | None,
        password: str | None,
        from_address: str,
        addresses: Addresses,
        now: Callable[[], datetime],
        db: Database | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.from_address = from_address
        self.addresses = addresses
        self._db = db
        self._now = now
        self._relay = _Relay(
            host, port, starttls, username, password, timeout_seconds, idle_seconds
        )

    async def send(self, place: Place, message: Message) -> MessageRef:
        """Sends one mail.

        Raises TryLater when nothing was accepted, Unreachable for a final refusal (`bounced` when
        it is about the address), InDoubt when the mail was handed over and the answer was lost.
        """
        recipient = place.partition(":")[2]
        mail = await compose(recipient, message, self.from_address, self.addresses, self._now())
        await self._relay.send(self.from_address, recipient, mail)
        sent = message_id(message.key, self.from_address, self.addresses.secret)
        return MessageRef(place, sent)

    async def pass_on(self, recipient: str, mail: bytes) -> None:
        """Sends a mail that is written already; raises the same errors as `send`."""
        await self._relay.send(self.from_address, recipient, mail)

    async def update(self, ref: MessageRef, card: Card, language: str) -> None:
        """Leaves the mail as it is: what was sent can't be edited, a second one would be noise."""

    async def outsiders(self, place: Place) -> bool:
        """Tells whether the address is not a member's: a mail is read by one person alone."""
        if self._db is None:
            return True
        async with self._db.reading() as session:
            member = await members.by_email(session, place.partition(":")[2])
        return member is None or member.left_at is not None

    async def called(self, place: Place) -> Called | None:
        """Gives the address: nobody calls it otherwise."""
        return Called(place.partition(":")[2])

    async def close(self) -> None:
        """Ends the connection to the relay."""
        await self._relay.close()


class _Relay:
    """One connection, one mail at a time; opened when needed, closed when idle."""

    def __init__(
        self,
        host: str,
        port: int,
        starttls: bool,
        username: str | None,
        password: str | None,
        timeout_seconds: float,
        idle_seconds: float,
    ) -> None:
        self._host, self._port, self._starttls = host, port, starttls
        self._username, self._password = username, password
        self._timeout, self._idle_seconds = timeout_seconds, idle_seconds
        self._client: aiosmtplib.SMTP | None = None
        self._mails = 0
        self._lock = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._closing: asyncio.Future[None] | None = None

    async def send(self, sender: str, recipient: str, mail: bytes) -> None:
        async with self._lock:
            self._stay_awake()
            try:
                await self._send(sender, recipient, mail)
            except asyncio.CancelledError:
                # Half a conversation can't be continued by the next mail.
                self._drop()
                raise
            finally:
                self._fall_asleep_later()

    async def close(self) -> None:
        async with self._lock:
            self._stay_awake()
            await self._quit()

    async def _send(self, sender: str, recipient: str, mail: bytes) -> None:
        reused = self._client is not None and self._client.is_connected
        try:
            client = await self._envelope(sender, recipient)
        except aiosmtplib.SMTPServerDisconnected as error:
            await self._quit()
            if not reused:
                raise TryLater("the relay hung up") from error
            # The kept connection was closed by the relay before this mail: a new one is safe.
            try:
                client = await self._envelope(sender, recipient)
            except aiosmtplib.SMTPServerDisconnected as again:
                raise TryLater("the relay hung up") from again
        await self._data(client, mail)
        self._mails += 1

    async def _envelope(self, sender: str, recipient: str) -> aiosmtplib.SMTP:
        """Names sender and recipient; nothing was accepted yet, so every failure is a clear one."""
        try:
            client = await self._connected()
        except SMTPResponseException as error:
            await self._quit()
            log.error("mail relay refuses us", code=error.code)
            wait = SETTINGS_WRONG_SECONDS if error.code >= 500 else 60.0
            raise TryLater(f"relay: {error.code}", wait) from error
        except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPTimeoutError, OSError) as error:
            await self._quit()
            raise TryLater("no connection to the relay") from error
        except aiosmtplib.SMTPServerDisconnected:
            raise
        except SMTPException as error:
            await self._quit()
            log.error("mail relay can't be used", reason=type(error).__name__)
            raise TryLater(f"relay: {error.message}", SETTINGS_WRONG_SECONDS) from error
        try:
            await client.mail(sender, encoding="utf-8", options=_options(client, sender, recipient))
        except SMTPResponseException as error:
            raise await self._refused(client, error, bounced=False) from error
        except aiosmtplib.SMTPTimeoutError as error:
            await self._quit()
            raise TryLater("the relay does not answer") from error
        try:
            await client.rcpt(recipient, encoding="utf-8")
        except SMTPResponseException as error:
            about_address = not _POLICY.match(error.message)
            raise await self._refused(client, error, bounced=about_address) from error
        except aiosmtplib.SMTPTimeoutError as error:
            await self._quit()
            raise TryLater("the relay does not answer") from error
        return client

    async def _data(self, client: aiosmtplib.SMTP, mail: bytes) -> None:
        try:
            await client.data(mail)
        except SMTPResponseException as error:
            raise await self._refused(client, error, bounced=False) from error
        except (SMTPException, OSError) as error:
            # DATA and the mail itself are one call: from here on the relay may have taken it.
            self._drop()
            raise InDoubt("the relay's answer was lost after the mail was handed over") from error

    async def _refused(
        self, client: aiosmtplib.SMTP, error: SMTPResponseException, bounced: bool
    ) -> ChatError:
        """Gives what a refusal means: 4xx waits, 421 also hangs up, 5xx is final."""
        with suppress(SMTPException, OSError):
            await client.rset()
        if error.code == 421 or not client.is_connected:
            await self._quit()
        if error.code < 500:
            return TryLater(f"relay: {error.code}", 60.0)
        return Unreachable(f"relay: {error.code}", bounced=bounced)

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._mails >= MAILS_PER_CONNECTION:
            await self._quit()
        if self._client is not None and self._client.is_connected:
            return self._client
        self._mails = 0
        self._client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            start_tls=self._starttls,
            timeout=self._timeout,
        )
        await self._client.connect()
        return self._client

    async def _quit(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        with suppress(SMTPException, OSError):
            if client.is_connected:
                await client.quit(timeout=2)
        client.close()

    def _stay_awake(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _fall_asleep_later(self) -> None:
        if self._client is not None:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(self._idle_seconds, self._hang_up)

    def _hang_up(self) -> None:
        self._closing = asyncio.ensure_future(self.close())

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _options(client: aiosmtplib.SMTP, sender: str, recipient: str) -> list[str]:
    if (sender + recipient).isascii():
        return []
    if not client.supports_extension("smtputf8"):
        raise Unreachable("the relay can't send to addresses with such letters", bounced=True)
    return ["SMTPUTF8"]
