"""Members who never wrote to the bot are known from the rosters, and places by their names."""

from collections.abc import AsyncIterator

import pytest_asyncio
from sqlmodel import select

from handlers import identity
from handlers.chat import Called, Message
from handlers.context import Context
from handlers.places.naming import spoken
from handlers.texts import of
from storage.models import Alert, Member
from tests.bot.msteams.teams_bot import CHANNEL, GROUP, TeamsBot, running
from tests.bot.slack_app import CASE
from tests.factories import Make
from tests.fake_teams import APP_ID, words
from tests.teams_user import labels

TEAM = "19:team@thread.tacv2"


@pytest_asyncio.fixture
async def bot(ctx: Context, make: Make) -> AsyncIterator[TeamsBot]:
    async with running(ctx, make) as started:
        await make.member("Lars Holt", email="lars@nordfab.example", role="team_lead")
        started.teams.user("aad-lars", "Lars@Nordfab.example", "Lars Holt")
        started.teams.chats[CHANNEL]["people"].append("aad-lars")
        started.teams.chats[CHANNEL]["team"] = TEAM
        yield started


async def added(bot: TeamsBot, chat: str = CHANNEL) -> None:
    event = bot.anna.activity("conversationUpdate", chat, membersAdded=[{"id": f"28:{APP_ID}"}])
    await bot.anna.send(event)
    await bot.quiet()


async def ids(bot: TeamsBot) -> dict[str, str | None]:
    async with bot.ctx.db.reading() as session:
        rows = (await session.exec(select(Member.name, Member.teams_id))).all()
    return dict(rows)


async def test_who_stands_in_the_roster_is_reached_before_ever_writing(bot: TeamsBot) -> None:
    guest = bot.teams.user("aad-x", "anna@nordfab.example", "Guest", userRole="guest")
    bot.teams.chats[CHANNEL]["people"].append(guest)
    await added(bot)
    assert await ids(bot) == {"Anna Berg": "aad-anna", "Lars Holt": "aad-lars"}
    await bot.ctx.chat.send("teams-user:aad-lars", Message(CASE, "alert:17", "en"))
    assert "Acme" in words(bot.teams.at("aad-lars")[0])


async def test_a_member_who_is_imported_later_is_found_by_the_next_look(
    bot: TeamsBot, make: Make
) -> None:
    await added(bot)
    bot.teams.user("aad-eva", "eva@nordfab.example", "Eva Lund")
    bot.teams.chats[CHANNEL]["people"].append("aad-eva")
    calls = len(bot.teams.calls)
    await bot.channel.meet(bot.ctx)
    assert len(bot.teams.calls) == calls, "everybody is known: no roster is read"
    await make.member("Eva Lund", email="eva@nordfab.example")
    await bot.channel.meet(bot.ctx)
    assert (await ids(bot))["Eva Lund"] == "aad-eva"


async def test_the_entra_id_comes_before_the_address(bot: TeamsBot, make: Make) -> None:
    await make.member("Old Lars", email="old@nordfab.example", teams_id="aad-lars")
    await added(bot)
    found = await ids(bot)
    assert found["Old Lars"] == "aad-lars"
    assert found["Lars Holt"] is None


async def test_whoever_two_members_fit_is_asked_and_nobody_is_linked(
    bot: TeamsBot, make: Make
) -> None:
    await make.member("Lars H. Holt", email="lhh@nordfab.example")
    bot.teams.users["aad-lars"]["userPrincipalName"] = "lhh@nordfab.example"
    await added(bot)
    assert (await ids(bot))["Lars Holt"] is None
    async with bot.ctx.db.reading() as session:
        (alert,) = (await session.exec(select(Alert))).all()
    outgoing = await identity.several(bot.ctx, alert)
    assert outgoing is not None
    ((place,), *_cx) = outgoing[0].steps
    await bot.ctx.chat.send(place, outgoing[0].message)
    question = bot.teams.at("aad-lars")[0]
    assert "Who are you here?" in words(question)
    chosen = next(label for label in labels(question) if "lars@" in label)
    await bot.person("aad-lars").press(question, chosen)
    await bot.quiet()
    assert (await ids(bot))["Lars Holt"] == "aad-lars"
    assert await identity.several(bot.ctx, alert) is None, "nobody is asked twice"


async def test_a_channel_is_called_by_its_name_and_its_teams(bot: TeamsBot, make: Make) -> None:
    bot.teams.names = {TEAM: "Nordics", CHANNEL: "Alerts"}
    await added(bot)
    place = f"teams:{CHANNEL}"
    for _ in range(2):
        assert await bot.ctx.chat.called(place) == Called("Alerts", "Nordics")
    assert sum("teams/" in path for _, path in bot.teams.calls) == 2, "Teams is asked once"
    assert await spoken(bot.ctx, place, of("en")) == "Alerts (Nordics)"
    assert "Anna Berg" in await spoken(bot.ctx, "teams-user:aad-anna", of("en"))
    renamed = bot.anna.activity("conversationUpdate", CHANNEL)
    renamed["channelData"]["eventType"] = "channelRenamed"
    renamed["channelData"]["channel"]["name"] = "Customers"
    await bot.anna.send(renamed)
    renamed["id"] += "2"
    renamed["channelData"]["eventType"] = "teamRenamed"
    renamed["channelData"]["team"]["name"] = "North"
    await bot.anna.send(renamed)
    await bot.quiet()
    assert await bot.ctx.chat.called(place) == Called("Customers", "North")


async def test_where_teams_tells_no_name_the_sentence_says_so(bot: TeamsBot) -> None:
    await added(bot)
    await added(bot, GROUP)
    for place in (f"teams:{CHANNEL}", f"teams:{GROUP}", "teams:19:unknown"):
        assert "name I can't see" in await spoken(bot.ctx, place, of("en"))
