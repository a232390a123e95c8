"""`/nps`, `/nps team`, `/nps segment`, `/nps all`, `/nps help`: honest words for who may know."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import routes
from handlers.cards import Card, Chart, Facts, Text, Whisper, to_json
from handlers.chat import Notice
from handlers.context import Context
from handlers.figures import measure_scope, measure_teams
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


async def _three_teams(make: Make) -> Member:
    strong, _anna = await _team(make, "Strong")
    weak, _bo = await _team(make, "Calm")
    few, _carl = await _team(make, "Few")
    await _team(make, "New")
    await portfolio(make, strong, [[9], [9], [9], [8]] * 15, prefix="S")
    await portfolio(make, weak, [[9], [7], [2], [2]] * 15, prefix="W")
    await portfolio(make, few, [[9], [9], [2]] * 3, prefix="F")
    return await make.member("Clara Lind", role="cx_lead")


@pytest.mark.both_databases
async def test_teams_stand_beside_each_other_by_name_and_only_a_clear_difference_is_told(
    ctx: Context, make: Make
) -> None:
    cx = await _three_teams(make)

    card = await card_for(ctx, cx, "teams")

    rows = table_of(card).rows
    assert [row[0] for row in rows] == ["Calm", "Few", "New", "Strong"]
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name["Strong"][3] == "🟢 Clearly above the rest"
    assert by_name["Calm"][3] == "🟠 Clearly below the rest"
    assert by_name["Few"][0] == "9 of 9"
    assert by_name["Few"][3] == "Few answers: not compared"
    assert by_name["New"] == ("0 of 0", "–", "–", "Too few answers for a score")
    # Nearer to the middle than the 75, -25 and 33 that they are alone.
    assert [int(by_name[name][1].replace("−", "-")) for name in ("Strong", "Calm")] == [70, -20]
    assert texts_of(card)[1] == (
        "With 60 answers in each team, only gaps above about 40 points would show."
    )
    for word in (*NEVER, "rank", "best", "worst"):
        assert word not in str(to_json(card)).lower()
    button = next(each for each in buttons_of(card) if each.label == "Strong")
    chosen = await routes.click(ctx, pressed(cx, button.action, button.value))
    assert isinstance(chosen, Card)
    assert chosen.title == "Strong"


async def test_the_teams_beside_each_other_have_the_figures_of_each_alone(
    ctx: Context, make: Make
) -> None:
    await _three_teams(make)

    told, _rest = await measure_teams(ctx, "relationship")
    for each in told:
        alone = await measure_scope(ctx, each.scope)
        assert replace(each, value_weighted=None) == replace(alone, value_weighted=None)


async def test_small_teams_are_told_as_one_beside_the_others(ctx: Context, make: Make) -> None:
    cx = await _three_teams(make)
    for name in ("Ares", "Zeta"):
        tiny, _me = await _team(make, name, members=3)
        await portfolio(make, tiny, [[9], [9], [2], [8]] * 3, prefix=name)
    opened = replace(ctx, programme=replace(ctx.programme, measure_members="lead"))

    told = table_of(await card_for(ctx, cx, "teams")).rows
    alone = table_of(await card_for(opened, cx, "teams")).rows

    assert [row[0] for row in told] == ["Calm", "Few", "New", "Strong", "Smaller teams"]
    assert told[-1][1] == "24 of 24"
    assert [row[0] for row in alone] == ["Ares", "Calm", "Few", "New", "Strong", "Zeta"]


async def test_one_small_team_is_never_told_alone_beside_the_others(
    ctx: Context, make: Make
) -> None:
    cx = await _three_teams(make)
    tiny, _me = await _team(make, "Tiny", members=3)
    await portfolio(make, tiny, [[9], [9], [2], [8]] * 3, prefix="T")

    card = await card_for(ctx, cx, "teams")

    # Calm, of four members, stands with it: else the whole less the others would be Tiny.
    assert [row[:2] for row in table_of(card).rows] == [
        ("Few", "9 of 9"), ("New", "0 of 0"), ("Strong", "60 of 60"), ("Smaller teams", "72 of 72"),
    ]  # fmt: skip
    assert "Tiny" not in str(to_json(card))
    assert "Calm" in texts_of(card)[-1]


async def test_a_small_team_that_is_the_only_one_is_withheld(ctx: Context, make: Make) -> None:
    tiny, _me = await _team(make, "Tiny", members=3)
    cx = await make.member("Clara Lind", role="cx_lead")
    await portfolio(make, tiny, [[9], [9], [2], [8]] * 3, prefix="T")

    card = await card_for(ctx, cx, "teams")

    assert table_of(card).rows == (("Smaller teams", "12 of 12", "–", "–", "too few people"),)


async def _product_answers(make: Make) -> Member:
    """Six people of three accounts about pumps, one of them twice, and one about valves."""
    cx = await make.member("Clara Lind", role="cx_lead")
    for number, scores in enumerate(([9, 10], [9, 3], [8, 9])):
        account = await make.account(f"Customer {number}")
        for score in scores:
            contact = await make.contact(account, role="user")
            asked = await make.invitation(contact, kind="product")
            await make.response(asked, score, product="Pumps")
            await make.invitation(contact, kind="product")  # says nothing of a product
    before = make.now() - timedelta(days=40)
    asked = await make.invitation(contact, kind="product", sent_at=before)
    await make.response(asked, 2, product="Pumps", answered_at=before)
    asked = await make.invitation(contact, kind="product")
    await make.response(asked, 1, product="Valves")
    asked = await make.invitation(contact, kind="relationship")
    await make.response(asked, 0, product="Pumps")
    return cx


@pytest.mark.both_databases
async def test_a_product_has_the_figures_of_who_answered_about_it(ctx: Context, make: Make) -> None:
    cx = await _product_answers(make)

    card = await card_for(ctx, cx, "product pump")

    assert card.title == "Pumps"
    told = texts_of(card)
    assert told[0].startswith("NPS +50 · likely between ")
    assert told[0].endswith(" · Rough")
    assert told[1] == (
        "6 people answered, with scores from 3 accounts: 4 promoters, 1 passive, 1 critic"
    )
    assert "who was asked and said nothing about it is not known" in told[-1]
    assert "Heard" not in facts_of(card)


async def test_products_are_offered_to_who_sees_all(ctx: Context, make: Make) -> None:
    cx = await _product_answers(make)
    me = await make.member("Anna Berg")

    unnamed = await card_for(ctx, cx, "product")
    wrong = await card_for(ctx, cx, "product pmup")
    nothing = await card_for(ctx, cx, "product <b>xyzzy</b>")

    assert unnamed.title == "Which product?"
    assert [each.label for each in buttons_of(unnamed)] == ["Pumps", "Valves"]
    button = buttons_of(unnamed)[1]
    chosen = await routes.click(ctx, pressed(cx, button.action, button.value))
    assert isinstance(chosen, Card)
    assert texts_of(chosen)[0] == "Too few answers for a score"
    assert wrong.title in ("Pumps", "No product “pmup”. Did you mean Pumps?")
    assert nothing.title.startswith("No product “<b>xyzzy</b>”")
    assert "for CX leads" in await refusal(ctx, me, "product pumps")
    refused = await routes.click(ctx, pressed(me, button.action, button.value))
    assert isinstance(refused, Whisper)


async def test_one_team_has_its_own_score_and_nothing_beside_it(ctx: Context, make: Make) -> None:
    team, _me = await _team(make)
    cx = await make.member("Clara Lind", role="cx_lead")
    await portfolio(make, team, [[9], [9], [2], [8]] * 12)
    low, high = (round(each * 100) for each in score_interval(24, 12, 48))

    card = await card_for(ctx, cx, "teams")

    assert table_of(card).rows == (("Nordics", "48 of 48", "+25", f"{low} and {high}", "–"),)
    assert texts_of(card)[0].startswith("* Nothing to compare yet")


async def test_teams_are_compared_for_who_sees_all(ctx: Context, make: Make) -> None:
    cx = await _three_teams(make)
    strong = await card_for(ctx, cx, "teams strong")
    me = await make.member("Anna Berg", role="team_lead")
    nobody = replace(ctx, programme=replace(ctx.programme, open=True))

    assert strong.title == "Strong"
    assert "for CX leads" in await refusal(ctx, me, "teams")
    assert (await card_for(nobody, me, "teams")).title == "Teams beside each other, by name"
    opener = buttons_of(await card_for(ctx, cx, "all"))[-1]
    opened = await routes.click(ctx, pressed(cx, opener.action, opener.value))
    assert opened == await card_for(ctx, cx, "teams")
    refused = await routes.click(ctx, pressed(me, opener.action, opener.value))
    assert isinstance(refused, Whisper)


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


@pytest.mark.parametrize("text", ["team", "teams", "segment", "product"])
async def test_where_there_is_nothing_to_choose_it_says_where_it_comes_from(
    ctx: Context, make: Make, text: str
) -> None:
    cx = await make.member("Clara Lind", role="cx_lead")

    title = (await card_for(ctx, cx, text)).title

    assert " yet. " in title
    assert "“”" not in title


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
        ("cx_lead", "/nps teams", None),
        ("account_manager", "/nps team", "/nps teams"),
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
