"""Cards and forms as Block Kit, judged by the models of Slack's own SDK."""

import json
from typing import Any, get_args

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.links import Addresses
from bot.slack import limits
from bot.slack.blocks import draw_card, draw_home, draw_page
from bot.slack.elements import split_action
from bot.slack.forms import draw_form, draw_options, read_inputs
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Chart,
    Choice,
    Element,
    Facts,
    Form,
    Input,
    InputKind,
    Link,
    Menu,
    Point,
    Progress,
    Scale,
    Table,
    Text,
    whisper,
)
from tests.fake_slack import words, wrong_blocks, wrong_view
from tests.slack_user import find_action, state_of

PUBLIC = Addresses("https://nps.nordfab.example", "secret" * 8)
LOCAL = Addresses("http://127.0.0.1:8400", "secret" * 8)
HOSTILE = "<!channel> <@U1> *x* _y_ `z` ~s~ :tada: <https://evil.example|click> A&B <x>"
CHART = Chart("trend", (Point("Q1", 10.0), Point("Q2", 25.0)), "NPS rose from +10 to +25.")
TABLE = Table(("Team", "NPS"), (("Nordics", "+25"), (HOSTILE, "−3")), numeric=(1,))
EVERY_ELEMENT: tuple[Element, ...] = (
    Text("Jane, CFO", "heading"),
    Text(HOSTILE, "quote"),
    Text("Anna has it", "strong"),
    Text("small print", "note"),
    Facts((("Why", "invoicing"), ("At stake", "420,000 EUR"))),
    TABLE,
    TABLE,
    CHART,
    Progress("Sent", 12, 40),
    Scale("answer", "token", 0, 10, "not at all likely", "extremely likely", "How likely"),
    Buttons(
        (
            Button("Take it", "case.take", "7", "primary"),
            Button("Stop", "wave.stop", "3", "danger", confirm="Stop the wave?"),
            Menu("More", (Button("Snooze", "case.snooze", "7"), Button("Escalate", "x.y", "8"))),
            Link("Open the page", token_path="/s/abc"),
        )
    ),
)


def checked(blocks: list[dict[str, Any]], most: int = limits.MESSAGE_BLOCKS) -> None:
    assert wrong_blocks(blocks, most) is None
    assert all(block.to_dict() for block in Block.parse_all(blocks))


def test_every_element_passes_the_models_of_the_sdk_on_every_surface() -> None:
    card = Card("Acme A/S: 3 of 10", EVERY_ELEMENT, "critical", status="new", foot="why you get it")
    for addresses in (PUBLIC, LOCAL):
        checked(draw_card(card, addresses)["blocks"])
        assert wrong_view(draw_home(card, addresses)) is None
        assert wrong_view(draw_page(card, addresses)) is None


def test_words_of_people_stand_where_slack_knows_no_markup() -> None:
    drawn = draw_card(Card(HOSTILE, EVERY_ELEMENT, status=HOSTILE, foot=HOSTILE), PUBLIC)
    assert "mrkdwn" not in json.dumps(drawn)
    assert '"emoji": true' not in json.dumps(drawn)
    assert HOSTILE in words(drawn)
    assert drawn["text"].startswith("&lt;!channel&gt; &lt;@U1&gt; *x*")


def test_the_notification_never_holds_the_comment() -> None:
    card = Card("Acme: 3", (Text("a secret comment", "quote"),), push="Acme: 3. Take by 15:20.")
    assert draw_card(card, PUBLIC)["text"] == "Acme: 3. Take by 15:20."


@pytest.mark.parametrize(
    ("tone", "mark"),
    [("critical", "🔴"), ("warning", "🟠"), ("attention", "🟡"), ("good", "🟢"), ("neutral", "A")],
)
def test_the_tone_is_the_first_thing_seen(tone: Any, mark: str) -> None:
    drawn = draw_card(Card("Acme", (Text("x"),), tone), PUBLIC)
    assert drawn["blocks"][0]["text"]["text"].startswith(mark)
    assert drawn["text"].startswith(mark)


