"""Tries out relay and mailbox for `npsbot check`, and says what to do about each problem."""

import asyncio
import ssl
from contextlib import suppress

import aiosmtplib

from bot.mail.inbox import TROUBLE, box_of
from bot.sections import Mail
from bot.way_in import Finding

TIMEOUT_SECONDS = 10
_UNTRUSTED = (
    "Its certificate can't be trusted ({why}). Use the name that it is made out to; where it comes "
    "from an authority of your own, let the variable SSL_CERT_FILE name that authority's file"
)


async def check(mail: Mail, console_port: int | None) -> list[Finding]:
    """Gives a line for the relay, and one for the mailbox where there is one; no mail is sent.

    `console_port` is where the local console takes mail, if it does.
    """
    found = [await _relay(mail, console_port)]
    if mail.inbox or mail.imap_host:
        found.append(await _mailbox(mail))
    return found


async def _relay(mail: Mail, console_port: int | None) -> Finding:
    if not mail.host:
        advice = "Set [mail] host; without it contacts get no mail."
        return "mail: a relay", False, advice
    what = f"mail: {mail.host}:{mail.port} lets {mail.from_address} send"
    client = aiosmtplib.SMTP(
        hostname=mail.host,
        port=mail.port,
        username=mail.username,
        password=mail.password,
        start_tls=mail.starttls,
        timeout=TIMEOUT_SECONDS,
    )
    try:
        await client.connect()
        await client.mail(mail.from_address, encoding="utf-8")
        return what, True, ""
    except (aiosmtplib.SMTPException, OSError) as error:
        advice = _what_to_do(error)
        if mail.port == console_port:
            advice += "; the console takes mail only while `npsbot run` is running"
        return what, False, f"{advice}."
    finally:
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=2)
        client.close()


def _what_to_do(error: Exception) -> str:
    untrusted = _certificate_error(error)
    if untrusted is not None:
        return _UNTRUSTED.format(why=untrusted.verify_message)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return f"It refuses [mail] username and password ({error.code} {error.message})"
    if isinstance(error, aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPResponseException):
        return f"It answered {error.code} {error.message}. Check [mail] from_address and username"
    if isinstance(error, aiosmtplib.SMTPConnectError | aiosmtplib.SMTPTimeoutError | OSError):
        return f"{error or 'no answer in time'}. Check [mail] host and port"
    # It offers no STARTTLS, or no way of signing in that is known.
    return f"{error}. Check [mail] starttls, username and password"


def _certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


async def _mailbox(mail: Mail) -> Finding:
    """Tries to look into the mailbox of what comes back; nothing is marked as read."""
    what = f"mail: the mailbox {mail.inbox or mail.imap_host} can be read"
    try:
        await asyncio.to_thread(box_of(mail).new)
    except TROUBLE as error:
        untrusted = _certificate_error(error)
        if untrusted is not None:
            return what, False, f"{_UNTRUSTED.format(why=untrusted.verify_message)}."
        advice = f"{type(error).__name__}. Check [mail] inbox, or imap_host and its keys."
        return what, False, advice
    return what, True, ""
