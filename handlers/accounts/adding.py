"""Adds a person to an account, in place: who signs is often nobody the import knows."""

import re
from collections.abc import Sequence

import structlog

from handlers.accounts.people_card import ADD, people_card
from handlers.accounts.reader import reader_for
from handlers.accounts.repair import account_to_change
from handlers.accounts.standing import standing_of
from handlers.cards import Choice, Form, FormErrors, Input, Reply
from handlers.chat import Click, Submission
from handlers.context import Context
from handlers.texts import LANGUAGES, Texts
from storage import accounts, privacy
from storage.models import Account, Contact, ContactRole, ContactStatus, Member

log = structlog.get_logger()

_LONG = 200
_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")


async def open_form(ctx: Context, click: Click, me: Member) -> Reply:
    """Asks who is to be added to an account."""
    t = reader_for(ctx, me).t
    async with ctx.db.reading() as session:
        account = await account_to_change(ctx, session, me, click.value)
    return add_form(account, t)


def add_form(account: Account, t: Texts) -> Form:
    """The form that adds a person."""
    roles = tuple(Choice(role, t(f"people.role.{role}")) for role in ContactRole)
    languages = tuple(Choice(each, t(f"people.language.{each}")) for each in LANGUAGES)
    return Form(
        t("people.add.title"),
        (
            Input("text", "name", t("people.column.name"), max_length=_LONG),
            Input("text", "email", t("people.add.email"), max_length=_LONG),
            Input("text", "job", t("people.add.job"), required=False, max_length=_LONG),
            Input(
                "text", "department", t("people.column.department"), required=False,
                max_length=_LONG,
            ),
            Input("choice", "role", t("people.form.role"), required=False, options=roles),
            Input(
                "choice", "language", t("people.form.language"), required=False, options=languages
            ),
        ),
        ADD,
        str(account.id),
        t("people.form.submit"),
    )  # fmt: skip


async def add(ctx: Context, event: Submission, me: Member) -> Reply:
    """Stores the person and shows the people; who was erased or asked to be left alone stays so."""
    reader = reader_for(ctx, me)
    t, name, email = reader.t, event.text("name"), event.text("email").lower()
    async with ctx.db.session() as session:
        account = await account_to_change(ctx, session, me, event.value)
        errors = {}
        if not name:
            errors["name"] = t("people.add.need_name")
        if event.text("role") and event.text("role") not in set(ContactRole):
            errors["role"] = t("people.form.unknown_choice")
        if event.text("language") and event.text("language") not in LANGUAGES:
            errors["language"] = t("people.form.unknown_choice")
        blocked = await privacy.blocked(session, privacy.email_hash(ctx.secret, email))
        people = await accounts.contacts(session, [account.id])
        if problem := address_problem(email, people, blocked, t):
            errors["email"] = problem
        if errors:
            return FormErrors(errors)
        unsubscribed = blocked == privacy.UNSUBSCRIBED
        contact = Contact(
            account_id=account.id, name=name, email=email, title=event.text("job") or None,
            department=event.text("department") or None, role=event.text("role") or None,
            language=event.text("language") or None, added_by=me.id,
            status=ContactStatus.UNSUBSCRIBED if unsubscribed else ContactStatus.ACTIVE,
        )  # fmt: skip
        session.add(contact)
        await session.flush()
    log.info("contact added", contact=contact.id, member=me.id)
    async with ctx.db.reading() as session:
        standing = await standing_of(ctx, session, me, account)
    return people_card(standing, reader, ctx.programme, may_repair=True)


def address_problem(
    email: str, people: Sequence[Contact], blocked: str | None, t: Texts
) -> str | None:
    """Gives what is wrong with a new e-mail address at an account, or None."""
    if not _ADDRESS.fullmatch(email):
        return t("people.add.need_email")
    if blocked == privacy.ERASED:
        return t("people.add.erased")
    same = next((each for each in people if each.email == email), None)
    return t("people.add.known", name=same.name) if same is not None else None
