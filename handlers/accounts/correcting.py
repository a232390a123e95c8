"""A member's word about a contact holds against the import until the import's own value changes."""

from collections.abc import Mapping
from typing import Any

from storage.models import Contact


def correct(contact: Contact, field: str, value: str | None) -> None:
    """Sets what a member says, and remembers what the import had said."""
    stored = getattr(contact, field)
    if stored == value:
        return
    corrected = dict(contact.corrected)
    imported = corrected.setdefault(field, stored)
    if imported == value:
        del corrected[field]
    setattr(contact, field, value)
    contact.corrected = corrected


def agreed(
    given: Mapping[str, Any], corrected: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Gives what of an imported row is taken, and the corrections that still hold."""
    held = {name: was for name, was in corrected.items() if name not in given or given[name] == was}
    return {name: value for name, value in given.items() if name not in held}, held
