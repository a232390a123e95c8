"""The command line: `npsbot run`, `demo`, `chat`, `measure`, `import` and the rest."""

import asyncio
import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot import cli_privacy, logs
from bot.cli_shared import choose, finish, read_day, settings, stop, with_context
from bot.config import ConfigError
from handlers.context import Refused

if TYPE_CHECKING:
    from handlers.measures.measure import Scope

app = typer.Typer(
    name="npsbot",
    help="A Net Promoter Score programme for account teams, in Slack and Microsoft Teams.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
wave = typer.Typer(help="Waves of survey prompts.", no_args_is_help=True)
app.add_typer(cli_privacy.app, name="privacy")
app.command(name="audit")(cli_privacy.audit)
app.add_typer(wave, name="wave")

What = Literal["members", "accounts", "contacts", "responses"]
Board = Literal["ideas", "references", "promises"]
AsMember = Annotated[str, typer.Option("--as", metavar="EMAIL", help="Who asks.")]
SeenAs = Annotated[
    str | None,
    typer.Option("--as", metavar="EMAIL", help="What this member may see. Default: everything."),
]
WaveName = Annotated[str, typer.Argument(metavar="NAME")]
Format = Literal["text", "slack", "teams", "json"]


def main() -> None:
    """Runs the command line; a problem that a person can mend ends with exit code 2."""
    # Who types a command reads its answer: the log's lines of success are for the server.
    logs.configure(logging.WARNING)
    try:
        app()
    except ConfigError as error:
        stop(*error.problems)


@app.callback()
def _options(
    config: Annotated[
        Path | None,
        typer.Option(help="Default: $NPSBOT_CONFIG, else ./npsbot.toml.", metavar="FILE"),
    ] = None,
) -> None:
    choose(config or Path(os.environ.get("NPSBOT_CONFIG", "npsbot.toml")))


@app.command()
def run() -> None:
    """Serve: chat platforms, survey pages, clock and engine, until stopped."""
    from bot.serve import serve

    logs.configure()
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
        stop(str(error))


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
    finish((code, lines, []))


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
    member: SeenAs = None,
    speed: Annotated[
        bool, typer.Option(help="How soon cases are taken up, instead of the score.")
    ] = False,
    of_member: Annotated[
        str | None, typer.Option("--member", metavar="EMAIL", help="With --speed: one person's.")
    ] = None,
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
        stop("Choose one of --account, --team, --segment and --all.")
    scope = Scope(*chosen[0]) if chosen else Scope("all")
    day = read_day("at", at)
    if speed:
        _speed(scope, of_member, as_json, member)
        return
    if of_member is not None:
        stop("--member goes with --speed: nobody has a score of their own.")
    printed = with_context(
        lambda ctx: figures(ctx, scope, kind, wave_name, day, rho, as_json, member)
    )
    print(printed)


@app.command()
def bind(
    place: Annotated[str, typer.Option(metavar="PLACE", help="slack:C…, teams:… or console:name.")],
    team: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    member: Annotated[str | None, typer.Option(metavar="EMAIL")] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="REASON", help="Its card, when several accounts name it.")
    ] = None,
    board: Annotated[Board | None, typer.Option(help="What stands there once a week.")] = None,
) -> None:
    """Send the alerts of a team or member, the card of a reason, or a board to a place."""
    from handlers.members import bind_place
    from handlers.places import sharing

    if sum(each is not None for each in (team, member, reason, board)) != 1:
        stop("Give one of --team NAME, --member EMAIL, --reason REASON and --board BOARD.")
    if team is not None or member is not None:
        told = with_context(lambda ctx: bind_place(ctx, place, team=team, member=member))
    else:
        told = with_context(lambda ctx: sharing.bind_place(ctx, place, reason=reason, board=board))
    print(told)


@app.command(name="import")
def import_command(
    what: Annotated[What, typer.Argument()],
    file: Annotated[Path, typer.Argument(help="CSV or Excel.")],
    dry_run: Annotated[bool, typer.Option(help="List the problems, store nothing.")] = False,
) -> None:
    """Import members, accounts, contacts or responses; all or nothing."""
    from handlers.files.commands import import_command

    finish(with_context(lambda ctx: import_command(ctx, what, file, dry_run)))


@app.command(name="export")
def export_command(
    what: Annotated[What, typer.Argument()],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Ends in .csv or .xlsx.")],
    member: SeenAs = None,
) -> None:
    """Export members, accounts, contacts or responses."""
    from handlers.files.commands import export_command

    finish(with_context(lambda ctx: export_command(ctx, what, out, member)))


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
        stop(str(refused))
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
def wavestop(name: WaveName, member: AsMember) -> None:
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
        stop(str(error))
    try:
        out.write_bytes(made)
    except OSError as error:
        stop(f"{out} can't be written: {error.strerror}")
    print(f"{out} is ready: upload it in the Teams admin center, Manage apps, Upload new app.")
    print(reasons(), file=sys.stderr)


def _speed(scope: "Scope", of_member: str | None, as_json: bool, member: str | None) -> None:
    from bot.speed_command import figures

    print(with_context(lambda ctx: figures(ctx, scope, of_member, as_json, member)))


def _chat(text: str, member: str, format: Format = "text") -> None:
    from bot.chat_command import answer

    printed, problem = with_context(lambda ctx: answer(ctx, settings(), member, text, format))
    if problem:
        stop(problem)
    print(printed)
