"""The rows behind answers: what a group needs to know first, and how it is written."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Executable, Table, and_, delete, insert, select, text
from sqlmodel import SQLModel, col

from storage import wave_rollups
from storage.db import Session
from storage.lists import among
from storage.models import (
    Account,
    AlertStatus,
    Invitation,
    RecommendPolicy,
    Response,
    ResponseChange,
    ResponseStatus,
    Rollup,
)
from storage.writing import insert_into

_RESPONSE: Table = SQLModel.metadata.tables["response"]
_STORED = tuple(column.name for column in _RESPONSE.columns)
_GIVEN = tuple(name for name in _STORED if name != "id")
_CHANGED = tuple(name for name in _GIVEN if name != "invitation_id")
_PLAIN: dict[str, Any] = {
    "status": ResponseStatus.CONFIRMED, "reply": None, "score": None, "satisfaction": None,
    "comment": None, "idea": None, "reasons": [], "role_answer": None, "contact_wish": None,
    "phone": None, "call_when": None, "to_manager": False, "quote_me": False, "language": None,
    "product": None, "touchpoint": None, "finished_at": None, "imported": False,
}  # fmt: skip
# What only later screens and other kinds of survey give.
_LATER = (
    "satisfaction", "comment", "idea", "role_answer", "contact_wish", "phone", "call_when",
    "product", "touchpoint", "finished_at",
)  # fmt: skip
_FIRST = tuple(name for name in _GIVEN if name not in _LATER)


class Asked(NamedTuple):
    """An invitation as an answer meets it; `response` is the stored row, if any."""

    invitation_id: int
    wave_id: int | None
    kind: str
    account_id: int
    contact_id: int
    expires_at: datetime | None
    is_test: bool
    wave_counted: bool  # the wave is closed and its sums are stored
    contact_status: str
    language: str | None
    survey_reasons: list[str] | None
    wording_version: int
    response: dict[str, Any] | None
    alert: str | None  # the state of the critic's alert, None without one

    def blank(self) -> dict[str, Any]:
        """Gives the row of a first answer, without its times."""
        return {
            **_PLAIN,
            "invitation_id": self.invitation_id,
            "account_id": self.account_id,
            "contact_id": self.contact_id,
            "kind": self.kind,
            "wording_version": self.wording_version,
            "language": self.language,
        }


# Columns of the tables: those of the models would make the ORM look at each row.
_TABLES = SQLModel.metadata.tables
_invitation, _contact, _survey = _TABLES["invitation"], _TABLES["contact"], _TABLES["survey"]
_wave, _alert = _TABLES["wave"], _TABLES["alert"]
_INVITATION = (
    _invitation.c.id,
    _invitation.c.wave_id,
    _invitation.c.kind,
    _invitation.c.account_id,
    _invitation.c.contact_id,
    _invitation.c.expires_at,
    _invitation.c.is_test,
    _wave.c.counted_to.is_not(None),
    _contact.c.status,
    _contact.c.language,
    _survey.c.reasons,
    _survey.c.wording_version,
    _alert.c.status,
)


async def asked(session: Session, invitation_ids: Collection[int]) -> dict[int, Asked]:
    """Gives the invitations that exist, each with its stored answer; locks them where it matters.

    Two answers to one invitation in two processes so wait for each other. The accounts are locked
    before anything is written: all that counts an account anew takes the same locks in one order.
    """
    if session.get_bind().dialect.name == "postgresql":
        locked = select(col(Invitation.id)).where(col(Invitation.id).in_(invitation_ids))
        locked = locked.order_by(col(Invitation.id)).with_for_update(key_share=True)
        await session.execute(locked)
        accounts = select(col(Account.id)).where(
            col(Account.id).in_(
                select(col(Invitation.account_id)).where(col(Invitation.id).in_(invitation_ids))
            )
        )
        await session.execute(accounts.order_by(col(Account.id)).with_for_update(key_share=True))
    found = await session.run(_query(), {"ids": list(invitation_ids)})
    return {row[0]: _asked(row) for row in found.all()}


@cache
def _query() -> Executable:
    """What `asked` reads; built once, which costs more than running."""
    return (
        select(*_INVITATION, *_RESPONSE.columns)
        .join(_contact, _contact.c.id == _invitation.c.contact_id)
        .outerjoin(_survey, _survey.c.id == _invitation.c.survey_id)
        .outerjoin(_wave, _wave.c.id == _invitation.c.wave_id)
        .outerjoin(_RESPONSE, _RESPONSE.c.invitation_id == _invitation.c.id)
        .outerjoin(_alert, and_(_alert.c.response_id == _RESPONSE.c.id, _alert.c.what == "critic"))
        .where(among(_invitation.c.id, "ids"))
        .order_by(_invitation.c.id)
    )


async def write(session: Session, rows: Sequence[dict[str, Any]]) -> dict[int, int]:
    """Stores whole responses, one an invitation, and gives their ids by invitation."""
    if not rows:
        return {}
    # What no row of the group holds is the table's own NULL: a first screen gives half the columns.
    empty = all(row[name] is None for row in rows for name in _LATER)
    values = [{name: row[name] for name in (_FIRST if empty else _GIVEN)} for row in rows]
    upsert = _upsert(session.get_bind().dialect.name)
    return {row[0]: row[1] for row in (await session.run(upsert, values)).all()}


@cache
def _upsert(dialect: str) -> Executable:
    statement = insert_into(dialect, _RESPONSE)
    upsert: Executable = statement.on_conflict_do_update(
        index_elements=["invitation_id"],
        set_={name: statement.excluded[name] for name in _CHANGED},
    ).returning(_RESPONSE.c.invitation_id, _RESPONSE.c.id)
    return upsert


async def note_changes(session: Session, before: Sequence[dict[str, Any]], at: datetime) -> None:
    """Keeps what these stored responses said before their reply or score was changed."""
    if before:
        rows = [
            {"response_id": row["id"], "at": at, "reply": row["reply"], "score": row["score"]}
            for row in before
        ]
        await session.execute(insert(ResponseChange), rows)


async def without_policy(
    session: Session, account_ids: Collection[int], kind: str
) -> Sequence[tuple[int, int | None]]:
    """Gives accounts and their owners where two may not recommend and no rule is on file."""
    query = (
        select(col(Account.id), col(Account.owner_id), col(Rollup.may_not_recommend))
        .join(Rollup, col(Rollup.account_id) == col(Account.id))
        .where(
            col(Account.id).in_(account_ids),
            col(Account.recommend_policy) == RecommendPolicy.ALLOWED,
            col(Rollup.kind) == kind,
        )
    )
    counted: dict[tuple[int, int | None], int] = {}
    for account_id, owner_id, may_not in (await session.execute(query)).all():
        key = (account_id, owner_id)
        counted[key] = counted.get(key, 0) + may_not
    return [key for key, count in counted.items() if count >= 2]


async def has_old_provisional(session: Session, before: datetime) -> bool:
    """Tells whether a provisional answer is older than `before`."""
    query = select(col(Response.id)).where(*_old_provisional(before)).limit(1)
    return (await session.execute(query)).first() is not None


async def delete_provisional(session: Session, before: datetime) -> None:
    """Deletes the provisional answers older than `before`: nobody ever confirmed them."""
    query = (
        select(col(Invitation.wave_id), col(Response.account_id))
        .join(Invitation, col(Invitation.id) == col(Response.invitation_id))
        .where(*_old_provisional(before), col(Invitation.wave_id).is_not(None))
    )
    touched = (await session.execute(query)).all()
    await session.execute(delete(Response).where(*_old_provisional(before)))
    # Who was asked without a known sending counts for the answer alone.
    await wave_rollups.recount(
        session,
        {wave_id for wave_id, _account in touched if wave_id is not None},
        {each for _wave, each in touched},
    )


def pending(asked: Asked) -> bool:
    """Tells whether the critic's alert still waits for its settle point."""
    return asked.alert == AlertStatus.PENDING


def _old_provisional(before: datetime) -> tuple[Any, ...]:
    # Written out: a bound value would keep the databases from using the partial index.
    return (
        text("response.status = 'provisional'"),
        col(Response.last_input_at) < before,
    )


def _asked(row: Sequence[Any]) -> Asked:
    stored = row[len(_INVITATION) :]
    invitation_id, wave_id, kind, account_id, contact_id, expires_at, is_test, counted = row[:8]
    contact_status, language, reasons, version, alert = row[8 : len(_INVITATION)]
    return Asked(
        invitation_id,
        wave_id,
        kind,
        account_id,
        contact_id,
        expires_at,
        is_test,
        bool(counted),
        contact_status,
        language,
        reasons,
        version or 1,
        dict(zip(_STORED, stored, strict=True)) if stored[0] is not None else None,
        alert,
    )
