"""`npsbot privacy` and `npsbot audit`: what is stored about people, and who saw and did what."""

from typing import Annotated

import typer

from bot.cli_shared import finish, read_day, with_context

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
