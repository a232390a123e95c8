"""Waves from chat: the form with its errors, the preview, approval, steering, the live card."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from handlers import jobs, routes
from handlers.cards import Button, Buttons, Card, Facts, Form, FormErrors, Progress, Reply, Whisper
from handlers.chat import Click, Command, Person, Submission
from handlers.context import Context
from handlers.settings import Privacy
from handlers.waves import progress
from storage.models import Alert, Contact, Invitation, Member, Wave
from tests.factories import Make, acme_story
from tests.fakes import FakeChat, FakeClock, FakeEngine


def person(member: Member) -> Person:
    return Person("console", member.email, email=member.email)


async def say(ctx: Context, member: Member, text: str) -> Reply:
    who = person(member)
    return await routes.command(ctx, Command(who, who.place, text))


async def press(ctx: Context, member: Member, action: str, value: object) -> Reply:
    who = person(member)
    return await routes.click(ctx, Click(who, who.place, action, str(value)))


async def fill(
    ctx: Context, member: Member, value: str = "new", /, **inputs: str | tuple[str, ...]
) -> Reply:
    who = person(member)
    form = await say(ctx, member, "wave new")
    assert isinstance(form, Form)
    given: Mapping[str, str | tuple[str, ...]] = {
        each.name: each.values if each.kind in ("choices", "accounts") else each.value or ""
        for each in form.inputs
    }
    event = Submission(who, who.place, form.action, value, {**given, **inputs})
    return await routes.submission(ctx, event)


def buttons(card: Reply) -> dict[str, Button]:
    assert isinstance(card, Card)
    rows = [each for each in card.body if isinstance(each, Buttons)]
    return {each.action: each for row in rows for each in row.buttons if isinstance(each, Button)}


def facts(card: Reply) -> dict[str, str]:
    assert isinstance(card, Card)
    return dict(next(each for each in card.body if isinstance(each, Facts)).facts)


async def the_wave(ctx: Context, name: str) -> Wave:
    async with ctx.db.reading() as session:
        return (await session.exec(select(Wave).where(Wave.name == name))).one()


async def portfolio(make: Make) -> Member:
    """Clara, who leads CX, and two accounts with four contacts, of whom one rests."""
    clara = await make.member("Clara Lind", role="cx_lead", slack_id="U0CLARA")
    acme = await make.account(
        "Acme", key="acme", segment="industry", annual_value=420_000.0, currency="EUR"
    )
    beta = await make.account("Beta", key="beta", annual_value=80_000.0, currency="EUR")
    await make.contact(acme, "Jane", role="decision_maker", language="en")
    await make.contact(acme, "Ole", role="user")
    rested = await make.contact(beta, "Bob")
    await make.contact(beta, "Ann", status="unsubscribed")
    await make.invitation(rested, sent_at=make.now() - timedelta(days=147))
    return clara


async def test_the_form_comes_filled_in_and_leads_to_a_preview(ctx: Context, make: Make) -> None:
    clara = await portfolio(make)
    form = await say(ctx, clara, "wave new")
    assert isinstance(form, Form)
    values = {each.name: each.value for each in form.inputs}
    assert (values["start"], values["start_time"], values["closes"]) == (
        "2026-11-24", "14:20", "2026-12-15",
    )  # fmt: skip
    card = await fill(ctx, clara, name="Autumn 2026")
    assert isinstance(card, Card)
    assert card.title == "Autumn 2026: 2 of 4 people will be asked"
    told = facts(card)
    assert told["Starts"] == "14:20"
    assert told["Last day to answer"] == "15 December"
    assert told["Roles"] == "1 decision maker, 1 user"
    assert told["Covers"] == "420,000 of 500,000 EUR a year · 1 of 2 accounts"
    assert told["Expect"].startswith("about 1 answer, if 30% answer")
    assert "('asked recently', '1', 'Bob')" in str(card)
    assert "('does not want to be asked', '1', 'Ann')" in str(card)
    assert buttons(card)["wave_confirm"].label == "Confirm and send · 14:20"
    wave = await the_wave(ctx, "Autumn 2026")
    assert (wave.state, wave.planned_by, wave.reminder_after_days) == ("draft", clara.id, 5)
    assert wave.starts_at == datetime(2026, 11, 24, 13, 20, tzinfo=UTC)
    assert wave.closes_at == datetime(2026, 12, 15, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "typed", "error"),
    [
        ("name", "", "Give it a name of up to 80 letters."),
        ("name", "x" * 81, "Give it a name of up to 80 letters."),
        ("survey", "99", "Choose a survey."),
        ("start", "2026-11-23", "This day has passed. Choose today or later."),
        ("start", "tomorrow", "Write a date, such as 2026-12-01."),
        ("start_time", "25:00", "Write a time, such as 09:00."),
        ("closes", "2026-11-24", "The last day must be later than the start."),
        ("closes", "2027-11-24", "A wave may stay open for 180 days at most."),
        ("days", (), "Choose at least one day."),
        ("days", ("everyday",), "Choose at least one day."),
        ("hours_to", "08:00", "This must be later than the first hour."),
        ("reminder", "2", "Remind after 3 to 7 days, or not at all."),
        ("value_from", "1.000.000", "Write digits only, such as 100000."),
        ("renewal_days", "0", "Write a whole number from 1 to 3650."),
        ("sample_percent", "101", "Write a whole number from 1 to 100."),
        ("sample_percent", "-5", "Write a whole number from 1 to 100."),
    ],
)
async def test_a_wrong_value_is_told_at_its_field_and_nothing_is_stored(
    ctx: Context, make: Make, field: str, typed: str | tuple[str, ...], error: str
) -> None:
    clara = await portfolio(make)
    reply = await fill(ctx, clara, **{"name": "Autumn", field: typed})
    assert reply == FormErrors({field: error})
    assert isinstance(await say(ctx, clara, "wave list"), Card)
    async with ctx.db.reading() as session:
        assert (await session.exec(select(Wave))).all() == []


async def test_a_reminder_that_would_come_after_the_last_day_is_told_at_its_field(
    ctx: Context, make: Make
) -> None:
    clara = await portfolio(make)
    reply = await fill(ctx, clara, name="Autumn", closes="2026-11-27", reminder="5")
    assert reply == FormErrors({"reminder": "The wave has closed by then. Choose fewer days."})
    assert isinstance(await fill(ctx, clara, name="Autumn", closes="2026-11-30"), Card)


async def test_two_waves_cannot_have_one_name(ctx: Context, make: Make) -> None:
    clara = await portfolio(make)
    await make.wave("Autumn")
    reply = await fill(ctx, clara, name="autumn")
    assert reply == FormErrors({"name": "There is already a wave “Autumn”. Choose another name."})


async def test_the_value_range_must_make_sense(ctx: Context, make: Make) -> None:
    clara = await portfolio(make)
    reply = await fill(ctx, clara, name="A", value_from="200", value_to="100")
    assert reply == FormErrors({"value_to": "This must not be less than the first value."})


async def test_filters_of_the_form_narrow_the_wave_and_come_back_when_it_is_changed(
    ctx: Context, make: Make
) -> None:
    clara = await portfolio(make)
    card = await fill(ctx, clara, name="Only Acme", accounts=("1",), roles=("decision_maker",))
    assert isinstance(card, Card)
    assert card.title == "Only Acme: 1 of 1 person will be asked"
    wave = await the_wave(ctx, "Only Acme")
    assert wave.audience == {"accounts": ["acme"], "roles": ["decision_maker"]}
    form = await press(ctx, clara, "wave_form", wave.id)
    assert isinstance(form, Form)
    by_name = {each.name: each for each in form.inputs}
    assert (by_name["accounts"].values, by_name["accounts"].options[0].label) == (("1",), "Acme")
    assert by_name["roles"].values == ("decision_maker",)
    changed = await fill(ctx, clara, str(wave.id), name="All of them")
    assert isinstance(changed, Card)
    assert changed.title == "All of them: 2 of 4 people will be asked"
    assert (await the_wave(ctx, "All of them")).id == wave.id


async def test_a_confirmed_wave_goes_out_at_its_time_and_its_planner_watches_it(
    ctx: Context, make: Make, chat: FakeChat, clock: FakeClock, engine: FakeEngine
) -> None:
    clara = await portfolio(make)
    await fill(ctx, clara, name="Autumn")
    wave = await the_wave(ctx, "Autumn")
    card = await press(ctx, clara, "wave_confirm", wave.id)
    assert isinstance(card, Card)
    assert card.status == "starts 14:20"
    assert (await the_wave(ctx, "Autumn")).approved_by == clara.id
    await run(ctx, engine)
    assert [posted.place for posted in chat.posted] == ["slack:U0CLARA"]
    for _look in range(3):
        clock.forward(minutes=40)
        await run_due(ctx, engine)
    assert len(chat.posted) == 3
    live = chat.at("slack:U0CLARA")[0].card
    assert live.status == "running"
    assert [each for each in live.body if isinstance(each, Progress)] == [
        Progress("Sent", 2, 2), Progress("Answered", 0, 2),
    ]  # fmt: skip
    told = facts(live)
    assert (told["Planned"], told["Sent"], told["Delivered"], told["Failed"]) == (
        "0",
        "2",
        "2",
        "0",
    )
    assert told["Left out"] == "2: 1 does not want to be asked, 1 asked recently"
    assert set(buttons(live)) == {"wave_pause", "wave_stop"}


async def test_the_live_card_changes_only_when_the_numbers_do(
    ctx: Context, make: Make, chat: FakeChat, engine: FakeEngine
) -> None:
    acme = await acme_story(make)
    async with ctx.db.session() as session:
        wave = await session.get_one(Wave, acme.wave.id)
        wave.planned_by = acme.clara.id
        session.add(wave)
        alert = await progress.tell_start(ctx, session, wave)
    await jobs.deliver_alert(ctx, alert.id, 0)
    before = await progress.due(ctx)
    assert before == await progress.due(ctx)  # the same id: the engine draws it once
    await make.response(acme.invitations["jane"], 3)
    after = await progress.due(ctx)
    assert after != before
    await progress.refresh(ctx, acme.wave.id, "")
    assert facts(chat.posted[0].card)["Answered"] == "1 (17%)"
    await press(ctx, acme.clara, "wave_pause", acme.wave.id)
    assert chat.posted[0].card.status == "paused"


async def test_confirming_twice_changes_nothing(ctx: Context, make: Make) -> None:
    clara = await portfolio(make)
    await fill(ctx, clara, name="Autumn")
    wave = await the_wave(ctx, "Autumn")
    await press(ctx, clara, "wave_confirm", wave.id)
    again = await press(ctx, clara, "wave_confirm", wave.id)
    assert isinstance(again, Whisper)
    assert again.card.title == "Autumn is no draft any more (approved). Nothing was changed."


async def test_two_approvals_need_another_cx_lead(
    ctx: Context, make: Make, chat: FakeChat, engine: FakeEngine
) -> None:
    ctx = replace(ctx, programme=replace(ctx.programme, approvals=2))
    clara = await portfolio(make)
    await fill(ctx, clara, name="Autumn")
    wave = await the_wave(ctx, "Autumn")
    alone = await press(ctx, clara, "wave_confirm", wave.id)
    assert isinstance(alone, Whisper)
    assert alone.card.title.startswith("Two people must agree to a wave")
    dora = await make.member("Dora", role="cx_lead", slack_id="U0DORA")
    card = await press(ctx, clara, "wave_confirm", wave.id)
    assert "Asked to confirm: Dora." in str(card)
    assert (await the_wave(ctx, "Autumn")).state == "draft"
    await run(ctx, engine)
    asked = chat.at("slack:U0DORA")[0].card
    assert "Clara Lind planned this wave" in str(asked)
    assert "wave_confirm" in buttons(asked)
    await press(ctx, dora, "wave_confirm", wave.id)
    approved = await the_wave(ctx, "Autumn")
    assert (approved.state, approved.planned_by, approved.approved_by) == (
        "approved", clara.id, dora.id,
    )  # fmt: skip


async def test_no_wave_starts_without_privacy(ctx: Context, make: Make) -> None:
    clara = await portfolio(make)
    await fill(ctx, clara, name="Autumn")
    wave = await the_wave(ctx, "Autumn")
    bare = replace(ctx, programme=replace(ctx.programme, privacy=Privacy("Nordfab A/S")))
    sentence = (
        "No wave may start yet: the section [privacy] of the configuration lacks contact, "
        "keep_months. Ask your administrator to fill it in."
    )
    for reply in (
        await say(bare, clara, "wave new"),
        await press(bare, clara, "wave_confirm", wave.id),
    ):
        assert isinstance(reply, Whisper)
        assert reply.card.title == sentence
    card = await say(bare, clara, "wave preview Autumn")
    assert sentence in str(card)
    assert "wave_confirm" not in buttons(card)


async def test_nearly_rested_people_come_with_an_offer_to_ask_later(
    ctx: Context, make: Make
) -> None:
    clara = await portfolio(make)
    card = await fill(ctx, clara, name="Autumn")
    later = buttons(card)["wave_later"]
    assert later.label == "Start on 27 November instead"
    moved = await press(ctx, clara, "wave_later", later.value)
    assert isinstance(moved, Card)
    assert moved.title == "Autumn: 3 of 4 people will be asked"
    assert facts(moved)["Starts"] == "Fri 14:20"
    assert facts(moved)["Last day to answer"] == "18 December"


async def test_all_who_are_left_out_can_be_seen(ctx: Context, make: Make) -> None:
    clara = await portfolio(make)
    await fill(ctx, clara, name="Autumn")
    reply = await press(ctx, clara, "wave_left_out", (await the_wave(ctx, "Autumn")).id)
    assert isinstance(reply, Whisper)
    assert "('Bob', 'Beta', 'asked recently, free on 27 November')" in str(reply.card)


async def test_a_discarded_draft_is_gone(ctx: Context, make: Make) -> None:
    clara = await portfolio(make)
    await fill(ctx, clara, name="Autumn")
    wave = await the_wave(ctx, "Autumn")
    await press(ctx, clara, "wave_discard", wave.id)
    reply = await press(ctx, clara, "wave_confirm", wave.id)
    assert isinstance(reply, Whisper)
    assert reply.card.title.startswith("This wave no longer exists")


async def test_expected_answers_follow_the_past(ctx: Context, make: Make) -> None:
    clara = await portfolio(make)
    old = await make.account("Old")
    for n in range(50):
        contact = await make.contact(old, status="inactive")
        invitation = await make.invitation(contact, sent_at=ctx.now() - timedelta(days=300))
        if n < 25:
            await make.response(invitation, 9 if n % 2 else 7)
    card = await fill(ctx, clara, name="Autumn", accounts=("1",))
    assert facts(card)["Expect"].startswith("about 1 answer, as 49% answered before · the score")


async def test_waves_are_found_by_a_part_of_their_name(ctx: Context, make: Make) -> None:
    acme = await acme_story(make)
    shown = await say(ctx, acme.clara, "wave show autumn")
    assert isinstance(shown, Card)
    assert (shown.title, shown.status) == ("Autumn 2026", "running")
    assert await say(ctx, acme.clara, "wave show") == shown  # the only one running
    wrong = await say(ctx, acme.clara, "wave pause Autum 2062")
    assert isinstance(wrong, Whisper)
    assert wrong.card.title == "There is no wave “Autum 2062”. Did you mean Autumn 2026?"
    listed = await say(ctx, acme.clara, "wave list")
    assert "('Autumn 2026', 'running', '3 Dec', '6', '0 (0%)')" in str(listed)


async def test_pause_resume_and_stop_by_name(ctx: Context, make: Make) -> None:
    acme = await acme_story(make)
    for typed, status in (("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
        card = await say(ctx, acme.clara, f"wave {typed} Autumn 2026")
        assert isinstance(card, Card)
        assert card.status == status
    over = await say(ctx, acme.clara, "wave resume Autumn 2026")
    assert isinstance(over, Whisper)
    assert over.card.title == "Autumn 2026 is not paused (stopped). Nothing was changed."


async def test_only_cx_leads_steer_waves(ctx: Context, make: Make) -> None:
    acme = await acme_story(make)
    typed = await say(ctx, acme.anna, "wave list")
    assert isinstance(typed, Whisper)
    for action in [name for name in routes.CLICKS if name.startswith("wave_")]:
        reply = await press(ctx, acme.anna, action, acme.wave.id)
        assert isinstance(reply, Whisper), action
        assert reply.card.title.startswith("Only CX leads"), action
    who = person(acme.anna)
    event = Submission(who, who.place, "wave_form", "new", {"name": "x"})
    assert isinstance(await routes.submission(ctx, event), Whisper)


async def test_a_trial_goes_to_oneself_and_counts_nowhere(
    ctx: Context, make: Make, chat: FakeChat
) -> None:
    acme = await acme_story(make)
    card = await say(ctx, acme.clara, "wave test")
    assert isinstance(card, Card)
    assert card.title == "The trial is on its way to you by mail, in Slack."
    assert [posted.place for posted in chat.posted] == [
        "mail:clara@nordfab.example",
        "slack:U0CLARA",
    ]
    message = chat.posted[0].message
    assert message.subject is not None
    assert message.subject.startswith("Trial: ")
    assert "This is a trial." in str(message.card.body[0])
    async with ctx.db.reading() as session:
        trials = [each for each in (await session.exec(select(Invitation))).all() if each.is_test]
        contact = await session.get_one(Contact, trials[0].contact_id)
    assert (len(trials), contact.status) == (1, "inactive")
    assert "trial" not in str(await say(ctx, acme.clara, "wave list"))
    await say(ctx, acme.clara, "wave test")  # and again
    preview = await fill(ctx, acme.clara, name="Next")
    assert "Clara" not in str(preview)


async def run(ctx: Context, engine: FakeEngine) -> None:
    """Carries out what was asked of the engine, and what that asks for."""
    seen: set[str] = set()
    while waiting := [job for job in engine.take() if job.id not in seen]:
        for job in waiting:
            seen.add(job.id)
            await jobs.JOBS[job.name](replace(ctx, run=f"{job.id}#1"), *job.args)


async def run_due(ctx: Context, engine: FakeEngine) -> None:
    for job in await jobs.find_due(ctx):
        await ctx.soon(job, None)
    await run(ctx, engine)


async def test_the_clock_finds_an_unsent_progress_card(
    ctx: Context, make: Make, engine: FakeEngine
) -> None:
    clara = await portfolio(make)
    await fill(ctx, clara, name="Autumn")
    await press(ctx, clara, "wave_confirm", (await the_wave(ctx, "Autumn")).id)
    engine.take()  # the call got lost
    await run_due(ctx, engine)
    async with ctx.db.reading() as session:
        alert = (await session.exec(select(Alert))).one()
    assert alert.status == "sent"
