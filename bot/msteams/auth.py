"""Who is speaking: checks the tokens of Teams' requests, and gets the token of our own calls.

The checks are those of Microsoft's library; keys are fetched without stopping the event loop, and
every bad token is a refusal.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
import jwt
import structlog

from bot.config import Teams
from handlers.chat import TryLater, Unreachable

log = structlog.get_logger()

ALGORITHMS = ["RS256", "RS384", "RS512"]
LEEWAY_SECONDS = 300  # Microsoft's own tolerance for clocks that differ
KEYS_KEEP_SECONDS = 24 * 3600.0
KEYS_AGAIN_SECONDS = 300.0  # an unknown key id asks for the keys anew, no more often than this
TIMEOUT_SECONDS = 10
TOKEN_SPARE_SECONDS = 300.0  # a token is renewed so long before its end
CHANNEL = "msteams"
BOT = "28:"  # begins the id of every bot
PUBLIC_CLOUD = "https://api.botframework.com"
# The end of the key address's host tells the cloud; its name is issuer and scope.
CLOUDS = {
    ".azure.us": "https://api.botframework.us",
    ".azure.cn": "https://api.botframework.azure.cn",
}


class Denied(Exception):
    """A request that is not let in; `status` is 401 or 403."""

    def __init__(self, reason: str, status: int = 401) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class KeysUnavailable(Exception):
    """Microsoft's signing keys can't be fetched now: nobody can be let in."""


@dataclass(frozen=True)
class Caller:
    """Who signed a request: the claims of the token, and the channels its key is good for."""

    claims: Mapping[str, Any] = field(default_factory=dict)
    endorsements: frozenset[str] = frozenset()


class TeamsAuth(Protocol):
    """Lets requests in, and gives the token of our own."""

    async def caller(self, header: str | None) -> Caller:
        """Gives who signed; raises Denied (401) or KeysUnavailable."""
        ...

    def allow(self, caller: Caller, activity: Mapping[str, Any]) -> None:
        """Raises Denied (403) for an activity that the caller may not send."""
        ...

    async def token(self) -> str | None:
        """Gives the token of our own calls; raises TryLater or Unreachable."""
        ...

    async def close(self) -> None:
        """Closes connections."""
        ...


class BotAuth:
    """Tokens as Microsoft's Bot Connector signs and takes them."""

    def __init__(self, teams: Teams, now: Callable[[], float] = monotonic) -> None:
        self._teams = teams
        self._now = now
        self._cloud = cloud_of(teams.openid_metadata_url)
        self._session: aiohttp.ClientSession | None = None
        self._keys: dict[str, tuple[Any, frozenset[str]]] = {}
        self._fetched_at: float | None = None
        self._fetching = asyncio.Lock()
        self._token: tuple[str, float] | None = None
        self._asking = asyncio.Lock()

    async def caller(self, header: str | None) -> Caller:
        """Gives who signed a request; raises Denied for every bad token."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Denied("no bearer token")
        try:
            head = jwt.get_unverified_header(token.strip())
        except (jwt.PyJWTError, ValueError) as error:
            raise Denied("not a token") from error
        if head.get("alg") not in ALGORITHMS:
            raise Denied("signed by an algorithm that is not allowed")
        found = await self._key(str(head.get("kid") or ""))
        if found is None:
            raise Denied("signed by an unknown key")
        key, endorsements = found
        try:
            claims: dict[str, Any] = jwt.decode(
                token.strip(),
                key,
                algorithms=ALGORITHMS,
                audience=self._teams.app_id,
                issuer=self._cloud,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise Denied(f"token refused: {type(error).__name__}") from error
        return Caller(claims, endorsements)

    def allow(self, caller: Caller, activity: Mapping[str, Any]) -> None:
        """Refuses another channel's key, service address, organisation, and other bots' mail."""
        channel = activity.get("channelId")
        if channel != CHANNEL or (caller.endorsements and channel not in caller.endorsements):
            raise Denied("the key is not good for this channel", 403)
        service_url = activity.get("serviceUrl")
        if service_url is not None and caller.claims.get("serviceurl") != service_url:
            raise Denied("the service address is not the token's", 403)
        tenant = tenant_of(activity)
        if tenant is not None and tenant != self._teams.tenant_id:
            raise Denied("another organisation", 403)
        recipient = activity.get("recipient")
        to = str(recipient.get("id")) if isinstance(recipient, Mapping) else ""
        if to.startswith(BOT) and to.lower() != f"{BOT}{self._teams.app_id}".lower():
            raise Denied("meant for another bot", 403)

    async def token(self) -> str | None:
        """Gives the token of our own calls, kept until shortly before its end."""
        async with self._asking:
            if self._token is None or self._token[1] <= self._now():
                self._token = await self._ask_token()
            return self._token[0]

    async def fetch_keys(self) -> int:
        """Fetches the signing keys anew and gives their number; raises KeysUnavailable."""
        async with self._fetching:
            await self._fetch_keys()
            return len(self._keys)

    async def close(self) -> None:
        """Closes the connections to Microsoft."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _key(self, key_id: str) -> tuple[Any, frozenset[str]] | None:
        async with self._fetching:
            age = None if self._fetched_at is None else self._now() - self._fetched_at
            unknown = key_id not in self._keys
            if age is None or age > KEYS_KEEP_SECONDS or (unknown and age > KEYS_AGAIN_SECONDS):
                await self._fetch_keys()
            return self._keys.get(key_id)

    async def _fetch_keys(self) -> None:
        try:
            metadata = await self._get(self._teams.openid_metadata_url)
            listed = (await self._get(str(metadata["jwks_uri"])))["keys"]
            keys = {str(key["kid"]): _read_key(key) for key in listed if key.get("kty") == "RSA"}
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
            log.warning("teams keys not fetched", reason=type(error).__name__)
            # Known keys stay good for a while: Microsoft announces changes days before.
            if not self._keys:
                raise KeysUnavailable from error
        else:
            self._keys = keys
        self._fetched_at = self._now()

    async def _get(self, url: str) -> Any:
        async with self._http().get(url) as answer:
            answer.raise_for_status()
            return await answer.json(content_type=None)

    async def _ask_token(self) -> tuple[str, float]:
        url = self._teams.token_url.replace("{tenant_id}", self._teams.tenant_id or "")
        form = {
            "grant_type": "client_credentials",
            "client_id": self._teams.app_id or "",
            "client_secret": self._teams.app_password or "",
            "scope": f"{self._cloud}/.default",
        }
        try:
            async with self._http().post(url, data=form) as answer:
                status = answer.status
                told = await answer.json(content_type=None)
            if status == 200:
                seconds = max(float(told["expires_in"]) - TOKEN_SPARE_SECONDS, 1.0)
                return str(told["access_token"]), self._now() + seconds
            word = str(told.get("error") or status)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TryLater("Microsoft's sign-in can't be reached") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TryLater("Microsoft's sign-in answers nonsense: check token_url") from error
        if status >= 500 or status == 429:
            raise TryLater(f"Microsoft's sign-in asks to wait ({word})")
        raise Unreachable(f"Microsoft does not take the bot's secret ({word})", mend="teams_secret")

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        return self._session


def cloud_of(metadata_url: str) -> str:
    """Gives the issuer of the cloud that these keys belong to; it is our token's scope too."""
    host = urlsplit(metadata_url).hostname or ""
    return next((name for end, name in CLOUDS.items() if host.endswith(end)), PUBLIC_CLOUD)


def tenant_of(activity: Mapping[str, Any]) -> str | None:
    """Gives the organisation that an activity comes from, where it says so."""
    conversation = activity.get("conversation")
    data = activity.get("channelData")
    tenant = data.get("tenant") if isinstance(data, Mapping) else None
    found = conversation.get("tenantId") if isinstance(conversation, Mapping) else None
    found = found or (tenant.get("id") if isinstance(tenant, Mapping) else None)
    return str(found) if found else None


def _read_key(key: dict[str, Any]) -> tuple[Any, frozenset[str]]:
    try:
        read = jwt.PyJWK(key, algorithm=ALGORITHMS[0]).key
    except jwt.PyJWTError as error:
        raise ValueError("a key can't be read") from error
    return read, frozenset(str(each) for each in key.get("endorsements") or ())
