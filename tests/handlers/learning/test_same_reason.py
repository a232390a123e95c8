"""The same reason at three accounts: one card to who owns it, and all are told when it is fixed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from handlers import jobs, routes
from handlers.cards import Card, FormErrors, Reply, Text, Whisper
from handlers.chat import Click, Command
from storage.models import Account, Member, Response, SharedReason
from tests.handlers.cases.conftest import Story, button, buttons, run, story
from tests.handlers.learning.test_said import press

__all__ = ["story"]
PLACE = "console:invoicing"


def text(card: Card) -> str:
    return " | ".join([card.title, *(each.text for each in card.body if isinstance(each, Text))])


async def bind(story: Story, words: str, place: str = PLACE, me: Member | None = None) -> Reply:
    person = story.person(me or story.acme.clara)
    # As in a channel of Teams: the reply goes to the asker, the place is the channel.
    asked = Command(person, place, f"bind {words}", answered_directly=True)
    return await routes.command(story.ctx, asked)


async def account(story: Story, name: str, **values: Any) -> Account:
    return await story.make.account(name, **values)


async def says(story: Story, account: Account, score: int = 5, **values: Any) -> Response:
    """A settled answer of a new contact of an account in a real wave."""
    values = {"reasons": ["invoicing"], "finished_at": story.clock(), **values}
    contact = await story.make.contact(account, f"{account.name.split()[0]} Contact")
    invitation = await story.make.invitation(
        contact, story.acme.wave, is_test=values.pop("is_test", False)
    )
    return await story.make.response(invitation, score, **values)


async def look(story: Story) -> None:
    story.clock.forward(minutes=2)
    for job in await jobs.find_due(story.ctx):
        await run(story.ctx, job)
    await story.work()


async def three(story: Story) -> list[Account]:
    """Three accounts, the last one Anna's Acme, named invoicing."""
    found = [await account(story, "Berg A/S", owner_id=story.acme.mikkel.id)]
    found += [await account(story, "Clausen A/S"), story.acme.account]
    for each, score in zip(found, (3, 8, 6), strict=True):
        await says(story, each, score, comment=f"Wrong invoice at {each.name}")
    return found


async def shared(story: Story) -> list[SharedReason]:
    async with story.ctx.db.reading() as session:
        return list((await session.exec(select(SharedReason))).all())


async def test_the_third_account_within_14_days_makes_one_card(story: Story) -> None:
    assert "“Invoicing”" in str(await bind(story, "reason invoicing"))
    berg = await account(story, "Berg A/S")
    await says(story, berg, 3, comment="Wrong again")
    await says(story, berg, 4)
    await look(story)
    await says(story, await account(story, "Clausen A/S"), 8)
    await look(story)
    assert story.posted(PLACE) == []
    await says(story, await account(story, "Dam A/S"), 9)  # a promoter is no third
    await look(story)
    assert story.posted(PLACE) == []
    await says(story, await account(story, "Eng A/S"), 6)
    await look(story)
    await look(story)
    (posted,) = story.posted(PLACE)
    assert posted.card.title == "Invoicing: named by 3 accounts"
    assert "Berg A/S · critic 3 (24 Nov), critic 4 (24 Nov)" in text(posted.card)
    assert "Clausen A/S · passive 8" in text(posted.card)
    assert "Wrong again" in text(posted.card)
    # A fourth one edits the card and is no new one.
    await says(story, await account(story, "Frost A/S"), 2)
    await look(story)
    (posted,) = story.posted(PLACE)
    assert posted.card.title == "Invoicing: named by 4 accounts"


async def test_what_does_not_count_makes_no_card(story: Story) -> None:
    await says(story, await account(story, "One"), imported=True)
    await says(story, await account(story, "Two"), status="suspect")
    await says(story, await account(story, "Three"), is_test=True)
    await says(story, await account(story, "Four"), finished_at=None)  # still writing
    old = story.clock() - timedelta(days=15)
    await says(story, await account(story, "Five"), answered_at=old)
    for name in ("Six", "Seven", "Eight"):
        await says(story, await account(story, name), reasons=["outside"])
    for name in ("Nine", "Ten"):
        await says(story, await account(story, name))
    story.clock.forward(seconds=1)
    for job in await jobs.find_due(story.ctx):
        await run(story.ctx, job)
    assert await shared(story) == []


