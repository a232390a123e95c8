"""How an idea is drawn: with the customer for who works with them, else without a name."""

import re
from collections.abc import Collection, Sequence

from handlers import rights
from handlers.accounts.reader import Reader, cut
from handlers.accounts.standing import sees_hidden
from handlers.cards import Button, Buttons, Card, Element, Text, Tone
from handlers.context import Context
from handlers.names import short
from storage.ideas import Had
from storage.models import IdeaState, Member

CHANGE = "idea_change"
STATES = tuple(IdeaState)
_LONG = 400
_TONES: dict[str, Tone] = {
    IdeaState.NEW: "attention", IdeaState.PLANNED: "good", IdeaState.DONE: "good",
}  # fmt: skip
_SHORTEST_NAME = 3
_BLANK = "…"


def channel_card(had: Had, reader: Reader) -> Card:
    """The card of the product channel: no name of the customer unless they let us quote them."""
    t = reader.t
    body: list[Element] = [Text(_words(had, named=had.response.quote_me), "quote")]
    if had.idea.note:
        body.append(Text(had.idea.note))
    value = str(had.idea.id)
    body.append(Buttons((Button(t("idea.button.change"), CHANGE, value, opens_form=True),)))
    who = whose(had, reader, named=had.response.quote_me)
    return Card(
        t("idea.card", who=who),
        tuple(body),
        tone=_TONES.get(had.idea.state, "neutral"),
        status=state_line(had, reader),
        foot=t("idea.foot"),
    )


def entry(had: Had, reader: Reader, *, named: bool, may_change: bool) -> list[Element]:
    """An idea on the board."""
    t = reader.t
    parts = [state_line(had, reader), reader.short_day(had.response.answered_at)]
    body: list[Element] = [
        Text(whose(had, reader, named=named), "strong"),
        Text(cut(_words(had, named=named), _LONG), "quote"),
        Text(" · ".join(parts + ([cut(had.idea.note, _LONG)] if had.idea.note else [])), "note"),
    ]
    if may_change:
        button = Button(t("idea.button.change"), CHANGE, str(had.idea.id), opens_form=True)
        body.append(Buttons((button,)))
    return body


def state_line(had: Had, reader: Reader) -> str:
    """Gives `planned · Mikkel Skov, 24 Nov`."""
    state = reader.t(f"idea.state.{had.idea.state}")
    if had.by is None or had.idea.changed_at is None:
        return state
    return f"{state} · {had.by.name}, {reader.short_day(had.idea.changed_at)}"


def whose(had: Had, reader: Reader, *, named: bool) -> str:
    """Gives who had the idea, or that it is a customer."""
    if not named:
        return reader.t("idea.a_customer")
    parts = (had.contact.name, had.contact.title, had.account.name)
    return ", ".join(part for part in parts if part)


def sees(me: Member, had: Had, ctx: Context, kept: Collection[int]) -> bool:
    """Tells whether a member may know whose idea it is."""
    account = had.account
    if not rights.may_see_account(me, account, ctx.programme):
        return False
    return had.response.id not in kept or sees_hidden(me, account)


def counts(found: Sequence[Had], reader: Reader) -> str:
    """Gives `3 new · 2 planned`."""
    states = [each.idea.state for each in found]
    named = [(reader.t(f"idea.state.{state}"), states.count(state)) for state in STATES]
    return " · ".join(f"{n} {label}" for label, n in named if n)


def _words(had: Had, *, named: bool) -> str:
    return had.words if named else _masked(had)


def _masked(had: Had) -> str:
    """The idea without the customer's own names in it."""
    account = had.account
    said = {account.name, short(account.name), *account.aliases, *had.contact.name.split()}
    said |= {had.contact.name, had.contact.email or ""}
    names = sorted((each for each in said if len(each) >= _SHORTEST_NAME), key=len, reverse=True)
    pattern = "|".join(re.escape(name) for name in names)
    if not pattern:
        return had.words
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", _BLANK, had.words, flags=re.IGNORECASE)
