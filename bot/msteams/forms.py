"""Draws forms as dialogs: fields with their labels, what stands in them, and what is wrong."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never

from microsoft_teams.cards import (
    AdaptiveCard,
    CardElement,
    ChoiceSetInput,
    DateInput,
    NumberInput,
    QueryData,
    TextInput,
    TimeInput,
)
from microsoft_teams.cards import (
    Choice as ChoiceElement,
)

from bot.links import Addresses
from bot.msteams import limits, size
from bot.msteams.adaptive import attachment
from bot.msteams.buttons import submit
from bot.msteams.data import (
    SEVERAL,
    Filled,
    Inputs,
    Pressed,
    coded,
    draw_choices,
    form_data,
    join,
    read_data,
)
from bot.msteams.elements import Drawing, as_data
from bot.msteams.limits import cut
from bot.msteams.words import block, has_markup, no_links, paragraphs, plain, run
from handlers import texts
from handlers.cards import Choice, Form, Input
from handlers.texts import Texts

__all__ = ["Filled", "Pressed", "draw_choices", "draw_form", "draw_task", "read_data"]

Known = Mapping[str, Sequence[Choice]]
SEEN_UP_TO = 4  # so few choices are seen at once; more fold into a menu
CHECKED_UP_TO = 10
TYPED_FROM = 12  # from here a menu is searched by typing
HIGH_FROM = 4  # fields from which a dialog is high
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{2}:\d{2}")


def draw_task(
    form: Form,
    origin: Mapping[str, Any] | None,
    addresses: Addresses,
    language: str = "en",
    errors: Mapping[str, str] | None = None,
    values: Inputs | None = None,
    known: Known | None = None,
) -> dict[str, Any]:
    """Gives the answer to task/fetch or task/submit that shows the form."""
    card = draw_form(form, origin, addresses, language, errors, values, known)
    height = "large" if len(form.inputs) >= HIGH_FROM or form.intro else "medium"
    shown = {
        "title": plain(form.title, limits.DIALOG_TITLE),
        "height": height,
        "width": "medium",
        "card": attachment(card),
    }
    return {"task": {"type": "continue", "value": shown}}


def draw_form(
    form: Form,
    origin: Mapping[str, Any] | None,
    addresses: Addresses,
    language: str = "en",
    errors: Mapping[str, str] | None = None,
    values: Inputs | None = None,
    known: Known | None = None,
) -> dict[str, Any]:
    """Gives a form as the content of a card.

    `origin` comes back with what is sent in; `errors` stand at their fields, `values` are what was
    typed before; `known` are choices of a type-ahead that show before anything is typed.
    """
    t = texts.of(language)
    errors = dict(errors or {})
    body: list[CardElement] = []
    if len(form.title) > limits.DIALOG_TITLE:
        body += paragraphs(form.title, limits.TITLE, bold=True)
    drawn = Drawing(addresses, t).elements(form.intro)
    fields: list[CardElement] = []
    many = []
    for input_ in form.inputs:
        if input_.kind in SEVERAL:
            many.append(input_.name)
        fields += _field(_with(input_, values), t, known or {}, errors.pop(input_.name, None))
    body += [line for error in errors.values() for line in _wrong(error)]
    sent = form_data(form.action, form.value, origin, many)
    card = AdaptiveCard(
        fallback_text=no_links(form.title, limits.NOTICE),
        body=[*body, *drawn, *fields],
        actions=[submit(plain(form.submit_label, limits.BUTTON_LABEL), sent, "positive")],
    )
    content = as_data(card)
    if size.size(content) > limits.CARD_BYTES and drawn:
        # The fields must stay; what is told above them stands on the card that opened the form.
        card.body = [*body, *fields]
        content = as_data(card)
    return content


def _with(input_: Input, values: Inputs | None) -> Input:
    """Gives the input with what was typed into it, when it was sent in before."""
    if values is None or input_.name not in values:
        return input_
    typed = values[input_.name]
    if input_.kind not in SEVERAL:
        return replace(input_, value=typed if isinstance(typed, str) else None)
    chosen = typed if not isinstance(typed, str) else (typed,) if typed else ()
    return replace(input_, values=tuple(chosen))


def _field(input_: Input, t: Texts, known: Known, error: str | None) -> list[CardElement]:
    element = _element(input_, t, known)
    if element is None:
        # Without a choice there is nothing to fill in; the dash says so.
        lines: list[CardElement] = paragraphs(f"{input_.label}: –", limits.TEXT)
    else:
        lines = [element]
    if error:
        lines += _wrong(error)
    if input_.hint:
        small = run(plain(input_.hint, limits.TEXT), subtle=True, size="Small")
        lines.append(block(small, spacing="Small"))
    return lines


def _wrong(error: str) -> list[CardElement]:
    return paragraphs(error, limits.TEXT, bold=True, colour="Attention", spacing="Small")


def _element(input_: Input, t: Texts, known: Known) -> CardElement | None:
    label = plain(input_.label, limits.LABEL)
    required = input_.required or None
    asked = t("adaptive.required", label=label) if input_.required else None
    match input_.kind:
        case "text" | "long_text":
            most = min(input_.max_length or limits.INPUT_TEXT, limits.INPUT_TEXT)
            return TextInput(
                id=input_.name,
                label=label,
                is_required=required,
                error_message=asked,
                is_multiline=input_.kind == "long_text" or None,
                max_length=most,
                value=cut(input_.value, most) if input_.value else None,
            )
        case "number":
            return NumberInput(
                id=input_.name,
                label=label,
                is_required=required,
                error_message=t("adaptive.number", label=label),
                value=_number(input_.value),
            )
        case "date":
            return DateInput(
                id=input_.name,
                label=label,
                is_required=required,
                error_message=asked,
                value=_matching(_DATE, input_.value),
            )
        case "time":
            return TimeInput(
                id=input_.name,
                label=label,
                is_required=required,
                error_message=asked,
                value=_matching(_TIME, input_.value),
            )
        case "yes_no":
            yes_no = (Choice("yes", t("adaptive.yes")), Choice("no", t("adaptive.no")))
            return _choice(input_, input_.options or yes_no, asked, t)
        case "choice":
            return _choice(input_, input_.options, asked, t)
        case "choices":
            return _choices(input_, asked, t)
        case "members" | "accounts":
            return _type_ahead(input_, asked, t, known)
        case _:
            assert_never(input_.kind)


def _choice(
    input_: Input, choices: Sequence[Choice], asked: str | None, t: Texts
) -> CardElement | None:
    if not choices:
        return None
    choices = choices[: limits.CHOICES]
    chosen = next((choice.value for choice in choices if choice.value == input_.value), None)
    drawn = _set(input_, choices, asked)
    drawn.value = chosen
    # A chosen radio button can't be taken back, so what may stay empty is a menu.
    seen = len(choices) <= SEEN_UP_TO and (input_.required or chosen is not None)
    _fold(drawn, choices, seen, t)
    return drawn


def _choices(input_: Input, asked: str | None, t: Texts) -> CardElement | None:
    if not input_.options:
        return None
    choices = input_.options[: limits.CHOICES]
    chosen = [choice.value for choice in choices if choice.value in input_.values]
    drawn = _set(input_, choices, asked, several=True)
    drawn.value = join(chosen) or None
    # Filters that nobody must fill in fold into menus: a long form is not read to its end.
    seen = len(choices) <= CHECKED_UP_TO and (input_.required or bool(chosen))
    _fold(drawn, choices, seen, t)
    return drawn


def _type_ahead(input_: Input, asked: str | None, t: Texts, known: Known) -> CardElement:
    """Gives a field that finds names: those known at once, the rest as they are typed."""
    several = input_.kind in SEVERAL
    values = input_.values or ((input_.value,) if input_.value else ())
    labels = {
        choice.value: choice.label for choice in (*known.get(input_.kind, ()), *input_.options)
    }
    # What stands in the field at first must be among the choices, or Teams shows it empty.
    named = [Choice(value, labels.get(value, value)) for value in values]
    others = [choice for choice in known.get(input_.kind, ()) if choice.value not in values]
    drawn = _set(input_, [*named, *others][: limits.CHOICES], asked, several)
    drawn.style = "filtered"
    drawn.placeholder = t("adaptive.type_a_name")
    drawn.choices_data = QueryData(dataset=input_.kind)
    drawn.value = (join(values) if several else next(iter(values), None)) or None
    return drawn


def _set(
    input_: Input, choices: Sequence[Choice], asked: str | None, several: bool = False
) -> ChoiceSetInput:
    return ChoiceSetInput(
        id=input_.name,
        label=plain(input_.label, limits.LABEL),
        is_required=input_.required or None,
        error_message=asked,
        is_multi_select=several or None,
        wrap=True,
        choices=[
            ChoiceElement(
                title=_title(choice), value=coded(choice.value) if several else choice.value
            )
            for choice in choices
        ],
    )


def _fold(drawn: ChoiceSetInput, choices: Sequence[Choice], seen: bool, t: Texts) -> None:
    # Teams reads markdown in the names of choices that are seen, and none in those of a menu.
    if seen and not any(has_markup(_title(choice)) for choice in choices):
        drawn.style = "expanded"
    elif len(choices) >= TYPED_FROM or drawn.is_multi_select:
        drawn.style = "filtered"
        drawn.placeholder = t("adaptive.type_a_name")
    else:
        drawn.style = "compact"


def _title(choice: Choice) -> str:
    text = f"{choice.label} · {choice.hint}" if choice.hint else choice.label
    return no_links(text, limits.CHOICE)


def _matching(pattern: re.Pattern[str], value: str | None) -> str | None:
    return value if value and pattern.fullmatch(value) else None


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value else None
    except ValueError:
        return None
    return int(number) if number is not None and number.is_integer() else number
