"""A real Postfix takes a wave; what it refuses ends in the right states."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlmodel import col, select

from bot.links import Addresses
from bot.mail.adapter import MailChannel
from bot.sender import Sender
from handlers.context import Context, Job
from handlers.jobs import JOBS
from handlers.waves import sending
from storage.models import Account, Contact, Invitation
from tests.conftest import SECRET
from tests.factories import Make
from tests.fakes import FakeClock, FakeEngine
from tests.outside.test_postfix import Postfix, peers, postfix

__all__ = ["peers", "postfix"]  # fixtures
pytestmark = pytest.mark.outside


async def test_each_address_ends_in_the_state_it_deserves(
    ctx: Context, make: Make, clock: FakeClock, engine: FakeEngine, postfix: Postfix
) -> None:
    relay = MailChannel(
        host="127.0.0.1",
        port=postfix.port,
        starttls=False,
        username=None,
        password=None,
        from_address="survey@nordfab.example",
        addresses=Addresses("https://nps.nordfab.example", SECRET),
        now=ctx.now,
    )
    rules = replace(ctx.programme, pace=(("mail", 50.0),))
    real = replace(ctx, programme=rules, chat=Sender({"mail": lambda: relay}))
    owner = await make.member("Anna Berg")
    account = await make.account("A&B <x>", owner_id=owner.id)
    for person in ("jane", "ole", "bounce550", "spam", "temp450"):
        await make.contact(account, person.title(), email=f"{person}@example.com")
    wave_id = await sending.send_now(real, "relationship", [], "Real", respect_hours=False)
    for job in await sending.due(real):
        await carry_out(real, job)
    found = await states(real, account, wave_id)
    assert found["jane"][0] == found["ole"][0] == "sent"
    assert found["bounce550"][0] == "bounced"
    assert found["spam"][0] == "failed"
    status, send_at = found["temp450"]
    assert status == "planned"
    assert send_at is not None
    assert send_at > clock()
    assert {job.name for job, _ in engine.jobs} <= {"batch", "alert", "progress"}
    await relay.close()


async def carry_out(ctx: Context, job: Job) -> None:
    await JOBS[job.name](replace(ctx, run=f"{job.id}#test"), *job.args)


async def states(
    ctx: Context, account: Account, wave_id: int
) -> dict[str, tuple[str, datetime | None]]:
    query = (
        select(Contact.email, Invitation.status, Invitation.send_at)
        .join(Invitation, col(Invitation.contact_id) == col(Contact.id))
        .where(col(Invitation.wave_id) == wave_id, col(Contact.account_id) == account.id)
    )
    async with ctx.db.reading() as session:
        rows = (await session.exec(query)).all()
    return {str(email).split("@")[0]: (status, at) for email, status, at in rows}
