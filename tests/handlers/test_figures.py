"""Figures of real rows: the documented numbers, windows, waves, snapshots, and what is withheld."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from handlers.context import Context
from handlers.figures import measure_scope
from handlers.measures.measure import Measure, Scope, Weighted, to_json
from handlers.scopes import NotMeasurable
from handlers.trends import wave_trend
from storage import answers, scopes
from storage.db import Database
from storage.models import Account, Contact, Invitation, Response, Team, Wave
from tests.data_files import (
    WORKED_TEAMS,
    DataRow,
    instructor_training,
    longterm_2017,
    worked,
    write_import_files,
)
from tests.factories import Make
from tests.fakes import FakeClock

ALL = Scope("all")
TODAY = date(2026, 11, 24)


async def store(
    db: Database,
    rows: Iterable[DataRow],
    now: datetime,
    *,
    wave: str | None = None,
    teams: Mapping[str, str] | None = None,
) -> None:
    """Stores the rows as the import does: asked and answered at their time, else yesterday."""
    rows, yesterday = list(rows), now - timedelta(days=1)
    named = {name: Team(name=name) for name in sorted(set((teams or {}).values()))}
    accounts = {
        row.account: Account(key=row.account, name=row.account, annual_value=row.value)
        for row in rows
    }
    event = Wave(name=wave, state="closed", created_at=now, imported=True) if wave else None
    async with db.session() as session:
        session.add_all(named.values())
        session.add_all([event] if event else [])
        await session.flush()
        for key, account in accounts.items():
            account.team_id = named[teams[key]].id if teams and key in teams else None
        session.add_all(accounts.values())
        await session.flush()
        contacts = [
            Contact(account_id=accounts[row.account].id, email=row.email, name=row.email)
            for row in rows
        ]
        session.add_all(contacts)
        await session.flush()
        times = [row.at.replace(tzinfo=UTC) if row.at else yesterday for row in rows]
        invitations = [
            Invitation(
                wave_id=event.id if event else None,
                account_id=contact.account_id,
                contact_id=contact.id,
                status="sent",
                sent_at=when,
                team_id=accounts[row.account].team_id,
                value=row.value,
            )
            for row, contact, when in zip(rows, contacts, times, strict=True)
        ]
        session.add_all(invitations)
        await session.flush()
        session.add_all(
            Response(
                invitation_id=invitation.id,
                account_id=invitation.account_id,
                contact_id=invitation.contact_id,
                kind="relationship",
                score=row.score,
                answered_at=when,
                last_input_at=when,
                imported=True,
            )
            for row, invitation, when in zip(rows, invitations, times, strict=True)
            if row.score is not None
        )
        await session.flush()
        ids = [account.id for account in accounts.values()]
        await answers.recount(session, ids, "relationship", now, 12)


def measuring_members(ctx: Context) -> Context:
    return replace(ctx, programme=replace(ctx.programme, measure_members="lead"))


async def recount(db: Database, now: datetime, *accounts: Account) -> None:
    async with db.session() as session:
        await answers.recount(session, [each.id for each in accounts], "relationship", now, 12)


def near(
    found: Weighted | Measure | None, nps: float, n_eff: float, low: float, high: float
) -> None:
    assert found is not None
    assert found.nps == pytest.approx(nps, abs=1e-4)
    assert found.n_eff == pytest.approx(n_eff, abs=1e-4)
    assert found.interval == pytest.approx((low, high), abs=1e-4)


async def test_worked_example_has_the_documented_figures(
    ctx: Context, db: Database, clock: FakeClock
) -> None:
    await store(db, worked(), clock())

    found = await measure_scope(ctx, ALL, rho=0.15)

    assert (found.asked, found.answered, found.rated, found.accounts) == (48, 31, 31, 10)
    near(found, 16.1290, 21.5955, -21.1107, 48.9892)
    near(found.account_balanced, 8.3333, 18.6800, -30.5337, 44.6422)
    near(found.value_weighted, 11.5010, 11.8789, -37.2630, 55.0265)
    assert found.value_weighted is not None
    assert found.value_weighted.largest_account == "K03"
    assert found.icc == pytest.approx(0.271732, abs=1e-6)
    assert (await measure_scope(ctx, ALL)).rho == pytest.approx(0.187779, abs=1e-6)
    assert to_json(found)["window"] == {"from": "2025-11-24", "to": "2026-11-24"}


@pytest.mark.both_databases
@pytest.mark.parametrize("at", [None, TODAY, TODAY - timedelta(days=1), TODAY + timedelta(days=9)])
async def test_every_way_to_the_same_answers_gives_the_same_figures(
    ctx: Context, db: Database, clock: FakeClock, at: date | None
) -> None:
    await store(db, worked(), clock(), wave="Autumn", teams=WORKED_TEAMS)
    ctx = measuring_members(ctx)

    for scope in (ALL, Scope("account", "K01"), Scope("team", "North")):
        window = to_json(await measure_scope(ctx, scope, at=at))
        wave = to_json(await measure_scope(ctx, scope, wave="Autumn"))
        assert {**window, "window": None} == {**wave, "window": None}


async def test_rho_is_estimated_within_the_teams_of_today_whatever_the_scope(
    ctx: Context, db: Database, clock: FakeClock
) -> None:
    await store(db, worked(), clock(), teams=WORKED_TEAMS)
    ctx = measuring_members(ctx)

    for scope in (ALL, Scope("account", "K09"), Scope("team", "North")):
        found = await measure_scope(ctx, scope)
        assert found.icc == pytest.approx(0.270029, abs=1e-6)
        assert found.rho == pytest.approx(0.181119, abs=1e-6)


async def test_one_account_has_the_documented_figures(
    ctx: Context, db: Database, clock: FakeClock
) -> None:
    await store(db, worked(), clock())

    first = await measure_scope(ctx, Scope("account", "k01"))
    eighth = await measure_scope(ctx, Scope("account", "K08"))

    assert first.scope == Scope("account", "K01")
    assert first.nps == pytest.approx(75)
    assert first.bounds == pytest.approx((16.6667, 83.3333), abs=1e-4)
    assert first.interval == pytest.approx((26.4318, 83.3333), abs=1e-4)
    assert eighth.nps == pytest.approx(-33.3333, abs=1e-4)
    assert eighth.bounds == pytest.approx((-71.4286, 42.8571), abs=1e-4)


async def test_training_events_have_the_documented_figures_as_a_wave(
    ctx: Context, db: Database, clock: FakeClock
) -> None:
    await store(db, instructor_training(), clock(), wave="Trainings")

    found = await measure_scope(ctx, ALL, wave="trainings")

    assert (found.rated, found.promoters, found.passives, found.detractors) == (764, 414, 281, 69)
    assert found.icc == pytest.approx(0.12056, abs=1e-5)
    assert found.rho == pytest.approx(0.12651, abs=1e-5)
    near(found, 45.1571, 302.1704, 37.4455, 52.2097)
    near(found.account_balanced, 41.8020, 246.2633, 32.9216, 49.8895)
    assert to_json(found)["window"] == {"from": None, "to": None}


async def test_long_term_answers_have_the_documented_figures(
    ctx: Context, db: Database, clock: FakeClock
) -> None:
    await store(db, longterm_2017(), clock())

    found, fixed = await measure_scope(ctx, ALL), await measure_scope(ctx, ALL, rho=0.15)

    assert (found.rated, found.accounts) == (369, 21)
    assert found.icc == pytest.approx(-0.01838, abs=1e-5)
    near(found, 36.8564, 38.8954, 10.7142, 57.7672)
    near(found.account_balanced, 36.3793, 54.4745, 15.6397, 53.7349)
    near(fixed, 36.8564, 20.5297, 0.2783, 63.9816)


async def test_an_answer_leaves_the_current_figures_after_twelve_months(
    ctx: Context, db: Database, clock: FakeClock, make: Make
) -> None:
    account = await make.account(key="K1")
    for months, score in ((1, 10), (11, 0)):
        contact = await make.contact(account)
        when = clock() - timedelta(days=30 * months)
        await make.response(await make.invitation(contact, sent_at=when), score, answered_at=when)
    await recount(db, clock(), account)
    before = await measure_scope(ctx, ALL)

    clock.forward(days=60)
    after = await measure_scope(ctx, ALL)

    assert (before.rated, before.nps) == (2, 0)
    assert (after.asked, after.rated, after.nps) == (1, 1, 100)


async def test_a_window_that_has_passed_knows_no_later_answer(
    ctx: Context, db: Database, clock: FakeClock, make: Make
) -> None:
    account = await make.account(key="K1")
    contact = await make.contact(account)
    for days, score in ((500, 3), (200, 10), (2, 0)):
        when = clock() - timedelta(days=days)
        await make.response(await make.invitation(contact, sent_at=when), score, answered_at=when)
    await recount(db, clock(), account)
    scope = Scope("account", "K1")

    now = await measure_scope(ctx, scope)
    spring = await measure_scope(ctx, scope, at=TODAY - timedelta(days=100))
    early = await measure_scope(ctx, scope, at=TODAY - timedelta(days=400))
    never = await measure_scope(ctx, scope, at=TODAY - timedelta(days=900))

    assert [each.nps for each in (now, spring, early, never)] == [-100, 100, -100, None]
    # Nobody was asked then, so whoever could be asked stands for it.
    assert (never.asked, never.answered) == (1, 0)


async def test_the_window_begins_behind_the_day_twelve_months_before(
    ctx: Context, db: Database, clock: FakeClock, make: Make
) -> None:
    account = await make.account(key="K1")
    for when in (
        datetime(2025, 6, 30, 21, 59, tzinfo=UTC),
        datetime(2025, 6, 30, 22, 1, tzinfo=UTC),
    ):
        contact = await make.contact(account)
        await make.response(await make.invitation(contact, sent_at=when), 9, answered_at=when)

    found = await measure_scope(ctx, ALL, at=date(2026, 6, 30))

    # In Copenhagen one of them fell on 30 June, the other on 1 July.
    assert found.rated == 1


@pytest.mark.both_databases
async def test_today_groups_by_what_is_true_now_and_a_wave_by_its_snapshot(
    ctx: Context, db: Database, clock: FakeClock, make: Make
) -> None:
    north, south = await make.team("North"), await make.team("South")
    for team in (north, south):
        for _ in range(4):
            await make.member(team_id=team.id)
    account = await make.account(key="K1", team_id=north.id, segment="industry", annual_value=5.0)
    contact = await make.contact(account, role="user")
    when = clock() - timedelta(days=20)
    invitation = await make.invitation(contact, await make.wave("Spring"), sent_at=when)
    await make.response(invitation, 9, answered_at=when)
    async with db.session() as session:
        moved = await session.get_one(Account, account.id)
        moved.team_id, moved.segment, moved.annual_value = south.id, "retail", 7.0
        promoted = await session.get_one(Contact, contact.id)
        promoted.role = "decision_maker"
    await recount(db, clock(), account)

    now = await measure_scope(ctx, Scope("team", "South"))
    wave = await measure_scope(ctx, Scope("team", "North"), wave="Spring")
    past = await measure_scope(ctx, Scope("segment", "industry"), at=TODAY - timedelta(days=1))

    assert now.by_role["decision_maker"].promoters == 1
    for then in (wave, past):
        assert then.by_role["user"].promoters == 1
        assert then.by_role["decision_maker"].asked == 0
    assert (await measure_scope(ctx, Scope("team", "North"))).asked == 0
    assert (await measure_scope(ctx, Scope("team", "South"), wave="Spring")).asked == 0
    assert (await measure_scope(ctx, Scope("segment", "retail"))).rated == 1


@pytest.mark.both_databases
async def test_a_wave_keeps_the_value_at_invitation(
    ctx: Context, db: Database, clock: FakeClock, make: Make
) -> None:
    wave = await make.wave("Spring")
    for key, value in (("K1", 100.0), ("K2", 300.0)):
        account = await make.account(key=key, annual_value=value)
        invitation = await make.invitation(await make.contact(account), wave)
        await make.response(invitation, 9 if key == "K1" else 0)
        async with db.session() as session:
            (await session.get_one(Account, account.id)).annual_value = 200.0

    found = await measure_scope(ctx, ALL, wave="Spring")

    assert found.value_weighted is not None
    assert found.value_weighted.largest_share == pytest.approx(75)
    assert found.value_weighted.nps == pytest.approx(-50)


async def test_suspect_and_provisional_replies_count_as_not_answered(
    ctx: Context, db: Database, clock: FakeClock, make: Make
) -> None:
    account = await make.account(key="K1")
    wave = await make.wave("Spring")
    for status in ("confirmed", "suspect", "provisional"):
        invitation = await make.invitation(await make.contact(account), wave)
        await make.response(invitation, 9, status=status)
    twice = await make.contact(account)
    await make.response(await make.invitation(twice, wave), 9)
    later = await make.invitation(twice, await make.wave("Summer"))
    await make.response(later, 0, status="suspect")
    await recount(db, clock(), account)

    for at in (None, TODAY + timedelta(days=1)):
        found = await measure_scope(ctx, Scope("account", "K1"), at=at)
        assert (found.asked, found.answered, found.rated, found.suspect) == (4, 2, 2, 1)
        assert found.nps == 100
    summer = await measure_scope(ctx, ALL, wave="Summer")
    assert (summer.asked, summer.answered, summer.suspect) == (1, 0, 1)


async def test_a_later_may_not_recommend_replaces_the_score_and_silence_does_not(
    ctx: Context, db: Database, clock: FakeClock, make: Make
) -> None:
    account = await make.account(key="K1")
    for last in ("may_not_recommend", "cannot_judge", None):
        contact = await make.contact(account)
        before = clock() - timedelta(days=200)
        first = await make.invitation(contact, sent_at=before)
        await make.response(first, 10, answered_at=before)
        second = await make.invitation(contact)
        if last:
            await make.response(second, None, reply=last)
    await recount(db, clock(), account)

    for at in (None, TODAY + timedelta(days=1)):
        found = await measure_scope(ctx, Scope("account", "K1"), at=at)
        assert (found.asked, found.answered, found.rated) == (3, 3, 1)
        assert (found.may_not_recommend, found.cannot_judge) == (1, 1)
        assert found.bounds == (100, 100)


async def test_asked_counts_what_was_sent_or_may_have_been_and_no_trial(
    ctx: Context, db: Database, clock: FakeClock, make: Make
) -> None:
    account = await make.account(key="K1")
    wave = await make.wave("Spring")
    for status in ("sent", "doubt", "bounced", "failed", "skipped", "cancelled", "planned"):
        sent_at = clock() if status == "sent" else None
        await make.invitation(
            await make.contact(account), wave, status=status, sent_at=sent_at, claimed_at=clock()
        )
    await make.invitation(await make.contact(account), wave, is_test=True)
    unasked = await make.invitation(
        await make.contact(account), wave, status="unasked", sent_at=None
    )
    await make.response(unasked, 7)
    await recount(db, clock(), account)

    now = await measure_scope(ctx, Scope("account", "K1"))
    of_wave = await measure_scope(ctx, Scope("account", "K1"), wave="Spring")

    assert (now.asked, now.answered) == (3, 1)
    assert (of_wave.asked, of_wave.answered) == (3, 1)


async def test_an_account_that_nobody_asked_has_its_active_contacts_as_asked(
    ctx: Context, make: Make
) -> None:
    silent = await make.account(key="K1")
    await make.contact(silent, role="decision_maker")
    await make.contact(silent)
    await make.contact(silent, status="inactive")
    wave = await make.wave("Spring")
    asked = await make.contact(await make.account(key="K2"))
    await make.invitation(asked, wave)

    for at in (None, TODAY + timedelta(days=1), TODAY - timedelta(days=1)):
        found = await measure_scope(ctx, Scope("account", "K1"), at=at)
        assert (found.asked, found.answered, found.bounds) == (2, 0, (-100, 100))
        assert found.by_role["decision_maker"].asked == 1
    assert (await measure_scope(ctx, ALL)).asked == 3
    # A wave has only those whom it asked, but an account is told of by its key.
    assert (await measure_scope(ctx, ALL, wave="Spring")).asked == 1
    assert (await measure_scope(ctx, Scope("account", "K1"), wave="Spring")).asked == 2


async def test_kinds_are_kept_apart_but_similar_counts_with_relationship(
    ctx: Context, db: Database, clock: FakeClock, make: Make
) -> None:
    account = await make.account(key="K1")
    for kind, score in (("relationship", 10), ("similar", 0), ("transactional", 7)):
        invitation = await make.invitation(await make.contact(account), kind=kind)
        await make.response(invitation, score)
    await recount(db, clock(), account)
    async with db.session() as session:
        await answers.recount(session, [account.id], "transactional", clock(), 12)

    scope = Scope("account", "K1")
    relationship = await measure_scope(ctx, scope)
    similar = await measure_scope(ctx, scope, kind="similar")
    transactional = await measure_scope(ctx, scope, kind="transactional")

    assert (relationship.asked, relationship.promoters, relationship.detractors) == (2, 1, 1)
    assert (similar.asked, similar.detractors) == (1, 1)
    assert (transactional.asked, transactional.passives) == (1, 1)


async def test_values_in_another_currency_are_not_added_up(
    ctx: Context, db: Database, clock: FakeClock, make: Make
) -> None:
    worth = (("K1", 100.0, "EUR", 9), ("K2", 300.0, None, 0), ("K3", 9000.0, "DKK", 0))
    accounts = []
    for key, value, currency, score in worth:
        account = await make.account(key=key, annual_value=value, currency=currency)
        await make.response(await make.invitation(await make.contact(account)), score)
        accounts.append(account)
    await recount(db, clock(), *accounts)

    found = await measure_scope(ctx, ALL)

    assert found.value_weighted is not None
    assert found.value_weighted.largest_account == "K2"
    assert found.value_weighted.nps == pytest.approx(-50)


async def test_a_team_of_three_is_withheld_unless_leads_are_measured(
    ctx: Context, db: Database, clock: FakeClock, make: Make
) -> None:
    await store(db, worked(), clock(), teams=WORKED_TEAMS)
    scope = Scope("team", "North")
    async with db.reading() as session:
        north = await scopes.find_team(session, "North")
    assert north is not None
    for function in ("account manager", "supply chain", "technical support"):
        await make.member(team_id=north.id, function=function)
    await make.member(team_id=north.id, left_at=clock())

    small = to_json(await measure_scope(ctx, scope))
    for_leads = to_json(await measure_scope(measuring_members(ctx), scope))
    await make.member(team_id=north.id)
    large = to_json(await measure_scope(ctx, scope))

    assert small["withheld"] == "small_team"
    assert small["nps"] is None
    assert small["promoters"] is None
    assert (small["asked"], small["answered"]) == (large["asked"], large["answered"])
    assert large["nps"] is not None
    assert "withheld" not in large
    assert for_leads == large
    assert "withheld" not in to_json(await measure_scope(ctx, ALL))


@pytest.mark.both_databases
async def test_the_trend_follows_the_waves_of_a_scope(
    ctx: Context, db: Database, clock: FakeClock, make: Make
) -> None:
    account, other = await make.account(key="K1"), await make.account(key="K2")
    contact, colleague = await make.contact(account), await make.contact(other)
    for number, score in enumerate((10, 7, None)):
        began = clock() - timedelta(days=300 - 90 * number)
        wave = await make.wave(f"Q{number}", starts_at=began, state="closed")
        invitation = await make.invitation(contact, wave, sent_at=began)
        if score is not None:
            await make.response(invitation, score, answered_at=began)
    late = await make.wave("Q3", starts_at=clock())
    await make.response(await make.invitation(colleague, late), 0)
    await make.wave("Draft", state="draft")

    own = await wave_trend(ctx, Scope("account", "K1"))
    whole = await wave_trend(ctx, ALL, limit=3)

    assert [(point.label, point.nps, point.n) for point in own] == [
        ("Q0", 100, 1), ("Q1", 0, 1), ("Q2", None, 0),
    ]  # fmt: skip
    assert [(point.label, point.nps) for point in whole] == [("Q1", 0), ("Q2", None), ("Q3", -100)]


@pytest.mark.parametrize(
    ("scope", "options", "message"),
    [
        (Scope("account", "nobody"), {}, "no account with the key 'nobody'"),
        (Scope("team", "Nowhere"), {}, "no team 'Nowhere'; teams: North"),
        (Scope("segment", "none"), {}, "no segment 'none'"),
        (ALL, {"wave": "Never"}, "no wave 'Never'"),
        (ALL, {"kind": "csat"}, "'csat' has no NPS"),
        (ALL, {"rho": 1.5}, "rho is between 0 and 1"),
    ],
)
async def test_what_does_not_exist_is_told(
    ctx: Context, make: Make, scope: Scope, options: dict[str, str], message: str
) -> None:
    await make.team("North")

    with pytest.raises(NotMeasurable, match=message):
        await measure_scope(ctx, scope, **options)  # type: ignore[arg-type]  # one call for all options


async def test_an_empty_programme_has_figures_without_scores(ctx: Context) -> None:
    found = await measure_scope(ctx, ALL)

    assert (found.asked, found.answered, found.nps, found.icc, found.rho) == (
        0,
        0,
        None,
        None,
        0.15,
    )
    assert found.quality == "too_few"
    json.dumps(to_json(found), allow_nan=False)


def test_data_become_import_files_with_one_contact_a_row(tmp_path: Path) -> None:
    files = write_import_files(worked(), tmp_path, TODAY, teams=WORKED_TEAMS)

    responses = files.responses.read_text().splitlines()
    assert len(responses) == len(files.contacts.read_text().splitlines()) == 49
    assert responses[1] == "K01,p1@k01.example,relationship,,2026-11-23,2026-11-23,8"
    assert responses[5] == "K01,p5@k01.example,relationship,,2026-11-23,,"
    assert files.accounts.read_text().splitlines()[1] == "K01,K01,120000.00,North"
