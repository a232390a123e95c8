"""Tokens of personal links and mails: signed, unguessable, made for one purpose each."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache

from itsdangerous import BadSignature, Signer
from itsdangerous.encoding import base64_decode

_MAIL_CODE = 20  # letters: 80 bits


@cache
def _signer(secret: str, purpose: str) -> Signer:
    # The key is made once a purpose, not once a token: each answer comes with two of them.
    made = Signer(secret, salt=f"npsbot.{purpose}", digest_method=hashlib.sha256)
    return Signer(made.derive_key(), key_derivation="none", digest_method=hashlib.sha256)


def survey_token(secret: str, invitation_id: int) -> str:
    """Gives the token of an invitation's survey page."""
    return _token(secret, "survey", invitation_id)


def read_survey_token(secret: str, token: str) -> int | None:
    """Gives the invitation's id, or None for a foreign or tampered token."""
    return _read(secret, "survey", token)


def unsubscribe_token(secret: str, contact_id: int) -> str:
    """Gives the token with which a contact unsubscribes."""
    return _token(secret, "unsubscribe", contact_id)


def read_unsubscribe_token(secret: str, token: str) -> int | None:
    """Gives the contact's id, or None for a foreign or tampered token."""
    return _read(secret, "unsubscribe", token)


def form_token(secret: str, invitation_id: int) -> str:
    """Gives the hidden field that shows a POST comes from a page that was shown."""
    return _token(secret, "form", invitation_id)


def read_form_token(secret: str, token: str) -> int | None:
    """Gives the invitation's id, or None for a foreign or tampered token."""
    return _read(secret, "form", token)


def letter_token(secret: str, letter_id: int) -> str:
    """Gives the token of the page on which a contact says whether it is settled."""
    return _token(secret, "settled", letter_id)


def read_letter_token(secret: str, token: str) -> int | None:
    """Gives the letter's id, or None for a foreign or tampered token."""
    return _read(secret, "settled", token)


def letter_form_token(secret: str, letter_id: int) -> str:
    """Gives the hidden field that shows a POST comes from a page that was shown."""
    return _token(secret, "settled_form", letter_id)


def read_letter_form_token(secret: str, token: str) -> int | None:
    """Gives the letter's id, or None for a foreign or tampered token."""
    return _read(secret, "settled_form", token)


def picture_token(secret: str, picture: str) -> str:
    """Gives the public id of a picture; readable by everybody who has it, changed by nobody."""
    packed = urlsafe_b64encode(picture.encode()).rstrip(b"=")
    return _signer(secret, "picture").sign(packed).decode()


def read_picture_token(secret: str, token: str) -> str | None:
    """Gives what `picture_token` was given, or None for a foreign or tampered id."""
    try:
        packed = _signer(secret, "picture").unsign(token.encode())
    except BadSignature:
        return None
    return urlsafe_b64decode(packed + b"=" * (-len(packed) % 4)).decode()


def mail_token(secret: str, key: str) -> str:
    """Gives what names one of our mails: `invitation.7` and a code that only we can make.

    It comes from the key alone, so that a mail sent again has the same; it has no capital letters,
    for some programmes change them.
    """
    key = key.lower()
    code = base64_decode(_signer(secret, "mail").get_signature(key)).hex()
    return f"{key}.{code[:_MAIL_CODE]}"


def read_mail_token(secret: str, token: str) -> str | None:
    """Gives the key of one of our mails, or None for a name that is not ours."""
    token = token.lower()
    key = token.rpartition(".")[0]
    ours = hmac.compare_digest(mail_token(secret, key).encode(), token.encode())
    return key if ours else None


def _token(secret: str, purpose: str, number: int) -> str:
    return _signer(secret, purpose).sign(str(number)).decode()


def _read(secret: str, purpose: str, token: str) -> int | None:
    try:
        number = _signer(secret, purpose).unsign(token.encode())
    except (BadSignature, UnicodeEncodeError):
        return None
    return int(number) if number.isdigit() else None
