"""Secret words are in nothing that the owner or people from outside can read, on any surface."""

import io
import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from bot import logs
from bot.charts import specification
from bot.measure_command import figures
from handlers import jobs, routes
from handlers.cards import Card, Chart, to_json
from handlers.cases import changing
from handlers.cases.handing import Moved, owners_changed
from handlers.chat import Click, Notice, Person
from handlers.context import Context
from handlers.files import export_file
from handlers.files.columns import COLUMNS
from handlers.measures.measure import Scope
from handlers.privacy import erase_person
from storage.models import Account, Member, Response
from tests.fakes import Posted
from tests.handlers.cases.conftest import Story, button, buttons, story

__all__ = ["story"]
SECRET = "Zanzibar"
NAME = "Peter"
SCOPES = (Scope("account", "acme"), Scope("team", "Nordics"))
COMMANDS = ("", "acme", "acme people", "acme history", "acme reasons", "acme done", "ideas",
            "team nordics", "cases", "cases team", "cases all", "promises", "tasks", "silent",
            "calls", "help")  # fmt: skip


def words_of(value: Any) -> str:
    """All that a reply or message holds, hidden values too."""
    return json.dumps(to_json(value), ensure_ascii=False, default=str)


async def hidden_case(story: Story) -> None:
    story.looks = jobs.DUE
    await story.answer(
        "peter", 2, comment=f"Anna forgot {SECRET}", idea=SECRET, reasons=["invoicing"]
    )
    await story.work()


async def everything_told_to(story: Story, member: Member) -> Mapping[str, str]:
    """What a member gets to read by asking: commands, the home tab, and every button in them."""
    told: dict[str, str] = {}
    for command in COMMANDS:
        reply = await story.type(member, command)
        told[f"/nps {command}"] = words_of(reply)
        for each in buttons(reply) if hasattr(reply, "body") else []:  # type: ignore[arg-type]  # a card
            person = story.person(member)
            click = Click(person, person.place, each.action, each.value)
            told[f"{command} > {each.action}"] = words_of(await routes.click(story.ctx, click))
    person = Person("console", member.email)
    home = await routes.notice(story.ctx, Notice("home_opened", person.place, person))
    told["home"] = words_of(home)
    return told


