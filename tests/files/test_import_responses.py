"""Past answers and unanswered invitations: stored once, with their snapshot, and never alerted."""

from datetime import UTC, date, datetime

import pytest
from sqlmodel import select

from handlers import retention
from handlers.waves import counting
from storage.models import (
    Alert,
    Case,
    Contact,
    CurrentAnswer,
    Invitation,
    Response,
    ResponseChange,
    Rollup,
    Wave,
    WaveRollup,
)
from tests.factories import Acme, Make, acme_story
from tests.fakes import FakeClock, FakeEngine
from tests.files.conftest import Files

HEAD = (
    "account_key,email,survey_kind,wave,invited_at,answered_at,score,comment,reasons,language,"
    "product,touchpoint,value_at_invite,idea,reply,status\n"
)
PAST = HEAD + (
    "acme,jane@acme.example,relationship,Spring,2026-03-02 09:00,2026-03-03 10:00,8,Fine,"
    "price|delivery,da,Pumps,order,400000,Blue ones,,\n"
    "acme,ole@acme.example,relationship,Spring,2026-03-02 09:00,,,,,,,,,,,\n"
    "acme,mia@acme.example,relationship,,,2026-04-01,0,,,,,,,,,\n"
    "acme,lis@acme.example,relationship,Spring,2026-03-02 09:00,2026-03-04,,,,,,,,,"
    "may_not_recommend,\n"
)


@pytest.fixture
async def acme(make: Make) -> Acme:
    return await acme_story(make)


async def test_answers_come_with_their_wave_invitation_and_snapshot(
    files: Files, acme: Acme, engine: FakeEngine
) -> None:
    live = {invitation.id for invitation in await files.rows(Invitation)}
    report = await files.stored("responses", PAST)
    assert (report.rows, report.created) == (4, 4)

    _autumn, spring = await files.rows(Wave)
    assert (spring.name, spring.state, spring.imported) == ("Spring", "closed", True)
    assert spring.starts_at == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert spring.closes_at == datetime(2026, 3, 3, 23, tzinfo=UTC)
    jane, ole, mia, lis = [row for row in await files.rows(Invitation) if row.id not in live]
    assert (jane.wave_id, jane.status, jane.value) == (spring.id, "sent", 400_000.0)
    assert (jane.owner_id, jane.team_id, jane.role) == (
        acme.anna.id,
        acme.team.id,
        "decision_maker",
    )
    assert (jane.segment, jane.currency, jane.renewal_date) == ("industry", "EUR", date(2027, 1, 7))
    assert (ole.status, ole.value) == ("sent", 420_000.0)
    assert (mia.status, mia.wave_id, mia.sent_at) == ("unasked", None, None)
    of_jane, of_mia, of_lis = await files.rows(Response)
    assert (of_jane.score, of_jane.reasons, of_jane.idea) == (8, ["price", "delivery"], "Blue ones")
    assert of_jane.answered_at == datetime(2026, 3, 3, 9, tzinfo=UTC)
    assert (of_jane.status, of_jane.reply, of_jane.imported) == ("confirmed", "score", True)
    assert (of_mia.score, of_mia.invitation_id) == (0, mia.id)
    assert (of_lis.score, of_lis.reply, of_lis.invitation_id) == (None, "may_not_recommend", lis.id)


@pytest.mark.both_databases
async def test_imported_answers_count_but_alert_nobody_and_open_no_case(
    files: Files, acme: Acme, engine: FakeEngine
) -> None:
    await files.stored("responses", PAST)
    assert await files.rows(Alert) == []
    assert await files.rows(Case) == []
    assert engine.jobs == []
    async with files.ctx.db.reading() as session:
        current = (await session.exec(select(CurrentAnswer))).all()
        rollups = (await session.exec(select(Rollup))).all()
    assert sorted((answer.reply, answer.score or 0) for answer in current) == [
        ("may_not_recommend", 0), ("score", 0), ("score", 8),
    ]  # fmt: skip
    assert {(rollup.role, rollup.passives, rollup.detractors) for rollup in rollups} == {
        ("decision_maker", 1, 0), ("user", 0, 1),
    }  # fmt: skip


async def test_the_same_file_again_changes_nothing_and_doubles_nothing(
    files: Files, acme: Acme
) -> None:
    await files.stored("responses", PAST)
    before = len(await files.rows(Invitation))
    again = await files.stored("responses", PAST)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 4)
    assert len(await files.rows(Invitation)) == before


