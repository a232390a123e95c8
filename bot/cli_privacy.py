"""`npsbot privacy` and `npsbot audit`: what is stored about people, and who saw and did what."""

from typing import Annotated, Literal

import typer

from bot.cli_shared import finish, read_day, with_context
from handlers.context import Context

Readers = Literal["employees", "contacts"]
Language = Literal["en", "da", "nl"]

app = typer.Typer(help="What is stored about a person.", no_args_is_help=True)


@app.command(name="export")
def privacy_export(email: Annotated[str, typer.Argument()]) -> None:
    """Print all that is stored about a person, as JSON."""
    from handlers.files.commands import privacy_export_command

    finish(with_context(lambda ctx: privacy_export_command(ctx, email)))


@app.command(name="erase")
def privacy_erase(email: Annotated[str, typer.Argument()]) -> None:
    """Erase a person; a keyed hash keeps them from being imported again."""
    from handlers.files.commands import privacy_erase_command

    finish(with_context(lambda ctx: privacy_erase_command(ctx, email)))


@app.command(name="retain")
def privacy_retain(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is due.")] = False,
) -> None:
    """Take the name off answers older than keep_months; the server does so once a day."""
    from handlers.files.commands import privacy_retain_command

    finish(with_context(lambda ctx: privacy_retain_command(ctx, dry_run)))


@app.command(name="statement")
def privacy_statement(
    readers: Annotated[Readers, typer.Option("--for", help="Who reads it.")],
    language: Annotated[
        Language | None, typer.Option("--lang", help="Default: the programme's.")
    ] = None,
) -> None:
    """Print what is stored, who sees it and how long, from the configuration in force."""
    from handlers.statement import statement

    async def written(ctx: Context) -> str:
        return statement(ctx, readers, language)

    print(with_context(written))


def audit(
    since: Annotated[str | None, typer.Option(metavar="DATE", help="From this day on.")] = None,
    member: Annotated[str | None, typer.Option(metavar="EMAIL")] = None,
    account: Annotated[str | None, typer.Option(metavar="KEY")] = None,
) -> None:
    """Print who saw, changed and sent what; for administrators and the data protection officer."""
    from handlers.audit import read

    day = read_day("since", since)
    for line in with_context(lambda ctx: read(ctx, day, member, account)):
        print(line)
