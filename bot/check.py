"""`npsbot check`: tests what an installation needs, and says what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from bot.config import Settings, is_loopback
from bot.context import close_channels, make_context, open_database
from bot.sender import Sender
from handlers import texts
from handlers.context import Context
from handlers.places.words import to_do
from storage import answers, places, scopes, wave_rollups
from storage.scopes import Part

TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Finding:
    """One thing that was tested; `advice` says what to do where it is not ok."""

    what: str
    ok: bool
    advice: str = ""


async def check(settings: Settings, recount: bool) -> tuple[int, list[str]]:
    """Gives exit code 0 when all is well, else 1, and a line a finding with what to do."""
    db = await open_database(settings)
    try:
        ctx = await make_context(settings, db)
        findings = [
            Finding("database: open and up to date", True),
            _privacy(settings),
            _fallback(settings),
            await _places(ctx),
            *await _mail(settings),
            await _public_address(settings),
            *await _slack(settings),
            *await _teams(settings, ctx),
        ]
        if recount:
            findings += [await _recount(ctx), await _recount_waves(ctx)]
        await close_channels(ctx)
    finally:
        await db.close()
    lines = []
    for finding in findings:
        lines.append(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.what}")
        if not finding.ok:
            lines.append(f"      {finding.advice}")
    return 0 if all(finding.ok for finding in findings) else 1, lines


def _privacy(settings: Settings) -> Finding:
    privacy = settings.privacy
    public = not is_loopback(urlsplit(settings.server.public_url).hostname)
    if public and (privacy.contact or "").endswith("@example.com"):
        return Finding(
            "privacy: controller and contact",
            False,
            "[privacy] still has the values of `npsbot init`: customers read them on the page.",
        )
    kept, window = privacy.keep_months, settings.programme.window_months
    if kept is not None and kept < window:
        return Finding(
            "privacy: answers keep their names as long as figures look back",
            False,
            f"[privacy] keep_months = {kept} is shorter than [programme] window_months = {window}: "
            "whoever answered before and after that time counts twice. Make window_months shorter.",
        )
    return Finding(
        "privacy: controller, contact and keep_months",
        settings.rules().privacy.complete,
        "Fill in all three keys of [privacy]; until then no wave starts.",
    )


def _fallback(settings: Settings) -> Finding:
    return Finding(
        "alerts: a fallback place",
        settings.alerts.fallback_place is not None,
        "Set [alerts] fallback_place to a channel that CX leads read.",
    )


async def _places(ctx: Context) -> Finding:
    t = texts.of("en")
    async with ctx.db.reading() as session:
        found = await places.troubled(session)
    todo = "; ".join(
        f"{each.row.name or each.row.place}: {to_do(each.row.mend or 'other', t)}" for each in found
    )
    return Finding("places: all that are bound take alerts", not found, todo)


async def _mail(settings: Settings) -> Sequence[Finding]:
    from bot.mail.check import check as check_mail

    found = await check_mail(settings.mail, settings.console.smtp_port)
    return [Finding(*each) for each in found]


async def _public_address(settings: Settings) -> Finding:
    url = settings.server.public_url.rstrip("/")
    what = f"address: {url} reaches this server"
    advice = "Start it with `npsbot run`"
    if not is_loopback(urlsplit(url).hostname):
        advice += ", and let your proxy pass https requests for this name to it"
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.get(f"{url}/readyz") as answer,
        ):
            return Finding(what, answer.status == 200, f"It answered {answer.status}. {advice}.")
    except (aiohttp.ClientError, TimeoutError) as error:
        return Finding(what, False, f"{type(error).__name__}. {advice}.")


async def _slack(settings: Settings) -> Sequence[Finding]:
    if not settings.slack.bot_token:
        return [Finding("slack: off (no bot_token)", True)]
    from bot.slack.check import check as check_slack

    found = await check_slack(settings.slack, settings.server.public_url)
    return [Finding(*each) for each in found]


async def _teams(settings: Settings, ctx: Context) -> Sequence[Finding]:
    if not settings.teams.app_id:
        return [Finding("teams: off (no app_id)", True)]
    from bot.msteams.channel import TeamsChannel
    from bot.msteams.check import check as check_teams

    assert isinstance(ctx.chat, Sender)
    channel = ctx.chat.channel_of("teams:")
    assert isinstance(channel, TeamsChannel)
    found = await check_teams(settings.teams, channel, settings.server.public_url)
    return [Finding(*each) for each in found]


async def _recount(ctx: Context) -> Finding:
    async with ctx.db.reading() as session:
        ids = [row.id for row in await scopes.accounts(session, Part())]
        before = await answers.read_rollup(session, ids)
        # An account with an answer that left the window is counted anew by its next reader.
        outdated = {row.account_id for row in before if row.leaves_on <= ctx.now()}
        ids = [account_id for account_id in ids if account_id not in outdated]
        before = await answers.read_rollup(session, ids)
        await answers.recount(session, ids, "relationship", ctx.now(), ctx.programme.window_months)
        after = await answers.read_rollup(session, ids)
    return Finding(
        f"figures: the rollup of {len(ids)} accounts equals a recount",
        before == after,
        f"{len(before ^ after)} rows differ. This is a fault of npsbot: please report it.",
    )


async def _recount_waves(ctx: Context) -> Finding:
    async with ctx.db.reading() as session:
        ids = [row.id for row in await scopes.accounts(session, Part())]
        waves = await wave_rollups.every_counted(session)
        differ = 0
        for wave_id in waves:
            before = await wave_rollups.read(session, wave_id)
            await wave_rollups.recount(session, [wave_id], ids)
            differ += len(before ^ await wave_rollups.read(session, wave_id))
    return Finding(
        f"figures: the sums of {len(waves)} closed waves equal a recount",
        not differ,
        f"{differ} rows differ. This is a fault of npsbot: please report it.",
    )
