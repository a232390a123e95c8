"""Members, accounts and contacts: created, updated, cleared, never doubled, never revived."""

import pytest
from sqlmodel import select

from handlers.context import Context
from storage import answers, privacy
from storage.models import (
    Account,
    BlockEntry,
    BoundPlace,
    Contact,
    Invitation,
    Member,
    Rollup,
    Team,
)
from tests.factories import Make
from tests.files.conftest import Files

MEMBERS = (
    "email,name,role,team,function,slack_id,teams_id,timezone,place,language\n"
    "Anna@Nordfab.example,Anna Berg,account_manager,Nordics,account manager,U0ANNA,,"
    "Europe/Copenhagen,slack:C1|console:anna,da\n"
    "lars@nordfab.example,Lars Holt,team_lead,Nordics,,,,,,\n"
)
ACCOUNTS = (
    "account_key,name,aliases,parent_key,segment,region,tier,annual_value,currency,strategic,"
    "renewal_date,owner_email,team,recommend_policy,country\n"
    "acme-dk,Acme Denmark,,acme,industry,DK,B,1000,EUR,no,,anna@nordfab.example,Nordics,,DK\n"
    "acme,Acme A/S,Acme|ACM,,industry,DK,A,420000,eur,yes,7.1.2027,ANNA@nordfab.example,Nordics,"
    "forbidden,dk\n"
)
CONTACTS = (
    "account_key,email,name,phone,title,department,role,takes_part_in_buying,experiences_service,"
    "judges,language,timezone,status,country,slack_id,teams_id\n"
    "acme,Jane@acme.example,Jane Jensen,+45 12,CFO,Finance,decision_maker,ja,nej,price|contract,da,"
    "Europe/Copenhagen,active,DK,U1,T1\n"
    "acme-dk,jane@acme.example,Jane Jensen,,,,,,,,,,,,,\n"
)


async def test_members_are_created_with_team_and_places_and_not_doubled(files: Files) -> None:
    first = await files.stored("members", MEMBERS)
    again = await files.stored("members", MEMBERS)

    assert (first.rows, first.created, first.updated, first.unchanged) == (2, 2, 0, 0)
    assert (again.rows, again.created, again.updated, again.unchanged) == (2, 0, 0, 2)
    team = await files.row(Team)
    anna, lars = await files.rows(Member)
    assert (anna.email, anna.team_id, anna.slack_id) == ("anna@nordfab.example", team.id, "U0ANNA")
    assert (lars.role, lars.language, lars.team_id) == ("team_lead", None, team.id)
    places = {
        (place.platform, place.place, place.member_id) for place in await files.rows(BoundPlace)
    }
    assert places == {("slack", "slack:C1", anna.id), ("console", "console:anna", anna.id)}


@pytest.mark.both_databases
async def test_a_missing_column_and_an_empty_cell_leave_alone_and_a_dash_clears(
    files: Files,
) -> None:
    await files.stored("members", MEMBERS)
    report = await files.stored(
        "members",
        "email,function,timezone,place,team\nanna@nordfab.example,-,,-,-\n"
        "lars@nordfab.example,,,console:lars,\n",
    )
    assert report.updated == 2
    anna, lars = await files.rows(Member)
    assert (anna.function, anna.timezone, anna.team_id) == (None, "Europe/Copenhagen", None)
    assert (anna.name, lars.team_id is None) == ("Anna Berg", False)
    assert (await files.row(BoundPlace)).place == "console:lars"


async def test_two_members_may_swap_their_slack_ids_but_not_share_one(files: Files) -> None:
    await files.stored("members", "email,slack_id\na@x.example,U1\nb@x.example,U2\n")
    await files.stored("members", "email,slack_id\na@x.example,U2\nb@x.example,U1\n")
    assert [member.slack_id for member in await files.rows(Member)] == ["U2", "U1"]
    assert await files.refused("members", "email,slack_id\nc@x.example,U1\n") == [
        "row 2, column slack_id: U1 belongs to b@x.example too"
    ]


