"""Tries out the Teams settings for `npsbot check`, and says what to do about each problem."""

from email.utils import parsedate_to_datetime
from time import time

import aiohttp

from bot import way_in
from bot.config import Teams
from bot.msteams import errors
from bot.msteams.auth import BotAuth, KeysUnavailable
from bot.msteams.channel import TeamsChannel
from bot.msteams.connector import Address
from bot.way_in import Finding
from handlers import texts
from handlers.chat import ChatError
from handlers.places.words import why
from storage import conversations

PATH = "/api/messages"
TIMEOUT_SECONDS = 10
MOST_SECONDS_APART = 120  # tokens are refused from five minutes on


async def check(teams: Teams, channel: TeamsChannel, public_url: str) -> list[Finding]:
    """Gives a line for keys, token, clock, way in, and the right to read who is in a chat."""
    auth = BotAuth(teams)
    try:
        return [
            await _keys(auth, teams),
            await _token(auth),
            await _clock(teams),
            await _way_in(public_url),
            await _rights(channel),
        ]
    finally:
        await auth.close()


async def _keys(auth: BotAuth, teams: Teams) -> Finding:
    try:
        found = await auth.fetch_keys()
    except KeysUnavailable:
        address = teams.openid_metadata_url
        advice = f"{address} gives no signing keys: let this machine reach it by https"
        return ("Teams keys", False, advice)
    return ("Teams keys", True, f"{found} signing keys")


async def _token(auth: BotAuth) -> Finding:
    try:
        await auth.token()
    except ChatError as error:
        return ("Teams token", False, why(error, texts.of("en")))
    return ("Teams token", True, "the app's secret is taken")


async def _clock(teams: Teams) -> Finding:
    try:
        async with _http() as http, http.get(teams.openid_metadata_url) as answer:
            told = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (aiohttp.ClientError, TimeoutError, KeyError, ValueError) as error:
        return ("Teams clock", False, f"Microsoft's time is not known ({type(error).__name__})")
    apart = round(abs(time() - told))
    advice = f"this clock differs by {apart} s from Microsoft's: set it by NTP, or tokens fail"
    return ("Teams clock", apart <= MOST_SECONDS_APART, advice)


async def _way_in(public_url: str) -> Finding:
    url = public_url.rstrip("/") + PATH
    if not url.startswith("https://"):
        return ("Teams way in", False, "Teams needs https: set [server] public_url")
    works = f"set {url} as the messaging endpoint of the Azure bot"
    return await way_in.tried("Teams way in", url, PATH, works)


async def _rights(channel: TeamsChannel) -> Finding:
    async with channel.db.reading() as session:
        known = await conversations.latest(session)
    if known is None:
        advice = "nobody added the app yet: upload the package of `npsbot teams-package`, add it"
        return ("Teams conversations", False, f"{advice} to a team and write to it once")
    at = Address(known.id, known.service_url, known.bot, channel.tenant)
    try:
        await channel.connector.members(at, None)
    except Exception as error:
        found = errors.read(error)
        told = why(found, texts.of("en")) if isinstance(found, ChatError) else str(found)
        return ("Teams conversations", False, told)
    return ("Teams conversations", True, "the bot reads who is in a chat")


def _http() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
