"""The mailbox is looked into by Maildir and by IMAP, and what came back changes what is true."""

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.check import check
from bot.config import DatabaseSection, Settings
from bot.mail.inbox import Box, Imap, Inbox, Maildir
from bot.sections import Mail
from handlers.chat import TryLater, Unreachable
from storage.db import Database
from storage.models import (
    BoundPlace,
    Contact,
    Invitation,
    Letter,
    MailReply,
    Reminder,
    Task,
)
from tests.bot.mail_samples import AUTOMATIC, answer, postfix
from tests.handlers.cases.conftest import Story, story

__all__ = ["story"]


@dataclass
class Outbox:
    """The way out: remembers what was passed on."""

    from_address: str = "survey@example.com"
    passed: list[tuple[str, bytes]] = field(default_factory=list)
    refuse: list[Exception] = field(default_factory=list)

    async def pass_on(self, recipient: str, mail: bytes) -> None:
        if self.refuse:
            raise self.refuse.pop(0)
        self.passed.append((recipient, mail))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "Maildir" / name).mkdir(parents=True)
    return tmp_path / "Maildir"


@pytest.fixture
def out() -> Outbox:
    return Outbox()


def inbox(story: Story, box: Box, out: Outbox) -> Inbox:
    return Inbox(story.ctx, box, out)  # type: ignore[arg-type]  # no more of the channel is used


async def arrives(story: Story, folder: Path, out: Outbox, *mails: bytes) -> int:
    for number, raw in enumerate(mails):
        (folder / "new" / f"{number}.mail").write_bytes(raw)
    return await inbox(story, Maildir(folder), out).look()


async def of(story: Story, model: type, row_id: int) -> object:
    async with story.ctx.db.reading() as session:
        return await session.get(model, row_id)


async def contact(story: Story, name: str = "jane") -> Contact:
    found = await of(story, Contact, story.acme.contacts[name].id)
    assert isinstance(found, Contact)
    return found


async def test_a_bounce_changes_invitation_and_contact_and_becomes_an_offer(
    story: Story, folder: Path, out: Outbox
) -> None:
    reminder = Reminder(invitation_id=1, send_at=story.clock() + timedelta(days=1))
    await story.make.save(reminder)
    raw = postfix("invitation.1")
    assert await arrives(story, folder, out, raw, raw) == 1
    invitation = await of(story, Invitation, 1)
    assert isinstance(invitation, Invitation)
    assert (invitation.status, invitation.reason) == ("bounced", "5.0.0")
    assert (await contact(story)).status == "bouncing"
    dropped = await of(story, Reminder, reminder.id)
    assert isinstance(dropped, Reminder)
    assert dropped.status == "cancelled"
    assert sorted(path.name for path in (folder / "cur").iterdir()) == [
        "0.mail:2,S", "1.mail:2,S",
    ]  # fmt: skip
    assert not list((folder / "new").iterdir())
    from handlers.tasks import offers

    await offers.due(story.ctx)
    task = await of(story, Task, 1)
    assert isinstance(task, Task)
    assert (task.what, task.owner_id) == ("bounced", story.acme.anna.id)


@pytest.mark.parametrize(
    "raw",
    [
        postfix("invitation.1", about="peter@acme.example"),  # somebody else bounced
        postfix("invitation.1", status="4.4.1", action="delayed"),
        postfix("invitation.99"),
        answer("Unsubscribe", sender="Eve <eve@acme.example>"),
        answer("Unsubscribe", secret="a guess"),
        answer("Jane has left the company.", headers=AUTOMATIC, secret="a guess"),
        postfix("invitation.1").replace(b"invitation.1.", b"invitation.1.0"),
        answer("Jane has left", sender="eve@other.example", headers=AUTOMATIC),
    ],
)
async def test_what_is_not_proven_changes_nothing(
    story: Story, folder: Path, out: Outbox, raw: bytes
) -> None:
    await arrives(story, folder, out, raw)
    invitation = await of(story, Invitation, 1)
    assert isinstance(invitation, Invitation)
    assert (invitation.status, (await contact(story)).status) == ("sent", "active")
    assert not list((folder / "new").iterdir())


