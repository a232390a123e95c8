"""What the owner must not see is taken from them, also when it is learned late."""

from dataclasses import replace

import pytest

from handlers import answers as answering
from handlers import routes
from handlers.answers import Answer
from handlers.cards import Card, Form, Whisper
from handlers.cases import changing
from handlers.cases.handing import Moved, owners_changed
from handlers.chat import Click, Unreachable
from storage.hiding import hidden_responses
from storage.models import Account, CaseState, Response
from tests.handlers.cases.conftest import Story, button, buttons
from tests.handlers.cases.test_card import facts

SECRET = "Anna promised it twice"


async def late_wish(story: Story, response: Response) -> None:
    """The contact asks, after the card went out, that only the manager sees it."""
    async with story.ctx.db.session() as session:
        row = await session.get_one(Response, response.id)
        row.to_manager = True
        session.add(row)
    await story.open(row)
    await story.work()


async def told(story: Story) -> Response:
    response = await story.answer("jane", 3, comment="Nobody calls back")
    await story.work()
    return response


async def test_a_late_wish_for_the_manager_takes_the_card_from_the_owner(story: Story) -> None:
    response = await told(story)
    await late_wish(story, response)
    (owner,) = story.posted()
    assert owner.card.title == "This answer is with a lead now"
    assert owner.card.body == ()
    (lead,) = story.posted("slack:U0LARS")
    assert "Nobody calls back" in str(lead.card)
    case = await story.case()
    assert case.hidden_from_owner
    assert case.owner_id == story.acme.lars.id
    reply = await story.type(story.acme.anna, "cases")
    assert "Jane" not in str(reply)


@pytest.mark.both_databases
async def test_the_lead_begins_what_the_owner_had_taken_when_it_was_hidden(story: Story) -> None:
    response = await told(story)
    (owner,) = story.posted()
    await story.press(story.acme.anna, owner, "case.take")
    await story.forward(hours=1)
    await late_wish(story, response)
    case = await story.case()
    assert (case.state, case.taken_by, case.owner_id) == (CaseState.NEW, None, story.acme.lars.id)
    (lead,) = story.posted("slack:U0LARS")
    assert lead.card.status == "new · take by 16:20"
    assert "case.take" in [each.action for each in buttons(lead.card)]


@pytest.mark.parametrize("has_it", ["backup", "colleague"])
async def test_a_late_wish_takes_the_case_from_whoever_may_not_see_it(
    story: Story, has_it: str
) -> None:
    response = await told(story)
    (owner,) = story.posted()
    mikkel = story.acme.mikkel
    if has_it == "backup":
        await story.type(story.acme.anna, "away until friday backup mikkel")
    else:
        await story.submit(
            story.acme.anna, "case.hand_over", "1", {"to": str(mikkel.id)}, owner.ref
        )
    assert (await story.case()).owner_id == mikkel.id
    await late_wish(story, response)
    assert (await story.case()).owner_id == story.acme.lars.id
    board = await story.type(story.acme.lars, "cases mine")
    assert "Jane" in str(board)
    assert "Jane" not in str(await story.type(mikkel, "cases"))


async def test_a_late_wish_gives_the_lead_no_second_card(story: Story) -> None:
    response = await told(story)
    (owner,) = story.posted()
    await story.submit(story.acme.anna, "case.escalate", "1", {}, owner.ref)
    (lead,) = story.posted("slack:U0LARS")
    await late_wish(story, response)
    assert owner.card.title == "This answer is with a lead now"
    assert story.posted("slack:U0LARS") == [lead]
    assert "Jane wants only you to see this" in str(lead.card)


async def test_a_second_late_wish_changes_nothing(story: Story) -> None:
    response = await told(story)
    await late_wish(story, response)
    await late_wish(story, response)
    assert len(story.posted("slack:U0LARS")) == 1


async def test_words_said_later_in_the_thread_go_with_the_card(story: Story) -> None:
    response = await told(story)
    async with story.ctx.db.session() as session:
        row = await session.get_one(Response, response.id)
        row.comment = "And the invoice is wrong"
        session.add(row)
        due = await changing.answer_changed(session, story.ctx, [response.id])
    for each in due:
        await story.ctx.soon(each.job, each.due_at)
    story.clock.forward(seconds=3)
    await story.work()
    assert "the invoice is wrong" in str(story.posted()[-1].card)
    await late_wish(story, response)
    for posted in story.posted():
        assert "invoice" not in str(posted.card)


