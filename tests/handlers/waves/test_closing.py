"""At the closing date a wave ends by itself, and everybody concerned learns what came of it."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from handlers import jobs
from handlers.cards import Card, Table
from handlers.context import Context
from handlers.waves import closing, recipients, sending, steering
from storage import alerts
from storage.models import Alert, Case, CaseResponse, Invitation, Team, Wave
from tests.factories import Acme, Make, acme_story
from tests.fakes import FakeChat, FakeClock


async def answered(make: Make) -> Acme:
    """The story of Acme with four answers."""
    acme = await acme_story(make)
    for name, score in (("jane", 3), ("ole", 9), ("lis", 9), ("peter", 7)):
        await make.response(acme.invitations[name], score)
    return acme


async def result_alerts(ctx: Context) -> dict[str, Alert]:
    async with ctx.db.reading() as session:
        return {alert.key: alert for alert in (await session.exec(select(Alert))).all()}


async def wave_now(ctx: Context, wave_id: int) -> Wave:
    async with ctx.db.reading() as session:
        return await session.get_one(Wave, wave_id)


async def deliver_all(ctx: Context) -> None:
    async with ctx.db.reading() as session:
        due = await alerts.due(session, ctx.now())
    for alert in due:
        await jobs.deliver_alert(ctx, alert.id, alert.attempts)


def texts_in(card: Card) -> str:
    return str(card)


async def test_a_wave_closes_at_its_date_and_cancels_what_is_left(
    ctx: Context, make: Make, clock: FakeClock
) -> None:
    acme = await answered(make)
    late = await make.contact(acme.account, "Late")
    planned = await make.invitation(
        late, acme.wave, status="planned", sent_at=None, send_at=ctx.now() + timedelta(days=90)
    )
    assert await closing.due(ctx) == []
    clock.at = acme.wave.closes_at  # type: ignore[assignment]  # the story sets it
    await closing.due(ctx)
    closed = await wave_now(ctx, acme.wave.id)
    assert (closed.state, closed.closed_at) == ("closed", ctx.now())
    async with ctx.db.reading() as session:
        left = await session.get_one(Invitation, planned.id)
    assert (left.status, left.reason) == ("cancelled", "closed")
    assert await closing.due(ctx) == []


async def test_cx_the_team_and_the_account_manager_get_a_result_once_at_the_start_of_work(
    ctx: Context, make: Make, clock: FakeClock, chat: FakeChat
) -> None:
    acme = await answered(make)
    # The story's wave closes on Thursday 3 December 09:05; this one at midnight.
    clock.at = acme.wave.closes_at.replace(hour=23)  # type: ignore[union-attr]
    assert await closing.due(ctx) == []  # nobody is woken
    found = await result_alerts(ctx)
    assert sorted(found) == sorted(
        [
            f"wave:{acme.wave.id}:result:{acme.clara.id}",
            f"wave:{acme.wave.id}:result:{acme.anna.id}",
            f"wave:{acme.wave.id}:result:team{acme.team.id}",
        ]
    )
    assert {alert.due_at.isoformat() for alert in found.values()} == {"2026-12-04T07:00:00+00:00"}
    clock.at = next(iter(found.values())).due_at
    await deliver_all(ctx)
    by_place = {posted.place: posted.card for posted in chat.posted}
    assert set(by_place) == {"slack:U0CLARA", "slack:U0ANNA", "slack:U0LARS"}
    whole, own = by_place["slack:U0CLARA"], by_place["slack:U0ANNA"]
    # One account is too little for a score of the programme: counts only.
    assert whole.title == "Autumn 2026: the result"
    assert "4 of 6 (67%)" in texts_in(whole)
    assert "Too few answers for a score" in texts_in(whole)
    assert "+25" not in texts_in(whole)
    assert own.title == "Autumn 2026: your accounts"
    assert "NPS" not in texts_in(own)  # nobody gets a score of their own
    assert [e.rows for e in own.body if isinstance(e, Table)] == [
        (("Acme A/S", "4 of 6", "2 promoters, 1 passive, 1 critic"),)
    ]
    assert by_place["slack:U0LARS"].title == "Autumn 2026 · Nordics: the result"


async def test_enough_answers_give_a_score_with_its_range(ctx: Context, make: Make) -> None:
    acme = await answered(make)
    for _account in range(4):
        account = await make.account(team_id=acme.team.id)
        for score in (9, 9, 7, 2):
            invitation = await make.invitation(await make.contact(account), acme.wave)
            await make.response(invitation, score)
    t = recipients.texts_of(ctx, acme.clara)
    card = await closing.whole_card(ctx, acme.wave, [acme.team], t)
    assert card.title == "Autumn 2026: NPS +25"
    assert re.search(r"\+25, likely between −?\d+ and \d+'", texts_in(card))
    assert "('Nordics', '20 of 22 (91%)', '+25')" in texts_in(card)


async def test_a_small_team_gets_no_score(ctx: Context, make: Make) -> None:
    team = await make.team("Two")
    anna = await make.member("Anna", team_id=team.id)
    account = await make.account("Acme", team_id=team.id, owner_id=anna.id)
    wave = await make.wave("Autumn", closes_at=ctx.now())
    invitation = await make.invitation(await make.contact(account), wave)
    await make.response(invitation, 2)
    t = recipients.texts_of(ctx, anna)
    card = await closing.team_card(ctx, wave, team, t)
    assert card.title == "Autumn · Two: the result"
    assert "critic" not in texts_in(card)
    whole = await closing.whole_card(ctx, wave, [team], t)
    assert "('Smaller teams', '1 of 1 (100%)', 'team too small')" in texts_in(whole)
    rules = replace(ctx.programme, measure_members="lead")
    whole = await closing.whole_card(replace(ctx, programme=rules), wave, [team], t)
    assert "('Two', '1 of 1 (100%)'," in texts_in(whole)


async def test_smaller_teams_are_one_line_of_the_result(ctx: Context, make: Make) -> None:
    wave = await make.wave("Autumn", closes_at=ctx.now())
    teams = [await make.team(name) for name in ("One", "Two")]
    for team in teams:
        for _member in range(2):
            anna = await make.member(team_id=team.id)
        for _account in range(4):
            account = await make.account(team_id=team.id, owner_id=anna.id)
            for score in (9, 9, 7, 2):
                invitation = await make.invitation(await make.contact(account), wave)
                await make.response(invitation, score)
    t = recipients.texts_of(ctx, anna)
    whole = texts_in(await closing.whole_card(ctx, wave, teams, t))
    assert "('Smaller teams', '32 of 32 (100%)', '+25')" in whole
    assert "'One'" not in whole


async def asked_team(
    make: Make, wave: Wave, name: str | None, people: int, score: int, accounts: int = 3
) -> Team | None:
    """A team (or nobody's) of so many people, whose contacts all give this score."""
    team = await make.team(name) if name else None
    for _each in range(people):
        owner = await make.member(team_id=team.id if team else None)
    for _each in range(accounts):
        account = await make.account(team_id=team.id if team else None, owner_id=owner.id)
        for _contact in range(4):
            invitation = await make.invitation(await make.contact(account), wave)
            await make.response(invitation, score)
    return team


@pytest.mark.both_databases
async def test_the_whole_without_the_teams_shown_is_of_four_people_or_more(
    ctx: Context, make: Make
) -> None:
    wave = await make.wave("Autumn", closes_at=ctx.now())
    found = [
        await asked_team(make, wave, "Large", 6, 9),
        await asked_team(make, wave, "Middle", 5, 7),
        await asked_team(make, wave, "Small", 2, 2),
    ]
    teams = [each for each in found if each]
    t = recipients.texts_of(ctx, None)
    whole = texts_in(await closing.whole_card(ctx, wave, teams, t))
    assert "('Large', '12 of 12 (100%)', '+100')" in whole
    assert "('Smaller teams', '24 of 24 (100%)', '−50')" in whole
    assert "'Middle'" not in whole
    assert "so that nobody can work out a team of fewer than four: Middle" in whole
    # Two people more with accounts of no team: now those who are left are four.
    await asked_team(make, wave, None, 1, 9)
    await asked_team(make, wave, None, 1, 9)
    whole = texts_in(await closing.whole_card(ctx, wave, teams, t))
    assert "('Middle', '12 of 12 (100%)', '0')" in whole
    assert "('Smaller teams', '36 of 36 (100%)', '+33')" in whole
    rules = replace(ctx.programme, measure_members="lead")
    whole = texts_in(await closing.whole_card(replace(ctx, programme=rules), wave, teams, t))
    assert "('Small', '12 of 12 (100%)', '−100')" in whole


async def test_a_wave_to_a_small_team_alone_tells_no_score_of_it(ctx: Context, make: Make) -> None:
    wave = await make.wave("Autumn", closes_at=ctx.now())
    small = await asked_team(make, wave, "Small", 2, 2, accounts=6)
    other = await make.team("Large")
    assert small is not None
    t = recipients.texts_of(ctx, None)
    card = await closing.whole_card(ctx, wave, [small, other], t)
    assert card.title == "Autumn: the result"
    assert "critic" not in texts_in(card)
    assert "100%" in texts_in(card)
    # It is the whole programme: there is nobody else to hide among.
    card = await closing.whole_card(ctx, wave, [small], t)
    assert card.title == "Autumn: NPS −100"


@pytest.mark.both_databases
async def test_an_answer_hidden_from_the_owner_is_not_in_the_owners_result(
    ctx: Context, make: Make
) -> None:
    acme = await acme_story(make)
    await make.response(acme.invitations["jane"], 2, to_manager=True)
    await make.response(acme.invitations["ole"], 9)
    t = recipients.texts_of(ctx, acme.anna)
    for card in (
        await closing.own_card(ctx, acme.wave, acme.anna, t),
        await closing.team_card(ctx, acme.wave, acme.team, t),
    ):
        rows = [element.rows for element in card.body if isinstance(element, Table)]
        assert rows == [(("Acme A/S", "1 of 6", "1 promoter"),)]


async def test_an_answer_that_the_lead_released_is_in_it_again(ctx: Context, make: Make) -> None:
    acme = await acme_story(make)
    response = await make.response(acme.invitations["jane"], 2, to_manager=True)
    case = await make.save(
        Case(account_id=acme.account.id, kind="relationship", opened_at=ctx.now())
    )
    await make.save(CaseResponse(response_id=response.id, case_id=case.id, joined_at=ctx.now()))
    t = recipients.texts_of(ctx, acme.anna)
    card = await closing.own_card(ctx, acme.wave, acme.anna, t)
    assert "1 critic" in texts_in(card)
    case.hidden_from_owner = True
    await make.save(case)
    card = await closing.own_card(ctx, acme.wave, acme.anna, t)
    assert "1 critic" not in texts_in(card)


@pytest.mark.both_databases
async def test_a_stopped_wave_gets_its_result_at_the_closing_date(
    ctx: Context, make: Make, clock: FakeClock
) -> None:
    acme = await answered(make)
    await steering.stop(ctx, acme.wave.id, acme.clara)
    clock.at = acme.wave.closes_at  # type: ignore[assignment]  # the story sets it
    assert len(await closing.due(ctx)) == 3
    assert (await wave_now(ctx, acme.wave.id)).state == "stopped"


async def test_stopping_cancels_what_is_planned_and_keeps_what_was_sent(
    ctx: Context, make: Make
) -> None:
    acme = await acme_story(make)
    late: dict[str, Any] = {"status": "planned", "sent_at": None, "send_at": ctx.now()}
    planned = await make.invitation(await make.contact(acme.account), acme.wave, **late)
    card = await steering.stop(ctx, acme.wave.id, acme.clara)
    assert card.status == "stopped"
    assert await sending.due(ctx) == []
    async with ctx.db.reading() as session:
        assert (await session.get_one(Invitation, planned.id)).status == "cancelled"
        sent = await session.get_one(Invitation, acme.invitations["jane"].id)
    assert sent.status == "sent"


async def test_the_result_of_another_kind_has_counts_and_no_nps(ctx: Context, make: Make) -> None:
    clara = await make.member("Clara", role="cx_lead")
    wave = await make.wave("Effort", kind="ces2", closes_at=ctx.now())
    await make.invitation(await make.contact(await make.account("Acme")), wave)
    card = await closing.whole_card(ctx, wave, [], recipients.texts_of(ctx, clara))
    assert card.title == "Effort: the result"
    assert "('Heard', '0 (0%)')" in texts_in(card)