def test_a_lone_sentence_is_no_headline_and_is_never_cut() -> None:
    sentence = "I don't show customer figures here. " * 8
    block = draw_card(whisper(sentence.strip()).card, PUBLIC)["blocks"][0]
    assert block["type"] == "rich_text"
    assert words({"blocks": [block]}) == sentence.strip()


def test_a_scale_has_a_button_for_each_number_with_the_token_and_the_number() -> None:
    row = Scale("answer", "tok", 0, 10, "never", "surely", "How likely?")
    blocks = draw_card(Card("q", (row,)), PUBLIC)["blocks"]
    buttons = blocks[1]["elements"]
    assert [button["text"]["text"] for button in buttons] == [str(n) for n in range(11)]
    assert [button["value"] for button in buttons] == [f"tok:{n}" for n in range(11)]
    assert len({button["action_id"] for button in buttons}) == 11
    assert split_action(buttons[3]["action_id"], buttons[3]["value"]) == ("answer", "tok:3")
    assert "0 = never · 10 = surely" in words({"blocks": blocks})


@pytest.mark.parametrize(("entries", "kind"), [(5, "overflow"), (6, "static_select")])
def test_a_menu_knows_which_entry_was_chosen(entries: int, kind: str) -> None:
    menu = Menu(
        "More", tuple(Button(f"entry {n}", f"case.act{n}", f"7:{n}") for n in range(entries))
    )
    blocks = draw_card(Card("x", (Buttons((menu,)),)), PUBLIC)["blocks"]
    assert blocks[1]["elements"][0]["type"] == kind
    action = find_action(blocks, "entry 3")
    assert split_action(action["action_id"], action["selected_option"]["value"]) == (
        "case.act3",
        "7:3",
    )


def test_an_entry_that_asks_first_stands_beside_the_menu() -> None:
    asking = Button("Not a real critic", "case.unreal", "7", confirm="Sure?")
    menu = Menu("More", (Button("Snooze", "case.snooze", "7"), asking))
    blocks = draw_card(Card("x", (Buttons((menu,)),)), PUBLIC)["blocks"]
    overflow, button = blocks[1]["elements"]
    assert [option["text"]["text"] for option in overflow["options"]] == ["Snooze"]
    assert button["confirm"]["text"]["text"] == "Sure?"


def test_a_chart_is_a_picture_where_slack_can_fetch_or_hold_it_and_words_elsewhere() -> None:
    card = Card("x", (CHART,))
    assert draw_card(card, PUBLIC)["blocks"][1]["image_url"] == PUBLIC.picture(CHART)
    held = draw_card(card, LOCAL, "en", {CHART: "F7"})["blocks"][1]
    assert held["slack_file"] == {"id": "F7"}
    assert held["alt_text"] == CHART.alt
    assert CHART.alt in words(draw_card(card, LOCAL))


def test_the_first_table_is_native_and_the_next_monospaced() -> None:
    blocks = draw_card(Card("x", (TABLE, TABLE)), PUBLIC)["blocks"]
    assert blocks[1]["type"] == "table"
    assert blocks[1]["column_settings"][1]["align"] == "right"
    assert blocks[2]["elements"][0]["type"] == "rich_text_preformatted"
    home = draw_home(Card("x", (TABLE,)), PUBLIC)["blocks"]
    assert home[1]["elements"][0]["type"] == "rich_text_preformatted"


def test_a_card_that_is_far_too_long_is_cut_with_a_note_and_keeps_its_buttons() -> None:
    many = tuple(part for n in range(60) for part in (Text(f"note {n}", "note"), Text(f"line {n}")))
    last = Buttons((Button("Take it", "case.take", "7"),))
    blocks = draw_card(Card("x" * 400, (*many, last), foot="the foot"), PUBLIC)["blocks"]
    checked(blocks)
    assert len(blocks) == limits.MESSAGE_BLOCKS
    assert "more lines don't fit here" in words({"blocks": blocks})
    assert find_action(blocks, "Take it")
    assert "the foot" in words({"blocks": blocks})