async def test_a_place_must_look_like_one(files: Files) -> None:
    text = "email,place\na@x.example,my channel\nb@x.example,slack:C1|slack:C2\n"
    expected = "a place such as slack:C0123, teams:… or console:name"
    assert await files.refused("members", text) == [
        f"row 2, column place: my channel is not {expected}",
        "row 3, column place: slack:C2 is a second place on slack",
    ]


async def test_accounts_find_owner_team_and_a_parent_further_down(files: Files) -> None:
    await files.stored("members", MEMBERS)
    assert (await files.stored("accounts", ACCOUNTS)).created == 2
    assert (await files.stored("accounts", ACCOUNTS)).unchanged == 2

    child, acme = await files.rows(Account)
    anna = (await files.rows(Member))[0]
    assert (child.parent_id, acme.parent_id) == (acme.id, None)
    assert (acme.owner_id, acme.aliases, acme.currency) == (anna.id, ["Acme", "ACM"], "EUR")
    assert (acme.strategic, acme.recommend_policy, acme.country) == (True, "forbidden", "DK")

    moved = "account_key,parent_key,aliases,recommend_policy,strategic\nacme-dk,-,,,\nacme,,-,-,-\n"
    assert (await files.stored("accounts", moved)).updated == 2
    child, acme = await files.rows(Account)
    assert (child.parent_id, acme.aliases, acme.recommend_policy) == (None, [], "allowed")
    assert not acme.strategic


@pytest.mark.both_databases
async def test_unknown_owner_and_parent_and_a_circle_of_parents_are_problems(files: Files) -> None:
    text = (
        "account_key,parent_key,owner_email\n"
        "a,b,nobody@x.example\nb,c,\nc,a,\nd,nothing,\ne,e,\nf,a,\n"
    )
    assert await files.refused("accounts", text) == [
        "row 2, column parent_key: b would stand above itself",
        "row 2, column owner_email: nobody@x.example is not a known member",
        "row 3, column parent_key: c would stand above itself",
        "row 4, column parent_key: a would stand above itself",
        "row 5, column parent_key: nothing is not a known account",
        "row 6, column parent_key: e would stand above itself",
    ]
    assert await files.rows(Account) == []


async def test_a_row_that_stands_twice_is_a_problem(files: Files) -> None:
    text = "email,name\nanna@x.example,Anna\nAnna@X.example,Anne\n"
    assert await files.refused("members", text) == [
        "row 3, column email: anna@x.example stands in row 2 already"
    ]


async def test_contacts_of_two_accounts_with_one_address_are_two(files: Files, make: Make) -> None:
    await make.account(key="acme")
    await make.account(key="acme-dk")
    assert (await files.stored("contacts", CONTACTS)).created == 2
    assert (await files.stored("contacts", CONTACTS)).unchanged == 2
    jane, same = await files.rows(Contact)
    assert (jane.email, same.email) == ("jane@acme.example", "jane@acme.example")
    assert (jane.role, jane.takes_part_in_buying, jane.experiences_service) == (
        "decision_maker", True, False,
    )  # fmt: skip
    assert (jane.judges, same.judges, same.takes_part_in_buying) == (
        ["price", "contract"],
        [],
        None,
    )


@pytest.mark.both_databases
async def test_an_unknown_account_or_topic_is_a_problem(files: Files, make: Make) -> None:
    await make.account(key="acme")
    await make.survey(reasons=["colour"])
    text = "account_key,email,judges\nacme,a@x.example,price|colour|weather\nnope,b@x.example,\n"
    assert await files.refused("contacts", text) == [
        "row 2, column judges: weather is not a known topic",
        "row 3, column account_key: nope is not a known account",
    ]


@pytest.mark.both_databases
async def test_a_dry_run_says_the_same_and_stores_nothing(files: Files) -> None:
    report = await files.put("members", MEMBERS, dry_run=True)
    assert (report.ok, report.dry_run, report.created) == (True, True, 2)
    assert await files.rows(Member) == []
    assert await files.rows(Team) == []
    await files.stored("members", MEMBERS)
    changed = await files.put("members", MEMBERS.replace("Nordics", "South"), dry_run=True)
    assert (changed.updated, changed.created) == (2, 0)


