"""Corrects what is known of a contact, in place: role, status, language."""

from typing import cast

import structlog

from handlers import rights, texts
from handlers.accounts.correcting import correct
from handlers.accounts.people_card import REPAIR, people_card
from handlers.accounts.reader import reader_for
from handlers.accounts.standing import KIND, standing_of
from handlers.cards import Choice, Form, FormErrors, Input, Reply
from handlers.chat import Click, Submission, row_id
from handlers.context import Context, NotAllowed, Refused
from handlers.texts import LANGUAGES, Texts
from storage import accounts, answers, privacy
from storage.db import Session
from storage.models import NAMELESS, Account, Contact, ContactRole, ContactStatus, Member

log = structlog.get_logger()

NOT_KNOWN = "unknown"
_MOST_CHOICES = 100  # what a list to choose from holds on every channel
_STATUSES = (ContactStatus.ACTIVE, ContactStatus.INACTIVE)


async def open_form(ctx: Context, click: Click, me: Member) -> Reply:
    """Asks which contact of the account to correct, and what is right."""
    t = texts.of(me.language, ctx.programme.language)
    async with ctx.db.reading() as session:
        account = await account_to_change(ctx, session, me, click.value)
        people = [
            each
            for each in await accounts.contacts(session, [account.id])
            if each.status not in NAMELESS
        ]
    if not people:
        raise Refused(t("people.none", name=account.name))
    return repair_form(account, people, t)


def repair_form(account: Account, people: list[Contact], t: Texts) -> Form:
    """The form that corrects one contact; what is left empty stays as it is."""
    roles = (*ContactRole, NOT_KNOWN)
    named = tuple(
        Choice(str(each.id), each.name, ", ".join(filter(None, (each.title, each.department))))
        for each in people[:_MOST_CHOICES]
    )
    stays = t("people.form.stays")
    return Form(
        t("people.form.title"),
        (
            Input("choice", "contact", t("people.form.contact"), options=named),
            Input(
                "choice",
                "role",
                t("people.form.role"),
                required=False,
                options=tuple(Choice(role, t(f"people.role.{role}")) for role in roles),
                hint=stays,
            ),
            Input(
                "choice",
                "status",
                t("people.form.status"),
                required=False,
                options=tuple(
                    Choice(status, t(f"people.form.status_{status}")) for status in _STATUSES
                ),
                hint=stays,
            ),
            Input(
                "choice",
                "language",
                t("people.form.language"),
                required=False,
                options=tuple(Choice(each, t(f"people.language.{each}")) for each in LANGUAGES),
                hint=stays,
            ),
        ),
        REPAIR,
        str(account.id),
        t("people.form.submit"),
    )


async def repair(ctx: Context, event: Submission, me: Member) -> Reply:
    """Stores what was corrected and shows the people again; errors stand at their field."""
    reader = reader_for(ctx, me)
    async with ctx.db.session() as session:
        account = await account_to_change(ctx, session, me, event.value)
        contact = await accounts.contact(session, row_id(event.text("contact")))
        alone = contact and await privacy.is_left_alone(session, contact, secret=ctx.secret)
        errors = _errors(event, contact, account, reader.t, left_alone=bool(alone))
        if errors or contact is None:
            return FormErrors(errors)
        if role := event.text("role"):
            correct(contact, "role", None if role == NOT_KNOWN else role)
        correct(contact, "status", event.text("status") or contact.status)
        correct(contact, "language", event.text("language") or contact.language)
        session.add(contact)
        await session.flush()
        months = ctx.programme.window_months
        await answers.recount(session, [account.id], KIND, ctx.now(), months)
    log.info("contact corrected", contact=contact.id, member=me.id)
    async with ctx.db.reading() as session:
        standing = await standing_of(ctx, session, me, account)
    return people_card(standing, reader, ctx.programme, may_repair=True)


async def account_to_change(ctx: Context, session: Session, me: Member, value: str) -> Account:
    """Gives the account of a button; raises Refused for who may not change its people."""
    t = texts.of(me.language, ctx.programme.language)
    account = await accounts.by_id(session, row_id(value))
    if account is None:
        raise Refused(t("account.gone"))
    if not rights.may_change_account(me, account):
        raise NotAllowed(t("people.may_not_repair", name=account.name), "account", account.id)
    return account


def _errors(
    event: Submission, contact: Contact | None, account: Account, t: Texts, *, left_alone: bool
) -> dict[str, str]:
    if contact is None or contact.account_id != account.id:
        return {"contact": t("people.form.which")}
    allowed = {
        "role": {*ContactRole, NOT_KNOWN},
        "status": set(_STATUSES),
        "language": set(LANGUAGES),
    }
    errors = {
        name: t("people.form.unknown_choice")
        for name, values in allowed.items()
        if event.text(name) and event.text(name) not in cast(set[str], values)
    }
    if not any(event.text(name) for name in allowed):
        errors["role"] = t("people.form.nothing")
    if event.text("status") and left_alone:
        errors["status"] = t("people.form.unsubscribed", name=contact.name)
    return errors
