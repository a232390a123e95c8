"""Forms as dialogs: fields, what stands in them, what is wrong, and what comes back."""

import json
from typing import Any, get_args

import pytest

from bot.links import Addresses
from bot.msteams import limits
from bot.msteams.forms import (
    Filled,
    Pressed,
    draw_choices,
    draw_form,
    draw_task,
    read_data,
)
from handlers.cards import Choice, Form, Input, InputKind, Text
from handlers.chat import Person, Submission
from tests.bot.msteams.test_draw_cards import (
    EVERY_ELEMENT,
    NAME,
    PUBLIC,
    is_harmless,
    nodes,
    of_type,
    strings,
    words,
)

LOCAL = Addresses("http://127.0.0.1:8400", "secret" * 8)
CHOICES = (Choice("a", "First", "the hint"), Choice("b,c", "Second"), Choice("d%2C", "Third"))
KNOWN = {"members": [Choice("1", "Anna")], "accounts": [Choice("K,1", "Acme A/S")]}
# kind -> (an input with something in it, what Teams sends for it, what the handlers get)
INPUTS: dict[InputKind, tuple[Input, str, str | tuple[str, ...]]] = {
    "text": (Input("text", "t", "Text", value="old", max_length=40), "new", "new"),
    "long_text": (Input("long_text", "l", "Long", hint="why we ask"), "a\nb", "a\nb"),
    "number": (Input("number", "n", "Number", value="12.5"), "7", "7"),
    "date": (Input("date", "d", "Date", value="2026-11-24"), "2026-12-01", "2026-12-01"),
    "time": (Input("time", "h", "Time", value="09:00"), "15:20", "15:20"),
    "choice": (Input("choice", "c", "Choice", value="b,c", options=CHOICES), "b,c", "b,c"),
    "choices": (
        Input("choices", "cs", "Choices", values=("b,c", "d%2C"), options=CHOICES),
        "a,b%2Cc,d%252C",
        ("a", "b,c", "d%2C"),
    ),
    "yes_no": (Input("yes_no", "y", "Yes or no", value="yes"), "no", "no"),
    "members": (Input("members", "m", "Member", value="1"), "2", "2"),
    "accounts": (Input("accounts", "as", "Accounts", values=("K,1",)), "K%2C1,K2", ("K,1", "K2")),
}
EVERY_INPUT = tuple(sample[0] for sample in INPUTS.values())


