"""Cards as text: the samples of the product, line for line."""

from bot.terminal import draw
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Chart,
    Choice,
    Facts,
    Form,
    Input,
    Menu,
    Point,
    Scale,
    Text,
    Whisper,
)
from tests.bot.mail_cards import ACCOUNT, EVERYTHING, HOSTILE

ALERT = Card(
    "Acme A/S: 3 of 10 from Jane Jensen, CFO, decision maker",
    (
        Text("Third wrong invoice in a row, and nobody calls back.", "quote"),
        Facts(
            (
                ("Wants a call", "Wed morning · +45 12 34 56 78 · jane@acme.example"),
                ("Why", "invoicing, communication · was 8 in March"),
                ("At stake", "420,000 EUR a year · tier A · renews 7 January (in 44 days)"),
                ("Heard", "4 of 6: 2 promoters, 1 passive, 1 critic (Jane)"),
                ("Helped before", "Invoicing at Nordhavn Parts: one named person"),
            )
        ),
        Buttons(
            (
                Button("I called or wrote", "a", "1"),
                Button("Take it", "b", "1"),
                Button("Write to Jane", "c", "1"),
                Menu("More", (Button("Snooze", "d", "1"),)),
            )
        ),
    ),
    tone="critical",
    status="new · take by 15:20",
    foot="You get this as owner of Acme · Autumn 2026 · answered 13:20",
)


def test_an_alert_reads_as_the_product_shows_it() -> None:
    assert draw(ALERT).splitlines() == [
        "🔴 Acme A/S: 3 of 10 from Jane Jensen, CFO, decision maker           new · take by 15:20",
        "“Third wrong invoice in a row, and nobody calls back.”",
        "Wants a call   Wed morning · +45 12 34 56 78 · jane@acme.example",
        "Why            invoicing, communication · was 8 in March",
        "At stake       420,000 EUR a year · tier A · renews 7 January (in 44 days)",
        "Heard          4 of 6: 2 promoters, 1 passive, 1 critic (Jane)",
        "Helped before  Invoicing at Nordhavn Parts: one named person",
        "[I called or wrote]  [Take it]  [Write to Jane]  [More ▾]",
        "You get this as owner of Acme · Autumn 2026 · answered 13:20",
    ]


def test_every_element_has_its_words() -> None:
    drawn = draw(EVERYTHING)
    for words in (
        f"“{HOSTILE}”",
        ACCOUNT,
        "212/334",
        "█·▁",
        "[Take it]",
        "[More ▾]",
        "small print",
    ):
        assert words in drawn


def test_a_status_that_finds_no_room_stands_below() -> None:
    assert (
        draw(Card("x" * 80, status="new · take by 15:20")).splitlines()[1] == "new · take by 15:20"
    )


def test_on_a_narrow_terminal_lines_are_broken_between_words_and_buttons() -> None:
    card = Card(
        "Acme A/S: 3 of 10 from Jane",
        (
            Facts((("At stake", "420,000 EUR a year · tier A"), ("Why", "invoicing"))),
            Buttons((Button("I called or wrote", "a", "1"), Button("Write to Jane", "b", "1"))),
        ),
        status="new · take by 15:20",
    )
    assert draw(card, 30).splitlines() == [
        "Acme A/S: 3 of 10 from Jane",
        "new · take by 15:20",
        "At stake  420,000 EUR a year ·",
        "          tier A",
        "Why       invoicing",
        "[I called or wrote]",
        "[Write to Jane]",
    ]


def test_a_whisper_is_its_card() -> None:
    assert draw(Whisper(Card("Mikkel took this."))) == "Mikkel took this."


def test_a_scale_shows_its_numbers_between_its_ends() -> None:
    card = Card("x", (Scale("a", "v", 0, 3, "no", "yes", "n"),))
    assert draw(card).splitlines()[1] == "no  [0] [1] [2] [3]  yes"


def test_what_people_wrote_cannot_steer_the_terminal() -> None:
    card = Card("a\x1b[2Jb\rc\x07d\x9be", (Text("one\ntwo"),))
    assert draw(card) == "a\ufffd[2Jb\ufffdc\ufffdd\ufffde\none\ntwo"


def test_charts_in_rows_have_a_row_each() -> None:
    bars = Chart("bars", (Point("Nordics", 31, n=120), Point("Benelux", None)), "Two teams")
    coverage = Chart("coverage", (Point("Users", 1, n=2),), "Heard of asked")
    assert draw(Card("x", (bars, coverage))).splitlines()[1:] == [
        "Two teams",
        "Nordics  31 (120)",
        "Benelux  –",
        "Heard of asked",
        "Users  ████████████░░░░░░░░░░░░ 1/2",
    ]


def test_a_form_shows_what_is_asked_and_what_is_chosen() -> None:
    form = Form(
        "I called or wrote",
        (
            Input("choice", "reached", "Reached?", value="yes",
                  options=(Choice("yes", "Yes", "spoke"), Choice("no", "No"))),
            Input("long_text", "said", "What they said", required=False, hint="In their words"),
            Input("members", "who", "Who?", value="3", options=(Choice("3", "Anna Berg"),)),
        ),
        "case.contacted", "7", "Save",
    )  # fmt: skip
    assert draw(form).splitlines() == [
        "I called or wrote", "",
        "Reached? *", "  (x) Yes – spoke", "  ( ) No", "",
        "What they said", "  In their words", "  [______]", "",
        "Who? *", "  Anna Berg", "",
        "[Save]",
    ]  # fmt: skip
