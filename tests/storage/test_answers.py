"""What counts of an account, as the database works it out."""

from datetime import UTC, datetime

import pytest
from sqlmodel import select

from storage import answers
from storage.db import Database
from storage.models import CurrentAnswer
from tests.factories import Make

ANSWERED = (
    datetime(2024, 2, 29, 23, 59, 59, 999_999, UTC),
    datetime(2025, 8, 31, 0, 0, 0, 0, UTC),
    datetime(2025, 12, 31, 22, 30, 5, 1, UTC),
    datetime(2026, 3, 28, 12, 0, 0, 500_000, UTC),
)


@pytest.mark.parametrize("months", [1, 6, 12, 18, 36])
async def test_the_database_and_we_agree_when_an_answer_leaves(
    db: Database, make: Make, months: int
) -> None:
    account = await make.account()
    for answered_at in ANSWERED:
        contact = await make.contact(account)
        await make.response(await make.invitation(contact), 9, answered_at=answered_at)
    now = min(ANSWERED)
    async with db.session() as session:
        await answers.recount(session, [account.id], "relationship", now, months)
    async with db.reading() as session:
        current = (await session.exec(select(CurrentAnswer))).all()
    left = {each.answered_at: each.leaves_on for each in current}
    assert left == {at: answers.leaves_on(at, months) for at in ANSWERED}


@pytest.mark.parametrize(
    ("now", "counted"),
    [
        (datetime(2026, 2, 28, 9, 59, 59, 999_999, UTC), 1),
        (datetime(2026, 2, 28, 10, 0, 0, 0, UTC), 0),
    ],
)
async def test_an_answer_counts_up_to_the_moment_it_leaves(
    db: Database, make: Make, now: datetime, counted: int
) -> None:
    account = await make.account()
    invitation = await make.invitation(await make.contact(account))
    await make.response(invitation, 9, answered_at=datetime(2025, 8, 31, 10, 0, 0, 0, UTC))
    async with db.session() as session:
        await answers.recount(session, [account.id], "relationship", now, 6)
    async with db.reading() as session:
        current = (await session.exec(select(CurrentAnswer))).all()
    assert len(current) == counted
