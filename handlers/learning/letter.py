"""The letter “you said, we did”: what was done, told to contacts who answered."""

from datetime import timedelta

import structlog

from handlers import links, surveys
from handlers.accounts.reader import first_name
from handlers.cards import Buttons, Card, Element, Link, Text
from handlers.chat import Message, Sender
from handlers.context import Context
from storage import improvements, letters
from storage.improvements import Told
from storage.models import Contact, ImprovementState

log = structlog.get_logger()

WHAT = "you_said"
ANSWER_WITHIN: timedelta | None = None  # nothing is asked


async def written(ctx: Context, letter_id: int) -> Message | None:
    """Gives the message, None where it was taken back."""
    async with ctx.db.reading() as session:
        found = await letters.addressed(session, letter_id)
        told = await improvements.told(session, found.letter.improvement_id or 0) if found else None
    if found is None or told is None or told.improvement.state != ImprovementState.SENT:
        return None
    return message(ctx, told, found.contact, found.letter.channel, f"letter:{letter_id}")


async def told(ctx: Context, letter_id: int, status: str) -> None:
    """The letter's row says what became of it: the account's card counts those rows."""
    log.info("told what was done", letter=letter_id, status=status)


def message(ctx: Context, told: Told, contact: Contact, channel: str | None, key: str) -> Message:
    """Gives the letter as a contact reads it: the frame in their language, our words as written."""
    t = surveys.texts_of(contact, ctx.programme)
    company, writer = ctx.programme.company, told.writer
    unsubscribe = links.unsubscribe_token(ctx.secret, contact.id)
    body: list[Element] = [
        Text(t("settled.greeting", name=first_name(contact.name)))
        if contact.name
        else Text(t("survey.greeting_unnamed")),
        Text(t("said.letter.told", company=company)),
        *(Text(part.strip()) for part in told.improvement.text.split("\n\n") if part.strip()),
        Text(t("said.letter.thanks")),
        Text(t("survey.signature", owner=writer.name, company=company) if writer else company),
        Text(t("said.letter.why", company=company), "note"),
    ]
    if channel == "mail":
        body.append(Buttons((Link(t("survey.stop"), token_path=f"/u/{unsubscribe}"),)))
    subject = t("said.letter.subject", company=company)
    return Message(
        Card(subject, tuple(body), audience="person"),
        key=key,
        language=t.language,
        subject=subject,
        unsubscribe=unsubscribe,
        sender=Sender(writer.name, writer.email) if writer else Sender(company, None),
    )
