"""Mails over real sockets: what a relay gets, and what its refusals mean."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest

from bot.links import Addresses
from bot.mail.adapter import MailChannel
from bot.mail.message import compose
from handlers.cards import Card
from handlers.chat import InDoubt, Message, MessageRef, Sender, TryLater, Unreachable
from handlers.links import mail_token
from storage.db import Database
from tests.bot.mail_cards import EVERYTHING, SURVEY
from tests.bot.scripted_relay import ScriptedRelay, relay
from tests.factories import Make
from tests.fakes import FakeClock

ADDRESSES = Addresses("https://nps.example.com", "s" * 40)
ANNA = Sender("Anna Berg", "anna@nordfab.example")
PROMPT = Message(
    SURVEY,
    "invitation:7",
    "da",
    subject="Ét spørgsmål om samarbejdet med Nordfab",
    unsubscribe="a-token-" + "x" * 120,
    sender=ANNA,
)
JANE = "mail:jane@acme.example"


@asynccontextmanager
async def channel_to(port: int, **settings: Any) -> AsyncIterator[MailChannel]:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "starttls": False,
        "username": None,
        "password": None,
        "from_address": "survey@nps.nordfab.example",
        "addresses": ADDRESSES,
        "now": FakeClock(),
    }
    channel = MailChannel(**{**values, **settings})
    try:
        yield channel
    finally:
        await channel.close()


@asynccontextmanager
async def sending(**says: list[str]) -> AsyncIterator[tuple[ScriptedRelay, MailChannel]]:
    async with relay(**says) as scripted, channel_to(scripted.port) as channel:
        yield scripted, channel


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


async def test_a_survey_mail_has_every_header_receivers_ask_for() -> None:
    async with sending() as (scripted, channel):
        ref = await channel.send(JANE, PROMPT)
    mail = read(scripted.mails[0])
    token = mail_token(ADDRESSES.secret, "invitation.7")
    assert ref == MessageRef(JANE, f"<{token}@nps.nordfab.example>")
    assert mail["Message-ID"] == ref.id
    assert mail["From"] == "Anna Berg <survey@nps.nordfab.example>"
    assert mail["Reply-To"] == "Anna Berg <anna@nordfab.example>"
    assert mail["To"] == "jane@acme.example"
    assert mail["Subject"] == "Ét spørgsmål om samarbejdet med Nordfab"
    assert mail["Date"].datetime == FakeClock()()
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "da"
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


async def test_a_long_unsubscribe_address_stays_in_one_piece() -> None:
    async with sending() as (scripted, channel):
        await channel.send(JANE, PROMPT)
    address = ADDRESSES.unsubscribe(PROMPT.unsubscribe or "")
    assert f"\r\nList-Unsubscribe: <{address}>\r\n".encode() in scripted.mails[0]


async def test_the_lines_of_a_mail_are_ascii_and_short_enough() -> None:
    async with sending() as (scripted, channel):
        await channel.send(JANE, PROMPT)
    assert scripted.mails[0].isascii()
    assert max(map(len, scripted.mails[0].split(b"\r\n"))) <= 998


async def test_pictures_travel_inside_the_html_part() -> None:
    raw = await compose(
        "anna@nordfab.example",
        Message(EVERYTHING, "alert:17", "en"),
        "survey@nps.nordfab.example",
        ADDRESSES,
        FakeClock()(),
    )
    mail = read(raw)
    assert mail.get_content_type() == "multipart/alternative"
    text, related = mail.iter_parts()
    assert text.get_content_type() == "text/plain"
    html, image = cast(EmailMessage, related).iter_parts()
    assert image.get_content_type() == "image/png"
    assert f"cid:{image['Content-ID'].strip('<>')}" in html.get_content()
    assert mail["List-Unsubscribe"] is None


@pytest.mark.parametrize("breaks", ["\r\n", "\n", "\r", "\u2028", "\x00\r\n "])
async def test_nothing_written_by_people_starts_a_header(breaks: str) -> None:
    evil = f"Anna{breaks}Bcc: all@acme.example{breaks}{breaks}<b>body"
    message = Message(
        Card(evil, audience="person"),
        f"alert:1{breaks}Bcc: x@acme.example",
        f"en{breaks}X-Evil: 1",
        subject=evil,
        unsubscribe=f"tok{breaks}X-Evil: 1",
        sender=Sender(evil, "anna@nordfab.example"),
        reply_to=MessageRef(JANE, f"<a@b>{breaks}X-Evil: 1"),
    )
    async with sending() as (scripted, channel):
        await channel.send(JANE, message)
    mail = read(scripted.mails[0])
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None
    assert scripted.recipients == ["RCPT TO:<jane@acme.example>"]
    assert mail.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    "address",
    ["", "jane", "jane@acme.example\r\nRCPT TO:<x@y>", "a@b> SIZE=1", "a@b, c@d", "<a@b>", "a b@c"],
)
async def test_what_is_no_address_is_refused_before_the_relay_hears_of_it(address: str) -> None:
    async with sending() as (scripted, channel):
        with pytest.raises(Unreachable) as refused:
            await channel.send(f"mail:{address}", PROMPT)
    assert refused.value.bounced
    assert scripted.connections == 0


async def test_one_connection_serves_a_batch() -> None:
    async with sending() as (scripted, channel):
        for _ in range(5):
            await channel.send(JANE, PROMPT)
    assert len(scripted.mails) == 5
    assert scripted.connections == 1


async def test_a_connection_the_relay_closed_is_opened_again() -> None:
    async with sending() as (scripted, channel):
        await channel.send(JANE, PROMPT)
        await scripted.hang_up()
        await channel.send(JANE, PROMPT)
    assert len(scripted.mails) == 2
    assert scripted.connections == 2


async def test_an_idle_connection_is_ended_by_us() -> None:
    async with relay() as scripted, channel_to(scripted.port, idle_seconds=0.0) as channel:
        await channel.send(JANE, PROMPT)
        await scripted.heard["QUIT"].wait()
        await channel.send(JANE, PROMPT)
    assert scripted.connections == 2


async def test_a_relay_that_is_down_means_later() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with channel_to(taken.getsockname()[1]) as channel:
            with pytest.raises(TryLater):
                await channel.send(JANE, PROMPT)


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("CONNECT", "421 too busy"),
        ("CONNECT", "554 go away"),
        ("CONNECT", "DROP"),
        ("MAIL", "451 later"),
        ("MAIL", "DROP"),
        ("RCPT", "450 greylisted"),
        ("RCPT", "452 mailbox full"),
        ("RCPT", "421 closing"),
        ("RCPT", "DROP"),
        ("DATA", "451 later"),
        ("END", "451 later"),
        ("END", "452 no room"),
    ],
)
async def test_a_refusal_before_acceptance_means_later_and_the_next_mail_goes_out(
    verb: str, answer: str
) -> None:
    async with sending(**{verb: [answer]}) as (scripted, channel):
        with pytest.raises(TryLater):
            await channel.send(JANE, PROMPT)
        assert scripted.mails == []
        await channel.send(JANE, PROMPT)
    assert len(scripted.mails) == 1


@pytest.mark.parametrize(
    ("verb", "answer", "bounced"),
    [
        ("RCPT", "550 5.1.1 user unknown", True),
        ("RCPT", "553 no such name", True),
        ("MAIL", "550 you may not send", False),
        ("MAIL", "552 too big", False),
        ("DATA", "554 no", False),
        ("END", "554 5.7.1 spam", False),
        ("RCPT", "554 5.7.1 not from you", False),
        ("END", "552 too big", False),
    ],
)
async def test_a_final_refusal_is_final_and_the_next_mail_goes_out(
    verb: str, answer: str, bounced: bool
) -> None:
    async with sending(**{verb: [answer]}) as (scripted, channel):
        with pytest.raises(Unreachable) as refused:
            await channel.send(JANE, PROMPT)
        assert refused.value.bounced is bounced
        await channel.send(JANE, PROMPT)
    assert len(scripted.mails) == 1
    assert scripted.connections == 1


async def test_an_answer_lost_after_the_data_leaves_the_mail_in_doubt() -> None:
    async with sending(END=["DROP"]) as (scripted, channel):
        with pytest.raises(InDoubt):
            await channel.send(JANE, PROMPT)
        await channel.send(JANE, PROMPT)
    assert scripted.connections == 2


async def test_silence_after_the_data_leaves_the_mail_in_doubt() -> None:
    async with (
        relay(END=["SILENT"]) as scripted,
        channel_to(scripted.port, timeout_seconds=0.2) as channel,
    ):
        with pytest.raises(InDoubt):
            await channel.send(JANE, PROMPT)
        await channel.send(JANE, PROMPT)
    assert len(scripted.mails) == 1


async def test_silence_before_the_data_means_later() -> None:
    async with (
        relay(RCPT=["SILENT"]) as scripted,
        channel_to(scripted.port, timeout_seconds=0.2) as channel,
    ):
        with pytest.raises(TryLater):
            await channel.send(JANE, PROMPT)


async def test_a_relay_without_encryption_or_sign_in_gets_nothing() -> None:
    async with (
        relay() as scripted,
        channel_to(scripted.port, starttls=True, username="u", password="p") as channel,
    ):
        with pytest.raises(TryLater):
            await channel.send(JANE, PROMPT)
    assert scripted.mails == []


async def test_a_cancelled_mail_does_not_leave_half_a_conversation() -> None:
    async with sending(RCPT=["SILENT"]) as (scripted, channel):
        task = asyncio.ensure_future(channel.send(JANE, PROMPT))
        await scripted.heard["RCPT"].wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await channel.send(JANE, PROMPT)
    assert len(scripted.mails) == 1
    assert scripted.connections == 2


async def test_a_mail_of_a_member_is_read_inside_and_all_others_outside(
    db: Database,
) -> None:
    clock = FakeClock()
    make = Make(db, clock)
    await make.member("Anna Berg", email="anna@nordfab.example")
    await make.member("Gone", email="gone@nordfab.example", left_at=clock())
    async with channel_to(1, db=db) as channel:
        assert not await channel.outsiders("mail:Anna@Nordfab.example")
        assert await channel.outsiders("mail:gone@nordfab.example")
        assert await channel.outsiders(JANE)
    async with channel_to(1) as channel:
        assert await channel.outsiders("mail:anna@nordfab.example")


async def test_a_mail_that_went_out_stays_as_it_is() -> None:
    async with sending() as (scripted, channel):
        ref = await channel.send(JANE, PROMPT)
        await channel.update(ref, EVERYTHING, "en")
    assert len(scripted.mails) == 1
