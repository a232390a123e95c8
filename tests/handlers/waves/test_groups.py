"""The preview looks at people in groups, and comes to what looking at each of them comes to."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from handlers.context import Context
from handlers.waves.audience import NEARLY_RESTED, SKIP_REASONS, Judged, assess
from handlers.waves.groups import FIRST_NAMES, assess_groups, first_names
from storage.models import Contact, Invitation, Wave
from tests.factories import Make

STATUSES = ("active", "active", "active", "active", "inactive", "unsubscribed", "bouncing")
SENT = ("sent", "sent", "doubt", "planned", "unasked", "failed", "skipped")


async def audience(make: Make) -> Wave:
    """Everything that decides about a contact, mixed by chance; some people are at two accounts."""
    chance = Random(150)
    wave = await make.wave(
        "Autumn",
        state="draft",
        audience={"left_out": ["A2"], "left_out_people": ["p7@x.example", "p20@x.example"]},
    )
    other, trial = await make.wave("Other"), await make.wave("Trial", is_test=True)
    accounts = [
        await make.account(
            key=f"A{n}",
            recommend_policy="forbidden" if n == 3 else "allowed",
            annual_value=1000.0 * n or None,
            currency=chance.choice(["EUR", "DKK"]),
        )
        for n in range(8)
    ]
    people = {
        (account.id, address): Contact(
            account_id=account.id,
            email=None if chance.random() < 0.1 else address,
            name=f"Person {n}",
            status=chance.choice(STATUSES),
            role=chance.choice(["decision_maker", "user", None]),
            slack_id=f"U{n}" if chance.random() < 0.2 else None,
        )
        for n in range(150)
        for account in [chance.choice(accounts)]
        for address in [f"p{n % 130}@x.example"]
    }
    async with make.db.session() as session:
        session.add_all(people.values())
        await session.flush()
        for contact in people.values():
            for asked_in in (other, trial, None):
                days, hours = chance.choice([5, 80, 140, 143, 147, 149, 150, 200]), chance.random()
                at = make.now() - timedelta(days=days, hours=24 * hours)
                status = chance.choice(SENT)
                if chance.random() < 0.4:
                    session.add(
                        Invitation(
                            wave_id=asked_in.id if asked_in else None,
                            account_id=contact.account_id,
                            contact_id=contact.id,
                            status=status,
                            sent_at=at if status in ("sent", "unasked") else None,
                            claimed_at=at if status == "doubt" else None,
                            send_at=at,
                            is_test=asked_in is trial,
                        )
                    )
    return wave


def decided(judged: Judged, ctx: Context) -> tuple[object, ...]:
    near = None
    if judged.free_on is not None and judged.free_on - ctx.now().date() <= NEARLY_RESTED:
        near = judged.free_on
    who = judged.who
    return (judged.reason, judged.channel, near, who.role, who.account_id, who.value, who.currency)


async def test_groups_are_decided_as_their_people_are(ctx: Context, make: Make) -> None:
    wave = await audience(make)
    each = await assess(ctx, wave, ctx.now())
    groups = await assess_groups(ctx, wave, ctx.now())

    counted: Counter[tuple[object, ...]] = Counter()
    for group in groups:
        counted[decided(group.judged, ctx)] += group.people
    assert counted == Counter(decided(judged, ctx) for judged in each)
    assert {judged.reason for judged in each} >= set(SKIP_REASONS) - {"erased"}


@pytest.mark.both_databases
async def test_the_first_who_are_left_out_are_named(ctx: Context, make: Make) -> None:
    wave = await audience(make)
    each = await assess(ctx, wave, ctx.now())
    groups = await assess_groups(ctx, wave, ctx.now())

    names = await first_names(ctx, wave, ctx.now(), groups)

    assert names == {
        reason: [judged.who.name for judged in each if judged.reason == reason][:FIRST_NAMES]
        for reason in {judged.reason for judged in each} - {None}
    }


async def test_invitations_of_the_wave_itself_do_not_count(ctx: Context, make: Make) -> None:
    wave = await make.wave("Autumn", state="approved")
    contact = await make.contact(await make.account())
    await make.invitation(contact, wave)
    (group,) = await assess_groups(ctx, wave, ctx.now())
    assert (group.judged.reason, group.people) == (None, 1)
