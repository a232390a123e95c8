"""Alerts reach somebody: the places in order, the guard, retries, and what a dead process left."""

import asyncio
from dataclasses import replace

import pytest

from handlers import jobs
from handlers.chat import InDoubt, TryLater, Unreachable
from storage.models import Alert, AlertStatus, BoundPlace, Posting
from tests.handlers.cases.conftest import Story, run
from tests.handlers.cases.test_card import jane


async def alert(story: Story, alert_id: int = 1) -> Alert:
    async with story.ctx.db.reading() as session:
        return await session.get_one(Alert, alert_id)


async def unbind(story: Story, *places: str) -> None:
    from sqlmodel import col, delete

    async with story.ctx.db.session() as session:
        await session.exec(delete(BoundPlace).where(col(BoundPlace.place).in_(places)))


async def test_the_alert_waits_for_the_settle_point(story: Story) -> None:
    await story.answer("jane", 3, settle=90)
    await story.work()
    assert story.chat.posted == []
    story.clock.forward(seconds=90)
    await story.work()
    assert len(story.posted()) == 1


async def test_a_job_that_comes_too_early_asks_again_for_the_right_time(story: Story) -> None:
    await story.answer("jane", 3, settle=90)
    ((job, _at),) = story.engine.jobs
    story.engine.jobs.clear()
    await run(story.ctx, job)
    ((again, at),) = story.engine.jobs
    assert again.id != job.id
    assert at is not None
    assert (at - story.clock()).total_seconds() == 90


@pytest.mark.both_databases
async def test_ten_deliveries_at_once_post_one_card(story: Story) -> None:
    await jane(story)
    ((job, _at),) = story.engine.jobs
    await asyncio.gather(*(run(story.ctx, job) for _n in range(10)))
    assert len(story.posted()) == 1


@pytest.mark.both_databases
async def test_without_a_place_of_the_owner_the_team_gets_the_card(story: Story) -> None:
    await unbind(story, "console:anna")
    await jane(story)
    await story.work()
    (posted,) = story.posted("console:nordics")
    assert posted.card.foot is not None
    assert posted.card.foot.startswith("Posted here for Anna Berg, team Nordics")


async def test_without_any_place_the_fallback_gets_the_card_and_is_told_why(story: Story) -> None:
    await unbind(story, "console:anna", "console:nordics")
    await jane(story)
    await story.work()
    (posted,) = story.posted("console:fallback")
    assert posted.card.foot is not None
    assert posted.card.foot.startswith(
        "Posted here because neither Anna Berg nor team Nordics has a place that works."
    )


async def test_without_a_fallback_the_owner_is_told_directly(story: Story) -> None:
    await unbind(story, "console:anna", "console:nordics")
    story.ctx = replace(story.ctx, programme=replace(story.ctx.programme, fallback_place=None))
    await jane(story)
    await story.work()
    assert len(story.posted("slack:U0ANNA")) == 1


async def test_an_unreachable_place_sends_the_card_on_and_tells_cx(story: Story) -> None:
    story.chat.refuse["console:anna"] = [Unreachable("is_archived")]
    await jane(story)
    await story.work()
    assert len(story.posted("console:nordics")) == 1
    (news,) = story.posted("slack:U0CLARA")
    assert news.card.title == "A message could not be posted in console:anna"
    assert "is_archived" in str(news.card.body[0])
    assert news.card.audience == "person"


async def test_where_outsiders_can_read_the_owner_gets_the_card_directly_with_the_reason(
    story: Story,
) -> None:
    story.chat.shared.add("console:anna")
    await jane(story)
    await story.work()
    assert story.posted() == []
    (posted,) = story.posted("slack:U0ANNA")
    assert "people from outside can read it" in str(posted.card.body[0])
    await story.press(story.acme.anna, posted, "case.take")
    assert posted.card.status == "Anna has it since 13:20 · contact by Wed 13:20"


async def test_a_busy_platform_is_asked_again_with_growing_pauses(story: Story) -> None:
    story.chat.refuse["console:anna"] = [TryLater("429", 7), TryLater("429"), TryLater("429")]
    await jane(story)
    await story.work()
    pauses = []
    for _n in range(3):
        waiting = await alert(story)
        assert waiting.status == AlertStatus.PENDING
        pauses.append((waiting.due_at - story.clock()).total_seconds())
        story.clock.at = waiting.due_at
        await story.work()
    assert pauses == [7, 30, 60]
    assert (await alert(story)).status == AlertStatus.SENT
    assert len(story.posted()) == 1


async def test_a_platform_that_stays_busy_is_given_up_for_the_next_place(story: Story) -> None:
    story.chat.refuse["console:anna"] = [TryLater("429") for _n in range(7)]
    await jane(story)
    await story.work()
    for _n in range(7):
        story.clock.at = max(story.clock.at, (await alert(story)).due_at)
        await story.work()
    assert len(story.posted("console:nordics")) == 1
    assert len(story.posted("slack:U0CLARA")) == 1


