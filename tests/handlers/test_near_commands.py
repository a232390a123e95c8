"""What is typed wrongly gets a sentence that says what to type instead."""

import pytest

from handlers.cards import Card, Text, Whisper
from tests.handlers.cases.conftest import Story, story

__all__ = ["story"]


async def said(story: Story, text: str, who: str = "anna") -> str:
    reply = await story.type(getattr(story.acme, who), text)
    assert isinstance(reply, (Card, Whisper)), reply
    card = reply.card if isinstance(reply, Whisper) else reply
    return "\n".join([card.title, *(each.text for each in card.body if isinstance(each, Text))])


async def test_what_is_nearly_a_command_is_offered_as_one(story: Story) -> None:
    for typed, meant in (
        ("bnid", "Did you mean /nps bind?"),
        ("hlep me", "Did you mean /nps help?"),
        ("promisses late", "Did you mean /nps promises?"),
        ("case", "Or did you mean /nps cases?"),  # beside Acme, which is near it as well
    ):
        assert meant in (await said(story, typed)).splitlines()


async def test_a_command_that_a_member_may_not_use_is_not_offered(story: Story) -> None:
    assert "wave" not in await said(story, "wvae")
    assert "Did you mean /nps wave?" in await said(story, "wvae", "clara")


async def test_an_account_is_not_taken_for_a_command(story: Story) -> None:
    for typed in ("acmee", "zzz"):
        assert "/nps" not in (await said(story, typed)).replace("Type /nps help", "")


async def test_a_word_behind_an_account_that_is_no_part_of_it_is_told(story: Story) -> None:
    assert "Of Acme A/S I know: /nps acme people, /nps acme history," in await said(
        story, "acme peopel"
    )


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("silent foo", "/nps silent."),
        ("tasks late", "/nps tasks."),
        ("bind anna", "/nps bind, /nps bind list."),
    ],
)
async def test_words_that_a_command_does_not_take_are_not_passed_over(
    story: Story, typed: str, known: str
) -> None:
    assert (await said(story, typed)).endswith(f"here. I know {known}")


async def test_a_reason_without_a_name_and_an_owner_that_is_nobody_are_told(story: Story) -> None:
    assert (await said(story, "bind reason", "clara")).startswith("Which reason? There are: ")
    assert "Functions: account manager, technical support." in await said(
        story, "bind reason invoicing supply chain", "clara"
    )
