"""`/nps acme people`: who was heard, who may be asked when, and correcting a person in place."""

import pytest

from handlers import routes
from handlers.cards import Card, Form, FormErrors, Reply, Text, Whisper
from handlers.chat import Person, Submission
from handlers.context import Context
from handlers.figures import measure_scope
from handlers.measures.measure import Scope
from storage.models import Account, Contact, ContactStatus, Member, RecommendPolicy
from tests.factories import Make
from tests.handlers.accounts.acme import answered_acme, pressed
from tests.handlers.accounts.reading import buttons_of, card_for, facts_of, table_of, texts_of


async def _send(ctx: Context, member: Member, account: Account, **inputs: str) -> Reply:
    person = Person("console", member.email)
    event = Submission(person, person.place, "contact_repair", str(account.id), inputs)
    return await routes.submission(ctx, event)


async def test_the_coverage_map_lists_everybody_by_role(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)
    await make.contact(acme.account, "New Person", department="IT")
    await make.contact(acme.account, "Bente Lang", role="user", status=ContactStatus.UNSUBSCRIBED)
    await make.contact(acme.account, "erased", role="user", status=ContactStatus.ERASED)

    card = await card_for(ctx, acme.anna, "acme people")

    assert card.title == "Acme A/S · people"
    assert facts_of(card) == {
        "Deciders": "1 of 1 heard",
        "Influencers": "1 of 2 heard",
        "Users": "2 of 3 heard · 1 not asked",
        "Role not known": "nobody asked yet",
    }
    assert table_of(card).columns == (
        "Name", "Role", "Department", "Answer", "Last asked", "May be asked",
    )  # fmt: skip
    assert table_of(card).rows == (
        (
            "Jane Jensen", "Decision maker", "Finance", "3 (was 8 in March) · 24 Nov", "12 Nov",
            "from 11 April",
        ),
        ("Karen Friis", "Influencer", "Production", "7 · 21 Nov", "12 Nov", "from 11 April"),
        ("Peter Holm", "Influencer", "Purchasing", "–", "12 Nov", "from 11 April"),
        ("Bente Lang", "User", "", "not asked", "never", "no: asked not to be"),
        ("Lis Krog", "User", "Planning", "9 · 19 Nov", "12 Nov", "from 11 April"),
        ("Mia Lund", "User", "Warehouse", "–", "12 Nov", "from 11 April"),
        ("Ole Holm", "User", "Planning", "9 · 22 Nov", "12 Nov", "from 11 April"),
        ("New Person", "Not known", "IT", "not asked", "never", "now"),
    )  # fmt: skip


@pytest.mark.both_databases
async def test_an_account_without_decision_maker_asks_who_signs(ctx: Context, make: Make) -> None:
    anna = await make.member("Anna Berg")
    account = await make.account(
        "Nyco ApS", owner_id=anna.id, recommend_policy=RecommendPolicy.FORBIDDEN
    )
    empty = await card_for(ctx, anna, "nyco people")
    await make.contact(account, "Ib Nord", role="user")

    card = await card_for(ctx, anna, "nyco people")

    assert texts_of(card)[0].startswith("Nyco has no decision maker on file. Who signs?")
    assert table_of(card).rows[0][-1] == "company does not allow it"
    assert "No contacts of Nyco are on file." in texts_of(empty)[1]
    assert [button.action for button in buttons_of(empty)] == ["contact_add", "account_show"]
    assert [button.label for button in buttons_of(card)][:3] == [
        "Ib Nord", "Somebody else", "Don't know",
    ]  # fmt: skip


async def test_a_role_is_corrected_in_place_and_counts_at_once(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)
    button = buttons_of(await card_for(ctx, acme.anna, "acme people"))[0]
    assert button.opens_form

    form = await routes.click(ctx, pressed(acme.anna, button.action, button.value))

    assert isinstance(form, Form)
    assert [each.name for each in form.inputs] == ["contact", "role", "status", "language"]
    assert len(form.inputs[0].options) == 6
    karen = acme.contacts["karen"]
    card = await _send(
        ctx, acme.anna, acme.account, contact=str(karen.id), role="decision_maker", language="da"
    )
    assert isinstance(card, Card)
    assert facts_of(card)["Deciders"] == "2 of 2 heard"
    assert not any(isinstance(part, Text) and "on file" in part.text for part in card.body)
    figures = await measure_scope(ctx, Scope("account", "acme"))
    assert figures.by_role["decision_maker"].answered == 2
    async with ctx.db.reading() as session:
        stored = await session.get_one(Contact, karen.id)
    assert (stored.role, stored.language, stored.status) == ("decision_maker", "da", "active")


async def test_who_left_is_not_asked_again_but_keeps_the_answer(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)

    card = await _send(
        ctx, acme.anna, acme.account, contact=str(acme.contacts["ole"].id), status="inactive",
        role="unknown",
    )  # fmt: skip

    assert isinstance(card, Card)
    assert (
        "Ole Holm",
        "Not known",
        "Planning",
        "9 · 22 Nov",
        "12 Nov",
        "no: inactive",
    ) in table_of(card).rows


WRONG = (
    ({"contact": "999999", "role": "user"}, "contact"),
    ({"contact": "", "role": "user"}, "contact"),
    ({"contact": "own"}, "role"),
    ({"contact": "own", "role": "king"}, "role"),
    ({"contact": "own", "status": "erased"}, "status"),
    ({"contact": "own", "language": "xx"}, "language"),
    ({"contact": "unsubscribed", "status": "active"}, "status"),
    ({"contact": "other", "role": "user"}, "contact"),
)


async def test_a_wrong_correction_stands_at_its_field(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)
    other = await make.account("Other", owner_id=acme.anna.id)
    people = {
        "own": acme.contacts["ole"],
        "unsubscribed": await make.contact(acme.account, "Bente", status="unsubscribed"),
        "other": await make.contact(other, "Stranger"),
    }
    for inputs, field in WRONG:
        key = inputs["contact"]
        sent = {**inputs, "contact": str(people[key].id) if key in people else key}

        reply = await _send(ctx, acme.anna, acme.account, **sent)

        assert isinstance(reply, FormErrors), inputs
        assert list(reply.errors) == [field]


async def test_nobody_outside_the_team_corrects_people(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)
    other = await make.member("Otto Other")

    reply = await _send(
        ctx, other, acme.account, contact=str(acme.contacts["ole"].id), role="decision_maker"
    )

    assert isinstance(reply, Whisper)
    async with ctx.db.reading() as session:
        stored = await session.get_one(Contact, acme.contacts["ole"].id)
    assert stored.role == "user"