async def test_a_doubt_is_sent_again(story: Story) -> None:
    story.chat.refuse["console:anna"] = [InDoubt("answer lost")]
    await jane(story)
    await story.work()
    story.clock.forward(seconds=20)
    await story.work()
    assert len(story.posted()) == 1


async def test_a_retry_goes_only_to_the_place_that_has_nothing_yet(story: Story) -> None:
    from storage import members

    async with story.ctx.db.session() as session:
        await members.bind(session, "slack:C1", story.clock(), member_id=story.acme.anna.id)
    story.chat.refuse["slack:C1"] = [TryLater("429", 5)]
    await jane(story)
    await story.work()
    assert (len(story.posted()), len(story.posted("slack:C1"))) == (1, 0)
    story.clock.forward(seconds=5)
    await story.work()
    assert (len(story.posted()), len(story.posted("slack:C1"))) == (1, 1)


async def test_the_engine_carries_on_what_its_own_dead_run_left(story: Story) -> None:
    await jane(story)
    ((job, _at),) = story.engine.jobs
    async with story.ctx.db.session() as session:
        row = await session.get_one(Alert, 1)
        row.status, row.claimed_by, row.claimed_at = "sending", f"{job.id}#dead", story.clock()
        session.add(row)
    await run(story.ctx, job)
    (posted,) = story.posted()
    # It may stand already: the process died after sending, before it was recorded.
    assert posted.message.doubted is not None
    assert posted.message.doubted.at == story.clock()


@pytest.mark.both_databases
async def test_the_clock_finds_what_a_dead_process_left_in_sending(story: Story) -> None:
    await jane(story)
    story.engine.jobs.clear()
    async with story.ctx.db.session() as session:
        row = await session.get_one(Alert, 1)
        row.status, row.claimed_by, row.claimed_at = "sending", "alert:1:9#dead", story.clock()
        session.add(row)
    await story.forward(minutes=1)
    assert story.posted() == []
    await story.forward(minutes=5)
    (posted,) = story.posted()
    assert posted.message.doubted is not None


async def test_the_clock_finds_alerts_nobody_asked_the_engine_for(story: Story) -> None:
    await jane(story)
    story.engine.jobs.clear()
    await story.tick()
    assert len(story.posted()) == 1
    await story.tick()
    assert len(story.posted()) == 1


async def test_a_fault_in_a_builder_keeps_the_alert(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_ctx: object, _alert: object) -> None:
        raise ValueError("broken")

    await jane(story)
    with monkeypatch.context() as patched:
        patched.setitem(jobs.BUILDERS, "critic", broken)
        await story.work()
    assert (await alert(story)).status == AlertStatus.PENDING
    story.clock.forward(minutes=1)
    await story.work()
    assert len(story.posted()) == 1


async def test_a_card_that_can_not_be_edited_now_is_edited_later(story: Story) -> None:
    from storage import members

    async with story.ctx.db.session() as session:
        await members.bind(session, "slack:C1", story.clock(), member_id=story.acme.anna.id)
    await jane(story)
    await story.work()
    (console,), (slack,) = story.posted(), story.posted("slack:C1")
    story.chat.refuse["slack:C1"] = [TryLater("429", 10)]
    await story.press(story.acme.anna, console, "case.take")
    assert [card.tone for card in slack.cards] == ["critical"]
    story.clock.forward(seconds=10)
    await story.work()
    assert slack.cards[-1].tone == "attention"


async def test_nobody_is_called_by_name_outside_working_hours_but_in_the_morning(
    story: Story,
) -> None:
    await jane(story)
    await story.work()
    (posted,) = story.posted()
    assert posted.message.mention == "console:anna@nordfab.example"
    story.clock.forward(hours=8)
    await story.submit(story.acme.anna, "case.not_critic", "1", {"reason": "test"})
    await story.answer("peter", 2)
    await story.work()
    assert story.posted()[-1].message.mention is None
    await story.forward(hours=11)
    morning = story.posted()[-1]
    assert morning.card.title.startswith("Acme A/S: this came in outside your working hours.")
    assert morning.message.mention == "console:anna@nordfab.example"
    assert morning.message.reply_to is not None


async def test_all_cards_of_cases_are_for_our_own_side(story: Story) -> None:
    await jane(story)
    await story.work()
    for posted in story.posted():
        assert {card.audience for card in posted.cards} == {"internal"}
    async with story.ctx.db.reading() as session:
        kept = await session.get_one(Posting, 1)
    assert (kept.subject, kept.subject_id, kept.place) == ("case", 1, "console:anna")
