"""Surveys, and an invitation to one with all that its page needs to know."""

from dataclasses import dataclass

from sqlmodel import col, select

from storage import members
from storage.db import Session
from storage.models import Account, Contact, Invitation, Member, Response, Survey
from storage.writing import insert_new


async def by_id(session: Session, survey_id: int | None) -> Survey | None:
    """Gives a survey, or None."""
    return None if survey_id is None else await session.get(Survey, survey_id)


async def get_or_create(session: Session, name: str, kind: str, reasons: list[str]) -> Survey:
    """Gives the survey of this name; stores it when there is none, also if two ask at once."""
    values = {"name": name, "kind": kind, "wording_version": 1, "reasons": reasons}
    query = select(Survey).where(col(Survey.name) == name)
    found = (await session.exec(query)).first()
    if found is None:
        await insert_new(session, Survey, [values])
        found = (await session.exec(query)).one()
    return found


async def contact(session: Session, contact_id: int) -> Contact | None:
    """Gives a contact, or None."""
    return await session.get(Contact, contact_id)


@dataclass(frozen=True)
class Opened:
    """All that a survey page needs to know about an invitation."""

    invitation: Invitation
    contact: Contact
    account: Account
    owner: Member | None
    backup: Member | None
    lead: Member | None
    survey: Survey | None
    response: Response | None


async def opened(session: Session, invitation_id: int) -> Opened | None:
    """Gives an invitation with everything around it as it is today, or None."""
    query = (
        select(Invitation, Contact, Account)
        .join(Contact, col(Contact.id) == col(Invitation.contact_id))
        .join(Account, col(Account.id) == col(Invitation.account_id))
        .where(col(Invitation.id) == invitation_id)
    )
    found = (await session.exec(query)).first()
    if found is None:
        return None
    invitation, contact, account = found
    owner = await members.by_id(session, account.owner_id)
    answered = select(Response).where(col(Response.invitation_id) == invitation_id)
    return Opened(
        invitation,
        contact,
        account,
        owner,
        await members.by_id(session, owner.backup_id if owner else None),
        await members.lead_of(session, account.team_id),
        await by_id(session, invitation.survey_id),
        (await session.exec(answered)).first(),
    )
