"""The story of the demo: import, one wave by mail, answers over HTTP, alerts in the console."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bot import initial, serve
from bot.app import CONTEXT, make_app
from bot.config import Settings, load
from bot.demo import portfolio, words
from bot.demo.contacts import Contacts
from bot.terminal import columns, draw
from handlers import routes
from handlers.cards import Card, Reply, from_json
from handlers.chat import Command, Message, Person
from handlers.context import Context
from handlers.files.importing import import_file
from handlers.members import bind_place
from handlers.waves import sending
from storage import demo

# The demo does not wait the 90 seconds that a real contact may go on writing.
SETTLE_SECONDS = 2
MAILS_PER_SECOND = 40
GIVE_UP_SECONDS = 150


@dataclass(frozen=True)
class Outcome:
    """What the story came to."""

    sent: int
    answered: int
    critics: int
    posted: int

    @property
    def good(self) -> bool:
        """Whether the main job was done: enough sent, answers recorded, every critic
        posted once.
        """
        return self.sent >= 300 and self.answered > 0 and self.critics == self.posted > 0


async def play(folder: Path, go_on: bool) -> int:
    """Plays the story; gives exit code 0 when the main job was done. `go_on` serves until
    stopped.
    """
    out = Console()
    settings = await _fresh(folder)
    app = await make_app(settings)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.server.host, settings.server.port).start()
        ctx = app[CONTEXT]
        people = await _import(ctx, out)
        name = f"{ctx.now():%B %Y}"
        outcome = await _wave(ctx, name, out)
        await _ask(ctx, people, name, out)
        _sum_up(outcome, settings, out, go_on)
        if go_on:
            await serve.until_stopped()
    finally:
        await runner.cleanup()
    return 0 if outcome.good else 1


async def _fresh(folder: Path) -> Settings:
    """A new configuration and database each time: the story needs people who are not rested."""
    if (folder / "npsbot.toml").exists():
        await asyncio.to_thread(shutil.rmtree, folder)
    await initial.make(folder)
    settings = load(folder / "npsbot.toml")
    return settings.model_copy(
        update={
            "programme": settings.programme.model_copy(update={"company": "Nordfab"}),
            "privacy": settings.privacy.model_copy(
                update={"controller": "Nordfab A/S", "contact": "privacy@nordfab.example"}
            ),
            "alerts": settings.alerts.model_copy(update={"settle_seconds": SETTLE_SECONDS}),
            "mail": settings.mail.model_copy(update={"per_second": MAILS_PER_SECOND}),
        }
    )


async def _import(ctx: Context, out: Console) -> portfolio.Portfolio:
    people = portfolio.make(ctx.now().date())
    for what, data in people.files.items():
        report = await import_file(ctx, what, f"{what}.csv", data)
        if not report.ok:
            raise RuntimeError(f"{what}: {report.problems[0]}")
        out.print(f"  imported {report.rows} {what}", highlight=False)
    async with ctx.db.reading() as session:
        managers = await demo.account_managers(session)
    for member in managers:
        await bind_place(ctx, f"console:{_channel(member.name)}", member=member.email)
    for reason, function in words.OWNERS.items():
        await _type(ctx, people.cx_lead, f"bind reason {reason} {function}")
    return people


async def _wave(ctx: Context, name: str, out: Console) -> Outcome:
    wave_id = await sending.send_now(ctx, "relationship", [], name, respect_hours=False)
    counts = await sending.counts(ctx, wave_id)
    planned = counts["planned"]
    contacts = Contacts(ctx)
    shown: set[int] = set()
    with Progress(
        TextColumn("  {task.description:<28}"), BarColumn(), MofNCompleteColumn(), console=out
    ) as progress:
        sent = progress.add_task("prompts sent by mail", total=planned)
        answered = progress.add_task("answers over HTTP", total=None)
        posted = progress.add_task("critics posted", total=None)
        loop = asyncio.get_running_loop()
        until = loop.time() + GIVE_UP_SECONDS
        answering = asyncio.create_task(contacts.answer_mails())
        while loop.time() < until:
            found = await _counted(ctx, wave_id)
            progress.update(sent, completed=found.sent)
            progress.update(answered, completed=found.answered, total=contacts.will_answer)
            progress.update(posted, completed=found.posted, total=found.critics)
            await _show_cards(ctx, shown, progress.console.print)
            if not await sending.unfinished(ctx, wave_id):
                contacts.no_more_mails()
                if answering.done() and found.posted >= found.critics:
                    break
            await asyncio.sleep(0.25)
        contacts.no_more_mails()  # however far it came: a slow machine waits no longer
        await answering
    return await _counted(ctx, wave_id)


async def _counted(ctx: Context, wave_id: int) -> Outcome:
    async with ctx.db.reading() as session:
        return Outcome(*await demo.wave_outcome(session, wave_id))


async def _show_cards(ctx: Context, shown: set[int], write: Callable[..., None]) -> None:
    """Prints the first few cards as they appear; the console page has them all."""
    async with ctx.db.reading() as session:
        fresh = await demo.case_cards(session, after=max(shown, default=0))
    for message_id, card in fresh:
        if len(shown) < 3:
            write()
            write(draw(from_json(card), columns()), markup=False, highlight=False, soft_wrap=True)
        shown.add(message_id)


async def _ask(ctx: Context, people: portfolio.Portfolio, wave: str, out: Console) -> None:
    async with ctx.db.reading() as session:
        account = await demo.account_with_critic(session, wave)
    for email, text in (
        (people.manager, ""),
        (people.cx_lead, account),
        (people.cx_lead, "all"),
    ):
        reply = await _type(ctx, email, text)
        out.rule(f"/nps {text}".strip() + f"   ({email})", align="left")
        if isinstance(reply, Card):
            out.print(draw(reply, columns()), markup=False, highlight=False, soft_wrap=True)
        else:
            raise RuntimeError(f"/nps {text} gave no card: {reply}")
    # Who opens the console begins with how the programme stands.
    overview = await _type(ctx, people.cx_lead, "")
    assert isinstance(overview, Card)
    await ctx.chat.send(f"console:{people.cx_lead}", Message(overview, "demo:overview", "en"))


async def _type(ctx: Context, email: str, text: str) -> Reply:
    person = Person("console", email, email=email)
    return await routes.command(ctx, Command(person, person.place, text))


def _sum_up(outcome: Outcome, settings: Settings, out: Console, go_on: bool) -> None:
    out.rule("What happened", align="left")
    for line in (
        f"  {outcome.sent} prompts sent by SMTP",
        f"  {outcome.answered} answers came in over HTTP",
        f"  {outcome.critics} of them from critics, {outcome.posted} posted to their owner",
    ):
        out.print(line, highlight=False)
    if not outcome.good:
        out.print("  This is not as it should be.", style="bold red")
    if go_on:
        out.print(f"\n  Open {settings.server.public_url}/console   (Ctrl-C ends the demo)")


def _channel(name: str) -> str:
    return name.lower().replace(" ", "-")
