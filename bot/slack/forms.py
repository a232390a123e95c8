"""Draws forms as modal views, and reads what was typed into them."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any, assert_never

from slack_sdk.models.blocks import (
    CheckboxesElement,
    DatePickerElement,
    ExternalDataMultiSelectElement,
    ExternalDataSelectElement,
    InputBlock,
    InputInteractiveElement,
    NumberInputElement,
    Option,
    PlainTextInputElement,
    RadioButtonsElement,
    SectionBlock,
    StaticMultiSelectElement,
    StaticSelectElement,
    TimePickerElement,
)

from bot.links import Addresses
from bot.slack import limits
from bot.slack.elements import draw_elements
from bot.slack.words import plain
from handlers import texts
from handlers.cards import Choice, Form, Input, Text
from handlers.texts import Texts

FORM = "form"  # callback id of every form; which one stands in private_metadata
ANSWER = "answer"  # action id of every input, whose block id is the input's name
LOOKUP = "lookup:"  # action id of a type-ahead: followed by what is looked up
RADIO_UP_TO = 4  # so few choices are seen at once; more fold into a menu
NOWHERE = Addresses("", "")  # without addresses a chart is drawn as its words
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{2}:\d{2}")


def draw_form(
    form: Form, metadata: str, addresses: Addresses = NOWHERE, language: str = "en"
) -> dict[str, Any]:
    """Gives the view of views.open; `metadata` comes back with the submission."""
    t = texts.of(language)
    cut_title = (Text(form.title, "heading"),) if len(form.title) > limits.VIEW_TITLE else ()
    blocks = draw_elements((*cut_title, *form.intro), addresses, language)
    blocks += [_input(input_, t) for input_ in form.inputs]
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": plain(form.title, limits.VIEW_TITLE).to_dict(),
        "submit": plain(form.submit_label, limits.VIEW_TITLE).to_dict(),
        "close": plain(t("slack.cancel"), limits.VIEW_TITLE).to_dict(),
        "private_metadata": metadata,
        "blocks": blocks[: limits.VIEW_BLOCKS],
    }


def read_inputs(values: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """Gives what was typed by input name, from `view.state.values`; nothing given is ""."""
    return {
        name: _read(state)
        for name, states in values.items()
        for state in (states.values() if isinstance(states, dict) else ())
        if isinstance(state, dict)
    }


def draw_options(choices: list[Choice]) -> dict[str, Any]:
    """Gives the answer to a type-ahead."""
    return {"options": [_option(choice).to_dict() for choice in choices[: limits.SELECT_OPTIONS]]}


def _read(state: dict[str, Any]) -> str | tuple[str, ...]:
    match state.get("type"):
        case "checkboxes" | "multi_static_select" | "multi_external_select":
            return tuple(str(option["value"]) for option in state.get("selected_options") or ())
        case "static_select" | "external_select" | "radio_buttons":
            return str((state.get("selected_option") or {}).get("value") or "")
        case "datepicker":
            return str(state.get("selected_date") or "")
        case "timepicker":
            return str(state.get("selected_time") or "")
        case _:
            return unescape(str(state.get("value") or ""))


def _input(input_: Input, t: Texts) -> dict[str, Any]:
    element = _element(input_, t)
    if element is None:
        # Slack refuses a select without options; the dash says that there is nothing to choose.
        text = plain(f"{input_.label}: –", limits.SECTION_TEXT)
        return dict(SectionBlock(text=text).to_dict())
    block = InputBlock(
        block_id=input_.name,
        label=plain(input_.label, limits.INPUT_LABEL),
        hint=plain(input_.hint, limits.INPUT_LABEL) if input_.hint else None,
        element=element,
        optional=not input_.required,
    )
    return dict(block.to_dict())


def _element(input_: Input, t: Texts) -> InputInteractiveElement | None:
    match input_.kind:
        case "text" | "long_text":
            most = min(input_.max_length or limits.INPUT_TEXT, limits.INPUT_TEXT)
            return PlainTextInputElement(
                action_id=ANSWER,
                multiline=input_.kind == "long_text",
                max_length=most,
                initial_value=limits.cut(input_.value, most) if input_.value else None,
            )
        case "number":
            return NumberInputElement(
                action_id=ANSWER, is_decimal_allowed=True, initial_value=input_.value or None
            )
        case "date":
            day = input_.value if input_.value and _DATE.fullmatch(input_.value) else None
            return DatePickerElement(action_id=ANSWER, initial_date=day)
        case "time":
            time = input_.value if input_.value and _TIME.fullmatch(input_.value) else None
            return TimePickerElement(action_id=ANSWER, initial_time=time)
        case "choice":
            return _choice(input_, input_.options)
        case "choices":
            return _choices(input_)
        case "yes_no":
            yes_no = (Choice("yes", t("slack.yes")), Choice("no", t("slack.no")))
            return _choice(input_, input_.options or yes_no)
        case "members":
            return ExternalDataSelectElement(
                action_id=f"{LOOKUP}members",
                placeholder=plain(t("slack.type_a_name"), limits.BUTTON_LABEL),
                initial_option=next(iter(_named(input_)), None),
                min_query_length=0,  # our own people are few: they are shown at once
            )
        case "accounts":
            return ExternalDataMultiSelectElement(
                action_id=f"{LOOKUP}accounts",
                placeholder=plain(t("slack.type_a_name"), limits.BUTTON_LABEL),
                initial_options=_named(input_) or None,
                min_query_length=1,
            )
        case _:
            assert_never(input_.kind)


def _named(input_: Input) -> list[Option]:
    """Gives what stands in a type-ahead at first, under the names that `options` tells."""
    labels = {choice.value: choice.label for choice in input_.options}
    values = input_.values or ((input_.value,) if input_.value else ())
    return [_option(Choice(value, labels.get(value, value))) for value in values]


def _choice(input_: Input, choices: tuple[Choice, ...]) -> InputInteractiveElement | None:
    options = [_option(choice) for choice in choices[: limits.SELECT_OPTIONS]]
    if not options:
        return None
    chosen = next((option for option in options if option.value == input_.value), None)
    # A chosen radio button can't be taken back, so what may stay empty is a menu.
    if len(options) <= RADIO_UP_TO and (input_.required or chosen):
        return RadioButtonsElement(action_id=ANSWER, options=options, initial_option=chosen)
    return StaticSelectElement(action_id=ANSWER, options=options, initial_option=chosen)


def _choices(input_: Input) -> InputInteractiveElement | None:
    options = [_option(choice) for choice in input_.options[: limits.SELECT_OPTIONS]]
    if not options:
        return None
    chosen = [option for option in options if option.value in input_.values] or None
    # Filters that nobody must fill in fold into menus: a long form is not read to its end.
    seen = input_.required or chosen is not None
    if seen and len(options) <= limits.RADIO_OPTIONS:
        return CheckboxesElement(action_id=ANSWER, options=options, initial_options=chosen)
    return StaticMultiSelectElement(action_id=ANSWER, options=options, initial_options=chosen)


def _option(choice: Choice) -> Option:
    return Option(
        text=plain(choice.label, limits.OPTION_TEXT),
        value=choice.value,
        description=plain(choice.hint, limits.OPTION_TEXT) if choice.hint else None,
    )
