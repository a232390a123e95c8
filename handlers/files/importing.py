"""Imports a file whole or not at all: every problem is found before the first row is stored."""

import asyncio
from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

import structlog

from handlers.context import Context
from handlers.files.accounts_file import import_accounts
from handlers.files.columns import COLUMNS, What
from handlers.files.contacts_file import import_contacts
from handlers.files.members_file import import_members
from handlers.files.merge import Outcome, Run
from handlers.files.report import ImportReport
from handlers.files.responses_file import import_responses
from handlers.files.table import understand
from storage import imports
from storage.db import Session

log = structlog.get_logger()

_IMPORTS: dict[What, Callable[[Session, Run], Awaitable[Outcome]]] = {
    "members": import_members,
    "accounts": import_accounts,
    "contacts": import_contacts,
    "responses": import_responses,
}


def is_file(what: str) -> What | None:
    """Gives the name of one of the four files, or None."""
    return next((known for known in COLUMNS if known == what), None)


async def import_file(
    ctx: Context, what: str, name: str, data: bytes, dry_run: bool = False
) -> ImportReport:
    """Imports members, accounts, contacts or responses from the bytes of a CSV or Excel file.

    One transaction; with any problem, or in a dry run, nothing is stored. Never alerts or sends.
    Raises ValueError for another `what`. The kind of file is told by its bytes, not by `name`.
    """
    known = is_file(what)
    if known is None:
        raise ValueError(f"{what!r} is not one of {', '.join(COLUMNS)}")
    zone = ZoneInfo(ctx.programme.timezone)
    table = await asyncio.to_thread(understand, known, data, zone)
    run = Run(ctx, table, dry_run)
    if run.stores:
        async with ctx.db.session() as session:
            await imports.one_at_a_time(session)
            outcome = await _IMPORTS[known](session, run)
    else:
        async with ctx.db.reading() as session:
            outcome = await _IMPORTS[known](session, run)
    report = outcome.report(table, dry_run)
    log.info(
        "import",
        what=what,
        rows=report.rows,
        created=report.created,
        updated=report.updated,
        problems=len(report.problems),
        dry_run=dry_run,
    )
    return report
