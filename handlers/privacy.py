"""A person's rights: all that is stored about them, and being forgotten."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import structlog

from handlers import alerts
from handlers.accounts import shown
from handlers.cases import redraw
from handlers.context import Context
from handlers.learning import idea_channel, same_reason
from storage import alerts as outbox
from storage import audit, conversations, forgetting, members, personal, places, privacy
from storage.audit import Noted
from storage.db import Session
from storage.models import Act, ContactStatus, Member
from storage.personal import Traces

log = structlog.get_logger()


@dataclass(frozen=True)
class ErasedReport:
    """What was erased: rows of the person by account, answers kept without them, cases to redraw.

    `messages` are mails and messages of the local console. `before` tells that the person was
    erased earlier; then, or where nobody has this e-mail, `contacts` is 0.
    """

    contacts: int = 0
    answers: int = 0
    cases: int = 0
    messages: int = 0
    before: bool = False
    is_member: bool = False


class Touched(NamedTuple):
    """Where a person was: how many stored messages, and what cards may have been posted of."""

    messages: int
    cases: tuple[int, ...]
    ideas: tuple[int, ...]
    shared_reasons: tuple[int, ...]
    accounts: tuple[int, ...]
    responses: tuple[int, ...]


async def export_person(ctx: Context, email: str) -> dict[str, Any]:
    """Gives all that is stored about a person, over all accounts, ready for JSON.

    Each key holds rows as they are stored, times in UTC. Nobody known gives empty lists.
    """
    async with ctx.db.reading() as session:
        contacts = await privacy.contacts_of(session, email)
        found = await personal.traces(session, contacts)
        person: dict[str, Any] = {"email": email.strip().lower(), "exported_at": ctx.now()}
        for name, table, column, ids in (
            ("contacts", "contact", "id", found.contact_ids),
            ("accounts", "account", "id", {contact.account_id for contact in contacts}),
            ("invitations", "invitation", "id", found.invitation_ids),
            ("reminders", "reminder", "invitation_id", found.invitation_ids),
            ("visits", "visit", "invitation_id", found.invitation_ids),
            ("responses", "response", "id", found.response_ids),
            ("earlier_responses", "response_change", "response_id", found.response_ids),
            ("current_answers", "current_answer", "contact_id", found.contact_ids),
            ("cases", "case", "id", found.case_ids),
            ("case_events", "case_event", "case_id", found.case_ids),
            ("promises", "promise", "contact_id", found.contact_ids),
            ("tasks", "task", "contact_id", found.contact_ids),
            ("contacts_with_us", "touch", "contact_id", found.contact_ids),
            ("references", "reference", "contact_id", found.contact_ids),
            ("letters", "letter", "contact_id", found.contact_ids),
            ("settled", "settled", "contact_id", found.contact_ids),
            ("mail_replies", "mail_reply", "contact_id", found.contact_ids),
            ("ideas", "idea", "response_id", found.response_ids),
            ("shared_reasons", "shared_reason_response", "response_id", found.response_ids),
        ):
            person[name] = await personal.records(session, table, column, ids)
        person["improvements"] = await personal.records(
            session,
            "improvement",
            "id",
            {row["improvement_id"] for row in person["letters"]} - {None},
        )
        # Of the customer only what names it: its value and renewal are no data about the person.
        person["accounts"] = [
            {name: account[name] for name in ("id", "key", "name")}
            for account in person["accounts"]
        ]
        person["reference_uses"] = await personal.records(
            session, "reference_use", "reference_id", {row["id"] for row in person["references"]}
        )
        person["waves"] = [
            {name: wave[name] for name in ("id", "name", "starts_at", "closes_at")}
            for wave in await personal.records(
                session, "wave", "id", {row["wave_id"] for row in person["invitations"]} - {None}
            )
        ]
        person["mails"] = await personal.mails_to(session, email)
        in_teams = {contact.teams_id for contact in contacts} - {None}
        person["conversations"] = await personal.records(
            session, "conversation", "person", in_teams
        )
        person["blocked"] = await personal.blocked_since(
            session, privacy.email_hash(ctx.secret, email)
        )
        person |= await _as_member(session, await members.by_email(session, email))
    plain: dict[str, Any] = _plain(person)
    log.info("person exported", contacts=len(contacts))
    return plain


async def erase_person(ctx: Context, email: str) -> ErasedReport:
    """Makes a person's contacts anonymous for good and keeps them from being imported again.

    Scores stay, without person; comments, ideas, phone and role answers go, also out of stored
    messages and cases; cards that were posted are drawn again. A second call changes nothing.
    """
    now = ctx.now()
    hashed = privacy.email_hash(ctx.secret, email)
    async with ctx.db.session() as session:
        member = await members.by_email(session, email)
        contacts = await privacy.contacts_of(session, email)
        blocked = await personal.blocked_since(session, hashed)
        before = blocked is not None and blocked[0] == privacy.ERASED
        if not contacts:
            return ErasedReport(before=before, is_member=member is not None)
        found = await personal.traces(session, contacts)
        in_teams = [contact.teams_id for contact in contacts if contact.teams_id]
        session.expunge_all()
        why = f"erased:{now.timestamp():.6f}"
        touched = await forget(session, found, ContactStatus.ERASED)
        if member is None:
            await conversations.forget_people(session, in_teams)
        await privacy.block(session, hashed, privacy.ERASED, now)
        await audit.add(
            session,
            [Noted(Act.ERASED, "contact", each) for each in found.contact_ids],
            now,
            actor="operator",
        )
        asked = await outbox.add_many(session, drawn_again(ctx, touched, why))
    for alert in asked:
        await ctx.soon(alerts.job_of(alert), alert.due_at)
    log.info("person erased", contacts=list(found.contact_ids), cases=list(found.case_ids))
    return ErasedReport(
        contacts=len(found.contact_ids),
        answers=len(found.response_ids),
        cases=len(found.case_ids),
        messages=touched.messages,
        before=before,
        is_member=member is not None,
    )


async def forget(session: Session, found: Traces, status: ContactStatus) -> Touched:
    """Takes a person and their words away for good; their contacts stand with the status then."""
    messages = await forgetting.forget_messages(session, found)
    await forgetting.forget_in_cases(session, found)
    had = await personal.records(session, "idea", "response_id", found.response_ids)
    joined = await personal.records(
        session, "shared_reason_response", "response_id", found.response_ids
    )
    await forgetting.anonymise(session, found, status)
    return Touched(
        messages,
        found.case_ids,
        tuple(row["id"] for row in had),
        tuple(sorted({row["shared_reason_id"] for row in joined})),
        await places.shown_of(session, shown.SUBJECT, found.account_ids, found.response_ids),
        found.response_ids,
    )


def drawn_again(ctx: Context, touched: Touched, why: str) -> list[dict[str, Any]]:
    """Gives the rows of the alerts that draw the cards posted of all this again, keyed by `why`."""
    return [
        *(redraw.row(case_id, why, ctx.now()) for case_id in touched.cases),
        *(idea_channel.changed_row(idea_id, why, ctx, quiet=True) for idea_id in touched.ideas),
        *(same_reason.changed_row(each, why, ctx.now()) for each in touched.shared_reasons),
        *(shown.gone_row(each, why, ctx.now(), touched.responses) for each in touched.accounts),
    ]


async def _as_member(session: Session, member: Member | None) -> dict[str, Any]:
    if member is None:
        return {"members": [], "places": [], "acts": [], "audit": []}
    return {
        "members": await personal.records(session, "member", "id", [member.id]),
        "places": await personal.records(session, "bound_place", "member_id", [member.id]),
        "acts": await personal.records(session, "case_event", "member_id", [member.id]),
        "audit": await personal.records(session, "audit_entry", "member_id", [member.id]),
    }


def _plain(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case dict():
            return {str(name): _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return value
