"""The manifest from which Slack makes the app (api.slack.com/apps): what each right is for."""

import json
from typing import Any, Literal

# Every scope with its reason; `npsbot check` asks for the same list.
SCOPES: dict[str, str] = {
    "chat:write": "post alerts, answers and survey prompts, and edit them in place",
    "commands": "the slash command /nps",
    "app_mentions:read": "answer @npsbot in a channel",
    "im:write": "open direct messages with members and contacts",
    "im:history": "read `nps acme` in a direct message, and settle a doubtful send",
    "channels:history": "keep replies to a case's card as notes; other messages are not kept",
    "groups:history": "the same in private channels",
    "im:read": "know which direct channel belongs to whom",
    "channels:read": "see whether people from outside can read a public channel",
    "groups:read": "the same for private channels",
    "mpim:read": "the same for group messages",
    "users:read": "tell members from guests and people of other workspaces",
    "users:read.email": "match people to npsbot's members by e-mail",
    "files:write": "show charts where Slack can't fetch them from the public address",
}
KEEP = "case_note"  # the message shortcut
EVENTS: dict[str, str] = {
    "app_home_opened": "draw the home tab",
    "app_mention": "answer in channels",
    "message.im": "answer direct messages",
    "message.channels": "keep replies in the thread of a case's card as notes",
    "message.groups": "the same in private channels",
    "member_joined_channel": "look again who can read a channel",
    "member_left_channel": "notice when the bot is removed from a channel",
    "channel_shared": "stop customer figures at once when a channel is shared with outsiders",
    "channel_unshared": "let them come back",
    "channel_archive": "tell CX when a bound channel closes",
    "channel_deleted": "the same",
    "channel_left": "the same",
    "group_archive": "the same for private channels",
    "group_deleted": "the same",
    "group_left": "the same",
    "user_change": "offer CX to pass on what somebody has whose account was closed",
    "channel_rename": "call a bound channel by its new name",
    "channel_unarchive": "use a bound channel again",
    "group_rename": "call a private channel by its new name",
    "group_unarchive": "use a private channel again",
    "app_uninstalled": "tell CX on the other channels",
    "tokens_revoked": "the same",
}


def manifest(public_url: str, mode: Literal["http", "socket"] = "http") -> str:
    """Gives the manifest as JSON; `reasons` says what each right and event is for."""
    return json.dumps(manifest_data(public_url, mode), indent=2, ensure_ascii=False)


def manifest_data(public_url: str, mode: Literal["http", "socket"] = "http") -> dict[str, Any]:
    """Gives the manifest; in Socket Mode no address is needed."""
    socket = mode == "socket"
    address = f"{public_url.rstrip('/')}/slack/events"
    requests = {} if socket else {"request_url": address}
    loading = {} if socket else {"message_menu_options_url": address}
    command: dict[str, Any] = {
        "command": "/nps",
        "description": "How our customers see us",
        "usage_hint": "acme | cases | wave new | help",
        "should_escape": True,
    }
    if not socket:
        command["url"] = address
    return {
        "display_information": {
            "name": "npsbot",
            "description": "Asks customers, alerts account managers, answers /nps",
            "background_color": "#1f3a5f",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "npsbot", "always_online": True},
            "slash_commands": [command],
            "shortcuts": [
                {
                    "name": "Keep as note on a case",
                    "type": "message",
                    "callback_id": KEEP,
                    "description": "Keeps this message with the case of a customer",
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**requests, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **requests, **loading},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
    }


def reasons() -> str:
    """Gives a line for each right and event: what it is for."""
    rights = [f"  {scope}: {reason}" for scope, reason in SCOPES.items()]
    events = [f"  {event}: {reason}" for event, reason in EVENTS.items()]
    return "\n".join(["Rights:", *rights, "Events:", *events])
