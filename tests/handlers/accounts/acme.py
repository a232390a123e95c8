"""Acme as product.md tells it on 24 November 2026: four of six have answered, Jane with 3."""

from datetime import UTC, datetime, timedelta

from handlers.chat import Click, Command, Person
from storage import answers
from storage.models import Account, Case, CaseResponse, CaseState, Member, Reminder, Response
from tests.factories import Acme, Make, acme_story

COMMENT = "Third wrong invoice in a row, and nobody calls back."


async def answered_acme(make: Make) -> tuple[Acme, dict[str, Response], Case]:
    """Jane 3 (8 in March), Karen 7, Ole and Lis 9; Anna has the case; a reminder waits."""
    acme = await acme_story(make)
    spring = await make.wave("Spring 2026", state="closed")
    march = datetime(2026, 3, 10, 9, tzinfo=UTC)
    told = {}
    for name, score in (("jane", 8), ("ole", 9)):
        invitation = await make.invitation(
            acme.contacts[name], spring, sent_at=march - timedelta(days=1)
        )
        await make.response(invitation, score, answered_at=march)
    now = make.now()
    for name, score, comment, ago in (
        ("jane", 3, COMMENT, timedelta()),
        ("karen", 7, None, timedelta(days=3)),
        ("ole", 9, "great planners", timedelta(days=2)),
        ("lis", 9, None, timedelta(days=5)),
    ):
        told[name] = await make.response(
            acme.invitations[name], score, comment=comment, answered_at=now - ago,
            reasons=["invoicing", "communication"] if name == "jane" else [],
        )  # fmt: skip
    case = await make.save(
        Case(
            account_id=acme.account.id, kind="relationship", wave_id=acme.wave.id,
            owner_id=acme.anna.id, taken_by=acme.anna.id, taken_at=now + timedelta(minutes=4),
            state=CaseState.TAKEN, opened_at=now, take_by=now + timedelta(hours=2),
            contact_by=now + timedelta(days=1), promised="invoice check by 1 December",
        )
    )  # fmt: skip
    await make.save(CaseResponse(response_id=told["jane"].id, case_id=case.id, joined_at=now))
    for name in ("peter", "mia"):
        await make.save(
            Reminder(
                invitation_id=acme.invitations[name].id,
                send_at=datetime(2026, 11, 26, 8, tzinfo=UTC),
            )
        )
    await recount(make, acme.account)
    return acme, told, case


async def recount(make: Make, account: Account) -> None:
    """Brings what counts now in step with the stored responses."""
    async with make.db.session() as session:
        await answers.recount(session, [account.id], "relationship", make.now(), 12)


def typed(member: Member, text: str, place: str | None = None) -> Command:
    """A command typed in a place, by default in the member's direct messages."""
    person = Person("console", member.email)
    return Command(person, place or person.place, text)


def pressed(member: Member, action: str, value: str, place: str | None = None) -> Click:
    """A button pressed in a place, by default in the member's direct messages."""
    person = Person("console", member.email)
    return Click(person, place or person.place, action, value)
