"""Why a place takes no messages, and what a person must do about it, in their language."""

from handlers.chat import ChatError
from handlers.texts import Texts


def why(error: ChatError, t: Texts) -> str:
    """Gives the platform's reason and what to do about it."""
    return told(error.reason, error.mend, t)


def told(reason: str, mend: str, t: Texts) -> str:
    """Gives a reason as it was kept, and what to do about it."""
    return f"{reason}. {to_do(mend, t)}"


def to_do(mend: str, t: Texts) -> str:
    """Gives what a person must do; `mend` is a key below [mend]."""
    return t(f"mend.{mend}")
