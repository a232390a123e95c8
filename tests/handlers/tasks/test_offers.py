"""Offers to repair, key people asked for, people added, and the renewal radar."""

from datetime import date
from typing import Any

import pytest

from handlers.accounts.roles import likely_first
from handlers.answering.page import unsubscribe
from handlers.cards import Card, Form, FormErrors
from handlers.privacy import erase_person
from storage import privacy
from storage.models import Account, Contact, Task
from tests.handlers.cases.conftest import Story, button, buttons
from tests.handlers.cases.test_digests import digests, morning
from tests.handlers.tasks.test_tasks import pressed, refused, sent, tasks_of


async def of_kind(story: Story, what: str) -> list[Task]:
    return [each for each in await tasks_of(story) if each.what == what]


async def looked(story: Story) -> None:
    story.clock.forward(minutes=11)
    await story.tick()


async def contact(story: Story, contact_id: int) -> Contact:
    async with story.ctx.db.reading() as session:
        return await session.get_one(Contact, contact_id)


async def bounced(story: Story, who: str = "jane") -> Task:
    person = await contact(story, story.acme.contacts[who].id)
    person.status = "bouncing"
    await story.make.save(person)
    await looked(story)
    return (await of_kind(story, "bounced"))[-1]


async def test_mail_that_comes_back_is_offered_once_for_repair(story: Story) -> None:
    for who in ("ole", "lis"):
        person = story.acme.contacts[who]
        person.status = "bouncing"
        await story.make.save(person)
    task = await bounced(story)
    await looked(story)
    # Users are no key people; Jane, who decides, is.
    assert [each.contact_id for each in await of_kind(story, "bounced")] == [task.contact_id]
    await morning(story, 25)
    assert "Acme A/S: mail to Jane Jensen comes back" in str(digests(story)[-1].card)

    card = await pressed(story, story.acme.anna, "task_open", task.id)
    assert isinstance(card, Card)
    assert [each.action for each in buttons(card)][:3] == [
        "offer_address", "offer_left", "contact_add",
    ]  # fmt: skip
    form = await pressed(story, story.acme.anna, "offer_address", task.id)
    assert isinstance(form, Form)
    for wrong in ("", "jane", "ole@acme.example"):
        reply = await sent(story, story.acme.anna, "offer_address", task.id, email=wrong)
        assert isinstance(reply, FormErrors), wrong
    done = await sent(
        story, story.acme.anna, "offer_address", task.id, email="J.Jensen@acme.example"
    )
    assert isinstance(done, Card)
    assert "Repaired" in str(done)
    jane = await contact(story, story.acme.contacts["jane"].id)
    assert (jane.email, jane.status) == ("j.jensen@acme.example", "active")
    assert jane.corrected == {"email": "jane@acme.example"}


async def test_the_offer_comes_again_when_it_breaks_again(story: Story) -> None:
    await bounced(story)
    jane = await contact(story, story.acme.contacts["jane"].id)
    jane.status = "active"
    await story.make.save(jane)
    await looked(story)
    assert [each.outcome for each in await of_kind(story, "bounced")] == ["repaired"]
    await bounced(story)
    assert [each.state for each in await of_kind(story, "bounced")] == ["done", "open"]


async def test_who_has_left_is_not_asked_and_somebody_else_is_looked_for(story: Story) -> None:
    task = await bounced(story)
    await pressed(story, story.acme.anna, "offer_left", task.id)
    jane = await contact(story, story.acme.contacts["jane"].id)
    assert (jane.status, jane.corrected) == ("inactive", {"status": "bouncing"})
    await looked(story)
    [question] = await of_kind(story, "key_people")
    card = await pressed(story, story.acme.anna, "task_open", question.id)
    assert isinstance(card, Card)
    assert card.title == "Acme A/S: nobody is known to decide. Who signs?"
    labels = [each.label for each in buttons(card)]
    assert labels[:6] == [
        "Karen Friis, Production manager", "Mia Lund, Warehouse lead",
        "Peter Holm, Head of purchasing", "Lis Krog, Planner", "Somebody else", "Don't know",
    ]  # fmt: skip
    named = buttons(card)[2]
    people = await pressed(story, story.acme.anna, named.action, named.value)
    assert isinstance(people, Card)
    assert "no decision maker" not in str(people)
    peter = await contact(story, story.acme.contacts["peter"].id)
    assert (peter.role, peter.corrected) == ("decision_maker", {"role": "influencer"})
    assert [each.state for each in await of_kind(story, "key_people")] == ["dropped"]


