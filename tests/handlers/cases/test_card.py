"""The card of product.md, line by line, in its states."""

from datetime import UTC, datetime

from handlers.cards import Buttons, Card, Facts, Text
from tests.handlers.cases.conftest import Story, button, buttons


def facts(card: Card) -> dict[str, str]:
    return dict(next(each for each in card.body if isinstance(each, Facts)).facts)


async def jane(story: Story) -> None:
    """Jane's 3, after the other three have answered, with an 8 in March."""
    for who, score in (("ole", 9), ("lis", 9), ("karen", 7)):
        await story.answer(who, score)
    march = datetime(2026, 3, 10, 9, tzinfo=UTC)
    before = await story.make.invitation(story.acme.contacts["jane"], sent_at=march)
    await story.make.response(before, 8, answered_at=march)
    await story.answer(
        "jane",
        3,
        comment="Third wrong invoice in a row, and nobody calls back.",
        reasons=["invoicing", "communication"],
        contact_wish="call",
        call_when="Wed morning",
        phone="+45 12 34 56 78",
    )


async def test_the_card_of_the_product_comes_out_word_for_word(story: Story) -> None:
    await jane(story)
    await story.work()
    (posted,) = story.posted()
    card = posted.card
    assert card.title == "Acme A/S: 3 of 10 from Jane Jensen, CFO, decision maker"
    assert card.status == "new · take by 15:20"
    assert card.tone == "critical"
    assert card.audience == "internal"
    assert card.body[0] == Text("Third wrong invoice in a row, and nobody calls back.", "quote")
    assert facts(card) == {
        "Wants a call": "Wed morning · +45 12 34 56 78 · jane@acme.example",
        "Why": "invoicing, communication · was 8 in March",
        "At stake": "420,000 EUR a year · tier A · renews 7 January (in 44 days)",
        "Heard": "4 of 6: 2 promoters, 1 passive, 1 critic (Jane)",
    }
    row = next(each for each in card.body if isinstance(each, Buttons))
    assert [each.label for each in row.buttons] == [
        "I called or wrote",
        "Take it",
        "Write to Jane",
        "More",
    ]
    assert card.foot == "You get this as owner of Acme · Autumn 2026 · answered 13:20"
    assert card.push == "Acme A/S: 3 of 10 from Jane Jensen (CFO). Take by 15:20."


async def test_critics_with_one_first_name_are_named_in_full(story: Story) -> None:
    peter = story.acme.contacts["peter"]
    peter.name = "Jane Holm"
    await story.make.save(peter)
    await story.answer("peter", 2)
    await story.answer("ole", 5)
    await story.answer("jane", 3)
    await story.work()
    heard = facts(story.posted()[0].card)["Heard"]
    assert heard == "3 of 6: 3 critics (Jane Jensen, Jane Holm, Ole)"


async def test_taking_it_turns_the_card_amber_everywhere(story: Story) -> None:
    await jane(story)
    await story.work()
    (posted,) = story.posted()
    story.clock.forward(minutes=4)
    reply = await story.press(story.acme.anna, posted, "case.take")
    assert isinstance(reply, Card)
    assert reply.status == "Anna has it since 13:24 · contact by Wed 13:20"
    assert reply.tone == "attention"
    assert "case.take" not in [each.action for each in buttons(reply)]
    assert button(reply, "case.undo")
    assert posted.card == reply