async def test_a_full_mailbox_says_nothing_against_the_address(
    story: Story, folder: Path, out: Outbox
) -> None:
    await arrives(story, folder, out, postfix("invitation.1", status="5.2.2"))
    invitation = await of(story, Invitation, 1)
    assert isinstance(invitation, Invitation)
    assert (invitation.status, (await contact(story)).status) == ("bounced", "active")


async def test_a_reminder_waits_until_somebody_is_back(
    story: Story, folder: Path, out: Outbox
) -> None:
    at = story.clock() + timedelta(days=1)
    reminder = await story.make.save(Reminder(invitation_id=1, send_at=at))
    text = "I am away until 4 December 2026."
    raw = answer(text, "Out of office", headers=AUTOMATIC)
    assert await arrives(story, folder, out, raw) == 1
    moved = await of(story, Reminder, reminder.id)
    assert isinstance(moved, Reminder)
    assert moved.send_at == at + timedelta(days=10)  # Saturday 5 December, at the same hour
    kept = await of(story, MailReply, 1)
    assert isinstance(kept, MailReply)
    assert text not in str(kept)


async def test_who_left_is_an_offer_to_repair_that_a_person_carries_out(
    story: Story, folder: Path, out: Outbox
) -> None:
    text = "Jane Jensen no longer works at Acme."
    await arrives(story, folder, out, answer(text, headers=AUTOMATIC))
    assert (await contact(story)).status == "active"
    anna = story.acme.anna
    from handlers import routes
    from handlers.chat import Click

    card = await story.type(anna, "tasks")
    assert "has left" in str(card)
    click = Click(story.person(anna), f"console:{anna.email}", "offer_left", "1")
    await routes.click(story.ctx, click)
    assert (await contact(story)).status == "inactive"


async def test_unsubscribing_by_a_reply_is_kept(story: Story, folder: Path, out: Outbox) -> None:
    await arrives(story, folder, out, answer("Unsubscribe"))
    assert (await contact(story)).status == "unsubscribed"


async def test_a_persons_reply_is_passed_on_to_the_account_manager_and_not_kept(
    story: Story, folder: Path, out: Outbox
) -> None:
    out.refuse = [TryLater("busy")]
    raw = answer("Please call me about the invoices.")
    assert await arrives(story, folder, out, raw) == 0
    assert len(list((folder / "new").iterdir())) == 1  # it waits
    assert await inbox(story, Maildir(folder), out).look() == 1
    ((address, passed),) = out.passed
    assert address == "anna@nordfab.example"
    inner = message_from_bytes(passed).get_payload()[1]  # type: ignore[index]  # two parts
    assert b"about the invoices" in inner.get_payload(decode=True)  # type: ignore[union-attr]  # a part
    kept = await of(story, MailReply, 1)
    assert "invoices" not in str(kept)
    out.refuse = [Unreachable("no")]
    await arrives(story, folder, out, answer("And another thing."))
    assert not list((folder / "new").iterdir())


async def test_a_bounced_question_is_told_on_the_card_of_the_case(
    story: Story, folder: Path, out: Outbox
) -> None:
    await story.answer("jane", 3)
    await story.work()
    jane = story.acme.contacts["jane"]
    letter = Letter(
        key="settled:1", what="settled", account_id=jane.account_id, contact_id=jane.id, case_id=1,
        round=1, status="sent", send_at=story.clock(), sent_at=story.clock(),
    )  # fmt: skip
    await story.make.save(letter)
    await arrives(story, folder, out, postfix("letter.1"))
    found = await of(story, Letter, 1)
    assert isinstance(found, Letter)
    assert (found.status, (await contact(story)).status) == ("bounced", "bouncing")


async def test_one_unreadable_mail_does_not_keep_the_others_waiting(
    story: Story, folder: Path, out: Outbox
) -> None:
    assert await arrives(story, folder, out, b"\xff\x00", postfix("invitation.1")) == 1
    gone = Maildir(folder / "nothing")
    assert await inbox(story, gone, out).look() == 0


