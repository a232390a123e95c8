"""Who may see an account, what is kept from its owner, and where its card may stand."""

from dataclasses import replace

import pytest

from handlers import routes
from handlers.accounts.card import SHOW_IN_CHANNEL
from handlers.cards import Card, Whisper, to_json
from handlers.chat import Unreachable
from handlers.context import Context
from storage.models import CaseResponse, Member
from tests.factories import Acme, Make
from tests.fakes import FakeChat
from tests.handlers.accounts.acme import COMMENT, answered_acme, pressed, typed
from tests.handlers.accounts.reading import buttons_of, card_for, facts_of, refusal, texts_of

ROOM = "console:nordics"
PARTS = ("acme", "acme people", "acme history", "acme reasons", "acme cases", "acme brief")


async def _someone(make: Make, acme: Acme, who: str) -> Member:
    if who == "colleague":
        return await make.member("Kim Colleague", team_id=acme.team.id)
    if who == "other team":
        return await make.member("Otto Other", team_id=(await make.team("South")).id)
    if who == "other lead":
        team = await make.team("South")
        return await make.member("Lea Lead", team_id=team.id, role="team_lead")
    if who == "admin":
        return await make.member("Ada Ring", role="admin")
    return {"owner": acme.anna, "lead": acme.lars, "cx": acme.clara}[who]


async def test_the_account_is_for_its_team_and_who_leads(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)

    for who in ("owner", "colleague", "lead", "cx", "admin"):
        member = await _someone(make, acme, who)
        assert (await card_for(ctx, member, "acme")).title.startswith("Acme A/S"), who


@pytest.mark.parametrize("who", ["other team", "other lead"])
async def test_others_are_told_whom_to_ask_whatever_they_type_or_press(
    ctx: Context, make: Make, who: str
) -> None:
    acme, _told, _case = await answered_acme(make)
    member = await _someone(make, acme, who)
    sentence = "Acme A/S belongs to another team. Ask Anna Berg or your CX lead."

    for text in PARTS:
        assert await refusal(ctx, member, text) == sentence
    for action, value in (
        ("account_show", str(acme.account.id)),
        ("account_show", f"{acme.account.id}:people"),
        (SHOW_IN_CHANNEL, str(acme.account.id)),
    ):
        reply = await routes.click(ctx, pressed(member, action, value, ROOM))
        assert isinstance(reply, Whisper)
        assert reply.card.title == sentence


@pytest.mark.both_databases
@pytest.mark.parametrize("flagged", ["case", "wish"])
async def test_what_is_kept_from_the_owner_is_in_no_line_and_no_figure(
    ctx: Context, make: Make, flagged: str
) -> None:
    acme, told, case = await answered_acme(make)
    async with make.db.session() as session:
        joined = await session.get_one(CaseResponse, told["jane"].id)
        if flagged == "case":
            case.hidden_from_owner = True
        else:
            await session.delete(joined)
            await session.flush()
            await session.delete(case)
            told["jane"].to_manager = True
            session.add(told["jane"])
        if flagged != "wish":
            session.add(case)

    # Without a case there is nothing of it in a group's figures to look for.
    for text in (*PARTS, "", *(() if flagged == "wish" else ("team", "team nordics"))):
        reply = await card_for(ctx, acme.anna, text)
        seen = str(to_json(reply))
        for secret in (COMMENT[:19], "has it", "invoice", "(was 8", "Jane Jensen, CFO, 3"):
            assert secret not in seen, (text, secret)
    card = await card_for(ctx, acme.anna, "acme")
    # The score of March is within the window: it stands, as if nothing had come since.
    assert facts_of(card)["Deciders"] == "8"
    assert "2 promoters, 2 passives" in texts_of(card)[0]
    assert card.title == "Acme A/S · safe: no critic, no open case"
    home = await card_for(ctx, acme.anna, "")
    assert "no open cases" in texts_of(home)[0]
    if flagged != "wish":
        team = await card_for(ctx, acme.anna, "team")
        assert "2 promoters, 2 passives" in texts_of(team)[1]
        assert facts_of(team)["Cases"] == "0 open"

    for member in (acme.lars, acme.clara):
        whole = await card_for(ctx, member, "acme")
        assert whole.title == "Acme A/S · at risk: a decision maker is a critic"
        assert COMMENT[:19] in str(to_json(whole))


async def test_a_lead_who_owns_the_account_does_not_see_what_is_kept_from_the_owner(
    ctx: Context, make: Make
) -> None:
    acme, _told, case = await answered_acme(make)
    case.hidden_from_owner = True
    acme.account.owner_id = acme.lars.id
    await make.save(case)
    await make.save(acme.account)

    assert COMMENT[:19] not in str(to_json(await card_for(ctx, acme.lars, "acme")))
    assert COMMENT[:19] in str(to_json(await card_for(ctx, acme.clara, "acme")))


