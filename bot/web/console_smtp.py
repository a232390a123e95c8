"""A mail server on this machine that puts every mail into the console's inbox."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, Envelope, Session

from storage import console
from storage.db import Database

MAX_MAIL_BYTES = 5_000_000


class ConsoleSmtp:
    """Takes mails on `host:port` in this process's own event loop; port 0 chooses a free one."""

    def __init__(self, db: Database, now: Callable[[], datetime], host: str, port: int) -> None:
        self._inbox = _Inbox(db, now)
        self._host = host
        self.port = port
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens; raises OSError where the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stops listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _session(self) -> SMTP:
        return SMTP(
            self._inbox, data_size_limit=MAX_MAIL_BYTES, enable_SMTPUTF8=True, ident="npsbot"
        )


class _Inbox:
    def __init__(self, db: Database, now: Callable[[], datetime]) -> None:
        self._db = db
        self._now = now

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        subject = str(message_from_bytes(raw, policy=policy.default)["Subject"] or "")
        async with self._db.session() as db:
            for recipient in envelope.rcpt_tos:
                await console.add_mail(
                    db, envelope.mail_from or "", recipient, subject, raw, self._now()
                )
        return "250 In the console's inbox"
