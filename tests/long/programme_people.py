"""The people of a large programme: 40 account managers, 900 accounts and their customers."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from handlers import answers
from handlers.answers import Answer, AnswerError
from handlers.cards import Form
from handlers.settled import answering
from storage.models import (
    OPEN_STATES,
    Account,
    BoundPlace,
    Case,
    CaseState,
    Contact,
    LetterStatus,
    Member,
    Team,
)
from tests.fakes import Posted
from tests.long.weeks import Weeks, button, next_work

TEAMS, TEAM_SIZE, ACCOUNTS = 5, 8, 900
MANAGERS = TEAMS * TEAM_SIZE
SEGMENTS = ("North", "South", "West")
ROLES = ("decision_maker", "influencer", "user")
NEVER = (12, 25, 38)  # account managers who never react to anything
AWAY = {2: 3, 10: 11, 18: None, 26: 27, 34: None}  # who is away for ten days, and their backup
LEAVES, SUCCESSOR = 7, 6
CX = ("cx0", "cx1")
DELIVERERS = tuple(f"d{n}" for n in range(5))


def email(name: str) -> str:
    """Gives a colleague's address."""
    return f"{name}@nordfab.example"


def manager(n: int) -> str:
    """Gives the short name of an account manager."""
    return f"m{n:02}"


def has_place(n: int) -> bool:
    """Tells whether an account manager has a channel; the others' cards go to their team's."""
    return n % 4 != 3


