"""Cards of an account that stand in places for others to read, and when they go from there."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from handlers import texts
from handlers.alerts import Outgoing
from handlers.cards import Card
from handlers.chat import MessageRef
from handlers.context import Context
from handlers.places.editing import take_away
from storage import alerts as outbox
from storage import places
from storage.db import Session
from storage.models import Alert, Posting

SUBJECT, WHAT = "shown", "shown_gone"


async def remember(
    session: Session, account_id: int, ref: MessageRef, language: str, at: datetime
) -> None:
    """Keeps that a card was shown: should outsiders come to read the place, it must go."""
    session.add(
        Posting(
            subject=SUBJECT,
            subject_id=account_id,
            part="once",
            place=ref.place,
            message_id=ref.id,
            thread_id=ref.thread,
            language=language,
            posted_at=at,
        )
    )


def gone_row(
    account_id: int, why: str, now: datetime, response_ids: Collection[int] = ()
) -> dict[str, Any]:
    """Gives the row of an alert that takes an account's shown cards away.

    With them goes what was posted once about some responses: wishes, thanks.
    """
    detail = {"partition": f"account:{account_id}", "responses": list(response_ids)}
    return {
        "key": f"{WHAT}:{account_id}:{why}",
        "what": WHAT,
        "due_at": now,
        "account_id": account_id,
        "detail": detail,
    }


async def gone(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """Takes the cards of an account away that were shown before."""
    assert alert.account_id is not None
    async with ctx.db.reading() as session:
        posted = [
            *await outbox.postings(session, SUBJECT, alert.account_id),
            *await places.told_once(session, alert.detail["responses"]),
        ]
    old = [each for each in posted if each.posted_at <= alert.due_at]
    await take_away(ctx, ((each, _empty(ctx, each)) for each in old))
    return None


def _empty(ctx: Context, posting: Posting) -> Card:
    t = texts.of(posting.language, ctx.programme.language)
    return Card(t("place.moved"), audience="person")
