"""The Web API of Slack as we call it: nothing is repeated, and nonsense is an error like others."""

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.errors import Rubbish

TIMEOUT_SECONDS = 10


class Client(AsyncWebClient):
    """The library's client; a proxy's page or a word without a meaning raises Rubbish."""

    def __init__(self, token: str, base_url: str) -> None:
        # By itself the library sends again after a lost connection: a survey could go out twice.
        super().__init__(token=token, base_url=base_url, timeout=TIMEOUT_SECONDS, retry_handlers=[])

    async def api_call(self, api_method: str, **asked: Any) -> AsyncSlackResponse:
        """Calls a method; raises what bot/slack/errors.py reads."""
        try:
            return await super().api_call(api_method, **asked)
        except (AttributeError, TypeError, ValueError) as error:
            # The library takes every answer for an object with fields.
            raise Rubbish(f"{api_method}: {type(error).__name__}") from error
