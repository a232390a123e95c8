"""Secret words are in nothing that the owner or people from outside can read, on any surface."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from handlers import jobs, routes
from handlers.cards import to_json
from handlers.chat import Click, Notice, Person
from storage.models import Member
from tests.fakes import Posted
from tests.handlers.cases.conftest import Story, buttons, story

__all__ = ["story"]
SECRET = "Zanzibar"
NAME = "Peter"
COMMANDS = ("", "acme", "acme people", "acme history", "acme reasons", "team nordics", "cases",
            "cases team", "cases all", "promises", "tasks", "silent", "calls", "help")  # fmt: skip


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
