"""The session of every query."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy.ext.asyncio
import sqlalchemy.orm
from sqlalchemy import Executable, Result
from sqlmodel import Session as SqlModelSession
from sqlmodel.ext.asyncio.session import AsyncSession

Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class _SyncSession(SqlModelSession):
    """What runs below the asynchronous session."""

    # SQLModel's own warns at each call; queries that read columns and not models need it.
    execute = sqlalchemy.orm.Session.execute


class Session(AsyncSession):
    """`exec` gives models; `execute` runs everything else, rows of columns and set-based writes.

    `run` is `execute` for what is written with tables alone and often carried out.
    """

    sync_session_class = _SyncSession
    execute = sqlalchemy.ext.asyncio.AsyncSession.execute

    async def run(
        self, statement: Executable, values: Values | None = None
    ) -> Result[*tuple[Any, ...]]:
        """Runs a statement of tables: none of models, whatever it gives."""
        return await self.execute(statement, values)
