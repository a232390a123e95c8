"""Cards as Adaptive Cards: every element, hostile words, colours, buttons and size."""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from bot.links import Addresses
from bot.msteams import limits, size
from bot.msteams.adaptive import (
    Mention,
    attachment,
    draw_card,
    draw_parts,
    notice,
    short_text,
)
from bot.msteams.data import Pressed, read_data
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Chart,
    Element,
    Facts,
    Link,
    Menu,
    Point,
    Progress,
    Scale,
    Table,
    Text,
)

PUBLIC = Addresses("https://nps.nordfab.example", "secret" * 8)
LOCAL = Addresses("http://127.0.0.1:8400", "secret" * 8)
HOSTILE = "[bill](http://evil.example) **b** _i_ <at>Anna</at> <!channel> `c` # - 1. &lt; A&B"
TREND = Chart("trend", (Point("Q1", 10.0, -5.0, 25.0), Point("Q2", 25.0, 5.0, 40.0)), "NPS rose.")
TABLE = Table(("Team", "NPS"), (("Nordics", "+25"), (HOSTILE, "−3")), numeric=(1,))
SCALE = Scale("answer", "token", 0, 10, "not at all likely", "extremely likely", "How likely")
MORE = Menu("More", tuple(Button(f"entry {n}", f"case.act{n}", f"7:{n}") for n in range(7)))
EVERY_ELEMENT: tuple[Element, ...] = (
    Text("Jane, CFO", "heading"),
    Text(HOSTILE, "quote"),
    Text(HOSTILE, "heading"),
    Text(HOSTILE),
    Text("Anna has it", "strong"),
    Text("small print", "note"),
    Facts((("Why", "invoicing"), (HOSTILE, HOSTILE))),
    TABLE,
    TREND,
    Chart("distribution", tuple(Point(str(n), float(n)) for n in range(11)), "How many each."),
    Chart("bars", (Point("Price", 4.0), Point("Service", 2.0)), "Price four times."),
    Chart("coverage", (Point("Users", 2.0, n=3), Point("Deciders", 1.0, n=1)), "Heard."),
    Progress("Sent", 12, 40),
    SCALE,
    Buttons(
        (
            Button("Take it", "case.take", "7", "primary"),
            Button("I called or wrote", "case.called", "7", opens_form=True),
            Button("Stop", "wave.stop", "3", "danger", confirm="Stop the wave?"),
            MORE,
            Link("Open the page", token_path="/s/abc"),
        )
    ),
)


def nodes(part: Any) -> Iterator[dict[str, Any]]:
    """Gives every object inside of a drawing, but not what its buttons send."""
    if isinstance(part, list):
        for item in part:
            yield from nodes(item)
    elif isinstance(part, dict):
        yield part
        for key, item in part.items():
            if key != "data":
                yield from nodes(item)


def of_type(part: Any, kind: str) -> list[dict[str, Any]]:
    return [node for node in nodes(part) if node.get("type") == kind]


def words(part: Any) -> str:
    """Gives all that a reader sees of a drawing."""
    seen = [str(node["text"]) for node in nodes(part) if "text" in node]
    seen += [str(node["title"]) for node in nodes(part) if "title" in node]
    return "\n".join(seen)


def sent(action: dict[str, Any]) -> Pressed:
    """Gives what pressing an action means to the handlers."""
    pressed = read_data(json.loads(json.dumps(action["data"])))
    assert isinstance(pressed, Pressed)
    return pressed


def test_people_s_words_stand_where_no_client_reads_markdown() -> None:
    drawn = draw_card(
        Card(HOSTILE, EVERY_ELEMENT, "critical", status=HOSTILE, foot=HOSTILE), PUBLIC
    )
    for kind, name in (("TextBlock", "text"), ("Fact", "value")):
        for node in of_type(drawn, kind):
            assert "evil" not in node[name]
            assert "**" not in node[name]
    assert "[bill](http://evil.example) **b** _i_" in words(drawn)
    assert "<!channel>" in words(drawn)


def test_a_mention_in_people_s_words_calls_nobody() -> None:
    drawn = draw_card(Card("x", (Text("<at>Anna</at> < AT >all</at>", "quote"),)), PUBLIC)
    assert "<at>" not in words(drawn).lower()
    assert "entities" not in json.dumps(drawn)


