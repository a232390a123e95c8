"""A lead or CX who has a case as a card hears the next word about it below that card."""

from handlers.cards import Card, Text
from handlers.chat import TryLater, Unreachable
from storage import case_view
from storage.models import Member
from tests.fakes import Posted
from tests.handlers.cases.conftest import Story, buttons
from tests.handlers.cases.test_acting import SOLVED, told
from tests.handlers.cases.test_lapse import at

LEAD, CX = "slack:U0LARS", "slack:U0CLARA"
WENT_BACK = "Acme A/S: this went back again: Jane Jensen was not contacted in time. "
UNTAKEN = "Acme A/S: still nobody has taken this. It was to be taken by {}. "
PLEASE = "Please look after it."


async def lapsed(story: Story) -> Posted:
    """Mikkel took the case on Tuesday and called nobody: on Thursday it went back."""
    posted = await told(story)
    await story.press(story.acme.mikkel, posted, "case.take")
    await at(story, "2026-11-26T13:21")
    return posted


def below(card: Posted, word: Posted) -> bool:
    return word.message.reply_to == card.ref


async def test_a_second_lapse_is_told_below_the_leads_card(story: Story) -> None:
    posted = await lapsed(story)
    (card,) = story.posted(LEAD)
    await story.press(story.acme.mikkel, posted, "case.take")
    await at(story, "2026-11-30T13:22")
    _card, word = story.posted(LEAD)
    assert word.card.title == WENT_BACK + PLEASE
    assert below(card, word)
    # Their direct messages show it too: nobody looks into a thread that they do not follow.
    assert word.message.also_in_channel
    assert [each.action for each in buttons(word.card)] == [
        "case.contact", "case.take", "case.hand_over",
    ]  # fmt: skip
    assert card.card.status == "new · take by 15:22"
    # The words stay as they were said, and the card follows the case.
    await story.press(story.acme.lars, word, "case.hand_over")
    await story.press(story.acme.anna, posted, "case.take")
    assert [len(word.cards), word.card.title] == [1, WENT_BACK + PLEASE]
    assert card.card.status is not None
    assert card.card.status.startswith("Anna has it since 13:22")


async def test_a_case_that_goes_back_again_and_again_comes_to_cx(story: Story) -> None:
    """Whoever takes it and forgets it starts the deadlines anew: without this CX never heard."""
    posted = await lapsed(story)
    assert story.posted(CX) == []
    await story.press(story.acme.mikkel, posted, "case.take")
    await at(story, "2026-11-30T13:22")
    (card,) = story.posted(CX)
    assert card.card.title == "Acme A/S: 3 of 10 from Jane Jensen, CFO, decision maker"
    assert WENT_BACK + PLEASE in str(card.cards[0].body[0])
    assert (await story.case()).escalated_to == "cx"
    timeline = str(await story.press(story.acme.anna, posted, "case.timeline"))
    assert timeline.count("Nobody had acted: CX was told'") == 1
    await story.press(story.acme.mikkel, posted, "case.take")
    await at(story, "2026-12-02T13:23")
    for place in (LEAD, CX):
        first, *_others, word = story.posted(place)
        assert word.card.title == WENT_BACK + PLEASE
        assert below(first, word)
    for _time in range(3):
        await story.tick()
    assert [len(story.posted(place)) for place in (LEAD, CX)] == [3, 2]


async def test_a_deadline_missed_after_a_lapse_is_told_below_the_card(story: Story) -> None:
    await lapsed(story)
    (card,) = story.posted(LEAD)
    await at(story, "2026-11-27T08:22")
    _card, word = story.posted(LEAD)
    assert word.card.title == UNTAKEN.format("Thu 15:21") + PLEASE
    assert below(card, word)
    assert card.card.status is not None
    assert card.card.status.endswith("the lead was told")
    for _time in range(3):
        await story.tick()
    assert len(story.posted(LEAD)) == 2
    async with story.ctx.db.reading() as session:
        acts = [each.act for each in await case_view.events(session, 1)]
    assert acts.count("told_lead") == 1
    # CX has no card yet.
    await at(story, "2026-11-27T10:22")
    (cx,) = story.posted(CX)
    assert cx.card.title == "Acme A/S: 3 of 10 from Jane Jensen, CFO, decision maker"


async def test_a_lapse_after_a_missed_deadline_is_told_below_the_card(story: Story) -> None:
    posted = await told(story)
    await at(story, "2026-11-25T08:21")
    (card,) = story.posted(LEAD)
    await story.press(story.acme.anna, posted, "case.take")
    await at(story, "2026-11-27T08:22")
    _card, word = story.posted(LEAD)
    assert word.card.title == WENT_BACK.replace(" again", "") + PLEASE
    assert below(card, word)


async def test_help_asked_for_after_a_reopening_is_told_below_the_card(story: Story) -> None:
    posted = await told(story)
    anna, lars = story.acme.anna, story.acme.lars
    await story.submit(anna, "case.escalate", "1", {}, posted.ref)
    (card,) = story.posted(LEAD)
    await story.submit(lars, "case.escalate", "1", {}, card.ref)
    (cx,) = story.posted(CX)
    await story.submit(anna, "case.solve", "1", SOLVED, posted.ref)
    await story.press(anna, posted, "case.reopen")
    await story.submit(anna, "case.escalate", "1", {"reason": "They ask for you"}, posted.ref)
    _card, word = story.posted(LEAD)
    assert word.card.title == "Acme A/S: Anna asks you to help"
    assert word.card.body[0] == Text("They ask for you", "quote")
    assert below(card, word)
    await story.submit(lars, "case.escalate", "1", {}, card.ref)
    _cx, word = story.posted(CX)
    assert word.card.title == "Acme A/S: Lars asks CX to help"
    assert below(cx, word)


