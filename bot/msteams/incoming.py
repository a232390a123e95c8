"""Reads what Teams sends, as raw data: who, where, and what was typed, without doing anything."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import unescape
from typing import Any

from bot.msteams.auth import BOT, tenant_of
from bot.msteams.origin import Origin
from handlers.chat import Person, Place
from storage.models import Conversation

THREAD = ";messageid="
MOST_LETTERS = 1000  # of a command
MOST_MENTIONS = 50
NAMES_A_COLLEAGUE = "away"  # the command that is given one: who stands in
_AT = re.compile(r"</?at\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")
_COMMAND_WORD = re.compile(r"^\s*/?nps\b[:,]?", re.IGNORECASE)
# What says that a conversation is really open to the bot; a message extension's is not.
TELLING_INVOKES = frozenset({"task/fetch", "task/submit", "adaptiveCard/action",
                             "application/search"})  # fmt: skip
# A message extension: a message picked out of any conversation, and the form for it sent in.
PICK, PICK_SENT = "composeExtension/fetchTask", "composeExtension/submitAction"
# How Teams writes an answer that quotes a message.
_QUOTE = re.compile(
    r'<blockquote[^>]*schema\.skype\.com/Reply"[^>]*itemid="([^"]+)"', re.IGNORECASE
)
_HINT = re.compile(r"\[[^\]]*\]")  # what the menu writes where a customer's name belongs
_END_OF_QUOTE = "</blockquote>"
Activity = Mapping[str, Any]


def part(data: Any, *path: str) -> str:
    """Gives a text deep in an activity, "" where there is none."""
    for name in path:
        data = data.get(name) if isinstance(data, Mapping) else None
    return data if isinstance(data, str) else ""


def items(data: Any, name: str) -> list[Mapping[str, Any]]:
    """Gives the objects of a list in an activity."""
    found = data.get(name) if isinstance(data, Mapping) else None
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def base(conversation_id: str) -> str:
    """Gives a conversation's id without the thread."""
    return conversation_id.partition(";")[0]


def kind_of(activity: Activity) -> str:
    """Gives personal, group or channel."""
    conversation = activity.get("conversation")
    told = part(conversation, "conversationType")
    if told:
        return {"groupChat": "group"}.get(told, told)
    is_group = isinstance(conversation, Mapping) and conversation.get("isGroup")
    return "group" if is_group else "personal"


def sender(activity: Activity) -> str:
    """Gives the Entra object id of who acts, else Teams' own id, else ""."""
    return part(activity, "from", "aadObjectId") or part(activity, "from", "id")


def person_of(activity: Activity) -> Person | None:
    """Gives who acts; None for a bot, also ourselves."""
    who = sender(activity)
    if not who or part(activity, "from", "id").startswith(BOT):
        return None
    return Person("teams", who, name=part(activity, "from", "name") or None)


def place_of(activity: Activity) -> Place:
    """Gives the place: the person's own in a personal chat, else the conversation."""
    if kind_of(activity) == "personal":
        return f"teams-user:{sender(activity)}"
    return f"teams:{base(part(activity, 'conversation', 'id'))}"


def origin_of(activity: Activity, clicked: bool) -> Origin:
    """Gives where something was typed or clicked."""
    thread = part(activity, "conversation", "id").partition(THREAD)[2] or None
    message = part(activity, "replyToId") if clicked else ""
    return Origin(place_of(activity), message or None, thread)


def told(activity: Activity, app_id: str, now: datetime) -> Conversation | None:
    """Gives the conversation as a validated request tells it, where it tells enough."""
    kind, name = part(activity, "type"), part(activity, "name")
    telling = kind in ("message", "conversationUpdate", "installationUpdate") or (
        kind == "invoke" and name in TELLING_INVOKES
    )
    conversation_id = base(part(activity, "conversation", "id"))
    bot, service_url = part(activity, "recipient", "id"), part(activity, "serviceUrl")
    to_us = bot == app_id or bot.startswith(BOT)
    if not (telling and conversation_id and to_us and service_url):
        return None
    where = kind_of(activity)
    data = activity.get("channelData")
    # What is told of another channel of the team comes by the team's first one.
    channel = part(data, "channel", "id") == conversation_id
    called = part(data, "channel", "name") if channel else ""
    if where == "group":
        called = part(activity, "conversation", "name")
    return Conversation(
        id=conversation_id,
        kind=where,
        service_url=service_url,
        bot=bot,
        tenant=tenant_of(activity),
        person=sender(activity) or None if where == "personal" else None,
        team=part(data, "team", "id") or None,
        name=called or None,
        team_name=part(data, "team", "name") or None,
        shared=is_shared(activity),
        noted_at=now,
    )


