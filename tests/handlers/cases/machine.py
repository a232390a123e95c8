"""A case under everything at once: clicks from two platforms, time, platform errors and crashes.

Whatever order they come in: no case is lost, no card stands twice in a place, nobody is told twice
of one missed deadline, no state is reached that no act allows, and all copies of a card show the
case as it stands, with the buttons it allows.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import col, select

from handlers import routes
from handlers.cards import Card, Reply, Whisper
from handlers.cases import acting, telling
from handlers.cases.acting import Plan
from handlers.cases.view import load
from handlers.chat import Click, InDoubt, Message, MessageRef, Person, Place, Submission, TryLater
from handlers.context import Context
from handlers.places.editing import ref_of
from handlers.settings import Privacy, Programme
from storage import case_view, members
from storage.db import Database, Session
from storage.models import (
    OPEN_STATES,
    Account,
    Alert,
    AlertStatus,
    Case,
    CaseResponse,
    CaseState,
    Member,
    Posting,
    Response,
)
from tests.conftest import SECRET
from tests.factories import Make, acme_story
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace
from tests.handlers.cases.conftest import Story, buttons

SLACK, TEAMS = "slack:C0ANNA", "teams:19:anna"
PEOPLE = ("anna", "mikkel", "lars")
CONTACT = {"reached": "yes", "said": "They said so"}
FORMS: dict[str, dict[str, str]] = {
    "case.solve": {
        "outcome": "saved",
        "cause": "invoicing",
        "done": "Credit note",
        "reached": "yes",
    },
    "case.snooze": {"until": "tomorrow"},
    "case.not_critic": {"reason": "Mixed up the scale"},
    "case.note": {"text": "Their CFO is on leave"},
    "case.escalate": {"reason": "They ask for the lead"},
}
OPEN = frozenset(OPEN_STATES)
SHUT = frozenset(CaseState) - OPEN


class Crash(BaseException):
    """The process is gone in the middle of a call."""


@dataclass
class RoughChat(FakeChat):
    """A chat that fails as told, once a call. What was in doubt is settled as the adapters do:
    Slack is asked by its key whether it stands; Teams can't be asked, there it is sent again with
    a word that it may stand twice. `doubles` are messages that stand twice without that.
    """

    faults: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)

    async def send(self, place: Place, message: Message) -> MessageRef:
        known = next((e.ref for e in self.at(place) if e.message.key == message.key), None)
        if known is not None and message.doubted is not None and place != TEAMS:
            await self.update(known, message.card, message.language)
            return known
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "later":
            raise TryLater("rate limited", 1)
        if fault == "crash":
            raise Crash
        if known is not None and message.doubted is None:
            self.doubles.append(f"{message.key} in {place}")
        ref = await super().send(place, message)
        if fault == "doubt":
            raise InDoubt("connection lost")
        if fault == "crash after":
            raise Crash
        return ref

    async def update(self, ref: MessageRef, card: Card, language: str) -> None:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "crash":
            raise Crash
        if fault:
            raise TryLater("rate limited", 1)
        await super().update(ref, card, language)


class CaseMachine(RuleBasedStateMachine):
    """Acme's case, with its card in a Slack channel and in a Teams channel."""

    runner: asyncio.Runner
    empty: Callable[[], Database]  # gives an empty database with all tables

    def __init__(self) -> None:
        super().__init__()
        self.db = type(self).empty()
        self.chat, self.clock, self.engine = RoughChat(), FakeClock(), FakeEngine()
        programme = Programme(
            company="Nordfab",
            fallback_place="console:fallback",
            privacy=Privacy("Nordfab A/S", "privacy@nordfab.example", 24),
        )
        self.ctx = Context(
            programme, self.db, self.chat, self.clock, self.engine.soon, no_pace, SECRET
        )
        self.versions: dict[int, int] = {}
        self.waiting = ["peter", "mia", "karen"]

    def wait(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    @initialize()
    def begin(self) -> None:
        self.wait(self._begin())

    async def _begin(self) -> None:
        make = Make(self.db, self.clock)
        acme = await acme_story(make)
        async with self.db.session() as session:
            for place in (SLACK, TEAMS):
                await members.bind(session, place, self.clock(), member_id=acme.anna.id)
            for name in PEOPLE:
                member = await session.get_one(Member, getattr(acme, name).id)
                member.slack_id, member.teams_id = f"U0{name.upper()}", f"T0{name.upper()}"
                session.add(member)
        self.story = Story(acme, self.ctx, self.chat, self.clock, self.engine, make)
        await self.story.answer("jane", 3, reasons=["invoicing"], comment="Third wrong invoice")
        await self.work()

    async def work(self) -> None:
        """Works off what is due; a crash loses what the engine had, rows stay."""
        try:
            await self.story.work()
        except Crash:
            self.engine.jobs.clear()

    async def tick(self) -> None:
        try:
            await self.story.tick()
        except Crash:
            self.engine.jobs.clear()

    @rule(
        who=st.sampled_from(PEOPLE),
        platform=st.sampled_from(("slack", "teams")),
        action=st.sampled_from(
            ("case.take", "case.reopen", "case.undo", "case.write", "case.sent")
        ),
    )
    def press(self, who: str, platform: str, action: str) -> None:
        self.wait(self._press(self._person(who, platform), platform, action))

    async def _press(self, person: Person, platform: str, action: str) -> None:
        shown = self._shown(platform)
        if not shown:
            return
        card = shown[-1].card
        value = next((b.value for b in buttons(card) if b.action == action), "1:1")
        click = Click(person, shown[-1].place, action, value, shown[-1].ref)
        self._said(await routes.click(self.ctx, click))
        await self.work()

    @rule(
        who=st.sampled_from(PEOPLE),
        platform=st.sampled_from(("slack", "teams")),
        form=st.sampled_from(("solved", "promised", "again", *FORMS)),
    )
    def submit(self, who: str, platform: str, form: str) -> None:
        self.wait(self._submit(self._person(who, platform), platform, form))

    async def _submit(self, person: Person, platform: str, form: str) -> None:
        inputs, action = FORMS.get(form), form
        if inputs is None:
            action = "case.contact"
            day = (self.clock() + timedelta(days=3)).date().isoformat()
            more = {"promise": "invoice check", "promise_by": day, "again_on": day}
            inputs = {**CONTACT, "next": form, **more}
        shown = self._shown(platform)
        origin = shown[-1].ref if shown else None
        value = "1:anyway" if action == "case.contact" else "1"
        event = Submission(person, SLACK, action, value, inputs, origin)
        self._said(await routes.submission(self.ctx, event))
        await self.work()

    @rule(minutes=st.sampled_from((1, 2, 45, 120, 480, 1440, 4320)))
    def time_passes(self, minutes: int) -> None:
        self.clock.forward(minutes=minutes)
        self.wait(self.tick())

    @rule(
        faults=st.lists(
            st.sampled_from(("later", "doubt", "crash", "crash after")), min_size=1, max_size=3
        )
    )
    def platform_fails(self, faults: list[str]) -> None:
        self.chat.faults.extend(faults)

    @rule()
    def process_dies(self) -> None:
        self.engine.jobs.clear()

    @rule(to_manager=st.booleans())
    def another_critic(self, to_manager: bool) -> None:
        if self.waiting:
            self.wait(self._answers(self.waiting.pop(), to_manager))

    async def _answers(self, who: str, to_manager: bool) -> None:
        await self.story.answer(who, 4, to_manager=to_manager)
        await self.work()

    @rule()
    def a_critic_wants_the_manager(self) -> None:
        self.wait(self._wants_the_manager())

    async def _wants_the_manager(self) -> None:
        """Whoever answered last and is not hidden asks, after the owner was told, for the lead."""
        async with self.db.session() as session:
            seen = select(CaseResponse.response_id).join(Case).where(~col(Case.hidden_from_owner))
            query = select(Response).where(col(Response.id).in_(seen))
            row = (await session.exec(query.order_by(col(Response.id).desc()).limit(1))).first()
            if row is None:
                return
            row.to_manager = True
            session.add(row)
        await self.story.open(row)
        await self.work()

    @rule(action=st.sampled_from(("case.release", "case.take", "case.solve", "case.undo")))
    def lead_acts_on_what_is_hidden(self, action: str) -> None:
        self.wait(self._lead_acts(action))

    async def _lead_acts(self, action: str) -> None:
        lars = Person("slack", "U0LARS")
        for shown in reversed(self.chat.at("slack:U0LARS")):
            value = next((b.value for b in buttons(shown.card) if b.action == action), None)
            released = any(b.action == "case.release" for b in buttons(shown.card))
            if value is None or not released:
                continue
            if action == "case.solve":
                event = Submission(lars, shown.place, action, value, FORMS[action], shown.ref)
                self._said(await routes.submission(self.ctx, event))
            else:
                click = Click(lars, shown.place, action, value, shown.ref)
                self._said(await routes.click(self.ctx, click))
            await self.work()
            return

    @rule(word=st.sampled_from(("yes", "no")))
    def customer_says(self, word: str) -> None:
        self.wait(self._customer_says(word))

    async def _customer_says(self, word: str) -> None:
        async def decide(session: Session, case: Case, _account: Account) -> Plan | None:
            if case.state != CaseState.SOLVED:
                return None
            if word == "yes":
                return Plan("settled", {"settled": "yes", "settled_at": self.clock()})
            if await case_view.other_open(session, case) is not None:
                return None
            values = {
                "state": CaseState.REOPENED,
                "contacted_at": None,
                "contact_by": self.clock() + timedelta(days=1),
                **acting.asked_anew(case),
                "settled": "no",
            }
            return Plan("reopened", values)

        await acting.by_itself(self.ctx, 1, decide)
        await self.work()

    @invariant()
    def every_case_is_whole(self) -> None:
        if hasattr(self, "story"):
            self.wait(self._check())

    async def _check(self) -> None:
        assert not self.chat.doubles
        async with self.db.reading() as session:
            cases = (await session.exec(select(Case))).all()
            filled = set((await session.exec(select(CaseResponse.case_id))).all())
        assert cases
        still_open = Counter(
            (c.account_id, c.kind, c.wave_id, c.hidden_from_owner) for c in cases if c.state in OPEN
        )
        assert max(still_open.values(), default=0) <= 1
        for case in cases:
            assert case.version >= self.versions.get(case.id, 0)
            self.versions[case.id] = case.version
            if case.state in OPEN:
                assert case.owner_id is not None
            match case.state:
                case CaseState.NEW:
                    assert (case.taken_by, case.solved_at) == (None, None)
                    assert case.take_by is not None
                case CaseState.TAKEN | CaseState.REOPENED:
                    assert case.taken_by is not None
                    assert case.contact_by is not None
                    assert case.contacted_at is None
                case CaseState.CONTACTED:
                    assert case.contacted_at is not None
                case CaseState.SOLVED:
                    assert case.solved_at is not None
                    assert case.outcome is not None
                case CaseState.NOT_A_CRITIC:
                    # One without a reason is empty: its answers are in the case of the other side.
                    assert case.not_critic_reason is not None or case.id not in filled

    def teardown(self) -> None:
        try:
            if hasattr(self, "story"):
                self.wait(self._end())
        finally:
            self.wait(self.db.close())

    async def _end(self) -> None:
        """All faults are over: what waits is brought, and every card tells the truth."""
        self.chat.faults.clear()
        for _time in range(6):
            self.clock.forward(minutes=31)
            await self.tick()
        self.clock.forward(minutes=2)
        await self.tick()
        await self._check()
        async with self.db.reading() as session:
            told = (await session.exec(select(Alert))).all()
            late = [
                each.key
                for each in told
                if each.status not in (AlertStatus.SENT, AlertStatus.CANCELLED)
                and each.due_at <= self.clock()
            ]
            assert not late
            # What is left of a case, where the answer of its card is in another, may be below that.
            parts = col(Posting.part).in_(("card", "thread"))
            posted = (await session.exec(select(Posting).where(parts))).all()
            views = {
                case.id: await load(session, self.ctx, case.id)
                for case in (await session.exec(select(Case))).all()
            }
        for case_id, view in views.items():
            has = any(each.subject_id == case_id for each in posted)
            # What was hidden may have joined the owner's case: an empty one is closed.
            empty = not view.answers and view.case.state == CaseState.NOT_A_CRITIC
            assert has or empty, "nobody has this case"
        for each in posted:
            if each.subject != telling.SUBJECT:
                continue
            shown = next(p for p in self.chat.posted if p.ref == ref_of(each)).card
            true = telling.card_of(self.ctx, views[each.subject_id], each, None)
            assert _essence(shown) == _essence(true), each.place

    def _person(self, who: str, platform: str) -> Person:
        if platform == "slack":
            return Person("slack", f"U0{who.upper()}")
        return Person("teams", f"T0{who.upper()}")

    def _shown(self, platform: str) -> list[Any]:
        return self.chat.at(SLACK if platform == "slack" else TEAMS)

    def _said(self, reply: Reply) -> None:
        """No click may end in a fault of the program."""
        if isinstance(reply, Whisper):
            assert "That did not work" not in reply.card.title, reply.card.title


def _essence(card: Card) -> tuple[Any, ...]:
    """Gives what a card says apart from the way a time is written, which depends on the day."""
    times = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun)? ?(\d+ \w+ )?\d\d:\d\d|was to be taken by|take by"
    status = re.sub(r"\s+", " ", re.sub(times, "", card.status or "")).strip()
    return (
        card.title,
        card.tone,
        status,
        [(b.action, b.value) for b in buttons(card)],
    )


def run_on(empty: Callable[[], str], examples: int, steps: int, *, again: bool) -> int:
    """Runs so many stories of so many steps, each on an empty database; raises on a broken rule.

    Gives how many stories came to their end.

    `again` runs the same stories every time; else they are new ones, and a story that breaks a
    rule is made as short as it goes.
    """
    ended = count()
    # One for all stories: what SQLAlchemy learned of a statement in one serves the others.
    databases: dict[str, Database] = {}

    def emptied() -> Database:
        url = empty()
        if url not in databases:
            databases[url] = Database(url)
        return databases[url]

    class Here(CaseMachine):
        def teardown(self) -> None:
            super().teardown()
            next(ended)

    Here.empty = staticmethod(emptied)
    phases = (Phase.explicit, Phase.generate) if again else tuple(Phase)
    given = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=again,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=phases,
    )
    with asyncio.Runner() as runner:
        Here.runner = runner
        run_state_machine_as_test(Here, settings=given)
    return next(ended)