def test_a_mention_calls_a_person_by_the_id_that_teams_knows() -> None:
    drawn = draw_card(Card("x"), PUBLIC, mention=Mention("Anna [x] <Berg>", "29:abc"))
    assert drawn["body"][0]["text"] == "<at>Anna x Berg</at>"
    entity = {
        "type": "mention",
        "text": "<at>Anna x Berg</at>",
        "mentioned": {"id": "29:abc", "name": "Anna x Berg"},
    }
    assert drawn["msteams"]["entities"] == [entity]


def test_the_notification_never_holds_the_comment() -> None:
    card = Card("Acme: 3", (Text("a secret comment", "quote"),), push="Acme: 3. Take by 15:20.")
    assert notice(card) == "Acme: 3. Take by 15:20."
    assert draw_card(card, PUBLIC)["fallbackText"] == "Acme: 3. Take by 15:20."
    assert "a secret comment" in short_text(card)


@pytest.mark.parametrize(
    ("tone", "mark", "style"),
    [
        ("critical", "🔴", "attention"),
        ("warning", "🟠", "warning"),
        ("attention", "🟡", "warning"),
        ("good", "🟢", "good"),
    ],
)
def test_the_tone_is_a_colour_and_a_sign(tone: Any, mark: str, style: str) -> None:
    head = draw_card(Card("Acme", (Text("x"),), tone, status="new"), PUBLIC)["body"][0]
    assert (head["type"], head["style"]) == ("Container", style)
    assert head["items"][0]["text"].startswith(mark)


def test_a_neutral_card_has_a_heading_and_no_colour() -> None:
    title = draw_card(Card("Acme A/S · people", (Text("x"),)), PUBLIC)["body"][0]
    assert (title["type"], title["style"]) == ("TextBlock", "heading")


def test_a_lone_sentence_is_no_headline_and_is_never_cut() -> None:
    sentence = ("I don't show customer figures here. " * 20).strip()
    (shown,) = draw_card(Card(sentence), PUBLIC)["body"]
    assert shown["inlines"][0]["text"] == sentence
    assert "weight" not in shown["inlines"][0]


def test_a_score_is_asked_in_six_and_five_tiles_with_token_and_number() -> None:
    drawn = draw_card(Card("q", (SCALE,)), PUBLIC)
    rows = of_type(drawn, "ColumnSet")
    tiles = [[tile for tile in row["columns"] if "selectAction" in tile] for row in rows]
    assert [len(row) for row in tiles] == [6, 5]
    assert len({len(row["columns"]) for row in rows}) == 1
    numbers = [tile for row in tiles for tile in row]
    assert [tile["items"][0]["text"] for tile in numbers] == [str(n) for n in range(11)]
    assert sent(numbers[10]["selectAction"]) == Pressed("answer", "token:10")
    assert numbers[3]["selectAction"]["title"] == "3: How likely"
    assert "0 = not at all likely · 10 = extremely likely" in words(drawn)


def test_rows_of_buttons_are_as_wide_as_a_phone_and_six_long_at_most() -> None:
    many = tuple(Button(f"{n % 10}", "a.b", str(n)) for n in range(14))
    sets = of_type(draw_card(Card("x", (Buttons(many),)), PUBLIC), "ActionSet")
    assert [len(row["actions"]) for row in sets] == [6, 6, 2]
    long = tuple(Button("I called or wrote", "a.b", str(n)) for n in range(3))
    sets = of_type(draw_card(Card("x", (Buttons(long),)), PUBLIC), "ActionSet")
    assert [len(row["actions"]) for row in sets] == [1, 1, 1]


def test_a_button_that_opens_a_form_asks_for_a_dialog_and_others_do_not() -> None:
    drawn = draw_card(Card("x", EVERY_ELEMENT), PUBLIC)
    opens, stays = (
        next(a for a in of_type(drawn, "Action.Submit") if a["title"] == title)
        for title in ("I called or wrote", "Take it")
    )
    assert opens["data"]["msteams"] == {"type": "task/fetch"}
    assert sent(opens) == Pressed("case.called", "7")
    assert "msteams" not in stays["data"]
    assert stays["style"] == "positive"


