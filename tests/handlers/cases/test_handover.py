"""What is open passes on when an account has a new owner, and while its owner is away."""

import pytest

from handlers.cards import Form, Whisper
from handlers.chat import TryLater
from handlers.files.importing import import_file
from storage import members
from storage.models import Promise
from tests.handlers.cases.conftest import Story, button
from tests.handlers.cases.test_acting import told
from tests.handlers.cases.test_promises import promise


async def new_owner(story: Story, email: str) -> None:
    key = story.acme.account.key
    data = f"account_key,name,owner_email\n{key},Acme A/S,{email}\n".encode()
    report = await import_file(story.ctx, "accounts", "accounts.csv", data, False)
    assert report.ok, report.problems
    await story.tick()


async def test_all_that_is_open_passes_to_the_new_owner_of_an_account(story: Story) -> None:
    posted = await told(story)
    await promise(story, posted)
    await new_owner(story, story.acme.mikkel.email)
    case = await story.case()
    assert (case.owner_id, case.taken_by) == (story.acme.mikkel.id, story.acme.mikkel.id)
    (card,) = story.posted("slack:U0MIKKEL")
    assert card.card.title == "Accounts that Anna Berg had are yours now. These cases are open:"
    assert "Acme A/S: 3 of 10 from Jane Jensen" in str(card.card.body)
    notices = [e for e in story.posted() if e.card.title.startswith("Mikkel Skov has these")]
    assert len(notices) == 1
    async with story.ctx.db.reading() as session:
        kept = await session.get_one(Promise, 1)
    assert (kept.deliverer_id, kept.made_by) == (story.acme.mikkel.id, story.acme.anna.id)
    assert isinstance(await story.press(story.acme.mikkel, card, "beside:case.open"), Whisper)
    await new_owner(story, story.acme.mikkel.email)
    assert len(story.posted("slack:U0MIKKEL")) == 1


async def test_the_old_owner_reads_no_word_of_what_was_handed_over(story: Story) -> None:
    secret = "Third wrong invoice"
    await story.answer("jane", 3, comment=secret)
    await story.answer("peter", 2, comment=secret)
    await story.work()
    assert secret in str([each.card for each in story.posted()])
    story.chat.refuse["console:anna"] = [TryLater("busy")]
    await new_owner(story, story.acme.mikkel.email)
    await story.forward(minutes=2)
    assert secret not in str([each.card for each in story.posted()])
    gone = [each.card for each in story.posted() if each.card.foot is not None]
    assert {card.title for card in gone} == {"Mikkel Skov has this account now"}
    (card,) = story.posted("slack:U0MIKKEL")
    assert secret in str(await story.press(story.acme.mikkel, card, "beside:case.open"))
    await story.answer("karen", 1, comment=secret)
    await story.work()
    assert secret not in str([each.card for each in story.posted()])


async def test_an_account_without_an_owner_gets_one_from_its_card(story: Story) -> None:
    acme = story.acme
    acme.account.owner_id = None
    await story.make.save(acme.account)
    await story.answer("jane", 3)
    await story.work()
    (posted,) = story.posted("console:nordics")
    found = button(posted.card, "account_assign")
    refused = await story.press(acme.mikkel, posted, "account_assign")
    assert "lead" in str(refused)
    assert isinstance(await story.press(acme.lars, posted, "account_assign"), Form)
    inputs = {"owner": str(acme.mikkel.id)}
    await story.submit(acme.lars, "account_assign", found.value, inputs)
    assert (await story.case()).owner_id == acme.mikkel.id
    assert len(story.posted("slack:U0MIKKEL")) == 1
    again = await story.submit(acme.lars, "account_assign", found.value, inputs)
    assert "Mikkel Skov owns Acme A/S already" in str(again)


async def test_reminders_go_to_the_new_owner_not_under_the_old_ones_card(story: Story) -> None:
    await told(story)
    await new_owner(story, story.acme.mikkel.email)
    for _time in range(3):
        await story.forward(hours=1)
    late = [e for e in story.chat.posted if "nobody has taken this" in e.card.title]
    assert {e.place for e in late} <= {"slack:U0MIKKEL", "console:nordics"}
    assert len(late) == 1


@pytest.mark.both_databases
async def test_a_hidden_case_stays_with_the_lead(story: Story) -> None:
    await story.answer("jane", 3, to_manager=True)
    await new_owner(story, story.acme.mikkel.email)
    assert (await story.case()).owner_id == story.acme.lars.id
    assert story.posted("slack:U0MIKKEL") == []


