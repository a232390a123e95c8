"""A taken case without contact goes back; leads and CX are not woken."""

from datetime import datetime
from zoneinfo import ZoneInfo

from storage import case_view
from storage.models import CaseState, Member
from tests.handlers.cases.conftest import Story
from tests.handlers.cases.test_acting import told

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


async def at(story: Story, moment: str) -> None:
    story.clock.at = datetime.fromisoformat(moment).replace(tzinfo=COPENHAGEN)
    for _time in range(3):
        await story.tick()


def titles(story: Story, place: str, words: str) -> list[str]:
    return [e.card.title for e in story.posted(place) if words in str(e.cards[0])]


async def test_a_taken_case_without_contact_goes_back_and_everybody_is_told_once(
    story: Story,
) -> None:
    posted = await told(story)
    await story.press(story.acme.mikkel, posted, "case.take")
    # Due Wednesday 13:20, halved; a working day and a half after that it goes back.
    await at(story, "2026-11-26T13:19")
    assert (await story.case()).state == CaseState.TAKEN
    await at(story, "2026-11-26T13:21")
    case = await story.case()
    assert (case.state, case.taken_by) == (CaseState.NEW, None)
    assert posted.card.status == "new · take by 15:21"
    for _time in range(3):
        await story.tick()
    back = "this went back"
    assert len(titles(story, "console:anna", back)) == 1
    assert len(titles(story, "slack:U0MIKKEL", back)) == 1
    assert len(titles(story, "slack:U0LARS", back)) == 1
    assert titles(story, "slack:U0LARS", "has not acted") == []  # Mikkel had it, not Anna
    async with story.ctx.db.reading() as session:
        last = (await case_view.events(session, 1))[0]
    assert (last.act, last.member_id) == ("lapsed", None)
    # Taken again, it has time again.
    await story.press(story.acme.anna, posted, "case.take")
    await at(story, "2026-11-26T13:40")
    assert (await story.case()).state == CaseState.TAKEN


async def test_a_lead_and_cx_hear_in_their_own_working_hours(story: Story) -> None:
    async with story.ctx.db.session() as session:
        for member in (story.acme.lars, story.acme.clara):
            row = await session.get_one(Member, member.id)
            row.timezone = "America/New_York"
            session.add(row)
    await told(story)
    # Wednesday 08:20 in Copenhagen is 02:20 in New York.
    await at(story, "2026-11-25T08:21")
    assert story.posted("slack:U0LARS") == []
    await at(story, "2026-11-25T14:01")
    assert len(titles(story, "slack:U0LARS", "has not acted")) == 1


async def test_who_acts_before_the_lead_wakes_spares_the_lead(story: Story) -> None:
    async with story.ctx.db.session() as session:
        row = await session.get_one(Member, story.acme.lars.id)
        row.timezone = "America/New_York"
        session.add(row)
    posted = await told(story)
    await at(story, "2026-11-25T08:21")
    await story.press(story.acme.anna, posted, "case.take")
    await at(story, "2026-11-25T14:01")
    assert story.posted("slack:U0LARS") == []