def fields(card: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Gives the fields of a drawn form by the name they are sent under."""
    return {n["id"]: n for n in nodes(card) if str(n.get("type")).startswith("Input.")}


def field(input_: Input, **given: Any) -> dict[str, Any]:
    """Draws a form of one field."""
    card = draw_form(Form("x", (input_,), "a", "1", "Save"), None, PUBLIC, **given)
    return fields(card)[input_.name]


def typed(card: dict[str, Any], inputs: dict[str, str]) -> Filled:
    """Gives what comes back when a form is sent in, as Teams puts it together."""
    (send,) = card["actions"]
    filled = read_data({"data": json.loads(json.dumps({**send["data"], **inputs}))})
    assert isinstance(filled, Filled)
    return filled


def test_there_is_a_sample_of_every_kind_of_input() -> None:
    assert set(INPUTS) == set(get_args(InputKind))


@pytest.mark.parametrize("kind", get_args(InputKind))
def test_what_is_typed_comes_back_as_the_handlers_know_it(kind: InputKind) -> None:
    input_, sent, read = INPUTS[kind]
    card = draw_form(Form("x", (input_,), "a.b", "7", "Save"), {"m": "1:2"}, PUBLIC, known=KNOWN)
    filled = typed(card, {input_.name: sent})
    assert filled == Filled("a.b", "7", {"m": "1:2"}, {input_.name: read})


@pytest.mark.parametrize("kind", get_args(InputKind))
def test_a_field_has_its_label_what_stands_in_it_and_what_to_do_when_it_is_empty(
    kind: InputKind,
) -> None:
    input_ = INPUTS[kind][0]
    drawn = field(input_, known=KNOWN)
    assert drawn["label"] == input_.label
    assert drawn["isRequired"] is True
    assert input_.label in drawn["errorMessage"]
    if input_.value or input_.values:
        assert drawn["value"]


def test_an_input_left_empty_reads_as_nothing() -> None:
    optional = tuple(Input(kind, kind, "x", False, options=CHOICES) for kind in get_args(InputKind))
    card = draw_form(Form("x", optional, "a", "1", "Save"), None, PUBLIC)
    assert not any(drawn.get("isRequired") for drawn in fields(card).values())
    empty = typed(card, dict.fromkeys(get_args(InputKind), ""))
    assert set(empty.inputs.values()) == {"", ()}


def test_errors_stand_at_their_fields_and_what_was_typed_stays() -> None:
    form = Form("x", EVERY_INPUT, "a.b", "7", "Save")
    errors = {"d": "This day is past.", "whole": "Nobody fits."}
    values: dict[str, str | tuple[str, ...]] = {
        "t": "typed",
        "d": "2020-01-01",
        "cs": ("a",),
        "as": "",
        "n": "many",
    }
    card = draw_form(form, None, PUBLIC, errors=errors, values=values, known=KNOWN)
    shown = fields(card)
    assert shown["t"]["value"] == "typed"
    assert shown["d"]["value"] == "2020-01-01"
    assert shown["cs"]["value"] == "a"
    assert "value" not in shown["as"]
    body = card["body"]
    place = body.index(shown["d"])
    assert body[place + 1]["inlines"][0]["text"] == "This day is past."
    assert body[place + 1]["inlines"][0]["color"] == "Attention"
    assert "Nobody fits." in words(body[0])


def test_few_choices_that_must_be_made_are_seen_at_once() -> None:
    assert field(Input("choice", "c", "x", options=CHOICES))["style"] == "expanded"
    assert field(Input("choice", "c", "x", False, options=CHOICES))["style"] == "compact"
    many = tuple(Choice(str(n), f"Option {n}") for n in range(30))
    assert field(Input("choice", "c", "x", options=many))["style"] == "filtered"
    assert field(Input("choices", "c", "x", False, options=many))["style"] == "filtered"


def test_names_that_look_like_markdown_are_not_seen_where_teams_reads_it() -> None:
    hostile = (Choice("1", "[pay](http://evil.example)"), Choice("2", "**b** <at>Anna</at>"))
    drawn = field(Input("choice", "c", "x", options=hostile))
    assert drawn["style"] == "compact"
    titles = " ".join(choice["title"] for choice in drawn["choices"])
    assert "](" not in titles
    assert "<at>" not in titles


def test_a_choice_without_options_says_so() -> None:
    card = draw_form(Form("x", (Input("choice", "c", "Which"),), "a", "1", "Save"), None, PUBLIC)
    assert not fields(card)
    assert "Which: –" in words(card)


def test_names_are_looked_up_as_they_are_typed_and_those_known_show_at_once() -> None:
    member = field(
        Input("members", "m", "Who", value="9", options=(Choice("9", "Ole"),)), known=KNOWN
    )
    assert member["choices.data"] == {"type": "Data.Query", "dataset": "members"}
    assert (member["style"], member["value"]) == ("filtered", "9")
    assert [choice["title"] for choice in member["choices"]] == ["Ole", "Anna"]
    accounts = field(INPUTS["accounts"][0], known=KNOWN)
    assert accounts["isMultiSelect"] is True
    assert accounts["value"] == "K%2C1"
    assert accounts["choices"] == [{"title": "Acme A/S", "value": "K%2C1"}]


def test_a_search_answers_as_many_names_as_teams_shows() -> None:
    found = draw_choices([Choice(f"{n},", "n" * 300) for n in range(40)], "accounts")
    results = found["value"]["results"]
    assert len(results) == limits.TYPE_AHEAD_CHOICES
    assert results[0]["value"] == "0%2C"
    assert len(results[0]["title"]) == limits.CHOICE
    assert draw_choices([Choice("a,b", "x")], "members")["value"]["results"][0]["value"] == "a,b"


def test_a_form_is_a_dialog_with_its_title() -> None:
    form = Form("Snooze", (INPUTS["date"][0],), "case.snooze", "7", "Save it")
    task = draw_task(form, None, PUBLIC, "da")["task"]
    assert task["type"] == "continue"
    assert task["value"]["title"] == "Snooze"
    card = task["value"]["card"]["content"]
    assert [action["title"] for action in card["actions"]] == ["Save it"]
    assert "Udfyld" in fields(card)["d"]["errorMessage"]


def test_a_long_title_is_told_whole_inside_of_the_dialog() -> None:
    title = "I called or wrote to Jane Jensen, chief financial officer of Acme Denmark A/S"
    task = draw_task(Form(title, (INPUTS["text"][0],), "a", "1", "Save"), None, PUBLIC)["task"]
    assert task["value"]["title"].endswith("…")
    assert title in words(task["value"]["card"])


def test_what_stands_above_the_fields_gives_way_when_a_form_is_too_big() -> None:
    intro = tuple(Text("ø" * 3000) for _ in range(9))
    card = draw_form(Form("x", EVERY_INPUT, "a", "1", "Save", intro), None, PUBLIC)
    assert len(json.dumps(card)) <= limits.CARD_BYTES
    assert len(fields(card)) == len(EVERY_INPUT)


def test_a_form_shows_what_stands_above_its_fields() -> None:
    card = draw_form(Form("x", EVERY_INPUT, "a", "1", "Save", EVERY_ELEMENT), None, LOCAL)
    assert "Anna has it" in words(card)
    assert of_type(card, "Chart.Line")


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        [],
        {},
        {"npsbot": "x"},
        {"npsbot": {}},
        {"npsbot": {"action": 1, "value": "7"}},
        {"npsbot": {"action": "a.b"}},
        {"npsbot": {"form": ["x"], "value": "7"}},
        {"data": None},
        {"data": {"npsbot": {"value": "7"}}},
    ],
)
def test_what_is_not_ours_is_nothing(value: Any) -> None:
    assert read_data(value) is None


def test_a_press_is_read_from_a_message_and_from_a_dialog() -> None:
    data = {"npsbot": {"action": "case.take", "value": "7"}, "msteams": {"type": "task/fetch"}}
    assert read_data(data) == read_data({"data": data}) == Pressed("case.take", "7")


def test_forged_parts_of_a_form_are_left_out() -> None:
    data = {"npsbot": {"form": "a", "value": "1", "many": [1, "x"], "origin": "y"}, "t": {"a": 1}}
    assert read_data({**data, "x": "1,2", 3: "z"}) == Filled("a", "1", {}, {"x": ("1", "2")})


def test_what_was_read_is_what_a_submission_takes() -> None:
    filled = typed(
        draw_form(Form("x", EVERY_INPUT, "a.b", "7", "Save"), None, PUBLIC, known=KNOWN),
        {input_.name: sent for input_, sent, _ in INPUTS.values()},
    )
    person = Person("teams", "aad")
    submission = Submission(person, person.place, filled.form, filled.value, filled.inputs)
    assert submission.text("t") == "new"
    assert submission.chosen("cs") == ("a", "b,c", "d%2C")


def test_signs_that_steer_a_screen_come_out_harmless_in_a_dialog() -> None:
    choice = Choice("4", NAME, NAME)
    inputs = (
        Input("choice", "who", NAME, options=(choice,), hint=NAME),
        Input("members", "to", NAME, options=(choice,), value="4"),
    )
    task = draw_task(Form(NAME, inputs, "a", "1", NAME, intro=(Text(NAME),)), None, PUBLIC)
    offered = draw_choices([choice], "members")
    shown = strings([task, offered])
    assert len(shown) > 20
    assert [text for text in shown if not is_harmless(text)] == []
