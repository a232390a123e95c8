"""Deadlines in working hours, worked out by hand, and what is said when they pass."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from handlers.calendars import working_calendar
from handlers.cases import times
from handlers.settings import Programme
from storage.models import Account, Contact
from tests.handlers.cases.conftest import Story
from tests.handlers.cases.test_acting import told

ZONES = {"cph": "Europe/Copenhagen", "ny": "America/New_York"}


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONES[zone]))


@pytest.mark.parametrize(
    ("zone", "country", "answered", "halved", "take", "contact"),
    [
        # Tuesday afternoon: 15:20 halved, else 17:20 which is 20 minutes into Wednesday.
        ("cph", "DK", "2026-11-24T13:20", True, "2026-11-24T15:20", "2026-11-25T13:20"),
        ("cph", "DK", "2026-11-24T13:20", False, "2026-11-25T08:20", "2026-11-26T13:20"),
        # Friday 16:30: half an hour is left, the rest on Monday.
        ("cph", "DK", "2026-11-27T16:30", True, "2026-11-30T09:30", "2026-11-30T16:30"),
        ("cph", "DK", "2026-11-27T16:30", False, "2026-11-30T11:30", "2026-12-01T16:30"),
        # Saturday night counts from Monday 08:00.
        ("cph", "DK", "2026-11-28T23:00", True, "2026-11-30T10:00", "2026-12-01T08:00"),
        # 25 and 26 December 2026 are holidays in Denmark (a Friday and a Saturday).
        ("cph", "DK", "2026-12-24T16:00", True, "2026-12-28T09:00", "2026-12-28T16:00"),
        # The clock goes back on 25 October 2026 in Copenhagen: the Monday is a whole one.
        ("cph", "DK", "2026-10-23T16:00", True, "2026-10-26T09:00", "2026-10-26T16:00"),
        # The owner works in New York: Thanksgiving is 26 November 2026.
        ("ny", "US", "2026-11-25T15:30", True, "2026-11-27T08:30", "2026-11-27T15:30"),
        ("ny", "US", "2026-11-25T15:30", False, "2026-11-27T10:30", "2026-11-30T15:30"),
    ],
)
def test_deadlines_by_hand(
    zone: str, country: str, answered: str, halved: bool, take: str, contact: str
) -> None:
    programme = Programme()
    calendar = working_calendar(programme, ZONES[zone], country)
    start = local(zone, answered)
    assert times.take_by(start, halved, calendar, programme) == local(zone, take)
    assert times.contact_by(start, halved, calendar, programme) == local(zone, contact)


def test_an_odd_number_of_days_is_halved_to_half_a_day() -> None:
    programme = replace(Programme(), critic_contact_days=1)
    calendar = working_calendar(programme)
    start = local("cph", "2026-11-24T10:00")
    assert times.contact_by(start, True, calendar, programme) == local("cph", "2026-11-24T14:30")


@pytest.mark.parametrize(
    ("account", "role", "expected"),
    [
        ({}, None, False),
        ({}, "user", False),
        ({}, "decision_maker", True),
        ({"strategic": True}, None, True),
        ({"tier": "a"}, None, True),
        ({"tier": "B"}, None, False),
        ({"renewal_date": date(2027, 2, 22)}, None, True),
        ({"renewal_date": date(2027, 2, 23)}, None, False),
        ({"renewal_date": date(2026, 11, 23)}, None, False),
        ({"renewal_date": date(2026, 11, 24)}, None, True),
    ],
)
def test_who_is_urgent(account: dict[str, Any], role: str | None, expected: bool) -> None:
    found = times.urgent(
        Account(key="a", name="A", **account),
        Contact(account_id=1, name="C", role=role),
        date(2026, 11, 24),
    )
    assert found == expected


async def test_nobody_takes_it_reminder_then_lead_then_cx_each_once(story: Story) -> None:
    await told(story)
    story.clock.at = local("cph", "2026-11-24T15:19")
    await story.tick()
    assert len(story.posted()) == 1
    for _time in range(3):
        await story.forward(minutes=1)
    _, reminder = story.posted()
    assert reminder.card.title == ("Acme A/S: nobody has taken this. It was to be taken by 15:20.")
    assert reminder.message.reply_to is not None
    assert reminder.message.mention == "console:anna@nordfab.example"
    assert story.posted("slack:U0LARS") == []
    # As long again, two working hours: 17:20 is 08:20 of the next day.
    story.clock.at = local("cph", "2026-11-25T08:19")
    await story.tick()
    assert story.posted("slack:U0LARS") == []
    await story.forward(minutes=2)
    (lead,) = story.posted("slack:U0LARS")
    assert "Anna Berg has not acted" in str(lead.card.body[0])
    story.clock.at = local("cph", "2026-11-25T10:21")
    for _time in range(3):
        await story.tick()
    assert len(story.posted("slack:U0CLARA")) == 1
    await story.forward(days=2)
    digests = [each for each in story.posted() if each.card.title.startswith("Good morning")]
    assert len(story.posted()) - len(digests) == 2
    assert len(story.posted("slack:U0LARS")) == len(story.posted("slack:U0CLARA")) == 1


async def test_any_act_stops_the_reminder(story: Story) -> None:
    posted = await told(story)
    await story.press(story.acme.anna, posted, "case.take")
    story.clock.at = local("cph", "2026-11-25T07:59")
    await story.tick()
    assert len(story.posted()) == 1


async def test_a_taken_case_is_reminded_of_when_nobody_was_contacted(story: Story) -> None:
    posted = await told(story)
    await story.press(story.acme.anna, posted, "case.take")
    story.clock.at = local("cph", "2026-11-25T13:21")
    await story.tick()
    await story.tick()
    titles = [each.card.title for each in story.posted()]
    assert "Acme A/S: Jane Jensen has not been contacted yet. It was to be done by 13:20." in titles


async def test_a_snooze_hides_the_reminder_and_not_the_escalation(story: Story) -> None:
    posted = await told(story)
    await story.submit(story.acme.mikkel, "case.snooze", "1", {"until": "monday"}, posted.ref)
    story.clock.at = local("cph", "2026-11-25T08:25")
    await story.tick()
    await story.tick()
    titles = [each.card.title for each in story.posted()]
    assert not any("nobody has taken" in title for title in titles)
    assert len(story.posted("slack:U0LARS")) == 1


async def test_the_promised_day_and_the_day_to_call_again_are_remembered(story: Story) -> None:
    posted = await told(story)
    inputs = {"reached": "no", "next": "again", "again_on": "2026-11-26"}
    await story.submit(story.acme.anna, "case.contact", "1", inputs, posted.ref)
    story.clock.at = local("cph", "2026-11-26T08:01")
    await story.tick()
    await story.tick()
    assert "Acme A/S: you wanted to call Jane Jensen again today." in [
        each.card.title for each in story.posted()
    ]


async def test_after_a_reopening_the_new_deadline_is_reminded_of_anew(story: Story) -> None:
    posted = await told(story)
    await story.press(story.acme.anna, posted, "case.take")
    solved = {"outcome": "lesson", "done": "Talked"}
    await story.submit(story.acme.anna, "case.solve", "1", solved, posted.ref)
    await story.press(story.acme.anna, posted, "case.reopen")
    story.clock.at = local("cph", "2026-11-25T13:21")
    await story.tick()
    await story.tick()
    assert any("has not been contacted yet" in each.card.title for each in story.posted())


async def test_the_card_of_an_absent_owner_goes_to_the_backup(story: Story) -> None:
    reply = await story.type(story.acme.anna, "away until friday backup mikkel")
    assert "Mikkel Skov gets your cases" in str(reply)
    await told_to_backup(story)
    assert (await story.case()).owner_id == story.acme.mikkel.id


async def told_to_backup(story: Story) -> None:
    from storage import members

    async with story.ctx.db.session() as session:
        await members.bind(session, "console:mikkel", story.clock(), member_id=story.acme.mikkel.id)
    await story.answer("jane", 3)
    await story.work()
    assert story.posted() == []
    (posted,) = story.posted("console:mikkel")
    assert posted.card.foot is not None
    assert posted.card.foot.startswith("You get this for Anna Berg, who is away")


async def test_the_card_of_an_owner_who_left_goes_to_the_lead(story: Story) -> None:
    async with story.ctx.db.session() as session:
        anna = await session.get_one(type(story.acme.anna), story.acme.anna.id)
        anna.left_at = story.clock()
        session.add(anna)
    await story.answer("jane", 3)
    await story.work()
    assert story.posted() == []
    (posted,) = story.posted("console:nordics")
    assert (await story.case()).owner_id == story.acme.lars.id
    assert posted.card.tone == "critical"
