"""Reads what Slack sends: commands, clicks, submissions and typed words, without doing anything."""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from html import unescape
from typing import Any

from bot.slack.elements import LINK_ACTION, MARK, split_action
from bot.slack.forms import ANSWER, LOOKUP
from bot.slack.origin import Origin
from handlers.chat import Notice, NoticeKind

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|([^>]*))?>")
_LINK = re.compile(r"<(?:mailto:|https?://|tel:)[^|>]*\|([^>]+)>")
_BARE_LINK = re.compile(r"<(?:mailto:)?(https?://[^|>]+|[^@|>\s]+@[^|>\s]+)>")
# Events of a channel, and what they mean for the places bound to it.
PLACE_NOTICES: dict[str, NoticeKind] = {
    "channel_shared": "place_shared",
    "channel_archive": "place_closed",
    "channel_deleted": "place_closed",
    "channel_left": "place_closed",
    "group_archive": "place_closed",
    "group_deleted": "place_closed",
    "group_left": "place_closed",
    "channel_rename": "place_renamed",
    "group_rename": "place_renamed",
    "channel_unarchive": "place_opened",
    "group_unarchive": "place_opened",
    "channel_unshared": "place_opened",
    "member_joined_channel": "readers_changed",
}
APP_NOTICES: dict[str, NoticeKind] = {"app_uninstalled": "removed", "tokens_revoked": "revoked"}
NOTICED = (*PLACE_NOTICES, *APP_NOTICES, "member_left_channel")
REPLY_SHOWN = "thread_broadcast"  # a reply that its writer showed in the channel too
_COMMAND_WORD = re.compile(r"^\s*/?nps\b[:,]?", re.IGNORECASE)


async def typed_text(text: str, name_of: Callable[[str], Awaitable[str | None]]) -> str:
    """Gives what a person typed, as they saw it: mentions as names, links as their words."""
    for found in list(_MENTION.finditer(text)):
        name = await name_of(found[1]) or found[2] or found[1]
        text = text.replace(found[0], name)
    text = _BARE_LINK.sub(r"\1", _LINK.sub(r"\1", text))
    return " ".join(unescape(text).split())


def is_reply(event: dict[str, Any]) -> bool:
    """Tells whether a message answers another in its thread."""
    top = event.get("thread_ts")
    return bool(top) and top != event.get("ts")


def without_own_mention(text: str) -> str:
    """Takes off the mention with which a message in a channel calls the bot."""
    return _MENTION.sub("", text, count=1).strip()


def command_words(text: str) -> str | None:
    """Gives what stands behind `nps` or `/nps`; None when the text does not begin so."""
    found = _COMMAND_WORD.match(text)
    return text[found.end() :].strip() if found else None


def pressed(body: dict[str, Any]) -> tuple[str, str] | None:
    """Gives action and value of a press; None for a link, and for inputs of a form."""
    actions = body.get("actions") or []
    action = actions[0] if actions and isinstance(actions[0], dict) else {}
    action_id = str(action.get("action_id") or "")
    ours = MARK in action_id and action_id.partition(MARK)[0] != LINK_ACTION
    if not ours or action_id == ANSWER or action_id.startswith(LOOKUP):
        return None
    option = action.get("selected_option") or {}
    value = unescape(str(action.get("value") or option.get("value") or ""))
    return split_action(action_id, value)


def origin_of(body: dict[str, Any], user: str) -> Origin:
    """Gives where a press came from."""
    container = body.get("container") or {}
    view = body.get("view") or {}
    if container.get("type") == "view" or (view and not container.get("channel_id")):
        is_home = view.get("type") == "home"
        view_id = str(container.get("view_id") or view.get("id") or "")
        return Origin(f"slack:{user}", home=is_home, view=None if is_home else view_id or None)
    channel = str(container.get("channel_id") or (body.get("channel") or {}).get("id") or "")
    message = body.get("message") or {}
    return Origin(
        # What the bot wrote in a direct channel stands in its own direct messages with this person.
        place=f"slack:{user if channel.startswith('D') else channel}",
        ts=str(container.get("message_ts") or message.get("ts") or "") or None,
        thread=container.get("thread_ts") or message.get("thread_ts"),
        url=body.get("response_url"),
        ephemeral=bool(container.get("is_ephemeral")),
    )


def submitted(user: str, view: Mapping[str, Any]) -> str:
    """Gives what tells one submission of a form from another: the same for a repetition."""
    if not view.get("id"):
        return ""
    said = json.dumps([view.get("private_metadata"), view.get("state")], sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()
    return f"slack {user} {view['id']} {view.get('hash')} {digest}"


def notice_of(body: Mapping[str, Any], event: Mapping[str, Any]) -> Notice | None:
    """Gives what an event means for places or the app; None for what concerns nobody here."""
    kind, channel = str(event.get("type")), event.get("channel")
    name = channel.get("name") if isinstance(channel, dict) else None
    place = channel.get("id") if isinstance(channel, dict) else channel
    if kind in PLACE_NOTICES and place:
        return Notice(PLACE_NOTICES[kind], f"slack:{place}", name=f"#{name}" if name else None)
    if kind == "tokens_revoked" and not (event.get("tokens") or {}).get("bot"):
        return None  # of a person, which we hold none of
    if kind in APP_NOTICES:
        return Notice(APP_NOTICES[kind], f"slack:{body.get('team_id') or ''}")
    return None
