"""What a row of responses.csv says about the answer itself, and whether its times can be."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handlers.files.merge import Fields, Run, given
from handlers.files.table import Row, Table
from storage.models import Reply, ResponseStatus

_ANSWER = (
    "answered_at", "score", "reply", "status", "comment", "idea", "reasons", "language", "product",
    "touchpoint",
)  # fmt: skip
# What shows that somebody answered; product, touchpoint and language may be known of a silent one.
_CONTENT = ("score", "reply", "status", "comment", "idea", "reasons")

# What lies nearer ahead may be a plan of the file's own system; farther it is a typing error.
_AHEAD = timedelta(days=31)


def answer_fields(table: Table, row: Row, stored: Fields | None) -> dict[str, Any] | None:
    """Gives the fields of the response that the row gives, None if it tells of no answer.

    `stored` is the response as it is, None for a new one. What does not go together is a problem.
    """
    fields = {name: value for name, value in given(row, {"reasons": []}).items() if name in _ANSWER}
    if stored is None and "answered_at" not in fields:
        told = [name for name in _CONTENT if fields.get(name) is not None]
        if told:
            table.problem(row, "answered_at", f"is missing: the row has {told[0]}")
        return None
    score, reply = fields.get("score"), fields.get("reply")
    if reply is None and score is not None:
        reply = fields["reply"] = Reply.SCORE.value
    if reply is not None and reply != Reply.SCORE:
        if score is not None:
            table.problem(row, "score", f"{score} does not go with {reply}")
        fields["score"] = None
    merged = {"reply": Reply.SCORE, "score": None, **(stored or {}), **fields}
    if merged["reply"] == Reply.SCORE and merged["score"] is None:
        table.problem(row, "score", "is missing: the row is answered")
    if stored is None:
        fields = {"reply": Reply.SCORE.value, "status": ResponseStatus.CONFIRMED.value, **fields}
    return fields


def check_future(run: Run, row: Row) -> None:
    """A time far ahead is a problem: with a wrong year it would be the latest answer for years."""
    latest = run.ctx.now() + _AHEAD
    for column in ("invited_at", "answered_at"):
        at = row.cells.get(column)
        if isinstance(at, datetime) and at > latest:
            day = at.astimezone(ZoneInfo(run.ctx.programme.timezone))
            run.table.problem(row, column, f"{day:%Y-%m-%d} is in the future")


def check_order(run: Run, row: Row, invited: object, answered: object) -> None:
    """An answer before the question is a problem, unless the file knows days only."""
    if not isinstance(invited, datetime) or not isinstance(answered, datetime):
        return
    zone = ZoneInfo(run.ctx.programme.timezone)
    local, asked = answered.astimezone(zone), invited.astimezone(zone)
    # A file with days only, or with a day for the answer: the same day is in order.
    if local.time() == time(0) and local.date() == asked.date():
        return
    if answered < invited:
        column = "answered_at" if "answered_at" in row.cells else "invited_at"
        text = f"answered {local:%Y-%m-%d %H:%M} is before invited {asked:%Y-%m-%d %H:%M}"
        run.table.problem(row, column, text)
