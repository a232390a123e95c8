"""After `[privacy] keep_months` an answer has no name and no words, and every figure stands."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import SQLModel, select

from handlers import retention, routes
from handlers.alerts import job_of
from handlers.cards import Card, Text, to_json
from handlers.cases import telling
from handlers.chat import Command, Message, Person
from handlers.context import Context, Refused
from handlers.figures import measure_scope
from handlers.files.commands import privacy_retain_command
from handlers.measures.measure import Scope
from handlers.privacy import export_person
from handlers.settings import Privacy
from handlers.trends import wave_trend
from handlers.waves import counting
from handlers.waves.sending import send_now
from storage import answers, wave_rollups, waves
from storage import retention as storage_retention
from storage.models import (
    Alert,
    AuditEntry,
    Case,
    CaseEvent,
    CaseResponse,
    ConsoleMail,
    ConsoleMessage,
    Contact,
    Idea,
    Improvement,
    Invitation,
    InvitationLine,
    Letter,
    MailReply,
    Posting,
    Promise,
    Reference,
    Response,
    Settled,
    Task,
    Touch,
    Visit,
)
from storage.retention import Old
from tests.factories import Acme, Make, acme_story
from tests.fakes import FakeChat, FakeClock
from tests.handlers.cases.conftest import run

COMMENT = "Third wrong invoice in a row, and nobody calls back."
WORDS = (COMMENT, "A portal", "Invoices mostly", "+45 99", "Wed morning", "Mr Krabbe said so")
SCOPES = (Scope("all", ""), Scope("account", "acme"), Scope("team", "Nordics"))
LATER = datetime(2028, 12, 10, 9, tzinfo=UTC)


@pytest.fixture
async def story(make: Make, ctx: Context, clock: FakeClock, chat: FakeChat) -> Acme:
    """In 2026 Jane answers 3 with words and a case that ends, Ole 9, Peter nothing; in 2028 Jane
    answers 8. Ole has left. It is 10 December 2028.
    """
    acme = await acme_story(make)
    now, jane = clock(), acme.contacts["jane"]
    card = Card(f"Acme A/S: 3 of 10 from {jane.name}", (Text(COMMENT, "quote"),))
    posted = await chat.send("slack:C1", Message(card, "alert:1", "en"))
    async with make.together():
        three = await make.response(
            acme.invitations["jane"], 3, comment=COMMENT, idea="A portal", language="en",
            role_answer="Invoices mostly", contact_wish="call", phone="+45 99",
            call_when="Wed morning", reasons=["invoicing"],
        )  # fmt: skip
        await make.response(acme.invitations["ole"], 9, comment="Ole likes it", quote_me=True)
        await make.response(acme.invitations["mia"], 7)
        case = await make.save(
            Case(account_id=acme.account.id, kind="relationship", wave_id=acme.wave.id,
                 opened_at=now, owner_id=acme.anna.id, state="solved", solved_at=now,
                 what_was_done="Mr Krabbe said so")
        )  # fmt: skip
        of: dict[str, Any] = {"account_id": acme.account.id, "contact_id": jane.id}
        await make.save(CaseResponse(response_id=three.id, case_id=case.id, joined_at=now))
        await make.save(
            CaseEvent(case_id=case.id, at=now, act="contacted", contact_id=jane.id,
                      note="Mr Krabbe said so", before={"state": "new"})
        )  # fmt: skip
        await make.save(
            Promise(case_id=case.id, what="Mr Krabbe said so", due_on=now.date(), made_at=now,
                    state="done", done_at=now, **of)
        )  # fmt: skip
        letter = await make.save(
            Letter(key=f"settled:{case.id}:{jane.id}:1", case_id=case.id, round=1, send_at=now,
                   sent_at=now, status="sent", text="Mr Krabbe said so", **of)
        )  # fmt: skip
        await make.save(
            Settled(letter_id=letter.id, case_id=case.id, contact_id=jane.id, answer="yes",
                    comment="Mr Krabbe said so", answered_at=now)
        )  # fmt: skip
        await make.save(Idea(response_id=three.id, account_id=acme.account.id, opened_at=now))
        await make.save(
            Task(key="t", what="silent", state="done", opened_at=now, response_id=three.id,
                 note="Mr Krabbe said so", **of)
        )  # fmt: skip
        await make.save(Touch(at=now, member_id=acme.anna.id, note="Mr Krabbe said so", **of))
        await make.save(Touch(at=now, account_id=acme.account.id, note="Mr Krabbe said so"))
        await make.save(Reference(response_id=three.id, agreed_at=now, forms=["call"], **of))
        await make.save(
            MailReply(message_id="m", at=now, what="away", contact_id=jane.id,
                      invitation_id=acme.invitations["jane"].id)
        )  # fmt: skip
        asked_for: dict[str, Any] = {"text": "Jane Jensen and Ole Holm asked for it"}
        asked_for |= {"account_id": acme.account.id, "written_at": now}
        await make.save(Improvement(**asked_for))
        await make.save(InvitationLine(**asked_for))
        await make.save(
            Posting(subject=telling.SUBJECT, subject_id=case.id, response_id=three.id,
                    place="slack:C1", message_id=posted.id, language="en", posted_at=now)
        )  # fmt: skip
        for name, said in (("jane", COMMENT), ("ole", "Ole likes it")):
            await make.save(
                ConsoleMail(at=now, sender="anna@nordfab.example", subject="One", raw=b"Dear",
                            recipient=f"{name}@acme.example")
            )  # fmt: skip
            told = {"title": acme.contacts[name].name, "body": [{"type": "text", "text": said}]}
            await make.save(
                ConsoleMessage(place="console:anna", key=name, card=told, language="en", at=now)
            )
        acme.invitations["jane"].message_place = "mail:jane@acme.example"
        await make.save(acme.invitations["jane"])
        await make.save(
            Visit(
                invitation_id=acme.invitations["jane"].id, client="a", started_at=now, last_at=now
            )
        )
        acme.wave.state, acme.wave.closed_at = "closed", acme.wave.closes_at
        acme.wave.audience = {"tiers": ["A"], "left_out_people": ["jane@acme.example"]}
        await make.save(acme.wave)
        acme.contacts["ole"].status = "inactive"
        await make.save(acme.contacts["ole"])
    clock.at = LATER
    asked = LATER - timedelta(days=40)
    wave = await make.wave("Autumn 2028", closes_at=LATER - timedelta(days=20), state="closed")
    for name in ("jane", "peter"):
        sent = await make.invitation(acme.contacts[name], wave, sent_at=asked)
        if name == "jane":
            await make.response(sent, 8, comment="Better now", answered_at=asked)
    await make.save(Touch(at=asked, contact_id=jane.id, account_id=acme.account.id, note="Fine"))
    await recount(ctx, acme)
    for each in (acme.wave, wave):
        await counting.count(ctx, each.id)
    return acme


async def recount(ctx: Context, acme: Acme) -> None:
    async with ctx.db.session() as session:
        await answers.recount(session, [acme.account.id], "relationship", ctx.now(), 12)


async def look(ctx: Context) -> None:
    """Ticks of the clock until the look of the day is done."""
    for _tick in range(20):
        await retention.due(ctx)
        async with ctx.db.reading() as session:
            if (await storage_retention.progress(session) or "").endswith(" done"):
                return
    raise AssertionError("the look does not end")


async def rows(ctx: Context, model: type[SQLModel], **values: Any) -> list[Any]:
    async with ctx.db.reading() as session:
        query = select(model).filter_by(**values).order_by("id")
        return list((await session.exec(query)).all())


async def everything(ctx: Context, but: tuple[str, ...] = ()) -> str:
    """All tables of the database as text."""
    told = []
    async with ctx.db.reading() as session:
        for table in SQLModel.metadata.sorted_tables:
            if table.name not in but:
                for row in (await session.execute(table.select())).all():
                    told.append(f"{table.name} {tuple(row)!r}")
    return "\n".join(told)


@pytest.mark.both_databases
async def test_old_answers_lose_their_person_and_words_and_newer_ones_keep_them(
    ctx: Context, story: Acme, chat: FakeChat
) -> None:
    before = await everything(ctx)
    assert all(word in before for word in WORDS)
    await look(ctx)

    jane = (await rows(ctx, Contact, id=story.contacts["jane"].id))[0]
    assert (jane.name, jane.email, jane.status) == ("Jane Jensen", "jane@acme.example", "active")
    assert [row.score for row in await rows(ctx, Response, contact_id=jane.id)] == [8]
    assert len(await rows(ctx, Invitation, contact_id=jane.id)) == 1
    (three,) = await rows(ctx, Response, score=3)
    (nobody,) = await rows(ctx, Contact, id=three.contact_id)
    assert (nobody.name, nobody.email, nobody.title, nobody.status, nobody.role) == (
        "", None, None, "anonymous", "decision_maker",
    )  # fmt: skip
    assert (three.reasons, three.comment, three.idea) == (["invoicing"], None, None)
    for model in (CaseEvent, Letter, Settled, Promise, Task):
        assert [row.contact_id for row in await rows(ctx, model)] == [nobody.id], model
    (letter,) = await rows(ctx, Letter)
    assert letter.key == f"aged:{letter.id}"
    assert [(row.contact_id, row.response_id) for row in await rows(ctx, Reference)] == [
        (jane.id, None)
    ]
    assert await rows(ctx, MailReply) == []
    assert [row.note for row in await rows(ctx, Touch, contact_id=jane.id)] == ["Fine"]

    now = await everything(ctx)
    for word in (*WORDS, "Ole", "ole@acme.example"):
        assert word not in now, word
    but_hers = await everything(ctx, but=("contact",))
    assert "Jane" not in but_hers
    assert "jane@acme.example" not in but_hers
    assert "Better now" in now
    (alert,) = await rows(ctx, Alert)
    assert alert.what == "case_changed"
    await run(ctx, job_of(alert))
    (posted,) = chat.posted
    assert posted.card.title == "Acme A/S: 3 of 10 from decision maker"
    assert COMMENT not in str(to_json(posted.card))
    person = await export_person(ctx, "jane@acme.example")
    assert [row["score"] for row in person["responses"]] == [8]


@pytest.mark.both_databases
async def test_every_figure_is_the_same_before_and_after(ctx: Context, story: Acme) -> None:
    async def figures() -> list[Any]:
        found: list[Any] = []
        for scope in SCOPES:
            for wave in (None, "Autumn 2026", "Autumn 2028"):
                found.append(asdict(await measure_scope(ctx, scope, wave=wave)))
            for months in (3, 14, 25):
                at = (LATER - timedelta(days=30 * months)).date()
                found.append(asdict(await measure_scope(ctx, scope, at=at)))
            found.append(await wave_trend(ctx, scope))
        async with ctx.db.reading() as session:
            ids = [story.account.id]
            found.append(await answers.read_rollup(session, ids))
            found.append(await wave_rollups.read(session, story.wave.id))
        return found

    before = await figures()
    assert any(each["detractors"] for each in before if isinstance(each, dict))
    await look(ctx)
    assert await figures() == before
    async with ctx.db.session() as session:
        await wave_rollups.recount(session, [story.wave.id], [story.account.id])
    await recount(ctx, story)
    assert await figures() == before


async def test_a_second_look_changes_nothing_and_the_log_holds_numbers(
    ctx: Context, story: Acme, clock: FakeClock
) -> None:
    await look(ctx)
    before = await everything(ctx, but=("app_setting",))
    clock.forward(days=1)
    await look(ctx)
    assert await everything(ctx, but=("app_setting",)) == before
    entries = await rows(ctx, AuditEntry)
    assert {(each.actor, each.act, each.subject, each.subject_id) for each in entries} == {
        ("clock", "anonymised", "answers", None)
    }
    # Six were asked; three answered. Ole's row itself lost its person.
    assert sum(each.detail["contacts"] for each in entries) == 6
    assert sum(each.detail["answers"] for each in entries) == 3
    assert len(await rows(ctx, Contact, status="anonymous")) == 6


async def test_the_day_of_the_answer_is_kept_and_the_look_is_taken_once_a_day(
    ctx: Context, story: Acme, clock: FakeClock
) -> None:
    clock.at = datetime(2028, 11, 24, 23, tzinfo=UTC)
    await look(ctx)
    assert [row.status for row in await rows(ctx, Contact, id=story.contacts["jane"].id)] == [
        "active"
    ]
    assert len(await rows(ctx, Response, contact_id=story.contacts["jane"].id)) == 2
    clock.at = datetime(2028, 11, 25, 0, 5, tzinfo=UTC)
    await look(ctx)
    assert len(await rows(ctx, Response, contact_id=story.contacts["jane"].id)) == 1


@pytest.mark.parametrize("held", ["case", "solved lately", "promise"])
async def test_what_a_case_or_promise_still_needs_stays_until_a_month_after_it_ended(
    ctx: Context, story: Acme, make: Make, clock: FakeClock, held: str
) -> None:
    (case,) = await rows(ctx, Case)
    (promise,) = await rows(ctx, Promise)
    case.state = "taken" if held == "case" else "solved"
    case.solved_at = clock() - timedelta(days=2) if held == "solved lately" else None
    promise.state = "open" if held == "promise" else "done"
    await make.save(case)
    await make.save(promise)
    await look(ctx)
    assert len(await rows(ctx, Response, contact_id=story.contacts["jane"].id)) == 2
    assert COMMENT in await everything(ctx)
    assert await rows(ctx, Response, contact_id=story.contacts["mia"].id) == []

    case.state, case.solved_at, promise.state = "solved", clock(), "done"
    await make.save(case)
    await make.save(promise)
    clock.forward(days=32)
    await look(ctx)
    assert len(await rows(ctx, Response, contact_id=story.contacts["jane"].id)) == 1
    assert COMMENT not in await everything(ctx)


async def test_who_leaves_after_all_their_answers_lost_the_name_goes_too(
    ctx: Context, story: Acme, make: Make, clock: FakeClock
) -> None:
    await look(ctx)
    mia, lis = story.contacts["mia"], story.contacts["lis"]
    for each in (mia, lis):
        (row,) = await rows(ctx, Contact, id=each.id)
        row.status = "inactive"
        await make.save(row)
    await make.save(
        Touch(at=clock(), contact_id=lis.id, account_id=story.account.id, note="Says goodbye")
    )
    new = await make.contact(story.account, "Nora New", status="inactive")
    clock.forward(days=1)
    await look(ctx)
    assert "Mia" not in await everything(ctx)
    assert [row.name for row in await rows(ctx, Contact, id=lis.id)] == ["Lis Krog"]
    assert [row.name for row in await rows(ctx, Contact, id=new.id)] == ["Nora New"]


async def test_a_look_cut_anywhere_goes_on_where_it_was(
    ctx: Context, story: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_TOGETHER", 1)
    monkeypatch.setattr(retention, "_TAKEN", 1)
    for taken in range(1, 7):
        await retention.due(ctx)
        assert len(await rows(ctx, Contact, status="anonymous")) == taken
    await look(ctx)
    left = await everything(ctx)
    assert not [word for word in WORDS if word in left]


async def test_the_command_counts_or_does_what_is_due(ctx: Context, story: Acme) -> None:
    told = "3 answers and 3 unanswered questions of 6 contacts, from before 2026-12-10"
    before = await everything(ctx)
    assert await privacy_retain_command(ctx, dry_run=True) == (
        0, [f"{told}: would lose their name (dry run)"], [],
    )  # fmt: skip
    assert await everything(ctx) == before
    assert await privacy_retain_command(ctx) == (0, [f"{told}: have no name any more"], [])
    left = await everything(ctx)
    assert not [word for word in WORDS if word in left]
    assert (await rows(ctx, AuditEntry))[0].actor == "operator"

    without = replace(ctx, programme=replace(ctx.programme, privacy=Privacy()))
    assert await retention.due(without) == []
    with pytest.raises(Refused, match="keep_months"):
        await retention.retain(without, dry_run=True)


async def test_rows_without_a_person_are_used_again_when_no_figure_counts_both(
    ctx: Context, story: Acme, clock: FakeClock
) -> None:
    await look(ctx)
    first = {row.id for row in await rows(ctx, Contact, status="anonymous")}
    (eight,) = await rows(ctx, Response, score=8)
    clock.at = datetime(2030, 12, 20, 9, tzinfo=UTC)
    before = asdict(await measure_scope(ctx, SCOPES[1], at=LATER.date()))
    await look(ctx)
    assert {row.id for row in await rows(ctx, Contact, status="anonymous")} == first
    (moved,) = await rows(ctx, Response, id=eight.id)
    assert moved.contact_id in first
    assert moved.comment is None
    assert asdict(await measure_scope(ctx, SCOPES[1], at=LATER.date())) == before
    held = await rows(ctx, Invitation, contact_id=moved.contact_id)
    assert sorted(row.sent_at.year for row in held) == [2026, 2028]


async def test_members_see_the_answer_of_a_former_contact_and_no_wave_counts_it(
    ctx: Context, story: Acme
) -> None:
    await look(ctx)
    anna, clara = (Person("console", each.email) for each in (story.anna, story.clara))
    told = {}
    for words in ("", "acme", "acme people", "acme history", "acme reasons", "acme brief", "cases",
                  "tasks", "calls", "ideas", "promises", "references"):  # fmt: skip
        reply = await routes.command(ctx, Command(anna, anna.place, words))
        told[words] = json.dumps(to_json(reply), ensure_ascii=False, default=str)
        assert "Ole" not in told[words], words
    assert "a former contact: 3" in told["acme history"]
    assert "Jane Jensen: 8" in told["acme history"]
    assert "former" not in told["acme people"]
    sent = await send_now(ctx, "relationship", ("acme",), "Spring 2029", False)
    async with ctx.db.reading() as session:
        assert "erased" not in await waves.skipped(session, sent)
    reply = await routes.command(ctx, Command(clara, clara.place, "wave list"))
    assert isinstance(reply, Card)


def test_counts_add_up() -> None:
    found = [Old((1, 2), (7,)), Old((3,), ())]
    assert retention._counted(found) == retention.Taken(2, 1, 2)
