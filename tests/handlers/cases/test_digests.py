"""The daily digest, the boards and the question about a company's rule."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers import routes
from handlers.cards import Card, Whisper
from handlers.chat import Click, Person, Unreachable
from storage.models import Account, BoundPlace, RecommendPolicy, ResponseStatus
from tests.fakes import Posted
from tests.handlers.cases.conftest import Story, buttons
from tests.handlers.cases.test_acting import said, told

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def digests(story: Story) -> list[Posted]:
    return [each for each in story.posted() if each.card.title.startswith("Good morning")]


async def morning(story: Story, day: int) -> None:
    story.clock.at = datetime(2026, 11, day, 8, 1, tzinfo=COPENHAGEN)
    await story.tick()
    await story.tick()


@pytest.mark.both_databases
async def test_the_digest_brings_the_good_news_and_what_is_due_once_a_day(story: Story) -> None:
    await morning(story, 24)
    assert digests(story) == []
    story.clock.at = datetime(2026, 11, 24, 13, 20, tzinfo=COPENHAGEN)
    await story.answer("mia", 9, comment="great planners")
    posted = await told(story)
    await story.press(story.acme.anna, posted, "case.take")
    await morning(story, 25)
    (digest,) = digests(story)
    text = str(digest.card.body)
    assert digest.card.title == "Good morning, Anna"
    assert "Acme A/S: 9 from Mia Lund" in text
    assert "great planners" in text
    assert "Acme A/S: Anna has it since Tue 13:20 · contact by 13:20" in text
    assert digest.card.audience == "internal"
    await story.forward(hours=3)
    assert len(digests(story)) == 1


async def renews_never(story: Story) -> None:
    story.acme.account.renewal_date = None
    await story.make.save(story.acme.account)


async def test_what_is_opened_from_a_digest_leaves_the_digest_as_it_is(story: Story) -> None:
    await story.answer("jane", 3)
    await story.work()
    await morning(story, 25)
    digest = story.posted()[-1]
    reply = await story.press(story.acme.anna, digest, "beside:case.open")
    assert isinstance(reply, Whisper)
    assert reply.card.title.startswith("Acme A/S: 3 of 10 from Jane Jensen")
    assert digest.card.title == "Good morning, Anna"
    # What it shows is worked on from there.
    click = Click(story.person(story.acme.anna), digest.place, "case.take", "1", None)
    assert isinstance(await routes.click(story.ctx, click), Card)
    for value in ("", "x", "999"):
        click = Click(story.person(story.acme.anna), digest.place, "beside:case.open", value)
        assert isinstance(await routes.click(story.ctx, click), Whisper)


async def test_an_empty_digest_is_not_sent(story: Story) -> None:
    await renews_never(story)
    await morning(story, 24)
    await morning(story, 25)
    assert story.chat.posted == []


async def test_provisional_answers_are_one_quiet_line_after_a_day(story: Story) -> None:
    await renews_never(story)
    await morning(story, 24)
    for who in ("jane", "peter"):
        await story.answer(
            who, 3, alert=False, status=ResponseStatus.PROVISIONAL,
            last_input_at=story.clock() + timedelta(hours=1),
        )  # fmt: skip
    await morning(story, 25)
    assert digests(story) == []
    await morning(story, 26)
    (digest,) = digests(story)
    assert "2 people began to answer and did not finish." in str(digest.card)
    assert "Jane" not in str(digest.card)
    await morning(story, 27)
    assert len(digests(story)) == 1


async def test_no_digest_on_free_days_or_while_away(story: Story) -> None:
    await morning(story, 24)
    await story.answer("ole", 10)
    await story.type(story.acme.anna, "away until thursday")
    await morning(story, 25)
    await morning(story, 26)
    assert digests(story) == []
    await morning(story, 27)
    assert "10 from Ole Holm" in str(digests(story)[0].card)
    await morning(story, 28)
    assert len(digests(story)) == 1


async def test_boards_show_open_cases_with_buttons(story: Story) -> None:
    posted = await told(story)
    board = await story.type(story.acme.anna, "cases")
    assert isinstance(board, Card)
    assert board.title == "My open cases"
    assert [each.action for each in buttons(board)] == ["case.open", "case.take"]
    assert "Third wrong invoice" not in str(board)
    opened = await story.click(
        _click(story, "case.open", "1", posted), Posted("", posted.message, posted.ref, [])
    )
    assert isinstance(opened, Card)
    assert opened.title.startswith("Acme A/S: 3 of 10")
    late = await story.type(story.acme.clara, "cases overdue")
    assert "No open cases here" in str(late)
    story.clock.forward(hours=3)
    late = await story.type(story.acme.clara, "cases overdue")
    assert "was to be taken by 15:20" in str(late)
    assert said(await story.type(story.acme.anna, "cases nonsense")).startswith("I know /nps cases")
    stranger = await story.make.member("Odd Stranger")
    assert said(await story.type(stranger, "cases team")).startswith("You belong to no team.")
    assert "No open cases here" in str(await story.type(stranger, "cases all"))


async def test_an_administrator_opens_a_case_without_the_customers_words(story: Story) -> None:
    posted = await told(story)
    admin = await story.make.member("Ada Min", role="admin")
    click = _click(story, "case.open", "1", posted, admin.email, message=False)
    card = await story.click(click, Posted("", posted.message, posted.ref, []))
    assert isinstance(card, Card)
    assert "Third wrong invoice" not in str(card)


def _click(
    story: Story, action: str, value: str, posted: Posted, who: str = "", message: bool = True
) -> Click:
    person = Person("console", who or story.acme.anna.email)
    return Click(person, posted.place, action, value, posted.ref if message else None)


@pytest.mark.both_databases
async def test_two_who_may_not_recommend_ask_for_the_companys_rule(story: Story) -> None:
    from handlers import alerts

    for who in ("ole", "lis"):
        await story.make.response(story.acme.invitations[who], None, reply="may_not_recommend")
    async with story.ctx.db.session() as session:
        from storage import answers

        await answers.recount(session, [story.acme.account.id], "relationship", story.clock(), 12)
        row = await alerts.add(
            session, key="policy:1", what="policy_question", due_at=story.clock(),
            account_id=story.acme.account.id,
        )  # fmt: skip
    await story.ctx.soon(alerts.job_of(row), None)
    await story.work()
    (posted,) = story.posted()
    assert posted.card.title == "Is this Acme A/S's rule?"
    assert "Lis Krog, Ole Holm answered" in str(posted.card)
    only = await story.press(story.acme.anna, posted, "policy.only")
    assert isinstance(only, Card)
    assert only.title == "Noted: only Lis Krog, Ole Holm are not asked."
    posted.cards.pop()
    done = await story.press(story.acme.anna, posted, "policy.all")
    assert isinstance(done, Card)
    assert done.title == "Noted: nobody at Acme A/S is asked whether they recommend us."
    async with story.ctx.db.reading() as session:
        account = await session.get_one(Account, story.acme.account.id)
    assert account.recommend_policy == RecommendPolicy.FORBIDDEN


@pytest.mark.parametrize("bound", [True, False])
async def test_a_hidden_case_stands_in_no_digest_that_others_may_read(
    story: Story, bound: bool
) -> None:
    lars = story.acme.lars
    lars.digest, lars.last_digest_on = "daily", date(2026, 11, 24)
    await story.make.save(lars)
    if bound:
        place = BoundPlace(
            platform="slack", place="slack:C0LARS", member_id=lars.id, bound_at=story.clock()
        )
        await story.make.save(place)
    await story.answer("peter", 2, to_manager=True)
    await story.work()
    if not bound:  # without a way to reach Lars the fallback place would read it
        for place_of_lars in ("slack:U0LARS", f"console:{lars.email}"):
            story.chat.refuse[place_of_lars] = [Unreachable("user_not_found")] * 99
    await morning(story, 25)
    places = ("slack:C0LARS", story.ctx.programme.fallback_place)
    read = [each.cards for each in story.chat.posted if each.place in places]
    assert "case.open" not in str(read)
    assert "Acme" not in str(read)