async def test_one_bad_row_keeps_all_others_out(files: Files, make: Make) -> None:
    await make.account(key="acme")
    text = "account_key,email,role\nacme,a@x.example,user\nacme,b@x.example,king\n"
    assert await files.refused("contacts", text) == [
        "row 3, column role: king is not decision_maker, influencer or user"
    ]
    assert await files.rows(Contact) == []


async def test_who_unsubscribed_stays_so_with_a_notice(
    files: Files, make: Make, ctx: Context
) -> None:
    acme = await make.account(key="acme")
    jane = await make.contact(acme, email="jane@acme.example")
    async with ctx.db.session() as session:
        await privacy.unsubscribe(session, jane.id, ctx.now(), secret=ctx.secret)
    await make.account(key="other")

    report = await files.stored(
        "contacts",
        "account_key,email,name,status\nacme,jane@acme.example,Jane J,active\n"
        "other,Jane@acme.example,Jane,\n",
    )
    assert report.notices == (
        "row 2: this person unsubscribed and stays so",
        "row 3: this person unsubscribed and stays so",
    )
    assert [(row.name, row.status) for row in await files.rows(Contact)] == [
        ("Jane J", "unsubscribed"),
        ("Jane", "unsubscribed"),
    ]


@pytest.mark.both_databases
async def test_a_file_can_unsubscribe_a_person_for_good(files: Files, make: Make) -> None:
    acme, other = await make.account(key="acme"), await make.account(key="other")
    jane = await make.contact(acme, email="jane@acme.example")
    same = await make.contact(other, email="jane@acme.example")
    planned = await make.invitation(same, await make.wave(), status="planned")
    text = "account_key,email,status\nacme,jane@acme.example,{}\n"
    await files.stored("contacts", text.format("unsubscribed"))
    await files.stored("contacts", text.format("active"))

    assert {row.id: row.status for row in await files.rows(Contact)} == {
        jane.id: "unsubscribed", same.id: "unsubscribed",
    }  # fmt: skip
    assert (await files.row(Invitation)).id == planned.id
    assert (await files.row(Invitation)).status == "cancelled"
    assert (await files.row(BlockEntry)).reason == "unsubscribed"


async def test_an_erased_person_is_not_stored_again(files: Files, make: Make, ctx: Context) -> None:
    await make.account(key="acme")
    async with ctx.db.session() as session:
        hashed = privacy.email_hash(ctx.secret, "JANE@acme.example")
        await privacy.block(session, hashed, privacy.ERASED, ctx.now())
    contacts = await files.stored("contacts", "account_key,email\nacme,jane@acme.example\n")
    answers_of_her = await files.stored(
        "responses",
        "account_key,email,survey_kind,answered_at,score\n"
        "acme,jane@acme.example,relationship,2026-11-01,3\n",
    )
    assert contacts.notices == ("row 2: this person was erased and is not stored again",)
    assert answers_of_her.notices == ("row 2: this person was erased, the row is left out",)
    assert await files.rows(Contact) == []


async def test_a_changed_role_moves_the_answers_between_the_sums_of_the_roles(
    files: Files, make: Make, ctx: Context
) -> None:
    acme = await make.account(key="acme")
    jane = await make.contact(acme, email="jane@acme.example", role="user")
    await make.response(await make.invitation(jane, await make.wave()), 9)
    async with ctx.db.session() as session:
        await answers.recount(session, [acme.id], "relationship", ctx.now(), 12)

    await files.stored("contacts", "account_key,email,role\nacme,jane@acme.example,influencer\n")
    async with ctx.db.reading() as session:
        rollups = (await session.exec(select(Rollup))).all()
    assert [(rollup.role, rollup.promoters) for rollup in rollups] == [("influencer", 1)]


async def test_a_line_break_in_a_name_is_a_problem_of_its_row(files: Files) -> None:
    text = 'account_key,name,segment\nacme,"Acme\r\nBcc: all@acme.example",\nb,B,"in\ndustry"\n'
    (problem,) = await files.refused("accounts", text)
    assert problem.startswith("row 2, column name: ")
    assert problem.endswith("has a line break: write it in one line")
    assert (await files.stored("accounts", 'account_key,name\nacme,"Acme\n"\n')).created == 1
