"""Weeks of a programme on a clock of its own: everything due is carried out as the server would."""

import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from handlers import jobs, routes
from handlers.cards import Button, Buttons, Card, Form, Reply
from handlers.chat import Click, Command, Message, MessageRef, Person, Place, Submission
from handlers.context import Context, Job
from handlers.settings import Privacy, Programme
from storage.db import Database
from tests.fakes import FakeChat, FakeClock, Posted, no_pace

ZONE = ZoneInfo("Europe/Copenhagen")
MOST_STEPS = 4  # forms in a row: what comes next, what it needs, “anyway”, and one too many
DAY_BEGINS, DAY_ENDS = time(8), time(17)
Act = Callable[[], Awaitable[None]]


@dataclass
class Recorder(FakeChat):
    """Remembers when each message was posted, beside the message."""

    clock: FakeClock = field(default_factory=FakeClock)
    times: list[datetime] = field(default_factory=list)

    async def send(self, place: Place, message: Message) -> MessageRef:
        ref = await super().send(place, message)
        self.times.append(self.clock())
        return ref

    def of_key(self, key: str) -> list[tuple[datetime, Posted]]:
        """Gives when and where messages with our key were posted."""
        both = zip(self.times, self.posted, strict=True)
        return [(at, posted) for at, posted in both if posted.message.key == key]


class Weeks:
    """The clock, what people are going to do, and the work that the engine was asked for."""

    def __init__(
        self,
        db: Database,
        start: datetime,
        busy: timedelta,
        quiet: timedelta,
        outage: tuple[datetime, datetime],
    ) -> None:
        self.clock = FakeClock(start)
        self.chat = Recorder(clock=self.clock)
        self.problems: list[str] = []
        self._busy, self._quiet, self._outage = busy, quiet, outage
        self._numbers = count()
        self._agenda: list[tuple[datetime, int, Act]] = []
        self._asked: list[tuple[datetime, int, Job]] = []
        self._done: set[str] = set()
        self.watchers: list[Callable[[datetime, Posted], None]] = []
        self._seen = 0
        programme = Programme(
            company="Nordfab",
            fallback_place="console:fallback",
            privacy=Privacy("Nordfab A/S", "privacy@nordfab.example", 24),
            pace=(("mail", 10.0),),
        )
        secret = "a secret of more than thirty-two characters"
        self.ctx = Context(programme, db, self.chat, self.clock, self._soon, no_pace, secret)

    def plan(self, at: datetime, act: Act) -> None:
        """Notes what somebody does at a time."""
        heapq.heappush(self._agenda, (at.astimezone(UTC), next(self._numbers), act))

    async def run_until(self, end: datetime) -> None:
        """Lets time pass: every few minutes by day, more slowly at night, never past an event."""
        while self.clock() < end:
            step = self._busy if is_busy(self.clock()) else self._quiet
            stops = [end, self.clock() + step]
            stops += [waiting[0][0] for waiting in (self._agenda, self._asked) if waiting]
            self.clock.at = self.awake(max(self.clock(), min(stops))).astimezone(UTC)
            await self._act()
            for job in await jobs.find_due(self.ctx):
                await self._carry_out(job)
            await self._carry_out_asked()
            self._watch()

    def awake(self, at: datetime) -> datetime:
        """Gives the moment itself, or the end of the outage in which it lies."""
        begin, end = self._outage
        return end if begin <= at < end else at

    async def type(self, who: str, text: str) -> Reply:
        """A member types a command."""
        person = Person("console", who, email=who)
        return await routes.command(self.ctx, Command(person, person.place, text))

    async def press(self, who: str, action: str, value: str, posted: Posted | None = None) -> Reply:
        """A member presses a button."""
        person = Person("console", who, email=who)
        place, ref = (posted.place, posted.ref) if posted else (person.place, None)
        reply = await routes.click(self.ctx, Click(person, place, action, value, ref))
        return self._checked(reply, action)

    async def fill_in(self, who: str, form: Form, **inputs: str | tuple[str, ...]) -> Reply:
        """A member sends a form: as it stands, with these inputs changed."""
        person = Person("console", who, email=who)
        standing: dict[str, str | tuple[str, ...]] = {
            each.name: each.values or each.value or "" for each in form.inputs
        }
        event = Submission(person, person.place, form.action, form.value, {**standing, **inputs})
        return self._checked(await routes.submission(self.ctx, event), form.action)

    async def go_through(self, who: str, form: Form, **inputs: str) -> Reply:
        """A member sends a form, and what comes back asking for more, until nothing is asked."""
        reply: Reply = form
        for _step in range(MOST_STEPS):
            if not isinstance(reply, Form):
                break
            asked = {each.name for each in reply.inputs}
            given = {name: typed for name, typed in inputs.items() if name in asked}
            reply = await self.fill_in(who, reply, **given)
        if isinstance(reply, Form):
            self.problems.append(f"{self.clock():%d %b %H:%M} {form.action} asks without end")
        return reply

    async def _soon(self, job: Job, at: datetime | None) -> None:
        due = max(self.clock(), at) if at else self.clock()
        heapq.heappush(self._asked, (due, next(self._numbers), job))

    async def _act(self) -> None:
        while self._agenda and self._agenda[0][0] <= self.clock():
            await heapq.heappop(self._agenda)[2]()
            await self._carry_out_asked()

    async def _carry_out_asked(self) -> None:
        while self._asked and self._asked[0][0] <= self.clock():
            await self._carry_out(heapq.heappop(self._asked)[2])

    async def _carry_out(self, job: Job) -> None:
        if job.id in self._done:
            return
        self._done.add(job.id)
        run = replace(self.ctx, run=f"{job.id}#{next(self._numbers)}")
        await jobs.JOBS[job.name](run, *job.args)

    def _watch(self) -> None:
        while self._seen < len(self.chat.posted):
            at, posted = self.chat.times[self._seen], self.chat.posted[self._seen]
            self._seen += 1
            for watch in self.watchers:
                watch(at, posted)

    def _checked(self, reply: Reply, what: str) -> Reply:
        if not isinstance(reply, Card | Form):
            self.problems.append(f"{self.clock():%d %b %H:%M} {what}: {reply}"[:300])
        return reply