@pytest.mark.both_databases
async def test_a_second_file_updates_answers_and_answers_the_unanswered(
    files: Files, acme: Acme
) -> None:
    await files.stored("responses", PAST)
    later = HEAD + (
        "acme,jane@acme.example,relationship,Spring,,,3,-,,,,,,,,\n"
        "acme,ole@acme.example,relationship,Spring,,2026-03-05,10,,,,,,,,,\n"
        "acme,lis@acme.example,relationship,Spring,,,7,,,,,,,,,\n"
    )
    report = await files.stored("responses", later)
    assert (report.created, report.updated) == (0, 3)
    by_contact = {row.contact_id: row for row in await files.rows(Response)}
    jane = by_contact[acme.contacts["jane"].id]
    assert (jane.score, jane.comment, jane.idea) == (3, None, "Blue ones")
    assert by_contact[acme.contacts["ole"].id].score == 10
    lis = by_contact[acme.contacts["lis"].id]
    assert (lis.reply, lis.score) == ("score", 7)
    changes = await files.rows(ResponseChange)
    assert [(change.reply, change.score) for change in changes] == [
        ("score", 8), ("may_not_recommend", None),
    ]  # fmt: skip


async def test_an_answer_without_a_wave_is_known_by_its_time(files: Files, acme: Acme) -> None:
    asked = HEAD + "acme,jane@acme.example,csat,,2026-05-01,,,,,,,,,,,\n"
    answered = HEAD + "acme,jane@acme.example,csat,,2026-05-01,2026-05-02,5,,,,,,,,,\n"
    other = HEAD + "acme,jane@acme.example,csat,,2026-05-01,2026-05-09,4,,,,,,,,,\n"
    assert (await files.stored("responses", asked)).created == 1
    assert (await files.stored("responses", answered)).updated == 1
    assert (await files.stored("responses", answered)).unchanged == 1
    assert (await files.stored("responses", other)).created == 1
    assert [row.score for row in await files.rows(Response)] == [5, 4]


@pytest.mark.both_databases
async def test_a_row_of_a_wave_that_was_sent_from_here_finds_its_invitation(
    files: Files, acme: Acme
) -> None:
    text = HEAD + "acme,jane@acme.example,relationship,Autumn 2026,,2026-11-20,4,,,,,,,,,\n"
    assert (await files.stored("responses", text)).updated == 1
    assert (await files.row(Response)).invitation_id == acme.invitations["jane"].id
    assert (await files.row(Wave)).state == "sending"


async def test_an_invitation_that_is_still_to_be_sent_is_not_touched(
    files: Files, acme: Acme, make: Make
) -> None:
    wave = await make.wave("Winter")
    await make.invitation(acme.contacts["jane"], wave, status="planned", sent_at=None)
    text = HEAD + "acme,jane@acme.example,relationship,Winter,,2026-11-20,4,,,,,,,,,\n"
    assert await files.refused("responses", text) == [
        "row 2, column wave: this contact's invitation is still to be sent"
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("acme,who@acme.example,relationship,W,,2026-05-01,3,,,,,,,,,",
         "column email: who@acme.example is not a known contact of acme"),
        ("acme,jane@acme.example,relationship,W,2026-05-02,2026-05-01,3,,,,,,,,,",
         "column answered_at: answered 2026-05-01 00:00 is before invited 2026-05-02 00:00"),
        ("acme,jane@acme.example,relationship,W,2026-05-01,2062-05-01,3,,,,,,,,,",
         "column answered_at: 2062-05-01 is in the future"),
        ("acme,jane@acme.example,relationship,W,2027-05-01,,,,,,,,,,,",
         "column invited_at: 2027-05-01 is in the future"),
        ("acme,jane@acme.example,relationship,W,2026-05-01,2026-05-01,3,,price|weather,,,,,,,",
         "column reasons: weather is not a known reason"),
        ("acme,jane@acme.example,relationship,W,,2026-05-01,3.5,,,,,,,,,",
         "column score: 3.5 is not 0..10"),
        ("acme,jane@acme.example,relationship,W,,2026-05-01,-1,,,,,,,,,",
         "column score: -1 is not 0..10"),
        ("acme,jane@acme.example,ces2,W,,2026-05-01,8,,,,,,,,,", "column score: 8 is not 1..7"),
        ("acme,jane@acme.example,relationship,W,,2026-05-01,,,,,,,,,,",
         "column score: is missing: the row is answered"),
        ("acme,jane@acme.example,relationship,W,2026-05-01,,7,,,,,,,,,",
         "column answered_at: is missing: the row has score"),
        ("acme,jane@acme.example,relationship,W,,,,,,,,,,,,",
         "column answered_at: is missing: a new row needs answered_at or invited_at"),
        ("acme,jane@acme.example,relationship,,,,,,,,,,,,,",
         "column answered_at: is missing: without a wave, a row needs answered_at or invited_at"),
        ("acme,jane@acme.example,relationship,W,,2026-05-01,7,,,,,,,,cannot_judge,",
         "column score: 7 does not go with cannot_judge"),
        ("acme,jane@acme.example,csat,Autumn 2026,,2026-05-01,3,,,,,,,,,",
         "column survey_kind: csat is not relationship, as this wave is"),
    ],
)  # fmt: skip
async def test_what_does_not_go_together_is_a_problem(
    files: Files, acme: Acme, row: str, problem: str
) -> None:
    assert f"row 2, {problem}" in await files.refused("responses", HEAD + row + "\n")
    assert await files.rows(Response) == []


