"""Reads what an imported file may touch and writes what it changes, in few statements."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlmodel import SQLModel

from storage.db import Session
from storage.models import ContactStatus, InvitationStatus
from storage.privacy import UNSUBSCRIBED

Fields = Mapping[str, Any]
Item = TypeVar("Item")

MEMBER_FIELDS = (
    "id", "email", "name", "role", "team_id", "function", "slack_id", "teams_id", "timezone",
    "language",
)  # fmt: skip
ACCOUNT_FIELDS = (
    "id", "key", "name", "aliases", "parent_id", "segment", "region", "tier", "annual_value",
    "currency", "strategic", "renewal_date", "owner_id", "team_id", "recommend_policy", "country",
)  # fmt: skip
CONTACT_FIELDS = (
    "id", "account_id", "email", "name", "phone", "title", "department", "role",
    "takes_part_in_buying", "experiences_service", "judges", "language", "timezone", "status",
    "country", "slack_id", "teams_id", "corrected",
)  # fmt: skip
INVITATION_FIELDS = ("id", "wave_id", "contact_id", "kind", "status", "sent_at", "value")
RESPONSE_FIELDS = (
    "id", "invitation_id", "status", "reply", "score", "comment", "idea", "reasons", "language",
    "product", "touchpoint", "answered_at", "imported",
)  # fmt: skip

_TABLES = SQLModel.metadata.tables
_AT_ONCE = 500  # values in one IN list: well under the limits of both databases


async def one_at_a_time(session: Session) -> None:
    """Lets a second import wait for this one to commit (SQLite has one writer anyway)."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(611971)"))


async def teams(session: Session) -> dict[str, int]:
    """Gives all teams: name -> id."""
    table = _TABLES["team"]
    rows = (await session.execute(select(table.c.name, table.c.id))).all()
    return {str(row[0]): int(row[1]) for row in rows}


async def members(session: Session) -> list[Fields]:
    """Gives all members."""
    return await _all(session, _columns("member", MEMBER_FIELDS))


async def places(session: Session) -> dict[int, list[str]]:
    """Gives the bound places of members: member -> places by platform."""
    table = _TABLES["bound_place"]
    query = (
        select(table.c.member_id, table.c.place)
        .where(table.c.member_id.is_not(None))
        .order_by(table.c.platform)
    )
    found: dict[int, list[str]] = {}
    for member_id, place in (await session.execute(query)).all():
        found.setdefault(member_id, []).append(place)
    return found


async def accounts(session: Session) -> list[Fields]:
    """Gives all accounts."""
    return await _all(session, _columns("account", ACCOUNT_FIELDS))


async def contacts(session: Session, account_ids: Collection[int]) -> list[Fields]:
    """Gives the contacts of these accounts that have an e-mail."""
    table = _TABLES["contact"]
    query = _columns("contact", CONTACT_FIELDS).where(table.c.email.is_not(None))
    return await _in_parts(session, query, table.c.account_id, account_ids)


async def waves(session: Session) -> list[Fields]:
    """Gives all waves."""
    fields = ("id", "name", "kind", "imported", "is_test", "starts_at", "closes_at")
    return await _all(session, _columns("wave", fields))


async def invitations(session: Session, contact_ids: Collection[int]) -> list[Fields]:
    """Gives the invitations of these contacts that are no test."""
    table = _TABLES["invitation"]
    query = _columns("invitation", INVITATION_FIELDS).where(table.c.is_test.is_(False))
    return await _in_parts(session, query, table.c.contact_id, contact_ids)


async def responses(session: Session, contact_ids: Collection[int]) -> list[Fields]:
    """Gives the responses of these contacts."""
    table = _TABLES["response"]
    query = _columns("response", RESPONSE_FIELDS)
    return await _in_parts(session, query, table.c.contact_id, contact_ids)


async def nameless(
    session: Session, account_ids: Collection[int]
) -> list[tuple[int, str, int | None, datetime | None]]:
    """Gives what these accounts were asked and answered that lost its person by its age.

    Each is told by account, kind, wave and the time of the answer, else of asking.
    """
    invitation, response, contact = (
        _TABLES[name] for name in ("invitation", "response", "contact")
    )
    query = (
        select(
            invitation.c.account_id,
            invitation.c.kind,
            invitation.c.wave_id,
            func.coalesce(response.c.answered_at, invitation.c.sent_at).label("at"),
        )
        .join(contact, contact.c.id == invitation.c.contact_id)
        .outerjoin(response, response.c.invitation_id == invitation.c.id)
        .where(contact.c.status == ContactStatus.ANONYMOUS, invitation.c.is_test.is_(False))
    )
    rows = await _in_parts(session, query, contact.c.account_id, account_ids)
    return [(row["account_id"], row["kind"], row["wave_id"], row["at"]) for row in rows]


async def reasons(session: Session) -> set[str]:
    """Gives the reasons that the surveys of the programme offer."""
    rows = (await session.execute(select(_TABLES["survey"].c.reasons))).scalars()
    return {reason for row in rows for reason in row}


async def kinds_answered(session: Session, account_ids: Collection[int]) -> set[str]:
    """Gives the kinds that these accounts have current answers of."""
    table = _TABLES["current_answer"]
    query = select(table.c.kind.label("kind")).distinct()
    return {
        str(row["kind"]) for row in await _in_parts(session, query, table.c.account_id, account_ids)
    }


