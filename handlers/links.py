"""Tokens of personal links: signed, unguessable, made for one purpose each."""

import hashlib

from itsdangerous import BadSignature, URLSafeSerializer


def _serializer(secret: str, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        secret, salt=f"npsbot.{purpose}", signer_kwargs={"digest_method": _sha256}
    )


def _sha256(data: bytes = b"") -> "hashlib._Hash":
    return hashlib.sha256(data)


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


def picture_token(secret: str, picture: str) -> str:
    """Gives the public id of a picture."""
    return str(_serializer(secret, "picture").dumps(picture))


def read_picture_token(secret: str, token: str) -> str | None:
    """Gives what `picture_token` was given, or None for a foreign or tampered id."""
    try:
        return str(_serializer(secret, "picture").loads(token))
    except BadSignature:
        return None


def _read(secret: str, purpose: str, token: str) -> int | None:
    try:
        value = _serializer(secret, purpose).loads(token)
    except BadSignature:
        return None
    return value if isinstance(value, int) else None
