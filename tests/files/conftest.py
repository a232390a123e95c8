"""A way to import and export texts in tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlmodel import SQLModel, select

from handlers.context import Context
from handlers.files import ImportReport, export_file, import_file


@dataclass
class Files:
    """Imports and exports in short words, and looks at the rows."""

    ctx: Context

    async def put(self, what: str, text: str | bytes, *, dry_run: bool = False) -> ImportReport:
        data = text if isinstance(text, bytes) else text.encode()
        return await import_file(self.ctx, what, f"{what}.csv", data, dry_run)

    async def stored(self, what: str, text: str | bytes) -> ImportReport:
        report = await self.put(what, text)
        assert report.problems == ()
        return report

    async def refused(self, what: str, text: str | bytes) -> list[str]:
        report = await self.put(what, text)
        assert not report.ok
        assert (report.created, report.updated, report.unchanged) == (0, 0, 0)
        return list(report.problems)

    async def get(self, what: str, form: str = "csv") -> bytes:
        return await export_file(self.ctx, what, form)

    async def rows(self, model: type[SQLModel]) -> Sequence[Any]:
        async with self.ctx.db.reading() as session:
            found: Sequence[Any] = (await session.exec(select(model).order_by("id"))).all()
            return found

    async def row(self, model: type[SQLModel]) -> Any:
        (only,) = await self.rows(model)
        return only


@pytest.fixture
def files(ctx: Context) -> Files:
    return Files(ctx)
