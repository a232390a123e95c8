"""Deadlines in working hours, worked out by hand, and what is said when they pass."""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from handlers.calendars import add_working_days, working_calendar
from handlers.cards import Card, Form
from handlers.cases import times
from handlers.settings import Programme
from storage.models import Account
from tests.handlers.cases.conftest import Story
from tests.handlers.cases.test_acting import told

ZONES = {
    "cph": "Europe/Copenhagen",
    "ams": "Europe/Amsterdam",
    "lon": "Europe/London",
    "ny": "America/New_York",
    "del": "Asia/Kolkata",
    "syd": "Australia/Sydney",
}


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
        # Memorial Day is Monday 25 May 2026: an hour on Friday, three on Tuesday.
        ("ny", "US", "2026-05-22T16:00", False, "2026-05-26T11:00", "2026-05-27T16:00"),
        # New York changes its clock on 8 March 2026, three weeks before Europe does.
        ("ny", "US", "2026-03-06T15:30", False, "2026-03-09T10:30", "2026-03-10T15:30"),
        # Copenhagen's goes forward on Sunday 29 March 2026: Friday's rest is Monday's hours.
        ("cph", "DK", "2026-03-27T16:00", True, "2026-03-30T09:00", "2026-03-30T16:00"),
        ("cph", "DK", "2026-03-27T16:00", False, "2026-03-30T11:00", "2026-03-31T16:00"),
        # Easter 2026: in Denmark from Maundy Thursday 2 April to Monday 6 April.
        ("cph", "DK", "2026-04-01T16:00", True, "2026-04-07T09:00", "2026-04-07T16:00"),
        ("cph", "DK", "2026-04-01T16:00", False, "2026-04-07T11:00", "2026-04-08T16:00"),
        # Great Prayer Day is no holiday any more: Friday 1 May 2026 is a working day.
        ("cph", "DK", "2026-04-30T16:00", True, "2026-05-01T09:00", "2026-05-01T16:00"),
        # In the Netherlands Thursday is a working day, Good Friday and Easter Monday are not.
        ("ams", "NL", "2026-04-02T16:00", True, "2026-04-07T09:00", "2026-04-07T16:00"),
        # King's Day is Monday 27 April 2026.
        ("ams", "NL", "2026-04-24T15:00", False, "2026-04-28T10:00", "2026-04-29T15:00"),
        # Boxing Day 2026 is a Saturday: in Britain Monday 28 December is free instead.
        ("lon", "GB", "2026-12-24T16:00", True, "2026-12-29T09:00", "2026-12-29T16:00"),
        # New Year's Day is a Friday: the week-end goes with it.
        ("cph", "DK", "2026-12-31T15:00", False, "2027-01-04T10:00", "2027-01-05T15:00"),
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


@pytest.mark.parametrize(
    ("zone", "country", "take", "contact"),
    [
        # Answered at 23:30 in Copenhagen on Tuesday 24 November, which is 22:30 UTC.
        ("cph", "DK", "2026-11-25T10:00", "2026-11-26T08:00"),
        # 17:30 in New York: their day is over too; Thanksgiving is the day after Wednesday.
        ("ny", "US", "2026-11-25T10:00", "2026-11-27T08:00"),
        # 04:00 of Wednesday in India, which changes no clock.
        ("del", "IN", "2026-11-25T10:00", "2026-11-26T08:00"),
        # 09:30 of Wednesday in Sydney, in summer: they are at work already.
        ("syd", "AU", "2026-11-25T11:30", "2026-11-26T09:30"),
    ],
)
def test_the_hours_are_those_of_who_acts_wherever_the_customer_is(
    zone: str, country: str, take: str, contact: str
) -> None:
    programme = Programme()
    calendar = working_calendar(programme, ZONES[zone], country)
    start = local("cph", "2026-11-24T23:30")
    assert times.take_by(start, True, calendar, programme) == local(zone, take)
    assert times.contact_by(start, True, calendar, programme) == local(zone, contact)


@pytest.mark.parametrize(
    ("zone", "answered", "halved", "take"),
    [
        # Work from midnight to 08:00, on Sundays too. On 29 March 2026 two o'clock is three:
        # one hour before it, and one or three after it.
        ("cph", "2026-03-29T00:00+00:00", True, "2026-03-29T02:00+00:00"),
        ("cph", "2026-03-29T00:00+00:00", False, "2026-03-29T04:00+00:00"),
        # The night has seven hours: from 05:00 (03:00 UTC) three are left, one is Monday's,
        # which begins at 22:00 UTC.
        ("cph", "2026-03-29T03:00+00:00", False, "2026-03-29T23:00+00:00"),
        # On 25 October 2026 three o'clock is two again: from 01:00 (23:00 UTC) four hours end at
        # what the clock calls 04:00, which is 03:00 UTC.
        ("cph", "2026-10-24T23:00+00:00", True, "2026-10-25T01:00+00:00"),
        ("cph", "2026-10-24T23:00+00:00", False, "2026-10-25T03:00+00:00"),
        # The night has nine hours: from 05:00 (04:00 UTC) three are left, one is Monday's,
        # which begins at 23:00 UTC.
        ("cph", "2026-10-25T04:00+00:00", False, "2026-10-26T00:00+00:00"),
        # New York, 1 November 2026: from 00:30 (04:30 UTC) four hours end at 08:30 UTC.
        ("ny", "2026-11-01T04:30+00:00", False, "2026-11-01T08:30+00:00"),
    ],
)
def test_an_hour_that_the_clock_skips_or_repeats_is_counted_as_it_passes(
    zone: str, answered: str, halved: bool, take: str
) -> None:
    nights = replace(
        Programme(),
        working_days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
        working_hours=(time(0), time(8)),
    )
    calendar = working_calendar(nights, ZONES[zone], None)
    start = datetime.fromisoformat(answered)
    assert times.take_by(start, halved, calendar, nights) == datetime.fromisoformat(take)


