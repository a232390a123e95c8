"""Tasks for passives and promoters: opened by the clock, shown in the digest, closed by a form."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from handlers.cards import Card, Form, FormErrors, Reply, Whisper
from handlers.chat import Click, Person, Submission
from handlers.routes import click, submission
from storage import versions
from storage.models import CaseResponse, Member, Reference, Task, Touch
from tests.handlers.cases.conftest import Story, button, buttons
from tests.handlers.cases.test_digests import digests, morning, renews_never

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


async def tasks_of(story: Story) -> list[Task]:
    async with story.ctx.db.reading() as session:
        return list((await session.exec(select(Task).order_by(col(Task.id)))).all())


async def answer_tasks(story: Story) -> list[Task]:
    return [each for each in await tasks_of(story) if each.response_id is not None]


async def pressed(story: Story, me: Member, action: str, value: object) -> Reply:
    person = Person("console", me.email)
    reply = await click(story.ctx, Click(person, person.place, action, str(value)))
    await story.work()
    return reply


async def sent(story: Story, me: Member, action: str, value: object, **inputs: Any) -> Reply:
    person = Person("console", me.email)
    event = Submission(person, person.place, action, str(value), inputs)
    reply = await submission(story.ctx, event)
    await story.work()
    return reply


def refused(reply: Reply) -> str:
    assert isinstance(reply, Whisper), reply
    return reply.card.title


async def test_a_passive_and_a_promoter_get_a_task_each_with_their_deadlines(story: Story) -> None:
    await story.answer("ole", 10)
    await story.answer("karen", 8)
    await story.answer("jane", 3)
    story.clock.forward(minutes=2)
    await story.tick()
    await story.tick()
    found = await answer_tasks(story)
    assert [(each.what, each.owner_id) for each in found] == [
        ("promoter", story.acme.anna.id),
        ("passive", story.acme.anna.id),
    ]
    # 24 November 13:20 is a Tuesday: 7 working days later is Thursday, 5 the Tuesday after.
    assert [each.due_at for each in found] == [
        datetime(2026, 12, 3, 12, 20, tzinfo=UTC),
        datetime(2026, 12, 1, 12, 20, tzinfo=UTC),
    ]
    # The task is no message of its own: only the critic's card was posted.
    assert len(story.posted()) == 1


async def test_an_answer_that_is_still_being_written_waits(story: Story) -> None:
    await story.answer("ole", 9)
    await story.tick()
    assert await answer_tasks(story) == []
    story.clock.forward(minutes=20)
    await story.answer("mia", 9, finished_at=story.clock())
    await story.tick()
    assert len(await answer_tasks(story)) == 2


@pytest.mark.both_databases
async def test_no_task_for_what_does_not_count_or_is_hidden(story: Story) -> None:
    await story.answer("ole", 9, imported=True)
    await story.answer("karen", 9, to_manager=True)
    await story.answer("lis", 9, status="suspect")
    await story.answer("mia", 9, status="provisional")
    peter = story.acme.invitations["peter"]
    peter.is_test = True
    await story.make.save(peter)
    await story.answer("peter", 9)
    jane = await story.answer("jane", 3)
    async with story.ctx.db.session() as session:
        jane.score = 9
        session.add(jane)
        assert await session.get(CaseResponse, jane.id) is not None
    story.clock.forward(minutes=2)
    await story.tick()
    assert await answer_tasks(story) == []


async def test_an_answer_that_turns_critical_is_no_task_any_more(story: Story) -> None:
    response = await story.answer("ole", 9)
    story.clock.forward(minutes=2)
    await story.tick()
    response.score = 2
    await story.make.save(response)
    board = await story.type(story.acme.anna, "tasks")
    assert "thank Ole" not in str(board)
    story.clock.forward(minutes=20)
    await story.tick()
    [task] = await answer_tasks(story)
    assert task.state == "dropped"
    assert "no longer" in refused(await pressed(story, story.acme.anna, "task_open", task.id))


async def test_the_digest_tells_a_task_once_and_again_when_it_is_due(story: Story) -> None:
    await morning(story, 23)
    story.clock.at = datetime(2026, 11, 24, 13, 20, tzinfo=COPENHAGEN)
    await story.answer("ole", 10, comment="great planners", quote_me=True)
    story.clock.forward(minutes=2)
    await story.tick()
    await morning(story, 25)
    told = str(digests(story)[-1].card)
    assert "Acme A/S: thank Ole Holm (10) and take the next step · by 3 December" in told
    assert "may be quoted by name" in told
    before = len(digests(story))
    await morning(story, 26)
    assert len(digests(story)) == before
    story.clock.at = datetime(2026, 12, 2, 18, 0, tzinfo=COPENHAGEN)
    await story.tick()
    story.clock.at = datetime(2026, 12, 3, 8, 1, tzinfo=COPENHAGEN)
    await story.tick()
    await story.tick()
    assert "thank Ole Holm" in str(digests(story)[-1].card)


async def opened(story: Story, who: str = "ole", score: int = 10, **values: Any) -> Task:
    await story.answer(who, score, **values)
    story.clock.forward(minutes=2)
    await story.tick()
    return (await answer_tasks(story))[-1]


@pytest.mark.both_databases
async def test_a_promoter_becomes_a_reference_and_the_talk_is_logged(story: Story) -> None:
    task = await opened(story, comment="great planners")
    card = await pressed(story, story.acme.anna, "task_open", task.id)
    assert isinstance(card, Card)
    assert card.title == "Acme A/S: thank Ole Holm (10) and take the next step"
    assert card.push == card.title
    form = await pressed(story, story.acme.anna, "task_done", task.id)
    assert isinstance(form, Form)
    assert [each.name for each in form.inputs] == ["outcome", "note", "forms"]

    wrong = await sent(story, story.acme.anna, "task_done", task.id, outcome="reference")
    assert isinstance(wrong, FormErrors)
    assert wrong.errors == {"forms": "Choose what Ole agreed to."}
    assert isinstance(
        await sent(story, story.acme.anna, "task_done", task.id, outcome="king"), FormErrors
    )
    done = await sent(
        story, story.acme.anna, "task_done", task.id, outcome="reference",
        note="Glad to help", forms=("quote", "call"),
    )  # fmt: skip
    assert isinstance(done, Card)
    assert (done.tone, done.status) == ("good", "done by Anna 13:22")
    async with story.ctx.db.reading() as session:
        [touch] = (await session.exec(select(Touch))).all()
        [reference] = (await session.exec(select(Reference))).all()
    assert (touch.contact_id, touch.member_id, touch.reached) == (
        story.acme.contacts["ole"].id, story.acme.anna.id, True,
    )  # fmt: skip
    assert (reference.forms, reference.agreed_by) == (["quote", "call"], story.acme.anna.id)
    again = await sent(story, story.acme.mikkel, "task_done", task.id, outcome="talked")
    assert refused(again) == ("This stands otherwise now: done by Anna 13:22. Nothing was changed.")


@pytest.mark.both_databases
async def test_a_task_closed_by_mistake_is_opened_again(story: Story) -> None:
    task = await opened(story)
    await sent(story, story.acme.anna, "task_done", task.id, outcome="talked")
    card = await pressed(story, story.acme.anna, "task_reopen", task.id)
    assert isinstance(card, Card)
    assert card.status == "by 3 December"
    async with story.ctx.db.reading() as session:
        assert (await session.exec(select(Touch))).all() == []


@pytest.mark.both_databases
async def test_later_hides_a_task_from_the_digest_and_keeps_its_deadline(story: Story) -> None:
    task = await opened(story)
    card = await pressed(story, story.acme.anna, "task_later", task.id)
    assert isinstance(card, Card)
    assert card.status == "by 3 December"
    assert "Put off until 26 November" in str(card.foot)
    await morning(story, 25)
    assert "thank Ole" not in str([each.card for each in digests(story)])
    board = await story.type(story.acme.anna, "tasks")
    assert "put off" in str(board)


async def test_the_first_of_two_changes_at_once_wins(story: Story) -> None:
    task = await opened(story)
    async with story.ctx.db.session() as session:
        assert await versions.change(session, task, {"outcome": "talked"})
    async with story.ctx.db.session() as session:
        assert not await versions.change(session, task, {"outcome": "nothing"})


async def test_others_do_not_see_or_touch_a_task(story: Story) -> None:
    task = await opened(story, comment="great planners")
    stranger = await story.make.member("Odd Stranger")
    for action in ("task_open", "task_done", "task_later", "thanks_pass"):
        said = refused(await pressed(story, stranger, action, task.id))
        assert said.startswith("Acme A/S belongs to another team")
    assert "great planners" not in str(await story.type(stranger, "tasks"))
    admin = await story.make.member("Ada Min", role="admin")
    assert "great planners" not in str(await pressed(story, admin, "task_open", task.id))
    assert refused(await pressed(story, story.acme.anna, "task_open", "forged")).startswith("This")


async def test_a_stand_in_sees_the_tasks_of_who_is_away(story: Story) -> None:
    await opened(story)
    await story.type(story.acme.anna, "away until friday backup mikkel")
    board = await story.type(story.acme.mikkel, "tasks")
    assert "thank Ole Holm (10)" in str(board)
    assert "you stand in" in str(board)


@pytest.mark.parametrize("owner", ["left", "none"])
async def test_without_an_owner_the_lead_has_the_task(story: Story, owner: str) -> None:
    if owner == "left":
        story.acme.anna.left_at = story.clock() - timedelta(days=1)
        await story.make.save(story.acme.anna)
    else:
        story.acme.account.owner_id = None
        await story.make.save(story.acme.account)
    task = await opened(story)
    assert task.owner_id == story.acme.lars.id


async def test_thanks_are_for_colleagues_who_may_read_them(story: Story) -> None:
    task = await opened(story, comment="Sofie always calls back")
    admin = await story.make.member("Ada Min", role="admin")
    for to, why in ((story.acme.anna, "your own"), (admin, "does not read what customers write")):
        wrong = await sent(story, story.acme.anna, "thanks_pass", task.id, to=str(to.id))
        assert isinstance(wrong, FormErrors)
        assert why in wrong.errors["to"]
    assert not [each for each in story.chat.posted if "thanks you" in each.card.title]


async def test_thanks_reach_a_colleague_without_any_score(story: Story) -> None:
    task = await opened(story, comment="Sofie always calls back")
    form = await pressed(story, story.acme.anna, "thanks_pass", task.id)
    assert isinstance(form, Form)
    nobody = await sent(story, story.acme.anna, "thanks_pass", task.id, to="999")
    assert isinstance(nobody, FormErrors)
    card = await sent(
        story, story.acme.anna, "thanks_pass", task.id, to=str(story.acme.mikkel.id),
        note="Well done",
    )  # fmt: skip
    assert isinstance(card, Card)
    assert "Thanks passed on to Mikkel Skov" in str(card.foot)
    await sent(story, story.acme.anna, "thanks_pass", task.id, to=str(story.acme.mikkel.id))
    thanks = [each for each in story.chat.posted if "thanks you" in each.card.title]
    assert [each.place for each in thanks] == [
        "slack:U0MIKKEL", f"console:{story.acme.mikkel.email}",
    ]  # fmt: skip
    told = thanks[0].card
    assert told.title == "Ole Holm of Acme A/S thanks you"
    assert "Sofie always calls back" in str(told)
    assert "Well done" in str(told)
    assert "10" not in str(told)
    assert told.audience == "internal"


async def test_without_words_there_are_no_thanks_to_pass_on(story: Story) -> None:
    task = await opened(story)
    card = await pressed(story, story.acme.anna, "task_open", task.id)
    assert isinstance(card, Card)
    assert "thanks_pass" not in [each.action for each in buttons(card)]
    assert "no words" in refused(await pressed(story, story.acme.anna, "thanks_pass", task.id))
    assert button(card, "task_done").opens_form


async def test_the_home_tab_shows_what_is_to_do(story: Story) -> None:
    await renews_never(story)
    before = await story.type(story.acme.anna, "")
    assert isinstance(before, Card)
    assert "task_list" not in [each.action for each in buttons(before)]
    await opened(story)
    home = await story.type(story.acme.anna, "")
    assert isinstance(home, Card)
    assert "thank Ole Holm (10)" in str(home)
    assert button(home, "task_list").label == "1 task"
