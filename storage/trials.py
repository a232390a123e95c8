"""The account and contacts of trials: members who ask themselves, kept apart from customers."""

from sqlmodel import col, select

from storage.db import Session
from storage.models import Account, Contact, ContactStatus, Invitation, Member

TRIAL_ACCOUNT_KEY = "npsbot-trial"


async def contact_of(
    session: Session, member: Member, account_name: str
) -> tuple[Account, Contact]:
    """Gives the trial account and the member's contact in it; the first trial stores them.

    The contact is inactive: no wave asks it and no count of people includes it.
    """
    query = select(Account).where(col(Account.key) == TRIAL_ACCOUNT_KEY)
    account = (await session.exec(query)).first()
    if account is None:
        account = Account(key=TRIAL_ACCOUNT_KEY, name=account_name)
        session.add(account)
        await session.flush()
    wanted = select(Contact).where(
        col(Contact.account_id) == account.id, col(Contact.email) == member.email
    )
    contact = (await session.exec(wanted)).first()
    if contact is None:
        contact = Contact(account_id=account.id, email=member.email, name=member.name)
    contact.status = ContactStatus.INACTIVE
    contact.language = member.language
    contact.slack_id, contact.teams_id = member.slack_id, member.teams_id
    session.add(contact)
    await session.flush()
    return account, contact


async def add(session: Session, invitation: Invitation) -> Invitation:
    """Stores a trial's invitation and gives it its id."""
    session.add(invitation)
    await session.flush()
    return invitation
