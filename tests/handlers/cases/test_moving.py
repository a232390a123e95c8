"""What hangs at an answer goes with it, when it is hidden from the owner or released."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlmodel import select

from handlers import routes
from handlers.cases.handing import Moved, owners_changed
from handlers.chat import Click, Message, MessageRef, Place, Submission
from storage.models import Account, CaseState, Letter, Member, Response
from tests.fakes import FakeChat
from tests.handlers.cases.conftest import Story, button
from tests.handlers.cases.test_acting import SOLVED
from tests.handlers.cases.test_apart import AGAIN, all_cases, jane_and_hidden_ole
from tests.handlers.cases.test_conflict import late_wish

PROMISED = {
    "reached": "yes", "said": "Fine", "next": "promised", "promise": "Credit note",
    "promise_by": "2026-12-01",
}  # fmt: skip


@dataclass
class SlowChat(FakeChat):
    """A chat in which something happens once, while a message about somebody is on its way."""

    about: str = ""
    meanwhile: list[Callable[[], Awaitable[object]]] = field(default_factory=list)

    async def send(self, place: Place, message: Message) -> MessageRef:
        if place == "console:anna" and self.about in message.card.title and self.meanwhile:
            await self.meanwhile.pop()()
        return await super().send(place, message)


def titles(story: Story, place: str = "console:anna") -> list[str]:
    return [each.card.title for each in story.posted(place)]


@pytest.mark.both_databases
@pytest.mark.parametrize("before", ["jane, whom the owner sees", "peter, hidden"])
async def test_a_card_that_was_on_its_way_when_its_answer_was_hidden_is_taken_away(
    story: Story, before: str
) -> None:
    await story.answer(before.partition(",")[0], 3, to_manager="hidden" in before)
    await story.work()
    ole = await story.answer("ole", 2, comment="Zanzibar")
    chat = SlowChat(story.chat.posted, about="Ole Holm", meanwhile=[lambda: wish(story, ole)])
    story.chat, story.ctx = chat, replace(story.ctx, chat=chat)
    await story.work()
    await story.forward(seconds=100)
    assert chat.meanwhile == []
    assert titles(story)[-1] == "This answer is with a lead now"
    assert "Zanzibar" not in str([each.card for each in story.posted()])
    assert "Ole" in str(titles(story, "slack:U0LARS"))


async def wish(story: Story, response: Response) -> None:
    async with story.ctx.db.session() as session:
        row = await session.get_one(Response, response.id)
        row.to_manager = True
        session.add(row)
    await story.open(row)


async def test_who_drafted_a_letter_is_asked_about_the_customer_it_was_for(story: Story) -> None:
    await story.answer("jane", 3)
    ole = await story.answer("ole", 2)
    await story.work()
    await story.press(story.acme.anna, story.posted()[1], "case.write")
    await late_wish(story, ole)
    await story.forward(hours=2)
    assert not any("did you write" in each for each in titles(story))
    # The lead, who wrote while it was hidden, may know of it whatever became of it.
    lead = story.posted("slack:U0LARS")[0]
    await story.press(story.acme.lars, lead, "case.write")
    await story.press(story.acme.lars, lead, "case.release")
    await story.forward(hours=20)
    asked = story.posted("slack:U0LARS")[-1]
    assert asked.card.title == "Acme A/S: did you write to Ole?"
    assert button(asked.card, "case.sent").value == "1:2"


@pytest.mark.both_databases
async def test_the_promise_that_is_named_for_a_case_goes_with_its_customer(story: Story) -> None:
    await story.answer("jane", 3)
    ole = await story.answer("ole", 2)
    await story.work()
    thread = story.posted()[1]
    value = f"{button(thread.card, 'case.contact').value}:anyway"
    await story.submit(story.acme.anna, "case.contact", value, PROMISED, thread.ref)
    await late_wish(story, ole)
    assert [each.promised for each in await all_cases(story)] == [None, "Credit note"]
    assert "Credit note" not in str(await story.type(story.acme.anna, "acme"))
    assert "Credit note" in str(await story.type(story.acme.lars, "acme"))
    (lead,) = story.posted("slack:U0LARS")
    await story.press(story.acme.lars, lead, "case.release")
    assert [each.promised for each in await all_cases(story)] == ["Credit note", None]
    assert "Credit note" in str(await story.type(story.acme.anna, "acme"))


@pytest.mark.parametrize("spoken", [False, True])
async def test_a_released_decision_maker_is_to_be_contacted(story: Story, spoken: bool) -> None:
    await story.answer("ole", 3)
    await story.answer("jane", 2, to_manager=True)
    await story.work()
    (owner,), (lead,) = story.posted(), story.posted("slack:U0LARS")
    value = button(owner.card, "case.contact").value
    await story.submit(story.acme.anna, "case.contact", value, AGAIN, owner.ref)
    if spoken:
        value = button(lead.card, "case.contact").value
        await story.submit(story.acme.lars, "case.contact", value, AGAIN, lead.ref)
    await story.press(story.acme.lars, lead, "case.release")
    case = await story.case()
    assert case.state == (CaseState.CONTACTED if spoken else CaseState.TAKEN)
    assert (case.contacted_at is None) is not spoken
    await story.forward(hours=25)
    assert any("not been contacted yet" in each for each in titles(story)) is not spoken


async def test_a_colleague_who_has_the_case_gets_what_remains_as_a_card(story: Story) -> None:
    jane = await story.answer("jane", 3)
    await story.answer("ole", 2)
    await story.work()
    to = {"to": str(story.acme.mikkel.id)}
    await story.submit(story.acme.anna, "case.hand_over", "1", to, story.posted()[0].ref)
    assert "Jane" in str(titles(story, "slack:U0MIKKEL"))
    await late_wish(story, jane)
    await story.tick()
    moved, ole = titles(story, "slack:U0MIKKEL")
    assert moved == "This answer is with a lead now"
    assert ole.startswith("Acme A/S: 2 of 10 from Ole Holm")


async def test_a_released_answer_is_a_card_for_the_owner_of_today(story: Story) -> None:
    ole = await story.answer("ole", 2)
    await story.work()
    await late_wish(story, ole)
    bo = await story.make.member("Bo Dahl", email="bo@nordfab.example", team_id=story.acme.team.id)
    async with story.ctx.db.session() as session:
        (await session.get_one(Account, story.acme.account.id)).owner_id = bo.id
        await session.flush()
        moved = Moved(story.acme.account.id, story.acme.anna.id, bo.id)
        await owners_changed(session, story.ctx, [moved])
    await story.tick()
    (lead,) = story.posted("slack:U0LARS")
    await story.press(story.acme.lars, lead, "case.release")
    assert not any("Ole" in each for each in titles(story))
    posted = [each for each in story.posted("console:nordics") if "Ole" in each.card.title]
    assert len(posted) == 1


async def test_a_released_answer_is_a_card_for_the_owner_when_their_backup_had_one(
    story: Story,
) -> None:
    async with story.ctx.db.session() as session:
        anna = await session.get_one(Member, story.acme.anna.id)
        anna.away_from, anna.away_until = story.clock(), story.clock() + timedelta(days=2)
        anna.backup_id = story.acme.mikkel.id
        session.add(anna)
    ole = await story.answer("ole", 2)
    await story.work()
    await late_wish(story, ole)
    await story.forward(days=3)
    await story.press(story.acme.lars, story.posted("slack:U0LARS")[0], "case.release")
    assert titles(story)[-1].startswith("Acme A/S: 2 of 10 from Ole Holm")


async def test_an_answer_that_is_released_twice_reaches_the_owner_twice(story: Story) -> None:
    """Hidden, released, found to be about the owner, and released again: the lead has each card."""
    _owner, lead = await jane_and_hidden_ole(story)
    lars = story.acme.lars
    await story.press(lars, lead, "case.release")
    await story.submit(story.acme.anna, "case.escalate", "1", {}, story.posted()[0].ref)
    await story.press(lars, lead, "about_owner")
    assert titles(story) == ["This answer is with a lead now"] * 2
    cards = [e for e in story.posted("slack:U0LARS") if "case.release" in str(e.card)]
    assert sorted("Jane" in each.card.title for each in cards) == [False, True]
    for each in cards:
        await story.press(lars, each, "case.release")
    assert ["of 10 from" in each for each in titles(story)] == [True, True]


async def test_an_answer_released_before_the_lead_had_its_card_is_told_once(story: Story) -> None:
    await story.answer("jane", 3)
    await story.work()
    await story.answer("ole", 2, to_manager=True, settle=90)
    place = "console:lars@nordfab.example"
    click = Click(story.person(story.acme.lars), place, "case.release", "2:2")
    await routes.click(story.ctx, click)
    await story.forward(seconds=100)
    assert ["Ole" in each for each in titles(story)] == [False, True]
    assert titles(story, "slack:U0LARS") == []


@pytest.mark.both_databases
async def test_a_case_that_is_solved_while_an_answer_is_hidden_asks_its_own_customer(
    story: Story,
) -> None:
    await story.answer("jane", 3)
    ole = await story.answer("ole", 2)
    await story.work()
    (owner, _thread), anna = story.posted(), story.person(story.acme.anna)
    solving = Submission(
        anna, owner.place, "case.solve", "1:1", {**SOLVED, "reached": "yes"}, owner.ref
    )
    await asyncio.gather(wish(story, ole), routes.submission(story.ctx, solving))
    own, hidden = await all_cases(story)
    assert (own.state, hidden.state) == (CaseState.SOLVED, CaseState.NEW)
    async with story.ctx.db.reading() as session:
        letters = (await session.exec(select(Letter))).all()
    planned = [(e.case_id, e.contact_id) for e in letters if e.status == "planned"]
    assert planned == [(own.id, story.acme.contacts["jane"].id)]


@pytest.mark.both_databases
async def test_two_leads_release_an_answer_while_another_critic_answers(story: Story) -> None:
    ole = await story.answer("ole", 2, to_manager=True)
    await story.work()
    (lead,) = story.posted("slack:U0LARS")
    jane = await story.answer("jane", 3, alert=False)
    clicks = [
        Click(story.person(who), lead.place, "case.release", f"1:{ole.id}", lead.ref)
        for who in (story.acme.lars, story.acme.clara)
    ]
    await asyncio.gather(*(routes.click(story.ctx, each) for each in clicks), story.open(jane))
    await story.work()
    await story.tick()
    told = sorted(each.partition(" from ")[2].split()[0] for each in titles(story))
    assert told == ["Jane", "Ole"]


async def test_what_was_said_of_a_case_goes_from_the_owner_when_it_is_hidden(story: Story) -> None:
    """A reminder, and the card that stands in its place since a button of it was pressed."""
    ole = await story.answer("ole", 2, comment="Zanzibar")
    await story.work()
    await story.forward(hours=4)
    reminder, anna = story.posted()[-1], story.acme.anna
    assert "nobody has taken this" in reminder.card.title
    await story.press(anna, reminder, "case.take")
    assert "Zanzibar" in str(reminder.card)
    await late_wish(story, ole)
    assert reminder.card.title == "This card is not here any more"
    assert "Zanzibar" not in str([each.card for each in story.posted()])
    # What the lead is told from then on stays.
    await story.forward(hours=20)
    assert any("nobody has taken this" in each for each in titles(story, "slack:U0LARS"))
    assert "This card is not here any more" not in titles(story, "slack:U0LARS")


async def test_a_hidden_case_that_is_handed_over_stays_with_who_has_it(story: Story) -> None:
    _owner, lead = await jane_and_hidden_ole(story)
    to = {"to": str(story.acme.clara.id)}
    await story.submit(story.acme.lars, "case.hand_over", "2", to, lead.ref)
    (posted,) = story.posted("slack:U0CLARA")
    await story.press(story.acme.clara, posted, "case.take")
    await story.forward(minutes=2)
    assert posted.card.title.startswith("Acme A/S: 2 of 10 from Ole Holm")
    # Of two hidden answers one is released: no second card of the other.
    peter = await story.answer("peter", 4, to_manager=True)
    place = "console:clara@nordfab.example"
    click = Click(story.person(story.acme.clara), place, "case.release", f"2:{peter.id}")
    await routes.click(story.ctx, click)
    await story.forward(minutes=2)
    assert len(story.posted("slack:U0CLARA")) == 1


async def test_a_released_answer_stands_once_where_the_case_is_with_a_colleague(
    story: Story,
) -> None:
    await story.answer("jane", 3)
    ole = await story.answer("ole", 2)
    await story.work()
    owner = story.posted()[0]
    await late_wish(story, ole)
    to = {"to": str(story.acme.mikkel.id)}
    await story.submit(story.acme.anna, "case.hand_over", "1", to, owner.ref)
    (lead,) = story.posted("slack:U0LARS")
    await story.press(story.acme.lars, lead, "case.release")
    assert ["Ole" in each for each in titles(story)] == [False, True]
    assert ["Ole" in each for each in titles(story, "slack:U0MIKKEL")] == [False, True]


async def test_an_answer_that_is_about_the_owner_before_it_was_told_is_told_once(
    story: Story,
) -> None:
    await story.answer("jane", 3)
    await story.work()
    await story.submit(story.acme.anna, "case.escalate", "1", {}, story.posted()[0].ref)
    (lead,) = story.posted("slack:U0LARS")
    await story.answer("ole", 2, settle=90)
    await story.press(story.acme.lars, lead, "about_owner")
    await story.forward(seconds=100)
    assert sorted("Ole" in each for each in titles(story, "slack:U0LARS")) == [False, True]
    assert not any("Ole" in each for each in titles(story))