async def add_rows(session: Session, model: type[SQLModel], rows: Sequence[Fields]) -> None:
    """Stores new rows of a table; what a row does not name has the model's default."""
    if rows:
        usual = _usual(model)
        connection = await session.connection()
        await connection.execute(insert(_table_of(model)), [{**usual, **row} for row in rows])


async def insert_rows(session: Session, model: type[SQLModel], rows: Sequence[Fields]) -> list[int]:
    """Stores new rows like `add_rows`; gives their ids in the same order."""
    if not rows:
        return []
    table, usual = _table_of(model), _usual(model)
    whole = [{**usual, **row} for row in rows]
    connection = await session.connection()
    if connection.dialect.name == "sqlite":
        # There RETURNING goes row by row. With the one write lock held, the next ids are ours.
        last = (await connection.execute(select(func.max(table.c.id)))).scalar() or 0
        ids = list(range(last + 1, last + 1 + len(whole)))
        numbered = [{**row, "id": made} for made, row in zip(ids, whole, strict=True)]
        await connection.execute(insert(table), numbered)
        return ids
    made = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return [int(new) for new in (await connection.execute(made, whole)).scalars()]


async def update_rows(session: Session, name: str, rows: Sequence[Fields]) -> None:
    """Changes rows of a table: each holds its `id` and the fields that are new."""
    table = _TABLES[name]
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        fields = tuple(sorted(field for field in row if field != "id"))
        values = {field: row[field] for field in fields}
        groups.setdefault(fields, []).append({**values, "row_id": row["id"]})
    for fields, values_of_rows in groups.items():
        statement = (
            update(table)
            .where(table.c.id == bindparam("row_id"))
            .values({field: bindparam(field) for field in fields})
        )
        connection = await session.connection()
        await connection.execute(statement, values_of_rows)


async def replace_places(
    session: Session, places_of: Mapping[int, Sequence[str]], now: datetime
) -> None:
    """Binds these places, and no others, to each member."""
    table = _TABLES["bound_place"]
    for part in _parts(list(places_of)):
        await session.execute(delete(table).where(table.c.member_id.in_(part)))
    rows = [
        {"platform": platform_of(place), "place": place, "member_id": member_id, "bound_at": now}
        for member_id, its_places in places_of.items()
        for place in its_places
    ]
    if rows:
        await session.execute(insert(table), rows)


def platform_of(place: str) -> str:
    """Gives the platform of a place: `slack:C1` -> `slack`, `teams-user:A` -> `teams`."""
    return place.partition(":")[0].removesuffix("-user")


async def unsubscribe_everywhere(
    session: Session, hashes: Mapping[str, str], now: datetime
) -> None:
    """Lets these people (e-mail -> keyed hash) never be asked again, in all accounts."""
    blocked, contact, invitation = (
        _TABLES[name] for name in ("block_entry", "contact", "invitation")
    )
    known = set((await session.execute(select(blocked.c.email_hash))).scalars())
    new = [
        {"email_hash": hashed, "reason": UNSUBSCRIBED, "at": now}
        for hashed in hashes.values()
        if hashed not in known
    ]
    if new:
        await session.execute(insert(blocked), new)
    cancelled = {"status": InvitationStatus.CANCELLED, "reason": UNSUBSCRIBED}
    reminder = _TABLES["reminder"]
    for part in _parts(list(hashes)):
        theirs = select(contact.c.id).where(contact.c.email.in_(part))
        asked = select(invitation.c.id).where(invitation.c.contact_id.in_(theirs))
        await session.execute(
            update(contact).where(contact.c.email.in_(part)).values(status=UNSUBSCRIBED)
        )
        await session.execute(
            update(reminder)
            .where(reminder.c.invitation_id.in_(asked), reminder.c.status == "planned")
            .values(cancelled)
        )
        await session.execute(
            update(invitation)
            .where(invitation.c.contact_id.in_(theirs), invitation.c.status == "planned")
            .values(cancelled)
        )


async def free_ids(session: Session, name: str, rows: Sequence[Fields]) -> None:
    """Empties the Slack and Teams ids that these rows will change, so that two may swap theirs."""
    for field in ("slack_id", "teams_id"):
        await update_rows(
            session, name, [{"id": row["id"], field: None} for row in rows if field in row]
        )


def _table_of(model: type[SQLModel]) -> Table:
    return _TABLES[str(model.__tablename__)]


def _usual(model: type[SQLModel]) -> dict[str, Any]:
    # A dictionary a row: making 100,000 model objects takes longer than storing them.
    return {
        name: info.get_default(call_default_factory=True)
        for name, info in model.model_fields.items()
        if name != "id" and not info.is_required()
    }


def _columns(name: str, fields: Sequence[str]) -> Select[*tuple[Any, ...]]:
    table = _TABLES[name]
    return select(*(table.c[field] for field in fields))


async def _all(session: Session, query: Select[*tuple[Any, ...]]) -> list[Fields]:
    return [dict(row) for row in (await session.execute(query)).mappings()]


async def _in_parts(
    session: Session,
    query: Select[*tuple[Any, ...]],
    column: ColumnElement[Any],
    values: Collection[int],
) -> list[Fields]:
    found: list[Fields] = []
    for part in _parts(sorted(values)):
        found += await _all(session, query.where(column.in_(part)))
    return found


def _parts(values: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