async def test_a_hidden_answer_counts_and_its_account_is_not_named(story: Story) -> None:
    await bind(story, "reason invoicing")
    for name in ("Berg A/S", "Clausen A/S"):
        await says(story, await account(story, name))
    await says(story, story.acme.account, 2, to_manager=True, comment="The secret words")
    await look(story)
    (posted,) = story.posted(PLACE)
    assert posted.card.title == "Invoicing: named by 3 accounts"
    assert "Acme" not in str(posted.card)
    assert "secret" not in str(posted.card)
    assert "1 account that is not named" in text(posted.card)
    await story.submit(
        story.acme.clara, "reason_fixed", "1", {"fixed": "Checked twice"}, posted.ref
    )
    assert [each for each in story.posted() if "fixed" in each.card.title] == []
    (to_lead,) = [each for each in story.posted("slack:U0LARS") if "fixed" in each.card.title]
    assert "Acme" in text(to_lead.card)


async def test_the_hidden_answer_of_an_account_with_a_visible_one_is_told_to_the_lead(
    story: Story,
) -> None:
    await bind(story, "reason invoicing")
    await three(story)
    hidden = await story.make.contact(story.acme.account, "Hidden Hanne")
    invitation = await story.make.invitation(hidden, story.acme.wave)
    values = {"reasons": ["invoicing"], "finished_at": story.clock(), "to_manager": True}
    await story.make.response(invitation, 2, **values)
    await look(story)
    (posted,) = story.posted(PLACE)
    await story.submit(
        story.acme.clara, "reason_fixed", "1", {"fixed": "Checked twice"}, posted.ref
    )
    told = [each for each in story.chat.posted if each.card.title == "Invoicing: fixed"]
    cards = {each.place: text(each.card) for each in told}
    assert "Acme A/S: named by Acme Contact" in cards["console:anna"]
    assert "Acme A/S: named by Hidden Hanne" in cards["slack:U0LARS"]
    only_lars = {"slack:U0LARS", "console:lars@nordfab.example"}
    assert {place for place, card in cards.items() if "Hanne" in card} == only_lars


async def test_without_an_owner_cx_hears_it_and_how_to_bind(story: Story) -> None:
    await three(story)
    await look(story)
    (posted,) = story.posted("slack:U0CLARA")
    assert "/nps bind reason invoicing" in (posted.card.foot or "")


@pytest.mark.both_databases
async def test_a_function_or_a_member_owns_a_reason(story: Story) -> None:
    reply = await bind(story, "reason Faktureringen technical support")
    assert "technical support" in str(reply)
    await three(story)
    await look(story)
    sofie = [each for each in story.chat.posted if each.place.startswith("console:sofie")]
    assert len(sofie) == 1
    assert "Mikkel Skov" in str(await bind(story, "reason price to mikkel"))
    refused = await bind(story, "reason weather")
    assert isinstance(refused, Whisper)
    assert "invoicing" in refused.card.title
    not_mine = await bind(story, "reason invoicing", me=story.acme.anna)
    assert "Clara Lind" in str(not_mine)  # who may


async def test_who_owns_a_reason_is_chosen_where_several_are_called_so(story: Story) -> None:
    acme = story.acme
    await story.make.member("Mikkel Winther")
    card = await bind(story, "reason invoicing mikkel")
    assert isinstance(card, Card)
    first, second = buttons(card)
    assert (first.label, second.label) == ("Mikkel Skov", "Mikkel Winther")

    async def press_(me: Member, value: str) -> Reply:
        person = story.person(me)
        return await routes.click(story.ctx, Click(person, person.place, second.action, value))

    assert "your lead or a CX lead" in str(await press_(acme.anna, second.value))
    for wrong in ("", "x", f"{acme.mikkel.id} weather", "999 invoicing"):
        assert isinstance(await press_(acme.clara, wrong), Whisper)
    assert "Reason" not in str(await bind(story, "list"))
    given = await press_(acme.clara, second.value)
    assert "“Invoicing”, Mikkel Winther gets the card" in str(given)
    assert "Reason Invoicing: Mikkel Winther" in str(await bind(story, "list"))


