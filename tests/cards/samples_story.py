"""The cards of product.md with its own data: Jane's 3, taken, solved, her “no”, and her “yes”."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlmodel import select

from handlers import jobs, links, routes
from handlers.accounts.card import SHOW
from handlers.cards import Card, Form
from handlers.chat import Click, Person
from handlers.context import Context
from storage import answers, members
from storage.models import Account, Case, CaseResponse, CaseState, Letter
from tests.factories import Make, acme_story
from tests.fakes import FakeChat, FakeClock, FakeEngine
from tests.handlers.cases.conftest import Story, button

LANGUAGES = ("en", "da", "nl")
COMMENT = "Third wrong invoice in a row, and nobody calls back."
_SOLVED = {
    "outcome": "saved",
    "cause": "invoicing",
    "done": "One named person checks each invoice",
}
_MARCH = datetime(2026, 3, 10, 9, tzinfo=UTC)


def samples_in(language: str) -> Callable[[Context, Make], Awaitable[dict[str, Card | Form]]]:
    """Gives what plays the story in a language."""

    async def samples(ctx: Context, make: Make) -> dict[str, Card | Form]:
        return await _play(language, ctx, make)

    return samples


async def _play(language: str, ctx: Context, make: Make) -> dict[str, Card | Form]:
    story = await _stage(language, ctx, make)
    anna, found = story.acme.anna, dict[str, Card | Form]()
    await story.answer(
        "jane", 3, comment=COMMENT, reasons=["invoicing", "communication"], contact_wish="call",
        call_when="Wed morning", phone="+45 12 34 56 78",
    )  # fmt: skip
    await story.work()
    (posted,) = story.posted()
    found["new"] = posted.card
    story.clock.forward(minutes=4)
    await story.press(anna, posted, "case.take")
    found["taken"] = posted.card
    await _solve(story)
    found["solved"] = posted.card
    story.clock.at = datetime(2026, 11, 27, 12, 24, tzinfo=UTC)
    await _tick(story)
    found["asked"] = posted.card
    await _says(story, 1, "no")
    found["not_settled"] = posted.card
    found["told_the_lead"] = story.posted("slack:U0LARS")[-1].card
    await _solve(story)
    story.clock.at = datetime(2026, 12, 2, 12, 30, tzinfo=UTC)
    await _tick(story)
    async with story.ctx.db.reading() as session:
        last = (await session.exec(select(Letter))).all()[-1]
    await _says(story, last.id, "yes")
    found["confirmed"] = posted.card
    found["nobody_heard"] = await _nobody_heard(story)
    return found


async def _stage(language: str, ctx: Context, make: Make) -> Story:
    chat, engine, clock = FakeChat(), FakeEngine(), make.now
    assert isinstance(clock, FakeClock)
    ctx = replace(ctx, chat=chat, soon=engine.soon)
    acme = await acme_story(make)
    for each in (acme.anna, acme.lars, acme.clara):
        each.language, each.digest = language, "off"
        await make.save(each)
    jane = acme.contacts["jane"]
    jane.language = language
    await make.save(jane)
    async with ctx.db.session() as session:
        await members.bind(session, "console:anna", clock(), member_id=acme.anna.id)
    await make.response(await make.invitation(jane, sent_at=_MARCH), 8, answered_at=_MARCH)
    for who, score in (("ole", 9), ("lis", 9), ("karen", 7)):
        await make.response(acme.invitations[who], score)
    async with ctx.db.session() as session:
        await answers.recount(session, [acme.account.id], "relationship", clock(), 12)
    await _helped_before(make, acme.mikkel.id)
    return Story(acme, ctx, chat, clock, engine, make, jobs.DUE)


async def _helped_before(make: Make, mikkel: int) -> None:
    """A like case at Nordhavn Parts that the customer confirmed."""
    account = await make.account("Nordhavn Parts", owner_id=mikkel)
    contact = await make.contact(account, "Nils Nord")
    invitation = await make.invitation(contact, sent_at=_MARCH)
    response = await make.response(invitation, 5, reasons=["invoicing"], answered_at=_MARCH)
    case = await make.save(
        Case(
            account_id=account.id, kind="relationship", owner_id=mikkel, taken_by=mikkel,
            state=CaseState.SOLVED, opened_at=_MARCH, solved_at=_MARCH + timedelta(days=2),
            solved_by=mikkel, outcome="saved", settled="yes", what_was_done="Credit note",
            what_helped="one named person, credit note in 2 days", root_cause="invoicing",
        )
    )  # fmt: skip
    await make.save(CaseResponse(response_id=response.id, case_id=case.id, joined_at=_MARCH))


async def _solve(story: Story) -> None:
    anna, (posted, *_more) = story.acme.anna, story.posted()
    case = button(posted.card, "case.contact").value
    spoken = {"reached": "yes", "next": "solved", "said": "Wants one name for invoices."}
    await story.submit(anna, "case.contact", case, spoken, posted.ref)
    await story.submit(anna, "case.solve", case, _SOLVED, posted.ref)
    story.clock.forward(minutes=2)  # Undo is over
    await _tick(story)


async def _tick(story: Story) -> None:
    for _again in range(2):
        await story.tick()


async def _says(story: Story, letter: int, word: str) -> None:
    person = Person("console", "jane@acme.example", email="jane@acme.example")
    token = links.letter_token(story.ctx.secret, letter)
    await routes.click(story.ctx, Click(person, person.place, "settled", f"{token}:{word}"))
    await story.work()


async def _nobody_heard(story: Story) -> Card:
    make, acme = story.make, story.acme
    account: Account = await make.account(
        "Acme", owner_id=acme.anna.id, team_id=acme.team.id, annual_value=420_000.0,
        currency="EUR", tier="A", renewal_date=date(2027, 1, 7),
    )  # fmt: skip
    for name in ("Jane Jensen", "Peter Holm", "Karen Friis", "Ole Holm", "Lis Krog", "Mia Lund"):
        await make.contact(account, name)
    person = story.person(acme.anna)
    card = await routes.click(story.ctx, Click(person, person.place, SHOW, str(account.id)))
    assert isinstance(card, Card)
    return card
