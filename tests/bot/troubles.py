"""Many critics at once, each with an own owner and place: all errors are tried in one go."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select

from handlers import routes
from handlers.cases import opening
from handlers.chat import Click, Person, Place
from handlers.context import Context
from storage.db import Database
from storage.models import Alert, BoundPlace, Case, Member, Response
from tests.factories import Make
from tests.fakes import FakeClock, FakeEngine
from tests.handlers.cases.conftest import Story, run

ALWAYS = 10_000
ROUNDS = 12


@dataclass(frozen=True)
class Trouble:
    """What goes wrong, and what must come of it.

    `moves` = the place counts as closed: the card goes to the next one, and CX reads why.
    """

    name: str
    fault: dict[str, Any] = field(default_factory=dict)
    moves: bool = False
    advice: str = ""  # the key below [mend] of what CX reads
    noted: bool = False  # the card says that it may stand twice

    @property
    def copies(self) -> int:
        """How often the card may stand: twice only where the platform can't tell."""
        return 2 if self.noted and self.fault.get("carried_out") else 1


@dataclass
class Crowd:
    """The owners of accounts, and how to bring their critics' alerts."""

    db: Database
    ctx: Context
    clock: FakeClock
    engine: FakeEngine
    make: Make
    team_id: int | None = None
    owners: dict[str, Member] = field(default_factory=dict)
    began: int = 0

    async def critics(
        self, troubles: Sequence[Trouble], ids: dict[str, str], places: dict[str, Place]
    ) -> None:
        """Stores a critic's answer for each trouble, to an owner who has a place, or none."""
        platform_id = "slack_id" if next(iter(ids.values())).startswith("U") else "teams_id"
        responses: list[Response] = []
        async with self.make.together():
            for each in troubles:
                owner = await self.make.member(
                    f"Owner of {each.name}", team_id=self.team_id, language="en",
                    **{platform_id: ids[each.name]},
                )  # fmt: skip
                self.owners[each.name] = owner
                account = await self.make.account(
                    firm(each.name), owner_id=owner.id, team_id=self.team_id
                )
                contact = await self.make.contact(account, "Jane Jensen")
                invitation = await self.make.invitation(contact)
                responses.append(await self.make.response(invitation, 3))
                if each.name in places:
                    place = places[each.name]
                    await self.make.save(
                        BoundPlace(
                            platform=place.partition(":")[0], place=place, member_id=owner.id,
                            bound_at=self.clock(),
                        )
                    )  # fmt: skip
        found = [await self.story.critic(response) for response in responses]
        async with self.db.session() as session:
            waiting = await opening.open_cases(session, self.ctx, found)
        for due in waiting:
            await self.ctx.soon(due.job, due.due_at)

    async def take(self, name: str) -> None:
        """The owner takes the case, by a button on some other card of it."""
        owner = self.owners[name]
        async with self.db.reading() as session:
            query = select(Case.id).where(col(Case.owner_id) == owner.id)
            case_id = (await session.exec(query)).one()
        person = Person("console", owner.email)
        await routes.click(self.ctx, Click(person, person.place, "case.take", str(case_id)))

    @property
    def story(self) -> Story:
        """The same words as elsewhere, without Acme."""
        return Story(None, self.ctx, None, self.clock, self.engine, self.make)  # type: ignore[arg-type]  # neither is asked for

    async def bring(self, rounds: int = ROUNDS) -> None:
        """Carries out what is asked for, and goes on to when the next attempt is due."""
        for _round in range(rounds):
            await self.story.work()
            async with self.db.reading() as session:
                query = select(Alert.due_at).where(
                    col(Alert.status) == "pending", col(Alert.attempts) > 0
                )
                waiting = (await session.exec(query)).all()
            if not waiting:
                return
            self.clock.at = max(self.clock.at, max(waiting))

    async def pending(self) -> set[int | None]:
        """Gives the cases whose critics' alerts still wait."""
        async with self.db.reading() as session:
            query = select(Alert.case_id).where(
                col(Alert.status) == "pending", col(Alert.what) == "critic"
            )
            return set((await session.exec(query)).all())


def firm(name: str) -> str:
    """Gives the name of the account of a trouble: unlike any other's."""
    return f"Firm {name} Ltd"


__all__ = ["ALWAYS", "Crowd", "Trouble", "firm", "run"]
