"""What Teams' refusals mean: one table from its words to wait, mend, doubt or draw smaller."""

import aiohttp

from handlers.chat import ChatError, InDoubt, TryLater, Unreachable

DEFAULT_WAIT_SECONDS = 2.0
TOO_LARGE = 413
# Microsoft asks to try these again with jitter: 412 and 502, 504 come from the same limits as 429
# (learn.microsoft.com, bots/how-to/rate-limit).
WAIT = frozenset({412, 429, 502, 503, 504})
SIZE_WORDS = frozenset({"messagesizetoobig", "requestentitytoolarge", "messagetoolarge"})
# Will not work by waiting: what a person must do about it.
INSTALL = "the bot is not here any more: add the app to this team, chat or person again"
MEND = {
    "botnotinconversationroster": INSTALL,
    "botdisabledbyadmin": "the app is blocked: ask the Teams administrator to allow it",
    "conversationblockedbyuser": "this person blocked the bot: ask them to unblock it",
    "messagewritesblocked": "this person blocked or removed the bot: ask them to add it again",
    "forbiddenoperationexception": INSTALL,
    "notenoughpermissions": INSTALL,
    "usernotfound": "Teams knows no such person: check the Teams id",
    "conversationnotfound": "this conversation was deleted: bind another one",
    "activitynotfoundinconversation": "the message is gone",
    "conversationarchived": "this team is archived: bind another channel",
    "botnotregistered": "the bot is not registered: check [teams] app_id and the Azure bot",
    "invalidbotapihost": "the bot belongs to another region: check the Azure bot",
}  # fmt: skip
STATUS = {
    401: "Teams does not take the bot's token: check [teams] and that the Azure bot has Teams on",
    403: INSTALL,
    404: "Teams knows no such conversation, message or person: bind the place again",
}
GONE_PEOPLE = frozenset({"usernotfound"})


class Answered(Exception):
    """Teams answered with an error; `word` is its code such as `BotNotInConversationRoster`."""

    def __init__(self, status: int, word: str = "", retry_after: str | None = None) -> None:
        super().__init__(f"{status} {word}".strip())
        self.status = status
        self.word = word
        self.retry_after = retry_after


class Refusal(Exception):
    """Teams refused the card itself; `too_large` = a smaller one may be taken."""

    def __init__(self, reason: str, too_large: bool) -> None:
        super().__init__(reason)
        self.too_large = too_large


class Throttled(TryLater):
    """Teams asks to wait; the same call may be made again."""

    def __init__(self, reason: str, seconds: float | None) -> None:
        super().__init__(reason, DEFAULT_WAIT_SECONDS if seconds is None else seconds)
        self.told = seconds is not None


def read(error: Exception) -> ChatError | Refusal:
    """Gives what an error of a call means; raises it again when it is none of Teams'."""
    match error:
        case Answered():
            return _answered(error)
        case ChatError():
            return error
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return TryLater("Teams can't be reached")
        case TimeoutError() | aiohttp.ClientError() | OSError():
            return InDoubt("Teams' answer was lost after the data was sent")
        case _:
            raise error


def _answered(error: Answered) -> ChatError | Refusal:
    word, status = error.word.lower(), error.status
    if status == TOO_LARGE or word in SIZE_WORDS:
        return Refusal(error.word or str(status), too_large=True)
    if status in WAIT:
        return Throttled(f"Teams asks to wait ({error})", _seconds(error.retry_after))
    if status >= 500:
        return InDoubt(f"Teams failed ({error})")
    if status == 400 and word not in MEND:
        return Refusal(error.word or str(status), too_large=False)
    advice = MEND.get(word) or STATUS.get(status, "see npsbot check")
    return Unreachable(f"Teams: {error}: {advice}", bounced=word in GONE_PEOPLE)


def _seconds(text: str | None) -> float | None:
    try:
        return max(float(text or ""), 0.0)
    except ValueError:
        return None