@pytest.mark.both_databases
async def test_a_reason_is_taken_away_again_from_who_owns_it(story: Story) -> None:
    acme = story.acme
    await bind(story, "reason invoicing to mikkel")
    await bind(story, "reason price technical support")
    listed = await bind(story, "list")
    assert isinstance(listed, Card)
    first, second = [each for each in buttons(listed) if each.action == "reason_unbind"]
    assert first.confirm == "Take the reason Invoicing from Mikkel Skov? CX gets its cards then."

    async def press_(me: Member, value: str) -> Reply:
        person = story.person(me)
        return await routes.click(story.ctx, Click(person, person.place, "reason_unbind", value))

    assert "your lead or a CX lead" in str(await press_(acme.anna, first.value))
    # An old list takes nothing from who was given it since.
    story.clock.forward(minutes=1)
    await bind(story, "reason price to anna")
    for value in (second.value, "", "x", "1 price"):
        assert "This is not bound any more" in str(await press_(acme.clara, value))
    left = await press_(acme.clara, first.value)
    assert isinstance(left, Card)
    assert [each.action for each in buttons(left)].count("reason_unbind") == 1
    assert "Price: Anna Berg" in text(left)
    assert "Mikkel" not in text(left)
    assert "This is not bound any more" in str(await press_(acme.clara, first.value))
    await three(story)
    await look(story)
    (posted,) = story.posted("slack:U0CLARA")
    assert "/nps bind reason invoicing" in (posted.card.foot or "")


async def test_a_place_that_outsiders_read_is_refused(story: Story) -> None:
    story.chat.shared.add(PLACE)
    assert "people from outside" in str(await bind(story, "reason invoicing"))
    assert "people from outside" in str(await bind(story, "board ideas"))


@pytest.mark.both_databases
async def test_all_owners_are_told_when_it_is_fixed_and_may_tell_their_customers(
    story: Story,
) -> None:
    await bind(story, "reason invoicing")
    await three(story)
    await look(story)
    (posted,) = story.posted(PLACE)
    need = await story.submit(story.acme.anna, "reason_fixed", "1", {"fixed": " "}, posted.ref)
    assert isinstance(need, FormErrors)
    done = {"fixed": "One person checks every invoice."}
    reply = await story.submit(story.acme.mikkel, "reason_fixed", "1", done, posted.ref)
    assert isinstance(reply, Card)
    assert reply.status is not None
    assert reply.status.startswith("fixed · Mikkel Skov")
    (anna,) = [each for each in story.posted() if each.card.title == "Invoicing: fixed"]
    assert "Acme A/S: named by Acme Contact" in text(anna.card)
    assert "One person checks" in text(anna.card)
    assert "Berg" not in str(anna.card)
    (mikkel,) = story.posted("console:nordics")  # he has no place of his own but his team's
    assert "Berg A/S" in text(mikkel.card)
    form = await press(story, anna.card, "said_write")
    assert "One person checks every invoice." in str(form)
    value = button(anna.card, "said_write").value
    preview = await story.submit(story.acme.anna, "said_write", value, {"text": "Fixed."})
    assert isinstance(preview, Card)
    assert "Acme Contact" in str(preview.body)
    again = await story.submit(story.acme.mikkel, "reason_fixed", "1", done, posted.ref)
    assert "noted it as fixed already" in str(again)
    # What it held does not open it again; three new accounts do.
    await look(story)
    assert len(await shared(story)) == 1
    for name in ("New one", "New two", "New three"):
        await says(story, await account(story, name))
    await look(story)
    assert len(await shared(story)) == 2


async def test_who_does_not_own_it_ends_nothing(story: Story) -> None:
    await bind(story, "reason invoicing")
    await three(story)
    await look(story)
    (posted,) = story.posted(PLACE)
    refused = await story.submit(story.acme.anna, "reason_fixed", "1", {"fixed": "x"})
    assert isinstance(refused, Whisper)
    closed = await press(story, posted.card, "reason_close", story.acme.clara)
    assert isinstance(closed, Card)
    assert closed.status is not None
    assert closed.status.startswith("closed by Clara")


@pytest.mark.both_databases
async def test_a_reason_added_days_later_is_seen(story: Story) -> None:
    found = [await says(story, await account(story, name), reasons=[]) for name in ("A", "B", "C")]
    await look(story)
    story.clock.forward(days=2)
    async with story.ctx.db.session() as session:
        for each in found:
            row = await session.get_one(Response, each.id)
            row.reasons = ["delivery"]
            session.add(row)
    await look(story)
    assert [each.reason for each in await shared(story)] == ["delivery"]
