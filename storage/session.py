"""The session of every query."""

import sqlalchemy.ext.asyncio
import sqlalchemy.orm
from sqlmodel import Session as SqlModelSession
from sqlmodel.ext.asyncio.session import AsyncSession


class _SyncSession(SqlModelSession):
    """What runs below the asynchronous session."""

    # SQLModel's own warns at each call; queries that read columns and not models need it.
    execute = sqlalchemy.orm.Session.execute


class Session(AsyncSession):
    """`exec` gives models; `execute` runs everything else, rows of columns and set-based writes."""

    sync_session_class = _SyncSession
    execute = sqlalchemy.ext.asyncio.AsyncSession.execute
