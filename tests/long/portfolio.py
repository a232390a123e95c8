"""The pilot's people: five account managers, their customers, and what each of them is like."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from handlers import answers
from handlers.answers import Answer, AnswerError
from handlers.cards import Form, Scale
from handlers.links import read_survey_token
from storage.models import Account, BoundPlace, Contact, Member, Team
from tests.fakes import Posted
from tests.long.weeks import ZONE, Weeks, button, next_work

MANAGERS = ("anna", "bo", "cille", "dan", "eva")
ABSENT, BACKUP, NEVER_REACTS, SOLVES = "dan", "eva", "bo", "anna"
LEAD, CX = "lars", "clara"
AWAY_FROM = datetime(2026, 11, 10, 8, 30, tzinfo=ZONE)
AWAY_UNTIL = datetime(2026, 11, 20, tzinfo=ZONE)  # back on Friday
ROLES = ("decision_maker", "influencer", "user", None)
ACCOUNTS = 60
SHARE_AT_ONCE, SHARE_REMINDED = 0.42, 0.25


def email(name: str) -> str:
    """Gives a colleague's address."""
    return f"{name}@nordfab.example"


def place(name: str) -> str:
    """Gives the channel in which an account manager gets cards."""
    return f"console:{name}-accounts"


async def store(weeks: Weeks) -> dict[str, int]:
    """Stores colleagues, accounts and contacts; gives the colleagues' ids by first name."""
    ids = {}
    async with weeks.ctx.db.session() as session:
        team = Team(name="Nordics")
        session.add(team)
        await session.flush()
        people = {
            name: Member(email=email(name), name=f"{name.title()} Holm", team_id=team.id)
            for name in (*MANAGERS, LEAD, CX)
        }
        people[LEAD].role, people[CX].role, people[CX].team_id = "team_lead", "cx_lead", None
        session.add_all(people.values())
        await session.flush()
        ids = {name: member.id for name, member in people.items()}
        for name in MANAGERS:
            bound = BoundPlace(platform="console", place=place(name), bound_at=weeks.clock())
            bound.member_id = ids[name]
            session.add(bound)
        for n in range(ACCOUNTS):
            account = Account(
                key=f"P{n}",
                name=f"Customer {n}",
                owner_id=ids[MANAGERS[n % len(MANAGERS)]],
                team_id=team.id,
                tier="A" if n % 10 == 0 else "B",
                annual_value=10_000.0 + n * 1_000,
                currency="EUR",
                country="DK",
            )
            session.add(account)
            await session.flush()
            session.add_all(
                Contact(
                    account_id=account.id,
                    email=f"c{n}-{k}@customer.example",
                    name=f"Person {n}-{k}",
                    role=role,
                    language=("en", "da", "nl")[n % 3],
                )
                for k, role in enumerate(ROLES)
            )
    return ids


@dataclass
class Customers:
    """Contacts who answer at once, after the reminder, or never; some stop after the score."""

    weeks: Weeks
    closes_at: datetime
    random: Random = field(default_factory=lambda: Random(3))
    given: dict[int, datetime] = field(default_factory=dict)  # invitation -> when it was answered
    late: int = 0

    def watch(self, at: datetime, posted: Posted) -> None:
        """Decides, when a mail comes, whether and when its contact answers."""
        what, _, number = posted.message.key.partition(":")
        if not posted.place.startswith("mail:"):
            return
        if what == "reminder":
            share, longest = SHARE_REMINDED, timedelta(days=3)
            invitation = self._of_token(posted)
        else:
            share, longest = SHARE_AT_ONCE, timedelta(days=14)
            invitation = int(number)
        if self.random.random() >= share:
            return
        # Most answer soon: the square draws delays to the front.
        when = at + longest * self.random.random() ** 2
        if self.random.random() < 0.75:
            when = next_work(when) + timedelta(minutes=self.random.uniform(0, 90))
        self.weeks.plan(when, lambda: self._answer(invitation))

    def _of_token(self, posted: Posted) -> int:
        scale = next(each for each in posted.card.body if isinstance(each, Scale))
        found = read_survey_token(self.weeks.ctx.secret, scale.value)
        assert found is not None
        return found

    async def _answer(self, invitation: int) -> None:
        if invitation in self.given or self.weeks.clock() >= self.closes_at:
            self.late += 1
            return
        critic = self.random.random() < 0.3
        score = self.random.randrange(7) if critic else self.random.choice((7, 8, 8, 9, 9, 10))
        await answers.record(
            self.weeks.ctx, Answer(invitation, reply="score", score=score, language="en")
        )
        self.given[invitation] = self.weeks.clock()
        if self.random.random() < 0.25:
            return  # stops after the score
        more = Answer(
            invitation,
            comment="Deliveries come late and nobody tells us" if critic else "Good people",
            reasons=("delivery",) if critic else ("service",),
            contact_wish="call" if critic else "none",
            phone="+45 12 34 56 78" if critic else None,
            to_manager=True if critic and self.random.random() < 0.08 else None,
            finished=True,
        )
        later = self.weeks.clock() + timedelta(seconds=self.random.uniform(20, 240))
        self.weeks.plan(later, lambda: self._go_on(more))

    async def _go_on(self, more: Answer) -> None:
        try:
            await answers.record(self.weeks.ctx, more)
        except AnswerError as error:
            self.weeks.problems.append(f"answer {more.invitation_id}: {error}")


@dataclass
class Managers:
    """Four who react to a card as they are, within their working hours; one never does."""

    weeks: Weeks
    random: Random = field(default_factory=lambda: Random(4))
    known: set[int] = field(default_factory=set)

    def watch(self, at: datetime, posted: Posted) -> None:
        """Lets the person whose channel a new case comes into act on it."""
        name = posted.place.removeprefix("console:").removesuffix("-accounts")
        take = button(posted.card, "case.take")
        if name not in MANAGERS or name == NEVER_REACTS or take is None:
            return
        case = int(take.value)
        if case in self.known:
            return
        self.known.add(case)
        # One in six cards waits longer than it should, so that reminders have work to do.
        slow = self.random.random() < 1 / 6
        minutes = self.random.uniform(300, 420) if slow else self.random.uniform(5, 75)
        taken = next_work(next_work(at) + timedelta(minutes=minutes))
        self.weeks.plan(taken, lambda: self._take(name, case, posted))

    async def _take(self, name: str, case: int, posted: Posted) -> None:
        await self.weeks.press(email(name), "case.take", str(case), posted)
        next_day = (self.weeks.clock().astimezone(ZONE) + timedelta(days=1)).replace(hour=10)
        self.weeks.plan(next_work(next_day), lambda: self._contact(name, case, posted))

    async def _contact(self, name: str, case: int, posted: Posted) -> None:
        form = await self.weeks.press(email(name), "case.contact", str(case), posted)
        if not isinstance(form, Form):
            return
        typed = {"reached": "yes", "said": "We agreed on a fixed delivery day"}
        if name == SOLVES:
            typed |= {"next": "solved", "outcome": "saved"}
            typed |= {"done": "Fixed delivery day", "helped": "A call"}
        else:
            by = (self.weeks.clock().astimezone(ZONE) + timedelta(days=2)).date()
            typed |= {"next": "promised", "promise": "A fixed delivery day"}
            typed |= {"promise_by": by.isoformat()}
        await self.weeks.go_through(email(name), form, **typed)
