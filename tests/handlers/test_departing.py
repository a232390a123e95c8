"""`/nps left anna`: somebody takes over all of it, and who left reads nothing any more."""

from datetime import date

from sqlmodel import select

from handlers import routes
from handlers.cards import Card, Form, FormErrors, Whisper
from handlers.chat import Click, Command, Lookup, Notice, Person, Submission
from storage import members
from storage.models import Account, BoundPlace, Member, Promise, Task
from tests.handlers.cases.conftest import Story, button, buttons, story
from tests.handlers.cases.test_acting import said, told

__all__ = ["story"]


async def _form(story: Story, me: Member, text: str = "left anna") -> Form:
    form = await story.type(me, text)
    assert isinstance(form, Form), form
    return form


async def _leave(story: Story, to: Member) -> object:
    form = await _form(story, story.acme.clara)
    return await story.submit(story.acme.clara, form.action, form.value, {"to": str(to.id)})


async def test_all_that_is_open_passes_to_who_takes_over(story: Story) -> None:
    acme = story.acme
    posted = await told(story)
    await story.press(acme.anna, posted, "case.take")
    other = await story.make.account("Nyco", owner_id=acme.mikkel.id, team_id=acme.team.id)
    for account in (acme.account, other):
        await story.make.save(
            Promise(
                account_id=account.id, what="invoice check", due_on=date(2026, 12, 1),
                made_by=acme.mikkel.id, made_at=story.clock(), deliverer_id=acme.anna.id,
            )
        )  # fmt: skip
        key = f"renewal:{account.id}"
        await story.make.save(
            Task(key=key, what="renewal", account_id=account.id, owner_id=acme.anna.id,
                 opened_at=story.clock())
        )  # fmt: skip
    form = await _form(story, acme.clara)
    assert "Anna Berg has: 1 account, 1 open case, 2 tasks, 2 promises." in str(form.intro)
    nobody = await story.submit(acme.clara, form.action, form.value, {"to": ""})
    assert isinstance(nobody, FormErrors)
    same = await story.submit(acme.clara, form.action, form.value, {"to": str(acme.anna.id)})
    assert isinstance(same, FormErrors)
    reply = await story.submit(acme.clara, form.action, form.value, {"to": str(acme.mikkel.id)})
    assert isinstance(reply, Card)
    assert reply.title == "Anna Berg has left"
    assert "1 account, 1 open case, 2 tasks, 2 promises: all of it is with Mikkel Skov" in str(
        reply
    )
    async with story.ctx.db.reading() as session:
        account = await session.get_one(Account, acme.account.id)
        assert account.owner_id == acme.mikkel.id
        assert {each.owner_id for each in (await session.exec(select(Task))).all()} == {
            acme.mikkel.id
        }
        promises = (await session.exec(select(Promise))).all()
        assert {each.deliverer_id for each in promises} == {acme.mikkel.id}
        assert not [
            each for each in (await session.exec(select(BoundPlace))).all()
            if each.member_id == acme.anna.id
        ]  # fmt: skip
    case = await story.case()
    assert (case.owner_id, case.taken_by) == (acme.mikkel.id, acme.mikkel.id)
    [given] = story.posted("slack:U0MIKKEL")
    assert given.card.title.startswith("Accounts that Anna Berg had are yours now.")
    again = await story.type(acme.clara, "left anna")
    assert isinstance(again, Whisper)


async def test_who_left_can_read_nothing_any_more(story: Story) -> None:
    acme = story.acme
    await told(story)
    anna = Person("console", acme.anna.email)
    await _leave(story, acme.mikkel)
    place = anna.place
    replies = [
        *[
            await routes.command(story.ctx, Command(anna, place, text))
            for text in ("", "acme", "acme brief", "cases", "tasks", "calls", "promises", "help")
        ],
        await routes.click(story.ctx, Click(anna, place, "case.open", "1")),
        await routes.submission(
            story.ctx, Submission(anna, place, "case.note", "1", {"text": "x"})
        ),
    ]
    for reply in replies:
        assert isinstance(reply, Whisper)
        assert "Acme" not in str(reply)
    assert await routes.lookup(story.ctx, Lookup(anna, "accounts", "acme")) == []
    home = await routes.notice(story.ctx, Notice("home_opened", place, anna))
    assert "Acme" not in str(home)
    # A card in their direct messages says no more than that it is with somebody else.
    story.clock.forward(minutes=2)
    await story.tick()
    # The digest and reminders go elsewhere.
    count = len(story.posted(place))
    await story.forward(days=3)
    assert len(story.posted(place)) == count


