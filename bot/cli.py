"""The command line: `npsbot run`, `demo`, `chat`, `measure`, `import` and the rest."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, NoReturn, TypeVar

import typer

from bot import logs
from bot.config import ConfigError, Settings, load
from bot.context import open_context
from handlers.context import Context, Refused

app = typer.Typer(
    name="npsbot",
    help="A Net Promoter Score programme for account teams, in Slack and Microsoft Teams.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
privacy = typer.Typer(help="What is stored about a person.", no_args_is_help=True)
wave = typer.Typer(help="Waves of survey prompts.", no_args_is_help=True)
app.add_typer(privacy, name="privacy")
app.add_typer(wave, name="wave")

Result = TypeVar("Result")
What = Literal["members", "accounts", "contacts", "responses"]
AsMember = Annotated[str, typer.Option("--as", metavar="EMAIL", help="Who asks.")]
WaveName = Annotated[str, typer.Argument(metavar="NAME")]
Format = Literal["text", "slack", "teams", "json"]
_config_path: Path | None = None


def main() -> None:
    """Runs the command line; a problem that a person can mend ends with exit code 2."""
    logs.configure()
    try:
        app()
    except ConfigError as error:
        _stop(*error.problems)


@app.callback()
def _options(
    config: Annotated[
        Path | None,
        typer.Option(help="Default: $NPSBOT_CONFIG, else ./npsbot.toml.", metavar="FILE"),
    ] = None,
) -> None:
    global _config_path
    _config_path = config or Path(os.environ.get("NPSBOT_CONFIG", "npsbot.toml"))


@app.command()
def run() -> None:
    """Serve: chat platforms, survey pages, clock and engine, until stopped."""
    from bot.serve import serve

    serve(settings())


@app.command()
def demo(
    serve: Annotated[bool, typer.Option(help="Go on serving after the story.")] = True,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its files.")] = Path("demo"),
) -> None:
    """Show the main job on a made-up portfolio: a wave, answers, alerts, and the local console."""
    from bot.demo.story import play

    sys.exit(asyncio.run(play(folder, serve)))


@app.command()
def init(directory: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """Write a working local configuration: SQLite and console, no secrets."""
    from bot.initial import make

    try:
        for line in asyncio.run(make(directory)):
            print(line)
    except FileExistsError as error:
        _stop(str(error))


@app.command()
def migrate() -> None:
    """Bring the database up to date."""
    from storage.migrate import upgrade

    upgrade(settings().database.url)
    print("The database is up to date.")


@app.command()
def check(
    recount: Annotated[bool, typer.Option(help="Prove that rollup and answers agree.")] = False,
) -> None:
    """Test database, platforms, mail and public address, and say what to do."""
    from bot.check import check as run_checks

    code, lines = asyncio.run(run_checks(settings(), recount))
    _finish((code, lines, []))


@app.command(name="chat")
def chat_command(
    text: Annotated[str, typer.Argument(help='Such as "/nps acme".')],
    member: AsMember,
    format: Annotated[Format, typer.Option()] = "text",
) -> None:
    """Run a chat command as a member and print the card."""
    _chat(text, member, format)


@app.command()
def measure(
    account: Annotated[str | None, typer.Option(metavar="KEY")] = None,
    team: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    segment: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole programme.")] = False,
    kind: Annotated[str, typer.Option()] = "relationship",
    wave_name: Annotated[str | None, typer.Option("--wave", metavar="NAME")] = None,
    at: Annotated[str | None, typer.Option(metavar="DATE", help="Default: today.")] = None,
    rho: Annotated[float | None, typer.Option(help="Fixes rho instead of estimating it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures.")] = False,
) -> None:
    """Print the figures of an account, team, segment or the whole programme."""
    from bot.measure_command import figures
    from handlers.measures.measure import Scope, ScopeType

    scopes: tuple[tuple[ScopeType, str | None], ...] = (
        ("account", account),
        ("team", team),
        ("segment", segment),
    )
    chosen = [(name, key) for name, key in scopes if key is not None]
    if len(chosen) + everything > 1:
        _stop("Choose one of --account, --team, --segment and --all.")
    scope = Scope(*chosen[0]) if chosen else Scope("all")
    try:
        day = date.fromisoformat(at) if at else None
    except ValueError:
        _stop(f"--at {at}: write the date as 2026-11-24")
    printed = _with_context(lambda ctx: figures(ctx, scope, kind, wave_name, day, rho, as_json))
    print(printed)


@app.command()
def bind(
    place: Annotated[str, typer.Option(metavar="PLACE", help="slack:C…, teams:… or console:name.")],
    team: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    member: Annotated[str | None, typer.Option(metavar="EMAIL")] = None,
) -> None:
    """Send the alerts of a team or a member to a place."""
    from handlers.members import bind_place

    if (team is None) == (member is None):
        _stop("Give either --team NAME or --member EMAIL.")
    print(_with_context(lambda ctx: bind_place(ctx, place, team=team, member=member)))


@app.command(name="import")
def import_command(
    what: Annotated[What, typer.Argument()],
    file: Annotated[Path, typer.Argument(help="CSV or Excel.")],
    dry_run: Annotated[bool, typer.Option(help="List the problems, store nothing.")] = False,
) -> None:
    """Import members, accounts, contacts or responses; all or nothing."""
    from handlers.files.commands import import_command

    _finish(_with_context(lambda ctx: import_command(ctx, what, file, dry_run)))


@app.command(name="export")
def export_command(
    what: Annotated[What, typer.Argument()],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Ends in .csv or .xlsx.")],
) -> None:
    """Export members, accounts, contacts or responses."""
    from handlers.files.commands import export_command

    _finish(_with_context(lambda ctx: export_command(ctx, what, out)))


@privacy.command(name="export")
def privacy_export(email: Annotated[str, typer.Argument()]) -> None:
    """Print all that is stored about a person, as JSON."""
    from handlers.files.commands import privacy_export_command

    _finish(_with_context(lambda ctx: privacy_export_command(ctx, email)))


@privacy.command(name="erase")
def privacy_erase(email: Annotated[str, typer.Argument()]) -> None:
    """Erase a person; a keyed hash keeps them from being imported again."""
    from handlers.files.commands import privacy_erase_command

    _finish(_with_context(lambda ctx: privacy_erase_command(ctx, email)))


@wave.command(name="send")
def wave_send(
    survey: Annotated[str, typer.Option(help="The kind of survey.")] = "relationship",
    account: Annotated[list[str] | None, typer.Option(metavar="KEY")] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    respect_hours: Annotated[
        bool, typer.Option(help="Keep to sending hours and the pause after the first 20.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Wait until everything is sent.")] = True,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Plan a wave and send it at once."""
    from bot.wave_command import send

    try:
        counts = asyncio.run(send(settings(), survey, account or [], name, respect_hours, wait))
    except Refused as refused:
        _stop(str(refused))
    if as_json:
        print(json.dumps(counts))
    else:
        print(f"planned {counts['planned']}")
        for reason, number in counts["skipped"].items():
            print(f"skipped {reason} {number}")
        print(
            f"sent {counts['sent']}",
            f"doubt {counts['doubt']}",
            f"failed {counts['failed']}",
            sep="\n",
        )
    sys.exit(0 if counts["planned"] else 2)