def test_a_comment_of_a_megabyte_is_cut_with_an_ellipsis() -> None:
    body = (Text("y" * 1_000_000, "quote"), *(Text("z" * 2900) for _ in range(6)))
    blocks = draw_card(Card("x", body), PUBLIC)["blocks"]
    checked(blocks)
    shown = words({"blocks": blocks})
    assert "…" in shown
    assert len(shown) < limits.MESSAGE_CHARACTERS + 1000


CHOICES = tuple(Choice(str(n), f"choice {n}", "hint" if n == 1 else None) for n in range(12))
INPUTS: dict[str, tuple[Input, Any, str | tuple[str, ...]]] = {
    "text": (Input("text", "text", "A name", max_length=80), "Jane & Co", "Jane & Co"),
    "long_text": (Input("long_text", "long_text", "Why", hint="seen by us"), HOSTILE, HOSTILE),
    "number": (Input("number", "number", "How many", value="3"), None, "3"),
    "date": (Input("date", "date", "When", value="2026-12-01"), None, "2026-12-01"),
    "time": (Input("time", "time", "At", value="09:00"), "10:30", "10:30"),
    "choice": (Input("choice", "choice", "Which", options=CHOICES), "7", "7"),
    "choices": (Input("choices", "choices", "Which", options=CHOICES), ["1", "3"], ("1", "3")),
    "yes_no": (Input("yes_no", "yes_no", "Reached?"), "no", "no"),
    "members": (Input("members", "members", "Who", value="4", options=(Choice("4", "Anna"),)),
                None, "4"),
    "accounts": (Input("accounts", "accounts", "Which"), ["17", "3"], ("17", "3")),
}  # fmt: skip


def test_every_kind_of_input_has_a_sample() -> None:
    assert set(INPUTS) == set(get_args(InputKind))


@pytest.mark.parametrize("kind", INPUTS)
def test_what_is_typed_into_an_input_comes_back_by_its_name(kind: str) -> None:
    input_, typed, read = INPUTS[kind]
    view = draw_form(Form("A form", (input_,), "a.b", "7", "Save"), "{}", PUBLIC)
    assert wrong_view(view) is None
    View(**view).validate_json()
    answers = {} if typed is None else {kind: typed}
    assert read_inputs(state_of(view["blocks"], answers)) == {kind: read}


def test_a_form_of_everything_fits_and_cut_titles_are_repeated_in_full() -> None:
    inputs = tuple(sample[0] for sample in INPUTS.values())
    title = "I called or wrote to Jane Jensen of Acme A/S"
    view = draw_form(Form(title, inputs, "a.b", "7", "Save it", EVERY_ELEMENT), "{}", PUBLIC, "da")
    assert wrong_view(view) is None
    assert view["title"]["text"].endswith("…")
    assert title in words(view)
    assert view["close"]["text"] == "Annuller"


def test_an_input_left_empty_reads_as_nothing() -> None:
    optional = tuple(Input(kind, kind, "x", False, options=CHOICES) for kind in get_args(InputKind))
    view = draw_form(Form("x", optional, "a", "1", "Save"), "{}", PUBLIC)
    assert set(read_inputs(state_of(view["blocks"], {})).values()) == {"", ()}


def test_a_choice_without_options_says_so_where_slack_would_refuse_the_form() -> None:
    view = draw_form(
        Form("x", (Input("choice", "c", "Which one"),), "a", "1", "Save"), "{}", PUBLIC
    )
    assert wrong_blocks(view["blocks"]) is None
    assert "Which one: –" in words(view)


def test_a_type_ahead_offers_a_hundred_at_most() -> None:
    options = draw_options([Choice(str(n), "n" * 100) for n in range(150)])["options"]
    assert len(options) == limits.SELECT_OPTIONS
    assert len(options[0]["text"]["text"]) == limits.OPTION_TEXT
