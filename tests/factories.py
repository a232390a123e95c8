"""Makes rows for tests, and the story of product.md: Acme A/S on Tuesday 24 November 2026."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from sqlmodel import SQLModel

from storage.db import Database, Session
from storage.models import (
    Account,
    Contact,
    Invitation,
    Member,
    Response,
    Survey,
    Team,
    Wave,
)
from tests.fakes import FakeClock

Row = TypeVar("Row", bound=SQLModel)


@dataclass
class Make:
    """Each method stores one row with believable defaults and gives it back."""

    db: Database
    now: FakeClock
    _n: "count[int]" = field(default_factory=lambda: count(1))
    _session: Session | None = None

    async def save(self, row: Row) -> Row:
        if self._session is not None:
            self._session.add(row)
            await self._session.flush()
            return row
        async with self.db.quick_session() as session:
            session.add(row)
        return row

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Stores all that is made within in one transaction: a story has dozens of rows."""
        async with self.db.quick_session() as self._session:
            try:
                yield
            finally:
                self._session = None

    async def team(self, name: str | None = None) -> Team:
        return await self.save(Team(name=name or f"Team {next(self._n)}"))

    async def member(self, name: str | None = None, **values: Any) -> Member:
        n = next(self._n)
        name = name or f"Member {n}"
        values.setdefault("email", f"{name.split()[0].lower()}{n}@nordfab.example")
        return await self.save(Member(name=name, **values))

    async def account(self, name: str | None = None, **values: Any) -> Account:
        n = next(self._n)
        values.setdefault("key", f"A{n}")
        return await self.save(Account(name=name or f"Account {n}", **values))

    async def contact(self, account: Account, name: str | None = None, **values: Any) -> Contact:
        n = next(self._n)
        name = name or f"Contact {n}"
        values.setdefault("email", f"{name.split()[0].lower()}{n}@customer.example")
        return await self.save(Contact(account_id=account.id, name=name, **values))

    async def survey(self, **values: Any) -> Survey:
        values.setdefault("name", f"survey {next(self._n)}")
        return await self.save(Survey(**values))

    async def wave(self, name: str | None = None, **values: Any) -> Wave:
        values.setdefault("created_at", self.now())
        values.setdefault("closes_at", self.now() + timedelta(days=14))
        values.setdefault("state", "sending")
        return await self.save(Wave(name=name or f"Wave {next(self._n)}", **values))

    async def invitation(
        self, contact: Contact, wave: Wave | None = None, **values: Any
    ) -> Invitation:
        account = await self._account(contact.account_id)
        values.setdefault("status", "sent")
        values.setdefault("sent_at", self.now() - timedelta(days=1))
        values.setdefault("expires_at", wave.closes_at if wave else None)
        snapshot = {
            "owner_id": account.owner_id,
            "team_id": account.team_id,
            "role": contact.role,
            "segment": account.segment,
            "value": account.annual_value,
            "currency": account.currency,
            "renewal_date": account.renewal_date,
        }
        return await self.save(
            Invitation(
                wave_id=wave.id if wave else None,
                kind=wave.kind if wave else values.pop("kind", "relationship"),
                account_id=account.id,
                contact_id=contact.id,
                **{**snapshot, **values},
            )
        )

    async def _account(self, account_id: int) -> Account:
        if self._session is not None:
            return await self._session.get_one(Account, account_id)
        async with self.db.reading() as session:
            return await session.get_one(Account, account_id)

    async def response(self, invitation: Invitation, score: int | None, **values: Any) -> Response:
        """Stores only the response row: no case, no current answer (those belong to
        answers.record).
        """
        values.setdefault("answered_at", self.now())
        values.setdefault("last_input_at", values["answered_at"])
        return await self.save(
            Response(
                invitation_id=invitation.id,
                account_id=invitation.account_id,
                contact_id=invitation.contact_id,
                kind=invitation.kind,
                score=score,
                **values,
            )
        )


@dataclass
class Acme:
    """The rows of the story: Anna owns Acme in team Nordics, lead Lars; Jane is the
    decision maker.
    """

    team: Team
    anna: Member
    lars: Member
    clara: Member
    mikkel: Member
    account: Account
    wave: Wave
    contacts: dict[str, Contact]
    invitations: dict[str, Invitation]


async def acme_story(make: Make) -> Acme:
    """Six contacts of Acme A/S asked in wave "Autumn 2026" on 12 November; nobody has
    answered yet.
    """
    async with make.together():
        return await _acme(make)


async def _acme(make: Make) -> Acme:
    team = await make.team("Nordics")
    anna = await make.member(
        "Anna Berg", email="anna@nordfab.example", team_id=team.id, function="account manager",
        slack_id="U0ANNA", timezone="Europe/Copenhagen",
    )  # fmt: skip
    lars = await make.member(
        "Lars Holt", email="lars@nordfab.example", team_id=team.id, role="team_lead",
        slack_id="U0LARS",
    )  # fmt: skip
    mikkel = await make.member(
        "Mikkel Skov", email="mikkel@nordfab.example", team_id=team.id, slack_id="U0MIKKEL"
    )
    await make.member("Sofie Dahl", team_id=team.id, function="technical support")
    clara = await make.member(
        "Clara Lind", email="clara@nordfab.example", role="cx_lead", slack_id="U0CLARA"
    )
    account = await make.account(
        "Acme A/S", key="acme", aliases=["Acme"], tier="A", annual_value=420_000.0, currency="EUR",
        renewal_date=date(2027, 1, 7), owner_id=anna.id, team_id=team.id, segment="industry",
        region="DK", country="DK",
    )  # fmt: skip
    sent = datetime(2026, 11, 12, 8, 5, tzinfo=make.now().tzinfo)
    wave = await make.wave(
        "Autumn 2026", starts_at=sent, closes_at=sent + timedelta(days=21), reminder_after_days=5
    )
    people = {
        "jane": ("Jane Jensen", "CFO", "Finance", "decision_maker"),
        "peter": ("Peter Holm", "Head of purchasing", "Purchasing", "influencer"),
        "karen": ("Karen Friis", "Production manager", "Production", "influencer"),
        "ole": ("Ole Holm", "Planner", "Planning", "user"),
        "lis": ("Lis Krog", "Planner", "Planning", "user"),
        "mia": ("Mia Lund", "Warehouse lead", "Warehouse", "user"),
    }
    contacts, invitations = {}, {}
    for key, (name, title, department, role) in people.items():
        contacts[key] = await make.contact(
            account, name, title=title, department=department, role=role,
            email=f"{key}@acme.example",
            language="en", phone="+45 12 34 56 78" if key == "jane" else None,
        )  # fmt: skip
        invitations[key] = await make.invitation(
            contacts[key], wave, sent_at=sent, expires_at=wave.closes_at
        )
    return Acme(team, anna, lars, clara, mikkel, account, wave, contacts, invitations)
