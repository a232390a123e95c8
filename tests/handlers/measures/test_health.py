"""An account's health: first that fits, with its reason."""

from dataclasses import replace

import pytest

from handlers.measures.health import HealthFacts, health
from handlers.measures.quality import quality

WELL = HealthFacts(heard=4, critics=0, decision_makers_heard=1)


@pytest.mark.parametrize(
    ("facts", "state", "reason"),
    [
        (WELL, "safe", "nothing_wrong"),
        (
            replace(WELL, critics=1, unsettled_decision_maker_critics=1),
            "at_risk",
            "decision_maker_critic",
        ),
        (replace(WELL, reopened_by_customer=True), "at_risk", "reopened"),
        (replace(WELL, critics=2), "at_risk", "half_critics"),
        (replace(WELL, heard=2, critics=2, open_critics=2), "watch", "open_critic"),
        (replace(WELL, critics=1, open_critics=1), "watch", "open_critic"),
        (replace(WELL, overdue_promises=1), "watch", "overdue_promise"),
        (replace(WELL, largest_fall=3), "watch", "decision_maker_fell"),
        (replace(WELL, largest_fall=2), "safe", "nothing_wrong"),
        (
            replace(WELL, decision_makers_heard=0, renewal_in_days=180),
            "watch",
            "renewal_unheard",
        ),
        (
            replace(WELL, decision_makers_heard=0, renewal_in_days=181),
            "unknown",
            "no_decision_maker_heard",
        ),
        (
            replace(WELL, decision_makers_heard=0, renewal_in_days=-3),
            "unknown",
            "no_decision_maker_heard",
        ),
        (replace(WELL, renewal_in_days=10), "safe", "nothing_wrong"),
        (replace(WELL, key_contact_bounced=True), "watch", "key_contact_bounced"),
        (HealthFacts(heard=0, critics=0, decision_makers_heard=0), "unknown", "nobody_heard"),
    ],
)
def test_the_first_state_that_fits_is_told_with_its_reason(
    facts: HealthFacts, state: str, reason: str
) -> None:
    assert health(facts) == (state, reason)


def test_a_graver_state_hides_a_milder_one() -> None:
    facts = replace(
        WELL, critics=4, unsettled_decision_maker_critics=1, open_critics=4, overdue_promises=2
    )

    assert health(facts) == ("at_risk", "decision_maker_critic")


@pytest.mark.parametrize(
    ("n_eff", "accounts", "word"),
    [
        (None, 0, "too_few"),
        (4.99, 10, "too_few"),
        (50, 2, "too_few"),
        (5, 3, "rough"),
        (14.99, 3, "rough"),
        (15, 3, "indicative"),
        (39.99, 50, "indicative"),
        (500, 9, "indicative"),
        (40, 10, "solid"),
    ],
)
def test_the_word_for_a_score_follows_answers_and_accounts(
    n_eff: float | None, accounts: int, word: str
) -> None:
    assert quality(n_eff, accounts) == word
