"""The privacy statement says what is true under the configuration in force."""

from dataclasses import replace
from typing import Literal

import pytest

from handlers import texts
from handlers.context import Context, Refused
from handlers.settings import Privacy, Programme
from handlers.statement import statement
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace

RULES = Programme(
    company="Nordfab", privacy=Privacy("Nordfab A/S, Aarhus", "privacy@nordfab.example", 24)
)


def told(readers: Literal["employees", "contacts"], language: str = "en", **rules: object) -> str:
    programme = replace(RULES, **rules)  # type: ignore[arg-type]  # names of settings
    return statement(context(programme), readers, language)


def context(programme: Programme) -> Context:
    nothing: object = None  # a statement reads no row
    return Context(
        programme, nothing, FakeChat(), FakeClock(), FakeEngine().soon, no_pace, "secret"  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("readers", ["employees", "contacts"])
def test_it_names_who_is_responsible_whom_to_ask_and_how_long(
    readers: Literal["employees", "contacts"], language: str
) -> None:
    written = told(readers, language)
    assert "Nordfab A/S, Aarhus" in written
    assert "privacy@nordfab.example" in written
    assert "24 " in written
    assert "{" not in written
    assert written.startswith("# ")
    assert written.count("\n## ") >= 6


def test_what_is_measured_of_members_is_what_is_set() -> None:
    never, own, lead = (
        told("employees", measure_members=setting) for setting in ("never", "self", "lead")
    )
    assert "No figure is shown for one person, not even to yourself." in never
    assert "Nobody else sees that." in own
    assert "so does the lead of your team" in lead
    assert "so does the lead" not in never + own
    for written in (never, own, lead):
        assert "No customer score is worked out for one employee." in written
        assert "from 4 members on" in written


def test_who_sees_an_answer_and_how_often_we_ask_follow_the_configuration() -> None:
    closed = told("contacts")
    assert "only if they stand in or are asked to help" in closed
    opened = told("contacts", open=True, rest_days=40, pace=(("mail", 1.0), ("teams", 1.0)))
    assert "who work with customers may see it too" in opened
    assert "At least 40 days" in opened
    assert "We ask by e-mail and in Microsoft Teams." in opened


def test_dutch_customers_are_addressed_as_the_programme_does() -> None:
    assert "Uw rechten" in told("contacts", "nl")
    assert "Je rechten" in told("contacts", "nl", formality=(("nl", "je"),))
    assert "Uw " not in told("contacts", "nl", formality=(("nl", "je"),))


def test_without_privacy_there_is_nothing_to_state() -> None:
    with pytest.raises(Refused, match="contact, keep_months"):
        told("employees", privacy=Privacy("Nordfab A/S"))