async def test_who_has_left_meanwhile_is_not_made_a_decision_maker(story: Story) -> None:
    jane, peter = story.acme.contacts["jane"], story.acme.contacts["peter"]
    jane.role = None
    await story.make.save(jane)
    people = await story.type(story.acme.anna, "acme people")
    assert isinstance(people, Card)
    named = next(each for each in buttons(people) if each.label.startswith("Peter Holm"))
    await repaired(story, "peter", status="inactive")
    reply = await pressed(story, story.acme.anna, named.action, named.value)
    assert refused(reply) == "Peter Holm has left or does not work with us. Nothing was changed."
    assert (await contact(story, peter.id)).role == "influencer"
    await erase_person(story.ctx, "peter@acme.example")
    reply = await pressed(story, story.acme.anna, named.action, named.value)
    assert refused(reply) == "Choose a person of this account."


async def test_dont_know_ends_the_question(story: Story) -> None:
    jane = story.acme.contacts["jane"]
    jane.role = None
    await story.make.save(jane)
    await looked(story)
    people = await story.type(story.acme.anna, "acme people")
    assert isinstance(people, Card)
    unknown = button(people, "people_unknown")
    await pressed(story, story.acme.anna, unknown.action, unknown.value)
    await looked(story)
    assert [each.state for each in await of_kind(story, "key_people")] == ["dropped"]
    async with story.ctx.db.reading() as session:
        assert (await session.get_one(Account, story.acme.account.id)).key_people_unknown


async def test_an_unsubscribed_decision_maker_is_told_and_not_revived(story: Story) -> None:
    async with story.ctx.db.session() as session:
        await privacy.unsubscribe(
            session, story.acme.contacts["jane"].id, story.clock(), secret=story.ctx.secret
        )
    await looked(story)
    [task] = await of_kind(story, "unsubscribed")
    card = await pressed(story, story.acme.anna, "task_open", task.id)
    assert isinstance(card, Card)
    assert "nobody asks Jane by survey again" in str(card)
    assert button(card, "task_done").label == "Note it"
    done = await sent(story, story.acme.anna, "task_done", task.id, outcome="understood")
    assert isinstance(done, Card)
    await looked(story)
    assert len(await of_kind(story, "unsubscribed")) == 1


async def repaired(story: Story, who: str, **inputs: str) -> Any:
    value = story.acme.account.id
    given = {"contact": str(story.acme.contacts[who].id), **inputs}
    return await sent(story, story.acme.anna, "contact_repair", value, **given)


async def said_to_have_left(story: Story, who: str = "jane") -> Task:
    """An automatic reply said so."""
    anna, person = story.acme.anna, story.acme.contacts[who]
    return await story.make.save(
        Task(key=f"left:{person.id}", what="left", account_id=story.acme.account.id,
             contact_id=person.id, owner_id=anna.id, opened_at=story.clock())
    )  # fmt: skip


async def test_a_wrong_automatic_reply_is_put_right_by_one_press(story: Story) -> None:
    task = await said_to_have_left(story)
    card = await pressed(story, story.acme.anna, "task_open", task.id)
    assert isinstance(card, Card)
    assert [each.label for each in buttons(card)][:4] == [
        "Jane has left", "Jane is still there", "New address", "Add a person",
    ]  # fmt: skip
    stays = button(card, "offer_stays")
    done = await pressed(story, story.acme.anna, stays.action, stays.value)
    assert isinstance(done, Card)
    assert done.status == "done by Anna 13:20"
    assert (await contact(story, story.acme.contacts["jane"].id)).status == "active"
    again = await pressed(story, story.acme.anna, "offer_left", stays.value)
    assert "done by Anna" in refused(again)
    bouncing = await bounced(story, "jane")
    assert "no longer there" in refused(
        await pressed(story, story.acme.anna, "offer_stays", bouncing.id)
    )


async def test_whoever_is_known_to_have_left_is_not_offered_any_more(story: Story) -> None:
    task = await said_to_have_left(story)
    await repaired(story, "jane", status="inactive")
    await looked(story)
    assert [each.state for each in await of_kind(story, "left")] == ["done"]
    assert "has left" not in str(await story.type(story.acme.anna, "tasks"))
    assert task.state == "open"


async def test_no_offer_brings_back_who_unsubscribed_meanwhile(story: Story) -> None:
    task = await bounced(story)
    jane = story.acme.contacts["jane"].id
    await unsubscribe(story.ctx, jane)

    new = await sent(story, story.acme.anna, "offer_address", task.id, email="new@acme.example")
    assert isinstance(new, FormErrors)
    assert "asked not to be asked again" in new.errors["email"]
    assert (await contact(story, jane)).status == "unsubscribed"

    await pressed(story, story.acme.anna, "offer_left", task.id)
    assert (await contact(story, jane)).status == "inactive"
    back = await repaired(story, "jane", status="active")
    assert isinstance(back, FormErrors)
    assert "asked not to be asked again" in back.errors["status"]
    assert (await contact(story, jane)).status == "inactive"


