"""The question whether it is settled: its words, and what the case does about it."""

from handlers import links, surveys
from handlers.cards import Button, Buttons, Card, Element, Link, Text
from handlers.cases import acting
from handlers.cases.acting import Plan
from handlers.cases.view import first_name
from handlers.chat import Message, Sender
from handlers.context import Context, Job
from handlers.settled import planning
from handlers.texts import Texts
from storage import letters
from storage.db import Session
from storage.letters import ASKED, Opened
from storage.models import (
    Account,
    Case,
    CaseState,
    ContactStatus,
    LetterStatus,
)

ANSWERS = ("yes", "partly", "no")
WHAT = "settled"
ANSWER_WITHIN = planning.ANSWER_WITHIN


async def due(ctx: Context) -> list[Job]:
    """Closes the cases whose customer did not answer in time; there is nothing to run."""
    async with ctx.db.reading() as session:
        over = await letters.over(session, ctx.now())
    for letter in over:
        if letter.case_id is not None:
            await acting.by_itself(ctx, letter.case_id, _closing(letter.round))
        async with ctx.db.session() as session:
            await letters.close(session, letter.id)
    return []


async def written(ctx: Context, letter_id: int) -> Message | None:
    """Gives the question, None once its case is open again."""
    async with ctx.db.reading() as session:
        opened = await letters.opened(session, letter_id)
    if opened is None or opened.case.state not in _SOLVED:
        return None
    return message(ctx, opened) if planning.in_force(opened.case, opened.letter.round) else None


def message(ctx: Context, opened: Opened) -> Message:
    """Gives the letter as its channel can show it: buttons in chat, links to our page in a mail."""
    letter, contact, writer = opened.letter, opened.contact, opened.writer
    t = surveys.texts_of(contact, ctx.programme)
    token = links.letter_token(ctx.secret, letter.id)
    company = ctx.programme.company
    who = first_name(writer.name) if writer else company
    body: list[Element] = [
        Text(t("settled.greeting", name=first_name(contact.name))),
        Text(t("settled.noted", name=who)),
        Text(words(opened), "quote"),
        Text(t("settled.question"), "strong"),
        Buttons(_choices(token, letter.channel, t)),
        Text(t("settled.why", company=company), "note"),
    ]
    unsubscribe = links.unsubscribe_token(ctx.secret, contact.id)
    if letter.channel == "mail":
        stop = Link(t("survey.stop"), token_path=f"/u/{unsubscribe}")
        body.append(Buttons((stop,)))
    subject = t("settled.subject", company=company)
    return Message(
        Card(subject, tuple(body), audience="person"),
        key=f"letter:{letter.id}",
        language=t.language,
        subject=subject,
        unsubscribe=unsubscribe,
        sender=Sender(writer.name, writer.email) if writer else Sender(company, None),
    )


def words(opened: Opened) -> str:
    """Gives what the customer is told was done."""
    return opened.letter.text or opened.case.what_was_done or "–"


def _choices(token: str, channel: str, t: Texts) -> tuple[Button | Link, ...]:
    if channel == "mail":
        return tuple(
            Link(t(f"settled.answer.{each}"), None, f"/c/{token}?answer={each}", "primary")
            for each in ANSWERS
        )
    return tuple(
        Button(t(f"settled.answer.{each}"), "settled", f"{token}:{each}") for each in ANSWERS
    )


async def told(ctx: Context, letter_id: int, status: str) -> None:
    """Lets the cards of the case say what became of the question."""
    async with ctx.db.reading() as session:
        opened = await letters.opened(session, letter_id)
    if opened is not None:
        await acting.by_itself(ctx, opened.case.id, _told(opened, status))


def _told(opened: Opened, status: str) -> acting.ByItself:
    """The case waits for the customer once a letter went out; else it says why none did."""

    async def decide(_session: Session, case: Case, _account: Account) -> Plan | None:
        if case.state not in _SOLVED or not planning.in_force(case, opened.letter.round):
            return None
        if status in ASKED:
            return Plan("asked", {"state": CaseState.WAITING}, contact_id=opened.contact.id)
        if case.state == CaseState.WAITING:
            return Plan("not_asked", {}, contact_id=opened.contact.id)
        gone = opened.contact.status != ContactStatus.ACTIVE
        why = {"not_asked": opened.contact.status if gone else "undelivered"}
        return Plan("not_asked", why, contact_id=opened.contact.id)

    return decide


def _closing(round_: int) -> acting.ByItself:
    async def decide(session: Session, case: Case, _account: Account) -> Plan | None:
        if case.state != CaseState.WAITING or not planning.in_force(case, round_):
            return None
        asked = [each for each in await letters.of_case(session, case.id)
                 if each.letter.round == round_]  # fmt: skip
        if any(each.letter.status in (LetterStatus.PLANNED, LetterStatus.SENDING)
               for each in asked):  # fmt: skip
            return None
        yes = [e.contact.id for e in asked if e.settled is not None and e.settled.answer == "yes"]
        if yes:
            values = {"state": CaseState.SOLVED, "settled": "yes"}
            return Plan("settled", values, contact_id=yes[0])
        values = {"state": CaseState.CLOSED_UNANSWERED, "settled": "unanswered"}
        silent = [each.contact.id for each in asked if each.letter.status in ASKED]
        return Plan("unanswered", values, contact_id=silent[0] if silent else None)

    return decide


_SOLVED = (CaseState.SOLVED, CaseState.WAITING)
