"""The clicks and forms of cases and promises, by action; routes.py takes them in."""

from collections.abc import Awaitable, Callable

from handlers.accounts import assigning
from handlers.cards import Reply
from handlers.cases import (
    card,
    conflict,
    contacted,
    more,
    notes,
    policy,
    promise_cards,
    sent,
    taking,
    timeline,
    write_to,
)
from handlers.chat import Click, Submission
from handlers.context import Context
from handlers.settled import editing
from storage.models import Member

CLICKS: dict[str, Callable[[Context, Click, Member], Awaitable[Reply]]] = {
    card.ASSIGN: assigning.open_form,
    "policy.all": policy.for_all,
    "policy.only": policy.only_these,
    "case.take": taking.take,
    "case.reopen": taking.reopen,
    "case.undo": taking.undo,
    "case.escalate": more.escalate_form,
    "case.release": taking.release,
    "about_owner": conflict.about_owner,
    "settled_edit": editing.edit_form,
    "settled_dont": editing.dont_form,
    "case.open": taking.open_card,
    "case.write": write_to.write_to,
    "case.sent": sent.yes,
    "case.not_sent": sent.not_yet,
    "promise.done": promise_cards.done,
    "promise.cant": promise_cards.cant_form,
    "case.timeline": timeline.show,
    "case.note": notes.note_form,
    "case.contact": contacted.contact_form,
    "case.solve": contacted.solve_form,
    "case.snooze": more.snooze_form,
    "case.hand_over": more.hand_over_form,
    "case.not_critic": more.not_critic_form,
}
FORMS: dict[str, Callable[[Context, Submission, Member], Awaitable[Reply]]] = {
    card.ASSIGN: assigning.assign,
    "case.contact": contacted.contacted,
    "case.note": notes.noted,
    "promise.cant": promise_cards.cant,
    "case.solve": contacted.solved,
    "settled_edit": editing.edited,
    "settled_dont": editing.dont,
    "case.snooze": more.snoozed,
    "case.hand_over": more.handed_over,
    "case.escalate": more.escalated,
    "case.not_critic": more.not_a_critic,
}