def test_a_day_later_at_an_hour_that_does_not_exist_is_the_hour_after_it() -> None:
    nights = replace(
        Programme(),
        working_days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
        working_hours=(time(0), time(8)),
    )
    calendar = working_calendar(nights)
    start = local("cph", "2026-03-28T02:30")
    due = times.contact_by(start, True, calendar, nights)
    assert due == datetime.fromisoformat("2026-03-29T03:30+02:00")


@pytest.mark.parametrize(
    ("days", "zone", "country", "answered", "due"),
    [
        # A passive in five working days, a promoter in seven.
        (5, "cph", "DK", "2026-11-24T13:20", "2026-12-01T13:20"),
        (7, "cph", "DK", "2026-11-24T13:20", "2026-12-03T13:20"),
        # Over Christmas 2026: 24, 28, 29, 30 and 31 December, 4 and 5 January.
        (5, "cph", "DK", "2026-12-23T10:00", "2026-12-31T10:00"),
        (7, "cph", "DK", "2026-12-23T10:00", "2027-01-05T10:00"),
        # Over the change of the clock in spring, by the clock on the wall.
        (5, "cph", "DK", "2026-03-24T09:00", "2026-03-31T09:00"),
        # Independence Day 2026 is a Saturday: Friday 3 July is free.
        (5, "ny", "US", "2026-07-01T09:00", "2026-07-09T09:00"),
    ],
)
def test_the_days_of_passives_and_promoters_by_hand(
    days: int, zone: str, country: str, answered: str, due: str
) -> None:
    calendar = working_calendar(Programme(), ZONES[zone], country)
    assert add_working_days(local(zone, answered), days, calendar) == local(zone, due)


@pytest.mark.parametrize(
    ("away", "who", "take", "contact"),
    [
        # Jane answers on Tuesday at 13:20 in Copenhagen; she decides, so both times are halved.
        ((), "anna", ("cph", "2026-11-24T15:20"), ("cph", "2026-11-25T13:20")),
        # Mikkel stands in from New York, where it is 07:20: his day begins at 08:00.
        (
            ("anna until friday backup mikkel",),
            "mikkel",
            ("ny", "2026-11-24T10:00"),
            ("ny", "2026-11-25T08:00"),
        ),
        # Nobody stands in: Lars leads, in India, where it is 17:50 and the day is over.
        (("anna until friday",), "lars", ("del", "2026-11-25T10:00"), ("del", "2026-11-26T08:00")),
        # Who stands in is away too.
        (
            ("anna until friday backup mikkel", "mikkel until thursday"),
            "lars",
            ("del", "2026-11-25T10:00"),
            ("del", "2026-11-26T08:00"),
        ),
    ],
)
async def test_an_absence_gives_case_and_hours_to_who_acts(
    story: Story, away: tuple[str, ...], who: str, take: tuple[str, str], contact: tuple[str, str]
) -> None:
    people = {"anna": story.acme.anna, "mikkel": story.acme.mikkel, "lars": story.acme.lars}
    for name, zone, country in (("mikkel", "ny", "US"), ("lars", "del", "IN")):
        people[name].timezone, people[name].country = ZONES[zone], country
        await story.make.save(people[name])
    for each in away:
        name, _, words = each.partition(" ")
        assert isinstance(await story.type(people[name], f"away {words}"), Card)
    await story.answer("jane", 3)
    case = await story.case()
    assert case.owner_id == people[who].id
    assert case.take_by == local(*take)
    assert case.contact_by == local(*contact)


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
    found = times.urgent(Account(key="a", name="A", **account), role, date(2026, 11, 24))
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


async def test_a_lead_who_wakes_after_cx_does_not_take_the_last_step_back(story: Story) -> None:
    story.acme.lars.timezone = "America/Los_Angeles"
    await story.make.save(story.acme.lars)
    posted = await told(story)
    for moment in ("2026-11-24T15:21", "2026-11-25T08:21", "2026-11-25T10:21"):
        story.clock.at = local("cph", moment)
        await story.tick()
        await story.tick()
    assert len(story.posted("slack:U0CLARA")) == 1
    assert story.posted("slack:U0LARS") == []
    story.clock.at = local("cph", "2026-11-25T17:01")  # 08:01 in California
    await story.tick()
    await story.tick()
    assert len(story.posted("slack:U0LARS")) == 1
    assert (posted.card.status or "").endswith("CX was told")