async def test_the_owner_is_offered_no_reason_out_of_a_hidden_answer(story: Story) -> None:
    """The form that asks for the root cause is filled in from what its reader may know."""
    await story.answer("jane", 3, reasons=[])
    await story.answer("ole", 2, reasons=["product"], to_manager=True)
    await story.work()
    (owners, *_), (leads, *_) = story.posted(), story.posted("slack:U0LARS")
    for member, posted, cause in (
        (story.acme.anna, owners, None),
        (story.acme.lars, leads, "product"),
    ):
        form = await story.press(member, posted, "case.solve")
        assert isinstance(form, Form)
        assert next(each for each in form.inputs if each.name == "cause").value == cause


async def test_what_the_lead_released_is_not_hidden_again(story: Story) -> None:
    response = await told(story)
    await late_wish(story, response)
    (lead,) = story.posted("slack:U0LARS")
    await story.press(story.acme.lars, lead, "case.release")
    (owner,) = story.posted()
    assert "Nobody calls back" in str(owner.card)
    assert (await story.case()).owner_id == story.acme.anna.id
    await late_wish(story, response)
    assert "Nobody calls back" in str(owner.card)


async def test_a_lead_says_that_a_case_is_about_the_owner(story: Story) -> None:
    await told(story)
    (owner,) = story.posted()
    await story.submit(story.acme.anna, "case.escalate", "1", {}, owner.ref)
    (lead,) = story.posted("slack:U0LARS")
    assert button(lead.card, "about_owner").label == "This is about Anna"
    await story.press(story.acme.lars, lead, "about_owner")
    assert owner.card.title == "This answer is with a lead now"
    assert len(story.posted("slack:U0LARS")) == 1
    assert "about_owner" not in [each.action for each in buttons(lead.card)]
    async with story.ctx.db.reading() as session:
        assert await hidden_responses(session, [story.acme.account.id])
    await story.press(story.acme.lars, lead, "case.release")
    assert "Nobody calls back" in str(owner.card)
    assert not (await story.case()).about_owner


async def test_the_owner_cannot_say_that_a_case_is_about_somebody(story: Story) -> None:
    await told(story)
    (owner,) = story.posted()
    click = Click(story.person(story.acme.anna), owner.place, "about_owner", "1", owner.ref)
    reply = await story.click(click, owner)
    assert isinstance(reply, Whisper)
    assert reply.card.title.startswith("Only the team's lead")
    assert (await story.case()).state == CaseState.NEW


async def test_a_hidden_critic_is_in_no_figure_of_the_owners_card(story: Story) -> None:
    await story.answer("peter", 2, comment=SECRET)
    await story.work()
    await told(story)
    (owner,) = story.posted()
    assert facts(owner.card)["Heard"] == "1 of 6: 1 critic (Jane)"
    lead = story.posted("slack:U0LARS")[0]
    await story.press(story.acme.lars, lead, "case.take")
    assert facts(owner.card)["Heard"] == "1 of 6: 1 critic (Jane)"
    assert facts(lead.card)["Heard"] == "2 of 6: 2 critics (Jane, Peter)"


async def test_a_wish_that_was_for_the_manager_stays_with_the_manager(story: Story) -> None:
    step = Answer(
        story.acme.invitations["jane"].id, reply="score", score=3, comment="", finished=True
    )
    await answering.record(story.ctx, step)
    response = Answer(
        story.acme.invitations["jane"].id,
        reply="score",
        score=3,
        to_manager=True,
        contact_wish="call",
        finished=True,
    )
    await answering.record(story.ctx, response)
    await answering.record(
        story.ctx, Answer(story.acme.invitations["jane"].id, reply="score", score=8, finished=True)
    )
    await story.work()
    assert all("Jane" not in str(each.card) for each in story.posted())
    assert isinstance(await story.type(story.acme.anna, "cases"), Card)


async def test_what_the_lead_opens_in_the_owners_channel_is_what_the_owner_may_read(
    story: Story,
) -> None:
    await told(story)
    await story.answer("peter", 2, comment=SECRET)
    await story.work()
    await story.forward(hours=24)  # the digest, in Anna's channel
    digest = next(each for each in story.posted() if each.message.subject is None)
    value = Click(story.person(story.acme.lars), digest.place, "case.open", "1", digest.ref)
    opened = await story.click(value, digest)
    assert isinstance(opened, Card)
    assert "Nobody calls back" in str(opened)
    assert SECRET not in str(opened)


async def test_who_leads_no_more_gets_nothing_new_on_the_cards_of_before(story: Story) -> None:
    await told(story)
    await story.answer("peter", 2, comment=SECRET)
    await story.work()
    lars = story.acme.lars
    lars.role = "account_manager"
    lars.team_id = (await story.make.team("West")).id
    await story.make.save(lars)
    async with story.ctx.db.session() as session:
        row = await session.get_one(Response, 2)
        row.comment = f"{SECRET}, and a third time"
        session.add(row)
        due = await changing.answer_changed(session, story.ctx, [row.id])
    for each in due:
        await story.ctx.soon(each.job, each.due_at)
    await story.forward(seconds=5)
    for posted in story.posted("slack:U0LARS"):
        assert SECRET not in str(posted.card)
        assert "third time" not in str(posted.cards)