async def store(weeks: Weeks) -> dict[str, int]:
    """Stores colleagues, places, accounts and contacts; gives the colleagues' ids by name."""
    async with weeks.ctx.db.session() as session:
        teams = [Team(name=f"Team {n}") for n in range(TEAMS)]
        session.add_all(teams)
        await session.flush()
        people = {
            manager(n): _member(manager(n), teams[n // TEAM_SIZE].id) for n in range(MANAGERS)
        }
        people |= {f"lead{n}": _member(f"lead{n}", teams[n].id, "team_lead") for n in range(TEAMS)}
        people |= {name: _member(name, None, "cx_lead") for name in CX}
        people |= {name: _member(name, None, function="logistics") for name in DELIVERERS}
        session.add_all(people.values())
        await session.flush()
        ids = {name: member.id for name, member in people.items()}
        now = weeks.clock()
        for n, team in enumerate(teams):
            place = f"console:team-{n}"
            session.add(BoundPlace(platform="console", place=place, team_id=team.id, bound_at=now))
        for n in filter(has_place, range(MANAGERS)):
            session.add(
                BoundPlace(
                    platform="console",
                    place=f"console:{manager(n)}-accounts",
                    member_id=ids[manager(n)],
                    bound_at=now,
                )
            )
        accounts = [
            Account(
                key=f"P{n}",
                name=f"Customer {n}",
                owner_id=ids[manager(n % MANAGERS)],
                team_id=teams[n % MANAGERS // TEAM_SIZE].id,
                segment=SEGMENTS[n // MANAGERS % len(SEGMENTS)],
                tier="A" if n % 10 == 0 else "B",
                annual_value=10_000.0 + n * 100,
                currency="EUR",
                country="DK",
            )
            for n in range(ACCOUNTS)
        ]
        session.add_all(accounts)
        await session.flush()
        session.add_all(
            Contact(
                account_id=account.id,
                email=f"c{account.id}-{role}@customer.example",
                name=f"Person {account.id}-{role}",
                role=role,
                language=("en", "da", "nl")[account.id % 3],
            )
            for account in accounts
            for role in ROLES
        )
    return ids


def _member(
    name: str, team_id: int | None, role: str = "account_manager", function: str | None = None
) -> Member:
    return Member(
        email=email(name),
        name=f"{name.title()} Holm",
        team_id=team_id,
        role=role,
        function=function,
    )


@dataclass
class Customers:
    """Contacts: two of five answer a prompt, one in five of these is a critic."""

    weeks: Weeks
    random: Random = field(default_factory=lambda: Random(3))
    given: set[int] = field(default_factory=set)
    said: list[str] = field(default_factory=list)  # answers to "is it settled?"
    again: list[int] = field(default_factory=list)  # cases whose customer did not say yes

    def watch(self, at: datetime, posted: Posted) -> None:
        """Decides, when a mail comes, whether and when its contact answers."""
        what, _, number = posted.message.key.partition(":")
        if not posted.place.startswith("mail:"):
            return
        when = at + timedelta(days=8) * self.random.random() ** 2
        when = next_work(when) + timedelta(minutes=self.random.uniform(0, 300))
        if what == "invitation" and self.random.random() < 0.4:
            self.weeks.plan(when, lambda: self._answer(int(number)))
        if what == "letter" and self.random.random() < 0.65:
            self.weeks.plan(when, lambda: self._say(int(number)))

    async def _answer(self, invitation: int) -> None:
        critic = self.random.random() < 0.2
        score = self.random.randrange(7) if critic else self.random.choice((7, 8, 8, 9, 9, 10))
        answer = Answer(
            invitation,
            reply="score",
            score=score,
            language="en",
            comment="Deliveries come late and nobody tells us" if critic else "Good people",
            reasons=("delivery",) if critic else ("service",),
            contact_wish="call" if critic else "none",
            phone="+45 12 34 56 78" if critic else None,
            to_manager=True if critic and self.random.random() < 0.08 else None,
            finished=True,
        )
        try:
            await answers.record(self.weeks.ctx, answer)
        except AnswerError as error:
            if error.field != "link":  # after the close the page says so kindly
                self.weeks.problems.append(f"answer {invitation}: {error}")
            return
        self.given.add(invitation)

    async def _say(self, letter: int) -> None:
        question = await answering.question(self.weeks.ctx, letter)
        if question is None or question.closed:
            return
        if question.opened.letter.status != LetterStatus.SENT:
            return
        said = self.random.choices(("yes", "partly", "no"), (0.7, 0.15, 0.15))[0]
        await answering.record(self.weeks.ctx, question, said, None)
        self.said.append(said)
        if said != "yes":
            self.again.append(question.opened.case.id)


@dataclass
class Staff:
    """Colleagues who work on the cards they see, each in their own way."""

    weeks: Weeks
    ids: dict[str, int]
    random: Random = field(default_factory=lambda: Random(4))
    busy: set[int] = field(default_factory=set)  # cases somebody works on
    delivering: set[int] = field(default_factory=set)

    def watch(self, at: datetime, posted: Posted) -> None:
        """Lets whoever sees a card with work on it do the work, later."""
        take = button(posted.card, "case.take")
        if take is not None:
            case = int(take.value)
            self.weeks.plan(at, lambda: self._see(case, posted))
        done = button(posted.card, "promise.done")
        if done is not None and int(done.value) not in self.delivering:
            self.delivering.add(int(done.value))
            when = next_work(at + timedelta(days=self.random.uniform(1, 4)))
            self.weeks.plan(when, lambda: self._deliver(int(done.value), posted))

    def work_again(self, case: int) -> None:
        """The customer says it is not settled: somebody calls again on the next day."""
        when = next_work(self.weeks.clock() + timedelta(days=1))
        self.weeks.plan(when, lambda: self._contact(case, None, "solved"))

    async def _see(self, case_id: int, posted: Posted) -> None:
        if case_id in self.busy:
            return
        case, who = await self._case(case_id, posted)
        if case.state != CaseState.NEW or who is None or self.random.random() < 0.1:
            return
        self.busy.add(case_id)
        slow = self.random.random() < 1 / 6
        minutes = self.random.uniform(300, 900) if slow else self.random.uniform(5, 75)
        when = next_work(next_work(self.weeks.clock()) + timedelta(minutes=minutes))
        self.weeks.plan(when, lambda: self._take(case_id, posted))

    async def _take(self, case_id: int, posted: Posted) -> None:
        case, who = await self._case(case_id, posted)
        if case.state != CaseState.NEW or who is None:
            self.busy.discard(case_id)
            return
        await self.weeks.press(who, "case.take", str(case_id), posted)
        if self.random.random() < 0.05:
            self.busy.discard(case_id)  # forgets it: the case lapses
            return
        next_day = next_work(self.weeks.clock() + timedelta(days=1))
        self.weeks.plan(next_day, lambda: self._contact(case_id, posted))

    async def _contact(self, case_id: int, posted: Posted | None, then: str | None = None) -> None:
        case, who = await self._case(case_id, posted)
        if case.state not in OPEN_STATES or who is None:
            self.busy.discard(case_id)
            return
        form = await self.weeks.press(who, "case.contact", str(case_id), posted)
        if not isinstance(form, Form):
            self.busy.discard(case_id)
            return
        chosen = ("solved", "promised", "again")
        step = then or self.random.choices(chosen, (0.6, 0.25, 0.15))[0]
        by = next_work(self.weeks.clock() + timedelta(days=3))
        typed = {"reached": "no" if step == "again" else "yes", "next": step}
        match step:
            case "solved":
                typed |= {"said": "We talked it through", "outcome": "saved"}
                typed |= {"done": "Fixed delivery day", "helped": "A call"}
            case "promised":
                deliverer = self.random.choice((*DELIVERERS, "", "", ""))
                typed |= {"said": "We agreed on it", "promise": "A fixed delivery day"}
                typed |= {"promise_by": by.date().isoformat()}
                typed |= {"deliverer": str(self.ids[deliverer])} if deliverer else {}
            case _:
                typed |= {"again_on": by.date().isoformat()}
        await self.weeks.go_through(who, form, **typed)
        if step == "solved":
            self.busy.discard(case_id)
            return
        later = next_work(by + timedelta(hours=26))
        self.weeks.plan(later, lambda: self._contact(case_id, posted, "solved"))

    async def _deliver(self, promise: int, posted: Posted) -> None:
        name = await self._reader(posted)
        if name is None or self.random.random() < 0.1:
            return
        await self.weeks.press(name, "promise.done", str(promise), posted)

    async def _case(self, case_id: int, posted: Posted | None) -> tuple[Case, str | None]:
        """Gives a case and who would act on it here; None for somebody who never does."""
        async with self.weeks.ctx.db.reading() as session:
            case = await session.get_one(Case, case_id)
            who = await session.get(Member, case.taken_by or case.owner_id or 0)
        reader = await self._reader(posted) if posted else None
        if reader is not None and reader.startswith(("lead", "cx")):
            return case, reader
        if who is None or who.left_at is not None:
            return case, None
        return case, who.email if who.id not in self._never() else None

    def _never(self) -> set[int]:
        return {self.ids[manager(n)] for n in NEVER}

    async def _reader(self, posted: Posted) -> str | None:
        """Gives who reads a place alone: its person, or the account manager whose channel it is."""
        place = posted.place.removeprefix("console:")
        if place.endswith("@nordfab.example"):
            return place
        name = place.removesuffix("-accounts")
        return email(name) if name in self.ids else None
