"""The one wiring place: makes the whole bot as a web application from the settings."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from bot import server
from bot.clock import Clock
from bot.config import Settings
from bot.context import close_channels, make_context, open_database
from bot.engine import Engine
from bot.now import utc_now
from bot.sender import Sender
from handlers.answers import AnswerGroup
from handlers.calendars import is_holiday
from handlers.context import Context
from handlers.jobs import JOBS

if TYPE_CHECKING:
    from bot.msteams.auth import TeamsAuth  # a process without Teams does not load it

INBOX_SECONDS = 60
CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)


async def make_app(
    settings: Settings,
    now: Callable[[], datetime] = utc_now,
    teams_auth: "TeamsAuth | None" = None,
) -> web.Application:
    """Gives the whole bot as one web application; engine and clock start and stop with it.

    `teams_auth` lets Teams' requests in; without one, tokens are checked as Microsoft signs them.
    """
    db = await open_database(settings)
    rules = settings.rules()
    executor = f"{socket.gethostname()}:{settings.server.port}"
    engine = Engine(db, executor, channels=[channel for channel, _ in rules.pace], jobs=JOBS)
    clock = Clock(engine.enqueue, engine.beat)
    ctx = await make_context(settings, db, now, clock.soon, teams_auth)
    app = web.Application(client_max_size=server.MAX_BODY_BYTES)
    app[CONTEXT] = ctx
    server.add_routes(app, ctx)
    answers = AnswerGroup(ctx)
    add_pages(app, settings, ctx, answers)

    async def run(app: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:  # what fails to end keeps nothing else from ending
            stack.push_async_callback(db.close)
            stack.push_async_callback(close_channels, ctx)
            # The calendars of all countries load in a quarter of a second: not at the first alert.
            await asyncio.to_thread(is_holiday, now().date(), rules.country)
            await engine.launch(ctx, answers.in_a_rush)
            stack.push_async_callback(engine.close)
            assert isinstance(ctx.chat, Sender)
            clock.start(ctx, partial(ctx.chat.meet, ctx), answers.in_a_rush)
            stack.push_async_callback(clock.stop)
            read_mail(settings, ctx, clock)
            yield

    app.cleanup_ctx.append(run)
    return app


def read_mail(settings: Settings, ctx: Context, clock: Clock) -> None:
    """Lets the clock look for bounces and automatic replies, where a mailbox is named."""
    if not (settings.mail.inbox or settings.mail.imap_host):
        return
    from bot.mail.adapter import MailChannel
    from bot.mail.inbox import Inbox, box_of

    assert isinstance(ctx.chat, Sender)
    channel = ctx.chat.channel_of("mail:")
    assert isinstance(channel, MailChannel)
    clock.every(INBOX_SECONDS, Inbox(ctx, box_of(settings.mail), channel).look, "inbox")


def add_pages(app: web.Application, settings: Settings, ctx: Context, answers: AnswerGroup) -> None:
    """Adds the pages and the ways in of every platform that is set up."""
    from bot import pictures
    from bot.web import about, settled_page, survey_page

    survey_page.add_routes(app, ctx, answers)
    settled_page.add_routes(app, ctx)
    about.add_routes(app, ctx)
    pictures.add_routes(app, ctx)
    assert isinstance(ctx.chat, Sender)
    if settings.slack.bot_token:
        from bot.slack import adapter as slack

        slack.add_routes(app, ctx, ctx.chat.channel_of("slack:"))
    if settings.teams.app_id:
        from bot.msteams import adapter as teams

        teams.add_routes(app, ctx, ctx.chat.channel_of("teams:"))
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
