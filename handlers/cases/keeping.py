"""Asks for what an answer needs that is kept from the owner, who knows of others in its case."""

from datetime import datetime, timedelta
from typing import Any

MOVES = "case_apart"


def alerts_of(
    case_id: int, response_id: int, account_id: int, now: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Gives the alerts of an answer that is kept from the owner after they were told of it.

    The lead gets its card, and the owner's cards say that it has moved.
    """
    ids = {"case_id": case_id, "account_id": account_id, "due_at": now}
    partition = {"partition": f"case:{case_id}"}
    key = f"kept:{response_id}:{now.timestamp():.3f}"
    card = {"key": key, "what": "critic", "response_id": response_id, "detail": partition}
    edit = {"key": f"case_changed:{case_id}:{key}", "what": "case_changed", "detail": partition}
    return {**ids, **edit, "response_id": None}, {**ids, **card}


def moves_row(case_id: int, version: int, now: datetime) -> dict[str, Any]:
    """Gives the alert that moves what is hidden out of a case that ended, when Undo is over."""
    return {
        "key": f"{MOVES}:{case_id}:{version}",
        "what": MOVES,
        "due_at": now + timedelta(seconds=61),
        "case_id": case_id,
        "detail": {"partition": f"case:{case_id}"},
    }
