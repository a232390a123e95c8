"""contacts.csv: the people at the accounts; who unsubscribed or was erased stays so."""

from typing import Any

from handlers.accounts.correcting import agreed
from handlers.files.columns import REASONS
from handlers.files.merge import Fields, Outcome, Run, given, once_each
from handlers.files.report import shown
from handlers.files.table import Row, only
from storage import answers, imports, privacy
from storage.db import Session
from storage.models import Contact, ContactStatus

_CLEARED: dict[str, Any] = {"judges": []}


async def import_contacts(session: Session, run: Run) -> Outcome:
    """Creates and updates contacts; a changed role is counted anew in the account's figures."""
    table, outcome = run.table, Outcome()
    rows = once_each(table, table.rows, "account_key", "email")
    accounts = {account["key"]: account["id"] for account in await imports.accounts(session)}
    topics = {*REASONS, *await imports.reasons(session)}
    for row in rows:
        only(table, row, "judges", topics, "a known topic")
        if row.text("account_key") not in accounts:
            text = f"{shown(row.text('account_key'))} is not a known account"
            table.problem(row, "account_key", text)
    rows = [row for row in rows if row.text("account_key") in accounts]
    touched = {accounts[str(row.text("account_key"))] for row in rows}
    stored = {
        (contact["account_id"], contact["email"]): contact
        for contact in await imports.contacts(session, touched)
    }
    _know_by_imported_email(
        stored, {(accounts[str(row.text("account_key"))], str(row.text("email"))) for row in rows}
    )
    hashes = {
        email: privacy.email_hash(run.ctx.secret, email)
        for email in (str(row.text("email")) for row in rows)
    }
    blocked = await privacy.block_reasons(session)
    leaving = {str(row.text("email")) for row in rows if _unsubscribes(row)}

    new: list[Fields] = []
    for row in rows:
        email = str(row.text("email"))
        account_id = accounts[str(row.text("account_key"))]
        reason = blocked.get(hashes[email])
        if reason == privacy.ERASED:
            table.notice(row, "this person was erased and is not stored again")
            outcome.unchanged += 1
            continue
        fields = given(row, _CLEARED, "account_key")
        known = stored.get((account_id, email))
        if (
            reason == privacy.UNSUBSCRIBED
            or email in leaving
            or (known is not None and known["status"] == ContactStatus.UNSUBSCRIBED)
        ):
            _keep_unsubscribed(run, row, fields, is_new=known is None)
        if known is None:
            outcome.created += 1
            defaults = {"name": email.partition("@")[0], "account_id": account_id}
            new.append({**defaults, **fields})
        else:
            taken, held = agreed(fields, known["corrected"] or {})
            outcome.compare(known, {**taken, "corrected": held} if known["corrected"] else taken)

    if run.stores:
        await imports.update_rows(session, "contact", outcome.changes)
        await imports.add_rows(session, Contact, new)
        await imports.unsubscribe_everywhere(
            session, {email: hashes[email] for email in leaving}, run.ctx.now()
        )
        await _count_roles_anew(session, run, outcome, stored)
    return outcome


def _know_by_imported_email(
    stored: dict[tuple[int, str], Fields], in_file: set[tuple[int, str]]
) -> None:
    """Whose address a member corrected is still the one that the import calls by the old one."""
    for key, contact in list(stored.items()):
        was = (contact["corrected"] or {}).get("email")
        if was and key not in in_file:
            stored.setdefault((contact["account_id"], was), contact)


def _unsubscribes(row: Row) -> bool:
    return row.text("status") == ContactStatus.UNSUBSCRIBED


def _keep_unsubscribed(run: Run, row: Row, fields: dict[str, Any], *, is_new: bool) -> None:
    if _unsubscribes(row):
        return
    if is_new or "status" in fields:
        run.table.notice(row, "this person unsubscribed and stays so")
    fields["status"] = ContactStatus.UNSUBSCRIBED.value


async def _count_roles_anew(
    session: Session,
    run: Run,
    outcome: Outcome,
    stored: dict[tuple[int, str], Fields],
) -> None:
    """Figures are kept per role of today."""
    moved = {change["id"] for change in outcome.changes if "role" in change}
    touched = {contact["account_id"] for contact in stored.values() if contact["id"] in moved}
    for kind in sorted(await imports.kinds_answered(session, touched)):
        await answers.recount(
            session, touched, kind, run.ctx.now(), run.ctx.programme.window_months
        )
