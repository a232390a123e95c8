"""The buttons and forms of what is learned, by action."""

from collections.abc import Awaitable, Callable

from handlers.cards import Reply
from handlers.chat import Click, Submission
from handlers.context import Context
from handlers.learning import fixing, idea_card, ideas, said, shared_card, writing
from storage.models import Member

CLICKS: dict[str, Callable[[Context, Click, Member], Awaitable[Reply]]] = {
    said.LINE: said.line_form,
    said.WRITE: writing.form,
    writing.SEND: writing.send,
    writing.DISCARD: writing.discard,
    shared_card.FIXED: fixing.form,
    shared_card.CLOSE: fixing.close,
    idea_card.CHANGE: ideas.form,
}
FORMS: dict[str, Callable[[Context, Submission, Member], Awaitable[Reply]]] = {
    said.LINE: said.line,
    said.WRITE: writing.written,
    shared_card.FIXED: fixing.fixed,
    idea_card.CHANGE: ideas.change,
}
