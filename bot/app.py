"""The one wiring place: makes the context and the web application from the settings."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from secrets import token_urlsafe

from aiohttp import web

from bot import server
from bot.clock import Clock
from bot.config import ConfigError, Settings
from bot.engine import Engine, Pace
from bot.links import Addresses
from bot.sender import Sender
from handlers.chat import Chat
from handlers.context import Context, Job
from handlers.jobs import JOBS
from storage import running
from storage.db import Database
from storage.migrate import is_current, upgrade

SECRET_SETTING = "secret_key"
CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)


def utc_now() -> datetime:
    """The time of this machine; everybody else is told."""
    return datetime.now(UTC)


async def open_database(settings: Settings) -> Database:
    """Opens the database. SQLite is brought up to date; an outdated PostgreSQL is refused."""
    db = Database(settings.database.url)
    if db.is_sqlite:
        upgrade(settings.database.url)
    elif not is_current(settings.database.url):
        await db.close()
        raise ConfigError(["The database is not up to date. Run: npsbot migrate"])
    return db


async def secret_key(settings: Settings, db: Database) -> str:
    """Gives the configured key, else the one this installation made at its first start."""
    if settings.server.secret_key is not None:
        return settings.server.secret_key
    async with db.reading() as session:
        kept = await running.setting(session, SECRET_SETTING)
    if kept is not None:
        return kept
    async with db.session() as session:
        return await running.keep_setting(session, SECRET_SETTING, token_urlsafe(32))


def make_channels(
    settings: Settings, db: Database, addresses: Addresses, now: Callable[[], datetime]
) -> dict[str, Chat]:
    """Gives the adapter of each platform that is set up, by the word before a place's colon."""
    channels: dict[str, Chat] = {}
    if settings.slack.bot_token:
        from bot.pictures import picture
        from bot.slack.channel import SlackChannel

        channels["slack"] = SlackChannel(
            bot_token=settings.slack.bot_token,
            signing_secret=settings.slack.signing_secret,
            app_token=settings.slack.app_token,
            api_base_url=settings.slack.api_base_url,
            mode=settings.slack.mode,
            addresses=addresses,
            picture=picture,
        )
    if settings.mail.host:
        from bot.mail.adapter import MailChannel

        channels["mail"] = MailChannel(
            host=settings.mail.host,
            port=settings.mail.port,
            starttls=settings.mail.starttls,
            username=settings.mail.username,
            password=settings.mail.password,
            from_address=settings.mail.from_address,
            addresses=addresses,
            db=db,
            now=now,
        )
    if settings.console.enabled:
        from bot.web.console import ConsoleChannel

        channels["console"] = ConsoleChannel(db, now)
    return channels


async def make_context(
    settings: Settings,
    db: Database,
    now: Callable[[], datetime] = utc_now,
    soon: Callable[[Job, datetime | None], Awaitable[None]] | None = None,
) -> Context:
    """Makes the context; without `soon` nothing is carried out here, rows wait for the server."""
    rules = settings.rules()
    secret = await secret_key(settings, db)
    addresses = Addresses(settings.server.public_url.rstrip("/"), secret)
    chat = Sender(make_channels(settings, db, addresses, now))
    return Context(
        rules, db, chat, now, soon or _left_to_the_server, Pace(rules.per_second), secret
    )


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[Context]:
    """A context for one command of the command line: it only reads and writes rows."""
    db = await open_database(settings)
    try:
        yield await make_context(settings, db)
    finally:
        await db.close()


async def make_app(settings: Settings, now: Callable[[], datetime] = utc_now) -> web.Application:
    """Gives the whole bot as one web application; engine and clock start and stop with it."""
    db = await open_database(settings)
    rules = settings.rules()
    executor = f"{socket.gethostname()}:{settings.server.port}"
    engine = Engine(db, executor, channels=[channel for channel, _ in rules.pace], jobs=JOBS)
    clock = Clock(engine.enqueue, engine.beat)
    ctx = await make_context(settings, db, now, clock.soon)
    app = web.Application(client_max_size=server.MAX_BODY_BYTES)
    app[CONTEXT] = ctx
    server.add_routes(app, ctx)
    add_pages(app, settings, ctx)

    async def run(app: web.Application) -> AsyncIterator[None]:
        await engine.launch(ctx)
        clock.start(ctx)
        yield
        clock.stop()
        await engine.close()
        await db.close()

    app.cleanup_ctx.append(run)
    return app


def add_pages(app: web.Application, settings: Settings, ctx: Context) -> None:
    """Adds the pages and the ways in of every platform that is set up."""
    from bot import pictures
    from bot.web import survey_page

    survey_page.add_routes(app, ctx)
    pictures.add_routes(app, ctx)
    assert isinstance(ctx.chat, Sender)
    if settings.slack.bot_token:
        from bot.slack import adapter as slack

        slack.add_routes(app, ctx, ctx.chat.channel_of("slack:"))
    if settings.console.enabled:
        from bot.web import console
        from bot.web.console_smtp import ConsoleSmtp

        console.add_routes(app, ctx)
        if settings.console.smtp_port is not None:
            sink = ConsoleSmtp(ctx.db, ctx.now, settings.server.host, settings.console.smtp_port)

            async def run_sink(app: web.Application) -> AsyncIterator[None]:
                await sink.start()
                yield
                await sink.stop()

            app.cleanup_ctx.append(run_sink)


async def _left_to_the_server(job: Job, at: datetime | None) -> None:
    """The rows say what is due; the server's clock finds them within its tick."""
