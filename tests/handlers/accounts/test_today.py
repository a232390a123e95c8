"""`/nps` and the home tab: what is overdue first, then what is due, promised and to be called."""

from datetime import timedelta

from handlers import routes
from handlers.cards import Buttons, Card, Facts, Text
from handlers.chat import Notice
from handlers.context import Context
from storage.models import Case, Member, Promise, Task
from tests.factories import Make
from tests.handlers.accounts.acme import answered_acme, pressed
from tests.handlers.accounts.reading import buttons_of, card_for


def headings(card: Card) -> list[str]:
    return [each.text for each in card.body if isinstance(each, Text) and each.style == "heading"]


async def test_the_overview_begins_with_what_is_overdue_and_leads_into_it(
    ctx: Context, make: Make
) -> None:
    acme, _told, case = await answered_acme(make)
    now, anna = make.now(), acme.anna
    nyco = await make.account("Nyco", owner_id=anna.id, team_id=acme.team.id)
    late = await make.save(
        Case(
            account_id=nyco.id, kind="relationship", owner_id=anna.id, opened_at=now,
            take_by=now - timedelta(hours=1),
        )
    )  # fmt: skip
    for account, what, days in ((acme.account, "invoice check", 7), (nyco, "credit note", -2)):
        await make.save(
            Promise(
                account_id=account.id, what=what, due_on=now.date() + timedelta(days=days),
                made_by=anna.id, made_at=now, deliverer_id=anna.id,
            )
        )  # fmt: skip
    for key, what, hours in (("a", "renewal", 48), ("b", "renewal", -3), ("c", "call", 72)):
        await make.save(
            Task(
                key=key, what=what, account_id=nyco.id, owner_id=anna.id, opened_at=now,
                due_at=now + timedelta(hours=hours),
            )
        )  # fmt: skip
    person = pressed(anna, "", "").person
    home = await routes.notice(ctx, Notice("home_opened", person.place, person))
    assert isinstance(home, Card)
    assert headings(home) == [
        "Overdue", "What is due", "To do with customers", "What you promised", "Calls this week",
    ]  # fmt: skip
    first = [each for each in home.body if isinstance(each, Facts)][0]
    assert first.facts == (("Nyco", "Anna has not taken it yet · was to be taken by 12:20"),)
    text = str(home)
    assert text.index("credit note, was to be done by 22 November") < text.index("What is due")
    assert "invoice check by 1 December" in text
    opened = [each for each in buttons_of(home) if each.action == "case.open"]
    assert [each.value for each in opened] == [str(late.id), str(case.id)]
    assert {each.action for each in buttons_of(home)} >= {"task_open", "task_list", "calls_list"}
    # The line above says what it is about: the button only where it leads.
    assert {each.label for each in buttons_of(home) if each.action == "task_open"} == {"Open: Nyco"}


async def test_who_leads_sees_first_what_nobody_did_in_time(ctx: Context, make: Make) -> None:
    acme, _told, case = await answered_acme(make)
    for me in (acme.lars, acme.clara):
        assert "Overdue" not in headings(await card_for(ctx, me, ""))
    make.now.forward(days=2)
    for me in (acme.lars, acme.clara):
        card = await card_for(ctx, me, "")
        assert "Overdue" in headings(card)
        assert [each.value for each in buttons_of(card) if each.action == "case.open"] == [
            str(case.id)
        ]
    # A colleague who leads nobody has none of it among what is theirs to do.
    mikkel = await card_for(ctx, acme.mikkel, "")
    assert "Overdue" not in headings(mikkel)


async def test_who_holds_a_case_of_anothers_account_has_it_on_the_home_tab(
    ctx: Context, make: Make
) -> None:
    acme, _told, case = await answered_acme(make)
    helper: Member = await make.member("Hella Helper")
    case.owner_id = case.taken_by = helper.id
    await make.save(case)
    card = await card_for(ctx, helper, "")
    assert "Hella has it" in str(card)
    assert any(isinstance(each, Buttons) for each in card.body)
    # Hidden from the owner: in nobody's list but that of who may see it.
    case.hidden_from_owner, case.owner_id, case.taken_by = True, acme.anna.id, acme.anna.id
    await make.save(case)
    assert "case.open" not in [e.action for e in buttons_of(await card_for(ctx, acme.anna, ""))]
