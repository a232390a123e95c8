"""Whoever sends values that no button of theirs carries reads nothing and changes nothing by it."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from handlers import jobs, routes
from handlers.cards import Card, Whisper
from handlers.chat import Click, Person, Submission
from handlers.context import Context
from handlers.routes import CLICKS, FORMS
from storage.models import Member, Promise, Task
from tests.factories import Make, acme_story
from tests.handlers.cases.conftest import Story, story
from tests.handlers.test_secret_words import words_of

__all__ = ["story"]
FORGED = ["99999999999999999999999", "²", "-1", "", "1:99999999999999999999999", "x:y", "0",
          "77", "77:1"]  # fmt: skip
OTHERS = ["1", "2", "3", "1:1", "2:1", "3:1", "1:brief", "team:Nordics", "all"]
FAULT = "noted for the administrator"
# What who wrote, and where: kept from Anna, at Anna's account, at Otto's account.
KEPT, ACME, BETA = "Zanzibar", "Wombat", "Quokka"
# Not for them to change: the case that is kept from Anna, and Acme with all that is about it.
TABLES = ("case", "case_event", "case_response", "promise", "idea", "task", "response")


@pytest.mark.both_databases
async def test_a_forged_value_never_ends_in_a_fault(ctx: Context, make: Make) -> None:
    acme = await acme_story(make)
    person = Person("slack", "U0CLARA", email=acme.clara.email)
    faults = []
    for action in sorted(CLICKS):
        for value in FORGED:
            reply = await routes.click(ctx, Click(person, person.place, action, value))
            said = reply.card.title if isinstance(reply, Whisper) else ""
            if FAULT in said:
                faults.append(f"{action} {value!r}")
    assert not faults


@pytest.mark.parametrize(
    ("who", "secrets"),
    [
        ("anna", (KEPT, BETA)),
        ("otto", (KEPT, ACME, "Peter Holm", "Jane Jensen", "420,000")),
        ("adam", (ACME, BETA, f"Anna forgot {KEPT}", f"Idea {KEPT}")),
    ],
)
async def test_ids_of_others_behind_every_button_and_form_tell_and_change_nothing(
    story: Story, who: str, secrets: tuple[str, ...]
) -> None:
    me = (await _people(story))[who]
    await _three_cases(story)
    person = Person("console", me.email)
    before = await _rows(story, who)
    for action in sorted(CLICKS):
        for value in OTHERS:
            reply = await routes.click(story.ctx, Click(person, person.place, action, value))
            _tells_nothing(words_of(reply), secrets, f"{action} {value}")
    for action in sorted(FORMS):
        for value in OTHERS:
            event = Submission(person, person.place, action, value, _Filled(me))
            reply = await routes.submission(story.ctx, event)
            _tells_nothing(words_of(reply), secrets, f"form {action} {value}")
    assert await _rows(story, who) == before


def _tells_nothing(words: str, secrets: tuple[str, ...], where: str) -> None:
    assert FAULT not in words, where
    for secret in secrets:
        assert secret not in words, where


async def _people(story: Story) -> dict[str, Member]:
    make = story.make
    west = await make.team("West")
    otto = await make.member("Otto West", email="otto@nordfab.example", team_id=west.id)
    beta = await make.account("Beta", key="beta", owner_id=otto.id, team_id=west.id)
    bob = await make.contact(beta, "Bob Beta", role="decision_maker")
    story.acme.invitations["bob"] = await make.invitation(bob, story.acme.wave)
    adam = await make.member("Adam", role="admin", email="adam@nordfab.example")
    return {"anna": story.acme.anna, "otto": otto, "adam": adam}


async def _three_cases(story: Story) -> None:
    """A case that is kept from Anna and solved, one of Otto's, and one that Anna may see."""
    story.looks = jobs.DUE
    acme, make = story.acme, story.make
    said: dict[str, Any] = {"reasons": ["invoicing"], "quote_me": True}
    await story.answer("peter", 2, comment=f"Anna forgot {KEPT}", idea=f"Idea {KEPT}", **said)
    await story.work()
    await story.answer("bob", 1, comment=f"{BETA} is bad", idea=f"Idea {BETA}", **said)
    await story.work()
    promise: dict[str, Any] = {"case_id": 1, "account_id": acme.account.id, "made_by": acme.lars.id}
    await make.save(
        Promise(what=f"No more {KEPT}", due_on=date(2026, 12, 1), made_at=story.clock(),
                deliverer_id=acme.lars.id, hidden_from_owner=True, **promise)
    )  # fmt: skip
    done = {"outcome": "saved", "done": f"Done with {KEPT}", "helped": f"{KEPT} helped"}
    await story.submit(acme.lars, "case.solve", "1:1", done)
    await story.answer("jane", 3, comment=f"{ACME} is bad", idea=f"Idea {ACME}", **said)
    await story.work()
    await make.save(
        Task(key="kept", what="call", account_id=acme.account.id, opened_at=story.clock(),
             contact_id=acme.contacts["lis"].id, owner_id=acme.lars.id)
    )  # fmt: skip
    await story.forward(hours=20)


