"""What came back by mail is read for what it is, whoever wrote the programme that sent it."""

from datetime import date
from time import monotonic

import pytest

from bot.mail.replies import read
from handlers.links import mail_token
from tests.bot.mail_samples import AUTOMATIC, answer, forwarded, headers_only, postfix
from tests.conftest import SECRET

FROM, TODAY = "survey@example.com", date(2026, 11, 24)
OURS = mail_token(SECRET, "invitation.7")


@pytest.mark.parametrize(
    "raw",
    [postfix("invitation.7"), forwarded(postfix("invitation.7")), headers_only("invitation.7")],
    ids=["postfix", "forwarded", "headers only"],
)
def test_a_bounce_names_our_message_the_address_and_the_code(raw: bytes) -> None:
    found = read(raw, FROM, SECRET, TODAY)
    assert found is not None
    assert (found.what, found.keys, found.about, found.code) == (
        "bounce", ("invitation.7",), "jane@acme.example", "5.0.0",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"action": "delayed", "status": "4.4.1"}, "delayed"),
        ({"status": "4.2.2"}, "delayed"),
        ({"action": "delivered", "status": "2.0.0"}, "delayed"),
        ({"status": "5.1.1"}, "bounce"),
    ],
)
def test_only_what_failed_for_good_is_a_bounce(changes: dict[str, str], what: str) -> None:
    found = read(postfix(**changes), FROM, SECRET, TODAY)
    assert found is not None
    assert found.what == what


@pytest.mark.parametrize(
    ("subject", "text", "until"),
    [
        ("Out of office", "I am away until 4 December 2026.", date(2026, 12, 4)),
        ("Automatic reply: One question", "I will be back on Monday, December 7.",
         date(2026, 12, 6)),
        ("Autosvar: Ét spørgsmål", "Jeg holder ferie til og med den 11. december.",
         date(2026, 12, 11)),
        ("Fravær", "Jeg er tilbage den 01-12-2026.", date(2026, 11, 30)),
        ("Automatisch antwoord: vraag", "Ik ben afwezig tot en met 4 december.",
         date(2026, 12, 4)),
        ("Afwezig", "Ik ben terug op 2026-12-08.", date(2026, 12, 7)),
        ("Out of office", "I am travelling and read mail rarely.", None),
        ("Out of office", "Back on 3 January 2019.", None),
    ],
)  # fmt: skip
def test_an_absence_says_until_when(subject: str, text: str, until: date | None) -> None:
    found = read(answer(text, subject, headers=AUTOMATIC), FROM, SECRET, TODAY)
    assert found is not None
    assert (found.what, found.until) == ("away", until)


@pytest.mark.parametrize(
    "headers",
    [{"Auto-Submitted": "auto-replied"}, {"X-Autoreply": "yes"}, {"Precedence": "auto_reply"},
     {"Return-Path": "<>"}, {"Auto-Submitted": "auto-generated; owner-email=x"}],
)  # fmt: skip
def test_an_automatic_reply_is_known_by_its_headers(headers: dict[str, str]) -> None:
    found = read(answer("We have received your mail.", headers=headers), FROM, SECRET, TODAY)
    assert found is not None
    assert found.what == "automatic"


@pytest.mark.parametrize(
    "text",
    ["Jane Jensen no longer works at Acme. Write to Ole Holm.", "Jane has left the company.",
     "Jane Jensen er fratrådt sin stilling.", "Jane arbejder ikke længere hos Acme.",
     "Jane Jensen is niet meer werkzaam bij Acme.", "<p>Jane is uit dienst.</p>"],
)  # fmt: skip
def test_who_left_is_told_by_an_automatic_reply_alone(text: str) -> None:
    html = text.startswith("<")
    found = read(answer(text, headers=AUTOMATIC, html=html), FROM, SECRET, TODAY)
    assert found is not None
    assert found.what == "left"
    written = read(answer(text, html=html), FROM, SECRET, TODAY)
    assert written is not None
    assert written.what == "reply"  # a person may write of somebody else


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Unsubscribe", "unsubscribe"), ("STOP.\n\n> One question", "unsubscribe"),
        ("Afmeld mig, tak", "unsubscribe"), ("Vraag mij niets meer", "unsubscribe"),
        ("Please unsubscribe me", "unsubscribe"),
        ("Please stop sending the wrong invoices!", "reply"),
        ("Call me tomorrow.\n\n> unsubscribe", "reply"), ("", "reply"),
    ],
)  # fmt: skip
def test_only_a_clear_word_unsubscribes(text: str, what: str) -> None:
    found = read(answer(text), FROM, SECRET, TODAY)
    assert found is not None
    assert (found.what, found.sender) == (what, "jane@acme.example")


def test_what_is_not_about_our_messages_is_nobodys() -> None:
    assert read(answer("Hello", key="newsletter.7"), FROM, SECRET, TODAY) is None
    assert read(postfix("newsletter.7"), FROM, SECRET, TODAY) is None
    assert read(answer("Hello"), "survey@other.example", SECRET, TODAY) is None


@pytest.mark.parametrize(
    "forged",
    ["invitation.7", f"invitation.7.{'0' * 20}", OURS.replace(".7.", ".8."), f"{OURS}0", OURS[:-1]],
)
def test_who_never_had_a_mail_of_ours_cannot_name_it(forged: str) -> None:
    """Our rows are numbered: the number alone is anybody's guess."""
    for raw in (answer("Unsubscribe"), postfix("invitation.1"), headers_only("invitation.1"),
                forwarded(postfix("invitation.1"))):  # fmt: skip
        ours = mail_token(SECRET, "invitation.1").encode()
        assert ours in raw
        assert read(raw.replace(ours, forged.encode()), FROM, SECRET, TODAY) is None


def test_a_mail_is_named_whatever_its_reader_made_of_upper_and_lower_case() -> None:
    found = read(
        answer("Hi", headers={"References": f"<{OURS.upper()}@EXAMPLE.com>"}), FROM, SECRET, TODAY
    )
    assert found is not None
    assert found.keys == ("invitation.1", "invitation.7")


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00\xff\xfe", b"Message-ID: <\r\n\r\n", b"Content-Type: multipart/report\r\n\r\nx"],
)
def test_rubbish_is_nobodys_mail(raw: bytes) -> None:
    assert read(raw, FROM, SECRET, TODAY) is None


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("", "<style>" * 250_000),
        ("", "<" * 1_900_000),
        (f"Subject: {'re: ' * 400_000}x\r\n", "hi"),
        (f"From: {'a@b.example,' * 150_000}\r\n", "hi"),
        (f"X: y\r\nContent-Type: multipart/mixed; boundary=b{'; a=b' * 300_000}\r\n", "--b\r\n"),
    ],
    ids=["style", "angles", "subject", "senders", "content type"],
)
def test_a_mail_that_is_made_to_be_long_in_reading_is_read_soon(headers: str, body: str) -> None:
    about = f"Message-ID: <x@y>\r\nIn-Reply-To: <{OURS}@example.com>\r\n"
    kind = "" if "Content-Type" in headers else "Content-Type: text/html; charset=utf-8\r\n"
    raw = f"{about}{headers}{kind}\r\n{body}".encode()
    began = monotonic()
    returned = read(raw, FROM, SECRET, TODAY)
    assert monotonic() - began < 10
    assert returned is not None
    assert returned.keys == ("invitation.7",)
