"""Exports members, accounts, contacts and responses with the columns that an import takes."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import PurePath
from zoneinfo import ZoneInfo

from handlers import viewing
from handlers.context import Context, Refused
from handlers.files.columns import COLUMNS, What
from handlers.files.importing import is_file
from handlers.files.writing import cell, write_csv, write_excel
from storage import exports
from storage.db import Session
from storage.models import Member

_EXPORTS: dict[What, Callable[[Session, exports.View], Awaitable[exports.Export]]] = {
    "members": exports.members,
    "accounts": exports.accounts,
    "contacts": exports.contacts,
    "responses": exports.responses,
}


async def export_file(
    ctx: Context, what: str, path_or_format: str, me: Member | None = None
) -> bytes:
    """Gives the file's bytes as CSV or Excel, by `csv`, `xlsx` or a path that ends so.

    For a member it holds what they may see: their accounts, no answer that is kept from them, and
    no words for an administrator; without one, all. Times are in the programme's zone with their
    offset. Erased people and tests are left out. Raises ValueError for another `what`, Refused for
    another format or what Excel can't hold.
    """
    known = is_file(what)
    if known is None:
        raise ValueError(f"{what!r} is not one of {', '.join(COLUMNS)}")
    form = PurePath(f"x.{path_or_format}").suffix.lower()
    if form not in (".csv", ".xlsx"):
        raise Refused(f"{path_or_format}: a file can be .csv or .xlsx")
    async with ctx.db.reading() as session:
        view = await viewing.view_of(ctx, session, me) if me else exports.EVERYTHING
        found = await _EXPORTS[known](session, view)
    zone = ZoneInfo(ctx.programme.timezone)
    return await asyncio.to_thread(_write, known, form, found, zone)


def _write(what: What, form: str, found: exports.Export, zone: ZoneInfo) -> bytes:
    columns = COLUMNS[what]
    order = [found.names.index(column.name) for column in columns]
    values = ([row[at] for at in order] for row in found.rows)
    both = (
        (row, [cell(column, value, zone) for column, value in zip(columns, row, strict=True)])
        for row in values
    )
    if form == ".csv":
        return write_csv([column.name for column in columns], (texts for _, texts in both))
    return write_excel(what, columns, both)
