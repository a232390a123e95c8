"""Mails against a real Postfix, judged by checkers of mailbox providers' rules."""

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.links import Addresses
from bot.mail.adapter import MailChannel
from bot.mail.check import check
from bot.mail.html import draw
from bot.mail.inbox import Maildir
from bot.mail.message import compose, message_id
from bot.mail.replies import read
from bot.now import utc_now
from bot.sections import Mail
from handlers.cards import Card
from handlers.chat import Message, Sender, TryLater, Unreachable
from tests.bot.mail_cards import EVERYTHING, SURVEY
from tests.conftest import missing

pytestmark = pytest.mark.outside

ADDRESSES = Addresses("https://nps.example.com", "s" * 40)
TOO_BIG = 1_100_000  # the relay takes 1 MiB


@dataclass(frozen=True)
class Postfix:
    """A running Postfix: plain on `port`, submission with sign-in on the next one."""

    folder: Path
    port: int

    def mails(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.folder.glob("mail/all/new/*"))]


@pytest.fixture(scope="session")
def peers() -> Path:
    folder = os.environ.get("PEERS")
    if folder is None or not (Path(folder) / "mail" / "postfix.sh").exists():
        missing("the folder of outside programs (PEERS)")
    return Path(str(folder))


@pytest.fixture(scope="module")
def postfix(peers: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postfix]:
    if shutil.which("postfix") is None:
        missing("postfix")
    if os.geteuid() != 0:
        missing("root, which postfix needs,")
    folder = tmp_path_factory.mktemp("postfix")
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(0o755)  # postfix runs under its own name
    port = _two_free_ports()
    script = str(peers / "mail" / "postfix.sh")
    subprocess.run(
        [script, "start", str(folder), str(port)],
        check=True, timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    yield Postfix(folder, port)
    subprocess.run([script, "stop", str(folder)], check=True, timeout=60)


def _two_free_ports() -> int:
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def channel(postfix: Postfix, *, signed_in: bool = False, password: str = "secret") -> MailChannel:
    return MailChannel(
        host="localhost",
        port=postfix.port + signed_in,
        starttls=signed_in,
        username="pulse@mx.example.com" if signed_in else None,
        password=password if signed_in else None,
        from_address="survey@example.com",
        addresses=ADDRESSES,
        now=utc_now,
    )


def prompt(key: str) -> Message:
    return Message(
        SURVEY,
        key,
        "en",
        subject="One question about working with Nordfab – Ærø",
        unsubscribe="an-unsubscribe-token-" + "x" * 60,
        sender=Sender("Anna Bærg", "anna@example.com"),
    )


async def arrived(postfix: Postfix, key: str) -> bytes:
    mark = message_id(key, "survey@example.com", ADDRESSES.secret).encode()
    for _ in range(100):
        for raw in postfix.mails():
            if mark in raw:
                return raw
        await asyncio.sleep(0.1)  # another program delivers it
    raise AssertionError(f"{key} did not arrive")


async def test_a_survey_mail_passes_the_rules_of_mailbox_providers(
    peers: Path, postfix: Postfix, tmp_path: Path
) -> None:
    relay = channel(postfix)
    await relay.send("mail:jane@example.org", prompt("invitation:1"))
    await relay.close()
    mail = tmp_path / "mail.eml"
    mail.write_bytes(await arrived(postfix, "invitation:1"))
    python = peers / "venv" / "bin" / "python"
    checker = await asyncio.create_subprocess_exec(
        str(python), str(peers / "mail" / "mailtest.py"), str(mail), stdout=subprocess.PIPE
    )
    found = (await checker.communicate())[0].decode().splitlines()
    assert [line for line in found if "DKIM" not in line and not line.startswith("WARN")] == []
    # The relay signs; and the one link that people shall not see is not in the text.
    assert [line for line in found if line.startswith("WARN")] == [
        f"WARN link only in HTML part: {ADDRESSES.trap(SURVEY.body[2].value)[:80]}"  # type: ignore[union-attr]  # the scale
    ]


@pytest.mark.parametrize("name", ["survey", "everything"])
def test_mail_programs_understand_all_of_it(peers: Path, tmp_path: Path, name: str) -> None:
    if shutil.which("node") is None:
        missing("node")
    page = tmp_path / "mail.html"
    page.write_text(draw({"survey": SURVEY, "everything": EVERYTHING}[name], "en", ADDRESSES)[1])
    found = subprocess.run(
        ["node", str(peers / "mail" / "email_compat.mjs"), str(page)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert found.stdout.strip() == "no unsupported feature"


async def test_a_batch_goes_out_signed_in_over_one_encrypted_connection(
    postfix: Postfix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(postfix.folder / "cert.pem"))
    relay = channel(postfix, signed_in=True)
    for number in range(20):
        await relay.send(f"mail:person{number}@example.org", prompt(f"batch:{number}"))
    await relay.close()
    for number in range(20):
        await arrived(postfix, f"batch:{number}")
    log = (postfix.folder / "log").read_text()
    assert log.count("sasl_username=pulse@mx.example.com") == 20
    assert log.count("sasl_method=") == 20
    said = next(line for line in log.splitlines() if "disconnect from" in line and "auth=1" in line)
    assert "starttls=1" in said
    assert "mail=20 rcpt=20 data=20 quit=1" in said


async def test_a_wrong_password_means_later(
    postfix: Postfix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(postfix.folder / "cert.pem"))
    relay = channel(postfix, signed_in=True, password="wrong")
    with pytest.raises(TryLater):
        await relay.send("mail:jane@example.org", prompt("wrong:1"))


async def test_an_unknown_certificate_gets_no_mail(postfix: Postfix) -> None:
    relay = channel(postfix, signed_in=True)
    with pytest.raises(TryLater):
        await relay.send("mail:jane@example.org", prompt("unknown:1"))


async def test_check_signs_in_and_says_what_is_wrong(
    postfix: Postfix, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = Mail(
        host="localhost", port=postfix.port + 1, from_address="survey@example.com",
        username="pulse@mx.example.com", password="secret",
    )  # fmt: skip
    ((_what, ok, advice),) = await check(mail, None)
    assert not ok
    assert advice.startswith("Its certificate can't be trusted (self-signed certificate)")
    monkeypatch.setenv("SSL_CERT_FILE", str(postfix.folder / "cert.pem"))
    ((_what, ok, _advice),) = await check(mail, None)
    assert ok
    wrong = mail.model_copy(update={"password": "not this"})
    ((_what, ok, advice),) = await check(wrong, None)
    assert not ok
    assert "It refuses [mail] username and password (535" in advice


async def test_refusals_of_a_real_relay_end_in_the_right_errors(postfix: Postfix) -> None:
    relay = channel(postfix)
    with pytest.raises(Unreachable) as unknown:
        await relay.send("mail:bounce550@example.com", prompt("refused:1"))
    assert unknown.value.bounced
    for person in ("temp450", "full"):
        with pytest.raises(TryLater):
            await relay.send(f"mail:{person}@example.com", prompt(f"refused:{person}"))
    with pytest.raises(Unreachable):
        await relay.send("mail:spam@example.com", prompt("refused:spam"))
    await relay.send("mail:ole@example.com", prompt("refused:last"))
    await relay.close()
    await arrived(postfix, "refused:last")


async def test_a_mail_that_is_too_big_is_refused_for_good(postfix: Postfix) -> None:
    relay = channel(postfix)
    long = Card("x" * TOO_BIG, audience="person")
    with pytest.raises(Unreachable) as refused:
        await relay.send("mail:ole@example.com", Message(long, "big:1", "en", subject="x"))
    assert not refused.value.bounced
    await relay.close()


async def test_a_bounce_that_comes_back_later_is_read_from_the_maildir(postfix: Postfix) -> None:
    own = channel(postfix)
    lost = "jane@acme.invalid"  # taken here, delivered nowhere
    mail = await compose(
        lost, prompt("invitation:77"), own.from_address, ADDRESSES, datetime.now(UTC)
    )
    sendmail = ["sendmail", "-C", str(postfix.folder / "etc"), "-f", own.from_address, lost]
    await asyncio.to_thread(subprocess.run, sendmail, input=mail, check=True, timeout=30)
    await arrived(postfix, "invitation:77")
    box = Maildir(postfix.folder / "mail" / "all")
    found = [
        read(raw, own.from_address, ADDRESSES.secret, date(2026, 11, 24))
        for _name, raw in box.new()
    ]
    (bounce,) = [each for each in found if each is not None and each.what == "bounce"]
    assert (bounce.keys, bounce.about, bounce.code) == (("invitation.77",), lost, "5.0.0")
