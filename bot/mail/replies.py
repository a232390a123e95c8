"""Reads a mail that came back: what it is, and which of our messages it is about.

Bounces are delivery status notifications (RFC 3464), also inside a forwarded mail; automatic
replies say so by their headers (RFC 3834, and what programmes wrote before it) or their subject.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from email.utils import parseaddr
from itertools import islice

from handlers.days import read_day
from handlers.links import read_mail_token
from handlers.mail_replies import Returned, What

# Ours in In-Reply-To, References and the returned headers: `<invitation.7.code@example.com>`.
_OURS = re.compile(r"<((?:invitation|reminder|letter)\.[0-9a-f.]+)@([^<>\s]+)>", re.IGNORECASE)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_MOST_TEXT = 4000  # of an automatic reply, to see what it says
_MOST_HTML = 200_000  # of which the text is taken
# Anybody may write to us: what takes the parser long is cut, and only so many parts are looked at.
_LONGEST_HEADER = 2000
_MOST_PARTS = 100
_AUTOMATIC_HEADERS = ("x-autoreply", "x-autorespond", "x-auto-response", "x-autoresponder")
_AUTOMATIC_PRECEDENCE = ("auto_reply", "auto-reply", "junk")
_AWAY_SUBJECT = re.compile(
    r"^\s*(?:automatic reply|auto(?:matic)?[- ]?reply|autoreply|out of (?:the )?office|autosvar|"
    r"automatisk svar|frav(?:æ|ae)r|ikke til stede|automatisch antwoord|afwezig|niet aanwezig)",
    re.IGNORECASE,
)
_LEFT = re.compile(
    r"no longer (?:with|works?|working|employed|at|part of)|"
    r"has left (?:the company|our company|us)|"
    r"(?:have|has) left [A-Z]|er fratr(?:å|aa)dt|arbejder ikke (?:l(?:æ|ae)ngere|mere)|"
    r"ikke (?:l(?:æ|ae)ngere|mere) ansat|er stoppet (?:hos|i)|niet (?:meer|langer) "
    r"(?:werkzaam|in dienst|bij)|werkt niet (?:meer|langer)|uit dienst|heeft .{0,40} verlaten",
)
_DAY = (
    r"(?:\w+day,? |\w+dag,? (?:den )?|den )?("
    r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}(?:[./-]\d{2,4})?|"
    r"\d{1,2}\.? (?:of |de )?[a-zæøå]{3,9}\.?(?: \d{4})?|"
    r"[a-z]{3,9}\.? \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?)"
)
# Back on that day, so away until the day before; away until and including that day.
_UNTIL = re.compile(
    r"(?:until|till|through|til og med|t\.?o\.?m\.?|indtil|tot en met|t/m|tot) "
    rf"(?:and including )?{_DAY}",
    re.IGNORECASE,
)
_BACK = re.compile(
    rf"(?:back(?: in the office)?(?: on)?|return(?:ing)?(?: on)?|tilbage(?: igen)?|retur|"
    rf"terug(?: op)?|weer aanwezig(?: op)?|vanaf) (?:on |den |op )?{_DAY}",
    re.IGNORECASE,
)
# The whole first line of a reply, in a few words: nothing that could be part of a sentence.
_STOP = re.compile(
    r"^\W*(?:please |venligst )?(?:unsubscribe(?: me)?|stop|remove me|"
    r"do(?: not|n't) (?:ask|mail|contact) me(?: again)?|afmeld(?: mig)?|frameld(?: mig)?|"
    r"sp(?:ø|oe)rg mig ikke igen|uitschrijven|afmelden|meld mij af|"
    r"vraag mij niets? meer)\W*(?:please|tak|graag)?\W*$",
    re.IGNORECASE,
)


class _Short(EmailPolicy):
    """Reads headers to a length only: parsing takes the square of it."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_LONGEST_HEADER]


_POLICY = _Short()


def read(raw: bytes, from_address: str, secret: str, today: date) -> Returned | None:
    """Gives what a mail is; None for one that names none of our mails.

    Who writes can be forged: only who had a mail of ours, or carried it, knows its whole id.
    """
    mail = message_from_bytes(raw, policy=_POLICY)
    assert isinstance(mail, EmailMessage)
    sender = _address(mail, "from")
    keys = tuple(dict.fromkeys(_keys(mail, from_address, secret)))
    report = next((part for part in _parts(mail) if _is_report(part)), None)
    message_id = _one(mail, "message-id") or _made_up(raw)
    if report is not None:
        what, about, code = _status(report)
        return Returned(message_id, what, keys, sender, about, code) if keys else None
    if not keys:
        return None
    if not _is_automatic(mail):
        first = next((line for line in _text(mail).splitlines() if line.strip()), "")
        subject = re.sub(r"^\s*(?:\w{2,4}: ?)+", "", _one(mail, "subject"))
        stops = bool(_STOP.match(first) or _STOP.match(subject))
        return Returned(message_id, "unsubscribe" if stops else "reply", keys, sender)
    text = f"{_one(mail, 'subject')}\n{_text(mail)}"
    if _LEFT.search(text):
        return Returned(message_id, "left", keys, sender)
    until = _until(text, today)
    is_away = until is not None or bool(_AWAY_SUBJECT.match(_one(mail, "subject")))
    return Returned(message_id, "away" if is_away else "automatic", keys, sender, until=until)