async def _rows(story: Story, who: str) -> dict[str, list[Any]]:
    """What this person may not change, as it stands."""
    found: dict[str, list[Any]] = {}
    if who == "adam":  # an administrator may change everything
        return found
    async with story.ctx.db.reading() as session:
        for table in SQLModel.metadata.sorted_tables:
            if table.name not in TABLES or (who == "anna" and not table.name.startswith("case")):
                continue
            rows = (await session.execute(select(table))).mappings().all()
            told = [dict(row) for row in rows]
            found[table.name] = [row for row in told if not _is_theirs(table.name, row, who)]
    return found


def _is_theirs(table: str, row: Mapping[str, Any], who: str) -> bool:
    if who == "anna":  # the first case is kept from her
        return bool(row["id" if table == "case" else "case_id"] != 1)
    if "account_id" in row:
        return bool(row["account_id"] == 2)
    return bool(row["case_id"] == 2)


class _Filled(Mapping[str, str | tuple[str, ...]]):
    """A form that is filled in, whatever it asks."""

    def __init__(self, me: Member) -> None:
        here = str(me.id)
        self._said: dict[str, str | tuple[str, ...]] = {
            "reached": "yes", "next": "promised", "promise": "forged", "lasting": "once",
            "deliverer": here, "to": here, "owner": here, "member": here, "until": "tomorrow",
            "outcome": "saved", "how": "call", "form": "quote", "state": "done", "role": "user",
            "status": "active", "language": "en", "email": "forged@evil.example", "contact": "2",
            "forms": ("quote",), "reasons": ("invoicing",), "case": "1", "done": "forged",
        }  # fmt: skip

    def __getitem__(self, name: str) -> str | tuple[str, ...]:
        day = name.endswith(("_on", "_by")) or name in ("day", "by", "on", "when")
        return self._said.get(name, "2026-12-10" if day else "forged")

    def get(self, name: str, default: Any = "") -> Any:
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)


@pytest.mark.parametrize("who", ["lars", "clara"])
async def test_what_a_lead_presses_in_the_owners_channel_shows_nothing_kept_from_the_owner(
    story: Story, who: str
) -> None:
    await _people(story)
    await _three_cases(story)
    channel = story.posted("console:anna")
    person = Person("console", f"{who}@nordfab.example")
    # These stand on cards that only who may read them has.
    elsewhere = ("case.release", "promise.done", "promise.cant")
    found = []
    for action in sorted(CLICKS):
        for value in OTHERS if action not in elsewhere else ():
            click = Click(person, "console:anna", action, value, channel[-1].ref)
            reply = await routes.click(story.ctx, click)
            if isinstance(reply, Card) and KEPT in words_of(reply):
                found.append(f"{action} {value}")
    for action in sorted(FORMS):
        for value in OTHERS if action not in elsewhere else ():
            told, ref = _Filled(story.acme.lars), channel[-1].ref
            event = Submission(person, "console:anna", action, value, told, ref)
            reply = await routes.submission(story.ctx, event)
            if isinstance(reply, Card) and KEPT in words_of(reply):
                found.append(f"form {action} {value}")
    assert not found