async def test_similar_counts_with_relationship_and_may_share_its_wave(
    files: Files, acme: Acme
) -> None:
    text = HEAD + (
        "acme,jane@acme.example,relationship,Spring,,2026-05-01,9,,,,,,,,,\n"
        "acme,ole@acme.example,similar,Spring,,2026-05-01,9,,,,,,,,,\n"
    )
    await files.stored("responses", text)
    async with files.ctx.db.reading() as session:
        rollups = (await session.exec(select(Rollup))).all()
    assert sum(rollup.promoters for rollup in rollups) == 2
    assert {rollup.kind for rollup in rollups} == {"relationship"}


async def test_suspect_and_provisional_answers_do_not_count(files: Files, acme: Acme) -> None:
    text = HEAD + (
        "acme,jane@acme.example,relationship,Spring,,2026-05-01,9,,,,,,,,,suspect\n"
        "acme,ole@acme.example,relationship,Spring,,2026-05-01,9,,,,,,,,,provisional\n"
    )
    await files.stored("responses", text)
    async with files.ctx.db.reading() as session:
        assert (await session.exec(select(Rollup))).all() == []


@pytest.mark.both_databases
async def test_a_later_file_changes_the_sums_of_a_wave_that_is_counted(
    files: Files, acme: Acme
) -> None:
    await files.stored("responses", PAST)
    for _tick in range(3):
        await counting.due(files.ctx)
    (sums,) = await files.rows(WaveRollup)
    assert (sums.asked, sums.passives, sums.may_not_recommend) == (3, 1, 1)

    await files.stored(
        "responses",
        "account_key,email,survey_kind,wave,invited_at,answered_at,score\n"
        "acme,jane@acme.example,relationship,Spring,,,2\n"
        "acme,ole@acme.example,relationship,Spring,,2026-03-05,10\n"
        "acme,mia@acme.example,relationship,Spring,2026-03-02,,\n",
    )

    (sums,) = await files.rows(WaveRollup)
    assert (sums.asked, sums.promoters, sums.passives, sums.detractors) == (4, 1, 0, 1)


async def test_answers_that_lost_their_name_by_age_are_not_stored_a_second_time(
    files: Files, acme: Acme, make: Make, clock: FakeClock
) -> None:
    await files.stored("responses", PAST)
    lis = acme.contacts["lis"]
    lis.status = "inactive"
    await make.save(lis)
    clock.at = datetime(2029, 3, 1, 9, tzinfo=UTC)
    await retention.retain(files.ctx, dry_run=False)
    assert {row.status for row in await files.rows(Contact)} == {"active", "anonymous"}
    before = sorted(row.score or 0 for row in await files.rows(Response))

    for _twice in range(2):
        report = await files.stored("responses", PAST)
        assert (report.created, report.updated, report.unchanged) == (0, 0, 4)
        assert sorted(row.score or 0 for row in await files.rows(Response)) == before
    assert PAST.count("jane") == 1
    assert b"jane" not in await files.get("responses")
    another = "acme,peter@acme.example,relationship,Spring,2026-03-02 09:00,2026-03-05,6,,,,,,,,,\n"
    report = await files.stored("responses", PAST + another)
    assert (report.created, report.unchanged) == (1, 4)
    stranger = another.replace("peter", "nobody").replace("03-05", "03-06")
    assert "known contact" in (await files.refused("responses", PAST + stranger))[0]
