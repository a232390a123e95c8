"""Every card and form about waves, made by the real handlers on the story of Acme."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from handlers.cards import Card, Form
from handlers.chat import Command, Person
from handlers.context import Context
from handlers.waves import approving, closing, commands, forms, recipients, steering, trial
from handlers.waves.preview import left_out_card, preview_card
from storage.models import Member, Wave
from tests.factories import Acme, Make, acme_story


async def samples(ctx: Context, make: Make) -> dict[str, Card | Form]:
    """Gives each card and form by name; those with much text also in Danish and Dutch."""
    acme = await acme_story(make)
    for name, score in (("jane", 3), ("ole", 9), ("lis", 9), ("peter", 7)):
        await make.response(acme.invitations[name], score)
    found: dict[str, Card | Form] = {"wave_list": await commands.latest_card(ctx, acme.clara)}
    draft = await _draft(ctx, make, acme)
    for language in ("en", "da", "nl"):
        me = await _speaking(make, acme.clara, language)
        found |= {
            f"{name}.{language}": part for name, part in (await _in(ctx, acme, draft, me)).items()
        }
    found |= await _steered(ctx, make, acme)
    found["wave_trial"] = await trial.send_trial(
        ctx, Command(_person(acme.clara), "console:clara", ""), acme.clara
    )
    return found


async def _in(ctx: Context, acme: Acme, draft: Wave, me: Member) -> dict[str, Card | Form]:
    t = recipients.texts_of(ctx, me)
    return {
        "wave_form": await forms.wave_form(ctx, me, draft),
        "wave_preview": await preview_card(ctx, draft, me),
        "wave_left_out": await left_out_card(ctx, draft, me),
        "wave_running": await commands.shown_card(ctx, acme.wave.id, me),
        "wave_result_all": await closing.whole_card(ctx, acme.wave, [acme.team], t),
        "wave_result_team": await closing.team_card(ctx, acme.wave, acme.team, t),
        "wave_result_own": await closing.own_card(ctx, acme.wave, acme.anna, t),
    }


async def _draft(ctx: Context, make: Make, acme: Acme) -> Wave:
    nordhavn = await make.account(
        "A&B <x>", key="nordhavn", annual_value=80_000.0, currency="EUR", country="DK"
    )
    await make.contact(nordhavn, "Ida Falk", role="user")
    await make.contact(nordhavn, "Per Dam", status="unsubscribed")
    asked = await make.contact(nordhavn, "Eva Toft")
    await make.invitation(asked, sent_at=ctx.now() - timedelta(days=147))
    start = ctx.now() + timedelta(hours=20)
    return await make.wave(
        "Winter 2026", state="draft", planned_by=acme.clara.id, starts_at=start,
        closes_at=start + timedelta(days=21), reminder_after_days=5, audience={},
    )  # fmt: skip


async def _steered(ctx: Context, make: Make, acme: Acme) -> dict[str, Card | Form]:
    found: dict[str, Card | Form] = {}
    await _speaking(make, acme.clara, "en")
    doubtful = await make.contact(acme.account, "Ulla Bach")
    values: dict[str, Any] = {"status": "doubt", "sent_at": None, "claimed_at": ctx.now()}
    await make.invitation(doubtful, acme.wave, **values)
    found["wave_in_doubt"] = await commands.shown_card(ctx, acme.wave.id, acme.clara)
    found["wave_doubts"] = await steering.doubts_card(ctx, acme.wave.id, acme.clara)
    found["wave_paused"] = await steering.pause(ctx, acme.wave.id, acme.clara)
    held = await make.wave(
        "Large", state="paused", first_batch=20, planned_by=acme.clara.id,
        first_batch_until=ctx.now() + timedelta(minutes=30), created_at=ctx.now(),
    )  # fmt: skip
    late = {"status": "planned", "sent_at": None, "send_at": ctx.now()}
    await make.invitation(await make.contact(acme.account), held, **late)
    found["wave_held"] = await commands.shown_card(ctx, held.id, acme.clara)
    found["wave_stopped"] = await steering.stop(ctx, acme.wave.id, acme.clara)
    await make.member("Dora Dahl", role="cx_lead", email="dora@nordfab.example")
    two = replace(ctx, programme=replace(ctx.programme, approvals=2))
    mine = await make.wave("Spring 2027", state="draft", planned_by=acme.clara.id)
    found["wave_approval_asked"] = await approving.confirm(two, mine.id, acme.clara)
    found["wave_approved"] = await approving.confirm(ctx, mine.id, acme.clara)
    return found


async def _speaking(make: Make, member: Member, language: str) -> Member:
    member.language = language
    return await make.save(member)


def _person(member: Member) -> Person:
    return Person("console", member.email, email=member.email)
