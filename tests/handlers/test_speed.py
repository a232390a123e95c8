"""Speed is kept as cases go, told of teams of four and more, and of persons only as it is set."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.speed_command import figures
from handlers import speed_lines, texts
from handlers.cards import Card
from handlers.context import Context, NotAllowed, Refused
from handlers.measures.measure import Scope
from handlers.measures.recovery import share
from handlers.measures.speed import Speed, Step
from handlers.speed import TeamSpeed
from storage import members, pace
from storage.models import Case, CasePace
from tests.handlers.cases.conftest import Story, story
from tests.handlers.test_secret_words import words_of

__all__ = ["story"]
TEAM, ALL = Scope("team", "Nordics"), Scope("all")


def set_to(ctx: Context, setting: str) -> Context:
    rules = replace(ctx.programme, measure_members=setting)  # type: ignore[arg-type]  # a setting
    return replace(ctx, programme=rules)


async def told(ctx: Context, scope: Scope, member: str | None = None, by: str | None = None) -> str:
    return await figures(ctx, scope, member, True, by)


async def test_the_first_take_and_contact_are_kept_in_working_hours_and_undone_ones_forgotten(
    story: Story,
) -> None:
    await story.answer("jane", 3)
    await story.work()
    anna = story.acme.anna
    # Wednesday 09:20: 3 h 40 on Tuesday until 17:00, and 1 h 20 from 8:00 on.
    story.clock.forward(hours=20)
    await story.press(anna, story.posted()[0], "case.take")
    (kept,) = await rows(story.ctx)
    assert (kept.taken_at, kept.contacted_at) == (story.clock(), None)
    assert kept.take_hours == pytest.approx(5)
    assert kept.taken_at is not None
    assert kept.take_by is not None
    assert kept.taken_at > kept.take_by
    await story.press(anna, story.posted()[0], "case.undo")
    (kept,) = await rows(story.ctx)
    assert (kept.taken_at, kept.take_hours) == (None, None)
    await story.press(anna, story.posted()[0], "case.take")
    story.clock.forward(hours=1)
    reached = {"reached": "yes", "said": "Sorry", "next": "again", "again_on": "2026-12-01"}
    value = (await story.case()).id
    await story.submit(anna, "case.contact", f"{value}:1", reached)
    (kept,) = await rows(story.ctx)
    assert kept.contact_hours == pytest.approx(6)
    first = kept.contacted_at
    done = {"outcome": "saved", "done": "Invoice corrected"}
    await story.submit(anna, "case.solve", f"{value}:1", done)
    story.clock.forward(hours=1)
    await story.press(anna, story.posted()[0], "case.reopen")
    (kept,) = await rows(story.ctx)
    assert kept.contacted_at == first


async def test_what_is_set_decides_who_reads_whose_speed(story: Story) -> None:
    await taken_case(story)
    anna, lars, clara, mikkel = (
        story.acme.anna, story.acme.lars, story.acme.clara, story.acme.mikkel
    )  # fmt: skip
    may = {
        "never": [],
        "self": [(anna, anna)],
        "lead": [(anna, anna), (lars, anna)],
    }
    for setting, allowed in may.items():
        ctx = set_to(story.ctx, setting)
        for viewer in (None, anna, lars, clara, mikkel):
            by = viewer.email if viewer else None
            if (viewer, anna) in allowed:
                figures_ = json.loads(await told(ctx, ALL, anna.email, by))
                assert figures_["taken"]["in_time"]["n"] == 1
                assert "nps" not in figures_
                assert "settled" not in figures_
            else:
                with pytest.raises(NotAllowed):
                    await told(ctx, ALL, anna.email, by)
        seen = replace(story, ctx=ctx)
        home = words_of(await seen.type(anna, ""))
        assert ("How soon you take up cases" in home) == (setting != "never")
        assert ("You and the lead of your team see this." in home) == (setting == "lead")
        team = words_of(await seen.type(lars, "team nordics"))
        assert ("How soon your team's members" in team) == (setting == "lead")
        for other in (anna, clara):
            card = await seen.type(other, "team nordics")
            assert "How soon your team's members" not in words_of(card)
            assert "1 of 1 in time" in words_of(card)


@pytest.mark.both_databases
async def test_smaller_teams_are_told_together_and_alone_to_nobody(story: Story) -> None:
    await taken_case(story)
    make = story.make
    for name, size in (("Benelux", 3), ("Iberia", 1)):
        team = await make.team(name)
        for _each in range(size):
            owner = await make.member(team_id=team.id)
        account = await make.account(team_id=team.id, owner_id=owner.id)
        await make.save(
            Case(account_id=account.id, kind="relationship", opened_at=story.clock(),
                 owner_id=owner.id, take_by=story.clock() - timedelta(hours=1))
        )  # fmt: skip
    whole = json.loads(await told(story.ctx, ALL))
    assert whole["cases"] == 3
    assert [(each["team"], each["members"], each["cases"]) for each in whole["teams"]] == [
        ("Nordics", 4, 1), (None, 4, 2),
    ]  # fmt: skip
    assert json.loads(await told(story.ctx, Scope("team", "iberia")))["withheld"] == "small_team"
    opened = json.loads(await told(set_to(story.ctx, "lead"), Scope("team", "Iberia")))
    assert opened["cases"] == 1
    teams = json.loads(await told(set_to(story.ctx, "lead"), ALL))["teams"]
    assert [each["team"] for each in teams] == ["Benelux", "Iberia", "Nordics"]
    card = await story.type(story.acme.clara, "all")
    assert isinstance(card, Card)
    assert "Smaller teams" in words_of(card)
    assert "Iberia" not in words_of(card)
    async with story.ctx.db.session() as session:
        people = await members.everybody(session)
        leaver = next(each for each in people if each.name.startswith("Member"))
        leaver.team_id = None
        session.add(leaver)
    whole = json.loads(await told(story.ctx, ALL))
    # The whole without Nordics would be three people: Nordics is told together with them.
    (only,) = whole["teams"]
    assert (only["team"], only["members"], only["joined"]) == (None, 7, ["Nordics"])
    assert (only["cases"], only["taken"]) == (whole["cases"], whole["taken"])
    told_of_all = words_of(await story.type(story.acme.clara, "all"))
    assert "so that nobody can work out a team of fewer than four: Nordics" in told_of_all
    with pytest.raises(Refused):
        await told(story.ctx, Scope("account", "acme"))


async def test_a_hidden_case_counts_only_for_who_may_know_of_it(story: Story) -> None:
    await story.answer("peter", 2, comment="Anna forgot Zanzibar")
    await story.work()
    story.clock.forward(days=3)
    anna = json.loads(await told(story.ctx, TEAM, by="anna@nordfab.example"))
    lars = json.loads(await told(story.ctx, TEAM, by="lars@nordfab.example"))
    assert (anna["cases"], lars["cases"]) == (0, 1)
    with pytest.raises(NotAllowed):
        await told(story.ctx, ALL, by="anna@nordfab.example")


async def taken_case(story: Story) -> None:
    await story.answer("jane", 3)
    await story.work()
    story.clock.forward(hours=1)
    await story.press(story.acme.anna, story.posted()[0], "case.take")


async def rows(ctx: Context) -> list[CasePace]:
    async with ctx.db.reading() as session:
        found = await pace.of_case(session, 1)
    return [found] if found else []


def test_the_table_of_teams_waits_for_the_first_case_that_is_due() -> None:
    not_due = Speed(3, Step(None, None), Step(None, None))
    due = Speed(3, Step(share(2, 3), 4.0), Step(None, None))
    few = TeamSpeed("Nordics", 5, not_due, None), TeamSpeed(None, 2, None, None)
    assert speed_lines.teams_lines(few, texts.of("en")) == []
    told_ = speed_lines.teams_lines((*few, TeamSpeed("West", 4, due, None)), texts.of("en"))
    assert [type(each).__name__ for each in told_] == ["Text", "Table", "Text"]
