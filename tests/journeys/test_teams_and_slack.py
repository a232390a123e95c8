"""One case on both platforms: who clicks where is one state, and both cards show it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from sqlmodel import col, select

from storage.models import CaseEvent
from tests.fake_slack import words as slack_words
from tests.fake_teams import words
from tests.journeys.teams_workspace import CHANNEL, TeamsWorkspace, teams_workspace
from tests.teams_user import labels


@pytest_asyncio.fixture
async def work(either_url: str) -> AsyncIterator[TeamsWorkspace]:
    async with teams_workspace(either_url, with_slack=True) as started:
        yield started


async def both_cards(work: TeamsWorkspace) -> tuple[dict[str, Any], dict[str, Any]]:
    in_teams = await work.teams.until(lambda: work.teams.at(CHANNEL), "alert in Teams")
    in_slack = await work.slack.until(lambda: work.slack.at("C0ANNA"), "alert in Slack")
    return in_teams[0], in_slack[0]


async def both_show(
    work: TeamsWorkspace, cards: tuple[dict[str, Any], dict[str, Any]], text: str
) -> None:
    await work.teams.until(lambda: text in words(cards[0]), f"{text!r} in Teams")
    await work.slack.until(lambda: text in slack_words(cards[1]), f"{text!r} in Slack")


async def test_a_click_on_either_side_changes_both_cards(work: TeamsWorkspace) -> None:
    await work.answer("jane", 3, comment="Third wrong invoice in a row")
    cards = await both_cards(work)
    await work.in_slack("U0ANNA").click(cards[1], "Take it")
    await both_show(work, cards, "Anna has it since 13:20")
    dialog = await work.anna.fetch(cards[0], "I called or wrote")
    more = await work.anna.submit(dialog, reached="yes", next="promised")
    assert more is not None
    done = await work.anna.submit(more, promise="invoice check", promise_by="2026-12-01")
    assert done is None
    await both_show(work, cards, "invoice check")
    async with work.db.reading() as session:
        acts = (
            await session.exec(
                select(CaseEvent)
                .where(col(CaseEvent.member_id).is_not(None))
                .order_by(col(CaseEvent.id))
            )
        ).all()
        anna = {act.member_id for act in acts}
    assert [act.platform for act in acts][0] == "slack"
    assert [act.platform for act in acts][-1] == "teams"
    assert anna == {work.acme.anna.id}, "one person on both platforms is one member"


async def test_of_ten_who_take_it_at_once_one_wins_and_both_cards_say_who(
    work: TeamsWorkspace,
) -> None:
    names = ["Ada", "Bo", "Cy", "Dan", "Eva", "Finn", "Gro", "Hans", "Ida", "Jon"]
    for n, name in enumerate(names):
        email = f"p{n}@nordfab.example"
        await work.make.member(name, email=email, team_id=work.acme.team.id, language="en")
        if n % 2:
            work.teams.user(f"aad-{n}", email, name)
            work.teams.chats[CHANNEL]["people"].append(f"aad-{n}")
        else:
            work.slack.user(f"U0P{n}", email, name)
    await work.answer("jane", 3)
    cards = await both_cards(work)
    old_teams, old_slack = {**cards[0]}, {**cards[1]}
    await asyncio.gather(
        *(
            work.person(f"aad-{n}").press(old_teams, "Take it")
            if n % 2
            else work.in_slack(f"U0P{n}").click(old_slack, "Take it")
            for n in range(10)
        )
    )
    await work.teams.until(lambda: "has it since" in words(cards[0]), "a winner in Teams")
    winner = next(name for name in names if f"{name} has it since" in words(cards[0]))
    await both_show(work, cards, f"{winner} has it since")
    async with work.db.reading() as session:
        acts = select(CaseEvent).where(col(CaseEvent.member_id).is_not(None))
        assert len((await session.exec(acts)).all()) == 1

    def told() -> bool:
        in_chats = [m for n in range(1, 10, 2) for m in work.teams.at(f"aad-{n}")]
        return len(in_chats) + len(work.slack.ephemerals) + len(work.slack.responses) == 9

    await work.teams.until(told, "a word to each of the nine others")
    assert "Take it" not in labels(cards[0])
