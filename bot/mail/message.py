"""A card as a complete mail: headers that receivers ask for, text, HTML, and the pictures in it."""

import re
from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy

from bot.links import Addresses
from bot.mail import html
from bot.pictures import picture
from handlers.chat import Message, Unreachable
from handlers.links import mail_token

# Nothing that could end the address early in a command or header; the relay judges the rest.
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]\\@]+@[^\s<>,;:\"()\\@]+")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_NOT_ID = re.compile(r"[^A-Za-z0-9_-]+")
_ONE_CLICK = "List-Unsubscribe=One-Click"


class _AddressHeader(UnstructuredHeader, BaseHeader):
    """A header with an address in angle brackets: folding would encode a long one and break it."""

    max_count = 1

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", _AddressHeader)
_headers.map_to_type("message-id", _AddressHeader)
_headers.map_to_type("in-reply-to", _AddressHeader)
_headers.map_to_type("references", _AddressHeader)
_POLICY = SMTP.clone(header_factory=_headers, max_line_length=76)


def message_id(key: str, from_address: str, secret: str) -> str:
    """Gives the Message-ID of a key: `invitation:7` is `<invitation.7.code@domain-of-from>`."""
    token = mail_token(secret, _NOT_ID.sub(".", key))
    return f"<{token}@{from_address.rpartition('@')[2]}>"


async def compose(
    recipient: str, message: Message, from_address: str, addresses: Addresses, now: datetime
) -> bytes:
    """Gives the mail as it goes over the wire; raises Unreachable for what is no mail address."""
    policy = _POLICY if recipient.isascii() else _POLICY.clone(utf8=True)
    mail = EmailMessage(policy=policy)
    sender = message.sender
    mail["Subject"] = one_line(message.subject or message.card.title)
    mail["From"] = _address(from_address, one_line(sender.name) if sender else "")
    if sender and sender.address:
        mail["Reply-To"] = _address(sender.address, one_line(sender.name))
    mail["To"] = _address(recipient)
    mail["Date"] = now
    mail["Message-ID"] = message_id(message.key, from_address, addresses.secret)
    if message.reply_to:
        mail["In-Reply-To"] = mail["References"] = one_line(message.reply_to.id)
    if message.unsubscribe:
        mail["List-Unsubscribe"] = f"<{one_line(addresses.unsubscribe(message.unsubscribe))}>"
        mail["List-Unsubscribe-Post"] = _ONE_CLICK
    mail["Auto-Submitted"] = "auto-generated"
    text, page = html.draw(message.card, message.language, addresses)
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(page, subtype="html", cte="quoted-printable")
    for chart in html.charts(message.card):
        body = mail.get_body(("html",))
        assert body is not None, "the HTML part was just added"
        body.add_related(
            await picture(chart),
            maintype="image",
            subtype="png",
            cid=f"<{html.content_id(chart)}>",
            disposition="inline",
            filename="chart.png",
        )
    # Last, for a Content- header set earlier would move into the first part.
    mail["Content-Language"] = one_line(message.language)
    return mail.as_bytes(policy=policy)


def one_line(text: str) -> str:
    """Gives a text without control characters and line breaks, so that it stays one header."""
    return _BREAKS.sub(" ", text).strip()


def _address(address: str, name: str = "") -> Address:
    if not _ADDRESS.fullmatch(address):
        raise Unreachable("this is no mail address", bounced=True)
    user, _, domain = address.rpartition("@")
    return Address(display_name=name, username=user, domain=domain)
