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
    accounts = []
    for number, of_account in enumerate(scores):
        async with make.db.session() as session:
            account = Account(
                key=f"{prefix}{number}", name=f"Customer {prefix}{number}", team_id=team.id,
                annual_value=value, currency="EUR", segment="Industry",
            )  # fmt: skip
            session.add(account)
            await session.flush()
            accounts.append(account)
            for n, score in enumerate(of_account):
                contact = Contact(
                    account_id=account.id, name=f"Person {n}", role="user",
                    email=f"p{n}@{prefix}{number}.example",
                )  # fmt: skip
                session.add(contact)
                await session.flush()
                invitation = Invitation(
                    wave_id=wave.id, account_id=account.id, contact_id=contact.id, status="sent",
                    sent_at=make.now() - timedelta(days=3), team_id=team.id, segment="Industry",
                    value=value, currency="EUR", role="user",
                )  # fmt: skip
                session.add(invitation)
                await session.flush()
                session.add(
                    Response(
                        invitation_id=invitation.id, account_id=account.id, contact_id=contact.id,
                        kind="relationship", score=score, answered_at=make.now(),
                        last_input_at=make.now(),
                    )
                )  # fmt: skip
    async with make.db.session() as session:
        ids = [account.id for account in accounts]
        await answers.recount(session, ids, "relationship", make.now(), 12)
    return accounts