def test_what_asks_first_folds_open_a_question_with_the_button_in_it() -> None:
    drawn = draw_card(Card("x", EVERY_ELEMENT), PUBLIC)
    (asks,) = of_type(drawn, "Action.ShowCard")
    assert "Stop the wave?" in words(asks["card"])
    (stop,) = asks["card"]["actions"]
    assert stop["style"] == "destructive"
    assert sent(stop) == Pressed("wave.stop", "3")


def test_a_menu_folds_open_its_entries() -> None:
    drawn = draw_card(Card("x", (Buttons((MORE,)), Buttons((MORE,)))), PUBLIC)
    toggles = of_type(drawn, "Action.ToggleVisibility")
    targets = [target for toggle in toggles for target in toggle["targetElements"]]
    hidden = {
        row["id"]: row for row in of_type(drawn, "ActionSet") if row.get("isVisible") is False
    }
    assert sorted(targets) == sorted(hidden)
    entries = [action for row in hidden.values() for action in row["actions"]]
    assert sent(entries[3]) == Pressed("case.act3", "7:3")
    assert len(entries) == 2 * len(MORE.buttons)


def test_charts_are_drawn_by_teams_with_a_picture_for_clients_that_cannot() -> None:
    drawn = draw_card(Card("x", EVERY_ELEMENT), PUBLIC)
    charts = [node for node in nodes(drawn) if str(node.get("type")).startswith("Chart.")]
    assert [chart["type"] for chart in charts] == [
        "Chart.Line",
        "Chart.VerticalBar",
        "Chart.HorizontalBar",
        "Chart.HorizontalBar.Stacked",
    ]
    for chart in charts:
        assert chart["fallback"]["type"] == "Image"
        assert chart["fallback"]["url"].startswith("https://nps.nordfab.example/p/")
        assert chart["fallback"]["altText"] == chart["title"]
    trend = charts[0]
    assert [line["legend"] for line in trend["data"]][0] == "Score"
    assert [[value["y"] for value in line["values"]] for line in trend["data"]] == [
        [10.0, 25.0],
        [25.0, 40.0],
        [-5.0, 5.0],
    ]


def test_a_chart_that_teams_would_draw_wrong_is_a_picture_or_its_words() -> None:
    ranges = Chart("bars", (Point("Nordics", 25.0, 5.0, 45.0),), "Nordics +25.")
    lone = Chart("trend", (Point("Q1", 10.0), Point("Q2", None)), "One score.")
    for chart in (ranges, lone):
        assert draw_card(Card("x", (chart,)), PUBLIC)["body"][1]["type"] == "Image"
        assert chart.alt in words(draw_card(Card("x", (chart,)), LOCAL))


def test_a_table_too_wide_for_a_phone_becomes_a_list_with_its_headings() -> None:
    columns = ("Name", "Department", "Responsibility", "Recommendation", "Last asked")
    wide = Table(columns, (("Jane", "Finance", "Invoicing", "3", "12 Nov"),))
    drawn = draw_card(Card("x", (wide, TABLE)), PUBLIC)
    assert len(of_type(drawn, "Table")) == 1
    shown = "".join(run["text"] for run in of_type(drawn["body"][1], "TextRun"))
    assert shown == (
        "JaneDepartment: Finance · Responsibility: Invoicing · Recommendation: 3"
        " · Last asked: 12 Nov"
    )


def test_wide_cards_ask_for_room() -> None:
    assert draw_card(Card("x", (TREND,)), PUBLIC)["msteams"] == {"width": "full"}
    assert "msteams" not in draw_card(Card("x", (Text("y"),)), PUBLIC)


HUGE = Card(
    "Acme A/S · history",
    (
        Text("æøå 😀 " * 2000, "quote"),
        Table(("Who", "What"), tuple((f"Person {n}", "ånd " * 10) for n in range(400))),
        Facts(tuple((f"{n} Nov", "said something long enough") for n in range(300))),
        Buttons((Button("Back to Acme A/S", "account.show", "1"),)),
    ),
    tone="warning",
    foot="answers since 24 November 2025",
)


