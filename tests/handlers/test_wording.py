"""Numbers and days as a reader of each language writes them, the same on every card."""

from datetime import date

import pytest

from handlers import wording
from handlers.texts import of
from storage.models import Account

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "21%"), ("da", "21\N{NBSP}%"), ("nl", "21%")]
)
def test_a_share_has_its_sign_where_the_language_puts_it(language: str, expected: str) -> None:
    assert wording.percent(20.6, of(language)) == expected


@pytest.mark.parametrize(
    ("renewal", "expected"),
    [
        (date(2027, 1, 7), "renews 7 January (in 44 days)"),
        (date(2026, 11, 25), "renews 25 November (tomorrow)"),
        (date(2026, 11, 24), "renews today"),
    ],
)
def test_what_is_at_stake_says_when_the_account_renews(renewal: date, expected: str) -> None:
    account = Account(
        key="acme", name="Acme", annual_value=420_000, currency="EUR", tier="A", strategic=True,
        renewal_date=renewal,
    )  # fmt: skip
    said = wording.stake(account, of("en"), TODAY)
    assert said == ["420,000 EUR a year", "tier A", "strategic", expected]


def test_a_renewal_that_has_passed_is_not_at_stake() -> None:
    account = Account(key="acme", name="Acme", renewal_date=date(2026, 11, 23))
    assert wording.stake(account, of("en"), TODAY) == []


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "2 promoters, 1 passive, 1 critic"),
        ("da", "2 ambassadører, 1 passiv, 1 kritiker"),
        ("nl", "2 promoters, 1 passief, 1 kritisch antwoord"),
    ],
)
def test_who_answered_is_told_in_the_same_words_everywhere(language: str, expected: str) -> None:
    assert wording.split(2, 1, 1, of(language)) == expected
    assert wording.split(0, 0, 0, of(language)) == ""


def test_a_name_with_a_full_stop_ends_a_sentence_without_a_second_one() -> None:
    assert of("en")("survey.foot_why", account="Nordhavn B.V.").endswith(" at Nordhavn B.V.")
    assert of("en")("survey.foot_why", account="Acme").endswith(" at Acme.")
    assert of("nl")("page.wish_title", owner="Anna B.") == "Mag Anna B. contact opnemen?"
