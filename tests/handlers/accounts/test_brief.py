"""“Brief for the call”: one page that says whom to call, how to begin and what to ask."""

from datetime import date, timedelta

import pytest

from handlers import routes
from handlers.cards import Card, Form
from handlers.chat import Submission
from handlers.context import Context
from storage.models import Member, Promise
from tests.factories import Acme, Make
from tests.handlers.accounts.acme import COMMENT, answered_acme, pressed
from tests.handlers.accounts.reading import buttons_of, card_for, facts_of, texts_of


async def _promise(make: Make, acme: Acme, what: str, in_days: int, hidden: bool = False) -> None:
    due_on = make.now().date() + timedelta(days=in_days)
    await make.save(
        Promise(
            account_id=acme.account.id, what=what, due_on=due_on, made_by=acme.anna.id,
            made_at=make.now(), deliverer_id=acme.anna.id, hidden_from_owner=hidden,
        )
    )  # fmt: skip


async def test_the_brief_says_whom_to_call_what_is_open_and_what_to_ask(
    ctx: Context, make: Make
) -> None:
    acme, _told, _case = await answered_acme(make)
    await _promise(make, acme, "invoice check", 7)
    await _promise(make, acme, "credit note", -2)
    account = await card_for(ctx, acme.anna, "acme")
    button = next(each for each in buttons_of(account) if each.label == "Brief for the call")
    card = await routes.click(ctx, pressed(acme.anna, button.action, button.value))

    assert isinstance(card, Card)
    assert card.title == "Acme A/S · brief for the call"
    facts = facts_of(card)
    assert facts["Who to call"].startswith("Jane Jensen, CFO, decision maker · +45 12 34 56 78")
    assert facts["Last contact"] == "no contact logged yet"
    assert facts["Promised"] == (
        "credit note, was to be done by 22 November\ninvoice check by 1 December"
    )
    assert facts["Silent"].startswith("Peter Holm (purchasing), Mia Lund (warehouse)")
    said = texts_of(card)
    assert "We promised: credit note, by 22 November. Begin with where that stands." in said
    # All of what the customer wrote, where the account's card has its beginning.
    assert f"“{COMMENT}” Jane, 3, today" in said
    assert "Jane Jensen: what must happen for this to be settled for you?" in said


async def test_a_contact_is_logged_from_the_brief(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)
    card = await card_for(ctx, acme.anna, "acme brief")
    log = next(each for each in buttons_of(card) if each.label == "I called or wrote")
    assert log.opens_form
    form = await routes.click(ctx, pressed(acme.anna, log.action, log.value))
    assert isinstance(form, Form)
    assert "Open case: Anna has it." in str(form.intro)
    event = Submission(
        pressed(acme.anna, "", "").person, "console:anna", form.action, form.value,
        {"how": "call", "reached": "yes"},
    )  # fmt: skip
    assert "Logged: you were in touch with Acme A/S." in str(await routes.submission(ctx, event))
    card = await card_for(ctx, acme.anna, "acme brief")
    assert facts_of(card)["Last contact"] == "24 Nov (today)"


async def test_what_is_kept_from_the_reader_is_not_in_the_brief(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)
    await _promise(make, acme, "another contact person", 7, hidden=True)
    assert "another contact person" not in str(await card_for(ctx, acme.anna, "acme brief"))
    assert "another contact person" in str(await card_for(ctx, acme.lars, "acme brief"))
    admin = await make.member("Ada Ring", role="admin")
    assert COMMENT[:20] not in str(await card_for(ctx, admin, "acme brief"))


async def test_without_a_decision_maker_the_brief_asks_who_signs(ctx: Context, make: Make) -> None:
    anna = await make.member("Anna Berg")
    account = await make.account("New ApS", owner_id=anna.id, renewal_date=date(2027, 1, 7))
    await make.contact(account, "Ib Nord", role="user")
    card = await card_for(ctx, anna, "new brief")
    assert facts_of(card)["Who to call"].startswith("Ib Nord, user")
    assert "Who signs at your company? No decision maker is on file." in texts_of(card)


@pytest.mark.both_databases
async def test_a_line_of_the_calls_leads_to_the_brief(ctx: Context, make: Make) -> None:
    anna: Member = await make.member("Anna Berg")
    account = await make.account("New ApS", owner_id=anna.id)
    await make.contact(account, "Ib Nord", role="user")
    calls = await card_for(ctx, anna, "calls")
    button = next(each for each in buttons_of(calls) if each.label == "Brief for the call")
    card = await routes.click(ctx, pressed(anna, button.action, button.value))
    assert isinstance(card, Card)
    assert card.title == "New ApS · brief for the call"