def button(card: Card, action: str) -> Button | None:
    """Gives the button of a card that does something."""
    for element in card.body:
        if isinstance(element, Buttons):
            for each in element.buttons:
                if isinstance(each, Button) and each.action == action:
                    return each
    return None


def is_busy(at: datetime) -> bool:
    """Tells whether anybody may be working."""
    local = at.astimezone(ZONE)
    return local.weekday() < 5 and time(7) <= local.time() < time(18)


def is_work(at: datetime) -> bool:
    """Tells whether it is a working day between eight and five, without asking handlers."""
    local = at.astimezone(ZONE)
    return local.weekday() < 5 and DAY_BEGINS <= local.time() < DAY_ENDS


def next_work(at: datetime) -> datetime:
    """Gives the moment itself when it is working time, else the next start of work."""
    local = at.astimezone(ZONE)
    if local.weekday() < 5 and local.time() < DAY_ENDS:
        return max(local, datetime.combine(local.date(), DAY_BEGINS, ZONE))
    day = local.date() + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return datetime.combine(day, DAY_BEGINS, ZONE)


def after_hours_of_work(at: datetime, hours: float) -> datetime:
    """Gives when so many working hours have passed."""
    left = timedelta(hours=hours)
    at = next_work(at)
    while True:
        end = datetime.combine(at.date(), DAY_ENDS, ZONE)
        if left <= end - at:
            return at + left
        left -= end - at
        at = next_work(end)


def after_days_of_work(at: datetime, days: int) -> datetime:
    """Gives the same time of day so many working days later."""
    at = next_work(at)
    for _day in range(days):
        following = datetime.combine(at.date() + timedelta(days=1), at.time(), ZONE)
        at = next_work(following) if following.weekday() >= 5 else following
        at = datetime.combine(at.date(), following.time(), ZONE)
    return at