async def test_the_backup_gets_the_open_cases_as_one_card_and_they_come_back(story: Story) -> None:
    async with story.ctx.db.session() as session:
        await members.bind(session, "console:mikkel", story.clock(), member_id=story.acme.mikkel.id)
    await told(story)
    await story.type(story.acme.anna, "away until friday backup mikkel")
    await story.work()
    assert (await story.case()).owner_id == story.acme.mikkel.id
    (card,) = story.posted("console:mikkel")
    assert card.card.title == "Anna Berg is away. These cases are yours meanwhile:"
    await story.type(story.acme.anna, "away off")
    await story.work()
    assert (await story.case()).owner_id == story.acme.anna.id
    assert story.posted()[-1].card.title == "Welcome back. These cases are yours again:"


async def test_a_case_that_was_handed_to_somebody_comes_back_too(story: Story) -> None:
    """Also one that was taken, and of an account of somebody else: the backup has not begun."""
    posted = await told(story)
    clara, anna, mikkel = story.acme.clara, story.acme.anna, story.acme.mikkel
    await story.press(anna, posted, "case.take")
    inputs = {"to": str(mikkel.id), "note": "You know them"}
    await story.submit(anna, "case.hand_over", "1", inputs, posted.ref)
    inputs = {"reached": "yes", "next": "promised", "said": "-", "promise": "x"}
    inputs |= {"promise_by": "2026-11-25", "lasting": "once"}
    await story.submit(mikkel, "case.contact", "1", inputs)
    assert (await story.case()).owner_id == mikkel.id
    await story.type(mikkel, "away until friday backup anna")
    await story.work()
    away = await story.case()
    assert (away.owner_id, away.taken_by) == (anna.id, anna.id)
    card = await story.type(clara, "cases all")
    assert "Mikkel reached Jane" in str(card)
    await story.type(mikkel, "away off")
    back = await story.case()
    assert (back.owner_id, back.taken_by) == (mikkel.id, mikkel.id)


async def test_what_the_backup_works_on_stays_with_them(story: Story) -> None:
    posted = await told(story)
    await story.type(story.acme.anna, "away until friday backup mikkel")
    await story.press(story.acme.mikkel, posted, "case.take")
    await story.type(story.acme.anna, "away off")
    assert (await story.case()).owner_id == story.acme.mikkel.id


async def test_an_absence_ends_by_itself_and_the_cases_come_back(story: Story) -> None:
    await told(story)
    await story.type(story.acme.anna, "away until tomorrow backup mikkel")
    await story.work()
    await story.forward(hours=12)
    assert (await story.case()).owner_id == story.acme.mikkel.id
    await story.forward(hours=24)
    assert (await story.case()).owner_id == story.acme.anna.id
    assert "Welcome back" in str([each.card.title for each in story.posted()])
    assert "You are not marked as away" in str(await story.type(story.acme.anna, "away off"))


async def imported(story: Story, what: str, lines: str) -> None:
    report = await import_file(story.ctx, what, f"{what}.csv", lines.encode(), False)
    assert report.ok, report.problems
    await story.tick()


@pytest.mark.both_databases
async def test_what_is_hidden_passes_to_the_lead_of_today(story: Story) -> None:
    await story.answer("peter", 2, comment="Anna promised it twice")
    await story.work()
    assert (await story.case()).owner_id == story.acme.lars.id
    rows = (
        "bo@nordfab.example,Bo Dahl,team_lead,Nordics\n"
        "lars@nordfab.example,Lars Holm,account_manager,Nordics\n"
    )
    await imported(story, "members", f"email,name,role,team\n{rows}")
    case = await story.case()
    assert case.owner_id not in (None, story.acme.lars.id)
    (card,) = story.posted("console:bo@nordfab.example")
    assert card.card.title == (
        "You lead this team now. These cases, which their owners do not see, are yours:"
    )
    assert "2 of 10 from Peter Holm" in str(card.card)
    # The account goes to a team that somebody else leads.
    await imported(
        story, "members", "email,name,role,team\nida@nordfab.example,Ida Lund,team_lead,West\n"
    )
    key = story.acme.account.key
    await imported(story, "accounts", f"account_key,name,team\n{key},Acme A/S,West\n")
    assert len(story.posted("console:ida@nordfab.example")) == 1
    assert "Peter" not in str([each.cards for each in story.posted()])


async def test_a_hidden_case_is_handed_over_in_no_place_that_others_read(story: Story) -> None:
    await story.answer("peter", 2, comment="Anna promised it twice")
    await story.work()
    rows = (
        "bo@nordfab.example,Bo Dahl,team_lead,Nordics,console:team-room\n"
        "lars@nordfab.example,Lars Holm,account_manager,Nordics,\n"
    )
    await imported(story, "members", f"email,name,role,team,place\n{rows}")
    assert len(story.posted("console:bo@nordfab.example")) == 1
    assert "Peter" not in str([each.cards for each in story.posted("console:team-room")])
