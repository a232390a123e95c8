"""The health of one account and the reason for it, first that fits."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

State = Literal["at_risk", "watch", "unknown", "safe"]
Reason = Literal[
    "decision_maker_critic",
    "reopened",
    "half_critics",
    "open_critic",
    "overdue_promise",
    "decision_maker_fell",
    "renewal_unheard",
    "key_contact_bounced",
    "nobody_heard",
    "no_decision_maker_heard",
    "nothing_wrong",
]
_FELL_BY = 3
_RENEWAL_DAYS = 180
_HALF_FROM = 3


@dataclass(frozen=True, slots=True)
class HealthFacts:
    """What is known of one account within the window.

    `unsettled_decision_maker_critics` are decision makers whose current score is 0-6 and who have
    not confirmed it settled; `largest_fall` is how far a decision maker fell since their previous
    score (points of the 0-10 scale, 0 when none fell); `renewal_in_days` is null without a renewal
    date and negative once it has passed.
    """

    heard: int
    critics: int
    decision_makers_heard: int
    unsettled_decision_maker_critics: int = 0
    reopened_by_customer: bool = False
    open_critics: int = 0
    overdue_promises: int = 0
    largest_fall: int = 0
    renewal_in_days: int | None = None
    key_contact_bounced: bool = False


class Health(NamedTuple):
    """The state of an account and the key of the reason that is always shown with it."""

    state: State
    reason: Reason


def health(facts: HealthFacts) -> Health:
    """The account's health: at risk, watch, unknown or safe, whichever fits first."""
    if facts.unsettled_decision_maker_critics:
        return Health("at_risk", "decision_maker_critic")
    if facts.reopened_by_customer:
        return Health("at_risk", "reopened")
    if facts.heard >= _HALF_FROM and 2 * facts.critics >= facts.heard:
        return Health("at_risk", "half_critics")
    if facts.open_critics:
        return Health("watch", "open_critic")
    if facts.overdue_promises:
        return Health("watch", "overdue_promise")
    if facts.largest_fall >= _FELL_BY:
        return Health("watch", "decision_maker_fell")
    if not facts.decision_makers_heard and _renews_soon(facts.renewal_in_days):
        return Health("watch", "renewal_unheard")
    if facts.key_contact_bounced:
        return Health("watch", "key_contact_bounced")
    if not facts.heard:
        return Health("unknown", "nobody_heard")
    if not facts.decision_makers_heard:
        return Health("unknown", "no_decision_maker_heard")
    return Health("safe", "nothing_wrong")


def _renews_soon(days: int | None) -> bool:
    # A renewal that has passed says nothing about the next one.
    return days is not None and 0 <= days <= _RENEWAL_DAYS
