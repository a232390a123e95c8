"""Trends of groups: from stored sums the same as from the waves themselves, whatever changes."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from sqlmodel import SQLModel, col, delete, select, update

from handlers import answers, jobs
from handlers.answers import Answer, record
from handlers.context import Context
from handlers.figures import measure_groups, measure_scope
from handlers.measures.measure import Scope
from handlers.measures.trend import TrendPoint
from handlers.trends import wave_trend
from handlers.waves import counting
from storage import answers as current
from storage import sending, wave_rollups
from storage.models import Account, Contact, CurrentAnswer, Invitation, Response, Wave, WaveRollup
from storage.sending import Claimed
from storage.wave_rollups import Sums
from tests.factories import Acme, Make, acme_story
from tests.fakes import FakeClock

WAVES = 4
GROUPS = (
    Scope("all"), Scope("team", "North"), Scope("team", "South"), Scope("segment", "industry"),
)  # fmt: skip
SENT = ("sent", "sent", "sent", "doubt", "failed", "bounced", "unasked", "skipped")


async def programme(make: Make) -> Sequence[Wave]:
    """Closed waves and a running one; since then accounts changed their team and segment."""
    chance = Random(20261124)
    north, south = await make.team("North"), await make.team("South")
    for team in (north, south):
        for _each in range(4):
            await make.member(team_id=team.id)
    teams = [north.id, south.id, None]
    segments = ["industry", "food", None]
    accounts = [
        await make.account(team_id=chance.choice(teams), segment=chance.choice(segments))
        for _each in range(12)
    ]
    people = [
        Contact(account_id=account.id, name="Somebody", role=chance.choice(["user", None]))
        for account in accounts
        for _each in range(chance.randint(1, 5))
    ]
    began = [make.now() - timedelta(days=90 * (WAVES - n)) for n in range(WAVES)]
    waves = [
        await make.wave(f"Q{n}", starts_at=at, state="closed" if n < WAVES - 1 else "sending")
        for n, at in enumerate(began)
    ]
    async with make.db.session() as session:
        session.add_all(people)
        await session.flush()
        for wave, at in zip(waves, began, strict=True):
            invitations = [
                Invitation(
                    wave_id=wave.id,
                    kind=chance.choice(["relationship", "relationship", "similar"]),
                    account_id=person.account_id,
                    contact_id=person.id,
                    status=chance.choice(SENT),
                    sent_at=at,
                    team_id=chance.choice(teams),
                    segment=chance.choice(segments),
                )
                for person in people
                if chance.random() < 0.9
            ]
            session.add_all(invitations)
            await session.flush()
            session.add_all(
                Response(
                    invitation_id=each.id,
                    account_id=each.account_id,
                    contact_id=each.contact_id,
                    kind=each.kind,
                    status=chance.choice(["confirmed"] * 5 + ["suspect", "provisional"]),
                    reply=reply,
                    score=chance.randint(0, 10) if reply == "score" else None,
                    answered_at=at,
                    last_input_at=at,
                )
                for each in invitations
                if chance.random() < 0.7
                for reply in [chance.choice(["score"] * 6 + ["cannot_judge", "may_not_recommend"])]
            )
        await session.flush()
        ids = [account.id for account in accounts]
        await current.recount(session, ids, "relationship", make.now(), 12)
    return waves


async def count_all(ctx: Context) -> None:
    """Counts every closed wave, as the clock does over some ticks."""
    for _tick in range(20):
        await counting.due(ctx)


async def trends(ctx: Context, without: Sequence[int] = ()) -> list[tuple[TrendPoint, ...]]:
    return [await wave_trend(ctx, scope, without=without) for scope in GROUPS]


async def stored_sums(ctx: Context) -> dict[int, frozenset[Sums]]:
    async with ctx.db.reading() as session:
        waves = await wave_rollups.every_counted(session)
        return {wave_id: await wave_rollups.read(session, wave_id) for wave_id in waves}


async def sums_of_the_truth(ctx: Context) -> dict[int, frozenset[Sums]]:
    """What the sums would be, were they all made anew; nothing of it stays."""
    async with ctx.db.reading() as session:
        waves = await wave_rollups.every_counted(session)
        accounts = (await session.execute(select(Account.id))).scalars().all()
        await session.execute(delete(WaveRollup))
        await wave_rollups.recount(session, waves, accounts)
        return {wave_id: await wave_rollups.read(session, wave_id) for wave_id in waves}


async def test_stored_sums_give_the_same_trend_to_the_last_digit(ctx: Context, make: Make) -> None:
    await programme(make)
    live = await trends(ctx)
    assert sum(point.nps is not None for points in live for point in points) == len(GROUPS) * WAVES

    await count_all(ctx)

    assert len(await stored_sums(ctx)) == WAVES - 1
    assert await trends(ctx) == live


async def test_a_point_of_the_trend_is_the_measure_of_its_wave(ctx: Context, make: Make) -> None:
    await programme(make)
    await count_all(ctx)
    for scope in GROUPS:
        for point in await wave_trend(ctx, scope):
            found = await measure_scope(ctx, scope, wave=point.label)
            assert found.interval is not None
            assert point == TrendPoint(
                point.label, found.nps, *found.interval, found.rated or 0, found.quality
            )


async def test_groups_are_measured_together_as_each_by_itself(ctx: Context, make: Make) -> None:
    await programme(make)
    each = [await measure_scope(ctx, scope, wave="Q1") for scope in GROUPS]
    assert await measure_groups(ctx, GROUPS, "relationship", "Q1") == each


@pytest.mark.both_databases
async def test_a_reply_that_is_kept_from_somebody_is_in_no_figure_of_theirs(
    ctx: Context, make: Make
) -> None:
    await programme(make)
    await count_all(ctx)
    async with ctx.db.reading() as session:
        kept = list((await session.execute(select(Response.id).limit(9))).scalars())
    told = await trends(ctx, kept)
    measured = [await measure_scope(ctx, scope, without=kept) for scope in GROUPS]
    assert told != await trends(ctx)

    async with ctx.db.session() as session:
        await session.execute(delete(CurrentAnswer))
        await session.execute(delete(Response).where(col(Response.id).in_(kept)))
        waves = await wave_rollups.every_counted(session)
        accounts = (await session.execute(select(Account.id))).scalars().all()
        await wave_rollups.recount(session, waves, accounts)
        await current.recount(session, accounts, "relationship", ctx.now(), 12)

    assert told == await trends(ctx)
    assert measured == [await measure_scope(ctx, scope) for scope in GROUPS]


async def test_a_small_team_has_no_points(ctx: Context, make: Make) -> None:
    await programme(make)
    await make.team("Two")
    assert await wave_trend(ctx, Scope("team", "Two")) == tuple(
        TrendPoint(f"Q{n}", None, None, None, 0) for n in range(WAVES)
    )


async def test_a_wave_is_counted_in_parts_once_nothing_of_it_is_on_its_way(
    ctx: Context, make: Make, acme: Acme
) -> None:
    contact = await make.contact(acme.account)
    leaving = await make.invitation(contact, acme.wave, status="sending", sent_at=None)
    await change(ctx, Wave, acme.wave.id, state="closed")
    async with ctx.db.reading() as session:
        assert await wave_rollups.to_count(session) is None
    await change(ctx, Invitation, leaving.id, status="sent")
    for expected in (False, False, True):
        async with ctx.db.session() as session:
            assert await wave_rollups.to_count(session) == acme.wave.id
            assert await wave_rollups.count_part(session, acme.wave.id) is expected
    async with ctx.db.reading() as session:
        assert await wave_rollups.to_count(session) is None
    ((sums,),) = (await stored_sums(ctx)).values()
    assert (sums.account_id, sums.team_id, sums.asked) == (acme.account.id, acme.team.id, 7)


async def test_the_clock_counts_a_wave_that_was_closed(
    ctx: Context, acme: Acme, clock: FakeClock
) -> None:
    await record(ctx, Answer(acme.invitations["jane"].id, reply="score", score=3))
    clock.at = acme.wave.closes_at or clock.at
    for _tick in range(2):
        await jobs.find_due(ctx)
    ((sums,),) = (await stored_sums(ctx)).values()
    assert (sums.asked, sums.detractors) == (6, 1)


@pytest.fixture
async def acme(make: Make) -> Acme:
    return await acme_story(make)


async def counted_early(ctx: Context, acme: Acme) -> None:
    """Counts a wave whose links still work, as those of an imported wave may."""
    await change(ctx, Wave, acme.wave.id, state="closed")
    await count_all(ctx)


async def change(ctx: Context, model: type[SQLModel], row_id: int, **values: object) -> None:
    async with ctx.db.session() as session:
        await session.execute(
            update(model).where(col(model.id) == row_id).values(**values)  # type: ignore[attr-defined]  # all have one
        )


async def test_an_answer_after_the_count_changes_the_sums(ctx: Context, acme: Acme) -> None:
    await counted_early(ctx, acme)
    for score in (3, 10):
        await record(ctx, Answer(acme.invitations["jane"].id, reply="score", score=score))
        ((sums,),) = (await stored_sums(ctx)).values()
        assert (sums.detractors, sums.promoters) == (int(score == 3), int(score == 10))
        assert await stored_sums(ctx) == await sums_of_the_truth(ctx)


async def test_a_guess_that_nobody_confirmed_leaves_the_sums_with_its_row(
    ctx: Context, acme: Acme, clock: FakeClock
) -> None:
    ole = acme.invitations["ole"]
    await change(ctx, Invitation, ole.id, status="failed")
    await counted_early(ctx, acme)
    await record(ctx, Answer(ole.id, reply="score", score=3, status="provisional"))
    ((sums,),) = (await stored_sums(ctx)).values()
    assert sums.asked == 6
    clock.at += timedelta(days=400)
    await answers.due(ctx)
    ((sums,),) = (await stored_sums(ctx)).values()
    assert sums.asked == 5


@pytest.mark.both_databases
async def test_an_outcome_that_comes_late_changes_the_sums(
    ctx: Context, make: Make, acme: Acme
) -> None:
    contact = await make.contact(acme.account)
    doubtful = await make.invitation(contact, acme.wave, status="doubt", claimed_by="batch:1#x")
    await counted_early(ctx, acme)
    async with ctx.db.session() as session:
        claimed = Claimed(doubtful, contact, acme.account, None, None)
        assert await sending.record(session, claimed, "batch:1#x", status="failed")
    ((sums,),) = (await stored_sums(ctx)).values()
    assert sums.asked == 6
    assert await stored_sums(ctx) == await sums_of_the_truth(ctx)


async def test_an_account_that_moved_stays_in_the_trend_of_its_old_team(
    ctx: Context, make: Make, acme: Acme
) -> None:
    for name, score in (("jane", 9), ("ole", 9)):
        await make.response(acme.invitations[name], score)
    await counted_early(ctx, acme)
    other = await make.team("Elsewhere")
    for team in (acme.team, other):
        for _each in range(4):
            await make.member(team_id=team.id)
    await change(ctx, Account, acme.account.id, team_id=other.id)
    (before,) = await wave_trend(ctx, Scope("team", "Nordics"))
    (after,) = await wave_trend(ctx, Scope("team", "Elsewhere"))
    assert (before.nps, before.n, after.nps, after.n) == (100, 2, None, 0)
