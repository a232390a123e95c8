"""What Slack's refusals mean: one table from its words to wait, mend, doubt or draw shorter."""

from typing import NoReturn

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

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
# Will not work by waiting: what a person must do about it.
MEND = {
    "not_in_channel": "the bot is not in this channel: invite it with /invite",
    "channel_not_found": "Slack knows no such channel, or it is private: invite the bot there",
    "is_archived": "this channel is archived: bind another one",
    "is_inactive": "this channel is frozen: bind another one",
    "channel_is_limited_access": "only some may post here: ask the channel's owner",
    "cannot_reply_to_message": "this thread takes no replies",
    "thread_not_found": "the message that this answers is gone",
    "message_not_found": "the message is gone",
    "cant_update_message": "the message is not the bot's own, or can't be edited any more",
    "edit_window_closed": "the workspace does not allow to edit so late",
    "user_not_found": "Slack knows no such person: check the Slack id",
    "users_not_found": "Slack knows no such person: check the Slack id",
    "user_not_visible": "the bot may not see this person: check the Slack id",
    "user_disabled": "this person's Slack account is switched off",
    "cannot_dm_bot": "this Slack id belongs to a bot: check the Slack id",
    "messages_tab_disabled": "direct messages are off: switch on the Messages tab of the app",
    "restricted_action": "a workspace rule forbids this: ask the Slack administrator",
    "restricted_action_read_only_channel": "this channel is read only: bind another one",
    "restricted_action_thread_only_channel": "only threads here: bind another channel",
    "restricted_action_non_threadable_channel": "no threads here: bind another channel",
    "missing_scope": "the Slack app lacks a permission: install it again from the manifest",
    "not_allowed_token_type": "the token is of the wrong kind: use the xoxb- bot token",
    "no_permission": "the Slack app lacks a permission: install it again from the manifest",
    "ekm_access_denied": "the workspace's key management forbids this: ask its administrator",
    "token_revoked": "the Slack token was revoked: install the app again, set [slack] bot_token",
    "token_expired": "the Slack token is expired: install the app again, set [slack] bot_token",
    "invalid_auth": "Slack does not take the token: check [slack] bot_token",
    "not_authed": "Slack got no token: check [slack] bot_token",
    "account_inactive": "the app was removed from Slack: install it again",
    "org_login_required": "the workspace is being moved: ask the Slack administrator",
}  # fmt: skip


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
        case aiohttp.ClientConnectorError() | aiohttp.ServerTimeoutError() if not _sent(error):
            return TryLater("Slack can't be reached", DEFAULT_WAIT_SECONDS)
        case TimeoutError() | aiohttp.ClientError() | OSError() | SlackClientError():
            return InDoubt("Slack's answer was lost after the data was sent")
        case _:
            raise error


def raise_read(error: Exception) -> NoReturn:
    """Raises what an error of a call means."""
    raise read(error) from error


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
    return Unreachable(
        f"Slack: {word or status}: {MEND.get(word, 'see npsbot check')}",
        bounced=word in ("user_not_found", "users_not_found", "user_disabled"),
    )


def _wait_seconds(error: SlackApiError) -> float:
    headers = getattr(error.response, "headers", None) or {}
    text = next((v for k, v in headers.items() if k.lower() == "retry-after"), None)
    try:
        return max(float(text[0] if isinstance(text, list) else text or ""), 1.0)
    except ValueError:
        return DEFAULT_WAIT_SECONDS
