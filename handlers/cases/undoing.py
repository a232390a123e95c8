"""What a case was before an act: kept with the timeline, for Undo."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from storage.models import Case


def kept(case: Case, names: Iterable[str]) -> dict[str, Any]:
    """Gives values of a case as the timeline keeps them."""
    return {name: _plain(getattr(case, name)) for name in names}


def restored(before: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the values of a case as they were, from what the timeline kept."""
    return {name: _value(name, value) for name, value in before.items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (datetime, date)) else value


def _value(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name.endswith(("_at", "_until")) or name in ("take_by", "contact_by"):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if name in ("promise_by", "call_again_on") else value
