"""Every card and form about accounts, groups and help, made by the real handlers."""

from dataclasses import replace
from datetime import date, timedelta

from handlers import routes
from handlers.accounts.card import SHOW_IN_CHANNEL
from handlers.cards import Card, Form, Whisper
from handlers.context import Context
from storage.models import Account, Case, CasePace, Member, Promise
from tests.factories import Acme, Make
from tests.fakes import FakeChat
from tests.handlers.accounts.acme import answered_acme, pressed, recount, typed
from tests.handlers.accounts.portfolio import portfolio

ROOM = "console:nordics"
_TYPED = {
    "account": "acme",
    "account_people": "acme people",
    "account_history": "acme history",
    "account_reasons": "acme reasons",
    "account_cases": "acme cases",
    "account_brief": "acme brief",
    "account_nobody_heard": "new",
    "account_hostile": "a&b",
    "account_wrong_name": "acmee",
    "overview": "",
    "team_solid": "team nordics",
    "team_withheld": "team tiny",
    "help": "help",
}
_FOR_CX = {
    "overview_programme": "",
    "all": "all",
    "segment_rough": "segment rough",
    "team_too_few": "team empty",
    "team_which": "team",
}
_AT_THE_END = {
    "teams": "teams",
    "product_rough": "product pumps",
    "product_which": "product",
    "product_none": "product xyzzy",
}


async def samples(ctx: Context, make: Make) -> dict[str, Card | Form]:
    """Gives each card and form by name, in English, Danish and Dutch."""
    acme, _told, case = await answered_acme(make)
    await make.save(
        Promise(
            case_id=case.id, account_id=acme.account.id, what="invoice check",
            due_on=date(2026, 12, 1), made_by=acme.anna.id, made_at=make.now(),
            deliverer_id=acme.anna.id,
        )
    )  # fmt: skip
    tiny = await make.team("Tiny")
    await make.team("Empty")
    await make.account("Acme Denmark", team_id=acme.team.id)
    await make.account("Ackmann", team_id=acme.team.id)
    new = await make.account("New ApS", team_id=acme.team.id, owner_id=acme.anna.id)
    await make.contact(new, "Ib Nord")
    hostile = await make.account("A&B <x>", key="ab", team_id=acme.team.id)
    contact = await make.contact(hostile, "<!channel> *x*", role="decision_maker")
    attack = '<!channel> *x* <script>alert(1)</script> =HYPERLINK("x") {nps}'
    await make.response(await make.invitation(contact), 0, comment=attack)
    await recount(make, hostile)
    await _followed_up(make, acme, await portfolio(make, acme.team, [[9], [9], [2], [8]] * 11))
    rough = await portfolio(make, tiny, [[9, 3], [9, 8], [7, 2]], prefix="R")
    for account in rough:
        account.segment = "Rough"
        await make.save(account)
    found: dict[str, Card | Form] = {}
    for language in ("en", "da", "nl"):
        anna = await _speaking(make, acme.anna, language)
        clara = await _speaking(make, acme.clara, language)
        for name, text in _TYPED.items():
            # A small team is told as withheld to whoever may see it.
            me = clara if name == "team_withheld" else anna
            found[f"{name}.{language}"] = await _card(ctx, me, text)
        lars = await _speaking(make, acme.lars, language)
        open_to_leads = replace(ctx, programme=replace(ctx.programme, measure_members="lead"))
        found[f"overview_own_speed.{language}"] = await _card(open_to_leads, anna, "")
        found[f"team_lead_sees.{language}"] = await _card(open_to_leads, lars, "team nordics")
        for name, text in _FOR_CX.items():
            found[f"{name}.{language}"] = await _card(ctx, clara, text)
        form = await routes.click(ctx, pressed(anna, "contact_repair", str(acme.account.id)))
        assert isinstance(form, Form)
        found[f"contact_repair.{language}"] = form
    await _more_teams(make)
    await _product(make, rough)
    for language in ("en", "da", "nl"):
        clara = await _speaking(make, acme.clara, language)
        for name, text in _AT_THE_END.items():
            found[f"{name}.{language}"] = await _card(ctx, clara, text)
    found["account_in_channel"] = await _shown(ctx, acme.anna, acme.account.id)
    found["account_refused"] = await _card(
        ctx, await make.member("Otto Other", language="en"), "acme"
    )
    return found


async def _more_teams(make: Make) -> None:
    """Two teams beside the one of the story, one of them with few answers."""
    for name, scores in (("Benelux", [[2], [3], [2], [9]] * 15), ("Iberia", [[9], [9], [8]] * 3)):
        team = await make.team(name)
        for _each in range(4):
            await make.member(team_id=team.id)
        await portfolio(make, team, scores, prefix=name)


async def _product(make: Make, accounts: list[Account]) -> None:
    """Two people of each account about pumps."""
    for account in accounts:
        for score in (9, 5):
            asked = await make.invitation(await make.contact(account, role="user"), kind="product")
            await make.response(asked, score, product="Pumps")


async def _followed_up(make: Make, acme: Acme, accounts: list[Account]) -> None:
    """Six cases of a month ago: five taken in time, four contacted in time."""
    opened = make.now() - timedelta(days=30)
    for number, account in enumerate(accounts[:6]):
        taken, met = opened + timedelta(hours=number), opened + timedelta(hours=20 * number)
        case = await make.save(
            Case(account_id=account.id, kind="relationship", state="solved", opened_at=opened,
                 owner_id=(acme.anna if number % 3 else acme.mikkel).id, solved_at=met,
                 taken_by=acme.anna.id)
        )  # fmt: skip
        await make.save(
            CasePace(case_id=case.id, taken_at=taken, take_by=opened + timedelta(hours=4.5),
                     take_hours=0.5 + number, contacted_at=met, contact_hours=6.0 * number,
                     contact_by=opened + timedelta(hours=72))
        )  # fmt: skip


async def _card(ctx: Context, me: Member, text: str) -> Card:
    reply = await routes.command(ctx, typed(me, text, ROOM))
    card = reply.card if isinstance(reply, Whisper) else reply
    assert isinstance(card, Card), (text, card)
    return card


async def _shown(ctx: Context, me: Member, account_id: int) -> Card:
    await routes.click(ctx, pressed(me, SHOW_IN_CHANNEL, str(account_id), ROOM))
    assert isinstance(ctx.chat, FakeChat)
    return ctx.chat.at(ROOM)[-1].card


async def _speaking(make: Make, member: Member, language: str) -> Member:
    member.language = language
    return await make.save(member)
