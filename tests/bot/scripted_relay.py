"""A mail relay over real sockets that refuses or hangs up as a test tells it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class ScriptedRelay:
    """`says[verb]` holds answers to give, one a command; `DROP` hangs up without one.

    Verbs: CONNECT, EHLO, MAIL, RCPT, DATA, and END for the end of the mail's data.
    """

    says: dict[str, list[str]] = field(default_factory=dict)
    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    heard: defaultdict[str, asyncio.Event] = field(
        default_factory=lambda: defaultdict(asyncio.Event)
    )
    last: str = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if await self._say(writer, "CONNECT", "220 relay"):
                await self._commands(reader, writer)
        self.open.discard(writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def hang_up(self) -> None:
        """Closes all connections, as a relay does with idle ones."""
        for writer in list(self.open):
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _commands(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            verb = line[:4].strip().upper().decode()
            if verb == "QUIT":
                await self._say(writer, verb, "221 bye")
                return
            if verb == "RCPT":
                self.recipients.append(line.decode().strip())
            if not await self._say(writer, verb, "354 go" if verb == "DATA" else "250 ok"):
                return
            if verb == "DATA" and self.last.startswith("354"):
                mail = await reader.readuntil(b"\r\n.\r\n")
                if not await self._say(writer, "END", "250 taken"):
                    return
                if self.last.startswith("250"):
                    self.mails.append(mail.removesuffix(b".\r\n"))

    async def _say(self, writer: asyncio.StreamWriter, verb: str, otherwise: str) -> bool:
        self.heard[verb].set()
        planned = self.says.get(verb)
        self.last = planned.pop(0) if planned else otherwise
        if self.last == "SILENT":
            await asyncio.Event().wait()
        if self.last == "DROP":
            return False
        writer.write(self.last.encode() + b"\r\n")
        await writer.drain()
        return True


@asynccontextmanager
async def relay(**says: list[str]) -> AsyncIterator[ScriptedRelay]:
    """A running relay on a free port of this machine."""
    scripted = ScriptedRelay(says=says)
    tasks: set[asyncio.Task[None]] = set()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(scripted.talk(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(start, "127.0.0.1", 0)
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await scripted.hang_up()
        await server.wait_closed()
