"""Who is asked, and every reason for which somebody is left out."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from handlers.context import Context
from handlers.waves.audience import Audience, Rules, assess, judge
from storage.audiences import Candidate
from storage.models import Wave
from tests.factories import Make

ZONE = ZoneInfo("Europe/Copenhagen")
TODAY = date(2026, 11, 24)


async def wave_of(make: Make, **values: Any) -> Wave:
    return await make.wave(state="approved", starts_at=make.now(), **values)


async def reasons(ctx: Context, wave: Wave) -> dict[str, str | None]:
    return {each.who.name: each.reason for each in await assess(ctx, wave, ctx.now())}


async def test_every_reason_to_leave_somebody_out_is_told(ctx: Context, make: Make) -> None:
    account = await make.account("Acme")
    strict = await make.account("Strict", recommend_policy="forbidden")
    friend = await make.account("Friend", key="friend")
    await make.contact(account, "Fine")
    for status in ("unsubscribed", "bouncing", "inactive", "erased"):
        await make.contact(account, status.title(), status=status)
    await make.contact(account, "Nowhere", email=None)
    await make.contact(strict, "Bound")
    await make.contact(friend, "Known")
    rested = await make.contact(account, "Rested")
    await make.invitation(rested, sent_at=ctx.now() - timedelta(days=149))
    wave = await wave_of(make, audience=Audience(left_out=("friend",)).stored())
    assert await reasons(ctx, wave) == {
        "Fine": None,
        "Unsubscribed": "unsubscribed",
        "Bouncing": "bouncing",
        "Inactive": "inactive",
        "Erased": "erased",
        "Nowhere": "no_address",
        "Bound": "not_allowed",
        "Known": "excluded",
        "Rested": "rested",
    }


async def test_a_person_may_be_left_out_by_address(ctx: Context, make: Make) -> None:
    await make.contact(await make.account(), "Jane", email="jane@acme.example")
    audience = Audience(left_out_people=("Jane@Acme.example",))
    assert await reasons(ctx, await wave_of(make, audience=audience.stored())) == {
        "Jane": "excluded"
    }


async def test_a_company_that_allows_no_recommendation_may_get_a_satisfaction_survey(
    ctx: Context, make: Make
) -> None:
    await make.contact(await make.account(recommend_policy="forbidden"), "Bound")
    assert await reasons(ctx, await wave_of(make, kind="csat")) == {"Bound": None}
    assert await reasons(ctx, await wave_of(make, kind="similar")) == {"Bound": "not_allowed"}


@pytest.mark.parametrize(
    ("kind", "days", "reason"),
    [
        ("relationship", 149, "rested"),
        ("relationship", 150, None),
        ("similar", 149, "rested"),
        ("transactional", 74, "rested"),
        ("transactional", 75, None),
        ("csat", 75, None),
    ],
)
async def test_peace_ends_on_the_day_itself_whatever_the_hour(
    ctx: Context, make: Make, kind: str, days: int, reason: str | None
) -> None:
    contact = await make.contact(await make.account(), "Jane")
    # Asked in the evening, and the wave starts at noon: whole days count.
    evening = datetime(2026, 11, 24, 20, 0, tzinfo=UTC) - timedelta(days=days)
    await make.invitation(contact, sent_at=evening, kind="csat")
    assert await reasons(ctx, await wave_of(make, kind=kind)) == {"Jane": reason}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("sent", "rested"),
        ("doubt", "rested"),
        ("unasked", "rested"),
        ("failed", None),
        ("bounced", None),
        ("skipped", None),
        ("cancelled", None),
    ],
)
async def test_only_what_may_have_reached_a_person_gives_them_peace(
    ctx: Context, make: Make, status: str, reason: str | None
) -> None:
    contact = await make.contact(await make.account(), "Jane")
    await make.invitation(contact, status=status)
    assert await reasons(ctx, await wave_of(make)) == {"Jane": reason}


async def test_who_is_planned_in_another_wave_is_not_asked_by_two(ctx: Context, make: Make) -> None:
    contact = await make.contact(await make.account(), "Jane")
    tomorrow = ctx.now() + timedelta(days=1)
    await make.invitation(
        contact, await make.wave(), status="planned", sent_at=None, send_at=tomorrow
    )
    assert await reasons(ctx, await wave_of(make)) == {"Jane": "rested"}


async def test_trials_and_the_wave_itself_give_no_peace(ctx: Context, make: Make) -> None:
    contact = await make.contact(await make.account(), "Jane")
    wave = await wave_of(make)
    await make.invitation(contact, await make.wave(is_test=True), is_test=True)
    await make.invitation(contact, wave, status="planned", send_at=ctx.now())
    assert await reasons(ctx, wave) == {"Jane": None}


async def test_a_person_at_two_accounts_is_one_person(ctx: Context, make: Make) -> None:
    first = await make.contact(await make.account(), "Jane", email="jane@x.example")
    await make.contact(await make.account(), "Jane elsewhere", email="jane@x.example")
    assert await reasons(ctx, await wave_of(make)) == {"Jane": None, "Jane elsewhere": "rested"}
    await make.invitation(first, await make.wave())
    assert await reasons(ctx, await wave_of(make)) == {"Jane": "rested", "Jane elsewhere": "rested"}


@pytest.mark.both_databases
async def test_each_filter_narrows_the_audience(ctx: Context, make: Make) -> None:
    nordics = await make.team("Nordics")
    acme = await make.account(
        "Acme", key="acme", segment="industry", region="DK", tier="A", team_id=nordics.id,
        annual_value=100_000.0, renewal_date=TODAY + timedelta(days=60),
    )  # fmt: skip
    beta = await make.account(
        "Beta", key="beta", segment="retail", region="NL", tier="B", annual_value=5_000.0,
        renewal_date=TODAY + timedelta(days=200),
    )  # fmt: skip
    await make.contact(acme, "Jane", role="decision_maker", department="Finance")
    await make.contact(beta, "Bob")
    for audience in (
        Audience(accounts=("acme",)),
        Audience(segments=("industry",)),
        Audience(regions=("DK", "SE")),
        Audience(tiers=("A",)),
        Audience(teams=("Nordics",)),
        Audience(roles=("decision_maker",)),
        Audience(departments=("Finance",)),
        Audience(value_from=50_000),
        Audience(renewal_days=120),
    ):
        wave = await wave_of(make, audience=audience.stored())
        assert Audience.of(wave.audience) == audience
        assert list(await reasons(ctx, wave)) == ["Jane"], audience
    not_known = Audience(roles=("unknown",), value_to=50_000)
    assert list(await reasons(ctx, await wave_of(make, audience=not_known.stored()))) == ["Bob"]


@pytest.mark.both_databases
async def test_a_sample_is_about_the_part_asked_for_and_always_the_same(
    ctx: Context, make: Make
) -> None:
    account = await make.account()
    for _index in range(50):
        await make.contact(account)
    wave = await wave_of(make, audience=Audience(sample_percent=40).stored())
    sample = list(await reasons(ctx, wave))
    assert len(sample) == 20
    assert sample == list(await reasons(ctx, wave))


def test_slack_is_taken_where_it_is_set_up_and_the_contact_is_there() -> None:
    jane = candidate(slack_id="U1")
    assert judge(jane, rules("slack", "mail")).channel == "slack"
    assert judge(jane, rules("mail")).channel == "mail"
    assert judge(candidate(), rules("slack")).reason == "no_address"
    assert judge(candidate(slack_id="U1", email=None), rules("slack")).channel == "slack"


def test_teams_is_taken_where_it_is_set_up_and_the_contact_is_there() -> None:
    jane = candidate(teams_id="aad-jane")
    assert judge(jane, rules("teams", "mail")).channel == "teams"
    assert judge(jane, rules("mail")).channel == "mail"
    both = candidate(slack_id="U1", teams_id="aad-jane")
    assert judge(both, rules("slack", "teams", "mail")).channel == "slack"
    assert judge(candidate(teams_id="aad-jane", email=None), rules("teams")).channel == "teams"


def test_the_first_reason_that_fits_is_told() -> None:
    gone = candidate(status="erased", email=None, policy="forbidden")
    assert judge(gone, rules("mail")).reason == "erased"


def test_a_rested_contact_knows_the_day_of_the_next_question() -> None:
    asked = datetime(2026, 6, 30, 10, 0, tzinfo=UTC)
    judged = judge(candidate(last_asked=asked), rules("mail"))
    assert (judged.reason, judged.free_on) == ("rested", date(2026, 11, 27))


def rules(*channels: str) -> Rules:
    return Rules("relationship", TODAY, 150, ZONE, channels)


def candidate(
    email: str | None = "jane@acme.example",
    slack_id: str | None = None,
    teams_id: str | None = None,
    status: str = "active",
    policy: str = "allowed",
    last_asked: datetime | None = None,
) -> Candidate:
    return Candidate(
        contact_id=1,
        account_id=1,
        name="Jane",
        email=email,
        slack_id=slack_id,
        teams_id=teams_id,
        status=status,
        role=None,
        timezone=None,
        country=None,
        account_key="acme",
        account_name="Acme",
        policy=policy,
        owner_id=None,
        team_id=None,
        segment=None,
        value=None,
        currency=None,
        renewal_date=None,
        last_asked=last_asked,
    )
