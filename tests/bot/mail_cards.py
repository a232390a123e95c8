"""Cards that hold every element, for the tests of mail and console."""

from handlers.cards import (
    Button,
    Buttons,
    Card,
    Chart,
    Facts,
    Link,
    Menu,
    Point,
    Progress,
    Scale,
    Table,
    Text,
)

TOKEN = "InRva2VuIg.of-a-realistic-length-0123456789abcdef"
HOSTILE = '<!channel> *x* <script>alert(1)</script> =HYPERLINK("x")'
ACCOUNT = "A&B <x>"

TREND = Chart(
    "trend",
    (Point("2026-Q2", 35, 15, 54, 40), Point("2026-Q3", None), Point("2026-Q4", 25, -17, 50, 4)),
    "NPS by quarter: +35, then +25",
)

SURVEY = Card(
    "Good morning Jane,",
    (
        Text("You work with us on planning, so your view counts."),
        Text("How likely is it that you would recommend Nordfab to a friend?", "strong"),
        Scale("answer", TOKEN, 0, 10, "Not at all likely", "Extremely likely", "Recommend Nordfab"),
        Buttons(
            (
                Link("I may not recommend", token_path=f"/s/{TOKEN}?score=may_not_recommend"),
                Link("Privacy", url="https://nordfab.example/privacy?a=1&b=2"),
            )
        ),
    ),
    audience="person",
    foot="You get this because you work with us.",
)

EVERYTHING = Card(
    f"{ACCOUNT}: 3 of 10",
    (
        Text("A heading", "heading"),
        Text(HOSTILE, "quote"),
        Facts((("Why", HOSTILE), ("Heard", "4 of 6"))),
        Table(("Team", "NPS"), ((ACCOUNT, "+31"), ("Benelux", "+12")), (1,)),
        TREND,
        Progress("Sent", 212, 334),
        Buttons(
            (
                Button("Take it", "case.take", "7", "primary"),
                Menu("More", (Button("Escalate", "case.escalate", "7", "danger", "Tell Lars?"),)),
                Link("Open", url="https://nordfab.example/case", style="primary"),
            )
        ),
        Text("small print", "note"),
    ),
    tone="critical",
    status="new · take by 15:20",
    foot=f"Owner of {ACCOUNT}",
)
