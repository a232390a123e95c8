"""Recovery: by the customers' own word, and by the next score of who was a critic."""

from datetime import timedelta

import pytest

from handlers import recovery
from handlers.cards import Card, Facts
from handlers.context import Context
from handlers.measures.recovery import share
from handlers.recovery import recovery_of
from storage import answers
from storage.models import Account, Case, Contact, Letter, Settled
from storage.scopes import Part
from tests.factories import Make
from tests.handlers.cases.conftest import Story, story

__all__ = ["story"]


def test_a_share_has_wilsons_interval() -> None:
    found = share(2, 3)
    assert found is not None
    assert (found.percent, found.low, found.high) == (67, 21, 94)
    assert share(0, 0) is None


async def scores(ctx: Context, make: Make, account: Account, *given: int) -> Contact:
    """A contact who gave these scores, one a month, the last one today."""
    contact = await make.contact(account)
    for number, score in enumerate(reversed(given)):
        at = make.now() - timedelta(days=30 * number)
        await make.response(await make.invitation(contact, sent_at=at), score, answered_at=at)
    async with ctx.db.session() as session:
        await answers.recount(session, [account.id], "relationship", make.now(), 12)
    return contact


@pytest.mark.both_databases
async def test_critics_who_answered_again_are_counted_by_what_counts_now(
    ctx: Context, make: Make
) -> None:
    account = await make.account("Acme")
    other = await make.account("Other")
    for given in ((3, 9), (3, 9, 4), (2, 7), (9, 3), (5,), (9, 9)):
        await scores(ctx, make, account, *given)
    await scores(ctx, make, other, 1, 10)
    async with ctx.db.reading() as session:
        part = Part(account_ids=(account.id,))
        found = await recovery_of(session, ctx, part, (), ())
        assert found.again == (5, 3, 2)
        assert (await recovery_of(session, ctx, Part(), (), ())).again == (6, 4, 3)
        without = await recovery_of(session, ctx, part, (2,), ())  # the first one's 9 is kept
        assert without.again.better == 1


@pytest.mark.both_databases
async def test_a_large_programme_is_counted_once_a_day(ctx: Context, make: Make) -> None:
    account = await make.account("Acme")
    for _contact in range(3):
        await scores(ctx, make, account, 3, 9)
    await recovery.due(ctx, many=2)
    await scores(ctx, make, account, 3, 9)
    async with ctx.db.reading() as session:
        assert (await recovery_of(session, ctx, Part(), (), ())).again == (3, 3, 3)
        team = await recovery_of(session, ctx, Part(account_ids=(account.id,)), (), ())
        assert team.again == (4, 4, 4)


@pytest.mark.both_databases
async def test_the_team_card_tells_both_with_how_many_were_heard(story: Story) -> None:
    acme, make = story.acme, story.make
    for number, (who, answer) in enumerate((("jane", "yes"), ("ole", "no"), ("mia", None)), 1):
        case = await make.save(
            Case(
                account_id=acme.account.id, kind="relationship", state="solved",
                opened_at=story.clock(), wave_id=None, round=number,
            )
        )  # fmt: skip
        letter = await make.save(
            Letter(
                key=f"settled:{number}", account_id=acme.account.id, case_id=case.id, round=1,
                contact_id=acme.contacts[who].id, status="sent", send_at=story.clock(),
                sent_at=story.clock(),
            )
        )  # fmt: skip
        if answer:
            await make.save(
                Settled(
                    letter_id=letter.id, case_id=case.id, contact_id=letter.contact_id,
                    answer=answer, answered_at=story.clock(),
                )
            )  # fmt: skip
    told = Letter(
        key="you_said:1", what="you_said", account_id=acme.account.id, status="sent",
        contact_id=acme.contacts["jane"].id, send_at=story.clock(), sent_at=story.clock(),
    )  # fmt: skip
    await make.save(told)  # asks nothing, so it counts for nothing
    await story.answer("jane", 3)
    for text, me in (("team nordics", acme.lars), ("", acme.clara)):
        card = await story.type(me, text)
        assert isinstance(card, Card)
        facts = dict(pair for part in card.body if isinstance(part, Facts) for pair in part.facts)
        assert facts["Settled, say customers"] == (
            "1 of 3 asked (33%, likely between 6% and 79%) · 2 answered"
        )
        assert facts["Critics who answered again"] == "none of 1 yet"