async def test_show_in_channel_posts_the_card_for_everybody(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    acme, _told, _case = await answered_acme(make)
    card = await card_for(ctx, acme.anna, "acme", ROOM)
    button = next(each for each in buttons_of(card) if each.action == SHOW_IN_CHANNEL)

    reply = await routes.click(ctx, pressed(acme.anna, button.action, button.value, ROOM))

    assert isinstance(reply, Whisper)
    assert reply.card.title == "Shown in the channel."
    [posted] = chat.at(ROOM)
    assert posted.card.title == card.title
    assert posted.card.status is None
    assert posted.card.audience == "internal"
    foot = posted.card.foot or ""
    assert "shown by Anna Berg · without answers that only a lead may read yet" in foot
    assert buttons_of(posted.card) == []


async def test_show_in_channel_keeps_from_the_channel_what_is_kept_from_the_owner(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    acme, _told, case = await answered_acme(make)
    case.hidden_from_owner = True
    await make.save(case)

    await routes.click(ctx, pressed(acme.lars, SHOW_IN_CHANNEL, str(acme.account.id), ROOM))

    [posted] = chat.at(ROOM)
    assert COMMENT[:19] not in str(to_json(posted.card))
    assert posted.card.title == "Acme A/S · safe: no critic, no open case"


async def test_where_outsiders_read_nothing_is_shown_and_the_person_gets_it(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    acme, _told, _case = await answered_acme(make)
    chat.shared.add(ROOM)
    direct = f"console:{acme.anna.email}"

    typed_there = await routes.command(ctx, typed(acme.anna, "acme", ROOM))
    pressed_there = await routes.click(
        ctx, pressed(acme.anna, SHOW_IN_CHANNEL, str(acme.account.id), ROOM)
    )

    for reply in (typed_there, pressed_there):
        assert isinstance(reply, Whisper)
        assert reply.card.title.startswith("I don't show customer figures here")
    assert chat.at(ROOM) == []
    assert [posted.card.title for posted in chat.at(direct)] == [
        "Acme A/S · at risk: a decision maker is a critic"
    ] * 2


async def test_a_channel_that_cannot_be_reached_is_told(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    acme, _told, _case = await answered_acme(make)
    chat.refuse[ROOM] = [Unreachable("not_in_channel")]

    reply = await routes.click(ctx, pressed(acme.anna, SHOW_IN_CHANNEL, str(acme.account.id), ROOM))

    assert isinstance(reply, Whisper)
    assert reply.card.title.startswith("I could not post here. Invite me")


async def test_direct_messages_have_no_channel_to_show_it_in(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)

    card = await card_for(ctx, acme.anna, "acme")

    assert SHOW_IN_CHANNEL not in [button.action for button in buttons_of(card)]


async def test_a_wrong_name_offers_the_nearest_with_a_button_each(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)
    for name in ("Acme Denmark", "Ackmann"):
        await make.account(name, team_id=acme.team.id)

    card = await card_for(ctx, acme.anna, "acmee people")

    assert card.title == "No account “acmee”. Did you mean Acme A/S, Acme Denmark or Ackmann?"
    first = buttons_of(card)[0]
    assert [button.label for button in buttons_of(card)] == ["Acme A/S", "Acme Denmark", "Ackmann"]
    chosen = await routes.click(ctx, pressed(acme.anna, first.action, first.value))
    assert isinstance(chosen, Card)
    assert chosen.title == "Acme A/S · people"


async def test_several_of_one_name_are_told_apart_by_their_key(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)
    for key in ("N-1", "N-2"):
        await make.account("Nordhavn", key=key, team_id=acme.team.id)

    card = await card_for(ctx, acme.anna, "nordhavn")

    assert card.title == "Several accounts fit “nordhavn”: Nordhavn or Nordhavn?"
    assert [button.label for button in buttons_of(card)] == ["Nordhavn (N-1)", "Nordhavn (N-2)"]


async def test_an_account_called_like_a_part_or_a_command_is_found(
    ctx: Context, make: Make
) -> None:
    acme, _told, _case = await answered_acme(make)
    for name in ("Good People A/S", "Goodyear", "All Steel"):
        await make.account(name, team_id=acme.team.id)

    assert (await card_for(ctx, acme.anna, "good people")).title.startswith("Good People A/S · un")
    assert (await card_for(ctx, acme.anna, "all steel")).title.startswith("All Steel · ")


async def test_an_old_button_of_a_deleted_account_says_so(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)

    for value in ("999999", "x", ""):
        reply = await routes.click(ctx, pressed(acme.anna, "account_show", value))
        assert isinstance(reply, Whisper)
        assert reply.card.title == "This account is no longer there."


async def test_an_open_programme_lets_look_but_not_change(ctx: Context, make: Make) -> None:
    acme, _told, _case = await answered_acme(make)
    other = await _someone(make, acme, "other team")
    opened = replace(ctx, programme=replace(ctx.programme, open=True))

    card = await card_for(opened, other, "acme people")

    assert "contact_repair" not in [button.action for button in buttons_of(card)]
    reply = await routes.click(opened, pressed(other, "contact_repair", str(acme.account.id)))
    assert isinstance(reply, Whisper)


async def test_the_lead_of_another_team_does_not_see_what_is_kept_from_the_owner(
    ctx: Context, make: Make
) -> None:
    acme, _told, case = await answered_acme(make)
    case.hidden_from_owner = True
    await make.save(case)
    other = await _someone(make, acme, "other lead")
    opened = replace(ctx, programme=replace(ctx.programme, open=True))

    assert COMMENT[:19] not in str(to_json(await card_for(opened, other, "acme")))
    assert facts_of(await card_for(opened, other, "team nordics"))["Cases"] == "0 open"


async def test_where_nobody_tells_who_reads_the_card_comes_directly_in_the_askers_language(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    acme, _told, _case = await answered_acme(make)
    acme.anna.language = "da"
    await make.save(acme.anna)
    chat.silent.add(ROOM)

    typed_there = await routes.command(ctx, typed(acme.anna, "acme", ROOM))
    pressed_there = await routes.click(
        ctx, pressed(acme.anna, SHOW_IN_CHANNEL, str(acme.account.id), ROOM)
    )

    for reply in (typed_there, pressed_there):
        assert isinstance(reply, Whisper)
        assert reply.card.title.startswith("Jeg viser ikke")
    assert not chat.at(ROOM)
    assert len(chat.at(f"console:{acme.anna.email}")) == 2