async def test_cards_in_the_direct_messages_of_who_left_are_emptied(story: Story) -> None:
    acme = story.acme
    posted = await told(story)
    await story.submit(acme.anna, "case.escalate", "1", {}, posted.ref)
    (card,) = story.posted("slack:U0LARS")
    assert "Third wrong invoice" in str(card.card)
    form = await _form(story, acme.clara, "left lars")
    assert not form.inputs[0].required, "a lead without accounts leaves without an heir"
    await story.submit(acme.clara, form.action, form.value, {"to": ""})
    assert card.card.title == "Somebody else has this case now"
    assert "Third wrong invoice" in str(posted.card), "Anna's own card stays"


async def test_cards_in_the_own_channel_of_who_left_are_emptied(story: Story) -> None:
    acme = story.acme
    posted = await told(story)
    await story.submit(acme.anna, "case.escalate", "1", {}, posted.ref)
    (lead,) = story.posted("slack:U0LARS")
    await story.forward(days=1)
    assert "Third wrong invoice" in str(posted.card)
    await _leave(story, acme.mikkel)
    assert posted.card.title == "Somebody else has this case now"
    cards = [each.card for each in story.posted()]
    assert len(cards) > 1, "what else stands there goes too"
    assert "Acme" not in str(cards)
    assert "Third wrong invoice" in str(lead.card), "the lead's card stays"
    [given] = story.posted("slack:U0MIKKEL")
    shown = await story.press(acme.mikkel, given, "beside:case.open")
    assert "Third wrong invoice" in str(shown)
    await story.submit(acme.mikkel, "case.note", "1", {"text": "Called twice"}, lead.ref)
    assert posted.card.title == "Somebody else has this case now", "nobody fills it again"


async def test_a_channel_that_others_get_alerts_in_too_keeps_its_cards(story: Story) -> None:
    acme = story.acme
    async with story.ctx.db.session() as session:
        await members.bind(session, "console:anna", story.clock(), team_id=acme.team.id)
    posted = await told(story)
    await _leave(story, acme.mikkel)
    assert "Third wrong invoice" in str(posted.card)


async def test_what_the_owner_may_not_see_goes_to_a_lead_or_to_cx(story: Story) -> None:
    acme = story.acme
    await story.answer("jane", 3, comment="Anna never calls", to_manager=True)
    assert (await story.case()).owner_id == acme.lars.id
    form = await _form(story, acme.clara, "left lars")
    await story.submit(acme.clara, form.action, form.value, {"to": str(acme.anna.id)})
    assert (await story.case()).owner_id == acme.clara.id
    assert "never calls" not in str([each.card for each in story.posted()])


async def test_only_cx_leads_note_that_somebody_left_and_nobody_does_it_for_themselves(
    story: Story,
) -> None:
    acme = story.acme
    assert "Clara Lind" in said(await story.type(acme.anna, "left mikkel"))
    forged = await story.submit(acme.anna, "member_left", str(acme.mikkel.id), {"to": ""})
    assert said(forged) == "Only CX leads note that somebody left."
    assert said(await story.type(acme.clara, "left clara")).startswith("You can't note")
    assert said(await story.type(acme.clara, "left")).startswith("Who has left?")


async def test_an_account_closed_on_a_platform_is_an_offer_to_cx(story: Story) -> None:
    acme = story.acme
    person = Person("slack", "U0ANNA")
    await routes.notice(story.ctx, Notice("member_left", person.place, person))
    await story.work()
    (offer,) = story.posted("slack:U0CLARA")
    assert offer.card.title == "Anna Berg is no longer in Slack"
    assert "Anna Berg has: 1 account." in str(offer.card)
    async with story.ctx.db.reading() as session:
        assert (await session.get_one(Member, acme.anna.id)).left_at is None
    left = button(offer.card, "member_left")
    assert left.opens_form
    form = await story.press(acme.clara, offer, "member_left")
    assert isinstance(form, Form)
    # Told once, however often the platform says it; somebody unknown is nobody's business.
    for each in (person, Person("slack", "U0ODD")):
        await routes.notice(story.ctx, Notice("member_left", each.place, each))
    await story.work()
    assert len(story.posted("slack:U0CLARA")) == 1


async def test_who_left_is_chosen_where_several_are_called_so(story: Story) -> None:
    acme = story.acme
    other = await story.make.member("Anna Winther")

    card = await story.type(acme.clara, "left anna")

    assert isinstance(card, Card)
    assert (
        card.title == "Several people fit “anna”: Anna Berg or Anna Winther? Type more of the name."
    )
    assert [each.label for each in buttons(card)] == ["Anna Berg", "Anna Winther"]
    chosen = buttons(card)[1]
    form = await routes.click(
        story.ctx, Click(story.person(acme.clara), "console:x", chosen.action, chosen.value)
    )
    assert isinstance(form, Form)
    assert form.value == str(other.id)
    nobody = await story.type(acme.clara, "left xyzzy")
    assert said(nobody) == "Nobody here is called “xyzzy”."