class ImapServer(threading.Thread):
    """Plays as much of an IMAP server as is asked for; mails are read or not."""

    def __init__(self, mails: list[bytes], certificate: Path | None = None) -> None:
        super().__init__(daemon=True)
        self.mails, self.seen = mails, set[int]()
        self.logins = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)

    def run(self) -> None:
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            try:
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True)
            except OSError:  # the client does not trust the certificate
                connection.close()
                continue
            with connection, connection.makefile("rwb") as file:
                file.write(b"* OK ready\r\n")
                file.flush()
                for line in file:
                    tag, *words = line.decode().split()
                    file.write(self._answer(words) + f"{tag} OK done\r\n".encode())
                    file.flush()
                    if words[0] == "LOGOUT":
                        break

    def _answer(self, words: list[str]) -> bytes:
        match words:
            case ["CAPABILITY", *_]:
                return b"* CAPABILITY IMAP4rev1\r\n"
            case ["LOGIN", *_]:
                self.logins += 1
            case ["SELECT", *_]:
                return f"* {len(self.mails)} EXISTS\r\n".encode()
            case ["UID", "SEARCH", *_]:
                unseen = [str(n + 1) for n in range(len(self.mails)) if n + 1 not in self.seen]
                return f"* SEARCH {' '.join(unseen)}\r\n".encode()
            case ["UID", "FETCH", number, *_]:
                raw = self.mails[int(number) - 1]
                head = f"* {number} FETCH (UID {number} BODY[]<0> {{{len(raw)}}}\r\n"
                return head.encode() + raw + b")\r\n"
            case ["UID", "STORE", number, *_]:
                self.seen.add(int(number))
        return b""

    def stop(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    server = ImapServer([postfix("invitation.1"), b"Subject: not ours\r\n\r\nHello\r\n"])
    server.start()
    yield server
    server.stop()
    server.join(5)


async def test_an_imap_account_is_read_and_its_mails_are_marked(
    story: Story, imap: ImapServer, out: Outbox
) -> None:
    settings = Mail(
        imap_host="127.0.0.1", imap_port=imap.port, imap_tls=False, imap_username="survey",
        imap_password="secret",
    )  # fmt: skip
    box = inbox(story, Imap(settings), out)
    assert await box.look() == 1
    assert imap.seen == {1, 2}
    assert (await contact(story)).status == "bouncing"
    assert await box.look() == 0


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "mailbox.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        made.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


def test_a_mailbox_that_cannot_prove_who_it_is_gets_no_password(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ImapServer([postfix("invitation.1")], certificate)
    server.start()
    settings = Mail(
        imap_host="127.0.0.1", imap_port=server.port, imap_username="survey",
        imap_password="secret",
    )  # fmt: skip
    try:
        with pytest.raises(ssl.SSLCertVerificationError):
            Imap(settings).new()
        assert server.logins == 0
        # An administrator with an authority of their own says so as every program is told.
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert len(Imap(settings).new()) == 1
    finally:
        server.stop()
        server.join(5)


async def test_check_says_which_places_and_mailboxes_do_not_work(
    tmp_path: Path, folder: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'npsbot.db'}"
    settings = Settings(database=DatabaseSection(url=url), mail=Mail(inbox=str(folder)))
    _code, lines = await check(settings, recount=False)
    assert "ok    places: all that are bound take alerts" in lines
    assert f"ok    mail: the mailbox {folder} can be read" in lines
    db = Database(url)
    bound = BoundPlace(
        platform="slack", place="slack:C1", reason="price", bound_at=datetime.now(UTC),
        name="#prices", problem="Slack: is_archived", mend="archived",
        problem_at=datetime.now(UTC),
    )  # fmt: skip
    async with db.session() as session:
        session.add(bound)
    await db.close()
    gone = settings.model_copy(update={"mail": Mail(inbox=str(folder / "nothing"))})
    _code, lines = await check(gone, recount=False)
    assert any("#prices: The channel is archived." in line for line in lines)
    assert any("FileNotFoundError. Check [mail] inbox" in line for line in lines)
