"""`/nps acme`: every line as product.md shows it, in each language, whatever is known."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from handlers import routes
from handlers.cards import Card, Chart, Facts, Table, to_json
from handlers.context import Context
from handlers.figures import measure_scope
from handlers.measures.measure import Scope
from storage.models import ContactStatus, RecommendPolicy
from tests.factories import Make, acme_story
from tests.handlers.accounts.acme import COMMENT, answered_acme, pressed, recount
from tests.handlers.accounts.reading import buttons_of, card_for, facts_of, texts_of

ROOM = "console:nordics"


async def test_acme_is_told_line_by_line(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)

    card = await card_for(ctx, acme.anna, "acme", ROOM)

    assert card.title == "Acme A/S · at risk: a decision maker is a critic"
    assert card.status == "only you see this"
    assert card.tone == "critical"
    assert card.audience == "internal"
    assert texts_of(card) == [
        "Jane Jensen, CFO, 3 (was 8 in March) · Anna has it · contact by Wed 13:20",
        (
            "NPS +25 from 4 of 6: 2 promoters, 1 passive, 1 critic"
            " · −17 to +50 once the other two answer"
        ),
        (
            "420,000 EUR a year · tier A · renews 7 January (in 44 days)"
            " · promised: invoice check by 1 December"
        ),
        "“Third wrong invoice…” Jane, 3, today · “great planners” Ole, 9, 2 days ago",
    ]
    assert facts_of(card) == {
        "Deciders": "3",
        "Influencers": "7, –",
        "Users": "9, 9, –",
        "Silent": "Peter Holm (purchasing), Mia Lund (warehouse) · asked 12 Nov · reminder Thu",
    }
    assert card.foot == "– = asked, silent · answers since 24 November 2025"
    assert [button.label for button in buttons_of(card)] == [
        "Brief for the call", "People", "History", "Cases", "Show in channel",
    ]  # fmt: skip
    [chart] = [part for part in card.body if isinstance(part, Chart)]
    assert [(point.label, point.value, point.n) for point in chart.series] == [
        ("Spring 2026", 50.0, 2), ("Autumn 2026", 25.0, 4),
    ]  # fmt: skip
    assert chart.alt == (
        "NPS of Acme A/S by wave: Spring 2026 +50 (2 answers); Autumn 2026 +25 (4 answers)"
    )


@pytest.mark.parametrize(
    ("language", "title", "line"),
    [
        (
            "da",
            "Acme A/S · i fare: en beslutningstager er kritiker",
            (
                "NPS +25 fra 4 af 6: 2 ambassadører, 1 passiv, 1 kritiker"
                " · −17 til +50, når de andre to svarer"
            ),
        ),
        (
            "nl",
            "Acme A/S · in gevaar: een beslisser gaf een kritisch antwoord",
            (
                "NPS +25 van 4 van de 6: 2 promoters, 1 passief, 1 kritisch antwoord"
                " · −17 tot +50 zodra de andere twee antwoorden"
            ),
        ),
    ],
)
async def test_the_card_speaks_the_members_language(
    ctx: Context, make: Make, language: str, title: str, line: str
) -> None:
    acme, _told, _case = await answered_acme(make)
    acme.anna.language = language
    await make.save(acme.anna)

    card = await card_for(ctx, acme.anna, "acme")

    assert card.title == title
    assert line in texts_of(card)
    assert "criticaster" not in str(to_json(card))


async def test_the_figures_are_those_of_measure(ctx: Context, make: Make) -> None:
    acme, told, _case = await answered_acme(make)
    told["karen"].reply, told["karen"].score = "may_not_recommend", None
    await make.save(told["karen"])
    await recount(make, acme.account)

    whole = await measure_scope(ctx, Scope("account", "acme"))
    card = await card_for(ctx, acme.anna, "acme")

    assert (whole.rated, whole.asked, whole.may_not_recommend) == (3, 6, 1)
    assert whole.bounds is not None
    assert [round(bound) for bound in whole.bounds] == [-20, 60]
    assert (
        "NPS +33 from 3 of 5: 2 promoters, 1 critic · −20 to +60 once the other two answer"
        " · 1 may not recommend"
    ) in texts_of(card)
    assert facts_of(card)["Influencers"] == "×, –"
    assert "× = answered without a score" in (card.foot or "")


async def test_nobody_heard_and_nobody_asked_says_who_can_be_asked(
    ctx: Context, make: Make
) -> None:
    anna = await make.member("Anna Berg")
    account = await make.account("Nyco ApS", owner_id=anna.id)
    for name in ("Ib", "Bo"):
        await make.contact(account, name)
    await make.contact(account, "Gone", status=ContactStatus.INACTIVE)

    card = await card_for(ctx, anna, "nyco")

    assert card.title == "Nyco ApS · unknown: nobody was heard"
    assert "Nobody at Nyco has answered yet. 2 people can be asked; last asked: never." in texts_of(
        card
    )
    assert "No value or renewal date on file" in texts_of(card)


async def test_asked_but_nobody_heard_says_when(ctx: Context, make: Make) -> None:
    acme = await acme_story(make)

    card = await card_for(ctx, acme.anna, "acme")

    assert card.title == "Acme A/S · watch: it renews soon and no decision maker was heard"
    assert (
        "Nobody at Acme has answered yet. 6 people can be asked; last asked: 12 Nov."
        in texts_of(card)
    )


async def test_answers_older_than_the_window_are_told_as_old(ctx: Context, make: Make) -> None:
    anna = await make.member("Anna Berg")
    account = await make.account("Acme A/S", owner_id=anna.id)
    contact = await make.contact(account, "Jane Jensen", role="decision_maker")
    old = datetime(2025, 5, 1, tzinfo=UTC)
    invitation = await make.invitation(contact, sent_at=old)
    await make.response(invitation, 9, answered_at=old)

    card = await card_for(ctx, anna, "acme")

    assert (
        "Nobody at Acme has answered in the last 12 months. 1 person can be asked;"
        " last asked: 1 May 2025; last answer: 1 May 2025."
    ) in texts_of(card)


async def test_one_answer_of_zero_is_a_score(ctx: Context, make: Make) -> None:
    acme = await acme_story(make)
    await make.response(acme.invitations["jane"], 0)
    await recount(make, acme.account)

    card = await card_for(ctx, acme.anna, "acme")

    assert facts_of(card)["Deciders"] == "0"
    assert texts_of(card)[0] == "Jane Jensen, CFO, 0"
    assert "NPS −100 from 1 of 6: 1 critic · −100 to +67 once the other five answer" in texts_of(
        card
    )


async def test_all_heard_needs_no_bounds(ctx: Context, make: Make) -> None:
    acme = await acme_story(make)
    for invitation in acme.invitations.values():
        await make.response(invitation, 9)

    card = await card_for(ctx, acme.anna, "acme")

    assert card.title == "Acme A/S · safe: no critic, no open case"
    assert card.tone == "good"
    assert "NPS +100 from all 6: 6 promoters" in texts_of(card)
    assert card.foot == "answers since 24 November 2025"


async def test_provisional_suspect_and_trial_answers_count_as_silence(
    ctx: Context, make: Make
) -> None:
    acme = await acme_story(make)
    await make.response(acme.invitations["jane"], 2, status="provisional", comment="half a word")
    await make.response(acme.invitations["ole"], 1, status="suspect", comment="a scanner")
    trial = await make.wave("Trial", is_test=True)
    invitation = await make.invitation(acme.contacts["lis"], trial, is_test=True)
    await make.response(invitation, 0, comment="a trial")

    card = await card_for(ctx, acme.anna, "acme")

    assert facts_of(card)["Deciders"] == "–"
    assert facts_of(card)["Users"] == "–, –, –"
    for secret in ("half a word", "a scanner", "a trial"):
        assert secret not in str(to_json(card))


async def test_what_customers_wrote_stays_plain_data(ctx: Context, make: Make) -> None:
    anna = await make.member("Anna Berg")
    account = await make.account("A&B <x>", key="ab", owner_id=anna.id)
    contact = await make.contact(account, "<!channel>", role="decision_maker")
    attack = "<!channel> *x* <script>alert(1)</script> {nps}"
    await make.response(await make.invitation(contact), 2, comment=attack)

    card = await card_for(ctx, anna, "a&b <x>")

    assert card.title.startswith("A&B <x> · at risk")
    assert "“<!channel> *x*…” <!channel>, 2, today" in texts_of(card)
    brief = await card_for(ctx, anna, "a&b <x> brief")
    assert any(text.startswith(f"“{attack}”") for text in texts_of(brief))


async def test_a_company_that_forbids_recommending_is_told(ctx: Context, make: Make) -> None:
    acme = await acme_story(make)
    acme.account.recommend_policy = RecommendPolicy.FORBIDDEN
    await make.save(acme.account)

    assert any(
        text.endswith("company does not allow recommendations")
        for text in texts_of(await card_for(ctx, acme.anna, "acme"))
    )


async def test_an_administrator_reads_no_comments(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)
    admin = await make.member("Ada Ring", role="admin")

    for text in ("acme", "acme history", "acme reasons", "acme cases", "acme people"):
        card = await card_for(ctx, admin, text)
        assert COMMENT[:19] not in str(to_json(card))
        assert "planners" not in str(to_json(card))
    assert any("NPS +25" in text for text in texts_of(await card_for(ctx, admin, "acme")))


async def test_history_tells_answers_askings_and_the_case(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)

    card = await card_for(ctx, acme.anna, "acme history")

    [facts] = [part.facts for part in card.body if isinstance(part, Facts)]
    assert facts[:3] == (
        ("24 Nov", "Anna took the case"),
        ("24 Nov", f"Jane Jensen: 3 (was 8 in March) “{COMMENT}”"),
        ("24 Nov", "Case opened"),
    )
    assert ("12 Nov", "Autumn 2026: 6 people asked") in facts
    assert facts[-1] == ("9 Mar", "Spring 2026: 2 people asked")


async def test_reasons_count_who_named_them(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)

    card = await card_for(ctx, acme.anna, "acme reasons")

    [table] = [part for part in card.body if isinstance(part, Table)]
    assert table.rows == (("Communication", "1", "1 critic"), ("Invoicing", "1", "1 critic"))


async def test_each_part_leads_back_to_the_account(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)
    whole = await card_for(ctx, acme.anna, "acme")

    for button in buttons_of(whole):
        part = await routes.click(ctx, pressed(acme.anna, button.action, button.value))
        assert isinstance(part, Card)
        assert part.title != whole.title
        back = next(each for each in buttons_of(part) if each.label == "Back to Acme A/S")
        again = await routes.click(ctx, pressed(acme.anna, back.action, back.value))
        assert again == whole


async def test_a_case_past_its_time_says_so(ctx: Context, make: Make) -> None:
    acme, _told, case = await answered_acme(make)
    make.now.forward(days=2)

    card = await card_for(ctx, acme.anna, "acme")

    assert "Anna has it · contact was due Wed 13:20" in texts_of(card)[0]
    case.state, case.taken_by, case.owner_id = "new", None, None
    await make.save(case)
    assert (
        "nobody has it yet · was to be taken by Tue"
        in texts_of(await card_for(ctx, acme.anna, "acme"))[0]
    )


async def test_an_open_programme_shows_every_account(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)
    stranger = await make.member("Bo Friis")

    card = await card_for(
        replace(ctx, programme=replace(ctx.programme, open=True)), stranger, "acme"
    )

    assert card.title.startswith("Acme A/S")
