"""A channel that outsiders come to read is emptied, and its open cases are posted directly."""

from datetime import timedelta

import pytest

from handlers import routes
from handlers.chat import Notice, TryLater, Unreachable
from storage.db import Database
from storage.models import Response
from tests.factories import Make
from tests.handlers.cases.conftest import Story, story
from tests.handlers.cases.test_threads import change

__all__ = ["story"]
SECRET = "Nobody calls back"


async def critic(story: Story) -> Response:
    response = await story.answer("jane", 3, comment=SECRET)
    await story.work()
    return response


@pytest.mark.parametrize("kind", ["place_shared", "readers_changed"])
async def test_cards_of_a_channel_that_outsiders_read_are_emptied_and_posted_directly(
    story: Story, kind: str
) -> None:
    await critic(story)
    (posted,) = story.posted()
    story.chat.shared.add("console:anna")
    await routes.notice(story.ctx, Notice(kind, "console:anna"))  # type: ignore[arg-type]  # both kinds
    await story.work()
    assert posted.card.title == "This card is not here any more"
    assert posted.card.audience == "person"
    direct = story.posted("slack:U0ANNA")[0]
    assert SECRET in str(direct.card)
    await story.press(story.acme.anna, direct, "case.take")
    assert direct.card.tone == "attention"
    assert posted.card.title == "This card is not here any more"
    assert SECRET not in str([each.card for each in story.posted()])


@pytest.mark.both_databases
async def test_a_guest_noticed_only_by_the_next_edit_empties_the_channel_too(story: Story) -> None:
    response = await critic(story)
    story.chat.shared.add("console:anna")
    await change(story, response, comment=f"{SECRET}, ever")
    assert SECRET not in str([each.card for each in story.posted()])
    assert SECRET in str(story.posted("slack:U0ANNA")[0].card)


async def test_what_could_not_be_emptied_is_tried_again(story: Story) -> None:
    await critic(story)
    story.chat.shared.add("console:anna")
    story.chat.refuse["console:anna"] = [TryLater("busy")]
    await routes.notice(story.ctx, Notice("place_shared", "console:anna"))
    await story.work()
    assert SECRET in str(story.posted()[0].card)
    await story.forward(seconds=60)
    assert SECRET not in str([each.card for each in story.posted()])
    assert len([each for each in story.posted("slack:U0ANNA") if SECRET in str(each.card)]) == 1


@pytest.mark.both_databases
async def test_a_colleague_who_joins_changes_nothing(story: Story) -> None:
    await critic(story)
    await routes.notice(story.ctx, Notice("readers_changed", "console:anna"))
    await story.work()
    assert SECRET in str(story.posted()[0].card)
    assert len(story.chat.posted) == 1


async def test_a_deleted_card_comes_again_also_where_words_stand_below_it(story: Story) -> None:
    response = await critic(story)
    await change(story, response, comment="And the invoice is wrong")
    card, _words = story.posted()
    story.chat.refuse["console:anna"] = [Unreachable("message_not_found", mend="message_gone")]
    await story.press(story.acme.lars, card, "case.take")
    await story.forward(seconds=3)
    again = story.posted()[-1]
    assert again.card.title.startswith("Acme A/S: 3 of 10 from Jane Jensen")
    assert again.card.status is not None
    assert again.card.status.startswith("Lars has it")


async def test_an_error_of_the_database_never_repeats_what_a_customer_wrote(
    db: Database, make: Make
) -> None:
    account = await make.account()
    contact = await make.contact(account)
    invitation = await make.invitation(contact, sent_at=make.now() - timedelta(days=1))
    with pytest.raises(Exception, match="INSERT") as caught:
        await make.save(
            Response(  # type: ignore[call-arg]  # what is missing makes the database refuse
                invitation_id=invitation.id,
                account_id=account.id,
                contact_id=contact.id,
                comment=SECRET,
                answered_at=make.now(),
                last_input_at=make.now(),
            )
        )
    seen = str(caught.value) + repr(caught.value.__cause__)
    assert SECRET not in seen