def _keys(mail: Message, from_address: str, secret: str) -> Iterator[str]:
    """The ids of ours that a mail names: what it answers first, then what it carries."""
    domain = from_address.rpartition("@")[2].lower()

    def ours(text: str) -> Iterator[str]:
        for token, host in _OURS.findall(text):
            key = read_mail_token(secret, token) if host.lower() == domain else None
            if key is not None:
                yield key

    for part in _parts(mail):
        for name in ("in-reply-to", "references"):
            yield from ours(_one(part, name))
    for part in _parts(mail):
        if part is not mail:
            yield from ours(_one(part, "message-id"))
        if part.get_content_type() == "text/rfc822-headers":
            yield from ours(_payload(part))


def _parts(mail: Message) -> Iterator[Message]:
    """The parts, also of the mails inside."""
    yield from islice(mail.walk(), _MOST_PARTS)


def _is_report(part: Message) -> bool:
    return part.get_content_type() == "message/delivery-status"


def _status(report: Message) -> tuple[What, str | None, str | None]:
    """Reads a delivery status: whether it failed for good, about whom, and the code."""
    action = code = about = ""
    blocks = report.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message) or "action" not in block:
            continue
        action = _one(block, "action").lower().split()[0] if _one(block, "action") else ""
        found = _STATUS.search(_one(block, "status"))
        code = found[1] if found else ""
        for name in ("original-recipient", "final-recipient"):
            value = _one(block, name).partition(";")[2].strip().strip("<>")
            about = value or about
        if action == "failed":
            break
    failed = action == "failed" and not code.startswith(("4.", "2."))
    return ("bounce" if failed else "delayed"), about.lower() or None, code or None


def _is_automatic(mail: Message) -> bool:
    told = _one(mail, "auto-submitted").lower()
    if told and not told.startswith("no"):
        return True
    if any(name in mail for name in _AUTOMATIC_HEADERS):
        return True
    if _one(mail, "precedence").lower() in _AUTOMATIC_PRECEDENCE:
        return True
    if "return-path" in mail and _one(mail, "return-path").strip() in ("<>", ""):
        return True
    return bool(_AWAY_SUBJECT.match(_one(mail, "subject")))


def _until(text: str, today: date) -> date | None:
    plain = " ".join(text.split())
    for pattern, days in ((_UNTIL, 0), (_BACK, 1)):
        for found in pattern.finditer(plain):
            day = read_day(found[1].strip(" .,"), today)
            if day is not None and 0 <= (day - today).days <= 366:
                return day if days == 0 else date.fromordinal(day.toordinal() - days)
    return None


def _text(mail: EmailMessage) -> str:
    """The words of a mail without what it quotes; they are looked at and not kept."""
    body = mail.get_body(("plain", "html"))
    if body is None:
        return ""
    try:
        text = str(body.get_content())
    except (LookupError, ValueError, UnicodeError):
        return ""
    if body.get_content_type() == "text/html":
        text = _without(_without(text[:_MOST_HTML], "style"), "script")
        text = re.sub(r"<[^<>]{0,2000}>", " ", text)
    lines = [line for line in text[:_MOST_TEXT].splitlines() if not line.lstrip().startswith(">")]
    return "\n".join(lines)


def _without(html: str, element: str) -> str:
    """Leaves out elements with what stands in them; one that does not end takes the rest along."""
    found, lower, at = [], html.lower(), 0
    while (start := lower.find(f"<{element}", at)) >= 0:
        found.append(html[at:start])
        end = lower.find(f"</{element}", start)
        at = end if end >= 0 else len(html)
    return " ".join((*found, html[at:]))


def _payload(part: Message) -> str:
    found = part.get_payload(decode=True)
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else ""


def _one(part: Message, name: str) -> str:
    """A header as one line, "" where there is none or it can't be read."""
    try:
        return " ".join(str(part.get(name, "")).split())
    except (ValueError, IndexError, AttributeError):
        return ""


def _address(mail: Message, name: str) -> str | None:
    return parseaddr(_one(mail, name))[1].lower() or None


def _made_up(raw: bytes) -> str:
    """A name for a mail without Message-ID, as some bounces are: the same for the same bytes."""
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"
