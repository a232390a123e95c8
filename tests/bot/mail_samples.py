"""Mails that came back: a bounce as Postfix writes it, and what programmes and people answer."""

from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import BytesParser
from email.policy import SMTP

from handlers.links import mail_token
from tests.conftest import SECRET

POSTFIX = """\
Return-Path: <>
X-Original-To: survey@example.com
Delivered-To: survey@example.com
Received: by mx.example.com (Postfix)
\tid 8D08A2960D6; Sun, 22 Nov 2026 09:46:47 +0000 (UTC)
Date: Sun, 22 Nov 2026 09:46:47 +0000 (UTC)
From: Mail Delivery System <MAILER-DAEMON@mx.example.com>
Subject: Undelivered Mail Returned to Sender
To: survey@example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4E56E29604A.1795340807/mx.example.com"
Content-Transfer-Encoding: 8bit
Message-Id: <20261122094647.8D08A2960D6@mx.example.com>

This is a MIME-encapsulated message.

--4E56E29604A.1795340807/mx.example.com
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host mx.example.com.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

                   The mail system

<jane@acme.example>: no outside delivery in tests

--4E56E29604A.1795340807/mx.example.com
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
X-Postfix-Queue-ID: 4E56E29604A
X-Postfix-Sender: rfc822; survey@example.com
Arrival-Date: Sun, 22 Nov 2026 09:46:47 +0000 (UTC)

Final-Recipient: rfc822; jane@acme.example
Original-Recipient: rfc822;jane@acme.example
Action: failed
Status: 5.0.0
Diagnostic-Code: X-Postfix; no outside delivery in tests

--4E56E29604A.1795340807/mx.example.com
Content-Description: Undelivered Message
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

Return-Path: <survey@example.com>
Received: by mx.example.com (Postfix, from userid 0)
\tid 4E56E29604A; Sun, 22 Nov 2026 09:46:47 +0000 (UTC)
From: Anna Berg <survey@example.com>
To: jane@acme.example
Reply-To: anna@nordfab.example
Subject: One question about working with Nordfab
Message-ID: <KEY@example.com>
Auto-Submitted: auto-generated
Date: Sun, 22 Nov 2026 09:46:47 +0000 (UTC)

Hello Jane

--4E56E29604A.1795340807/mx.example.com--
"""


def postfix(key: str = "invitation.1", **changes: str) -> bytes:
    """A bounce as Postfix wrote it, about one of our messages; `changes` replace words."""
    text = POSTFIX.replace("KEY", mail_token(SECRET, key))
    for old, new in {"STATUS": "", **changes}.items():
        text = text.replace("Status: 5.0.0", f"Status: {new}") if old == "status" else text
        text = text.replace("Action: failed", f"Action: {new}") if old == "action" else text
        text = text.replace("jane@acme.example", new) if old == "about" else text
    return text.replace("\n", "\r\n").encode()


def forwarded(bounce: bytes) -> bytes:
    """A bounce that another mailbox sent on, as an attachment of its own mail."""
    outer = MIMEMultipart("mixed")
    outer["From"], outer["To"] = "postmaster@nordfab.example", "survey@example.com"
    outer["Subject"], outer["Message-ID"] = "Fwd: Undelivered", "<fwd.1@nordfab.example>"
    outer.attach(MIMEText("See below."))
    outer.attach(MIMEMessage(BytesParser().parsebytes(bounce)))
    return outer.as_bytes()


def headers_only(key: str) -> bytes:
    """A bounce that carries no more than the headers of ours (RFC 3462)."""
    whole = postfix(key).decode()
    head, _, tail = whole.partition("Content-Type: message/rfc822")
    return f"{head}Content-Type: text/rfc822-headers{tail}".encode()


AUTOMATIC = {"Auto-Submitted": "auto-replied"}


def answer(
    text: str,
    subject: str = "Re: One question about working with Nordfab",
    key: str = "invitation.1",
    sender: str = "Jane Jensen <jane@acme.example>",
    html: bool = False,
    headers: dict[str, str] | None = None,
    secret: str = SECRET,
) -> bytes:
    """What a person or a programme answers to one of our mails."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, "survey@example.com", subject
    mail["Message-ID"] = f"<{abs(hash((text, subject, key, sender)))}@acme.example>"
    mail["In-Reply-To"] = f"<{mail_token(secret, key)}@example.com>"
    for name, value in (headers or {}).items():
        mail[name] = value
    mail.set_content(text, subtype="html" if html else "plain")
    return mail.as_bytes()