async def test_old_cards_change_nothing_of_who_was_erased(story: Story) -> None:
    task = await bounced(story)
    jane = story.acme.contacts["jane"]
    await erase_person(story.ctx, "jane@acme.example")
    erased = await contact(story, jane.id)

    await sent(story, story.acme.anna, "offer_address", task.id, email="new@acme.example")
    await pressed(story, story.acme.anna, "offer_left", task.id)
    await pressed(story, story.acme.anna, "people_signs", f"{story.acme.account.id}:{jane.id}")
    wrong = await repaired(story, "jane", status="active", role="user")

    assert isinstance(wrong, FormErrors)
    assert await contact(story, jane.id) == erased


async def added(story: Story, **inputs: Any) -> Any:
    values = {"name": "Ida Ny", "email": "ida@acme.example", **inputs}
    return await sent(story, story.acme.anna, "contact_add", story.acme.account.id, **values)


@pytest.mark.both_databases
async def test_a_person_is_added_in_place(story: Story) -> None:
    people = await story.type(story.acme.anna, "acme people")
    assert isinstance(people, Card)
    add = button(people, "contact_add")
    form = await pressed(story, story.acme.anna, add.action, add.value)
    assert isinstance(form, Form)
    names = [each.name for each in form.inputs]
    assert names == ["name", "email", "job", "department", "role", "language"]
    card = await added(story, job="CEO", role="decision_maker", language="da")
    assert isinstance(card, Card)
    assert "Ida Ny" in str(card)
    for wrong, field in (
        ({"name": "", "email": "y@acme.example"}, "name"),
        ({"email": "nowhere"}, "email"),
        ({"email": "IDA@acme.example"}, "email"),
        ({"email": "x@acme.example", "role": "king"}, "role"),
        ({"email": "x@acme.example", "language": "xx"}, "language"),
    ):
        reply = await added(story, **wrong)
        assert isinstance(reply, FormErrors), wrong
        assert list(reply.errors) == [field]
    stranger = await story.make.member("Odd Stranger")
    reply = await sent(
        story, stranger, "contact_add", story.acme.account.id, name="X", email="x@acme.example"
    )
    assert "Only the account team" in refused(reply)


@pytest.mark.parametrize("why", ["erased", "unsubscribed"])
async def test_who_was_erased_or_unsubscribed_stays_so(story: Story, why: str) -> None:
    async with story.ctx.db.session() as session:
        hashed = privacy.email_hash(story.ctx.secret, "ida@acme.example")
        await privacy.block(session, hashed, why, story.clock())
    reply = await added(story)
    if why == "erased":
        assert isinstance(reply, FormErrors)
    else:
        assert isinstance(reply, Card)
        assert "no: asked not to be" in str(reply)


def test_titles_suggest_who_signs_in_three_languages() -> None:
    titles = (
        "Planner", "Indkøbschef", "Hoofd logistiek", "Algemeen directeur", "CFO", "Økonomichef",
        "Manager", None,
    )  # fmt: skip
    people = [Contact(id=n, account_id=1, name=f"P{n}", title=t) for n, t in enumerate(titles)]
    assert [each.title for each in likely_first(people)] == [
        "Indkøbschef", "Algemeen directeur", "CFO", "Økonomichef", "Hoofd logistiek", "Manager",
        "Planner", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("renewal", "step"),
    [
        (date(2027, 3, 24), "120"),
        (date(2027, 1, 24), "120"),
        (date(2027, 1, 23), "60"),
        (date(2026, 12, 24), "30"),
        (date(2026, 11, 24), "30"),
        (date(2027, 3, 25), None),
        (date(2026, 11, 23), None),
    ],
)
async def test_the_radar_knows_three_distances(
    story: Story, renewal: date, step: str | None
) -> None:
    story.acme.account.renewal_date = renewal
    await story.make.save(story.acme.account)
    await story.tick()
    found = [each.key.rsplit(":", 1)[1] for each in await of_kind(story, "renewal")]
    assert found == ([step] if step else [])


async def test_a_renewal_is_told_once_a_distance(story: Story) -> None:
    await morning(story, 24)
    assert digests(story) == []
    await morning(story, 25)
    assert "Acme A/S renews 7 January" in str(digests(story)[-1].card)
    await morning(story, 26)
    assert len(digests(story)) == 1
    [task] = await of_kind(story, "renewal")
    card = await pressed(story, story.acme.anna, "task_open", task.id)
    assert isinstance(card, Card)
    assert card.title == "Acme A/S renews 7 January"
    assert "Jane Jensen" in str(card)
    await story.forward(days=20)
    await story.tick()
    assert [(each.key[-2:], each.state) for each in await of_kind(story, "renewal")] == [
        ("60", "dropped"), ("30", "open"),
    ]  # fmt: skip
