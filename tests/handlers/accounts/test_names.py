"""Names are found the way people type them."""

import pytest

from handlers.cards import Button, Buttons
from handlers.chat import Lookup, Person
from handlers.context import Context, Refused
from handlers.names import (
    Named,
    Nearest,
    Several,
    choose_member,
    find_account,
    find_member,
    find_segment,
    find_team,
    fold,
    lookup_accounts,
    lookup_members,
    match,
    sentence,
)
from storage.models import Account, Member, Team
from tests.factories import Make

PORTFOLIO = [
    Named(1, ("acme", "Acme A/S", "Acme")),
    Named(2, ("acme-dk", "Acme Denmark")),
    Named(3, ("ackmann", "Ackmann")),
    Named(4, ("K-77", "Ørsted A/S", "DONG Energy")),
    Named(5, ("K-78", "Müller & Söhne GmbH & Co. KG")),
    Named(6, ("K-79", "Nordhavn Parts B.V.")),
    Named(7, ("K-80", "Århus Køl ApS")),
    Named(8, ("K-81", "Łódź Steel Sp. z o.o.")),
    Named(9, ("K-82", "A&B <x>")),
    Named(10, ("K-83", "Société Générale d'Électricité S.A.")),
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("acme", 1),
        ("ACME", 1),
        ("Acme A/S", 1),
        ("acme as", 1),
        ("acme denmark", 2),
        ("ackmann", 3),
        ("ackman", 3),
        ("Ørsted", 4),
        ("orsted", 4),
        ("oersted", 4),
        ("orstedd", 4),
        ("dong", 4),
        ("dong energy", 4),
        ("k-77", 4),
        ("muller", 5),
        ("mueller sohne", 5),
        ("Müller & Söhne", 5),
        ("nordhavn", 6),
        ("nordhavn prts", 6),
        ("Nordhavn Parts BV", 6),
        ("aarhus kol", 7),
        ("århus", 7),
        ("lodz", 8),
        ("a&b <x>", 9),
        ("societe generale", 10),
        ("d'electricite", 10),
    ],
)
def test_a_name_is_found_whatever_its_case_accents_ending_or_one_wrong_letter(
    typed: str, meant: int
) -> None:
    assert match(PORTFOLIO, typed) == meant


def test_a_beginning_that_fits_several_names_leaves_the_choice() -> None:
    found = match(PORTFOLIO, "ac")
    assert isinstance(found, Several)
    assert found == [1, 2, 3]


def test_a_wrong_short_name_offers_the_nearest_best_first() -> None:
    found = match(PORTFOLIO, "acmee")
    assert isinstance(found, Nearest)
    assert found == [1, 2, 3]


@pytest.mark.parametrize("typed", ["qqqqqqq", "   ", "*", "💥"])
def test_a_name_like_no_other_offers_nothing(typed: str) -> None:
    assert match(PORTFOLIO, typed) == Nearest()


def test_nothing_is_found_among_nothing() -> None:
    assert match([], "acme") == Nearest()


def test_a_company_that_is_called_like_an_ending_keeps_its_name() -> None:
    assert fold("AS") == "as"
    assert fold("The Co Company Ltd.") == "the"


async def _portfolio(make: Make) -> tuple[Member, Member, Account, Account]:
    nordics, south = await make.team("Nordics"), await make.team("South")
    anna = await make.member("Anna Berg", email="anna@nordfab.example", team_id=nordics.id)
    bo = await make.member("Bo Friis", email="bo@nordfab.example", team_id=south.id)
    mine = await make.account(
        "Acme A/S", key="acme", owner_id=anna.id, team_id=nordics.id, segment="Industry"
    )
    other = await make.account(
        "Ørsted A/S", owner_id=bo.id, team_id=south.id, aliases=["DONG"], segment="Energy"
    )
    return anna, bo, mine, other


async def test_an_account_manager_finds_the_accounts_of_the_team(ctx: Context, make: Make) -> None:
    anna, _bo, mine, _other = await _portfolio(make)
    async with ctx.db.reading() as session:
        found = await find_account(ctx, session, anna, "Acme")
    assert isinstance(found, Account)
    assert found.id == mine.id


@pytest.mark.parametrize("typed", ["orsted", "Ørsted A/S", "dong"])
async def test_an_account_of_another_team_is_told_with_its_owners_name(
    ctx: Context, make: Make, typed: str
) -> None:
    anna, *_rest = await _portfolio(make)
    async with ctx.db.reading() as session:
        with pytest.raises(Refused) as refused:
            await find_account(ctx, session, anna, typed)
    assert str(refused.value) == "Ørsted A/S belongs to another team. Ask Bo Friis or your CX lead."


@pytest.mark.both_databases
async def test_names_that_the_asker_may_not_see_are_not_offered(ctx: Context, make: Make) -> None:
    anna, *_rest = await _portfolio(make)
    async with ctx.db.reading() as session:
        assert await find_account(ctx, session, anna, "orstt") == []
    choices = await lookup_accounts(ctx, Lookup(_person(anna), "accounts", "o"), anna)
    assert choices == []


async def test_members_teams_and_segments_are_found_forgivingly(ctx: Context, make: Make) -> None:
    anna, bo, *_rest = await _portfolio(make)
    async with ctx.db.reading() as session:
        by_first_name = await find_member(session, "bo")
        by_mail = await find_member(session, "BO@nordfab.example")
        team = await find_team(session, "nordcis")
        assert await find_segment(session, "industri") == "Industry"
        assert await find_member(session, "@bo") == by_first_name
        near = await find_member(session, "berta")
    assert isinstance(near, list)
    card = choose_member(ctx, anna, "berta", near, lambda each: Button(each.name, "x", "1"))
    assert card.title == "Nobody here is called “berta”. Did you mean Anna Berg?"
    assert card.body == (Buttons((Button("Anna Berg", "x", "1"),)),)
    with pytest.raises(Refused, match="Nobody here is called “berta”"):
        choose_member(ctx, anna, "berta", [], lambda each: Button(each.name, "x", "1"))
    assert isinstance(by_first_name, Member)
    assert by_first_name.id == bo.id
    assert by_mail == by_first_name
    assert isinstance(team, Team)
    assert team.name == "Nordics"


async def test_type_ahead_gives_ids_and_starts_with_what_begins_so(
    ctx: Context, make: Make
) -> None:
    anna, bo, mine, _other = await _portfolio(make)
    typed = await lookup_accounts(ctx, Lookup(_person(anna), "accounts", "ac"), anna)
    assert [(choice.value, choice.label) for choice in typed] == [(str(mine.id), "Acme A/S")]
    everybody = await lookup_members(ctx, Lookup(_person(anna), "members", ""), anna)
    assert [choice.label for choice in everybody] == ["Anna Berg", "Bo Friis"]
    nearly = await lookup_members(ctx, Lookup(_person(anna), "members", "fris"), anna)
    assert nearly[0].value == str(bo.id)


async def test_the_sentence_names_the_nearest_in_the_members_language(
    ctx: Context, make: Make
) -> None:
    anna = await make.member("Anna Berg", language="da")
    names = ["Acme A/S", "Acme Denmark", "Ackmann"]
    assert (
        sentence(ctx, anna, "account", "acmee", names, several=False)
        == "Ingen kunde hedder “acmee”. Mente du Acme A/S, Acme Denmark eller Ackmann?"
    )


def _person(member: Member) -> Person:
    return Person("console", member.email)