@pytest.mark.parametrize("language", ["en", "da", "nl"])
@pytest.mark.parametrize("most", [limits.CARD_BYTES, 9000])
def test_what_does_not_fit_is_counted_and_the_way_to_see_it_told(language: str, most: int) -> None:
    drawn = draw_card(HUGE, PUBLIC, language, most=most)
    assert size.size(drawn) <= most
    rows = sum(len(table["rows"]) - 1 for table in of_type(drawn, "Table"))
    facts = len(of_type(drawn, "ColumnSet"))
    note = next(line for line in words(drawn).splitlines() if line.startswith("… "))
    assert f" {700 - rows - facts} " in note
    assert "nps" in note
    assert "Back to Acme A/S" in words(drawn)
    assert "answers since" in words(drawn)
    assert len(of_type(drawn, "Table")) <= 1, "the parts of a table stand under one head"


def test_a_huge_card_can_be_told_whole_in_several_messages() -> None:
    parts = draw_parts(HUGE, PUBLIC)
    assert len(parts) > 1
    assert all(size.size(part) <= limits.CARD_BYTES for part in parts)
    told = "\n".join(words(part) for part in parts)
    assert all(f"Person {n}\n" in told for n in range(400))
    assert all(f"{n} Nov" in told for n in range(300))
    assert f"1 / {len(parts)}" in words(parts[0])
    assert "Back to Acme A/S" in words(parts[-1])
    assert "answers since" in words(parts[-1])


def test_most_cards_are_one_message() -> None:
    card = Card("Acme", EVERY_ELEMENT)
    assert draw_parts(card, PUBLIC) == [draw_card(card, PUBLIC)]


def test_one_text_bigger_than_a_message_is_shortened() -> None:
    drawn = draw_card(Card("x", (Text("€" * 20_000),)), PUBLIC, most=6000)
    assert size.size(drawn) <= 6000
    assert "€€€" in words(drawn)


def test_a_card_is_attached_as_an_adaptive_card() -> None:
    content = draw_card(Card("x"), PUBLIC)
    assert (content["type"], content["version"]) == ("AdaptiveCard", "1.5")
    assert attachment(content) == {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "content": content,
    }


BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HARMFUL = (
    "Jane\u202egnp.exe\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u202d\x00\x07\x1b[31m\x7f\x9b"
)
NAME = f"{HARMFUL}\r\nTaken by Lars\u2028\x85\x0b\tJensen"


def strings(data: Any) -> list[str]:
    if isinstance(data, dict):
        return [each for value in data.values() for each in strings(value)]
    if isinstance(data, list):
        return [each for value in data for each in strings(value)]
    return [data] if isinstance(data, str) else []


def is_harmless(text: str) -> bool:
    return not any(
        unicodedata.category(sign) in ("Cc", "Zl", "Zp") or sign in BIDI for sign in text
    )


def test_signs_that_steer_a_screen_come_out_harmless() -> None:
    pressed = (Button(NAME, "a", "1"), Menu(NAME, (Button(NAME, "b", "1", confirm=NAME),)))
    card = Card(
        NAME,
        (
            Text(NAME),
            Text(NAME, "heading"),
            Facts(((NAME, NAME),)),
            Table((NAME, "n"), ((NAME, "1"),)),
            Progress(NAME, 1, 2),
            Buttons(pressed),
        ),
        status=NAME,
        foot=NAME,
        push=NAME,
    )
    content = draw_card(card, PUBLIC, mention=Mention(NAME, "aad-anna"))
    shown = [*strings(content), notice(card)]
    assert len(shown) > 40
    assert [text for text in shown if not is_harmless(text)] == []
    assert "Janegnp.exe[31m Taken by Lars Jensen" in notice(card)
    titles = [each["title"] for each in of_type(content, "Action.Submit")]
    assert titles[0] == "Janegnp.exe[31m Taken by Lars Jensen"
    assert all(is_harmless(line) for line in short_text(card).split("\n"))
    assert short_text(card).startswith("Janegnp.exe[31m Taken by Lars Jensen\n")
    lone = draw_card(Card(NAME), PUBLIC)
    assert all(is_harmless(text) for text in strings(lone))
