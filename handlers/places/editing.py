"""Edits messages of ours that stand in many places, whatever becomes of one of them."""

from collections.abc import Iterable
from typing import NamedTuple

import structlog

from handlers.cards import Card
from handlers.chat import ChatError, MessageRef, OutsidersCanRead, Unreachable
from handlers.context import Context
from handlers.places import emptying
from storage import places
from storage.models import Posting

log = structlog.get_logger()


class Edited(NamedTuple):
    """What came of edits: messages that can't be edited any more, and who asked to wait."""

    lost: list[tuple[Posting, ChatError]]
    waiting: ChatError | None

    def check(self) -> None:
        """Raises the error of a platform that asked to wait: the whole is tried again."""
        if self.waiting is not None:
            raise self.waiting


def ref_of(posting: Posting) -> MessageRef:
    """Gives the message of a posting."""
    return MessageRef(posting.place, posting.message_id, posting.thread_id)


async def edit_all(ctx: Context, cards: Iterable[tuple[Posting, Card]]) -> Edited:
    """Lets every message show its card; one that fails does not keep the others waiting.

    A place that outsiders came to read is emptied.
    """
    lost: list[tuple[Posting, ChatError]] = []
    shared: dict[str, None] = {}
    waiting: ChatError | None = None
    for posting, card in cards:
        try:
            await ctx.chat.update(ref_of(posting), card, posting.language)
        except OutsidersCanRead:
            shared[posting.place] = None
        except Unreachable as error:
            log.warning("card not edited", posting=posting.id, reason=error.reason)
            lost.append((posting, error))
        except ChatError as error:
            waiting = error
    for place in shared:
        await emptying.ask(ctx, place)
    return Edited(lost, waiting)


async def take_away(ctx: Context, cards: Iterable[tuple[Posting, Card]]) -> None:
    """Lets messages show their last card: none of them is edited again.

    Raises the error of a platform that asked to wait; what was taken away already stays so.
    """
    waiting: ChatError | None = None
    for posting, card in cards:
        try:
            await ctx.chat.update(ref_of(posting), card, posting.language)
        except (Unreachable, OutsidersCanRead) as error:
            log.warning("card not taken away", posting=posting.id, reason=error.reason)
        except ChatError as error:
            waiting = error
            continue
        async with ctx.db.session() as session:
            await places.mark_moved(session, posting.id)
    if waiting is not None:
        raise waiting