async def test_an_answer_goes_below_no_card_of_who_leads_no_more(story: Story) -> None:
    await story.answer("peter", 2, comment=SECRET)
    await story.work()
    lars = story.acme.lars
    lars.role = "account_manager"
    await story.make.save(lars)
    await story.answer("ole", 3, comment="Nobody calls back", to_manager=True)
    await story.work()
    assert not any("Ole" in str(each.cards) for each in story.posted("slack:U0LARS"))
    assert any("Ole" in str(each.cards) for each in story.posted("slack:U0CLARA"))


async def test_a_hidden_answer_waits_where_nobody_may_read_it_yet(
    story: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    story.ctx = replace(story.ctx, programme=replace(story.ctx.programme, fallback_place=None))
    lars, clara = story.acme.lars, story.acme.clara
    lars.role = clara.role = "account_manager"
    await story.make.save(lars)
    await story.make.save(clara)
    await story.make.member("Ada Admin", email="ada@nordfab.example", role="admin")
    await story.answer("peter", 2, comment=SECRET)
    for _hour in range(2):
        await story.forward(hours=1)
    (told,) = story.posted("console:ada@nordfab.example")
    assert told.card.title == (
        "Acme A/S: an answer is kept from its owner, and nobody else may read it"
    )
    assert "the team Nordics" in str(told.card)
    for word in ("Peter", SECRET):
        assert word not in str([each.cards for each in story.chat.posted])
    clara.role = "cx_lead"
    await story.make.save(clara)
    await story.forward(hours=1)
    assert SECRET in str([each.cards for each in story.posted("slack:U0CLARA")])
    assert "alert failed" not in "".join(capsys.readouterr())


async def test_what_is_kept_from_the_owner_goes_to_cx_and_to_no_common_place(
    story: Story,
) -> None:
    away = Unreachable("user_not_found")
    for place in ("slack:U0LARS", "console:lars@nordfab.example"):
        story.chat.refuse[place] = [away] * 9
    await story.answer("peter", 2, comment=SECRET)
    await story.work()
    for each in story.chat.posted:
        if SECRET in str(each.cards):
            assert each.place in ("slack:U0CLARA", "console:clara@nordfab.example")
    assert SECRET in str([each.cards for each in story.posted("slack:U0CLARA")])


async def test_what_a_former_owner_is_kept_from_ends_with_the_last_release(story: Story) -> None:
    await story.answer("jane", 3, comment="Anna promised it twice")
    await story.answer("ole", 2, to_manager=True)
    await story.work()
    jane, ole = story.posted("slack:U0LARS")
    mikkel, account_id = story.acme.mikkel, story.acme.account.id
    async with story.ctx.db.session() as session:
        account = await session.get_one(Account, account_id)
        account.owner_id = mikkel.id
        session.add(account)
        await session.flush()
        moved = [Moved(account_id, story.acme.anna.id, mikkel.id)]
        await owners_changed(session, story.ctx, moved)
    for card, kept in ((jane, [story.acme.anna.id]), (ole, [])):
        await story.press(story.acme.lars, card, "case.release")
        async with story.ctx.db.reading() as session:
            assert (await session.get_one(Account, account_id)).once_kept_from == kept


async def test_a_released_answer_is_nowhere_called_hidden(story: Story) -> None:
    await story.answer("ole", 2, comment="Nobody calls back", to_manager=True)
    await story.work()
    (lead,) = story.posted("slack:U0LARS")
    assert "Ole wants only you to see this, not Anna. Talk to Ole first." in str(lead.card)
    await story.press(story.acme.lars, lead, "case.release")
    assert "not Anna" not in str(lead.card)
    assert lead.card.foot is not None
    assert lead.card.foot.startswith("You get this as lead of Nordics")


async def test_a_hidden_case_is_left_where_the_owners_is_empty(story: Story) -> None:
    first = await story.answer("jane", 3, settle=90)
    await story.answer("peter", 2, comment=SECRET, settle=90)
    async with story.ctx.db.session() as session:
        row = await session.get_one(Response, first.id)
        row.score = 9  # a slip of the finger, put right before anybody was told
        session.add(row)
    await story.forward(seconds=100)
    own, case = await story.case(1), await story.case(2)
    assert own.state == CaseState.NOT_A_CRITIC
    assert (case.hidden_from_owner, case.owner_id) == (True, story.acme.lars.id)
    person = story.person(story.acme.anna)
    for action in ("case.open", "case.write", "case.contact", "case.timeline"):
        for value in ("1", "2"):
            reply = await routes.click(story.ctx, Click(person, person.place, action, value))
            assert "Peter" not in str(reply)
