"""What a row of responses.csv says about the answer itself."""

from typing import Any

from handlers.files.merge import Fields, given
from handlers.files.table import Row, Table
from storage.models import Reply, ResponseStatus

_ANSWER = (
    "answered_at", "score", "reply", "status", "comment", "idea", "reasons", "language", "product",
    "touchpoint",
)  # fmt: skip
# What shows that somebody answered; product, touchpoint and language may be known of a silent one.
_CONTENT = ("score", "reply", "status", "comment", "idea", "reasons")


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
