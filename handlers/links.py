"""Tokens of personal links: signed, unguessable, made for one purpose each."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache

from itsdangerous import BadSignature, Signer, URLSafeSerializer


@cache
def _serializer(secret: str, purpose: str) -> URLSafeSerializer:
    # hashlib's own function: given any other, the standard library signs in Python, not in C.
    return URLSafeSerializer(
        secret, salt=f"npsbot.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
    )


def survey_token(secret: str, invitation_id: int) -> str:
    """Gives the token of an invitation's survey page."""
    return str(_serializer(secret, "survey").dumps(invitation_id))


def read_survey_token(secret: str, token: str) -> int | None:
    """Gives the invitation's id, or None for a foreign or tampered token."""
    return _read(secret, "survey", token)


def unsubscribe_token(secret: str, contact_id: int) -> str:
    """Gives the token with which a contact unsubscribes."""
    return str(_serializer(secret, "unsubscribe").dumps(contact_id))


def read_unsubscribe_token(secret: str, token: str) -> int | None:
    """Gives the contact's id, or None for a foreign or tampered token."""
    return _read(secret, "unsubscribe", token)


def form_token(secret: str, invitation_id: int) -> str:
    """Gives the hidden field that shows a POST comes from a page that was shown."""
    return str(_serializer(secret, "form").dumps(invitation_id))


def read_form_token(secret: str, token: str) -> int | None:
    """Gives the invitation's id, or None for a foreign or tampered token."""
    return _read(secret, "form", token)


def letter_token(secret: str, letter_id: int) -> str:
    """Gives the token of the page on which a contact says whether it is settled."""
    return str(_serializer(secret, "settled").dumps(letter_id))


def read_letter_token(secret: str, token: str) -> int | None:
    """Gives the letter's id, or None for a foreign or tampered token."""
    return _read(secret, "settled", token)


def letter_form_token(secret: str, letter_id: int) -> str:
    """Gives the hidden field that shows a POST comes from a page that was shown."""
    return str(_serializer(secret, "settled_form").dumps(letter_id))


def read_letter_form_token(secret: str, token: str) -> int | None:
    """Gives the letter's id, or None for a foreign or tampered token."""
    return _read(secret, "settled_form", token)


def picture_token(secret: str, picture: str) -> str:
    """Gives the public id of a picture; readable by everybody who has it, changed by nobody."""
    packed = urlsafe_b64encode(picture.encode()).rstrip(b"=")
    return _picture_signer(secret).sign(packed).decode()


def read_picture_token(secret: str, token: str) -> str | None:
    """Gives what `picture_token` was given, or None for a foreign or tampered id."""
    try:
        packed = _picture_signer(secret).unsign(token.encode())
    except BadSignature:
        return None
    return urlsafe_b64decode(packed + b"=" * (-len(packed) % 4)).decode()


def _picture_signer(secret: str) -> Signer:
    # Not compressed: the id of a picture must be the same whatever library compresses.
    return Signer(secret, salt="npsbot.picture", digest_method=hashlib.sha256)


def _read(secret: str, purpose: str, token: str) -> int | None:
    try:
        value = _serializer(secret, purpose).loads(token)
    except BadSignature:
        return None
    return value if isinstance(value, int) else None
