"""Makes the context that every handler is given; loads a platform only when it is spoken to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from bot.config import ConfigError, Settings
from bot.links import Addresses
from bot.now import utc_now
from bot.pace import Pace
from bot.sender import Sender
from handlers.chat import Chat
from handlers.context import Context, Job
from storage import running
from storage.db import Database
from storage.version import is_current

if TYPE_CHECKING:
    from bot.msteams.auth import TeamsAuth  # a process without Teams does not load it

SECRET_SETTING = "secret_key"


async def open_database(settings: Settings) -> Database:
    """Opens the database. SQLite is brought up to date; an outdated PostgreSQL is refused."""
    db = Database(settings.database.url)
    if await is_current(db):
        return db
    if not db.is_sqlite:
        await db.close()
        raise ConfigError(["The database is not up to date. Run: npsbot migrate"])
    from storage.migrate import upgrade

    await asyncio.to_thread(upgrade, settings.database.url)
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
    settings: Settings,
    db: Database,
    addresses: Addresses,
    now: Callable[[], datetime],
    teams_auth: "TeamsAuth | None" = None,
) -> dict[str, Callable[[], Chat]]:
    """Gives how to make the adapter of each platform that is set up, by the place's first word."""

    def slack() -> Chat:
        from bot.pictures import picture
        from bot.slack.channel import SlackChannel

        return SlackChannel(
            bot_token=settings.slack.bot_token or "",
            signing_secret=settings.slack.signing_secret,
            app_token=settings.slack.app_token,
            api_base_url=settings.slack.api_base_url,
            mode=settings.slack.mode,
            addresses=addresses,
            picture=picture,
        )

    @cache
    def teams() -> Chat:
        from bot.msteams.adapter import BotConnector
        from bot.msteams.auth import BotAuth
        from bot.msteams.channel import TeamsChannel

        auth = teams_auth or BotAuth(settings.teams)
        app_id = settings.teams.app_id or ""
        return TeamsChannel(
            BotConnector(app_id, auth),
            auth,
            db,
            addresses,
            app_id=app_id,
            tenant=settings.teams.tenant_id or "",
            clock=now,
        )

    def mail() -> Chat:
        from bot.mail.adapter import MailChannel

        return MailChannel(
            host=settings.mail.host or "",
            port=settings.mail.port,
            starttls=settings.mail.starttls,
            username=settings.mail.username,
            password=settings.mail.password,
            from_address=settings.mail.from_address,
            addresses=addresses,
            db=db,
            now=now,
        )

    def console() -> Chat:
        from bot.web.console import ConsoleChannel

        return ConsoleChannel(db, now)

    made: dict[str, Callable[[], Chat]] = {}
    if settings.slack.bot_token:
        made["slack"] = slack
    if settings.teams.app_id:
        made["teams"] = made["teams-user"] = teams
    if settings.mail.host:
        made["mail"] = mail
    if settings.console.enabled:
        made["console"] = console
    return made


async def make_context(
    settings: Settings,
    db: Database,
    now: Callable[[], datetime] = utc_now,
    soon: Callable[[Job, datetime | None], Awaitable[None]] | None = None,
    teams_auth: "TeamsAuth | None" = None,
) -> Context:
    """Makes the context; without `soon` nothing is carried out here, rows wait for the server."""
    rules = settings.rules()
    secret = await secret_key(settings, db)
    addresses = Addresses(settings.server.public_url.rstrip("/"), secret, now)
    chat = Sender(make_channels(settings, db, addresses, now, teams_auth))
    return Context(
        rules, db, chat, now, soon or _left_to_the_server, Pace(rules.per_second), secret
    )


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[Context]:
    """A context for one command of the command line: it only reads and writes rows."""
    db = await open_database(settings)
    try:
        ctx = await make_context(settings, db)
        try:
            yield ctx
        finally:
            await close_channels(ctx)
    finally:
        await db.close()


async def close_channels(ctx: Context) -> None:
    """Closes the connections of every platform that was spoken to."""
    assert isinstance(ctx.chat, Sender)
    await ctx.chat.close()


async def _left_to_the_server(job: Job, at: datetime | None) -> None:
    """The rows say what is due; the server's clock finds them within its tick."""
