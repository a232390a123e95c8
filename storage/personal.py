"""All that is stored about a person, gathered for them or to be taken away."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select
from sqlmodel import SQLModel

from storage.db import Session
from storage.models import (
    Contact,
)

Record = dict[str, Any]

_TABLES = SQLModel.metadata.tables


@dataclass(frozen=True)
class Traces:
    """The ids of what belongs to a person, and the words that tell who it is or what they said.

    What stands by itself (mails, messages, what an account was told) counts if older than `until`.
    """

    contact_ids: tuple[int, ...]
    account_ids: tuple[int, ...]
    invitation_ids: tuple[int, ...]
    response_ids: tuple[int, ...]
    case_ids: tuple[int, ...]
    emails: tuple[str, ...]
    names: tuple[str, ...]
    words: tuple[str, ...]
    until: datetime | None = None


async def traces(session: Session, contacts: Sequence[Contact]) -> Traces:
    """Gives what belongs to these rows of one person."""
    ids = [contact.id for contact in contacts]
    invitation, response, joined = (
        _TABLES[name] for name in ("invitation", "response", "case_response")
    )
    invitations = await ids_of(session, invitation.c.id, invitation.c.contact_id, ids)
    answers = await records(session, "response", "contact_id", ids)
    response_ids = tuple(answer["id"] for answer in answers)
    cases = await ids_of(session, joined.c.case_id, joined.c.response_id, response_ids)
    said = ("comment", "idea", "role_answer", "phone", "call_when")
    words = [answer[name] for answer in answers for name in said]
    for name in ("task", "touch", "reference"):
        words += [row["note"] for row in await records(session, name, "contact_id", ids)]
    words += [row["comment"] for row in await records(session, "settled", "contact_id", ids)]
    words += [row["text"] for row in await records(session, "letter", "contact_id", ids)]
    words += [str(contact.corrected.get("email") or "") for contact in contacts]
    words += [contact.phone for contact in contacts] + [contact.title for contact in contacts]
    return Traces(
        tuple(ids),
        tuple({contact.account_id for contact in contacts}),
        invitations,
        response_ids,
        tuple(sorted(set(cases))),
        tuple({contact.email for contact in contacts if contact.email}),
        tuple({contact.name for contact in contacts if contact.name.strip()}),
        tuple({word for word in words if word and word.strip()}),
    )


async def records(
    session: Session, table: str, column: str, values: Collection[object]
) -> list[Record]:
    """Gives the rows of a table where a column has one of these values."""
    if not values:
        return []
    found = _TABLES[table]
    query = select(found).where(found.c[column].in_(values)).order_by(*found.primary_key)
    return [dict(row) for row in (await session.execute(query)).mappings()]


async def mails_to(session: Session, email: str) -> list[Record]:
    """Gives when and with what subject the local console took mails for this address."""
    mail = _TABLES["console_mail"]
    query = select(mail.c.at, mail.c.subject, mail.c.sender).where(_is_to(mail, email))
    rows = (await session.execute(query.order_by(mail.c.id))).mappings()
    return [dict(row) for row in rows]


def _is_to(mail: Table, email: str) -> ColumnElement[bool]:
    return func.lower(mail.c.recipient) == email.strip().lower()


async def ids_of(
    session: Session,
    wanted: ColumnElement[int],
    column: ColumnElement[int],
    values: Collection[int],
    *conditions: ColumnElement[bool],
) -> tuple[int, ...]:
    if not values:
        return ()
    query = select(wanted).where(column.in_(values), *conditions)
    return tuple((await session.execute(query)).scalars())


async def blocked_since(session: Session, hashed: str) -> tuple[str, datetime] | None:
    """Gives why and since when this e-mail (its keyed hash) is blocked, or None."""
    entry = _TABLES["block_entry"]
    query = select(entry.c.reason, entry.c.at).where(entry.c.email_hash == hashed)
    row = (await session.execute(query)).first()
    return None if row is None else (row[0], row[1])