def is_shared(activity: Activity) -> bool:
    """Tells whether an activity says that its channel is shared with other teams."""
    data = activity.get("channelData")
    return part(data, "channel", "type").lower() == "shared" or bool(items(data, "sharedWithTeams"))


def mentions_us(activity: Activity) -> bool:
    """Tells whether a message calls the bot by name."""
    us = part(activity, "recipient", "id")
    return any(part(each, "mentioned", "id") == us for each in _mentions(activity))


def typed_text(activity: Activity) -> str:
    """Gives what a person typed, as they saw it, without the mention of the bot."""
    us = part(activity, "recipient", "id")
    ours = [each for each in _mentions(activity) if part(each, "mentioned", "id") == us]
    return _seen(activity, ours)


def command_text(activity: Activity) -> str:
    """Gives what was typed without colleagues called to read along: they are no account's name."""
    text = typed_text(activity)
    words = (command_words(text) or text).lower().split()
    return text if words[:1] == [NAMES_A_COLLEAGUE] else _seen(activity, _mentions(activity))


def quoted(activity: Activity) -> str:
    """Gives the id of the message that somebody answers by quoting it, "" where they don't."""
    found = _QUOTE.search(_html(activity))
    return found[1] if found else ""


def picked(activity: Activity) -> tuple[str, str, str | None]:
    """Gives the words, the id and the thread of a message picked by a message extension."""
    message = activity.get("value")
    message = message.get("messagePayload") if isinstance(message, Mapping) else None
    words = part(message, "body", "content")
    if part(message, "body", "contentType") == "html":
        words = unescape(_TAG.sub(" ", words))
    words = " ".join(words.replace("\u200b", "").split())
    return words, part(message, "id"), part(message, "replyToId") or None


def _html(activity: Activity) -> str:
    """Gives what was typed as Teams' own HTML, "" where it sends none."""
    found = [
        part(each, "content")
        for each in items(activity, "attachments")
        if part(each, "contentType") == "text/html"
    ]
    return found[0][: 8 * MOST_LETTERS] if found else ""


def _typed(activity: Activity) -> str:
    """Gives the text; of an answer that quotes a message, only what stands below the quote."""
    if quoted(activity):
        return unescape(_TAG.sub(" ", _html(activity).rpartition(_END_OF_QUOTE)[2]))
    return part(activity, "text")


def _seen(activity: Activity, left_out: Sequence[Mapping[str, Any]]) -> str:
    text = _typed(activity)[: 4 * MOST_LETTERS]
    for each in left_out:
        shown = part(each, "text")
        name = _AT.sub("", shown).strip() or part(each, "mentioned", "name").strip()
        if name:
            # The tag in the text may say more than the one of the entity, such as an id.
            tagged, called = rf"<at\b[^>]*>\s*{re.escape(name)}\s*</at\s*>", re.escape(name)
            text, found = re.subn(tagged, " ", text, count=1, flags=re.IGNORECASE)
            if not found:
                text = re.sub(rf"@?(?<!\w){called}(?!\w)", " ", text, count=1)
    text = _AT.sub("", text)
    if part(activity, "textFormat") in ("xml", "html"):
        text = _TAG.sub(" ", text)
    return " ".join(unescape(text).replace("\u200b", "").split())[:MOST_LETTERS]


def command_words(text: str) -> str | None:
    """Gives what stands behind `nps` or `/nps`; None when the text does not begin so."""
    found = _COMMAND_WORD.match(text)
    words = text[found.end() :].strip() if found else None
    return "" if words and _HINT.fullmatch(words) else words


def _mentions(activity: Activity) -> list[Mapping[str, Any]]:
    found = [each for each in items(activity, "entities") if each.get("type") == "mention"]
    return found[:MOST_MENTIONS]
