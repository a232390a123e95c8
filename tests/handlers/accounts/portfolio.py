"""Many accounts with answers at once, for the figures of groups."""

from datetime import timedelta

from storage import answers
from storage.models import Account, Contact, Invitation, Response, Team
from tests.factories import Make


async def portfolio(
    make: Make, team: Team, scores: list[list[int]], *, value: float = 100_000.0, prefix: str = "K"
) -> list[Account]:
    """One account of the team for each list; each number is one contact's score."""
    wave = await make.wave(f"Wave {prefix}")
    now = make.now()
    async with make.db.session() as session:
        accounts = [
            Account(
                key=f"{prefix}{number}", name=f"Customer {prefix}{number}", team_id=team.id,
                annual_value=value, currency="EUR", segment="Industry",
            )
            for number in range(len(scores))
        ]  # fmt: skip
        session.add_all(accounts)
        await session.flush()
        asked = [
            (
                score,
                Contact(
                    account_id=account.id, name=f"Person {n}", role="user",
                    email=f"p{n}@{account.key}.example",
                ),
            )
            for account, of_account in zip(accounts, scores, strict=True)
            for n, score in enumerate(of_account)
        ]  # fmt: skip
        session.add_all(contact for _score, contact in asked)
        await session.flush()
        invitations = [
            Invitation(
                wave_id=wave.id, account_id=contact.account_id, contact_id=contact.id,
                status="sent", sent_at=now - timedelta(days=3), team_id=team.id,
                segment="Industry", value=value, currency="EUR", role="user",
            )
            for _score, contact in asked
        ]  # fmt: skip
        session.add_all(invitations)
        await session.flush()
        session.add_all(
            Response(
                invitation_id=invitation.id, account_id=invitation.account_id,
                contact_id=invitation.contact_id, kind="relationship", score=score,
                answered_at=now, last_input_at=now,
            )
            for invitation, (score, _contact) in zip(invitations, asked, strict=True)
        )  # fmt: skip
        await session.flush()
        ids = [account.id for account in accounts]
        await answers.recount(session, ids, "relationship", now, 12)
    return accounts
