"""Tries out the Slack settings for `npsbot check`, and says what to do about each problem."""

from email.utils import parsedate_to_datetime
from time import time

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import way_in
from bot.config import Slack
from bot.links import Addresses
from bot.slack import errors
from bot.slack.channel import SlackChannel
from bot.slack.manifest import SCOPES
from bot.slack.people import FAILURES
from bot.way_in import Finding
from handlers import texts
from handlers.places.words import told

PATH = "/slack/events"
MOST_SECONDS_APART = 120  # signatures are refused from five minutes on


async def check(slack: Slack, public_url: str) -> list[Finding]:
    """Gives a line for token, rights, clock and way in."""
    token = slack.bot_token or ""
    channel = SlackChannel(token, Addresses(public_url, ""), api_base_url=slack.api_base_url)
    try:
        answer = await channel.client.auth_test()
    except FAILURES as error:
        return [("Slack token", False, _what_to_do(error))]
    who = f"{answer.get('user')} in {answer.get('team')}"
    found: list[Finding] = [("Slack token", True, who)]
    headers = {name.lower(): value for name, value in (answer.headers or {}).items()}
    granted = {scope.strip() for scope in str(headers.get("x-oauth-scopes") or "").split(",")}
    missing = [scope for scope in SCOPES if scope not in granted]
    found.append(
        (
            "Slack scopes",
            not missing,
            f"missing {', '.join(missing)}: add them under OAuth & Permissions and install the app "
            "again (npsbot slack-manifest prints all)"
            if missing
            else f"all {len(SCOPES)}",
        )
    )
    if "date" in headers:
        found.append(_clock(parsedate_to_datetime(headers["date"]).timestamp(), time()))
    if slack.mode == "socket":
        found.append(await _socket(slack.app_token, channel.client))
    else:
        found.append(await _way_in(slack.signing_secret, public_url))
    return found


def _clock(told: float, now: float) -> Finding:
    apart = round(abs(now - told))
    advice = f"this clock differs by {apart} s from Slack's: set it by NTP, or requests are refused"
    return ("Slack clock", apart <= MOST_SECONDS_APART, advice)


async def _way_in(signing_secret: str | None, public_url: str) -> Finding:
    if not signing_secret:
        return ("Slack way in", False, "set [slack] signing_secret (Basic Information of the app)")
    url = public_url.rstrip("/") + PATH
    if not url.startswith("https://"):
        advice = 'Slack needs https: set [server] public_url, or [slack] mode = "socket"'
        return ("Slack way in", False, advice)
    return await way_in.tried("Slack way in", url, PATH, f"signed requests at {PATH}")


async def _socket(app_token: str | None, client: AsyncWebClient) -> Finding:
    if not app_token:
        return ("Slack socket", False, "set [slack] app_token (an xapp- token, connections:write)")
    try:
        await client.apps_connections_open(app_token=app_token)
    except FAILURES as error:
        return ("Slack socket", False, _what_to_do(error).replace("bot_token", "app_token"))
    return ("Slack socket", True, "connects")


def _what_to_do(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        word = errors.error_word(error)
        said = f"Slack says {word or errors.status_of(error)}"
        return told(said, errors.MEND[word], texts.of("en")) if word in errors.MEND else said
    return f"Slack can't be reached ({type(error).__name__}): check the network and api_base_url"
