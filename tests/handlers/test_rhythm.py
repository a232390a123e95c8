"""`/nps digest`: daily, weekly or off, by each member's choice; leads get their team's part."""

from datetime import datetime
from zoneinfo import ZoneInfo

from handlers import routes
from handlers.cards import Card
from handlers.chat import Click
from storage import members
from storage.models import Member
from tests.handlers.cases.conftest import Story, buttons, story
from tests.handlers.cases.test_acting import said
from tests.handlers.cases.test_digests import digests, morning, renews_never

__all__ = ["story"]
COPENHAGEN = ZoneInfo("Europe/Copenhagen")


async def choose(story: Story, me: Member, text: str) -> Card:
    card = await story.type(me, text)
    assert isinstance(card, Card), card
    return card


async def test_a_weekly_digest_comes_on_the_first_working_day_of_the_week(story: Story) -> None:
    await renews_never(story)
    await morning(story, 24)
    anna = story.acme.anna
    assert "first working day of the week" in (await choose(story, anna, "digest weekly")).title
    await story.answer("ole", 9, comment="great planners")
    for day in (25, 26, 27):
        await morning(story, day)
    assert digests(story) == []
    await morning(story, 30)
    (digest,) = digests(story)
    assert "great planners" in str(digest.card)
    assert (digest.card.foot or "").startswith("Once a week, on your first working day")
    await story.answer("mia", 10)
    for day in (1, 2, 3, 4):
        story.clock.at = datetime(2026, 12, day, 8, 1, tzinfo=COPENHAGEN)
        await story.tick()
    assert len(digests(story)) == 1
    # What is due later in the week stands in it too.
    story.clock.at = datetime(2026, 12, 4, 14, 0, tzinfo=COPENHAGEN)
    await story.answer("jane", 3)
    await story.work()
    await story.press(anna, story.posted()[-1], "case.take")
    story.clock.at = datetime(2026, 12, 7, 8, 1, tzinfo=COPENHAGEN)
    await story.tick()
    await story.tick()
    assert "Due this week" in str(digests(story)[-1].card)


async def test_the_first_weekly_digest_of_all_comes_in_the_next_week(story: Story) -> None:
    await renews_never(story)
    await choose(story, story.acme.anna, "digest weekly")
    await story.answer("ole", 9, comment="great planners")
    for day in (25, 26, 27):
        await morning(story, day)
    assert digests(story) == []
    await story.answer("mia", 10)
    await morning(story, 30)
    assert "Mia Lund" in str(digests(story)[0].card)


async def test_the_first_digest_of_all_may_be_a_weekly_one(story: Story) -> None:
    await renews_never(story)
    await choose(story, story.acme.anna, "digest weekly")
    await story.answer("ole", 9, comment="great planners")
    await morning(story, 30)
    assert "great planners" in str(digests(story)[0].card), "it tells of a week"


async def test_who_wants_no_digest_gets_none_and_begins_anew_later(story: Story) -> None:
    await renews_never(story)
    await morning(story, 24)
    anna = story.acme.anna
    card = await choose(story, anna, "digest")
    assert card.title == "You get the digest every working day."
    off = next(each for each in buttons(card) if each.value == "off")
    click = Click(story.person(anna), "console:anna", off.action, off.value)
    reply = await routes.click(story.ctx, click)
    assert isinstance(reply, Card)
    assert reply.title == "You get no digest."
    await story.answer("ole", 9)
    for day in (25, 26):
        await morning(story, day)
    assert digests(story) == []
    await choose(story, anna, "digest dagligt")
    await story.answer("mia", 10)
    await morning(story, 27)
    (digest,) = digests(story)
    assert "Mia Lund" in str(digest.card)
    assert "Ole Holm" not in str(digest.card), "what happened meanwhile is not told afterwards"
    assert said(await story.type(anna, "digest sometimes")).startswith("I know /nps digest daily")


async def test_leads_and_cx_are_told_what_nobody_did_in_time_and_no_figure_of_a_person(
    story: Story,
) -> None:
    await renews_never(story)
    for lead in (story.acme.lars, story.acme.clara):
        await choose(story, lead, "digest daily")
    story.clock.at = datetime(2026, 11, 24, 13, 20, tzinfo=COPENHAGEN)
    await story.answer("jane", 3)
    await story.work()
    await morning(story, 25)
    for place, heading in (("slack:U0LARS", "Your team"), ("slack:U0CLARA", "The programme")):
        digest = story.posted(place)[-1].card
        assert digest.title.startswith("Good morning")
        text = str(digest)
        assert heading in text
        assert "1 person answered · 1 case is open" in text
        assert "1 case is overdue" in text
        assert "Acme A/S: with Anna · due Tue 15:20" in text
        assert "NPS" not in text
    # Nothing late and nobody who answered: no digest.
    count = len(story.posted("slack:U0MIKKEL"))
    await morning(story, 26)
    assert len(story.posted("slack:U0MIKKEL")) == count


async def test_leads_count_every_case_they_may_see_where_they_alone_read(story: Story) -> None:
    await renews_never(story)
    for lead in (story.acme.lars, story.acme.clara):
        await choose(story, lead, "digest daily")
    async with story.ctx.db.session() as session:
        await members.bind(session, "console:cx", story.clock(), member_id=story.acme.clara.id)
    story.clock.at = datetime(2026, 11, 24, 13, 20, tzinfo=COPENHAGEN)
    await story.answer("jane", 3)
    await story.work()
    owner = story.posted()[-1]
    await story.press(story.acme.anna, owner, "case.take")
    await story.submit(story.acme.anna, "case.escalate", "1", {}, owner.ref)
    await story.press(story.acme.lars, story.posted("slack:U0LARS")[-1], "about_owner")
    await morning(story, 25)
    assert "1 person answered · 1 case is open" in str(story.posted("slack:U0LARS")[-1].card)
    # Others may read a bound place: what is kept from the owner is not counted there.
    assert "1 person answered · 0 cases are open" in str(story.posted("console:cx")[-1].card)


async def test_who_stands_in_reads_the_good_news_of_the_absent(story: Story) -> None:
    await renews_never(story)
    await morning(story, 24)
    await story.type(story.acme.anna, "away until friday backup mikkel")
    await morning(story, 25)
    story.clock.at = datetime(2026, 11, 25, 13, 20, tzinfo=COPENHAGEN)
    await story.answer("ole", 9, comment="great planners")
    await morning(story, 26)
    assert "great planners" in str([each.card for each in story.posted("slack:U0MIKKEL")])
