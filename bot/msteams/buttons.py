"""Draws what is pressed: rows of buttons, numbers, menus that fold open, what asks once more."""

from collections.abc import Sequence
from typing import Any, assert_never

from microsoft_teams.cards import (
    Action,
    ActionSet,
    ActionStyle,
    AdaptiveCard,
    CardElement,
    Column,
    ColumnSet,
    OpenUrlAction,
    ShowCardAction,
    SubmitAction,
    TeamsSubmitActionFeedback,
    TeamsSubmitActionProperties,
    TextBlock,
    ToggleVisibilityAction,
)

from bot.links import Addresses
from bot.msteams import limits
from bot.msteams.data import click_data
from bot.msteams.words import block, paragraphs, plain, run
from handlers.cards import Button, Buttons, ButtonStyle, Link, Menu, Scale

STYLES: dict[ButtonStyle, ActionStyle | None] = {
    "plain": None,
    "primary": "positive",
    "danger": "destructive",
}
FOLDED = " ▾"
ROW_WIDTH = 300  # pixels inside a card on a phone
CHARACTER_WIDTH = 8  # of a button's label
BUTTON_EDGES = 42  # and what stands around it


def rows(actions: Sequence[Action]) -> list[ActionSet]:
    """Gives action sets of at most six, none wider than a phone: there Teams would cut labels."""
    sets: list[ActionSet] = []
    row: list[Action] = []
    used = 0
    for action in actions:
        width = len(getattr(action, "title", "")) * CHARACTER_WIDTH + BUTTON_EDGES
        if row and (len(row) == limits.ACTIONS or used + width > ROW_WIDTH):
            sets.append(_set(row, sets))
            row, used = [], 0
        row.append(action)
        used += width
    return [*sets, _set(row, sets)] if row else sets


def _set(row: list[Action], above: list[ActionSet]) -> ActionSet:
    return ActionSet(actions=row, spacing="Small" if above else None)


def draw_scale(scale: Scale) -> list[CardElement]:
    """Gives the numbers as tiles of one size, 0-10 as six and five, and what the ends mean.

    Tiles and not buttons: Teams gives a button a least width that six in a row exceed on a phone.
    """
    numbers = range(scale.low, scale.high + 1)
    lines = -(-len(numbers) // limits.ACTIONS)
    length = -(-len(numbers) // lines)
    drawn: list[CardElement] = [
        ColumnSet(
            spacing="Small",
            style="emphasis",
            columns=[
                _tile(scale, number) if number in numbers else _gap()
                for number in range(start, start + length)
            ],
        )
        for start in range(scale.low, scale.low + lines * length, length)
    ]
    ends = f"{scale.low} = {scale.low_label} · {scale.high} = {scale.high_label}"
    small = run(plain(ends, limits.TEXT), subtle=True, size="Small")
    return [*drawn, block(small, spacing="Small")]


def _tile(scale: Scale, number: int) -> Column:
    # A tile's title is what a screen reader says; a sighted reader sees it as a tooltip.
    title = plain(f"{number}: {scale.name}", limits.LABEL)
    shown = TextBlock(
        text=str(number), weight="Bolder", color="Accent", horizontal_alignment="Center"
    )
    return Column(
        width="stretch",
        spacing="None",
        separator=True,
        min_height="24px",
        vertical_content_alignment="Center",
        items=[shown],
        select_action=submit(title, click_data(scale.action, f"{scale.value}:{number}")),
    )


def _gap() -> Column:
    """Keeps the tiles of a shorter line as wide as those above."""
    return Column(width="stretch", spacing="None", items=[])


def draw_buttons(row: Buttons, addresses: Addresses, first_id: int) -> list[CardElement]:
    """Gives the rows of a set of buttons, then what its menus fold open."""
    actions: list[Action] = []
    folded: list[CardElement] = []
    for item in row.buttons:
        match item:
            case Button():
                actions.append(_button(item))
            case Link():
                address = addresses.of(item)
                actions.append(OpenUrlAction(title=_label(item.label), url=address))
            case Menu():
                sets = rows([_button(button) for button in item.buttons])
                names = [f"menu{first_id + len(folded) + place}" for place in range(len(sets))]
                for name, shown in zip(names, sets, strict=True):
                    shown.id, shown.is_visible = name, False
                if sets:
                    label = _label(item.label) + FOLDED
                    actions.append(ToggleVisibilityAction(title=label, target_elements=names))
                folded += sets
            case _:
                assert_never(item)
    return [*rows(actions), *folded]


def submit(title: str, data: dict[str, Any], style: ActionStyle | None = None) -> SubmitAction:
    """Gives a button that sends `data`; the card itself shows what came of it, no banner."""
    quiet = TeamsSubmitActionProperties(feedback=TeamsSubmitActionFeedback(hide=True))
    return SubmitAction(title=title, data=data, style=style, msteams=quiet)


def _button(button: Button) -> Action:
    data = click_data(button.action, button.value, button.opens_form)
    label, style = _label(button.label), STYLES[button.style]
    pressed = submit(label, data, style)
    if not button.confirm:
        return pressed
    asked = paragraphs(button.confirm, limits.CONFIRM_TEXT)
    return ShowCardAction(
        title=label, card=AdaptiveCard(body=asked, actions=[pressed]), style=style
    )


def _label(text: str) -> str:
    return plain(text, limits.BUTTON_LABEL)
