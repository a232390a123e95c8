"""A value that no button of ours carries is refused with a sentence, whatever it is."""

import pytest

from handlers import routes
from handlers.cards import Whisper
from handlers.chat import Click, Person
from handlers.context import Context
from handlers.routes import CLICKS
from tests.factories import Make, acme_story

FORGED = ["99999999999999999999999", "²", "-1", "", "1:99999999999999999999999", "x:y", "0"]


@pytest.mark.both_databases
async def test_a_forged_value_never_ends_in_a_fault(ctx: Context, make: Make) -> None:
    acme = await acme_story(make)
    person = Person("slack", "U0CLARA", email=acme.clara.email)
    faults = []
    for action in sorted(CLICKS):
        for value in FORGED:
            reply = await routes.click(ctx, Click(person, person.place, action, value))
            said = reply.card.title if isinstance(reply, Whisper) else ""
            if "noted for the administrator" in said:
                faults.append(f"{action} {value!r}")
    assert not faults
