"""Absence and bound places, as members type and click them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from handlers import members as people
from handlers import routes
from handlers.cards import Card, Form, FormErrors, Reply, Whisper
from handlers.chat import Click, Notice
from handlers.context import Refused
from storage import members
from storage.models import Member
from tests.handlers.cases.conftest import Story, buttons
from tests.handlers.cases.test_acting import said

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


async def member(story: Story, who: Member) -> Member:
    async with story.ctx.db.reading() as session:
        return await session.get_one(Member, who.id)


async def test_away_with_a_backup_and_back(story: Story) -> None:
    anna = story.acme.anna
    reply = await story.type(anna, "away until friday backup mikkel")
    assert isinstance(reply, Card)
    assert reply.title == "You are away until Fri 27 November. Mikkel Skov gets your cases."
    now = await member(story, anna)
    assert now.away_until == datetime(2026, 11, 28, tzinfo=COPENHAGEN)
    assert now.backup_id == story.acme.mikkel.id
    back = await story.type(anna, "away off")
    assert isinstance(back, Card)
    assert back.title.startswith("Welcome back")
    assert (await member(story, anna)).away_until is None
    assert said(await story.type(anna, "away back")) == "You are not marked as away."


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("away", "Write it like this: /nps away until friday backup anna."),
        ("away until someday", "I can't read “someday” as a day."),
        ("away until 2026-11-01", "1 November has passed."),
        ("away until friday backup anna", "You can't be your own backup."),
        ("away until friday backup zzzqq", "Nobody here is called “zzzqq”."),
        ("away friday", "You are away until Fri 27 November. Your lead gets your cases"),
        ("away until 24 dec", "You are away until Thu 24 December."),
    ],
)
async def test_what_away_answers(story: Story, typed: str, answer: str) -> None:
    reply = await story.type(story.acme.anna, typed)
    assert isinstance(reply, Card | Whisper)
    shown = reply if isinstance(reply, Card) else reply.card
    assert shown.title.startswith(answer)


async def test_the_backup_is_chosen_where_several_are_called_so(story: Story) -> None:
    anna = story.acme.anna
    await story.make.member("Mikkel Winther")

    card = await story.type(anna, "away until friday backup mikkel")

    assert isinstance(card, Card)
    assert [each.label for each in buttons(card)] == ["Mikkel Skov", "Mikkel Winther"]
    assert (await member(story, anna)).away_until is None
    chosen = buttons(card)[1]

    async def press(value: str) -> Reply:
        person = story.person(anna)
        return await routes.click(story.ctx, Click(person, person.place, chosen.action, value))

    for wrong in ("", "x", "999 2026-11-27", f"{story.acme.mikkel.id} someday"):
        assert isinstance(await press(wrong), Whisper)
    assert said(await press(f"{anna.id} 2026-11-27")).startswith("You can't be your own")
    assert (await member(story, anna)).away_until is None
    done = await press(chosen.value)
    assert isinstance(done, Card)
    assert done.title == "You are away until Fri 27 November. Mikkel Winther gets your cases."
    assert (await member(story, anna)).away_until == datetime(2026, 11, 28, tzinfo=COPENHAGEN)
    story.clock.forward(days=9)
    assert said(await press(chosen.value)).startswith("27 November has passed.")


async def test_an_absent_backup_is_refused(story: Story) -> None:
    await story.type(story.acme.mikkel, "away until friday")
    reply = await story.type(story.acme.anna, "away until friday backup mikkel")
    assert said(reply).startswith("Mikkel Skov is away too, until 27 November.")


@pytest.mark.both_databases
async def test_bind_asks_whose_alerts_come_here_and_binds(story: Story) -> None:
    form = await story.type(story.acme.lars, "bind", "console:new")
    assert isinstance(form, Form)
    assert [each.name for each in form.inputs] == ["team", "member"]
    assert form.value == "console:new"
    nobody = await story.submit(story.acme.lars, "bind", "console:new", {})
    assert isinstance(nobody, FormErrors)
    team = str(story.acme.team.id)
    both = {"team": team, "member": str(story.acme.anna.id)}
    assert isinstance(await story.submit(story.acme.lars, "bind", "console:new", both), FormErrors)
    reply = await story.submit(story.acme.lars, "bind", "console:new", {"team": team})
    assert said(reply) == "Done. Alerts of Nordics come to console:new now."
    async with story.ctx.db.reading() as session:
        (place,) = await members.places(session, team_id=story.acme.team.id)
    assert place.place == "console:new"


async def test_an_account_manager_binds_for_themselves_only(story: Story) -> None:
    form = await story.type(story.acme.anna, "bind", "console:new")
    assert isinstance(form, Form)
    (only,) = form.inputs
    assert [each.label for each in only.options] == ["Anna Berg"]
    for inputs in (
        {"member": str(story.acme.mikkel.id)},
        {"team": str(story.acme.team.id)},
        {"member": "9999"},
    ):
        reply = await story.submit(story.acme.anna, "bind", "console:new", inputs)
        assert isinstance(reply, Whisper)
        assert said(reply).startswith("You may bind a channel for yourself.")


async def test_a_place_that_outsiders_read_is_refused_when_it_is_bound(story: Story) -> None:
    story.chat.shared.add("slack:C9")
    reply = await story.type(story.acme.anna, "bind", "slack:C9")
    assert said(reply).startswith("I can't post alerts here: people from outside can read")
    inputs = {"member": str(story.acme.anna.id)}
    assert isinstance(await story.submit(story.acme.anna, "bind", "slack:C9", inputs), Whisper)
    with pytest.raises(Refused, match="people from outside"):
        await people.bind_place(story.ctx, "slack:C9", team="Nordics")


async def test_binding_from_the_command_line(story: Story) -> None:
    told = await people.bind_place(story.ctx, "slack:C1", member="ANNA@nordfab.example")
    assert told == "Done. Alerts of Anna Berg come to slack:C1 now."
    for place, team, who in (
        ("nowhere", "Nordics", None),
        ("mail:a@b.example", "Nordics", None),
        ("slack:C1", "Southics", None),
        ("slack:C1", None, "nobody@nordfab.example"),
        ("slack:C1", None, None),
    ):
        with pytest.raises(Refused):
            await people.bind_place(story.ctx, place, team=team, member=who)


@pytest.mark.both_databases
async def test_a_lost_place_is_told_to_its_owner_and_cx_once_a_day(story: Story) -> None:
    for _time in range(2):
        await routes.notice(story.ctx, Notice("place_shared", "console:anna"))
        await story.work()
    (owner,), (cx,) = story.posted("slack:U0ANNA"), story.posted("slack:U0CLARA")
    title = "Alerts of Anna Berg can't be posted in console:anna any more"
    assert owner.card.title == cx.card.title == title
    assert "People from outside can read it now." in str(owner.card)
    await routes.notice(story.ctx, Notice("place_closed", "console:elsewhere"))
    await story.work()
    assert len(story.posted("slack:U0CLARA")) == 1
