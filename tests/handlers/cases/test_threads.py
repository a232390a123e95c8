"""More critics of one account, words added later, and answers the owner must not see."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from handlers.cards import Card, Whisper
from handlers.cases import changing, opening
from storage import cases, hiding
from storage.models import Alert, CaseState, Response
from tests.handlers.cases.conftest import Story, button, buttons
from tests.handlers.cases.test_acting import SOLVED, told
from tests.handlers.cases.test_card import facts, jane

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


async def change(story: Story, response: Response, **values: object) -> None:
    """A changed answer, and the edits that follow it."""
    await store_change(story, response, **values)
    story.clock.forward(seconds=3)
    await story.work()


async def store_change(story: Story, response: Response, **values: object) -> None:
    """What recording a changed answer does after the case was told."""
    from storage import answers
    from storage.models import ResponseChange

    async with story.ctx.db.session() as session:
        row = await session.get_one(Response, response.id)
        if "score" in values:
            session.add(
                ResponseChange(
                    response_id=row.id, at=story.clock(), reply=row.reply, score=row.score
                )
            )
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)
        await session.flush()
        await answers.recount(session, [row.account_id], row.kind, story.clock(), 12)
        due = await changing.answer_changed(session, story.ctx, [row.id])
    for each in due:
        await story.ctx.soon(each.job, each.due_at)


async def test_the_next_critic_is_a_card_in_the_thread_shown_in_the_channel_too(
    story: Story,
) -> None:
    posted = await told(story)
    await story.answer("peter", 5, comment="Slow")
    await story.work()
    first, second = story.posted()
    assert second.message.reply_to == first.ref
    assert second.message.also_in_channel
    assert second.card.title == "Acme A/S: 5 of 10 from Peter Holm, Head of purchasing, influencer"
    assert second.card.tone == "warning"
    assert second.card.foot is not None
    assert second.card.foot.startswith("Joined to the open case of Acme · Autumn 2026")
    assert set(facts(second.card)) == {"Contact"}
    assert facts(posted.card)["Heard"] == "5 of 6: 2 promoters, 1 passive, 2 critics (Jane, Peter)"


async def test_many_critics_at_once_edit_the_card_above_them_once(story: Story) -> None:
    posted = await told(story)
    before = len(posted.cards)
    for who in ("peter", "mia"):
        await story.answer(who, 4)
    await story.work()
    assert len(story.posted()) == 3
    assert len(posted.cards) == before + 1
    assert "Peter" in facts(posted.card)["Heard"]
    assert "Mia" in facts(posted.card)["Heard"]


async def test_one_click_changes_the_card_and_the_thread_card(story: Story) -> None:
    await told(story)
    await story.answer("peter", 5)
    await story.work()
    first, second = story.posted()
    await story.press(story.acme.anna, second, "case.take")
    assert first.card.tone == second.card.tone == "attention"
    assert second.card.title.startswith("Acme A/S: 5 of 10 from Peter Holm")
    assert first.card.title.startswith("Acme A/S: 3 of 10 from Jane Jensen")


@pytest.mark.both_databases
async def test_two_critics_told_at_once_make_one_card_and_one_thread(story: Story) -> None:
    import asyncio

    from tests.handlers.cases.conftest import run

    await story.answer("jane", 3)
    await story.answer("peter", 5)
    ready = story.engine.take()
    await asyncio.gather(*(run(story.ctx, job) for job in ready))
    story.clock.forward(seconds=2)
    await story.work()
    assert [bool(each.message.reply_to) for each in story.posted()] == [False, True]


async def test_a_group_of_critics_opens_each_case_once_and_twice_changes_nothing(
    story: Story,
) -> None:
    responses = [await story.answer(who, 2, alert=False) for who in ("jane", "peter", "ole")]
    critics = [await story.critic(each) for each in responses]
    for _time in range(2):
        async with story.ctx.db.session() as session:
            due = await opening.open_cases(session, story.ctx, critics)
    assert [each.alert_id for each in due] == sorted({each.alert_id for each in due})
    async with story.ctx.db.reading() as session:
        found = await cases.of_responses(session, [each.id for each in responses])
    assert {case.id for case in found.values()} == {1}
    for each in due:
        await story.ctx.soon(each.job, each.due_at)
    await story.work()
    await story.forward(seconds=5)
    assert len(story.posted()) == 3


async def test_a_critic_after_the_case_was_solved_opens_a_new_case(story: Story) -> None:
    posted = await told(story)
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    await story.answer("peter", 5)
    await story.work()
    assert story.posted()[-1].message.reply_to is None
    assert (await story.case(2)).state == CaseState.NEW


async def test_a_decision_maker_who_joins_brings_their_own_deadline(story: Story) -> None:
    await story.make.save(story.acme.account)
    await story.answer("ole", 5)
    await story.work()
    (posted,) = story.posted()
    await story.press(story.acme.anna, posted, "case.take")
    inputs = {"reached": "yes", "next": "again", "again_on": "2026-12-01"}
    await story.submit(story.acme.anna, "case.contact", "1", inputs, posted.ref)
    story.clock.forward(hours=2)
    await story.answer("jane", 3)
    await story.work()
    case = await story.case()
    assert case.state == CaseState.TAKEN
    assert case.contact_by == datetime(2026, 11, 25, 15, 20, tzinfo=COPENHAGEN)


async def test_words_added_later_edit_the_card_and_are_said_in_the_thread(story: Story) -> None:
    response = await story.answer("jane", 3)
    await story.work()
    (posted,) = story.posted()
    await change(story, response, comment="It is the invoices", reasons=["invoicing"])
    assert "It is the invoices" in str(posted.card.body[0])
    assert facts(posted.card)["Why"] == "invoicing"
    (_, later) = story.posted()
    assert later.message.reply_to is not None
    assert later.message.reply_to.id == posted.ref.id
    assert later.card.title == "Jane added:"
    assert "It is the invoices" in str(later.card.body[0])
    await change(story, response, contact_wish="call")
    assert len(story.posted()) == 2


async def test_an_answer_changed_several_times_in_a_moment_is_one_edit(story: Story) -> None:
    response = await story.answer("jane", 3)
    await story.work()
    (posted,) = story.posted()
    for words in ("It is", "It is the", "It is the invoices"):
        await store_change(story, response, comment=words)
        story.clock.forward(seconds=0.4)
        await story.work()
    assert len(posted.cards) == 1, "nothing is edited while they write"
    # A click waits for none of it, and its card says what was written so far.
    await story.press(story.acme.anna, posted, "case.take")
    assert posted.card.status == "Anna has it since 13:20 · contact by Wed 13:20"
    assert "It is the invoices" in str(posted.card)
    before = len(posted.cards)
    story.clock.forward(seconds=2)
    await story.work()
    assert len(posted.cards) == before + 1
    assert [each.card.title for each in story.posted()[1:]] == ["Jane added:"]
    assert "It is the invoices" in str(story.posted()[-1].card)


async def test_a_change_while_the_edit_is_on_its_way_is_edited_too(story: Story) -> None:
    response = await story.answer("jane", 3)
    await story.work()
    (posted,) = story.posted()
    await store_change(story, response, comment="It is")
    async with story.ctx.db.session() as session:
        (waiting,) = [
            each
            for each in (await session.exec(select(Alert))).all()
            if each.what == "case_changed" and each.response_id
        ]
        waiting.status = "sent"  # by another process, a moment before this change was stored
        session.add(waiting)
    await change(story, response, comment="It is the invoices")
    assert "It is the invoices" in str(posted.card)


async def test_words_added_before_the_alert_are_on_the_card_alone(story: Story) -> None:
    response = await story.answer("jane", 3, settle=90)
    await change(story, response, comment="Before you hear of it")
    story.clock.forward(seconds=90)
    await story.work()
    (posted,) = story.posted()
    assert "Before you hear of it" in str(posted.card.body[0])


async def test_a_changed_score_shows_both_and_leaves_the_case_open(story: Story) -> None:
    response = await story.answer("jane", 3)
    await story.work()
    (posted,) = story.posted()
    await change(story, response, score=9)
    assert posted.card.title == (
        "Acme A/S: changed from 3 to 9 by Jane Jensen, CFO, decision maker"
    )
    assert story.posted()[-1].card.title == "Jane changed the score from 3 to 9."
    assert (await story.case()).state == CaseState.NEW
    await change(story, response, score=2)
    assert posted.card.title == "Acme A/S: 2 of 10 from Jane Jensen, CFO, decision maker"
    assert facts(posted.card)["Before"] == "was 9 before"


async def test_a_score_changed_before_it_was_told_is_not_told_until_it_is_a_critics_again(
    story: Story,
) -> None:
    response = await story.answer("jane", 3, settle=90)
    await change(story, response, score=9)
    story.clock.forward(seconds=90)
    await story.work()
    assert story.posted() == []
    assert (await story.case()).state == CaseState.NOT_A_CRITIC
    await change(story, response, score=2)
    await story.open(response)
    await story.work()
    (posted,) = story.posted()
    assert posted.card.title.startswith("Acme A/S: 2 of 10")
    assert (await story.case(2)).state == CaseState.NEW


async def test_show_it_to_the_manager_goes_to_the_lead_and_not_to_the_owner(story: Story) -> None:
    await story.answer("jane", 3, comment="I asked twice", to_manager=True)
    await story.work()
    assert story.posted() == []
    assert story.posted("console:nordics") == []
    (posted,) = story.posted("slack:U0LARS")
    note = "Jane wants only you to see this, not Anna. Talk to Jane first."
    assert note in str(posted.card.body[1])
    assert posted.card.foot is not None
    assert posted.card.foot.startswith("You get this as lead; Anna Berg does not see it")
    for command in ("cases", "cases team", "cases all"):
        board = await story.type(story.acme.anna, command)
        assert isinstance(board, Card)
        assert "Jane" not in str(board)
    reply = await story.press(story.acme.anna, posted, "case.take")
    assert isinstance(reply, Whisper)
    assert reply.card.title == "This case is not open to you. Ask Lars Holt."
    board = await story.type(story.acme.lars, "cases team")
    assert "Jane" in str(board)


async def test_a_comment_that_names_the_owner_is_hidden_by_first_last_or_full_name(
    story: Story,
) -> None:
    for comment, hidden in (
        ("Anna never calls", True),
        ("anna berg!", True),
        ("Frau BERG was rude", True),
        ("Anna's answers come late", True),
        ("Annas svar kommer for sent", True),
        ("Bergs tilbud var forkert", True),
        ("Annabel is great", False),
        ("The iceberg", False),
        (None, False),
    ):
        assert opening.names(comment, "Anna Berg") == hidden, comment


async def test_released_answers_reach_the_owner_as_a_card(story: Story) -> None:
    await story.answer("jane", 3, comment="Anna promised it twice")
    await story.work()
    (lead,) = story.posted("slack:U0LARS")
    assert button(lead.card, "case.release").label == "Release to Anna"
    await story.press(story.acme.lars, lead, "case.release")
    (posted,) = story.posted()
    assert "Anna promised it twice" in str(posted.card.body[0])
    assert "case.release" not in [each.action for each in buttons(lead.card)]
    assert not (await story.case()).hidden_from_owner
    await story.press(story.acme.anna, posted, "case.take")
    assert lead.card.tone == "attention"


async def test_a_hidden_answer_beside_a_visible_one_stays_hidden_on_the_owners_cards(
    story: Story,
) -> None:
    await told(story)
    await story.answer("peter", 2, comment="Anna lies", to_manager=True)
    await story.work()
    (posted,) = story.posted()
    assert "Peter" not in str(posted.cards)
    assert "Anna lies" not in str(posted.cards)
    (lead,) = story.posted("slack:U0LARS")
    assert "Anna lies" in str(lead.card)
    await story.press(story.acme.lars, lead, "case.take")
    assert posted.card.status == "new · take by 15:20"
    assert lead.card.status is not None
    assert lead.card.status.startswith("Lars has it")
    assert "Peter" not in str(posted.card)
    async with story.ctx.db.reading() as session:
        hidden = await hiding.hidden_responses(session, [story.acme.account.id])
    assert len(hidden) == 1


async def test_a_visible_answer_beside_a_hidden_one_reaches_the_owner(story: Story) -> None:
    await story.answer("peter", 2, to_manager=True)
    await story.work()
    assert (await story.case()).hidden_from_owner
    await jane(story)
    await story.work()
    (posted,) = story.posted()
    assert posted.message.reply_to is None
    assert posted.card.title.startswith("Acme A/S: 3 of 10 from Jane Jensen")
    assert "Peter" not in str(posted.card)
    assert (await story.case()).hidden_from_owner
    assert not (await story.case(2)).hidden_from_owner


async def test_the_wish_for_the_manager_on_the_last_screen_comes_in_time(story: Story) -> None:
    response = await story.answer("jane", 3, settle=90)
    async with story.ctx.db.session() as session:
        row = await session.get_one(Response, response.id)
        row.to_manager = True
        session.add(row)
    async with story.ctx.db.session() as session:
        await opening.open_cases(session, story.ctx, [await story.critic(row, 90)])
        due = await opening.settle(session, [response.id], story.clock())
    for each in due:
        await story.ctx.soon(each.job, each.due_at)
    await story.work()
    assert story.posted() == []
    assert len(story.posted("slack:U0LARS")) == 1


async def test_the_number_of_statements_does_not_grow_with_the_group(story: Story) -> None:
    from sqlalchemy import event

    counts = []
    for people in (("jane",), ("peter", "karen", "ole", "lis", "mia")):
        responses = [await story.answer(who, 2, alert=False) for who in people]
        critics = [await story.critic(each) for each in responses]
        seen: list[str] = []

        def note(_c: object, _u: object, statement: str, *_rest: object, seen: list[str]) -> None:
            seen.append(statement)

        engine = story.ctx.db.engine.sync_engine

        def listen(*args: object, seen: list[str] = seen) -> None:
            note(*args, seen=seen)  # type: ignore[arg-type]  # SQLAlchemy passes six of its own

        event.listen(engine, "before_cursor_execute", listen)
        async with story.ctx.db.session() as session:
            await opening.open_cases(session, story.ctx, critics)
        event.remove(engine, "before_cursor_execute", listen)
        counts.append(len(seen))
    assert counts[1] <= counts[0]


async def test_hostile_words_stay_data(story: Story) -> None:
    hostile = '<!channel> *x* <script>alert(1)</script> =HYPERLINK("x") {account}'
    async with story.ctx.db.session() as session:
        account = await session.get_one(type(story.acme.account), story.acme.account.id)
        account.name = "A&B <x> {who}"
        session.add(account)
    await story.answer("jane", 0, comment=hostile, reasons=["{x}", "<y>"])
    await story.work()
    (posted,) = story.posted()
    assert posted.card.body[0].text == hostile  # type: ignore[union-attr]  # a Text, see the card
    assert posted.card.title == "A&B <x> {who}: 0 of 10 from Jane Jensen, CFO, decision maker"
    assert facts(posted.card)["Why"] == "{x}, <y>"
    async with story.ctx.db.reading() as session:
        assert hostile not in str((await session.get_one(Alert, 1)).detail)