async def test_the_cards_and_the_timeline_say_that_it_is_late_and_who_was_told(
    story: Story,
) -> None:
    posted = await told(story)
    assert posted.card.status == "new · take by 15:20"
    story.clock.at = local("cph", "2026-11-24T15:21")
    await story.tick()
    assert posted.card.status == "new · was to be taken by 15:20"
    story.clock.at = local("cph", "2026-11-25T08:21")
    await story.tick()
    await story.tick()
    late = "new · was to be taken by Tue 15:20"
    assert posted.card.status == f"{late} · the lead was told"
    story.clock.at = local("cph", "2026-11-25T10:21")
    await story.tick()
    await story.tick()
    (lead,), (cx,) = story.posted("slack:U0LARS"), story.posted("slack:U0CLARA")
    for each in (posted, lead, cx):
        assert each.card.status == f"{late} · CX was told"
    timeline = str(await story.press(story.acme.anna, posted, "case.timeline"))
    assert timeline.count("Nobody had acted: the lead was told'") == 1
    assert timeline.count("Nobody had acted: CX was told'") == 1
    # Who acts now ends it, also on the cards.
    await story.press(story.acme.anna, posted, "case.take")
    assert lead.card.status is not None
    assert lead.card.status.startswith("Anna has it since 10:21 · contact by 13:20")
    story.clock.at = local("cph", "2026-11-25T13:21")
    await story.tick()
    assert posted.card.status is not None
    assert posted.card.status.startswith("Anna has it since 10:21 · contact was due by 13:20")


NOTHING_PLANNED = "Acme A/S: nothing is planned after the contact with Jane Jensen. "


async def test_a_contacted_case_without_a_next_step_is_brought_up_again(story: Story) -> None:
    posted = await told(story)
    anna = story.acme.anna
    # Called, and closed the form that asks how it was solved.
    inputs = {"reached": "yes", "next": "solved"}
    await story.submit(anna, "case.contact", "1", inputs, posted.ref)
    story.clock.at = local("cph", "2026-11-25T13:21")
    for _time in range(3):
        await story.tick()
    (asked,) = (e for e in story.posted() if e.card.title.startswith(NOTHING_PLANNED))
    assert asked.message.reply_to == posted.ref
    assert isinstance(await story.press(anna, asked, "case.solve"), Form)
    # Then the digest has it, until there is a next step.
    story.clock.at = local("cph", "2026-11-30T08:06")
    await story.tick()
    await story.tick()
    assert "Anna reached Jane" in str(story.posted()[-1].card)
    assert story.posted("slack:U0LARS") == []


async def test_a_contacted_case_with_a_promise_waits_for_it(story: Story) -> None:
    posted = await told(story)
    promised = {"reached": "yes", "next": "promised", "promise": "a note"}
    inputs = {**promised, "promise_by": "2026-12-11"}
    await story.submit(story.acme.anna, "case.contact", "1::further", inputs, posted.ref)
    for moment in ("2026-11-25T13:21", "2026-11-30T08:06"):
        story.clock.at = local("cph", moment)
        await story.tick()
        await story.tick()
    assert not any(e.card.title.startswith(NOTHING_PLANNED) for e in story.posted())
    assert not any("Anna reached Jane" in str(e.card) for e in story.posted()[1:])


async def late_by_days(story: Story) -> None:
    for moment in ("2026-11-24T15:21", "2026-11-25T08:21", "2026-11-25T10:21"):
        story.clock.at = local("cph", moment)
        await story.tick()
        await story.tick()


async def test_a_lead_who_has_the_case_is_not_told_of_themselves(story: Story) -> None:
    await story.answer("jane", 3, comment="Anna never answers")
    await story.work()
    await late_by_days(story)
    (card, reminder) = (each for each in story.posted("slack:U0LARS"))
    assert reminder.message.reply_to == card.ref
    (cx,) = story.posted("slack:U0CLARA")
    assert "Lars Holt has not acted" in str(cx.card.body[0])
    # Whoever may read it learns that the owner may not.
    assert "Anna sees this when you release it." in str(cx.card)


async def test_without_a_lead_cx_is_told_once(story: Story) -> None:
    for member in (story.acme.lars, story.acme.anna):
        member.left_at = story.clock()
        await story.make.save(member)
    await story.answer("jane", 3)
    await story.work()
    await late_by_days(story)
    (cx,) = story.posted("slack:U0CLARA")
    assert "nobody has acted" in str(cx.card.body[0])
    assert cx.card.foot is not None
    assert cx.card.foot.startswith("You get this as CX lead")
    assert cx.card.status == "new · was to be taken by Tue 15:20 · CX was told"


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
