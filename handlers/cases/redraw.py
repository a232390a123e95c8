"""Asks for the cards of a case to be drawn anew."""

from datetime import datetime
from typing import Any

SAID_GONE = "case_said_gone"


def row(case_id: int, why: str, now: datetime) -> dict[str, Any]:
    """Gives the alert that edits all cards of a case."""
    return {
        "key": f"case_changed:{case_id}:{why}",
        "what": "case_changed",
        "due_at": now,
        "case_id": case_id,
        "detail": {"partition": f"case:{case_id}"},
    }


def said_gone(case_id: int, now: datetime) -> dict[str, Any]:
    """Gives the alert that takes away what was said of a case before something of it was hidden."""
    return {
        "key": f"{SAID_GONE}:{case_id}:{now.timestamp():.3f}",
        "what": SAID_GONE,
        "due_at": now,
        "case_id": case_id,
        "detail": {"partition": f"case:{case_id}"},
    }


def kept(
    case_id: int, response_id: int, account_id: int, now: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Gives the alerts of an answer that is kept from the owner after they were told of it.

    The lead gets its card, and the owner's cards say that it has moved.
    """
    key = f"kept:{response_id}:{now.timestamp():.3f}"
    card = {
        "key": key,
        "what": "critic",
        "due_at": now,
        "case_id": case_id,
        "response_id": response_id,
        "account_id": account_id,
        "detail": {"partition": f"case:{case_id}"},
    }
    return {**row(case_id, key, now), "response_id": None, "account_id": account_id}, card
