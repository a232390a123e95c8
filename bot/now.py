"""The time of this machine, asked in one place; everybody else is told."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Gives the moment, in UTC."""
    return datetime.now(UTC)
