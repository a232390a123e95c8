"""Surveys: a kind, a wording version and its reasons."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from storage.db import Session
from storage.models import Survey


async def by_id(session: Session, survey_id: int | None) -> Survey | None:
    """Gives a survey, or None."""
    return None if survey_id is None else await session.get(Survey, survey_id)


async def get_or_create(session: Session, name: str, kind: str, reasons: list[str]) -> Survey:
    """Gives the survey of this name; stores it when there is none, also if two ask at once."""
    on_postgres = session.get_bind().dialect.name == "postgresql"
    statement = (postgresql if on_postgres else sqlite).insert(Survey)
    values = {"name": name, "kind": kind, "wording_version": 1, "reasons": reasons}
    query = select(Survey).where(col(Survey.name) == name)
    found = (await session.exec(query)).first()
    if found is None:
        await session.execute(statement.on_conflict_do_nothing(), [values])
        found = (await session.exec(query)).one()
    return found
