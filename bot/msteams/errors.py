"""What Teams' refusals mean: one table from its words to wait, mend, doubt or draw smaller."""

import aiohttp

from handlers.chat import ChatError, InDoubt, TryLater, Unreachable

DEFAULT_WAIT_SECONDS = 2.0
TOO_LARGE = 413
# Microsoft asks to try these again with jitter: 412 and 502, 504 come from the same limits as 429
# (learn.microsoft.com, bots/how-to/rate-limit).
WAIT = frozenset({412, 429, 502, 503, 504})
SIZE_WORDS = frozenset({"messagesizetoobig", "requestentitytoolarge", "messagetoolarge"})
# Will not work by waiting: the text under [mend] that says what a person must do about it.
MEND = {
    "botnotinconversationroster": "teams_install",
    "botdisabledbyadmin": "teams_blocked",
    "conversationblockedbyuser": "person_blocked",
    "messagewritesblocked": "person_blocked",
    "forbiddenoperationexception": "teams_install",
    "notenoughpermissions": "teams_install",
    "usernotfound": "teams_id",
    "conversationnotfound": "conversation_gone",
    "activitynotfoundinconversation": "message_gone",
    "conversationarchived": "team_archived",
    "botnotregistered": "teams_registration",
    "invalidbotapihost": "teams_region",
}
STATUS = {401: "teams_token", 403: "teams_install", 404: "teams_unknown"}
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
    mend = MEND.get(word) or STATUS.get(status, "other")
    return Unreachable(f"Teams: {error}", bounced=word in GONE_PEOPLE, mend=mend)


def _seconds(text: str | None) -> float | None:
    try:
        return max(float(text or ""), 0.0)
    except ValueError:
        return None
