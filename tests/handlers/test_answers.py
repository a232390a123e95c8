"""Answers: what is stored, what counts, what alerts, on both databases."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlmodel import SQLModel, col, select

from handlers import answers
from handlers.answers import Answer, AnswerError, AnswerGroup, record, record_many
from handlers.context import Context
from storage.models import (
    Alert,
    Case,
    CaseResponse,
    Contact,
    CurrentAnswer,
    Response,
    ResponseChange,
    Rollup,
)
from tests.factories import Acme, Make, acme_story
from tests.fakes import FakeClock, FakeEngine

Row = TypeVar("Row", bound=SQLModel)
FOUR_REASONS = ("price", "quality", "service", "support_wait")


@pytest.fixture
async def acme(make: Make) -> Acme:
    return await acme_story(make)


async def rows(ctx: Context, model: type[Row]) -> Sequence[Row]:
    async with ctx.db.reading() as session:
        return (await session.exec(select(model))).all()


def score(acme: Acme, who: str, number: int) -> Answer:
    return Answer(acme.invitations[who].id, reply="score", score=number)


async def test_a_confirmed_answer_counts_at_once(ctx: Context, acme: Acme) -> None:
    await record(ctx, score(acme, "jane", 9))
    await record(ctx, score(acme, "ole", 0))
    current = await rows(ctx, CurrentAnswer)
    assert {(each.role, each.score) for each in current} == {("decision_maker", 9), ("user", 0)}
    sums = {each.role: each for each in await rows(ctx, Rollup)}
    assert sums["decision_maker"].promoters == 1
    assert sums["user"].detractors == 1
    (jane,) = [each for each in current if each.score == 9]
    assert jane.leaves_on == jane.answered_at.replace(year=2027)


async def test_zero_is_a_score_and_alerts(ctx: Context, acme: Acme, engine: FakeEngine) -> None:
    await record(ctx, score(acme, "jane", 0))
    (stored,) = await rows(ctx, Response)
    assert (stored.score, stored.reply, stored.status) == (0, "score", "confirmed")
    (alert,) = await rows(ctx, Alert)
    assert alert.key == f"response:{stored.id}"
    assert alert.due_at == ctx.now() + timedelta(seconds=90)
    ((job, at),) = engine.jobs
    assert (job.name, job.args, at) == ("alert", (alert.id, 0), alert.due_at)


@pytest.mark.parametrize(("number", "cases"), [(6, 1), (7, 0), (10, 0)])
async def test_only_critics_open_a_case(ctx: Context, acme: Acme, number: int, cases: int) -> None:
    await record(ctx, score(acme, "jane", number))
    assert len(await rows(ctx, Case)) == cases


async def test_the_settle_point_moves_with_each_input(
    ctx: Context, acme: Acme, clock: FakeClock
) -> None:
    await record(ctx, score(acme, "jane", 3))
    clock.forward(seconds=60)
    await record(ctx, Answer(acme.invitations["jane"].id, comment="Third wrong invoice."))
    (alert,) = await rows(ctx, Alert)
    assert alert.due_at == clock() + timedelta(seconds=90)
    clock.forward(seconds=10)
    await record(ctx, Answer(acme.invitations["jane"].id, contact_wish="none", finished=True))
    (alert,) = await rows(ctx, Alert)
    assert alert.due_at == clock()
    (stored,) = await rows(ctx, Response)
    assert (stored.score, stored.comment, stored.finished_at) == (
        3, "Third wrong invoice.", clock(),
    )  # fmt: skip


async def test_leaving_the_page_settles_at_once(ctx: Context, acme: Acme, clock: FakeClock) -> None:
    await record(ctx, score(acme, "jane", 3))
    given = clock()
    clock.forward(seconds=5)
    await record(ctx, Answer(acme.invitations["jane"].id, left=True))
    (alert,), (stored,) = await rows(ctx, Alert), await rows(ctx, Response)
    assert (alert.due_at, stored.last_input_at) == (clock(), given)


async def test_settling_at_once_where_the_programme_says_so(ctx: Context, acme: Acme) -> None:
    now = replace(ctx, programme=replace(ctx.programme, settle_seconds=0))
    await record(now, score(acme, "jane", 3))
    (alert,) = await rows(ctx, Alert)
    assert alert.due_at == ctx.now()


@pytest.mark.both_databases
async def test_a_second_critic_joins_the_case(ctx: Context, acme: Acme) -> None:
    await record_many(ctx, [score(acme, "jane", 3), score(acme, "ole", 5)])
    await record(ctx, score(acme, "mia", 2))
    (case,) = await rows(ctx, Case)
    assert {each.case_id for each in await rows(ctx, CaseResponse)} == {case.id}
    assert len(await rows(ctx, Alert)) == 3


async def test_a_bad_answer_in_a_group_fails_alone(ctx: Context, acme: Acme) -> None:
    jane = acme.invitations["jane"].id
    results = await record_many(
        ctx,
        [
            score(acme, "ole", 9),
            score(acme, "jane", 11),
            score(acme, "jane", -1),
            Answer(jane, comment="without a score"),
            Answer(999_999, reply="score", score=3),
            Answer(jane, reply="score", score=4, reasons=FOUR_REASONS),
            Answer(jane, reply="score", score=4, reasons=("not a reason",)),
            Answer(jane, reply="score", score=4, comment="x" * 10_001),
            Answer(jane, reply="score", score=4, contact_wish="shout"),
            score(acme, "mia", 4),
        ],
    )  # fmt: skip
    problems = [
        (each.field, each.problem) if isinstance(each, AnswerError) else None for each in results
    ]
    assert problems == [
        None, ("score", "score"), ("score", "score"), ("score", "score_missing"),
        ("link", "unknown"), ("reasons", "reasons"), ("reasons", "reasons"),
        ("comment", "too_long"), ("contact_wish", "contact_wish"), None,
    ]  # fmt: skip
    assert sorted(each.score or 0 for each in await rows(ctx, Response)) == [4, 9]


@pytest.mark.both_databases
async def test_two_answers_at_once_are_one_row_and_nothing_is_lost(
    ctx: Context, acme: Acme
) -> None:
    jane = acme.invitations["jane"].id
    await asyncio.gather(
        record(ctx, Answer(jane, reply="score", score=3, comment="Invoices")),
        record(ctx, Answer(jane, reply="score", score=3, idea="One named person")),
    )
    (stored,) = await rows(ctx, Response)
    assert (stored.score, stored.comment, stored.idea) == (3, "Invoices", "One named person")
    assert len(await rows(ctx, Alert)) == len(await rows(ctx, Case)) == 1


@pytest.mark.both_databases
async def test_a_changed_score_keeps_both_and_leaves_the_case_open(
    ctx: Context, acme: Acme, clock: FakeClock
) -> None:
    await record(ctx, score(acme, "jane", 3))
    async with ctx.db.session() as session:
        alert = (await session.exec(select(Alert))).one()
        alert.status = "sent"
        session.add(alert)
    first = clock()
    clock.forward(days=2)
    await record(ctx, score(acme, "jane", 9))
    (stored,), (change,) = await rows(ctx, Response), await rows(ctx, ResponseChange)
    assert (stored.score, stored.answered_at) == (9, first)
    assert (change.response_id, change.score, change.at) == (stored.id, 3, clock())
    (case,) = await rows(ctx, Case)
    assert case.state == "new"
    assert [each.what for each in await rows(ctx, Alert)] == ["critic", "case_changed"]
    assert [each.score for each in await rows(ctx, CurrentAnswer)] == [9]


async def test_an_answer_may_be_changed_for_five_days(
    ctx: Context, acme: Acme, clock: FakeClock
) -> None:
    await record(ctx, score(acme, "jane", 3))
    clock.forward(days=5)
    await record(ctx, score(acme, "jane", 4))
    clock.forward(days=1)
    with pytest.raises(AnswerError, match="link: locked"):
        await record(ctx, score(acme, "jane", 5))
    (stored,) = await rows(ctx, Response)
    assert stored.score == 4


async def test_a_link_expires_with_its_wave(ctx: Context, acme: Acme, clock: FakeClock) -> None:
    assert acme.wave.closes_at
    clock.at = acme.wave.closes_at
    with pytest.raises(AnswerError, match="link: expired"):
        await record(ctx, score(acme, "jane", 5))
    assert not await rows(ctx, Response)


async def test_an_erased_contact_has_no_link(ctx: Context, acme: Acme) -> None:
    async with ctx.db.session() as session:
        jane = await session.get_one(Contact, acme.contacts["jane"].id)
        jane.status = "erased"
        session.add(jane)
    with pytest.raises(AnswerError, match="link: unknown"):
        await record(ctx, score(acme, "jane", 5))


async def test_provisional_and_suspect_answers_neither_count_nor_alert(
    ctx: Context, acme: Acme
) -> None:
    await record(ctx, replace(score(acme, "jane", 2), status="provisional"))
    await record(ctx, replace(score(acme, "ole", 2), status="suspect"))
    assert not await rows(ctx, Alert)
    assert not await rows(ctx, Rollup)
    await record(ctx, score(acme, "jane", 3))
    assert len(await rows(ctx, Alert)) == 1
    await record(ctx, replace(score(acme, "jane", 8), status="provisional"))
    stored = {each.contact_id: each for each in await rows(ctx, Response)}
    jane = stored[acme.contacts["jane"].id]
    assert (jane.score, jane.status) == (3, "confirmed")
    assert not await rows(ctx, ResponseChange)


@pytest.mark.both_databases
async def test_provisional_answers_are_deleted_after_seven_days(
    ctx: Context, acme: Acme, clock: FakeClock
) -> None:
    await record(ctx, replace(score(acme, "jane", 2), status="provisional"))
    await record(ctx, replace(score(acme, "ole", 2), status="suspect"))
    clock.forward(days=6)
    assert await answers.due(ctx) == []
    assert len(await rows(ctx, Response)) == 2
    clock.forward(days=1, seconds=1)
    assert await answers.due(ctx) == []
    assert [each.status for each in await rows(ctx, Response)] == ["suspect"]


async def test_a_trial_answer_is_stored_and_counts_nowhere(
    ctx: Context, acme: Acme, make: Make
) -> None:
    trial = await make.invitation(acme.contacts["jane"], is_test=True)
    await record(ctx, Answer(trial.id, reply="score", score=1, comment="only a test"))
    assert len(await rows(ctx, Response)) == 1
    assert not await rows(ctx, Rollup)
    assert not await rows(ctx, Alert)


@pytest.mark.both_databases
async def test_two_who_may_not_recommend_make_one_question_to_the_owner(
    ctx: Context, acme: Acme
) -> None:
    for who in ("jane", "peter", "ole"):
        await record(ctx, Answer(acme.invitations[who].id, reply="may_not_recommend"))
    (alert,) = await rows(ctx, Alert)
    assert (alert.key, alert.what) == (f"policy:{acme.account.id}", "policy_question")
    assert (alert.account_id, alert.member_id) == (acme.account.id, acme.anna.id)
    assert sum(each.may_not_recommend for each in await rows(ctx, Rollup)) == 3


async def test_cannot_judge_is_left_out_of_the_score_and_keeps_the_satisfaction(
    ctx: Context, acme: Acme
) -> None:
    jane = acme.invitations["jane"].id
    await record(ctx, Answer(jane, reply="cannot_judge"))
    await record(ctx, Answer(jane, satisfaction=4))
    (stored,), (sums,) = await rows(ctx, Response), await rows(ctx, Rollup)
    assert (stored.reply, stored.score, stored.satisfaction) == ("cannot_judge", None, 4)
    assert (sums.cannot_judge, sums.promoters + sums.passives + sums.detractors) == (1, 0)


async def test_a_similar_answer_counts_with_relationship(
    ctx: Context, acme: Acme, make: Make
) -> None:
    similar = await make.invitation(acme.contacts["jane"], kind="similar")
    await record(ctx, score(acme, "jane", 3))
    later = replace(ctx, now=lambda: acme.wave.created_at + timedelta(hours=1))
    await record(later, Answer(similar.id, reply="score", score=9))
    assert [each.score for each in await rows(ctx, CurrentAnswer)] == [9]


async def test_an_old_answer_leaves_what_counts(
    ctx: Context, acme: Acme, make: Make, clock: FakeClock
) -> None:
    clock.at -= timedelta(days=366)
    old = await make.invitation(acme.contacts["peter"], expires_at=None)
    await record(ctx, Answer(old.id, reply="score", score=10))
    clock.at += timedelta(days=366)
    await record(ctx, score(acme, "jane", 9))
    assert [each.score for each in await rows(ctx, CurrentAnswer)] == [9]


@pytest.mark.both_databases
async def test_what_was_not_given_is_kept_and_what_was_emptied_goes(
    ctx: Context, acme: Acme
) -> None:
    jane = acme.invitations["jane"].id
    await record(
        ctx, Answer(jane, reply="score", score=3, comment="a\x00b", reasons=("price", "price"))
    )
    await record(ctx, Answer(jane, contact_wish="call", phone=" +45 12 ", to_manager=True))
    await record(ctx, Answer(jane, comment=""))
    (stored,) = await rows(ctx, Response)
    assert (stored.comment, stored.reasons, stored.phone) == (None, ["price"], "+45 12")
    assert (stored.contact_wish, stored.to_manager) == ("call", True)


@pytest.mark.both_databases
async def test_the_last_word_of_an_answer_can_be_emptied(ctx: Context, acme: Acme) -> None:
    jane = acme.invitations["jane"].id
    await record(ctx, Answer(jane, reply="score", score=3, comment="too late"))
    await record(ctx, Answer(jane, comment=""))
    (stored,) = await rows(ctx, Response)
    assert (stored.score, stored.comment) == (3, None)


@pytest.mark.both_databases
async def test_a_group_waits_for_one_commit_and_tells_each_its_own_outcome(
    ctx: Context, acme: Acme
) -> None:
    group = AnswerGroup(ctx)
    assert not group.in_a_rush()
    outcomes = await asyncio.gather(
        *(group.record(score(acme, who, 9)) for who in acme.invitations),
        *(group.record(score(acme, "jane", wrong)) for wrong in (12, 13)),
        return_exceptions=True,
    )
    assert group.in_a_rush()  # eight at once: cards wait a moment
    assert all(isinstance(each, AnswerError) for each in outcomes[-2:])
    assert all(isinstance(each, answers.Recorded) for each in outcomes[:-2])
    assert len(await rows(ctx, Response)) == 6
    query = select(Rollup.promoters).order_by(col(Rollup.role))
    async with ctx.db.reading() as session:
        assert (await session.exec(query)).all() == [1, 2, 3]


@pytest.mark.both_databases
async def test_show_it_to_the_manager_hides_the_case_from_the_owner(
    ctx: Context, acme: Acme
) -> None:
    jane = acme.invitations["jane"].id
    await record(ctx, Answer(jane, reply="score", score=3))
    await record(ctx, Answer(jane, to_manager=True, finished=True))
    (case,) = await rows(ctx, Case)
    assert case.hidden_from_owner
