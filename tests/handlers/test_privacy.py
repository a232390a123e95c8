"""A person gets all that is stored about them, and is forgotten for good when they ask."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from handlers.cases import telling
from handlers.context import Context
from handlers.files.commands import (
    export_command,
    import_command,
    privacy_erase_command,
    privacy_export_command,
)
from handlers.privacy import erase_person, export_person
from storage import answers
from storage.models import (
    Alert,
    BlockEntry,
    Case,
    CaseEvent,
    CaseResponse,
    ConsoleMail,
    ConsoleMessage,
    Contact,
    Invitation,
    Posting,
    Reference,
    ReferenceUse,
    Reminder,
    Response,
    Rollup,
    Task,
    Touch,
    Visit,
    Wave,
)
from tests.factories import Acme, Make, acme_story
from tests.fakes import FakeClock, FakeEngine
from tests.files.conftest import Files

COMMENT = "Third wrong invoice in a row, and nobody calls back."


@pytest.fixture
async def story(make: Make, clock: FakeClock, ctx: Context) -> Acme:
    """Jane answered 3, has a case with a card, a mail and console messages; Ole answered 9."""
    acme = await acme_story(make)
    now = clock()
    answer = await make.response(
        acme.invitations["jane"], 3, comment=COMMENT, idea="Call me", phone="+45 99", quote_me=True,
        role_answer="Invoices", contact_wish="call", reasons=["invoicing"], language="en",
    )  # fmt: skip
    await make.response(acme.invitations["ole"], 9, comment="Great planners")
    case = await make.save(
        Case(account_id=acme.account.id, kind="relationship", wave_id=acme.wave.id, opened_at=now,
             owner_id=acme.anna.id, promised="Invoice check for Jane Jensen")
    )  # fmt: skip
    await make.save(CaseResponse(response_id=answer.id, case_id=case.id, joined_at=now))
    await make.save(
        CaseEvent(case_id=case.id, at=now, act="contacted", note="Jane Jensen is angry",
                  before={"state": "new"})
    )  # fmt: skip
    card = {
        "title": "Acme A/S: 3 of 10 from Jane Jensen, CFO",
        "tone": "critic",
        "body": [
            {"type": "text", "text": f"“{COMMENT}”"},
            {"type": "facts", "facts": [["Wants a call", "+45 99 · jane@acme.example"]]},
        ],
    }
    message = await make.save(
        ConsoleMessage(place="console:anna", key="alert:1", card=card, language="en", at=now)
    )
    other = {"title": "Acme A/S", "body": [{"type": "text", "text": "“Great planners” Ole"}]}
    await make.save(
        ConsoleMessage(place="console:anna", key="alert:2", card=other, language="en", at=now)
    )
    await make.save(
        Posting(subject=telling.SUBJECT, subject_id=case.id, response_id=answer.id,
                place="console:anna", message_id=str(message.id), language="en", posted_at=now)
    )  # fmt: skip
    for recipient in ("Jane@acme.example", "ole@acme.example"):
        await make.save(
            ConsoleMail(at=now, sender="anna@nordfab.example", recipient=recipient, subject="One",
                        raw=b"Dear Jane")
        )  # fmt: skip
    await make.save(
        Visit(invitation_id=acme.invitations["jane"].id, client="abc", started_at=now, last_at=now)
    )
    await make.save(
        Reminder(invitation_id=acme.invitations["jane"].id, send_at=now + timedelta(days=1))
    )
    async with ctx.db.session() as session:
        await answers.recount(session, [acme.account.id], "relationship", now, 12)
    return acme


@pytest.fixture
def files(ctx: Context) -> Files:
    return Files(ctx)


async def test_a_person_gets_all_that_is_stored_about_them(
    ctx: Context, story: Acme, make: Make
) -> None:
    twin = await make.contact(await make.account(), "Jane J", email="jane@acme.example")
    person = await export_person(ctx, " JANE@acme.example")

    json.dumps(person)
    assert person["email"] == "jane@acme.example"
    assert [row["id"] for row in person["contacts"]] == [story.contacts["jane"].id, twin.id]
    assert [row["comment"] for row in person["responses"]] == [COMMENT]
    assert [row["name"] for row in person["waves"]] == ["Autumn 2026"]
    assert [row["note"] for row in person["case_events"]] == ["Jane Jensen is angry"]
    for name in ("invitations", "reminders", "visits", "current_answers", "cases", "mails"):
        assert len(person[name]) == 1, name
    assert (person["members"], person["blocked"]) == ([], None)
    assert "Great planners" not in json.dumps(person)
    assert "annual_value" not in json.dumps(person["accounts"])


@pytest.mark.both_databases
async def test_a_member_gets_what_is_stored_about_them(ctx: Context, story: Acme) -> None:
    person = await export_person(ctx, "anna@nordfab.example")
    assert [row["name"] for row in person["members"]] == ["Anna Berg"]
    assert person["contacts"] == []


@pytest.mark.both_databases
async def test_an_erased_person_leaves_an_anonymous_score_and_nothing_else(
    ctx: Context, story: Acme, make: Make, engine: FakeEngine, files: Files
) -> None:
    wave = await make.wave()
    await make.invitation(story.contacts["jane"], wave, status="planned", sent_at=None)
    report = await erase_person(ctx, "JANE@acme.example")

    assert (report.contacts, report.answers, report.cases, report.messages) == (1, 1, 1, 2)
    jane = next(row for row in await files.rows(Contact) if row.id == story.contacts["jane"].id)
    assert (jane.name, jane.email, jane.phone, jane.title, jane.status) == (
        "", None, None, None, "erased",
    )  # fmt: skip
    assert jane.role == "decision_maker"
    answer, of_ole = await files.rows(Response)
    assert (answer.score, answer.reasons) == (3, ["invoicing"])
    assert (answer.comment, answer.idea, answer.phone, answer.role_answer) == (None,) * 4
    assert not answer.quote_me
    assert of_ole.comment == "Great planners"
    planned = [row for row in await files.rows(Invitation) if row.wave_id == wave.id]
    assert [(row.status, row.reason) for row in planned] == [("cancelled", "erased")]
    assert (await files.row(Reminder)).status == "cancelled"
    assert await files.rows(Visit) == []
    assert [row.recipient for row in await files.rows(ConsoleMail)] == ["ole@acme.example"]
    async with ctx.db.reading() as session:
        rollups = (await session.exec(select(Rollup))).all()
    assert {(rollup.role, rollup.detractors) for rollup in rollups} == {
        ("decision_maker", 1), ("user", 0),
    }  # fmt: skip
    everything = await _everything(files)
    for word in (COMMENT, "Jane", "+45 99", "jane@", "Invoices", "Call me"):
        assert word not in everything
    assert "Great planners" in everything


async def test_the_cards_of_an_erased_person_are_drawn_again(
    ctx: Context, story: Acme, engine: FakeEngine, files: Files
) -> None:
    await erase_person(ctx, "jane@acme.example")
    alert = await files.row(Alert)
    assert (alert.what, alert.case_id) == ("case_changed", (await files.row(Case)).id)
    assert [job.name for job in engine.take()] == ["alert"]


async def test_what_was_noted_in_a_case_with_others_stays_without_the_person(
    ctx: Context, story: Acme, make: Make, files: Files
) -> None:
    case = await files.row(Case)
    _, of_ole = await files.rows(Response)
    await make.save(CaseResponse(response_id=of_ole.id, case_id=case.id, joined_at=ctx.now()))
    first = {"case_id": case.id, "at": ctx.now()}
    told = "It is the janes of this world, says Jane, and Ole agrees"
    await make.save(CaseEvent(act="note", note=told, **first))
    about = story.contacts["jane"].id
    await make.save(CaseEvent(act="contacted", note="Never again", contact_id=about, **first))
    await erase_person(ctx, "jane@acme.example")
    assert (await files.row(Case)).promised == "Invoice check for –"
    event, by_first_name, said = await files.rows(CaseEvent)
    assert (event.note, event.before) == ("– is angry", {"state": "new"})
    assert by_first_name.note == "It is the janes of this world, says –, and Ole agrees"
    assert said.note is None  # that is what they said


async def test_an_erased_person_is_blocked_by_a_keyed_hash_and_a_second_time_changes_nothing(
    ctx: Context, story: Acme, files: Files
) -> None:
    await erase_person(ctx, "jane@acme.example")
    again = await erase_person(ctx, "jane@acme.example")
    assert (again.contacts, again.before) == (0, True)
    entry = await files.row(BlockEntry)
    assert (entry.reason, len(entry.email_hash)) == ("erased", 64)
    report = await files.stored("contacts", "account_key,email\nacme,Jane@acme.example\n")
    assert len(report.notices) == 1
    person = await export_person(ctx, "jane@acme.example")
    assert person["contacts"] == []
    assert person["blocked"][0] == "erased"


async def test_the_commands_say_what_happened(ctx: Context, story: Acme, tmp_path: Path) -> None:
    code, lines, problems = await privacy_export_command(ctx, "jane@acme.example")
    assert (code, json.loads(lines[0])["email"], problems) == (0, "jane@acme.example", [])
    code, lines, _ = await privacy_erase_command(ctx, "jane@acme.example")
    assert (code, lines) == (
        0,
        ["Erased: 1 contacts, the words of 1 answers, 2 stored messages. 1 cases are drawn again."],
    )
    assert (await privacy_erase_command(ctx, "jane@acme.example"))[0] == 0
    assert await privacy_erase_command(ctx, "nobody@acme.example") == (
        2, [], ["No contact has the e-mail nobody@acme.example. Nothing was changed."],
    )  # fmt: skip
    assert (await privacy_export_command(ctx, "nobody@acme.example"))[0] == 2

    out = tmp_path / "accounts.csv"
    assert await export_command(ctx, "accounts", out) == (0, [f"accounts: {out}"], [])
    assert out.stat().st_mode & 0o077 == 0
    assert await import_command(ctx, "accounts", out) == (
        0, ["accounts: 1 rows, 0 new, 0 changed, 1 as they were: stored"], [],
    )  # fmt: skip
    out.write_text("account_key,tier,strategic\nx,A,maybe\n", "utf-8")
    assert await import_command(ctx, "accounts", out) == (
        2,
        [],
        [
            "row 2, column strategic: maybe is not yes or no",
            "1 problem in 1 rows. Nothing was stored: correct the file, try again.",
        ],
    )
    assert (await import_command(ctx, "accounts", tmp_path / "none.csv"))[0] == 2
    assert (await export_command(ctx, "accounts", tmp_path / "x.pdf"))[0] == 2


async def _everything(files: Files) -> str:
    rows: list[Any] = []
    for model in (Contact, Response, Case, CaseEvent, ConsoleMessage, ConsoleMail, Alert, Visit):
        rows += [row.model_dump(exclude={"raw"}) for row in await files.rows(model)]
    return json.dumps(rows, default=str, ensure_ascii=False)


@pytest.mark.both_databases
async def test_work_with_a_person_is_told_and_forgotten(
    ctx: Context, story: Acme, make: Make, files: Files
) -> None:
    jane, anna, now = story.contacts["jane"], story.anna, ctx.now()
    ids: dict[str, Any] = {"account_id": story.account.id, "contact_id": jane.id}
    note = "Jane will speak in May"
    await make.save(Task(key="t", what="silent", opened_at=now, note=note, **ids))
    await make.save(Touch(at=now, member_id=anna.id, note=note, **ids))
    reference = await make.save(Reference(agreed_at=now, note=note, **ids))
    await make.save(
        ReferenceUse(reference_id=reference.id, asked_at=now, form="call", for_what="Jane to call")
    )
    jane.corrected = {"email": "jane.old@acme.example"}
    await make.save(jane)

    person = await export_person(ctx, "jane@acme.example")
    assert [row["note"] for row in person["tasks"]] == [note]
    assert [row["note"] for row in person["contacts_with_us"]] == [note]
    assert [row["note"] for row in person["references"]] == [note]
    assert [row["for_what"] for row in person["reference_uses"]] == ["Jane to call"]

    await erase_person(ctx, "jane@acme.example")
    assert [(row.note, row.state) for row in await files.rows(Task)] == [(None, "dropped")]
    assert [row.note for row in await files.rows(Touch)] == [None]
    assert await files.rows(Reference) == []
    assert await files.rows(ReferenceUse) == []
    stored = next(row for row in await files.rows(Contact) if row.id == jane.id)
    assert stored.corrected == {}


async def test_no_note_of_a_case_stays_when_everybody_in_it_is_erased(
    ctx: Context, story: Acme, make: Make, files: Files
) -> None:
    case = await files.row(Case)
    _, of_ole = await files.rows(Response)
    await make.save(CaseResponse(response_id=of_ole.id, case_id=case.id, joined_at=ctx.now()))
    story.wave.audience = {"left_out_people": ["ole@acme.example", "lis@acme.example"]}
    await make.save(story.wave)
    await erase_person(ctx, "jane@acme.example")
    assert (await files.row(CaseEvent)).note == "– is angry"
    await erase_person(ctx, "ole@acme.example")
    assert (await files.row(Case)).promised is None
    assert (await files.row(CaseEvent)).note is None
    assert (await files.row(Wave)).audience == {"left_out_people": ["lis@acme.example"]}
