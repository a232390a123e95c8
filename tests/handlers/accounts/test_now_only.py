"""How accounts stand now needs no history: the few latest rows give the same as all of them."""

from datetime import timedelta
from random import Random

from handlers.accounts.standing import standings_of
from handlers.context import Context
from storage.models import Account, Contact, Invitation, Response
from tests.factories import Make

REPLIES = ("score", "score", "score", "cannot_judge")
STATUSES = ("confirmed", "confirmed", "confirmed", "suspect", "provisional")


async def accounts(make: Make) -> list[Account]:
    """Long histories of every kind of reply, some of them kept from the account's owner."""
    chance = Random(7)
    owner = await make.member()
    found = [await make.account(owner_id=owner.id) for _each in range(6)]
    people = [
        Contact(account_id=account.id, name="X", role=chance.choice(["decision_maker", "user"]))
        for account in found
        for _each in range(6)
    ]
    async with make.db.session() as session:
        session.add_all(people)
        await session.flush()
        for contact in people:
            for quarter in range(9):
                at = make.now() - timedelta(days=91 * quarter + chance.random() * 9)
                kind = chance.choice(["relationship", "relationship", "similar", "csat"])
                invitation = Invitation(
                    account_id=contact.account_id,
                    contact_id=contact.id,
                    kind=kind,
                    status=chance.choice(["sent", "sent", "doubt", "failed", "bounced"]),
                    sent_at=at,
                )
                session.add(invitation)
                await session.flush()
                if chance.random() < 0.4:
                    continue
                reply = chance.choice(REPLIES)
                session.add(
                    Response(
                        invitation_id=invitation.id,
                        account_id=contact.account_id,
                        contact_id=contact.id,
                        kind=kind,
                        status=chance.choice(STATUSES),
                        reply=reply,
                        score=chance.randint(0, 10) if reply == "score" else None,
                        to_manager=chance.random() < 0.2,
                        answered_at=at,
                        last_input_at=at,
                    )
                )
    return found


async def test_how_accounts_stand_now_is_the_same_without_their_history(
    ctx: Context, make: Make
) -> None:
    found = await accounts(make)
    owner = await make.member(role="cx_lead")
    async with ctx.db.reading() as session:
        me = await session.get_one(type(owner), found[0].owner_id)
        for member in (me, owner):
            whole = await standings_of(ctx, session, member, found)
            now = await standings_of(ctx, session, member, found, now_only=True)
            assert sum(len(each.answers) for each in now) < sum(len(each.answers) for each in whole)
            for one, other in zip(whole, now, strict=True):
                assert one.figures == other.figures
                assert one.health == other.health
                assert one.open_cases == other.open_cases
                for person, same in zip(one.people, other.people, strict=True):
                    assert (person.answer, person.before, person.was_asked, person.asked) == (
                        same.answer, same.before, same.was_asked, same.asked
                    )  # fmt: skip
                    assert person.is_suspect == same.is_suspect
