"""Fixtures of the follow-up side: the story of Acme, its critics, and a way to press buttons."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest_asyncio

from handlers import alerts, deadlines, digests, jobs, letters, routes
from handlers.cards import Button, Buttons, Card, Link, Menu, Reply
from handlers.cases import handing, opening, promises
from handlers.cases.opening import Critic
from handlers.chat import Click, Command, MessageRef, Person, Submission
from handlers.context import Context, Job
from handlers.learning import same_reason
from handlers.settled import asking
from storage import answers, members
from storage.models import Account, Alert, Case, Contact, Invitation, Member, Response
from tests.factories import Acme, Make, acme_story
from tests.fakes import FakeChat, FakeClock, FakeEngine, Posted


@dataclass
class Story:
    """Acme with places for Anna and her team, and short words for what tests do again and again."""

    acme: Acme
    ctx: Context
    chat: FakeChat
    clock: FakeClock
    engine: FakeEngine
    make: Make
    looks: tuple[jobs.Look, ...] = jobs.DUE

    async def answer(
        self, who: str, score: int = 3, settle: float = 0, alert: bool = True, **values: Any
    ) -> Response:
        """A confirmed answer of one of Acme's contacts, with its case when it is a critic's."""
        response = await self.make.response(self.acme.invitations[who], score, **values)
        async with self.ctx.db.session() as session:
            await answers.recount(session, [response.account_id], response.kind, self.clock(), 12)
        if alert and score <= 6:
            await self.open(response, settle)
        return response

    async def open(self, response: Response, settle: float = 0) -> list[opening.Due]:
        """What recording a critic's answer does."""
        critic = await self.critic(response, settle)
        async with self.ctx.db.session() as session:
            due = await opening.open_cases(session, self.ctx, [critic])
        for each in due:
            await self.ctx.soon(each.job, each.due_at)
        return due

    async def critic(self, response: Response, settle: float = 0) -> Critic:
        async with self.ctx.db.reading() as session:
            invitation = await session.get_one(Invitation, response.invitation_id)
        return Critic(
            response.id, response.account_id, response.contact_id, response.kind,
            invitation.wave_id, response.to_manager, response.comment, response.answered_at,
            self.clock() + timedelta(seconds=settle),
        )  # fmt: skip

    async def work(self) -> None:
        """Carries out what was asked of the engine and is due, until nothing is left."""
        while ready := [pair for pair in self.engine.jobs if _due(pair[1], self.clock())]:
            self.engine.jobs = [pair for pair in self.engine.jobs if pair not in ready]
            for job, _at in ready:
                await run(self.ctx, job)

    async def tick(self) -> None:
        """One tick of the clock of the running process, as far as it looks here."""
        for job in [job for look in self.looks for job in await look(self.ctx)]:
            await run(self.ctx, job)
        await self.work()

    async def forward(self, **delta: float) -> None:
        self.clock.forward(**delta)
        await self.tick()
        await self.tick()

    def posted(self, place: str = "console:anna") -> list[Posted]:
        return self.chat.at(place)

    def person(self, member: Member) -> Person:
        return Person("console", member.email)

    async def press(
        self, member: Member, posted: Posted, action: str, value: str | None = None
    ) -> Reply:
        """Presses a button of a posted card; a card replaces the message as the adapter would."""
        found = button(posted.card, action)
        click = Click(self.person(member), posted.place, action, value or found.value, posted.ref)
        return await self.click(click, posted)

    async def click(self, click: Click, posted: Posted) -> Reply:
        reply = await routes.click(self.ctx, click)
        if isinstance(reply, Card):
            posted.cards.append(reply)
        await self.work()
        return reply

    async def submit(
        self,
        member: Member,
        action: str,
        value: str,
        inputs: Mapping[str, str | tuple[str, ...]],
        origin: MessageRef | None = None,
    ) -> Reply:
        place = origin.place if origin else f"console:{member.email}"
        event = Submission(self.person(member), place, action, value, inputs, origin)
        reply = await routes.submission(self.ctx, event)
        if isinstance(reply, Card) and origin is not None:
            await self.chat.update(origin, reply, "en")
        await self.work()
        return reply

    async def type(self, member: Member, text: str, place: str | None = None) -> Reply:
        person = self.person(member)
        return await routes.command(self.ctx, Command(person, place or person.place, text))

    async def case(self, case_id: int = 1) -> Case:
        async with self.ctx.db.reading() as session:
            return await session.get_one(Case, case_id)


async def run(ctx: Context, job: Job) -> None:
    """Carries out a job as the engine does."""
    await jobs.JOBS[job.name](replace(ctx, run=f"{job.id}#1"), *job.args)


def _due(at: datetime | None, now: datetime) -> bool:
    return at is None or at <= now


def buttons(card: Card) -> list[Button]:
    """All buttons of a card, those of menus too."""
    found: list[Button] = []
    for element in card.body:
        if isinstance(element, Buttons):
            for each in element.buttons:
                if isinstance(each, Menu):
                    found.extend(each.buttons)
                elif not isinstance(each, Link):
                    found.append(each)
    return found


def button(card: Card, action: str) -> Button:
    """The button of an action; fails when the card has none."""
    found = [each for each in buttons(card) if each.action == action]
    assert found, f"no {action} among {[each.action for each in buttons(card)]}"
    return found[0]


# What may find something in a test of cases. All looks at once are proven by the state machine.
LOOKS = (
    handing.due,
    deadlines.due,
    promises.due,
    digests.due,
    asking.due,
    letters.due,
    same_reason.due,
    alerts.due,
)


@pytest_asyncio.fixture
async def story(
    make: Make, ctx: Context, chat: FakeChat, clock: FakeClock, engine: FakeEngine
) -> Story:
    """The story of product.md with Anna's and the team's place bound; leads want no digest."""
    acme = await acme_story(make)
    async with ctx.db.session() as session:
        await members.bind(session, "console:anna", clock(), member_id=acme.anna.id)
        await members.bind(session, "console:nordics", clock(), team_id=acme.team.id)
    for lead in (acme.lars, acme.clara):
        lead.digest = "off"  # what comes to them here is escalated
        await make.save(lead)
    return Story(acme, ctx, chat, clock, engine, make, LOOKS)


__all__ = ["Account", "Alert", "Contact", "Story", "button", "buttons", "run"]
