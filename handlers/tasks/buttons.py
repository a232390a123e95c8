"""The clicks and forms of the work beside cases, by action; routes.py takes them in."""

from collections.abc import Awaitable, Callable

from handlers.accounts import adding
from handlers.accounts.people_card import ADD, SIGNS, UNKNOWN
from handlers.cards import Reply
from handlers.chat import Click, Submission
from handlers.context import Context
from handlers.tasks import acting as task
from handlers.tasks import board as task_board
from handlers.tasks import calls, extras, offers, references, request, silent, thanks
from handlers.tasks import card as task_card
from storage.models import Member

CLICKS: dict[str, Callable[[Context, Click, Member], Awaitable[Reply]]] = {
    task_card.OPEN: task.press_open,
    task_card.LIST: task_board.press,
    task_card.LATER: task.press_later,
    task_card.REOPEN: task.press_reopen,
    task_card.DONE: task.done_form,
    task_card.THANKS: thanks.form,
    task_card.CALLS: calls.press,
    task_card.LOG: calls.log_form,
    task_card.CALL_SILENT: silent.call,
    references.ASK: references.ask_form,
    extras.ADDRESS: offers.address_form,
    extras.LEFT: offers.left,
    extras.STAYS: offers.stays,
    SIGNS: offers.signs,
    UNKNOWN: offers.unknown,
    ADD: adding.open_form,
    references.WITHDRAW: references.withdraw,
    extras.AGREE: request.agree,
    extras.REFUSE: request.refuse,
}
FORMS: dict[str, Callable[[Context, Submission, Member], Awaitable[Reply]]] = {
    task_card.DONE: task.done,
    task_card.THANKS: thanks.passed,
    task_card.LOG: calls.logged,
    references.ASK: references.ask,
    extras.ADDRESS: offers.address,
    ADD: adding.add,
}
