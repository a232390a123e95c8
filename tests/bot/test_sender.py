"""The one way out keeps customer figures from outsiders, on every platform alike."""

import pytest

from bot.sender import Sender
from handlers.cards import Card
from handlers.chat import Message, OutsidersCanRead, Unreachable
from tests.fakes import FakeChat

FIGURES = Card("Acme A/S · at risk", audience="internal")
HARMLESS = Card("Thank you", audience="person")


def message(card: Card) -> Message:
    return Message(card, "alert:1", "en")


async def test_an_internal_card_is_refused_where_outsiders_can_read() -> None:
    slack = FakeChat(shared={"slack:C1"})
    sender = Sender({"slack": lambda: slack})
    with pytest.raises(OutsidersCanRead):
        await sender.send("slack:C1", message(FIGURES))
    assert slack.posted == []
    await sender.send("slack:C1", message(HARMLESS))
    await sender.send("slack:C2", message(FIGURES))
    assert [posted.place for posted in slack.posted] == ["slack:C1", "slack:C2"]


async def test_a_card_is_not_edited_in_a_place_that_was_shared_since() -> None:
    slack = FakeChat()
    sender = Sender({"slack": lambda: slack})
    ref = await sender.send("slack:C1", message(FIGURES))
    slack.shared.add("slack:C1")
    with pytest.raises(OutsidersCanRead):
        await sender.update(ref, FIGURES, "en")
    assert len(slack.posted[0].cards) == 1


async def test_a_platform_that_is_not_set_up_is_unreachable_and_named() -> None:
    with pytest.raises(Unreachable, match="teams is not set up"):
        await Sender({}).send("teams:19:x", message(HARMLESS))
