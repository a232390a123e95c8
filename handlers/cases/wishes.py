"""A contact who is no critic asks to be contacted: whoever owns the account is told at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.alerts import Outgoing, job_of
from handlers.cards import Button, Buttons, Card, Element, Facts, Text
from handlers.cases import places
from handlers.cases.card_facts import wish_line
from handlers.cases.opening import Due
from handlers.cases.view import first_name
from handlers.chat import Message
from handlers.context import Context
from handlers.surveys import group
from handlers.texts import of
from storage import alerts as outbox
from storage import groups, members
from storage.db import Session
from storage.models import Account, Alert, AlertStatus, Contact, Response

WISHES = ("call", "write")


@dataclass(frozen=True)
class Wish:
    """A passive's or promoter's answer with the wish to be contacted."""

    response_id: int
    account_id: int
    settle_at: datetime


async def tell(session: Session, wishes: Sequence[Wish]) -> list[Due]:
    """Asks for one card a wish, however often the answer is sent; gives what the engine is told."""
    rows = [
        {
            "key": f"wish:{wish.response_id}",
            "what": "contact_wish",
            "due_at": wish.settle_at,
            "response_id": wish.response_id,
            "account_id": wish.account_id,
            "detail": {"partition": f"account:{wish.account_id}"},
        }
        for wish in wishes
    ]
    found = await outbox.add_many(session, rows)
    return [
        Due(alert.id, alert.due_at, job_of(alert))
        for alert in found
        if alert.status == AlertStatus.PENDING
    ]


async def card(ctx: Context, alert: Alert) -> list[Outgoing] | None:
    """The card for the account's owner; None when the contact has taken the wish back."""
    async with ctx.db.reading() as session:
        response = await session.get_one(Response, alert.response_id)
        contact = await session.get_one(Contact, response.contact_id)
        account = await session.get_one(Account, response.account_id)
        owner = await members.by_id(session, account.owner_id)
        kept = {each.id for each in await groups.kept_responses(session, account.id)}
        if response.id in kept:
            # Shown to the manager while it was a critic's, it stays there when it is none any more.
            route = await places.of_lead(session, ctx, account, "conflict")
        else:
            route = await places.of_member(session, ctx, owner, account.team_id)
    if (
        response.contact_wish not in WISHES
        or group(response.kind, response.reply, response.score) == "critic"
    ):
        return None  # taken back, or a critic by now: the case's card says it
    reader = route.member if response.id in kept else owner
    t = of(reader.language if reader else None, ctx.programme.language)
    body: list[Element] = []
    if response.comment:
        body.append(Text(response.comment, "quote"))
    body.append(Facts((wish_line(response, contact, t),)))
    show = Button(t("wish.show", account=account.name), "account_show", str(account.id))
    body.append(Buttons((show,)))
    title = t(
        f"wish.{response.contact_wish}",
        name=contact.name,
        account=account.name,
        score="–" if response.score is None else response.score,
    )
    foot = t("wish.foot", name=first_name(contact.name))
    told = Card(title, tuple(body), tone="attention", foot=foot)
    message = Message(told, f"alert:{alert.id}", t.language)
    return [Outgoing(message, route.steps, route.direct)]
