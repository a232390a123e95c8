"""`/nps`, `/nps team`, `/nps segment`, `/nps all`, `/nps help`: honest words for who may know."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import routes
from handlers.cards import Card, Chart, Facts, Text, Whisper, to_json
from handlers.chat import Notice
from handlers.context import Context
from handlers.measures.score import score_interval
from storage.models import (
    Case,
    Member,
    Team,
)
from tests.factories import Make
from tests.handlers.accounts.acme import answered_acme, pressed
from tests.handlers.accounts.portfolio import portfolio
from tests.handlers.accounts.reading import (
    buttons_of,
    card_for,
    facts_of,
    refusal,
    table_of,
    texts_of,
)

NEVER = ("p-value", "significan", "confidence", "statistic", "criticaster")


async def _team(make: Make, name: str = "Nordics", members: int = 4) -> tuple[Team, Member]:
    team = await make.team(name)
    people = [await make.member(team_id=team.id) for _each in range(members)]
    return team, people[0]


@pytest.mark.parametrize(
    ("scores", "quality"),
    [
        ([[9], [9]], None),
        ([[9, 3], [9, 8], [7, 2]], "Rough"),
        ([[9], [9], [2]] * 6, "Indicative"),
        ([[9], [9], [2], [8]] * 12, "Solid"),
    ],
)
async def test_a_score_comes_with_how_far_it_can_be_trusted(
    ctx: Context, make: Make, scores: list[list[int]], quality: str | None
) -> None:
    team, me = await _team(make)
    await portfolio(make, team, scores)

    card = await card_for(ctx, me, "team nordics")

    told = texts_of(card)
    if quality is None:
        assert told[0] == "Too few answers for a score"
        assert told[1] == "2 of 2 people answered, with scores from 2 accounts: 2 promoters"
        return
    assert told[0].startswith("NPS ")
    assert told[0].endswith(f" · {quality}")
    assert "likely between " in told[0]
    assert any("every customer counts once" in each for each in told)
    assert any("Don't compare" in each for each in told) == (quality == "Rough")
    assert card.tone == "neutral"
    for word in NEVER:
        assert word not in str(to_json(card)).lower()


async def test_the_lines_of_a_group_are_those_of_statistics(ctx: Context, make: Make) -> None:
    team, me = await _team(make)
    await portfolio(make, team, [[9], [9], [2], [8]] * 12)
    low, high = (round(each * 100) for each in score_interval(24, 12, 48))

    card = await card_for(ctx, me, "team")

    told = texts_of(card)
    assert told[0] == f"NPS +25 · likely between {low} and {high} · Solid"
    assert told[1] == (
        "48 of 48 people answered, with scores from 48 accounts:"
        " 24 promoters, 12 passives, 12 critics"
    )
    assert told[2] == f"+25 · every customer counts once · likely between {low} and {high}"
    assert told[3].startswith("+25 · weighted by revenue · likely between ")
    assert told[3].endswith("largest customer = 2% of this number; without it: +23")
    assert table_of(card).rows == (("Users", "48 of 48", "24", "12", "12"),)
    assert facts_of(card)["Heard"] == "100% of accounts · 100% of revenue"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("da", ["sandsynligvis mellem", "hver kunde tæller én gang", "vægtet efter omsætning"]),
        ("nl", ["waarschijnlijk tussen", "elke klant telt één keer", "gewogen naar omzet"]),
    ],
)
async def test_a_groups_words_follow_the_language(
    ctx: Context, make: Make, language: str, words: list[str]
) -> None:
    team, me = await _team(make)
    me.language = language
    await make.save(me)
    await portfolio(make, team, [[9], [9], [2], [8]] * 3)

    seen = str(to_json(await card_for(ctx, me, "team")))

    assert all(word in seen for word in words)
    assert all(word not in seen.lower() for word in NEVER)


async def test_a_number_that_few_customers_decide_is_not_shown_by_revenue(
    ctx: Context, make: Make
) -> None:
    team, me = await _team(make)
    await portfolio(make, team, [[9], [9], [2], [8]] * 3, value=1_000.0)
    await portfolio(make, team, [[9]], value=10_000_000.0, prefix="B")

    told = texts_of(await card_for(ctx, me, "team"))

    assert "Not shown weighted by revenue: a few customers would decide it." in told
    assert not any("weighted by revenue ·" in each for each in told)


async def test_a_team_of_three_is_withheld_and_says_why(ctx: Context, make: Make) -> None:
    team, me = await _team(make, "Tiny", members=3)
    await portfolio(make, team, [[9], [9], [2], [8]] * 3)
    cx = await make.member("Clara Lind", role="cx_lead")

    for member in (me, cx):
        card = await card_for(ctx, member, "team tiny")
        assert texts_of(card) == [
            (
                "Tiny has fewer than four members. Its score would be a score of persons,"
                " so it is not shown. 12 of 12 people answered."
            )
        ]
        seen = str(to_json(card))
        assert "promoter" not in seen
        assert "NPS" not in seen
    told = replace(ctx, programme=replace(ctx.programme, measure_members="lead"))
    assert texts_of(await card_for(told, cx, "team tiny"))[0].startswith("NPS +25")


async def test_other_teams_segments_and_all_are_for_who_leads(ctx: Context, make: Make) -> None:
    team, me = await _team(make)
    await _team(make, "South")
    await portfolio(make, team, [[9], [9], [2], [8]] * 3)
    cx = await make.member("Clara Lind", role="cx_lead")
    admin = await make.member("Ada Ring", role="admin")

    assert "your own team" in await refusal(ctx, me, "team south")
    for text in ("all", "segment industry"):
        assert "for CX leads" in await refusal(ctx, me, text)
        for leader in (cx, admin):
            assert texts_of(await card_for(ctx, leader, text))[0].startswith("NPS +25")
        opened = replace(ctx, programme=replace(ctx.programme, open=True))
        assert texts_of(await card_for(opened, me, text))[0].startswith("NPS +25")
    pressed_all = await routes.click(ctx, pressed(me, "group_show", "all"))
    assert isinstance(pressed_all, Whisper)


@pytest.mark.both_databases
async def test_a_missing_or_wrong_name_offers_what_there_is(ctx: Context, make: Make) -> None:
    await _team(make)
    await _team(make, "South")
    cx = await make.member("Clara Lind", role="cx_lead")

    unnamed = await card_for(ctx, cx, "team")
    wrong = await card_for(ctx, cx, "team nrds")

    assert unnamed.title == "Which team?"
    assert [button.label for button in buttons_of(unnamed)] == ["Nordics", "South"]
    assert wrong.title == "No team “nrds”. Did you mean Nordics?"
    button = buttons_of(wrong)[0]
    chosen = await routes.click(ctx, pressed(cx, button.action, button.value))
    assert isinstance(chosen, Card)
    assert chosen.title == "Nordics"


async def test_deciders_who_are_critics_come_first_with_their_accounts(
    ctx: Context, make: Make
) -> None:
    acme, _told, _case = await answered_acme(make)

    card = await card_for(ctx, acme.lars, "team")

    first, second = card.body[:2]
    assert first == Text("1 decision maker is a critic", "strong")
    assert second == Facts((("Acme A/S", "Jane Jensen, CFO, 3"),))
    assert facts_of(card)["Cases"] == "1 open"
    assert [button.label for button in buttons_of(card)] == ["Acme A/S"]


async def test_a_trend_leaves_a_gap_where_few_answered(ctx: Context, make: Make) -> None:
    team, me = await _team(make)
    for prefix, scores in (("A", [[9], [2], [8], [9]] * 3), ("B", [[9], [9]]), ("C", [[9]] * 12)):
        await portfolio(make, team, scores, prefix=prefix)
        make.now.forward(days=10)

    card = await card_for(ctx, me, "team")

    [chart] = [part for part in card.body if isinstance(part, Chart)]
    assert [(point.label, point.value, point.n) for point in chart.series] == [
        ("Wave A", 25.0, 12), ("Wave B", None, 2), ("Wave C", 100.0, 12),
    ]  # fmt: skip
    assert "Wave B: Too few answers for a score" in chart.alt


async def test_my_accounts_come_in_order_of_need_without_a_score_over_all(
    ctx: Context, make: Make
) -> None:
    acme, _told, _case = await answered_acme(make)
    calm = await make.account("Calm ApS", owner_id=acme.anna.id, team_id=acme.team.id)
    decider = await make.contact(calm, "Dora", role="decision_maker")
    await make.response(await make.invitation(decider), 9)
    await make.account("New ApS", owner_id=acme.anna.id, team_id=acme.team.id)
    await make.account("Not hers", team_id=acme.team.id)

    card = await card_for(ctx, acme.anna, "")

    assert card.title == "Your accounts"
    assert texts_of(card)[0] == "3 accounts · 5 of 7 people heard · 1 open case"
    assert facts_of(card) == {"Acme A/S": "Anna has it · contact by Wed 13:20"}
    assert table_of(card).rows == (
        ("Acme A/S", "at risk", "+25", "4 of 6", "1", "7 January"),
        ("New ApS", "unknown", "–", "0 of 0", "–", "–"),
        ("Calm ApS", "safe", "+100", "1 of 1", "–", "–"),
    )
    assert "NPS +" not in str(to_json(card))
    assert [button.label for button in buttons_of(card)] == [
        "Open: Acme A/S", "Acme A/S", "New ApS", "Calm ApS", "Figures of Nordics",
    ]  # fmt: skip


@pytest.mark.both_databases
async def test_a_lead_sees_the_teams_accounts_and_cx_the_programme(
    ctx: Context, make: Make
) -> None:
    acme, _told, _case = await answered_acme(make)

    lead = await card_for(ctx, acme.lars, "")
    cx = await card_for(ctx, acme.clara, "")

    assert lead.title == "Accounts of Nordics"
    assert cx.title == "Nordfab: the programme"
    assert texts_of(cx)[0] == "1 decision maker is a critic"
    assert facts_of(cx)["Autumn 2026"] == "4 of 6 answered · closes 3 December"
    assert facts_of(cx)["Cases"] == "1 open"


async def test_nobody_without_accounts_sees_figures(ctx: Context, make: Make) -> None:
    await answered_acme(make)
    new = await make.member("New Here")

    card = await card_for(ctx, new, "")

    assert texts_of(card) == [
        (
            "No accounts are in your name yet."
            " Ask your CX lead, or type /nps and the name of an account."
        )
    ]


async def test_the_home_tab_is_the_overview(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)
    person = pressed(acme.anna, "", "").person

    home = await routes.notice(ctx, Notice("home_opened", person.place, person))
    stranger = await routes.notice(
        ctx, Notice("home_opened", "slack:U0X", replace(person, id="nobody@nowhere.example"))
    )

    assert home == await card_for(ctx, acme.anna, "")
    assert isinstance(stranger, Card)
    assert stranger.audience == "person"
    assert stranger.title.startswith("I don't know you yet.")


async def test_overdue_and_untaken_cases_are_counted(ctx: Context, make: Make) -> None:
    acme, _told, case = await answered_acme(make)
    other = await make.account("Other", team_id=acme.team.id)
    await make.save(
        Case(
            account_id=other.id, kind="relationship", opened_at=make.now(),
            take_by=make.now() + timedelta(hours=4),
        )
    )  # fmt: skip
    make.now.forward(days=2)

    assert facts_of(await card_for(ctx, acme.lars, "team"))["Cases"] == (
        "2 open, 1 not taken, 2 overdue"
    )
    assert case.contact_by is not None


@pytest.mark.parametrize(
    ("role", "lists", "lists_not"),
    [
        ("account_manager", "/nps team", "/nps all"),
        ("team_lead", "/nps acme", "/nps segment"),
        ("cx_lead", "/nps all", None),
        ("admin", "/nps segment", None),
    ],
)
async def test_help_lists_what_the_role_may_do(
    ctx: Context, make: Make, role: str, lists: str, lists_not: str | None
) -> None:
    team = await make.team("Nordics")
    me = await make.member("Anna Berg", role=role, team_id=team.id)

    card = await card_for(ctx, me, "help")

    assert card.audience == "person"
    assert texts_of(card)[0].startswith("You are Anna Berg, ")
    assert lists in facts_of(card)
    assert lists_not not in facts_of(card)
