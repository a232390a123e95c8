"""An answer that was changed after it was told: its cards are edited once a moment."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from handlers.cases.opening import Due, due_of
from handlers.context import Context
from storage import alerts as outbox
from storage import cases
from storage.db import Session
from storage.models import AlertStatus

_BUCKET_SECONDS = 2
# What is written in the last moment of a bucket is stored before its edit begins.
_GRACE = timedelta(milliseconds=500)


async def answer_changed(
    session: Session, ctx: Context, response_ids: Collection[int]
) -> list[Due]:
    """Asks for the cards of changed answers to be edited, where they belong to a case.

    Changes of two seconds make one edit at their end; a click's edit waits for none of it.
    """
    found = await cases.of_responses(session, response_ids)
    now = ctx.now()
    bucket = int(now.timestamp()) // _BUCKET_SECONDS
    due_at = datetime.fromtimestamp((bucket + 1) * _BUCKET_SECONDS, UTC) + _GRACE
    rows: list[dict[str, Any]] = [
        {
            "key": f"case_changed:{case.id}:{response_id}:{bucket}",
            "what": "case_changed",
            "due_at": due_at,
            "case_id": case.id,
            "response_id": response_id,
            "account_id": case.account_id,
        }
        for response_id, case in sorted(found.items())
    ]
    added = await outbox.add_many(session, rows)
    # An edit that is on its way already may not show this change: another follows it.
    missed = [
        {**row, "key": f"{row['key']}:{now.timestamp():.6f}"}
        for row, alert in zip(rows, added, strict=True)
        if alert.status != AlertStatus.PENDING
    ]
    if missed:
        added += await outbox.add_many(session, missed)
    return [due_of(alert) for alert in added if alert.status == AlertStatus.PENDING]