async def test_a_customer_who_was_not_called_after_a_reopening_is_named(story: Story) -> None:
    posted = await told(story)
    anna = story.acme.anna
    await story.submit(anna, "case.escalate", "1", {}, posted.ref)
    await story.submit(anna, "case.solve", "1", SOLVED, posted.ref)
    await story.press(anna, posted, "case.reopen")
    await at(story, "2026-11-26T13:22")
    card, word = story.posted(LEAD)
    assert word.card.title == (
        "Acme A/S: Jane Jensen has still not been contacted. "
        f"It was to be done by Wed 13:20. {PLEASE}"
    )
    assert below(card, word)


async def test_who_came_to_cx_since_gets_the_card_itself(story: Story) -> None:
    posted = await told(story)
    await at(story, "2026-11-25T08:21")
    await at(story, "2026-11-25T10:21")
    assert len(story.posted(CX)) == 1
    await story.make.save(
        Member(email="zoe@nordfab.example", name="Zoe Ny", role="cx_lead", slack_id="U0ZOE")
    )
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    await story.press(story.acme.anna, posted, "case.reopen")
    await at(story, "2026-11-30T10:22")
    card, word = story.posted(CX)
    assert "has still not been contacted" in word.card.title
    assert below(card, word)
    (whole,) = story.posted("slack:U0ZOE")
    assert whole.card.title == "Acme A/S: 3 of 10 from Jane Jensen, CFO, decision maker"
    # It is a card of the case like any other.
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    assert whole.card.tone == card.card.tone == "good"


async def test_the_first_card_still_comes_to_both_platforms_when_one_was_slow(
    story: Story,
) -> None:
    posted = await told(story)
    other = "console:lars@nordfab.example"
    story.chat.refuse[other] = [TryLater("429", 10)]
    await story.submit(story.acme.anna, "case.escalate", "1", {}, posted.ref)
    assert story.posted(other) == []
    await story.forward(minutes=1)
    (first,), (second,) = story.posted(LEAD), story.posted(other)
    assert second.message.reply_to is None
    assert second.card.title == first.card.title


async def test_a_lead_with_a_card_on_one_platform_alone_hears_it_there(story: Story) -> None:
    posted = await told(story)
    other = "console:lars@nordfab.example"
    story.chat.refuse[other] = [Unreachable("not set up")]
    await story.submit(story.acme.anna, "case.escalate", "1", {}, posted.ref)
    await story.submit(story.acme.anna, "case.solve", "1", SOLVED, posted.ref)
    await story.press(story.acme.anna, posted, "case.reopen")
    await story.submit(story.acme.anna, "case.escalate", "1", {}, posted.ref)
    card, word = story.posted(LEAD)
    assert below(card, word)
    assert story.posted(other) == []


async def test_a_lead_who_deleted_the_card_gets_it_anew(story: Story) -> None:
    posted = await lapsed(story)
    gone = Unreachable("thread_not_found", mend="message_gone")
    story.chat.refuse[LEAD] = [gone]
    await at(story, "2026-11-27T08:22")
    _card, anew = story.posted(LEAD)
    assert anew.message.reply_to is None
    assert anew.card.title == "Acme A/S: 3 of 10 from Jane Jensen, CFO, decision maker"
    await story.press(story.acme.anna, posted, "case.take")
    assert anew.card.status is not None
    assert anew.card.status.startswith("Anna has it")


async def test_a_lead_hears_of_a_lapse_in_their_own_working_hours(story: Story) -> None:
    async with story.ctx.db.session() as session:
        row = await session.get_one(Member, story.acme.lars.id)
        row.timezone = "America/New_York"
        session.add(row)
    posted = await told(story)
    await story.press(story.acme.mikkel, posted, "case.take")
    # Thursday 13:21 in Copenhagen is 07:21 in New York.
    await at(story, "2026-11-26T13:21")
    assert story.posted(LEAD) == []
    await at(story, "2026-11-26T14:01")
    assert len(story.posted(LEAD)) == 1


async def test_a_word_about_an_answer_that_all_see_goes_below_no_hidden_one(story: Story) -> None:
    posted = await told(story)
    await story.answer("peter", 2, comment="Anna promised it twice")
    await story.work()
    (hidden,) = story.posted(LEAD)
    assert "Peter" in hidden.card.title
    await story.submit(story.acme.anna, "case.escalate", "1", {}, posted.ref)
    _hidden, card = story.posted(LEAD)
    assert card.message.reply_to is None
    assert "Jane" in card.card.title


async def test_what_is_kept_from_the_owner_is_told_again_to_cx_alone(story: Story) -> None:
    await story.answer("jane", 3, comment="Anna never answers")
    await story.work()
    lars = story.acme.lars
    (lead,) = story.posted(LEAD)
    await story.submit(lars, "case.escalate", "1", {}, lead.ref)
    await story.submit(lars, "case.solve", "1", SOLVED, lead.ref)
    await story.press(lars, lead, "case.reopen")
    before = len(story.posted()) + len(story.posted("console:nordics"))
    await story.submit(lars, "case.escalate", "1", {"reason": "Secret words"}, lead.ref)
    card, word = story.posted(CX)
    assert below(card, word)
    assert "Secret words" in str(word.card)
    assert len(story.posted()) + len(story.posted("console:nordics")) == before
    assert isinstance(word.card, Card)