@wave.command(name="list")
def wave_list(member: AsMember) -> None:
    """List the waves with what became of them."""
    _chat("wave list", member)


@wave.command(name="show")
def wave_show(name: WaveName, member: AsMember) -> None:
    """Show a wave: planned, sent, answered, failed, in doubt."""
    _chat(f"wave show {name}", member)


@wave.command(name="pause")
def wave_pause(name: WaveName, member: AsMember) -> None:
    """Pause a wave between two messages."""
    _chat(f"wave pause {name}", member)


@wave.command(name="resume")
def wave_resume(name: WaveName, member: AsMember) -> None:
    """Go on with a paused wave."""
    _chat(f"wave resume {name}", member)


@wave.command(name="stop")
def wave_stop(name: WaveName, member: AsMember) -> None:
    """Stop a wave for good: who was not asked yet will not be."""
    _chat(f"wave stop {name}", member)


@app.command(name="slack-manifest")
def slack_manifest() -> None:
    """Print the manifest from which Slack makes the app."""
    from bot.slack.manifest import manifest, reasons

    print(manifest(settings().server.public_url, settings().slack.mode))
    print(reasons(), file=sys.stderr)


@app.command(name="teams-package")
def teams_package(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Such as npsbot.zip.")],
) -> None:
    """Write the app package that an administrator uploads to Microsoft Teams."""
    from bot.msteams.package import PackageError, package, reasons

    chosen = settings()
    try:
        made = package(
            chosen.teams.app_id, chosen.server.public_url, chosen.programme.company or ""
        )
    except PackageError as error:
        _stop(str(error))
    try:
        out.write_bytes(made)
    except OSError as error:
        _stop(f"{out} can't be written: {error.strerror}")
    print(f"{out} is ready: upload it in the Teams admin center, Manage apps, Upload new app.")
    print(reasons(), file=sys.stderr)


def _chat(text: str, member: str, format: Format = "text") -> None:
    from bot.chat_command import answer

    printed, problem = _with_context(lambda ctx: answer(ctx, settings(), member, text, format))
    if problem:
        _stop(problem)
    print(printed)


def settings() -> Settings:
    """The settings of the chosen configuration file."""
    assert _config_path is not None
    return load(_config_path)


def _with_context(do: Callable[[Context], Awaitable[Result]]) -> Result:
    async def inside() -> Result:
        async with open_context(settings()) as ctx:
            return await do(ctx)

    # Who types a command reads its answer: the log's lines of success are for the server.
    logs.configure(logging.WARNING)
    try:
        return asyncio.run(inside())
    except Refused as refused:
        _stop(str(refused))


def _finish(outcome: tuple[int, list[str], list[str]]) -> None:
    code, out, problems = outcome
    for line in out:
        print(line)
    for line in problems:
        print(line, file=sys.stderr)
    sys.exit(code)


def _stop(*problems: str) -> NoReturn:
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(2)
