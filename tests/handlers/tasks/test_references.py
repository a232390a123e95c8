"""References: consent shown, asked for through the owner, twice a year at most."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from handlers import routes
from handlers.cards import Card, Form, FormErrors
from handlers.chat import Click, Submission
from storage import references, sharing
from storage.models import ReferenceUse
from tests.handlers.cases.conftest import Story, button, buttons
from tests.handlers.tasks.test_tasks import opened, pressed, refused, sent


async def listed(story: Story, text: str = "references", me: Any = None) -> Card:
    card = await story.type(me or story.acme.anna, text)
    assert isinstance(card, Card), card
    return card


async def consenting(story: Story) -> int:
    await story.answer("ole", 10, comment="great planners", quote_me=True, reasons=["service"])
    return story.acme.contacts["ole"].id


async def asked(story: Story, contact: int, what: str = "Fair in May", **inputs: str) -> Card:
    given = {"form": "call", "for_what": what, **inputs}
    card = await sent(story, story.acme.mikkel, "reference_ask", contact, **given)
    assert isinstance(card, Card), card
    return card


@pytest.mark.both_databases
async def test_promoters_with_consent_are_listed_with_their_words(story: Story) -> None:
    await consenting(story)
    await story.answer("mia", 9)
    await story.answer("karen", 9, quote_me=True, to_manager=True)
    card = await listed(story)
    assert "Ole Holm, Planner, Acme A/S" in str(card)
    assert "A quote · industry · DK · Service · gave 10 on 24 Nov · asked 0 of 2 times" in str(card)
    assert "great planners" in str(card)
    assert "Mia" not in str(card)
    assert "Karen" not in str(card)
    stranger = await story.make.member("Odd Stranger")
    assert "Nobody has let us" in str(await listed(story, me=stranger))
    assert "Ole" in str(await listed(story, me=story.acme.clara))


async def test_words_narrow_the_list(story: Story) -> None:
    await consenting(story)
    for words in ("industry", "dk", "service", "user", "en", "quote", "INDUSTRY serv"):
        assert "Ole Holm" in str(await listed(story, f"references {words}")), words
    card = await listed(story, "references industry invoicing")
    assert "Nobody fits “industry invoicing”." in str(card)


async def test_a_reference_is_asked_through_the_owner_and_whoever_asked_is_told(
    story: Story,
) -> None:
    contact = await consenting(story)
    form = await pressed(story, story.acme.mikkel, "reference_ask", contact)
    assert isinstance(form, Form)
    wrong = await sent(story, story.acme.mikkel, "reference_ask", contact, form="call")
    assert isinstance(wrong, FormErrors)
    assert "A request waits for the account manager." in str(await asked(story, contact))
    [request] = story.posted()
    assert request.card.title == "Acme A/S: a colleague asks for Ole Holm as a reference"
    assert "Mikkel Skov" in str(request.card)
    assert "Fair in May" in str(request.card)
    agree = button(request.card, "reference_agree")
    stranger = await story.make.member("Odd Stranger")
    assert "another team" in refused(await pressed(story, stranger, agree.action, agree.value))
    done = await pressed(story, story.acme.anna, agree.action, agree.value)
    assert isinstance(done, Card)
    assert done.status == "done by Anna 13:20"
    assert "task_reopen" not in [each.action for each in buttons(done)]
    told = [each for each in story.chat.posted if each.place == "slack:U0MIKKEL"]
    assert told[0].card.title == "Ole Holm of Acme A/S agreed, says Anna"
    again = await pressed(story, story.acme.lars, "reference_refuse", agree.value)
    assert "done by Anna" in refused(again)


@pytest.mark.both_databases
async def test_twice_a_year_is_enough_and_a_refusal_does_not_count(story: Story) -> None:
    contact = await consenting(story)
    for n in range(3):
        await asked(story, contact, f"Occasion {n}")
        request = story.posted()[-1]
        act = "reference_refuse" if n == 0 else "reference_agree"
        click = button(request.card, act)
        await pressed(story, story.acme.anna, click.action, click.value)
    card = await listed(story)
    assert "Ole was asked often enough, free again on 24 November 2027." in str(card)
    assert "reference_ask" not in [each.action for each in buttons(card)]
    for reply in (
        await pressed(story, story.acme.mikkel, "reference_ask", contact),
        await sent(
            story, story.acme.mikkel, "reference_ask", contact, form="call", for_what="Again"
        ),
    ):
        assert "free again on" in refused(reply)
    story.clock.forward(days=360)
    async with story.ctx.db.reading() as session:
        uses = (await session.exec(select(ReferenceUse))).all()
        assert [each.state for each in uses] == ["refused", "agreed", "agreed"]
        since = story.clock() - timedelta(days=365)
        assert len(await references.uses(session, [uses[0].reference_id], since)) == 2
        assert await references.uses(session, [uses[0].reference_id], story.clock()) == []


async def test_who_told_us_is_a_reference_beyond_a_quote(story: Story) -> None:
    task = await opened(story)
    await sent(story, story.acme.anna, "task_done", task.id, outcome="case_story", forms=("story",))
    card = await listed(story, "references story")
    assert "A customer story · industry" in str(card)


@pytest.mark.both_databases
async def test_what_was_said_by_mistake_is_taken_back_when_the_task_is_opened_again(
    story: Story,
) -> None:
    task = await opened(story, quote_me=True)
    done = {"outcome": "reference", "forms": ("call", "quote")}
    await sent(story, story.acme.anna, "task_done", task.id, **done)
    assert "A quote, A call with a prospect" in str(await listed(story))

    await pressed(story, story.acme.anna, "task_reopen", task.id)
    card = str(await listed(story))
    assert "A quote · industry" in card  # what Ole ticked
    assert "A call with a prospect" not in card

    await sent(story, story.acme.anna, "task_done", task.id, **done)
    await asked(story, story.acme.contacts["ole"].id)
    await pressed(story, story.acme.anna, "task_reopen", task.id)
    card = str(await listed(story))
    assert "A quote · industry" in card
    assert "A call with a prospect" not in card


async def test_a_mistaken_reference_who_ticked_nothing_is_listed_no_more(story: Story) -> None:
    task = await opened(story)
    await sent(story, story.acme.anna, "task_done", task.id, outcome="case_story", forms=("story",))
    await pressed(story, story.acme.anna, "task_reopen", task.id)
    assert "Nobody has let us use their name yet." in str(await listed(story))


@pytest.mark.both_databases
async def test_no_longer_holds_until_a_later_answer(story: Story) -> None:
    contact = await consenting(story)
    drop = button(await listed(story), "reference_withdraw")
    assert drop.confirm == "Is Ole no reference any more?"
    card = await pressed(story, story.acme.anna, drop.action, drop.value)
    assert "Nobody has let us use their name yet." in str(card)
    assert "no reference any more" in refused(
        await pressed(story, story.acme.mikkel, "reference_ask", contact)
    )
    story.clock.forward(days=200)
    wave = await story.make.wave()
    invitation = await story.make.invitation(story.acme.contacts["ole"], wave)
    story.acme.invitations["ole"] = invitation
    await story.answer("ole", 9, quote_me=True)
    assert "Ole Holm" in str(await listed(story))


async def test_whoever_reads_the_board_asks_through_the_owner(story: Story) -> None:
    contact = await consenting(story)
    south = await story.make.team("South")
    odd = await story.make.member("Odd Stranger", team_id=south.id)
    async with story.ctx.db.session() as session:
        await sharing.bind(session, "console:refs", story.clock(), board="references")
    here = {"for_what": "Fair in May", "form": "call"}

    form = await routes.click(
        story.ctx, Click(story.person(odd), "console:refs", "reference_ask", str(contact))
    )
    event = Submission(story.person(odd), "console:refs", "reference_ask", str(contact), here)
    said = await routes.submission(story.ctx, event)
    await story.work()

    assert isinstance(form, Form)
    assert "The account manager asks Ole" in refused(said)  # the board stays for its readers
    [request] = story.posted()
    assert "Odd Stranger" in str(request.card)
    assert "no reference any more" in refused(await pressed(story, odd, "reference_ask", contact))
    assert "no reference any more" in refused(
        await routes.click(
            story.ctx, Click(story.person(odd), "console:refs", "reference_withdraw", str(contact))
        )
    )


async def test_whoever_is_no_reference_any_more_is_not_asked_for(story: Story) -> None:
    contact = await consenting(story)
    await asked(story, contact)
    [request] = story.posted()
    drop = button(await listed(story), "reference_withdraw")
    await pressed(story, story.acme.anna, drop.action, drop.value)

    agree = button(request.card, "reference_agree")
    late = refused(await pressed(story, story.acme.anna, agree.action, agree.value))

    assert "done by Anna" in late
    told = [each for each in story.chat.posted if each.place == "slack:U0MIKKEL"]
    assert [each.card.title for each in told] == [
        "Anna would rather not ask Ole Holm of Acme A/S now"
    ]
    assert "a colleague asks" not in str(await story.type(story.acme.anna, "tasks"))


async def test_more_references_than_shown_are_found_by_words(story: Story) -> None:
    for number in range(9):
        guest = await story.make.contact(story.acme.account, f"Guest{number} Holm")
        story.acme.invitations["guest"] = await story.make.invitation(guest)
        await story.answer("guest", 9, quote_me=True)
    assert "and 1 more. Add words to narrow the list." in str(await listed(story))


async def test_a_critic_or_somebody_gone_is_no_reference(story: Story) -> None:
    await consenting(story)
    ole = story.acme.contacts["ole"]
    ole.status = "inactive"
    await story.make.save(ole)
    assert "Nobody has let us" in str(await listed(story))
    ole.status = "active"
    await story.make.save(ole)
    wave = await story.make.wave(kind="product")
    story.acme.invitations["ole"] = await story.make.invitation(ole, wave)
    await story.answer("ole", 2, alert=False)
    assert "Nobody has let us" in str(await listed(story))


async def test_a_request_stands_among_the_owners_tasks_until_it_is_answered(story: Story) -> None:
    contact = await consenting(story)
    await asked(story, contact)
    board = await story.type(story.acme.anna, "tasks")
    assert "a colleague asks for Ole Holm as a reference" in str(board)
    assert "by 27 November" in str(board)
