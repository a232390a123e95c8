"""What `npsbot import`, `export` and `privacy` do: exit code, lines, and lines for stderr."""

import asyncio
import json
from pathlib import Path

from handlers import audit, viewing
from handlers.context import Context, Refused
from handlers.days import kept_since
from handlers.files.exporting import export_file
from handlers.files.importing import import_file
from handlers.privacy import erase_person, export_person
from handlers.retention import retain
from storage.audit import Noted
from storage.models import Act

Outcome = tuple[int, list[str], list[str]]


async def import_command(ctx: Context, what: str, file: Path, dry_run: bool = False) -> Outcome:
    """Imports a file: 0, or 2 with all problems and nothing stored."""
    try:
        data = await asyncio.to_thread(file.read_bytes)
    except OSError as error:
        return 2, [], [f"{file}: {error.strerror}"]
    report = await import_file(ctx, what, file.name, data, dry_run)
    if not report.ok:
        many = "1 problem" if len(report.problems) == 1 else f"{len(report.problems)} problems"
        summary = f"{many} in {report.rows} rows. Nothing was stored: correct the file, try again."
        return 2, list(report.notices), [*report.problems, summary]
    counts = f"{report.created} new, {report.updated} changed, {report.unchanged} as they were"
    end = "nothing stored (dry run)" if dry_run else "stored"
    if not dry_run:
        rows = {"what": what, "rows": report.rows}
        await audit.keep(ctx, [Noted(Act.IMPORTED, "file", None, rows)])
    return 0, [*report.notices, f"{what}: {report.rows} rows, {counts}: {end}"], []


async def export_command(ctx: Context, what: str, out: Path, email: str | None = None) -> Outcome:
    """Writes an export into a file that ends in .csv or .xlsx: 0, or 2 with the reason.

    With the e-mail of a member it holds what they may see.
    """
    try:
        me = await viewing.member_of(ctx, email) if email else None
        data = await export_file(ctx, what, out.name, me)
        await asyncio.to_thread(
            out.touch, mode=0o600
        )  # customers' names and words: a new file is its owner's alone
        await asyncio.to_thread(out.write_bytes, data)
    except Refused as refused:
        return 2, [], [str(refused)]
    except OSError as error:
        return 2, [], [f"{out}: {error.strerror}"]
    await audit.keep(ctx, [Noted(Act.EXPORTED, "file", None, {"what": what})], me=me)
    return 0, [f"{what}: {out}"], []


async def privacy_export_command(ctx: Context, email: str) -> Outcome:
    """Prints all that is stored about a person as JSON: 0, or 2 if nobody has this e-mail."""
    person = await export_person(ctx, email)
    known = ("contacts", "members", "mails", "blocked")
    if not any(person[name] for name in known):
        return 2, [], [f"Nothing is stored about {email}."]
    told = [Noted(Act.EXPORTED, "contact", each["id"]) for each in person["contacts"]]
    told += [Noted(Act.EXPORTED, "member", each["id"]) for each in person["members"]]
    await audit.keep(ctx, told)
    return 0, [json.dumps(person, indent=2, ensure_ascii=False)], []


async def privacy_erase_command(ctx: Context, email: str) -> Outcome:
    """Erases a person: 0 (also if erased before), or 2 if nobody has this e-mail."""
    report = await erase_person(ctx, email)
    lines = []
    if report.contacts:
        lines.append(
            f"Erased: {report.contacts} contacts, the words of {report.answers} answers, "
            f"{report.messages} stored messages. {report.cases} cases are drawn again."
        )
    elif report.before:
        lines.append("This person was erased before. Nothing was changed.")
    else:
        return 2, [], [f"No contact has the e-mail {email}. Nothing was changed."]
    if report.is_member:
        lines.append("A member has this e-mail too and stays: members are not erased here.")
    return 0, lines, []


async def privacy_retain_command(ctx: Context, dry_run: bool = False) -> Outcome:
    """Takes the name off answers that are too old, or counts them: 0, or 2 without a rule."""
    since = kept_since(ctx)
    try:
        taken = await retain(ctx, dry_run)
    except Refused as refused:
        return 2, [], [str(refused)]
    before = f"from before {since:%Y-%m-%d}"
    many = "1 contact" if taken.contacts == 1 else f"{taken.contacts} contacts"
    what = f"{taken.answers} answers and {taken.unanswered} unanswered questions of {many}"
    done = "would lose their name (dry run)" if dry_run else "have no name any more"
    return 0, [f"{what}, {before}: {done}"], []