@pytest.mark.both_databases
async def test_a_hidden_case_is_on_no_surface_of_the_owner(
    story: Story, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    await hidden_case(story)
    await story.answer("jane", 3, comment="Nobody calls back")
    await story.work()
    for _day in range(4):
        await story.forward(hours=24)
    told = await everything_told_to(story, story.acme.anna)
    for surface, words in told.items():
        assert SECRET not in words, surface
    for posted in story.chat.posted:
        if posted.place not in ("slack:U0LARS", "slack:U0CLARA", "console:lars@nordfab.example",
                                "console:clara@nordfab.example"):  # fmt: skip
            assert SECRET not in _ever(posted), posted.place
    assert any(SECRET in _ever(each) for each in story.posted("slack:U0LARS"))
    log = caplog.text + "".join(capsys.readouterr())
    assert SECRET not in log
    assert NAME not in log


@pytest.mark.both_databases
async def test_files_figures_and_pictures_as_the_owner_sees_them_know_nothing_of_a_hidden_case(
    story: Story, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    await heard_in_spring(story)
    await story.answer("jane", 3, comment="Nobody calls back")
    ctx, anna = story.ctx, story.acme.anna
    before = {scope: await measured(ctx, scope, anna.email) for scope in SCOPES}
    files = {what: await export_file(ctx, what, "csv", anna) for what in COLUMNS}
    pictures = await pictures_of(story, anna)
    logs.configure(logging.DEBUG)
    try:
        await hidden_case(story)
        for scope, told in before.items():
            assert await measured(ctx, scope, anna.email) == told
            assert await measured(ctx, scope, "lars@nordfab.example") != told
            assert await measured(ctx, scope, None) != told
        for what, file in files.items():
            assert await export_file(ctx, what, "csv", anna) == file, what
        workbook = await export_file(ctx, "responses", "xlsx", anna)
        assert SECRET not in cells(workbook)
        assert SECRET in cells(await export_file(ctx, "responses", "xlsx", story.acme.lars))
        assert SECRET not in cells(await export_file(ctx, "responses", "xlsx", await admin(story)))
        assert await pictures_of(story, anna) == pictures != []
        assert await pictures_of(story, story.acme.lars) != pictures
    finally:
        logs.configure()
    log = caplog.text + "".join(capsys.readouterr())
    assert SECRET not in log
    assert NAME not in log


async def leads_now(story: Story, role: str = "team_lead") -> Member:
    """Anna has passed Acme on to Bo, and rises: to be its team's lead in Lars' place, or CX."""
    bo = await story.make.member("Bo Dahl", email="bo@nordfab.example", team_id=story.acme.team.id)
    async with story.ctx.db.session() as session:
        (await session.get_one(Account, story.acme.account.id)).owner_id = bo.id
        anna = await session.get_one(Member, story.acme.anna.id)
        anna.role = role
        if role == "team_lead":
            (await session.get_one(Member, story.acme.lars.id)).role = "account_manager"
        await session.flush()
        moved = Moved(story.acme.account.id, anna.id, bo.id)
        await owners_changed(session, story.ctx, [moved])
    await story.work()
    return anna


@pytest.mark.both_databases
@pytest.mark.parametrize("role", ["team_lead", "cx_lead"])
async def test_what_was_kept_from_an_owner_stays_kept_from_them_whatever_they_become(
    story: Story, role: str
) -> None:
    await hidden_case(story)
    anna = await leads_now(story, role)
    await story.answer("jane", 3, comment="Nobody calls back")
    for _day in range(4):
        await story.forward(hours=24)
    for surface, words in (await everything_told_to(story, anna)).items():
        assert SECRET not in words, surface
    for posted in story.chat.posted:
        if posted.place not in ("slack:U0LARS", "slack:U0CLARA", "console:lars@nordfab.example",
                                "console:clara@nordfab.example"):  # fmt: skip
            assert SECRET not in _ever(posted), posted.place
    assert any(SECRET in _ever(each) for each in story.posted("slack:U0CLARA"))
    for what in COLUMNS:
        assert SECRET.encode() not in await export_file(story.ctx, what, "csv", anna), what
    for scope in SCOPES:
        told = await measured(story.ctx, scope, anna.email)
        assert told == await measured(story.ctx, scope, "bo@nordfab.example"), scope
        assert told != await measured(story.ctx, scope, None)


async def test_a_lead_from_whom_an_answer_is_kept_gets_no_later_one_of_that_account(
    story: Story,
) -> None:
    await hidden_case(story)
    anna = await leads_now(story)
    await story.answer("ole", 3, comment=SECRET, to_manager=True)
    await story.work()
    assert (await story.case()).owner_id != anna.id
    for posted in story.chat.posted:
        if posted.place.startswith("console:anna"):
            assert SECRET not in _ever(posted)
    assert any("Ole" in _ever(each) for each in story.posted("slack:U0CLARA"))
    # Lars, who leads no more, keeps no card below which it could stand.
    assert not any("Ole" in _ever(each) for each in story.posted("slack:U0LARS"))


async def test_who_owned_an_account_while_nothing_was_kept_leads_as_anybody(story: Story) -> None:
    anna = await leads_now(story)
    await story.answer("ole", 3, comment=SECRET, to_manager=True)
    await story.work()
    assert (await story.case()).owner_id == anna.id
    assert SECRET in words_of(await story.type(anna, "acme history"))


@pytest.mark.parametrize("solver", ["owner", "lead"])
async def test_what_the_lead_does_for_a_hidden_answer_is_on_no_surface_of_the_owner(
    story: Story, solver: str
) -> None:
    """From the case that both see, over its end, to what the customer says in the end."""
    await story.answer("jane", 3, comment="Nobody calls back")
    await story.work()
    await hidden_case(story)
    (owner,), (lead,) = story.posted(), story.posted("slack:U0LARS")
    said = {"reached": "yes", "said": SECRET, "next": "promised", "promise": SECRET}
    said |= {"promise_by": "2026-12-01"}
    value = f"{button(lead.card, 'case.contact').value}:anyway"
    await story.submit(story.acme.lars, "case.contact", value, said, lead.ref)
    solved = {"outcome": "saved", "done": "Called back", "reached": "yes"}
    for who, posted in ((story.acme.lars, lead), (story.acme.anna, owner)):
        if who is story.acme.lars and solver == "owner":
            continue
        inputs = {**solved, "done": SECRET, "helped": SECRET} if posted is lead else solved
        value = button(posted.card, "case.solve").value
        await story.submit(who, "case.solve", value, inputs, posted.ref)
    for _day in range(6):
        await story.forward(hours=24)
    await story.press(story.acme.anna, owner, "case.reopen")
    for _day in range(3):
        await story.forward(hours=24)
    for where, words in (await everything_told_to(story, story.acme.anna)).items():
        assert SECRET not in words, where
    told = {"timeline": words_of(await story.press(story.acme.anna, owner, "case.timeline"))}
    for place in ("console:anna", "slack:U0ANNA", "console:nordics"):
        told[place] = "".join(_ever(each) for each in story.posted(place))
    for where, words in told.items():
        assert SECRET not in words, where
        assert NAME not in words, where


async def test_that_a_hidden_customer_was_called_is_told_to_the_lead_alone(story: Story) -> None:
    await hidden_case(story)
    (lead,) = story.posted("slack:U0LARS")
    before = words_of(await story.type(story.acme.anna, "acme brief"))
    value = button(lead.card, "case.contact").value
    said = {"reached": "yes", "said": SECRET, "next": "again", "again_on": "2026-12-01"}
    await story.submit(story.acme.lars, "case.contact", value, said, lead.ref)
    assert words_of(await story.type(story.acme.anna, "acme brief")) == before
    assert "no contact logged yet" in before
    brief = words_of(await story.type(story.acme.lars, "acme brief"))
    assert "no contact logged yet" not in brief


async def heard_in_spring(story: Story) -> None:
    """A wave before this one, so that there is a trend to be drawn."""
    at = story.clock() - timedelta(days=200)
    spring = await story.make.wave("Spring 2026", starts_at=at, closes_at=at, state="closed")
    invitation = await story.make.invitation(story.acme.contacts["jane"], spring, sent_at=at)
    await story.make.response(invitation, 8, answered_at=at)


async def measured(ctx: Context, scope: Scope, email: str | None) -> str:
    return await figures(ctx, scope, "relationship", None, None, None, True, email)


async def pictures_of(story: Story, member: Member) -> list[str]:
    """What the pictures of a member's cards are drawn from."""
    found = []
    for command in ("acme", "team nordics"):
        reply = await story.type(member, command)
        assert isinstance(reply, Card)
        charts = [each for each in reply.body if isinstance(each, Chart)]
        found += [json.dumps(specification(each, False)) + each.alt for each in charts]
    return found


async def admin(story: Story) -> Member:
    return await story.make.member("Adam", role="admin", email="adam@nordfab.example")


def cells(workbook: bytes) -> str:
    rows = load_workbook(io.BytesIO(workbook)).active
    assert rows is not None
    return repr(list(rows.iter_rows(values_only=True)))


@pytest.mark.both_databases
async def test_a_channel_that_outsiders_came_to_read_shows_nothing_any_more(story: Story) -> None:
    story.looks = jobs.DUE
    await story.answer("jane", 3, comment=SECRET)
    await story.work()
    await story.forward(hours=24)
    places = ("console:anna", "console:nordics", "console:fallback")
    story.chat.shared.update(places)
    for place in places:
        await routes.notice(story.ctx, Notice("readers_changed", place))
    await story.work()
    await story.answer("karen", 1, comment=f"{SECRET} again")
    await story.work()
    for _day in range(3):
        await story.forward(hours=24)
    for place in places:
        for posted in story.posted(place):
            assert SECRET not in words_of(posted.card), place
            assert "Acme" not in words_of(posted.card), place
    direct = [each for each in story.chat.posted if each.place == "slack:U0ANNA"]
    assert any(SECRET in words_of(each.card) for each in direct)


async def test_a_command_in_a_channel_with_outsiders_is_answered_directly(story: Story) -> None:
    await story.answer("jane", 3, comment=SECRET)
    await story.work()
    story.chat.shared.add("console:customers")
    for command in COMMANDS:
        reply = await story.type(story.acme.anna, command, place="console:customers")
        assert SECRET not in words_of(reply), command
        assert "420,000" not in words_of(reply), command
    assert story.posted("console:customers") == []


def _ever(posted: Posted) -> str:
    """All cards that a message has shown."""
    return "".join(words_of(card) for card in posted.cards)


async def shown(story: Story, place: str = "console:lobby") -> Posted:
    """Acme's card, as Anna lets everybody in a channel see it."""
    click = Click(story.person(story.acme.anna), place, "account_show_in_channel", "1")
    await routes.click(story.ctx, click)
    assert SECRET in words_of(story.posted(place)[-1].card)
    return story.posted(place)[-1]


@pytest.mark.both_databases
async def test_a_card_shown_in_a_channel_goes_when_outsiders_come_to_read_it(story: Story) -> None:
    await story.answer("ole", 9, comment=SECRET)
    posted = await shown(story)
    story.chat.shared.add(posted.place)
    await routes.notice(story.ctx, Notice("readers_changed", posted.place))
    await story.work()
    assert SECRET not in words_of(posted.card)
    assert "Acme" not in words_of(posted.card)


async def test_a_card_shown_in_a_channel_goes_with_the_person_and_with_what_is_kept_late(
    story: Story,
) -> None:
    await story.answer("ole", 9, comment=SECRET)
    posted = await shown(story)
    await erase_person(story.ctx, "ole@acme.example")
    await story.work()
    assert SECRET not in words_of(posted.card)
    response = await story.answer("jane", 3, comment=SECRET)
    await story.work()
    posted = await shown(story)
    async with story.ctx.db.session() as session:
        row = await session.get_one(Response, response.id)
        row.to_manager = True
        session.add(row)
    await story.open(row)
    await story.work()
    assert SECRET not in words_of(posted.card)


async def test_what_an_erased_person_wrote_later_goes_from_the_thread(story: Story) -> None:
    response = await story.answer("jane", 3, comment="Nobody calls back")
    await story.work()
    async with story.ctx.db.session() as session:
        row = await session.get_one(Response, response.id)
        row.comment = SECRET
        session.add(row)
        due = await changing.answer_changed(session, story.ctx, [response.id])
    for each in due:
        await story.ctx.soon(each.job, each.due_at)
    await story.forward(seconds=5)
    (said,) = [each for each in story.posted() if each.ref.thread]
    assert SECRET in words_of(said.card)
    await erase_person(story.ctx, "jane@acme.example")
    await story.work()
    for posted in story.chat.posted:
        assert SECRET not in words_of(posted.card), posted.place
