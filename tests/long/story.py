"""The end of a pilot: every row and message, told by what belongs together."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from storage.models import (
    Account,
    Alert,
    Case,
    CaseResponse,
    Contact,
    Invitation,
    Posting,
    Reminder,
    Response,
    Wave,
)
from tests.fakes import Posted
from tests.long.portfolio import NEVER_REACTS, Customers
from tests.long.weeks import ZONE, Weeks

A_MOMENT = timedelta(seconds=5)


@dataclass
class Story:
    """All rows and messages at the end; `tick` is the longest step of the clock."""

    weeks: Weeks
    customers: Customers
    ids: dict[str, int]
    closes_at: datetime
    tick: timedelta
    wave: Wave
    invitations: dict[int, Invitation]
    reminders: dict[int, Reminder]
    responses: dict[int, Response]
    alerts: list[Alert]
    cases: dict[int, Case]
    case_of: dict[int, CaseResponse]
    accounts: dict[int, Account]
    contacts: dict[int, Contact]
    postings: Sequence[Posting]

    def name(self, member_id: int | None) -> str:
        """Gives a colleague's first name."""
        return next((name for name, own in self.ids.items() if own == member_id), "nobody")

    def posted(self, alert: Alert) -> list[tuple[datetime, Posted]]:
        """Gives when and where an alert was posted."""
        return self.weeks.chat.of_key(f"alert:{alert.id}")

    def in_time(self, at: datetime, due: datetime) -> bool:
        """Tells whether something happened within a tick of its time, or of the outage's end."""
        return timedelta(0) <= at - self.weeks.awake(due) <= self.tick + A_MOMENT

    def of(self, *what: str) -> list[Alert]:
        """Gives the alerts of these kinds."""
        return [alert for alert in self.alerts if alert.what in what]

    def owner(self, case: Case) -> str:
        """Gives the account manager of a case's account."""
        return self.name(self.accounts[case.account_id].owner_id)

    def by_place(self) -> dict[str, list[str]]:
        """Gives what came to each place on our own side, and to contacts together."""
        what_of = {f"alert:{alert.id}": _words(alert) for alert in self.alerts}
        found: dict[str, list[str]] = defaultdict(list)
        for posted in self.weeks.chat.posted:
            key = posted.message.key
            if posted.place.startswith("mail:"):
                found["all contacts"].append(f"{key.partition(':')[0]} mails")
            else:
                owner = posted.place.removeprefix("console:")
                found[owner].append(what_of.get(key, "later words in a thread"))
        return found

    def longest_case(self) -> str:
        """Tells one case that nobody took, step by step."""
        for case in self.cases.values():
            if self.owner(case) != NEVER_REACTS or case.hidden_from_owner:
                continue
            steps = [
                (at, f"{_words(alert)} to {posted.place.removeprefix('console:')}")
                for alert in self.alerts
                if alert.case_id == case.id
                for at, posted in self.posted(alert)
            ]
            if len(steps) >= 4:
                return "; ".join(f"{local(at)} {what}" for at, what in sorted(steps)[:6])
        return "none"


async def read(
    weeks: Weeks,
    customers: Customers,
    ids: dict[str, int],
    closes_at: datetime,
    tick: timedelta,
) -> Story:
    """Reads all that is stored at the end."""
    async with weeks.ctx.db.reading() as session:
        return Story(
            weeks,
            customers,
            ids,
            closes_at,
            tick,
            (await session.exec(select(Wave))).one(),
            {row.id: row for row in await session.exec(select(Invitation))},
            {row.id: row for row in await session.exec(select(Reminder))},
            {row.id: row for row in await session.exec(select(Response))},
            list(await session.exec(select(Alert).order_by(col(Alert.id)))),
            {row.id: row for row in await session.exec(select(Case))},
            {row.response_id: row for row in await session.exec(select(CaseResponse))},
            {row.id: row for row in await session.exec(select(Account))},
            {row.id: row for row in await session.exec(select(Contact))},
            list(await session.exec(select(Posting))),
        )


def local(at: datetime) -> str:
    """Gives a moment as a person there reads it."""
    return f"{at.astimezone(ZONE):%a %d %b %H:%M}"


def _words(alert: Alert) -> str:
    words = {
        "critic": "critics' cards",
        "case_reminder": "reminders",
        "case_escalation": "escalations",
        "case_changed": "later words in a thread",
        "digest": "digests",
        "wave_result": "results",
        "wave_progress": "progress cards",
    }
    about = alert.detail.get("about")
    word = words.get(alert.what, alert.what)
    return f"{word} ({about})" if about and alert.what == "case_reminder" else word
