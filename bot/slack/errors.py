"""What Slack's refusals mean: one table from its words to wait, mend, doubt or draw shorter."""

from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from handlers.chat import ChatError, InDoubt, TryLater, Unreachable

DEFAULT_WAIT_SECONDS = 30.0
SERVICE_UNAVAILABLE = 503  # refused before it was taken; other 5xx may come after the message stood
HTTP_TOO_MANY = 429

# Refused before it was taken: the same call may work later.
WAIT = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable",
                  "team_added_to_org", "request_timeout", "accesslimited"})  # fmt: skip
# Slack does not say whether the message stands.
DOUBT = frozenset({"internal_error", "fatal_error"})
# The card is refused, not the place: it goes once more as short text.
TOO_MUCH = frozenset({"msg_too_long", "msg_blocks_too_long", "invalid_blocks",
                      "invalid_blocks_format", "too_many_blocks", "no_text",
                      "invalid_attachments"})  # fmt: skip
# Will not work by waiting: the text under [mend] that says what a person must do about it.
MEND = {
    "not_in_channel": "invite",
    "channel_not_found": "no_channel",
    "is_archived": "archived",
    "is_inactive": "frozen",
    "channel_is_limited_access": "limited",
    "cannot_reply_to_message": "no_replies",
    "thread_not_found": "message_gone",
    "message_not_found": "message_gone",
    "cant_update_message": "no_edit",
    "edit_window_closed": "no_edit",
    "user_not_found": "slack_id",
    "users_not_found": "slack_id",
    "user_not_visible": "slack_id",
    "user_disabled": "person_off",
    "cannot_dm_bot": "is_bot",
    "messages_tab_disabled": "messages_tab",
    "restricted_action": "restricted",
    "restricted_action_read_only_channel": "read_only",
    "restricted_action_thread_only_channel": "threads_only",
    "restricted_action_non_threadable_channel": "no_threads",
    "missing_scope": "scope",
    "no_permission": "scope",
    "not_allowed_token_type": "token_kind",
    "ekm_access_denied": "key_management",
    "token_revoked": "token_new",
    "token_expired": "token_new",
    "invalid_auth": "token_wrong",
    "not_authed": "token_wrong",
    "account_inactive": "slack_removed",
    "org_login_required": "moving",
}
# Says something about the person asked for alone.
ABOUT_PERSON = frozenset({"user_not_found", "users_not_found", "user_not_visible"})
GONE_PEOPLE = frozenset({"user_not_found", "users_not_found", "user_disabled"})


class Rubbish(SlackClientError):
    """An answer that is none of Slack's: a page of a proxy, or words without a meaning."""


class Refusal(Exception):
    """Slack refused the card itself: draw it shorter."""


class Failed(InDoubt):
    """Slack answered that it failed itself: whether the message stands, its history tells."""


def error_word(error: SlackApiError) -> str:
    """Gives Slack's word for what went wrong, such as `not_in_channel`."""
    response = error.response
    data = response.data if hasattr(response, "data") else None
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def status_of(error: SlackApiError) -> int:
    """Gives the HTTP status, or 0."""
    response = error.response
    return int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)


def read(error: Exception) -> ChatError | Refusal:
    """Gives what an error of a call means; raises it again when it is none of Slack's."""
    match error:
        case SlackApiError():
            return _refused(error)
        case ChatError():
            return error
        case aiohttp.ClientConnectorError() | aiohttp.ServerTimeoutError() if not _sent(error):
            return TryLater("Slack can't be reached", DEFAULT_WAIT_SECONDS)
        case TimeoutError() | aiohttp.ClientError() | OSError() | SlackClientError():
            return InDoubt("Slack's answer was lost after the data was sent")
        case _:
            raise error


def part(answer: AsyncSlackResponse, name: str) -> Any:
    """Gives a part that every answer of a method has; raises Rubbish where it is missing."""
    found = answer.get(name)
    if not found:
        raise Rubbish(f"an answer without {name}")
    return found


def _sent(error: Exception) -> bool:
    return isinstance(error, aiohttp.SocketTimeoutError)


def _refused(error: SlackApiError) -> ChatError | Refusal:
    word, status = error_word(error), status_of(error)
    if word in TOO_MUCH:
        return Refusal(word)
    if word in WAIT or status in (HTTP_TOO_MANY, SERVICE_UNAVAILABLE):
        return TryLater(f"Slack asks to wait ({word or status})", _wait_seconds(error))
    if word in DOUBT or status >= 500:
        return Failed(f"Slack failed ({word or status})")
    if not word and status < 400:
        return InDoubt("Slack's answer could not be read")
    return Unreachable(
        f"Slack: {word or status}", bounced=word in GONE_PEOPLE, mend=MEND.get(word, "other")
    )


def _wait_seconds(error: SlackApiError) -> float:
    headers = getattr(error.response, "headers", None) or {}
    text = next((v for k, v in headers.items() if k.lower() == "retry-after"), None)
    try:
        return max(float(text[0] if isinstance(text, list) else text or ""), 1.0)
    except ValueError:
        return DEFAULT_WAIT_SECONDS
