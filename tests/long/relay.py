"""A mail relay in a process of its own, slow or fast, that notes each accepted Message-ID."""

import asyncio
import os
import re
import socket
import sys
import time
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

from tests.benchmarks import programme

_MESSAGE_ID = re.compile(rb"^message-id:\s*<([^>]+)>", re.IGNORECASE | re.MULTILINE)
_LONGEST_LINE = 1024 * 1024


class Relay:
    """Speaks as much SMTP as a sender needs.

    A mail counts as accepted once its id is in the log, before the answer goes out: a sender that
    dies in between can't know, as with any relay.
    """

    def __init__(self, log: Path, slowest: float) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._slowest = slowest
        self._random = Random(5)

    async def talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serves one connection until it ends."""
        try:
            await self._say(writer, b"220 relay")
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"QUIT":
                    await self._say(writer, b"221 bye")
                    return
                if verb == b"EHLO":
                    await self._say(writer, b"250-relay\r\n250-8BITMIME\r\n250 SMTPUTF8")
                elif verb == b"DATA":
                    await self._say(writer, b"354 go on")
                    await self._take(await reader.readuntil(b"\r\n.\r\n"))
                    await self._say(writer, b"250 taken")
                else:
                    await self._say(writer, b"250 ok")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender died: what it did not finish is not accepted
        finally:
            writer.close()

    async def _take(self, mail: bytes) -> None:
        pause = self._random.uniform(0.4, 1) * self._slowest
        before = pause * self._random.random()
        await asyncio.sleep(before)
        found = _MESSAGE_ID.search(mail)
        os.write(self._log, (found.group(1) if found else b"?") + b"\n")
        await asyncio.sleep(pause - before)

    async def _say(self, writer: StreamWriter, line: bytes) -> None:
        writer.write(line + b"\r\n")
        await writer.drain()


@contextmanager
def running(log: Path, port: int, slowest: float) -> Iterator[None]:
    """Runs a relay until the block ends; it takes `slowest` seconds at most for a mail."""
    command = (sys.executable, "-m", "tests.long.relay", str(log), str(port), str(slowest))
    with programme.process(*command):
        for _try in range(200):
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield


def accepted(log: Path) -> Counter[str]:
    """Gives how often the relay took each Message-ID."""
    return Counter(log.read_text("ascii").splitlines()) if log.exists() else Counter()


async def _serve(log: Path, port: int, slowest: float) -> None:
    relay = Relay(log, slowest)
    server = await asyncio.start_server(relay.talk, "127.0.0.1", port, limit=_LONGEST_LINE)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
